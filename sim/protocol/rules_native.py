"""Rules as ops ask them, as machine code; which of a user's rules can be that.

What rules have in place of Python's sequences is made here: a view's round trips are an array over a part of a table,
and `neighbours` is a triple. Numba is slow to import: import this late.

A user's rule may decide what can't be carried out, which is a failure that machine code can't tell in words: it marks
that (`g.rule_broke`) and ends the run, and the engine says so. Where it reads past the end of a sequence it raises.
"""

from __future__ import annotations

import dis
import math
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final, NamedTuple

import numba
from llvmlite import ir
from numba.core import types
from numba.core.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

from sim.policies import snapshot
from sim.policies.userrule import unwatched
from sim.protocol import rules
from sim.protocol.codes import NEVER
from sim.protocol.ops import rules as asking
from sim.protocol.rules import FUNCTIONS, Outside, Rule
from sim.protocol.state import LAYOUT
from sim.records.compiling import OPTIONS, Jit
from sim.records.native import StateType

#: A user's function raises where it reads past the end of a sequence; nothing but machine code calls it.
_STRICT: Final[dict[str, Any]] = {**OPTIONS, "boundscheck": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


class Neighbours(NamedTuple):
    """`neighbours` of `sim.policies.snapshot`."""

    first: int
    parents: int
    holders: int


def due_at(at_s: float, exclusive: bool = False) -> Any:
    """`Due` of `sim.policies.snapshot`, of which numba does not know that a field may be left out."""
    return snapshot.Due(at_s, exclusive)


def parents_of(chosen: Any, lookup_s: float = 0.0) -> Any:
    """`Parents`, the same."""
    return snapshot.Parents(chosen, lookup_s)


#: What a user's function knows by these names in machine code.
_MADE_OTHERWISE: Final = {snapshot.Due: due_at, snapshot.Parents: parents_of}


def note_neighbours(w: Any, decision: Any) -> float:
    """Put the chosen ones where ops find them."""
    chosen = decision.chosen
    for at in range(chosen.parents):
        w.chosen[at] = (chosen.first + at) % chosen.holders
    w.g.chosen_used = chosen.parents
    return float(decision.lookup_s)


def padded(w: Any, decision: Any) -> tuple[float, float, float]:
    """Zeros for what is missing of three numbers."""
    # Which branches stay is known where this is compiled: the length of a tuple is part of its type.
    if len(decision) == 1:
        return float(decision[0]), 0.0, 0.0
    if len(decision) == 2:
        return float(decision[0]), float(decision[1]), 0.0
    return float(decision[0]), float(decision[1]), float(decision[2])


def broke(w: Any) -> None:
    """A rule decided what can't be carried out: the run ends."""
    w.g.rule_broke = 1
    w.g.stopped = 1


def checked_due(w: Any, view: Any, decision: Any) -> tuple[float, int]:
    """As `due_or_never`, of a time that is not past."""
    at_s, exclusive = due_or_never(w, decision)  # type: ignore[name-defined]  # noqa: F821 - bound when compiled
    if not view.now_s <= at_s <= NEVER:
        broke(w)
        return NEVER, 0
    return at_s, exclusive


def checked_worth(w: Any, view: Any, decision: Any) -> tuple[float, float, float]:
    """As `padded`, of what can be ordered."""
    a, b, c = padded(w, decision)
    if math.isnan(a) or math.isnan(b) or math.isnan(c):
        broke(w)
        return 0.0, 0.0, 0.0
    return a, b, c


def checked_neighbours(w: Any, view: Any, decision: Any) -> float:
    """As `note_neighbours`, of holders that there are and a time that is one."""
    chosen, lookup_s = decision.chosen, float(decision.lookup_s)
    holders = len(view.round_trips_s)
    there = chosen.parents == 0 or (0 < chosen.parents <= chosen.holders <= holders and chosen.first >= 0)
    if not there or chosen.parents < 0 or not 0.0 <= lookup_s < math.inf:
        broke(w)
        w.g.chosen_used = 0
        return 0.0
    return float(note_neighbours(w, decision))


def checked_win(w: Any, view: Any, decision: bool) -> bool:
    """Whatever is true or false can be carried out."""
    return decision


@intrinsic
def first_of(typing_context: Any, column: Any, n: Any) -> Any:
    """The first `n` numbers of a table's column, as rules see them: an array over the table's own numbers."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        word, size = ir.IntType(64), context.get_abi_sizeof(context.get_value_type(column.row))
        place = builder.bitcast(args[0], word.as_pointer())
        array = make_array(sig.return_type)(context, builder)
        data = builder.inttoptr(builder.load(place), array.data.type)
        stride = context.get_constant(types.intp, size)
        populate_array(array, data=data, shape=[args[1]], strides=[stride], itemsize=stride, meminfo=None)
        return array._getvalue()

    return types.Array(column.row, 1, "C")(column, types.intp), code


#: By kind: what asks its rules, and the types of what that takes beside the state.
_ASKED: Final = {
    "conflict": (asking.publish_wins, (types.int64, types.int64)),
    "trigger": (asking.due, (types.int64, types.float64)),
    "source": (asking.choose_parents, (types.int64, types.float64, types.float64)),
    "eviction": (asking.eviction_worth, (types.float64, types.float64, types.int64, types.int64)),
}


def functions(jit: Jit, outside: Sequence[Outside] = (), left_out: Collection[tuple[str, str]] = ()) -> dict[str, Any]:
    """The functions by which ops ask rules, by name, compiled; rules from outside are among those that compile."""
    found: dict[str, Any] = {"first_of": first_of}
    for kind, (_, name, _) in FUNCTIONS.items():
        found[name] = _asking(kind, rules.rules_of(kind, outside, left_out), jit)
    return found


def _asking(kind: str, of_kind: Sequence[Rule | None], jit: Jit) -> Any:
    """What asks the rule of a number, where there are these."""
    made: dict[FunctionType, Any] = {}
    names = rules.names_of(of_kind) | _helpers(jit)
    for number, rule in enumerate(of_kind):
        if rule is not None:
            names[f"rule_{number}"] = _compiled(unwatched(rule.function), _strict if rule.checked else jit, made)
    name = FUNCTIONS[kind][1]
    return jit(FunctionType(rules.code_of(kind, of_kind, checks=True), {"__name__": __name__}, name), names)


def _helpers(jit: Jit) -> dict[str, Any]:
    """What makes numbers of decisions."""
    due = jit(rules.due_or_never, {"NEVER": NEVER})
    numbers, parents = jit(padded, {}), jit(note_neighbours, {})
    known = {"broke": jit(broke, {}), "math": math, "NEVER": NEVER, "due_or_never": due}
    known |= {"padded": numbers, "note_neighbours": parents}
    return {
        "as_it_is": jit(rules.as_it_is, {}), "due_or_never": due, "three_numbers": numbers, "note_parents": parents,
        "checked_as_it_is": jit(checked_win, {}), "checked_due_or_never": jit(checked_due, known),
        "checked_three_numbers": jit(checked_worth, known), "checked_note_parents": jit(checked_neighbours, known),
    }  # fmt: skip


def _strict(function: Any, scope: dict[str, Any]) -> Any:
    """A user's function as machine code."""
    copy = FunctionType(function.__code__, scope, function.__name__, function.__defaults__)
    return numba.njit(**_STRICT)(copy)


def _compiled(function: Callable[..., Any], jit: Jit, made: dict[FunctionType, Any]) -> Any:
    """A function of a rule's file, with those that it calls, wherever they stand; each has a scope of its own."""
    if function is snapshot.neighbours:
        return Neighbours
    if not isinstance(function, FunctionType):
        return function
    if function not in made:
        scope = dict(function.__globals__)
        for name in _globals_of(function):
            value = scope.get(name)
            if jit is _strict and isinstance(value, type):
                value = _MADE_OTHERWISE.get(value)
            if isinstance(value, FunctionType):
                scope[name] = _compiled(unwatched(value), jit, made)
        made[function] = jit(function, scope)
    return made[function]


def _globals_of(function: FunctionType) -> set[str]:
    """The names that a function looks up in its module."""
    return {step.argval for step in dis.get_instructions(function) if step.opname == "LOAD_GLOBAL"}


def sources(outside: Sequence[Outside] = (), left_out: Collection[tuple[str, str]] = ()) -> str:
    """The files of all that `functions` compiles, one after the other: whoever keeps machine code counts them in."""
    made: dict[FunctionType, Any] = {}
    for kind in FUNCTIONS:
        for rule in rules.rules_of(kind, outside, left_out):
            if rule is None:
                continue
            _compiled(unwatched(rule.function), lambda function, scope: function, made)
    own = [other.own for other in outside if other.own is not None]
    files = {function.__code__.co_filename for function in made} - {rule.path for rule in own}
    files |= {module.__file__ or "" for module in (rules, snapshot, sys.modules[__name__])}
    # A user's file may have changed since it was read. Rules are numbered in their order.
    texts = [rule.kind + rule.name + rule.text for rule in own]
    return "".join([*(Path(file).read_text(encoding="utf-8") for file in sorted(files)), *texts])


def compiles(kind: str, rule: ModuleType) -> bool:
    """Whether a rule from outside the package is within what machine code has; otherwise it needs the interpreter.

    Machine code has numbers for parameters, NamedTuples, and sequences as views have them; parents are `neighbours`.
    """
    made = rules.as_rule(kind, rule)
    if made is None:
        return False
    made = made._replace(checked=True)
    function, taken = _ASKED[kind]
    name = FUNCTIONS[kind][1]
    scope = vars(asking) | {"first_of": first_of, name: _asking(kind, (made,), _jit)}
    try:
        _jit(function, scope).compile((StateType(LAYOUT), *taken))
    except Exception:
        # Numba has no one class for what it can't do: whatever comes of compiling a user's rule, it does not compile.
        return False
    return True


def _jit(function: Any, scope: dict[str, Any]) -> Any:
    copy = FunctionType(function.__code__, scope, function.__name__, function.__defaults__)
    return numba.njit(**OPTIONS)(copy)
