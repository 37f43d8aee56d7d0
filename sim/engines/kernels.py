"""The kernel code that engines run: its modules, and the source of the functions that compiled code has beside them."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from sim.network.fairshare import active, filling, kernel, pairing, sharing, solution
from sim.network.tcp import retransmission, transport, windows
from sim.protocol import events, machine, ops, tasks
from sim.protocol.assembly import Assembled
from sim.protocol.growth import WAITED_FOR, margin_of
from sim.protocol.ops import rules
from sim.protocol.state import LAYOUT
from sim.records import hashing, queue
from sim.records.scope import functions_of

#: What an engine starts, and goes on with.
ENTRIES = ("begin", "handle_event")
#: How much of the code another process may compile.
_FAR_PART = 0.6


@cache
def modules() -> tuple[ModuleType, ...]:
    """All modules of kernel code."""
    found = [importlib.import_module(f"{ops.__name__}.{one.name}") for one in pkgutil.iter_modules(ops.__path__)]
    network = (pairing, filling, sharing, active, solution, kernel, transport, retransmission, windows)
    return (*network, hashing, queue, tasks, machine, *found, events)


@cache
def far_modules() -> tuple[ModuleType, ...]:
    """Of that code what another process may compile meanwhile: the last modules, but what asks rules.

    It is more than half of it, as what is generated is compiled with the rest.
    """
    found: list[ModuleType] = []
    sizes = {module: _code_bytes(module) for module in modules()}
    for module in reversed(modules()):
        if sum(map(sizes.__getitem__, found)) > _FAR_PART * sum(sizes.values()):
            break
        if module is not rules:
            found.append(module)
    return tuple(found)


def _code_bytes(module: ModuleType) -> int:
    return sum(len(function.__code__.co_code) for function in functions_of((module,)).values())


def rows_source() -> str:
    """The source of `rows_are_low`: whether a table that grows may be full before the next time that is asked."""
    tests = [
        f"(g.{counter} + g.tasks_per_growth * g.{margin_of(name)}) * {each} > len(w.{name})"
        for name, (counter, each) in LAYOUT.counted.items()
    ]
    tests += [f"g.{name}_used + g.tasks_used + g.tasks_per_growth * g.margin > len(w.{name})" for name in WAITED_FOR]
    return "def rows_are_low(w):\n    g = w.g\n    return (\n        " + "\n        or ".join(tests) + "\n    )\n"


def constants_source() -> str:
    """The numbers that ops know by name, wherever they are from: machine code has them in it."""
    found = {
        name: value for module in modules() for name, value in vars(module).items() if isinstance(value, int | float)
    }
    return "".join(f"{name} = {value!r}\n" for name, value in sorted(found.items()))


def dispatch_source(assembled: Assembled) -> str:
    """The source of `dispatch`: from an op's number to the op, by halves, as there are more than a hundred."""
    lines = ["def dispatch(w, p, op, a, b):", *_halves(assembled, 0, len(assembled.ops), "    ")]
    return "\n".join((*lines, ""))


def _halves(assembled: Assembled, first: int, end: int, indent: str) -> list[str]:
    if end - first == 1:
        return [f"{indent}return {assembled.ops[first].__name__}(w, p, a, b)"]
    middle = (first + end) // 2
    lower, upper = (_halves(assembled, *part, f"{indent}    ") for part in ((first, middle), (middle, end)))
    return [f"{indent}if op < {middle}:", *lower, f"{indent}else:", *upper]


#: What compiled text does to ask its engine.
ASK_HOST = """
def ask_host(w, what, a, b, c):
    g = w.g
    g.asked, g.asked_a, g.asked_b, g.asked_c = what, a, b, c
    call_host(g.host)
"""
