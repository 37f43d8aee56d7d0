"""Rules that a program registers: written out whole, refused in a line where they can't be, and like any other then."""

from __future__ import annotations

import importlib
import math
from typing import Any, Literal

import pytest

import sim
from sim.errors import InputError, InputErrors
from sim.figures import Duration, Table, figure, setting
from sim.policies import outside
from sim.policies.outside import registered
from sim.policies.registered import policy, written_out
from sim.policies.snapshot import PlacementView, PushView

FEW = {"demand.rate": "50/day", "demand.apps": 5}
FAR_S = 0.05
SHARES = (0.5, ("a", float("inf")), frozenset({"b", "c"}), None)
CHANGES = {"by": 1}


class Reach(Table):
    """How far a near node is."""

    far_s: Duration = figure("far", "50 ms", assumption=True, about="How far a near node is.")
    order: Literal["near", "far"] = setting("order", "near", about="Which ones come first.")


def rank(view: PlacementView, node: int, far_s: float) -> tuple[bool, int]:
    """Warm before cold, near before far."""
    return not view.deploy.holds_kernel(node), math.floor(view.deploy.round_trip_s(node) / far_s)


def warm_first(view: PlacementView, parameters: Reach) -> tuple[int, ...]:
    """Warm nodes first, "near" ones before far ones."""
    return tuple(sorted(view.nodes, key=lambda node: rank(view, node, parameters.far_s))[: view.wanted])


def shared(view: PlacementView, parameters: Any) -> tuple[int, ...]:
    """By numbers of the program."""
    first = int(SHARES[0] * len(view.nodes)) if SHARES[1][1] > FAR_S else 0
    return (*view.nodes[first:], *view.nodes[:first])[: view.wanted]


def changing(view: PlacementView, parameters: Any) -> tuple[int, ...]:
    """By what the program changes."""
    return view.nodes[CHANGES["by"] :][: view.wanted]


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test registers no other knows."""
    monkeypatch.setattr(outside, "_REGISTERED", {})


def test_a_function_is_a_rule_by_its_name() -> None:
    """A decorator registers it, leaves it what it is, and scenarios choose it with its parameters."""
    assert sim.policy("placement", parameters=Reach)(warm_first) is warm_first
    scenario = sim.load("metros.toml", FEW | {"policies.placement": {"name": "warm-first", "far": "20 ms"}})
    assert scenario.policies.placement.parameters.model_dump() == {"far_s": 0.02, "order": "near"}
    with pytest.raises(InputErrors, match="far"):
        scenario.with_({"policies.placement": {"name": "warm-first", "far": "20"}})


def test_it_is_written_out_with_what_it_uses() -> None:
    """Its helper, its parameters' class, modules and names of this program stand in the text, which says the same."""
    rule = written_out("placement", None, warm_first, Reach)
    module = rule.module()
    assert module.__doc__ == warm_first.__doc__
    assert "class Reach(Table):" in rule.text
    assert "def rank(" in rule.text
    assert "import math" in rule.text
    assert "def place(view: PlacementView, parameters: Reach)" in rule.text
    assert module.Parameters is not Reach


def test_numbers_and_text_of_the_program_are_as_they_are_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another number is another rule, by its digest; the first stays what it was."""
    rule = written_out("placement", "shared", shared)
    vars_ = vars(rule.module())
    assert (vars_["SHARES"], vars_["FAR_S"]) == (SHARES, FAR_S)
    monkeypatch.setitem(globals(), "FAR_S", 0.06)
    other = written_out("placement", "shared", shared)
    assert other.digest != rule.digest
    assert vars(rule.module())["FAR_S"] == 0.05


def test_registered_again_it_is_another_for_those_that_come_later() -> None:
    """A scenario keeps the rule that it was loaded with."""
    policy("placement", "mine")(shared)
    before = sim.load("metros.toml", FEW | {"policies.placement": "mine"})
    policy("placement", "mine", parameters=Reach)(warm_first)
    after = before.with_({})
    assert before.policies.placement.own != after.policies.placement.own
    assert before.variant(before.variants[0]).policies.placement.own == before.policies.placement.own


def around() -> Any:
    by = 1

    def inner(view: PlacementView, parameters: Any) -> tuple[int, ...]:
        """By a name of the function around it."""
        return view.nodes[by:][: view.wanted]

    return inner


def undocumented(view: PlacementView, parameters: Any) -> tuple[int, ...]:
    return view.nodes[: view.wanted]


def nowhere(view: PlacementView, parameters: Any) -> tuple[int, ...]:
    """To nodes that there are not."""
    return (-1,) * view.wanted


def three(view: PlacementView, parameters: Any, more: Any) -> tuple[int, ...]:
    """Takes too much."""
    return view.nodes[: view.wanted]


def by_tests(view: PushView, parameters: Any) -> str:
    """By a module that no rule may import."""
    return str(pytest)


@pytest.mark.parametrize(
    ("kind", "name", "function", "line"),
    [
        ("place", None, shared, 'policy: there is no kind of rules "place"; did you mean "placement"?'),
        ("placement", "sticky", shared, "the placement sticky ships with regsim; give yours another name"),
        ("placement", "My Own", shared, 'is no name for a rule, got "My Own"; use small letters'),
        ("placement", None, changing, "policy placement changing: uses CHANGES, which is of type dict; make it a "),
        ("placement", None, around(), "policy placement inner: uses by of the function around it; make it a "),
        ("placement", None, undocumented, "<policy placement undocumented>: has no docstring; begin it with "),
        ("placement", None, nowhere, "place chose -1, and there is no such node"),
        ("placement", None, three, "place must take view and parameters, got (view: PlacementView, parameters: Any, "),
        ("route", None, by_tests, "imports pytest; leave it out: a rule may import"),
        ("placement", None, len, "policy placement len: must be a function, got"),
        ("placement", "typed", eval("lambda view, parameters: ()"), "the source of <lambda> can't be found; write it "),
    ],
)
def test_what_is_no_rule_is_told_as_it_is_registered(kind: str, name: str | None, function: Any, line: str) -> None:
    """In a line, at the decorator, and nothing is registered."""
    with pytest.raises(InputError) as caught:
        policy(kind, name)(function)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert registered() == {}


def test_a_rule_of_a_folder_and_one_of_a_program_are_told_apart(tmp_path: Any) -> None:
    """Of one name neither is silently taken."""
    policy("placement", "mine")(shared)
    (tmp_path / "placement").mkdir()
    (tmp_path / "placement/mine.py").write_text(written_out("placement", "mine", shared).text)
    with pytest.raises(InputErrors, match="the placement mine is registered, too, by <policy placement mine>"):
        sim.load("metros.toml", FEW | {"policies.placement": "mine", "run.policies_path": str(tmp_path)})


def test_what_is_written_out_may_be_saved_as_a_file(tmp_path: Any) -> None:
    """The text of a registered rule is that of a rule in a folder, with the same rows."""
    (tmp_path / "placement").mkdir()
    (tmp_path / "placement/warm_too.py").write_text(written_out("placement", None, warm_first, Reach).text)
    policy("placement", parameters=Reach)(warm_first)
    one = sim.load("metros.toml", FEW | {"policies.placement": "warm-first"})
    other = one.with_({"policies.placement": "warm-too", "run.policies_path": str(tmp_path)})
    assert sim.run(one).digest == sim.run(other).digest


@pytest.mark.parametrize("start", ["fork", pytest.param("spawn", marks=pytest.mark.slow)])
@pytest.mark.integration
def test_workers_have_the_rule(start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In processes that share memory and in those that do not: the same rows as in this one."""
    executors = importlib.import_module("sim.experiment.execution.executors")
    monkeypatch.setattr(executors, "START", start)
    policy("placement", parameters=Reach)(warm_first)
    scenario = sim.load("metros.toml", FEW | {"policies.placement": {"name": "warm-first", "far": "20 ms"}})
    here = sim.compare(scenario, runs=2, executor="serial")
    there = sim.compare(scenario, runs=2, executor="processes:2")
    assert there.to_json()["variants"] == here.to_json()["variants"]
