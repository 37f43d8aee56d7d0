"""Text compiled by numba for one layout of state, kept on disk.

Each function is compiled from a copy of its code whose globals are the other copies, and all of them are linked once
(`linking`). Machine code is kept by numba under a name that carries a checksum of all the text, since numba itself
would only notice a change in the one file that a function stands in. No fast-math: results agree bit for bit with the
interpreter's. Numba is slow to import: import this late.
"""

from __future__ import annotations

import inspect
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numba
from llvmlite import ir
from numba.core import types
from numba.core.extending import intrinsic

from sim.records import layout as layout_module
from sim.records import linking, native
from sim.records.layout import Layout
from sim.records.linking import ENTRY, linked_once
from sim.records.scope import scope_of

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

#: Compiles one function with a scope for its globals.
Jit = Callable[[Any, dict[str, Any]], Any]

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
_INNER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


@intrinsic
def call_host(typing_context: Any, address: Any) -> Any:
    """Call a function that takes nothing and returns nothing, by its address."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), [])
        return context.get_dummy_value()

    return types.void(types.int64), code


def checksum(parts: Iterable[ModuleType | str]) -> int:
    """Of the source of modules, or of source text, and of how it is compiled."""
    own = (sys.modules[__name__], native, layout_module, linking)
    source = "".join(part if isinstance(part, str) else inspect.getsource(part) for part in (*own, *parts))
    return zlib.crc32(source.encode())


def compile_text(
    layout: Layout, modules: Sequence[ModuleType], entry: str, extra: Mapping[str, Callable[..., Any]],
    sources: Sequence[str] = (), bound: Callable[[Jit], Mapping[str, Any]] = lambda jit: {},
) -> MachineCode:  # fmt: skip
    """The function `entry` of the text as machine code, which takes the address of a state; made at the first call.

    `extra` takes the place of functions of the text by their names, and so does what `bound` makes with a compiler of
    single functions; `sources` is what those were made of.
    """
    rows = [(name, str(layout.dtype(name))) for name in layout_module.names(layout)]
    declared = sys.modules[layout.globals_.__module__]  # with what text takes from there
    number = native.CHECKS + checksum((*modules, *sources, declared, repr(rows), repr(layout.counted)))
    scope = scope_of(modules)
    here = {module.__name__ for module in modules}
    own = {name: value for name, value in scope.items() if isinstance(value, FunctionType) and value.__module__ in here}
    scope["call_host"] = call_host
    for name, function in {**own, **extra}.items():
        scope[name] = _inner(function, scope)
    scope.update(bound(_inner))
    scope["state_at"], scope["entered"] = native.state_at(layout), scope[entry]
    copy = FunctionType(_enter.__code__, scope, "_enter")
    copy.__module__ = __name__
    copy.__qualname__ = f"{ENTRY}{entry}_{number:08x}"
    return MachineCode(numba.njit(cache=True, **_OPTIONS)(copy))


class MachineCode:
    """Text that takes the address of a state, as machine code once it is called.

    Two processes never make the same at once: the second waits for the first, and loads what that has kept.
    """

    def __init__(self, made: Any) -> None:
        self._made = made

    def __call__(self, address: int) -> Any:
        self.make()
        return self._made(address)

    @property
    def is_kept(self) -> bool:
        """Whether it is in memory or on disk, so that nobody waits for the compiler."""
        if self._made.signatures:
            return True
        cache = self._made._cache
        key = cache._index_key(_SIGNATURE, self._made.targetctx.codegen())
        return key in cache._cache_file._load_index()

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return Path(self._made._cache.cache_path)

    def make(self) -> None:
        """Have it, from disk if it is there."""
        if not self._made.signatures:
            self._make()

    def _make(self) -> None:
        if self.is_kept:
            self._made.compile(_SIGNATURE)
            return
        with _alone(self.folder / f"{self._made.py_func.__qualname__}.lock"), linked_once():
            self._made.compile(_SIGNATURE)


_SIGNATURE = (types.int64,)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """While this is held, no other process holds it; where there are no locks, nobody waits."""
    if fcntl is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # given up when the process ends, however it does
        yield


def _enter(address: int) -> Any:
    return entered(state_at(address))  # type: ignore[name-defined] # noqa: F821 - bound when compiled


def _inner(function: Any, scope: dict[str, Any]) -> Any:
    copy = FunctionType(function.__code__, scope, function.__name__)
    copy.__module__ = function.__module__
    made = numba.njit(**_OPTIONS, **_INNER)(copy)
    called = made.get_call_template
    # Numba would compile a function anew for each constant that it is told: LLVM sees to those.
    made.get_call_template = lambda args, kws: called(tuple(map(types.unliteral, args)), kws)
    return made
