"""Keys with stars: `clients.*.up` stands for that key of every group of clients that the scenario has.

A star stands for any part of a dotted key, as `fnmatch` has it, and a pattern for the keys that a scenario has once its
defaults are filled in. Left out: which of them a variant sets otherwise; it keeps its own values.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from pydantic import BaseModel

from sim.errors import InputError, near
from sim.scenario.keypath import dotted
from sim.scenario.model.entries import entries


def matching(key: str, scenario: BaseModel) -> list[str]:
    """The key, or all those of a scenario that its stars stand for, in the model's order; none where nothing is."""
    if "*" not in key:
        return [key]
    return [name for leaf in entries(scenario) if fnmatchcase(name := dotted(leaf.path), key)]


def without_stars(changes: Mapping[str, Any], scenario: BaseModel) -> dict[str, Any]:
    """The changes with a key for each that a star stands for. InputError where one stands for nothing."""
    made: dict[str, Any] = {}
    for key, value in changes.items():
        found = matching(str(key), scenario)
        if not found:
            known = {_ended(dotted(leaf.path)) for leaf in entries(scenario)}
            raise InputError(str(key), "stands for no key of the scenario", near(_ended(str(key)), known))
        made |= dict.fromkeys(found, value)
    return made


def _ended(key: str) -> str:
    """A key whose middle parts are stars, as patterns are written: `clients.*.up`."""
    first, *middle, last = key.split(".") if key.count(".") else (key, key)
    return ".".join([first, *("*" for _ in middle), last]) if first != last else first


def has_stars(changes: Mapping[str, Any]) -> bool:
    """Whether any key stands for several."""
    return any("*" in str(key) for key in changes)
