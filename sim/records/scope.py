"""One scope for text that stands in several modules."""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType, ModuleType
from typing import Any


def scope_of(modules: Iterable[ModuleType]) -> dict[str, Any]:
    """All names of these modules. ValueError where two of them mean different things by a name."""
    scope: dict[str, Any] = {}
    for module in modules:
        for name, value in vars(module).items():
            if isinstance(value, FunctionType | int | float) and scope.get(name, value) != value:
                raise ValueError(f"{module.__name__}.{name}: another module of the text means something else by it")
            scope[name] = value
    return scope
