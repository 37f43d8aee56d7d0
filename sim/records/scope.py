"""One scope for functions that stand in several modules: whoever runs kernel code binds names anew in it."""

from __future__ import annotations

from collections.abc import Sequence
from types import FunctionType, ModuleType
from typing import Any


def scope_of(modules: Sequence[ModuleType]) -> dict[str, Any]:
    """All names of these modules. ValueError where two of them mean different things by a name."""
    scope: dict[str, Any] = {}
    for module in modules:
        for name, value in vars(module).items():
            if isinstance(value, FunctionType | int | float) and scope.get(name, value) != value:
                raise ValueError(f"{module.__name__}.{name}: another module of the kernel means something else by it")
            scope[name] = value
    return scope


def functions_of(modules: Sequence[ModuleType]) -> dict[str, FunctionType]:
    """The functions that are defined in these modules."""
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__
    }
