"""What a directory of results was made from: enough to make it again, and to know whether it came out the same.

A manifest holds the resolved scenario and the document it was read from, the versions of everything that computes,
seed and runs, the machine, and when it was written.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping
from importlib import metadata
from typing import Any, Final

from sim import __version__
from sim.scenario import Scenario, canonical

_DISTRIBUTIONS: Final = ("simpy", "numpy", "numba", "scipy", "pandas", "pyarrow", "networkx", "pydantic")


def manifest(scenario: Scenario, seed: int, about: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of something made from one scenario (of each of its variants too, if it has any)."""
    tables = {None: scenario} | {name: scenario.variant(name) for name in scenario.variants}
    return {
        "schema": "regsim.manifest/1",
        "scenario": scenario.name,
        "variant": scenario.variant_name,
        "seed": seed,
        **about,
        "document": scenario.document,
        "resolved": {name or "scenario": json.loads(canonical(table)) for name, table in tables.items()},
        "versions": versions(),
        "machine": {"system": f"{platform.system()} {platform.machine()}", "cpus": os.cpu_count()},
        "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def versions() -> dict[str, str]:
    """This program's version, Python's, and those of the libraries that are installed."""
    found = {"regsim": __version__, "python": platform.python_version()}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
