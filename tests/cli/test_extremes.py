"""Every key of a scenario at the ends of what may be written: a run that ends, or a line that refuses it.

Each is tried in a process of its own with little memory and little time, so that what would hang or fill the machine
fails here.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import time
import tomllib
import warnings
from typing import Any, Final

import pytest

import sim
from sim.errors import InputError
from sim.scenario import Scenario
from sim.scenario.keypath import dotted
from sim.scenario.model.entries import entries

pytestmark = [pytest.mark.slow, pytest.mark.integration]

#: The least and the most that a unit can say, and what lies beyond, by what a quantity is called.
ENDS: Final[dict[str, tuple[Any, ...]]] = {
    "time": ("0 s", "1 ns", "1e9 s", "86400000000 s", "1e300 s"),
    "rate": ("1 bit/s", "1 kbit/s", "1000 Tbit/s", "1e30 bit/s"),
    "size": ("1 B", "1 TiB", "1e15 B", "1e30 B"),
    "fraction": (0, 1, 1e300),
    "number": (0.0, 1e-308, 1e308),
    "whole number": (0, 1, 255, 10**6, 10**40),
    "frequency": ("1e-30/s", "1/s", "1e300/s"),
    "price": ("0 USD/GB", "1e300 USD/GB"),
    "price of capacity": ("0 USD/Mbit/s", "1e300 USD/Mbit/s"),
    "cost": ("0 USD", "1e300 USD"),
    "latitude": (-90, 90, 1e9),
    "longitude": (-180, 180, 1e9),
}
#: What a run of so many takes is in tests/bench/RESULTS.md: it is long, and it ends. Ten thousand flows that share
#: links at once (a layer in 255 parts each) take the reference engine a minute.
LONG: Final = {
    ("clients.dev.count", 10**6), ("demand.apps", 10**6), ("run.duration", "1e9 s"), ("nodes.n.ranges", 255),
}  # fmt: skip
#: And what a warning says will take years.
WARNED: Final = "years"
MEMORY_BYTES: Final = 4 << 30
PATIENCE_S: Final = 60
#: All of them take minutes; REGSIM_EXTREMES=1 tries each.
ONE_IN: Final = 7


def chosen(text: str) -> dict[str, Any]:
    """The small question with what breaks and what goes."""
    faults = {
        "f": {"kind": "link-down", "target": "dev1", "at": "10 min", "lasts": "1 min"},
        "g": {"kind": "node-lost", "target": "n1", "at": "20 min", "lasts": "1 min"},
    }
    policies = {"garbage": {"every": "10 min"}, "ttl": "20 min"}
    document = tomllib.loads(text) | {"faults": faults, "policies": policies}
    return document | {"demand": document["demand"] | {"rate": "20/h"}}


def attempt(document: dict[str, Any], key: str, value: Any, said: Any) -> None:
    """Run it, in a process that may not take much."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.alarm(PATIENCE_S)
    warnings.simplefilter("ignore")
    try:
        scenario = Scenario.from_document(document, "small", {key: value, "run.audit": True})
        if WARNED not in {each.code for each in scenario.warnings}:
            sim.run(scenario, engine="reference").to_json()
        said.put("ends")
    except InputError as error:
        said.put("refused" if str(error).startswith("small: ") else f"is refused without a name: {error}")
    except BaseException as error:
        said.put(f"{type(error).__name__}: {error}")


def test_each_key_at_its_ends_runs_or_is_refused(small_text: str) -> None:
    """No traceback, no hang, and no more than 4 GiB, whatever a figure is."""
    document = chosen(small_text)
    context = multiprocessing.get_context("fork")
    wrong = []
    pairs = [
        (dotted(entry.path), value)
        for entry in entries(Scenario.from_document(document, "small")) if entry.quantity is not None
        for value in ENDS[entry.quantity.noun] if (dotted(entry.path), value) not in LONG
    ]  # fmt: skip
    for key, value in pairs[:: int(os.environ.get("REGSIM_EXTREMES", ONE_IN))]:
        said = context.SimpleQueue()
        process = context.Process(target=attempt, args=(document, key, value, said))
        began = time.monotonic()
        process.start()
        process.join()
        found = "says nothing" if said.empty() else said.get()
        if found not in ("ends", "refused"):
            wrong.append(f"{key} = {value}: {found} after {time.monotonic() - began:.0f} s")
            print(wrong[-1], flush=True)
    assert wrong == []
