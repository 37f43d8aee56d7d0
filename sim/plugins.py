"""Finding a rule or a shape by its file's name: one file is one choice, and a new choice is one new file.

A module `node_direct.py` is the choice `node-direct`. It holds a docstring, a frozen pydantic model `Parameters` (the
keys that a scenario may give beside `name`) and the function or class that its kind's `__init__` documents.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from types import ModuleType

from pydantic import BaseModel, ConfigDict


class NoParameters(BaseModel):
    """The parameters of a choice that has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def names(package: str) -> tuple[str, ...]:
    """The choices of a package, sorted: its public modules' names with hyphens."""
    folders = tuple(importlib.import_module(package).__path__)
    return _names(folders, tuple(Path(folder).stat().st_mtime_ns for folder in folders if Path(folder).is_dir()))


@cache
def _names(folders: tuple[str, ...], changed: tuple[int, ...]) -> tuple[str, ...]:
    """The same of folders which were `changed` then: every scenario asks for some, and reading them takes its time."""
    found = (module.name for module in pkgutil.iter_modules(folders) if not module.name.startswith("_"))
    return tuple(sorted(name.replace("_", "-") for name in found))


def module(package: str, name: str) -> ModuleType:
    """The module of one choice. ValueError when there is none of that name."""
    if name not in names(package):
        raise ValueError(f"{package} has no {name!r}; choose one of {', '.join(names(package))}")
    return importlib.import_module(f"{package}.{name.replace('-', '_')}")


def parameters(package: str, name: str) -> type[BaseModel]:
    """The model of one choice's parameters."""
    model: type[BaseModel] = module(package, name).Parameters
    return model
