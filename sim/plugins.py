"""Finding a rule or a shape by its file's name: one file is one choice, and a new choice is one new file.

A module `node_direct.py` is the choice `node-direct`. It holds a docstring, a frozen pydantic model `Parameters` (the
keys that a scenario may give beside `name`) and the function or class that its kind's `__init__` documents.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from functools import lru_cache
from types import ModuleType

from pydantic import BaseModel, ConfigDict


class NoParameters(BaseModel):
    """The parameters of a choice that has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def names(package: str) -> tuple[str, ...]:
    """The choices of a package, sorted: its public modules' names with hyphens."""
    path = tuple(importlib.import_module(package).__path__)
    return _names(path, tuple(map(_files, path)))


@lru_cache(maxsize=128)
def _names(path: tuple[str, ...], files: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """The choices in folders that hold these files: a scenario asks for them dozens of times while it is checked."""
    found = (module.name for module in pkgutil.iter_modules(path) if not module.name.startswith("_"))
    return tuple(sorted(name.replace("_", "-") for name in found))


def _files(folder: str) -> tuple[str, ...]:
    """What lies in a folder; nothing where there is none."""
    try:
        return tuple(os.listdir(folder))
    except OSError:
        return ()


def module(package: str, name: str) -> ModuleType:
    """The module of one choice. ValueError when there is none of that name."""
    if name not in names(package):
        raise ValueError(f"{package} has no {name!r}; choose one of {', '.join(names(package))}")
    return importlib.import_module(f"{package}.{name.replace('-', '_')}")


def parameters(package: str, name: str) -> type[BaseModel]:
    """The model of one choice's parameters."""
    model: type[BaseModel] = module(package, name).Parameters
    return model
