"""Text compiled by numba, kept on disk: for whoever's functions stand in several files.

Each function is compiled from a copy of its code whose globals are the other copies. Machine code is kept by numba
under a name that carries a checksum of the whole text, since numba itself would only notice a change in the one file a
function stands in. No fast-math: results agree bit for bit with the interpreter's.

Numba is slow to import: import this late.
"""

from __future__ import annotations

import inspect
import sys
import zlib
from collections.abc import Container, Sequence
from types import FunctionType, ModuleType
from typing import Any

import numba

OPTIONS: dict[str, Any] = {"cache": True, "error_model": "numpy"}
UNCOUNTED: dict[str, Any] = {"_nrt": False}
"""For text that allocates nothing: its arrays need no reference counts, which took half the time or more."""

INNER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def checksum(text: Sequence[ModuleType]) -> int:
    """Of the source of all these modules, and of how they are compiled."""
    return zlib.crc32("".join(inspect.getsource(module) for module in (*text, sys.modules[__name__])).encode())


def jit(function: Any, scope: dict[str, Any], text_checksum: int, inline: bool = False, **options: Any) -> Any:
    """One function, compiled when it is first called, with `scope` for its globals."""
    copy = FunctionType(function.__code__, scope, function.__name__)
    copy.__module__ = function.__module__
    copy.__qualname__ = f"{function.__name__}_{text_checksum:08x}"
    return numba.njit(**OPTIONS, **options, forceinline=inline)(copy)


def jit_text(
    text: Sequence[ModuleType], text_checksum: int, inline: Container[str] = (), entries: Container[str] | None = None
) -> dict[str, Any]:
    """The names of all these modules, their functions compiled; those named in `inline` go into their callers.

    Where `entries` are named the others can be called from the text alone, which halves the time that compiling takes.
    ValueError where two modules mean different things by a name.
    """
    scope: dict[str, Any] = {}
    for module in text:
        for name, value in vars(module).items():
            if isinstance(value, FunctionType | int | float) and scope.get(name, value) != value:
                raise ValueError(f"{module.__name__}.{name}: another module of the text means something else by it")
            scope[name] = value
    for module in text:
        for name, function in vars(module).items():
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                inner = {} if entries is None or name in entries else INNER
                scope[name] = jit(function, scope, text_checksum, name in inline, **UNCOUNTED, **inner)
    return scope
