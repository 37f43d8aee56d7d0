"""The engine's text, compiled by numba: loaded late, because numba is slow to import.

Each function is compiled from a copy of its code whose globals are the other copies. Machine code is kept on disk by
numba under a name that carries a checksum of the whole text, since numba itself would only notice a change in the
one file a function stands in. No fast-math: results agree bit for bit with the interpreter's.
"""

from __future__ import annotations

import inspect
import sys
import zlib
from types import FunctionType
from typing import Any

import numba

from sim.network import fairshare, heat, kernel, pairing, records, sharing, solution

TEXT = (records, pairing, fairshare, sharing, heat, solution, kernel)

OPTIONS: dict[str, Any] = {"cache": True, "error_model": "numpy", "_nrt": False}
"""Nothing is allocated, so arrays need no reference counts: counting them took half the time."""
INLINE = frozenset(
    [
        "insert",
        "remove",
        "meld",
        "served",
        "withdraw",
        "recount",
        "place",
        "hold",
        "join",
        "settle",
        "empty",
        "aim",
        "relevel",
        "swell",
        "hot_link",
        "stain",
        "soon",
        "_append",
        "_unlink",
        "_queue",
    ]
)
"""Small and often called. The rest stays apart, which keeps compilation short."""


def _compile() -> dict[str, Any]:
    checksum = zlib.crc32("".join(inspect.getsource(m) for m in (*TEXT, sys.modules[__name__])).encode())
    scope: dict[str, Any] = {}
    for module in TEXT:
        scope.update(vars(module))
    for module in TEXT[1:]:
        for name, function in vars(module).items():
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                copy = FunctionType(function.__code__, scope, name)
                copy.__module__ = function.__module__
                copy.__qualname__ = f"{name}_{checksum:08x}"
                scope[name] = numba.njit(**OPTIONS, forceinline=name in INLINE)(copy)
    return scope


_scope = _compile()
start = _scope["start"]
finish = _scope["finish"]
stop = _scope["stop"]
move = _scope["move"]
set_capacity = _scope["set_capacity"]
served = _scope["served"]
run = _scope["run"]
