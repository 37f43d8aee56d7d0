"""What the docstrings of public names show is what happens, and every public name shows something."""

from __future__ import annotations

import doctest
import inspect
import sys
from types import ModuleType
from typing import Any

import pytest

import sim
from sim import network
from sim.policies import outside

NAMES = {f"sim.{name}": getattr(sim, name) for name in dir(sim) if not name.startswith("_")}
NAMES |= {f"sim.network.{name}": getattr(network, name) for name in network.__all__}
SHOWN = {name: value for name, value in NAMES.items() if not isinstance(value, ModuleType)}
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def examples(name: str, value: Any) -> doctest.DocTest:
    """The examples of a docstring, to be run in a namespace of their own."""
    return doctest.DocTestParser().get_doctest(inspect.getdoc(value) or "", {}, name, None, 0)


#: Searches make many runs: those of two of the functions stand for all of them where time is short.
LONG = ("sim.Capacity", "sim.Crossover", "sim.crossover", "sim.Best")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in SHOWN]
)
def test_an_example_does_what_it_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each public name's docstring has an example, and run it prints what stands below it."""
    found = examples(name, SHOWN[name])
    assert found.examples
    program = ModuleType("example")  # a rule is written out with what its program has
    monkeypatch.setitem(sys.modules, "example", program)
    monkeypatch.setattr(outside, "_REGISTERED", {})
    found.globs = vars(program)
    said: list[str] = []
    failed = doctest.DocTestRunner(optionflags=FLAGS, verbose=False).run(found, out=said.append).failed
    assert not failed, "".join(said)


def test_an_example_that_prints_something_else_is_seen() -> None:
    """A docstring whose example is wrong fails."""

    def wrong() -> None:
        """A sum.

        >>> 1 + 1
        3
        """

    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    assert runner.run(examples("wrong", wrong), out=lambda text: None).failed == 1
