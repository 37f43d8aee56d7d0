"""The rules as ops ask them: the interpreter and machine code decide alike, and as the rules themselves do."""

from __future__ import annotations

import math
import random
import tomllib
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

import numba
import numpy as np
import pytest
from pydantic import BaseModel

from sim import policies
from sim.figures import Count, Duration, Period, Table, setting
from sim.plugins import NoParameters
from sim.policies.snapshot import Due, Holders, Kept, Owed, Parents, Publish, Rivals, neighbours
from sim.policies.userrule import UserRule
from sim.protocol import rules, rules_native
from sim.protocol.codes import NEVER
from sim.protocol.ops import rules as asking
from sim.protocol.rules import FUNCTIONS, Outside, number_of, rule_values
from sim.protocol.state import LAYOUT
from sim.records import ArrayState, ObjectState
from sim.records.native import state_at
from sim.registry.oci import digest_of
from sim.scenario import Scenario

pytestmark = pytest.mark.integration

ASKED = ("publish_wins", "due", "eviction_worth", "choose_parents")
DIGESTS = sorted(digest_of(name) for name in "abcd")
HOLDERS = 8
OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}


def jit(function: FunctionType, scope: dict[str, Any]) -> Any:
    return numba.njit(**OPTIONS)(FunctionType(function.__code__, scope, function.__name__))


def compiled(*outside: Outside) -> dict[str, Callable[..., Any]]:
    """What asks the rules, compiled: each function takes a state's address."""
    scope = vars(asking) | rules_native.functions(jit, outside) | {"at": state_at(LAYOUT)}
    for name in ASKED:
        scope[name] = jit(getattr(asking, name), scope)
    taken = {"publish_wins": "b, c", "due": "b, c", "eviction_worth": "b, c, d, e", "choose_parents": "b, c, d"}
    for name, values in taken.items():
        exec(f"def from_{name}(a, {values}): return {name}(at(a), {values})", scope)
    return {name: jit(scope[f"from_{name}"], scope) for name in ASKED}


def interpreted(*outside: Outside) -> dict[str, Callable[..., Any]]:
    scope = vars(asking) | rules.functions(outside)
    return {name: FunctionType(getattr(asking, name).__code__, scope, name) for name in ASKED}


class Pair:
    """One state as objects and as arrays, asked by the interpreter and by machine code."""

    def __init__(self, *outside: Outside) -> None:
        tables = {
            "publishes": LAYOUT.rows("publishes", 2), "images": LAYOUT.rows("images", len(DIGESTS)),
            "rule_values": np.zeros(30), "chosen": np.zeros(HOLDERS, np.int64),
            "holder_round_trips_s": np.zeros(HOLDERS),
        }  # fmt: skip
        tables["images"]["rank"] = range(len(DIGESTS))
        self.states = ObjectState(LAYOUT, tables), ArrayState(LAYOUT, tables)
        self._by_name = interpreted(*outside), compiled(*outside)

    def put(self, name: str, rows: Any) -> None:
        for state in self.states:
            state.replace(name, np.array(rows, LAYOUT.dtype(name)))

    def set(self, **values: int | float) -> None:
        for name, value in values.items():
            setattr(self.states[0].g, name, value)
            self.states[1].g[name] = value

    def ask(self, name: str, *values: Any) -> Any:
        """What both decide, which is the same."""
        objects, arrays = self.states
        decided = self._by_name[0][name](objects, *values)
        assert self._by_name[1][name](arrays.address, *values) == decided
        used = objects.g.chosen_used
        assert arrays.g["chosen_used"] == used
        assert arrays["chosen"][:used].tolist() == objects["chosen"][:used].tolist()
        return decided

    @property
    def chosen(self) -> tuple[int, ...]:
        objects = self.states[0]
        return tuple(objects["chosen"][: objects.g.chosen_used].tolist())


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


def rules_and_parameters(kind: str) -> list[tuple[str, ModuleType, BaseModel]]:
    """Every rule of a kind, with ten draws of its parameters if it has any."""
    drawn = random.Random(kind)
    draws: dict[type, Callable[[], float]] = {
        float: lambda: drawn.uniform(0.1, 1000.0), int: lambda: drawn.randint(1, 5), bool: lambda: drawn.random() < 0.5,
    }  # fmt: skip
    found = []
    for name in policies.names(kind):
        rule = policies.rule(kind, name)
        types = rules.parameter_types(rule.Parameters) or {}
        for _ in range(10 if types else 1):
            parameters = rule.Parameters.model_construct(**{key: draws[of]() for key, of in types.items()})
            found += [(name, rule, parameters)]
    return found


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.slow] if at else []) for at, kind in enumerate(FUNCTIONS)]
)
def test_every_rule_of_the_package_compiles(kind: str) -> None:
    """None of them needs the interpreter."""
    assert all(rules_native.compiles(kind, policies.rule(kind, name)) for name in policies.names(kind))


def test_publishes_win_alike(pair: Pair) -> None:
    """Ranks stand for digests: for random publishes, many of them equal in part, all decide as the rule does."""
    drawn = random.Random(1)
    for name, rule, parameters in rules_and_parameters("conflict"):
        pair.set(conflict=number_of("conflict", name))
        for _ in range(200):
            rows = [
                (
                    drawn.randrange(4),
                    drawn.choice([0.0, 1.0, 1.5]),
                    drawn.choice([0.0, 0.5]),
                    drawn.randrange(3),
                    drawn.randrange(3),
                )
                for _ in range(2)
            ]
            pair.put("publishes", rows)
            views = [Publish(DIGESTS[row[0]], *row[1:]) for row in rows]
            assert pair.ask("publish_wins", 0, 1) == rule.wins(Rivals(*views), parameters)


def test_copies_are_due_alike(pair: Pair) -> None:
    """At any time, in either direction, with any parameters; never is a time that never comes."""
    drawn = random.Random(2)
    for name, rule, parameters in rules_and_parameters("trigger"):
        values = rules.numbers(parameters)
        pair.put("rule_values", [0.0] * 3 + values + [0.0] * 3)
        for direction, field in enumerate(("to_central", "to_nodes")):
            pair.set(**{"to_central": 0, "to_nodes": 0} | {field: number_of("trigger", name), f"{field}_values": 3})
            for _ in range(50):
                now_s, delay_s = drawn.choice([0.0, drawn.uniform(0, 1e6)]), drawn.choice([0.0, drawn.uniform(0, 1e3)])
                pair.set(sync_delay_s=delay_s)
                due = rule.due(Owed(now_s, delay_s), parameters)
                expected = (NEVER, 0) if due is None else (due.at_s, int(due.exclusive))
                assert pair.ask("due", direction, now_s) == expected


def test_images_are_worth_the_same(pair: Pair) -> None:
    """A rule's numbers come first, and zeros after them."""
    drawn = random.Random(3)
    for name, rule, parameters in rules_and_parameters("eviction"):
        pair.set(eviction=number_of("eviction", name))
        for _ in range(100):
            view = Kept(
                drawn.uniform(0, 1e6),
                drawn.uniform(0, 1e6),
                drawn.randint(1, 100),
                drawn.choice([0, drawn.randrange(10**9)]),
            )
            worth = rule.worth(view, parameters)
            assert pair.ask("eviction_worth", *view) == (*worth, *[0.0] * (3 - len(worth)))


def test_parents_are_the_same(pair: Pair) -> None:
    """Among up to eight holders, some of them equally far, and none."""
    drawn = random.Random(4)
    for name, rule, parameters in rules_and_parameters("source"):
        pair.put("rule_values", [0.0] * 2 + rules.numbers(parameters))
        pair.set(source=number_of("source", name), source_values=2)
        for _ in range(100):
            round_trips_s = [drawn.choice([0.01, 0.2, drawn.random()]) for _ in range(HOLDERS)]
            pair.put("holder_round_trips_s", round_trips_s)
            n, upstream_s, draw = drawn.randint(0, HOLDERS), drawn.choice([0.01, 0.1, 0.5]), drawn.random()
            parents = rule.parents(Holders(tuple(round_trips_s[:n]), upstream_s, draw), parameters)
            assert (pair.ask("choose_parents", n, upstream_s, draw), pair.chosen) == (parents.lookup_s, parents.chosen)


def module(name: str, about: str, parameters: type[BaseModel], function: Callable[..., Any]) -> ModuleType:
    made = ModuleType(f"their.{name}", about)
    made.Parameters = parameters  # type: ignore[attr-defined]
    setattr(made, function.__name__, function)
    return made


class Weekdays(Table):
    """How long a day is, and how many of seven count."""

    day_s: Period = setting("day")
    days: Count = setting("days")


class Listed(Table):
    """Times, one by one."""

    times_s: tuple[Duration, ...] = setting("times")


def on_weekdays() -> ModuleType:
    """A rule that compiles: numbers for parameters, and what is in `math`."""

    def due(view: Owed, parameters: Weekdays) -> Due | None:
        day = math.floor(view.now_s / parameters.day_s)
        if day % 7 < parameters.days:
            return Due(view.now_s, False)
        return None

    return module("weekdays", "On some days of seven.", Weekdays, due)


def at_times() -> ModuleType:
    """A rule that does not compile: its parameter is no number, and it makes a list."""

    def due(view: Owed, parameters: Listed) -> Due | None:
        left = [at_s for at_s in parameters.times_s if at_s >= view.now_s]
        return Due(min(left)) if left else None

    return module("times", "At times that are listed.", Listed, due)


def furthest() -> ModuleType:
    """A source rule in Python's own words: it sorts, and gives a tuple."""

    def parents(view: Holders, parameters: NoParameters) -> Parents:
        order = sorted(range(len(view.round_trips_s)), key=lambda at: -view.round_trips_s[at])
        return Parents(tuple(order[:2]), 0.5)

    return module("furthest", "The two that are furthest.", NoParameters, parents)


def last_one() -> ModuleType:
    """A source rule that compiles."""

    def parents(view: Holders, parameters: NoParameters) -> Parents:
        count = len(view.round_trips_s)
        return Parents(neighbours(count - 1, min(count, 1), count), 0.25)

    return module("last", "The last one.", NoParameters, parents)


def test_a_users_rule_takes_part_in_both() -> None:
    """A rule from outside has the number after the package's, and both engines' functions ask it."""
    weekdays = Outside("trigger", "weekdays", on_weekdays(), Weekdays.model_validate({"day": "24 h", "days": 5}))
    last = Outside("source", "last", last_one(), NoParameters())
    assert rules_native.compiles("trigger", weekdays.rule)
    assert rules_native.compiles("source", last.rule)
    pair = Pair(weekdays, last)
    number = number_of("trigger", "weekdays", [weekdays, last])
    assert number == len(policies.names("trigger"))
    pair.put("rule_values", rules.numbers(weekdays.parameters))
    pair.set(to_nodes=number, source=number_of("source", "last", [weekdays, last]))
    assert [pair.ask("due", 1, day * 86400.0)[0] < NEVER for day in range(8)] == [True] * 5 + [False] * 2 + [True]
    assert pair.ask("choose_parents", 3, 1.0, 0.0) == 0.25
    assert pair.chosen == (2,)


def test_a_users_rule_that_does_not_compile_runs_in_the_interpreter() -> None:
    """It is told from one that does, and gets its parameters as they were written."""
    times = Outside("trigger", "times", at_times(), Listed.model_validate({"times": ["1 s", "5 s"]}))
    far = Outside("source", "furthest", furthest(), NoParameters())
    assert not rules_native.compiles("trigger", times.rule)
    assert not rules_native.compiles("source", far.rule)
    ask = interpreted(times, far)
    tables = {"holder_round_trips_s": np.array([0.1, 0.3, 0.2]), "chosen": np.zeros(3, np.int64)}
    w = ObjectState(LAYOUT, tables)
    w.g.to_central, w.g.source = number_of("trigger", "times", [times]), number_of("source", "furthest", [far])
    assert [ask["due"](w, 0, now_s) for now_s in (0.0, 2.0, 6.0)] == [(1.0, 0), (5.0, 0), (NEVER, 0)]
    assert ask["choose_parents"](w, 3, 1.0, 0.0) == 0.5
    assert w["chosen"][: w.g.chosen_used].tolist() == [1, 2]


def test_a_scenarios_rules_are_numbers(two_sites: str) -> None:
    """The rules' numbers are those of their names in order; parameters stand one after the other."""
    document = tomllib.loads(f'{two_sites}\nrun = {{ duration = "1 h" }}\ndemand = {{ rate = "10/h" }}')
    scenario = Scenario.from_document(document, "s")
    polled = {"policies.sync.to_nodes": {"name": "poll", "every": "2 h"}, "policies.source": "pieces"}
    found = rule_values(scenario.with_(polled))
    names = policies.names("trigger")
    assert found.globals_["to_nodes"] == names.index("poll")
    at = found.globals_["to_nodes_values"]
    assert found.values[at : at + 3].tolist() == [7200.0, 0.0, 1.0]
    at = found.globals_["source_values"]
    assert found.values[at : at + 2].tolist() == [3.0, 0.0]
    assert found.globals_["asks_holders"] == 1
    assert rule_values(scenario).globals_["asks_holders"] == 0


def test_users_rules_are_counted_in_by_their_text_and_order() -> None:
    """They are numbered in their order, so that machine code for one order is none for another."""
    one, other = (
        Outside("trigger", name, on_weekdays(), NoParameters(), UserRule("trigger", name, "their file", name))
        for name in ("a", "b")
    )
    assert rules_native.sources([one, other]) != rules_native.sources([other, one])
    assert rules_native.sources([one]) != rules_native.sources([other])


class WithMore(Table):
    """A number, and what is made of it."""

    days: Count = setting("days")

    @property
    def seconds(self) -> float:
        """The same in seconds."""
        return 86400.0 * self.days


def test_parameters_that_do_more_than_be_read_are_handed_over_as_they_are() -> None:
    """A rule that asks them for what is no field runs in the interpreter, and there it gets the answer."""

    def due(view: Owed, parameters: WithMore) -> Due | None:
        return Due(view.now_s + parameters.seconds)

    rule = module("seconds", "After some days.", WithMore, due)
    assert not rules_native.compiles("trigger", rule)
    outside = Outside("trigger", "seconds", rule, WithMore.model_validate({"days": 2}))
    w = ObjectState(LAYOUT, {})
    w.g.to_nodes = number_of("trigger", "seconds", [outside])
    assert interpreted(outside)["due"](w, 1, 1.0) == (172801.0, 0)


def checked(kind: str, name: str, function: Callable[..., Any]) -> Outside:
    """A user's rule without parameters, of which machine code checks what it decides."""
    rule = module(name, "A user's.", NoParameters, function)
    return Outside(kind, name, rule, NoParameters(), UserRule(kind, name, "their file", name))


def before(view: Owed, parameters: NoParameters) -> Due | None:
    return Due(view.now_s - 1.0)


def no_number(view: Owed, parameters: NoParameters) -> Due | None:
    return Due(math.nan)


def unordered(view: Kept, parameters: NoParameters) -> tuple[float, float]:
    return (math.nan, 1.0)


def too_many(view: Holders, parameters: NoParameters) -> Parents:
    return Parents(neighbours(0, 9, 9), 0.0)


def below(view: Holders, parameters: NoParameters) -> Parents:
    return Parents(neighbours(-1, 1, len(view.round_trips_s)), 0.0)


def backwards(view: Holders, parameters: NoParameters) -> Parents:
    return Parents(neighbours(0, 1, len(view.round_trips_s)), -1.0)


WRONG: list[tuple[str, Callable[..., Any], str, tuple[float, ...]]] = [
    ("trigger", before, "due", (1, 5.0)), ("trigger", no_number, "due", (1, 5.0)),
    ("eviction", unordered, "eviction_worth", (0.0, 0.0, 1, 1)), ("source", too_many, "choose_parents", (3, 1.0, 0.0)),
    ("source", below, "choose_parents", (3, 1.0, 0.0)), ("source", backwards, "choose_parents", (3, 1.0, 0.0)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "function", "ask", "values"),
    # Each is a second of compiling; the first stands for all where time is short.
    [pytest.param(*one, id=one[1].__name__, marks=[pytest.mark.slow] if at else []) for at, one in enumerate(WRONG)],
)
def test_machine_code_notes_what_cannot_be_carried_out(
    kind: str, function: Callable[..., Any], ask: str, values: tuple[float, ...]
) -> None:
    """A time that is past or none, what can't be ordered, holders that there are not: the run is to end, and nothing
    is done with the decision."""
    function.__name__ = {"trigger": "due", "eviction": "worth", "source": "parents"}[kind]
    rule = checked(kind, "wrong", function)
    state = ArrayState(
        LAYOUT, {"rule_values": np.zeros(1), "chosen": np.zeros(3, np.int64), "holder_round_trips_s": np.zeros(3)}
    )
    state.g[{"trigger": "to_nodes"}.get(kind, kind)] = number_of(kind, "wrong", [rule])
    answer = compiled(rule)[ask](state.address, *values)
    assert (state.g["rule_broke"], state.g["stopped"]) == (1, 1)
    assert answer == {"due": (NEVER, 0), "eviction_worth": (0.0, 0.0, 0.0), "choose_parents": 0.0}[ask]
    assert state.g["chosen_used"] == 0


def test_the_files_of_all_rules_are_counted_in() -> None:
    """Machine code that is kept depends on every rule's file, and on a user's."""
    assert all(
        str(policies.rule(kind, name).__doc__) in rules_native.sources()
        for kind in FUNCTIONS
        for name in policies.names(kind)
    )
    outside = Outside("source", "last", last_one(), NoParameters())
    assert "The last one." in rules_native.sources([outside])
