"""Kernel code in two parts that are compiled each by itself, so that two processes can do it side by side.

The *near* part has the entry; the *far* part is some of the modules. What one part calls of the other is declared there
by its annotations, under a symbol, and neither knows more of the other: the types of what is called are not inferred
again. The far part is kept as LLVM's bitcode and linked into the near one before that is optimized, so that the machine
code is what it would be had one process compiled all.

Left out: functions that take rows or tables beside the state, or no state at all, have no declaration; they are small,
and each part that calls one compiles it.
Source: numba's developer manual, "Notes on numba's architecture" (the calling convention).
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any, Final

import llvmlite
import numba
from numba.core import cgutils, types
from numba.core.errors import TypingError
from numba.core.extending import intrinsic
from numba.core.registry import cpu_target
from numba.core.typing.templates import Signature, signature

from sim.records import kept
from sim.records.layout import Layout
from sim.records.linking import bitcode_of, linked_once
from sim.records.native import StateType

Functions = Mapping[str, Any]
#: What kernel code calls the state that it takes first.
_STATES: Final = ("w", "net")
_NUMBERS: Final[dict[str, Any]] = {"int": types.int64, "float": types.float64, "bool": types.boolean}


class Apart:
    """What two parts of kernel code declare of each other, and the code of the far one.

    `far` and `near` are functions by name, `given` those of the near part that take the place of others of their
    names, and `scope` what all of them know beside each other. Nothing is compiled before it is asked for.
    """

    def __init__(
        self, layout: Layout, entry: str, near: Functions, given: Functions, far: Functions, scope: Mapping[str, Any],
        jit: Callable[[Any, dict[str, Any]], Any], number: int,
    ) -> None:  # fmt: skip
        self._state, self._jit = StateType(layout), jit
        self._far, self._near, self._scope = far, near, scope
        functions = {**near, **given, **far}
        signatures = {name: signature_of(function, self._state) for name, function in {**near, **far}.items()}
        self._signatures = {name: found for name, found in signatures.items() if found is not None}
        reached = _reached(entry, functions)
        self._near_called = self._called(near, {**near, **given}, far, reached)
        self._far_called = self._called(far, far, {**near, **given}, reached)
        versions = cpu_target.target_context.codegen().magic_tuple(), numba.__version__, llvmlite.__version__
        about = repr((versions, self._near_called, self._far_called))
        self._name = f"far_{zlib.crc32(about.encode(), number):08x}_{sys.version_info.major}{sys.version_info.minor}"

    def _called(self, own: Functions, made: Functions, others: Functions, reached: Collection[str]) -> list[str]:
        """Names of what other code declares of these functions: what is called there, or by what it makes itself."""
        callers = [*others.values(), *(made[name] for name in own if name not in self._signatures)]
        called = {name for function in callers if function.__name__ in reached for name in _names(function)}
        return [name for name in own if name in called and name in self._signatures]

    def declared_far(self) -> dict[str, Any]:
        """For the near part's scope: the functions of the far part, as they are called from there."""
        return {name: _declared(name, self._far[name], self._signatures[name]) for name in self._far_called}

    def compiled_near(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        """What the far part calls, compiled in the near part's scope, by symbol; within `linked_once`."""
        return self._compiled(self._near_called, scope)

    def far_code(self, folder: Path | None) -> bytes:
        """The bitcode of the far part: kept in a folder, or compiled, and kept there then.

        Two processes never make it at once: the second waits, and reads it.
        """
        if folder is None:
            return self._far_made()
        with kept.alone(folder / f"{self._name}.lock"):
            path = folder / f"{self._name}{kept.BITCODE}"
            if kept.is_whole(folder, self._name):
                return path.read_bytes()
            made = self._far_made()
            # No space to keep it in: then it is made and not kept.
            with contextlib.suppress(OSError):
                kept.write(path, made)
                kept.seal(folder, self._name)
            return made

    def _far_made(self) -> bytes:
        scope = dict(self._scope)
        near = {name: _declared(name, self._near[name], self._signatures[name]) for name in self._near_called}
        for name, function in {**self._near, **self._far}.items():
            scope[name] = near.get(name) or self._jit(function, scope)
        with linked_once() as inner:
            return bitcode_of(self._compiled(self._far_called, scope), inner)

    def _compiled(self, names: Iterable[str], scope: Mapping[str, Any]) -> dict[str, Any]:
        return {symbol_of(name): _made_as(scope[name], self._signatures[name], self._jit) for name in names}


def symbol_of(name: str) -> str:
    """What a function is called between the parts."""
    return f"kernel.{name}"


def signature_of(function: Any, state: StateType) -> Signature | None:
    """As annotated, of a function that takes a state, and numbers alone beside it; None of any other."""
    declared = inspect.signature(function)
    parameters = [*declared.parameters.values()]
    if not parameters or parameters[0].name not in _STATES:
        return None
    taken = [_NUMBERS.get(str(each.annotation)) for each in parameters[1:]]
    text = str(declared.return_annotation)
    results = [_NUMBERS.get(each) for each in text.removeprefix("tuple[").removesuffix("]").split(", ")]
    if text == "None":
        results = [types.none]
    if None in (*taken, *results) or any(each.default is not each.empty for each in parameters):
        return None
    returned = types.Tuple(results) if text.startswith("tuple[") else results[0]
    made: Signature = signature(returned, state, *taken)
    return made


def _names(function: Any) -> tuple[str, ...]:
    """What the code of a function names; nothing of what is no function of Python's."""
    code = function.__code__ if isinstance(function, FunctionType) else None
    return code.co_names if code is not None else ()


def _reached(entry: str, functions: Functions) -> set[str]:
    """The functions that an entry calls, directly or not."""
    found, left = {entry}, [entry]
    while left:
        new = {name for name in _names(functions[left.pop()]) if name in functions} - found
        found |= new
        left += sorted(new)
    return found


def _declared(name: str, function: Any, declared: Signature) -> Any:
    """For machine code: a function of the other part, called as numba calls its own."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        convention = context.call_conv
        kind = convention.get_function_type(sig.return_type, sig.args)
        called = cgutils.get_or_insert_function(builder.module, kind, symbol_of(name))
        status, value = convention.call_function(builder, called, sig.return_type, sig.args, args)
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return value

    def typed(typing_context: Any, *given: Any) -> Any:
        if any(_is_lossy(one, taken) for one, taken in zip(given, declared.args, strict=True)):
            raise TypingError(f"{name} is annotated to take {declared.args[1:]}, and is given {given[1:]}")
        return declared, code

    parameters = inspect.signature(function).parameters.values()
    first = inspect.Parameter("typing_context", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    typed.__signature__ = inspect.Signature([first, *parameters])  # type: ignore[attr-defined]
    return intrinsic(typed)


def _is_lossy(given: Any, taken: Any) -> bool:
    """Whether a number becomes another by being taken as what is annotated."""
    order = [types.boolean, types.int64, types.float64]
    given = types.unliteral(given)
    return given in order and taken in order and order.index(given) > order.index(taken)


def _several(kind: Any) -> list[Any]:
    return list(kind) if isinstance(kind, types.Tuple | types.UniTuple) else [kind]


def _made_as(dispatcher: Any, declared: Signature, jit: Callable[[Any, dict[str, Any]], Any]) -> Any:
    """A function compiled, which returns what is annotated. TypeError where it returns something else."""
    dispatcher.compile(declared.args)
    made = dispatcher.overloads[declared.args]
    found = made.signature.return_type
    if found == declared.return_type:
        return made
    name = dispatcher.py_func.__name__
    given, taken = _several(found), _several(declared.return_type)
    if len(given) != len(taken) or any(map(_is_lossy, given, taken)):
        raise TypeError(f"{name} is annotated to return {declared.return_type}, and returns {found}")
    arguments = ", ".join(f"a{at}" for at in range(len(declared.args)))
    scope: dict[str, Any] = {"called": dispatcher}
    exec(compile(f"def {name}({arguments}):\n    return called({arguments})\n", __file__, "exec"), scope)
    scope[name].__module__ = __name__
    wrapper = jit(scope[name], scope)
    wrapper.compile(declared)
    return wrapper.overloads[declared.args]
