"""The conformance suite: what ships passes, what a rule may not do is found, and what each rule decides."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import policies
from sim.plugins import NoParameters
from sim.policies import conformance
from sim.policies.sketches import views
from sim.policies.snapshot import Fanout, PlacementView, PushView
from sim.policies.userrule import UserRule
from sim.registry.oci import digest_of

RULES = [(kind, name) for kind in policies.KINDS for name in policies.names(kind)]


def decider(kind: str, name: str) -> Callable[[Any], Any]:
    """A rule that ships, with its defaults."""
    return conformance.decider(
        kind, policies.rule(kind, name), conformance.parameters_of(policies.parameters(kind, name))
    )


def test_the_suite_knows_every_kind() -> None:
    """There are views for each kind of rule, and at least one rule."""
    assert all(len([*views(kind, 3)]) == 3 for kind in policies.KINDS)
    assert {kind for kind, _ in RULES} == set(policies.KINDS)


@pytest.mark.parametrize(("kind", "name"), RULES)
def test_a_rule_that_ships_passes_as_a_users_would(kind: str, name: str) -> None:
    """Its docstrings, its arguments, its parameters, what it imports and what it decides are those of a rule."""
    path = Path(str(policies.rule(kind, name).__file__))
    assert conformance.faults(UserRule(kind, f"own-{name}", str(path), path.read_text())) == ()


@pytest.mark.parametrize(("kind", "name"), RULES)
@given(seed=st.integers(0, 2**32))
def test_every_decision_can_be_carried_out_and_is_the_same_again(kind: str, name: str, seed: int) -> None:
    """For views of any seed a rule gives valid decisions, and for the same view the same one, whatever came between."""
    decide, (view, other) = decider(kind, name), views(kind, 2, seed)
    decision = decide(view)
    assert conformance.wrong_answer(kind, view, decision) is None
    decide(other)
    assert decide(view) == decision


def test_views_are_the_same_ones_each_time() -> None:
    """What fails once fails again; another seed has other views."""
    drawn = [*views("eviction", 5)]
    assert [*views("eviction", 5)] == drawn
    assert [*views("eviction", 5, seed=2)] != drawn


PLACEMENT = PlacementView((3, 5), 1, 2, 0.0, 0.0, (0, 1), (0.0, 0.1), (1.0, 1.0))


@pytest.mark.parametrize(
    ("kind", "view", "decision", "problem"),
    [
        ("route", PushView(1, 1, True), "nowhere", "returned 'nowhere'"),
        ("route", PushView(1, 1, True), None, "returned None"),
        ("placement", PLACEMENT, (3, 3), "chose a node twice"),
        ("placement", PLACEMENT, (3,), "chose 1 nodes where 2 are wanted"),
        ("placement", PLACEMENT, (3, 4), "chose 4, and there is no such node"),
        ("placement", PLACEMENT, (3, -1), "chose -1, and there is no such node"),
        ("placement", PLACEMENT, (3, True), "chose True, and there is no such node"),
        ("placement", PLACEMENT, [3, 5], "returned [3, 5]"),
        ("fanout", 2, Fanout(0, "peer"), "pushes to 0 of 2 nodes"),
        ("fanout", 2, Fanout(3, "central"), "pushes to 3 of 2 nodes"),
        ("fanout", 2, 1, "returned 1"),
    ],
)
def test_decisions_that_cannot_be_carried_out_are_told(kind: str, view: Any, decision: Any, problem: str) -> None:
    """A route that there is none of, nodes that there are not, one twice or too few, and a push to nobody."""
    wrong = conformance.wrong_answer(kind, view, decision)
    assert wrong is not None
    assert wrong.problem.startswith(problem)


def placement(function: Callable[[PlacementView, Any], Any], **more: Any) -> ModuleType:
    """A module of a placement, as one that nobody watches."""
    made = ModuleType("theirs")
    made.__dict__.update({"place": function, **more})
    return made


def first_ones(view: PlacementView, parameters: Any) -> tuple[int, ...]:
    return view.nodes[: view.wanted]


def turned(view: PlacementView, by: int) -> tuple[int, ...]:
    at = by % len(view.nodes)
    return (*view.nodes[at:], *view.nodes[:at])[: view.wanted]


def test_a_rule_that_draws_is_found() -> None:
    """Whether it leaves Python's generator or numpy's where it was not, even if it decides as if it had not drawn."""
    for draw in (random.random, np.random.random):
        module = placement(lambda view, parameters, draw=draw: (draw(), first_ones(view, parameters))[1])
        wrong = conformance.misbehaviour("placement", module, NoParameters())
        assert wrong is not None
        assert wrong.problem == "draws random numbers of its own"


def test_a_rule_that_remembers_is_found() -> None:
    """Of one view it decides otherwise the second time."""
    asked: list[int] = []
    module = placement(lambda view, parameters: (asked.append(1), turned(view, len(asked)))[1])
    wrong = conformance.misbehaviour("placement", module, NoParameters())
    assert wrong is not None
    assert "hold no state" in wrong.remedy


def test_a_rule_that_hides_that_it_looks_is_found() -> None:
    """A bare except would have it decide before the run on what it has not seen."""

    def place(view: PlacementView, parameters: Any) -> tuple[int, ...]:
        try:
            by = view.deploy.app
        except BaseException:
            by = 0
        return turned(view, by)

    wrong = conformance.misbehaviour("placement", placement(place), NoParameters())
    assert wrong is not None
    assert "catches" in wrong.problem


def test_cells_that_lie_are_found() -> None:
    """One cell for deploys that are placed apart, one that looks, and one that is no number."""

    def by_app(view: PlacementView, parameters: Any) -> tuple[int, ...]:
        return turned(view, int(view.app_draw * len(view.nodes)))

    cells: dict[str, Callable[[Any, Any], Any]] = {
        "has one number": lambda view, parameters: 0.0,
        "looks at view.deploy": lambda view, parameters: view.deploy.app,
        "gave no array of numbers": lambda view, parameters: "here",
    }
    for told, cell in cells.items():
        wrong = conformance.misbehaviour("placement", placement(by_app, cell=cell), NoParameters())
        assert wrong is not None
        assert told in wrong.problem
    assert conformance.misbehaviour("placement", placement(by_app), NoParameters()) is None


def test_publishes_that_nobody_can_order_are_found() -> None:
    """Everybody wins, nobody does, and rock beats scissors beats paper."""
    ring = {"a": "b", "b": "c", "c": "a"}
    digests = {digest_of(name): name for name in ring}
    wins: dict[str, Callable[[Any, Any], bool]] = {
        "has a publish win over itself": lambda view, parameters: True,
        "has neither of two publishes win": lambda view, parameters: False,
        "has one win over another, that over a third": lambda view, parameters: (
            ring[digests[view.publish.digest]] == digests[view.held.digest]
        ),
    }
    for told, function in wins.items():
        made = ModuleType("theirs")
        made.__dict__["wins"] = function
        wrong = conformance.misbehaviour("conflict", made, NoParameters())
        assert wrong is not None
        assert wrong.problem.startswith(told)


@pytest.mark.parametrize("name", ["central", "node-direct", "both"])
def test_a_plain_route_is_its_name(name: str) -> None:
    """The routes without parameters send every push the way that they are called."""
    assert {decider("route", name)(PushView(size, 9, update)) for size in (1, 10**9) for update in (True, False)} == {
        name
    }


@pytest.mark.parametrize(
    ("rootfs_bytes", "kernel_bytes", "update", "expected"),
    [
        (9_999_999, 50_000_000, True, "node-direct"),
        (10_000_000, 50_000_000, True, "central"),
        (4_000_000, 5_999_999, False, "node-direct"),
        (4_000_000, 6_000_000, False, "central"),
        (9_999_999, 0, False, "node-direct"),
    ],
)
def test_direct_below_counts_what_would_be_sent(
    rootfs_bytes: int, kernel_bytes: int, update: bool, expected: str
) -> None:
    """Below 10 MB a push goes to the node: an update's rootfs alone counts, a first push's kernel too."""
    rule = policies.rule("route", "direct-below")
    parameters = rule.Parameters(size="10 MB")
    assert rule.decide(PushView(rootfs_bytes, kernel_bytes, update), parameters) == expected


def place(name: str, app_draw: float, deploy_draw: float, wanted: int = 1, local: int = 3) -> tuple[int, ...]:
    """A decision among nodes 10 to 14, of which the first `local` are at the client's site."""
    chosen: tuple[int, ...] = decider("placement", name)(
        PlacementView((10, 11, 12, 13, 14), local, wanted, app_draw, deploy_draw, (0,) * 5, (0.0,) * 5, (1.0,) * 5)
    )
    return chosen


def test_sticky_keeps_an_application_where_it_is() -> None:
    """Whatever a deploy draws, an application whose own draw is 0.5 is on the second of three local nodes."""
    assert {place("sticky", 0.5, draw) for draw in (0.0, 0.3, 0.99)} == {(11,)}


def test_sticky_divides_the_local_nodes_evenly() -> None:
    """Draws below a third, below two thirds and below one lead to the three local nodes."""
    assert [place("sticky", draw, 0.0) for draw in (0.0, 0.33, 0.34, 0.66, 0.67, 0.99)] == [
        (10,), (10,), (11,), (11,), (12,), (12,),
    ]  # fmt: skip


def test_spread_moves_with_every_deploy() -> None:
    """The application's own draw means nothing, the deploy's decides."""
    assert [place("spread", 0.0, draw) for draw in (0.0, 0.5, 0.99)] == [(10,), (11,), (12,)]
    assert place("spread", 0.9, 0.5) == place("spread", 0.1, 0.5)


@pytest.mark.parametrize("name", ["sticky", "spread"])
def test_nodes_at_the_clients_site_come_first(name: str) -> None:
    """Three of five are the three local ones, from the drawn one on; the fourth and fifth are from elsewhere."""
    assert place(name, 0.5, 0.5, wanted=3) == (11, 12, 10)
    assert place(name, 0.5, 0.5, wanted=5) == (11, 12, 10, 13, 14)


@pytest.mark.parametrize("name", ["sticky", "spread"])
def test_without_a_node_at_the_site_all_nodes_count(name: str) -> None:
    """A client whose site has no node is served by any of the five."""
    assert [place(name, draw, draw, local=0) for draw in (0.0, 0.5, 0.99)] == [(10,), (12,), (14,)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sync-then-pull", Fanout(1, "central")),
        ("peer", Fanout(1, "peer")),
        ("push-each", Fanout(4, "central")),
    ],
)
def test_four_nodes_are_reached_as_the_rule_says(name: str, expected: Fanout) -> None:
    """One push and three pulls, from central or from the first node; or four pushes."""
    assert decider("fanout", name)(4) == expected
