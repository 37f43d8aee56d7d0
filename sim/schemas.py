"""The kinds of documents that the program writes and reads, and the version of each: what `regsim --version` names.

A version's keys stay and keep their meaning; others may be added. What means something else, or goes, is a new version,
and one that this program does not know it refuses by name. Left out: what is in them, which the page `documents` has,
and the scenario, whose keys are a schema of their own (`regsim schema`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from sim.errors import shown

#: By kind: those that verbs print, in the order of the verbs, then those of files.
SCHEMAS: Final[Mapping[str, int]] = {
    "new": 1, "check": 1, "show": 1, "explain": 1, "protocol": 1, "run": 1, "compare": 1, "best": 1, "sweep": 1,
    "capacity": 1, "crossover": 1, "why": 1, "rerun": 1, "bench": 1, "diff": 1, "replay": 1, "score": 1, "calibrate": 1,
    "published": 1, "selftest": 1, "docs": 1,
    "manifest": 1, "kept": 1, "outcome": 7,
}  # fmt: skip


def named(kind: str) -> str:
    """`regsim.run/1`: what stands in a document of that kind."""
    return f"regsim.{kind}/{SCHEMAS[kind]}"


def unread(found: Any, kind: str, remedy: str) -> tuple[str, str]:
    """What is wrong with the schema of a document, and what to do; one of another version is named as that."""
    known = SCHEMAS[kind]
    version = re.fullmatch(rf"regsim\.{kind}/(\d{{1,9}})", found) if isinstance(found, str) else None
    if version is None or int(version[1]) == known:
        return f"must be {named(kind)}, got {shown(found)}", remedy
    age = "an older" if int(version[1]) < known else "a newer"
    return f"is of {age} regsim, {shown(found)}; this one reads {named(kind)}", "make it anew, or use that regsim"
