"""Kernel code compiled by numba for one layout of state, kept on disk: the only way to machine code.

Functions of kernel code stand in several files. Each is compiled from a copy of its code whose globals are the other
copies, and all of them are linked once (`linking`), behind one entry that takes the address of a state. Machine code is
kept by numba under a name that carries a checksum of all the source, since numba itself would only notice a change in
the one file that a function stands in. No fast-math: results agree bit for bit with the interpreter's.

Left out: arrays by themselves (a state has them all, see `native`), and anything that allocates.
Source: numba's developer manual, "Notes on numba's architecture", and numba/core/{dispatcher,caching}.py.
Numba is slow to import: import this late.
"""

from __future__ import annotations

import inspect
import sys
import warnings
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, Final

import numba
from llvmlite import ir
from numba.core import types
from numba.core.caching import NullCache
from numba.core.extending import intrinsic

from sim.records import apart, kept, linking, native
from sim.records import layout as layout_module
from sim.records.apart import Apart
from sim.records.layout import Layout
from sim.records.linking import ENTRY, linked_once
from sim.records.scope import functions_of, scope_of

#: Compiles one function with a scope for its globals.
Jit = Callable[[Any, dict[str, Any]], Any]

#: As Python rounds, and without counted references, since kernel code allocates nothing.
OPTIONS: Final[dict[str, Any]] = {"error_model": "numpy", "_nrt": False}
_INNER: Final[dict[str, Any]] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
#: What an entry may take beside its state, by annotation.
_TAKEN: Final = {"int": types.int64, "float": types.float64}


@intrinsic
def call_host(typing_context: Any, address: Any) -> Any:
    """Call a function that takes nothing and returns nothing, by its address."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), [])
        return context.get_dummy_value()

    return types.void(types.int64), code


def checksum(parts: Iterable[ModuleType | str]) -> int:
    """Of the source of modules, or of other source, and of how it is compiled."""
    own = (sys.modules[__name__], apart, native, layout_module, linking)
    source = "".join(part if isinstance(part, str) else inspect.getsource(part) for part in (*own, *parts))
    return zlib.crc32(source.encode())


def compile_kernel(
    layout: Layout, modules: Sequence[ModuleType], entry: str, extra: Mapping[str, Callable[..., Any]],
    sources: Sequence[str] = (), bound: Callable[[Jit], Mapping[str, Any]] = lambda jit: {},
    far: Sequence[ModuleType] = (),
) -> MachineCode:  # fmt: skip
    """The function `entry` as machine code, which takes the address of a state and numbers; made at the first call.

    `extra` takes the place of functions of the modules by their names, and so does what `bound` makes with a compiler
    of single functions; `sources` is what those were made of. What `entry` takes beside the state is annotated as int
    or float. The modules `far` are compiled by another process where two come to the same compiling (`apart`): they
    call nothing that `bound` makes.
    """
    rows = [(name, str(layout.dtype(name))) for name in layout_module.names(layout)]
    scope = scope_of(modules)
    numbers = {name: value for name, value in scope.items() if isinstance(value, int | float)}
    said = repr((rows, layout.counted, sorted(numbers.items())))
    number = native.CHECKS + checksum((*modules, *sources, said))
    theirs = functions_of(far)
    functions = {name: one for name, one in functions_of(modules).items() if name not in theirs}
    taken = [each.annotation for each in inspect.signature(extra.get(entry) or scope[entry]).parameters.values()][1:]
    scope["call_host"] = call_host
    parts = Apart(
        layout, entry, functions, extra, theirs, dict(scope), _inner, native.CHECKS + checksum((*modules, said))
    ) if far else None  # fmt: skip
    for name, function in {**functions, **theirs, **extra}.items():
        scope[name] = _inner(function, scope)
    scope.update(bound(_inner))
    scope.update(parts.declared_far() if parts is not None else {})
    scope["state_at"], scope["entered"] = native.state_at(layout), scope[entry]
    arguments = "".join(f", a{at}" for at in range(len(taken)))
    source = f"def _enter(address{arguments}):\n    return entered(state_at(address){arguments})\n"
    exec(compile(source, __file__, "exec"), scope)
    scope["_enter"].__module__ = __name__
    scope["_enter"].__qualname__ = f"{ENTRY}{entry}_{number:08x}"
    signature = (types.int64, *(_TAKEN[str(kind)] for kind in taken))
    return MachineCode(_cached(scope["_enter"]), signature, parts, scope)


def _cached(function: Any) -> Any:
    """To be compiled, and kept where numba finds a folder for it; where there is none, for this process alone."""
    try:
        return numba.njit(cache=True, **OPTIONS)(function)
    except (RuntimeError, OSError):  # "cannot cache function: no locator available"
        return numba.njit(**OPTIONS)(function)


class MachineCode:
    """Kernel code that takes the address of a state, as machine code once it is called.

    Two processes never make the same at once: the second waits for the first, and loads what that has kept. Numba reads
    what is kept by pickle, so it is read from a folder that nobody else can write to, and only if it is whole.
    """

    def __init__(
        self, made: Any, signature: tuple[Any, ...], parts: Apart | None = None, scope: Mapping[str, Any] | None = None
    ) -> None:
        self._made = made
        self._signature = signature
        self._parts, self._scope = parts, scope or {}
        if self.keeps and not kept.is_private(self.folder):
            text = f"{self.folder}: others may write there, so that machine code is neither read nor kept in it"
            warnings.warn(text, stacklevel=2)
            self._made._cache = NullCache()

    def __call__(self, address: int, *arguments: float) -> Any:
        self.make()
        return self._made(address, *arguments)

    @property
    def is_loaded(self) -> bool:
        """Whether it is in memory."""
        return bool(self._made.signatures)

    @property
    def is_kept(self) -> bool:
        """Whether it is in memory or on disk, so that nobody waits for the compiler."""
        if self._made.signatures:
            return True
        cache = self._made._cache
        if not self.keeps or not kept.is_whole(self.folder, self._prefix):
            return False
        key = cache._index_key(self._signature, self._made.targetctx.codegen())
        return key in cache._cache_file._load_index()

    @property
    def keeps(self) -> bool:
        """Whether what is made stays on disk."""
        return not isinstance(self._made._cache, NullCache)

    @property
    def _prefix(self) -> str:
        """How the names of its files begin."""
        return str(self._made._cache._impl.filename_base)

    @property
    def folder(self) -> Path:
        """Where it is kept, if it is."""
        return Path(self._made._cache.cache_path)

    def make(self) -> Any:
        """Have it, from disk if it is there: what is called a little quicker than this object."""
        if not self._made.signatures:
            self._make()
            self._made.disable_compile()  # whatever it is given becomes what it takes
        return self._made

    def _make(self) -> None:
        if self.is_kept:
            self._made.compile(self._signature)
            return
        if not self.keeps:
            self._compile(None)
            return
        path = self.folder / f"{self._made.py_func.__qualname__}.lock"
        with kept.alone(path, meanwhile=self._make_far):
            if self.is_kept:  # somebody has made it meanwhile
                self._made.compile(self._signature)
                return
            kept.remove(self.folder, self._prefix)
            try:
                self._compile(self.folder)
                kept.seal(self.folder, self._prefix)
            except OSError:  # no space to keep it in: then it is made and not kept
                if not self._made.signatures:
                    raise
                kept.remove(self.folder, self._prefix)

    def _make_far(self) -> None:
        """Compile what another process, which compiles the rest now, will need."""
        if self._parts is not None:
            self._parts.far_code(self.folder)

    def _compile(self, folder: Path | None) -> None:
        parts = self._parts
        if parts is None:
            with linked_once():
                self._made.compile(self._signature)
            return
        with linked_once(lambda: (parts.compiled_near(self._scope), parts.far_code(folder))):
            self._made.compile(self._signature)


def _inner(function: Any, scope: dict[str, Any]) -> Any:
    copy = FunctionType(function.__code__, scope, function.__name__)
    copy.__module__ = function.__module__
    made = numba.njit(**OPTIONS, **_INNER)(copy)
    called = made.get_call_template
    # Numba would compile a function anew for each constant that it is given: LLVM sees to those.
    made.get_call_template = lambda args, kws: called(tuple(map(types.unliteral, args)), kws)
    return made


def compile_calls(
    layout: Layout, modules: Sequence[ModuleType], names: Sequence[str],
    sources: Sequence[str] = (), bound: Callable[[Jit], Mapping[str, Any]] = lambda jit: {},
) -> SimpleNamespace:  # fmt: skip
    """Functions of kernel code by name, to be called from Python with an `ArrayState` first, as one machine code.

    They take ints and floats, and return one, several, or nothing, as annotated. An entry for each would take as long
    to compile as all else: there is one that does any of them, by number, with a place for each argument and result.
    `sources` and `bound` are as in `compile_kernel`.
    """
    scope = scope_of(modules)
    kinds = {name: _kinds_of(scope[name]) for name in names}
    counts = {kind: max(taken.count(kind) for taken, _ in kinds.values()) for kind in _TAKEN}
    results = max(1, *(len(returned) for _, returned in kinds.values()))
    source = _entry_source(kinds, counts, results)
    entry: dict[str, Any] = {}
    exec(compile(source, __file__, "exec"), entry)
    extra = {"enter_any": entry["enter_any"]}
    code = compile_kernel(layout, modules, "enter_any", extra, (source, *sources), bound)
    made: dict[str, Any] = {"code": code.make()}
    for number, name in enumerate(names):
        exec(_caller_source(name, number, kinds[name], counts), made)
    return SimpleNamespace(**{name: made[name] for name in names})


#: The kinds of what a function takes, and of what it returns.
_Kinds = tuple[list[str], list[str]]


def _kinds_of(function: Callable[..., Any]) -> _Kinds:
    """As annotated; whole numbers are ints, whatever they stand for."""
    declared = inspect.signature(function)
    taken = [str(each.annotation) for each in [*declared.parameters.values()][1:]]
    returned = str(declared.return_annotation).removeprefix("tuple[").removesuffix("]").split(", ")
    return [kind if kind == "float" else "int" for kind in taken], [kind for kind in returned if kind != "None"]


def _places(taken: Sequence[str], counts: Mapping[str, int]) -> dict[str, list[str]]:
    """The arguments by kind, with zeros for those that a function does not take."""
    places = {}
    for kind in _TAKEN:
        given = [f"a{at}" for at, each in enumerate(taken) if each == kind]
        places[kind] = given + ["0" if kind == "int" else "0.0"] * (counts[kind] - len(given))
    return places


def _entry_source(kinds: Mapping[str, _Kinds], counts: Mapping[str, int], results: int) -> str:
    """`enter_any`: any of these functions, by number; what it returns are floats."""
    parameters = [f"{kind}{at}: {kind}" for kind in _TAKEN for at in range(counts[kind])]
    lines = [f"def enter_any(w, {', '.join(['number: int', *parameters])}):"]
    for number, (name, (taken, returned)) in enumerate(kinds.items()):
        left = {kind: iter(range(counts[kind])) for kind in _TAKEN}
        call = f"{name}({', '.join(['w', *(f'{kind}{next(left[kind])}' for kind in taken)])})"
        values = [f"r{at}" for at in range(len(returned))]
        step = f"{', '.join(values)} = {call}" if values else call
        lines += [f"    if number == {number}:", f"        {step}", f"        return {_floats(values, results)}"]
    return "\n".join((*lines, f"    return {_floats([], results)}", ""))


def _floats(values: Sequence[str], results: int) -> str:
    """A tuple of so many floats."""
    return f"({', '.join([*(f'1.0 * {value}' for value in values), *['0.0'] * (results - len(values))])},)"


def _caller_source(name: str, number: int, kinds: _Kinds, counts: Mapping[str, int]) -> str:
    """The function of that name as Python calls it."""
    taken, returned = kinds
    places = _places(taken, counts)
    arguments = ", ".join(["w.address", str(number), *(place for kind in _TAKEN for place in places[kind])])
    values = [f"found[{at}]" if kind == "float" else f"{kind}(found[{at}])" for at, kind in enumerate(returned)]
    parameters = ", ".join(["w", *(f"a{at}" for at in range(len(taken)))])
    return f"def {name}({parameters}):\n    found = code({arguments})\n    return {', '.join(values) or None}\n"
