"""Rules that a scenario chooses: one package per kind of decision, one file per rule, found by the file's name.

A rule is a pure function from a frozen view (`snapshot`) and its own parameters to a decision. It holds no state,
draws no random numbers (draws arrive as values in the view) and never imports the scenario. Rules of a user's own stand
in a folder of the same form, `KIND/NAME.py` (`outside`), or are registered by a program (`registered`); `conformance`
says whether a rule is one.

The rules that a run asks while it goes on (triggers, conflicts, evictions, sources) are machine code where numba takes
them: whole numbers have 64 bits there, and a division by 0 gives infinity. A run that asks for one that numba does not
take, or whose parameters are no numbers, is the reference engine's, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Final

from pydantic import BaseModel

from sim import plugins

#: By kind of rule, the function that a rule's file has.
FUNCTIONS: Final[Mapping[str, str]] = {
    "route": "decide", "placement": "place", "fanout": "plan", "trigger": "due", "conflict": "wins",
    "eviction": "worth", "source": "parents", "chunking": "cut",
}  # fmt: skip
KINDS: Final = tuple(FUNCTIONS)


def names(kind: str) -> tuple[str, ...]:
    """The rules of one kind, as a scenario names them."""
    return plugins.names(f"{__name__}.{kind}")


def rule(kind: str, name: str) -> ModuleType:
    """The module of one rule."""
    return plugins.module(f"{__name__}.{kind}", name)


def parameters(kind: str, name: str) -> type[BaseModel]:
    """The model of the parameters that a scenario may give one rule."""
    return plugins.parameters(f"{__name__}.{kind}", name)
