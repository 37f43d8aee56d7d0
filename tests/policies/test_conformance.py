"""What every rule keeps to, found by its file, and what each of those that are there decides."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from itertools import permutations, product
from typing import Any, Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from sim import policies
from sim.figures import quantity_of
from sim.policies.snapshot import (
    Chunks,
    Due,
    Fanout,
    Holders,
    Kept,
    Owed,
    Parents,
    PlacementView,
    Publish,
    PushView,
    Rivals,
    Rootfs,
    Route,
)
from sim.registry.oci import digest_of

#: A rule's one function, by kind.
FUNCTIONS: Final = {
    "route": "decide",
    "placement": "place",
    "fanout": "plan",
    "trigger": "due",
    "conflict": "wins",
    "eviction": "worth",
    "source": "parents",
    "chunking": "cut",
}
RULES = [(kind, name) for kind in policies.KINDS for name in policies.names(kind)]
draws = st.floats(0, 1, exclude_max=True)


@st.composite
def placement_views(draw: st.DrawFn) -> PlacementView:
    """Up to eight candidates, some of them at the client's site, and no more wanted than there are.

    They are at up to four sites, some of them equally far, and some weigh nothing.
    """
    nodes = tuple(draw(st.permutations(range(draw(st.integers(1, 8))))))
    local, wanted = draw(st.integers(0, len(nodes))), draw(st.integers(1, len(nodes)))
    n = len(nodes)
    sites = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    far_s = draw(st.lists(st.sampled_from([0.0, 0.01, 0.2]), min_size=n, max_size=n))
    weights = draw(st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=n, max_size=n))
    return PlacementView(nodes, local, wanted, draw(draws), draw(draws), sites, far_s, weights)


publishes = st.builds(
    Publish, st.sampled_from([digest_of(name) for name in "abc"]), st.sampled_from([0.0, 1.0, 2.0]),
    st.sampled_from([0.0, 1.0]), st.integers(0, 2), st.integers(0, 2),
)  # fmt: skip
VIEWS: Final[dict[str, st.SearchStrategy[Any]]] = {
    "route": st.builds(PushView, st.integers(1, 10**10), st.integers(0, 10**9), st.booleans()),
    "placement": placement_views(),
    "fanout": st.integers(1, 10),
    "trigger": st.builds(Owed, st.floats(0, 1e6), st.floats(0, 1e3)),
    "conflict": st.tuples(publishes, publishes, publishes),
    "eviction": st.builds(Kept, st.floats(0, 1e6), st.floats(0, 1e6), st.integers(1, 100), st.integers(0, 10**9)),
    "chunking": st.builds(Rootfs, st.integers(1, 10**10)),
    "source": st.builds(Holders, st.lists(st.floats(0, 1), max_size=5).map(tuple), st.floats(0, 1), draws),
}


def parameters_of(kind: str, name: str) -> BaseModel:
    """A rule's parameters, where one must be written the example of its quantity."""
    model = policies.parameters(kind, name)
    needed = {key: field for key, field in model.model_fields.items() if field.is_required()}
    written = {field.alias or key: getattr(quantity_of(field), "example", None) for key, field in needed.items()}
    return model(**written)


def decider(kind: str, name: str) -> Callable[[Any], Any]:
    function, parameters = getattr(policies.rule(kind, name), FUNCTIONS[kind]), parameters_of(kind, name)
    if kind == "conflict":
        return lambda view: [[function(Rivals(publish, held), parameters) for held in view] for publish in view]
    return lambda view: function(view, parameters)


def check_decision(kind: str, view: Any, decision: Any) -> None:
    """A decision is one that the world can carry out."""
    if kind == "route":
        assert decision in get_args(Route)
    elif kind == "placement":
        assert isinstance(decision, tuple)
        assert len(decision) == len(set(decision)) == view.wanted
        assert set(decision) <= set(view.nodes)
    elif kind == "trigger":
        assert decision is None or (isinstance(decision, Due) and decision.at_s >= view.now_s)
    elif kind == "chunking":
        assert isinstance(decision, Chunks)
        assert decision.changed_bytes > 0 <= decision.stable_bytes
        assert sum(decision) == view.size_bytes
    elif kind == "source":
        assert isinstance(decision, Parents)
        assert len(set(decision.chosen)) == len(decision.chosen)
        assert set(decision.chosen) <= set(range(len(view.round_trips_s)))
        assert decision.lookup_s >= 0
    elif kind == "eviction":
        assert isinstance(decision, tuple)
        assert decision == decision  # no NaN, which would not be ordered
    elif kind == "conflict":
        check_order(view, decision)
    else:
        assert isinstance(decision, Fanout)
        assert 1 <= decision.pushed <= view
        assert decision.source in ("central", "peer")


def check_order(publishes: tuple[Publish, ...], wins: list[list[bool]]) -> None:
    """Nothing wins over itself, of two with different digests exactly one wins, and winning is transitive."""
    for (i, a), (j, b) in product(enumerate(publishes), repeat=2):
        if a.digest == b.digest:
            assert not (wins[i][j] and wins[j][i])
        else:
            assert wins[i][j] != wins[j][i]
    for i, j, k in permutations(range(len(publishes))):
        assert not (wins[i][j] and wins[j][k]) or wins[i][k]


def test_the_suite_knows_every_kind() -> None:
    """There is a function and a view for each kind of rule, and at least one rule."""
    assert FUNCTIONS.keys() == VIEWS.keys() == set(policies.KINDS)
    assert {kind for kind, _ in RULES} == set(policies.KINDS)


@pytest.mark.parametrize(("kind", "name"), RULES)
def test_a_rule_says_what_it_does(kind: str, name: str) -> None:
    """A rule's module and its function have docstrings."""
    rule = policies.rule(kind, name)
    assert rule.__doc__
    assert getattr(rule, FUNCTIONS[kind]).__doc__


@pytest.mark.parametrize(("kind", "name"), RULES)
def test_a_rule_takes_a_view_and_its_parameters(kind: str, name: str) -> None:
    """A rule's function has two arguments, the second of which is named `parameters`."""
    taken = list(inspect.signature(getattr(policies.rule(kind, name), FUNCTIONS[kind])).parameters)
    assert len(taken) == 2
    assert taken[1] == "parameters"


@pytest.mark.parametrize(("kind", "name"), RULES)
def test_parameters_are_frozen_and_strict(kind: str, name: str) -> None:
    """A rule's parameters cannot be changed, and a key that it does not know is a fault."""
    config = policies.parameters(kind, name).model_config
    assert config.get("frozen") is True
    assert config.get("extra") == "forbid"


@pytest.mark.parametrize(("kind", "name"), RULES)
def test_a_rule_draws_nothing_and_waits_for_nothing(kind: str, name: str) -> None:
    """A rule imports only this program's figures, plug-ins, policies and values, and the typing of Python."""
    tree = ast.parse(inspect.getsource(policies.rule(kind, name)))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    ours = ("sim.figures", "sim.plugins", "sim.policies", "sim.registry", "sim.contrib.swarm.rules")
    allowed = (*ours, "__future__", "collections.abc", "math", "pydantic", "typing")
    assert all(module and module.startswith(allowed) for module in modules), modules
    assert not any(isinstance(node, ast.Global | ast.Nonlocal) for node in ast.walk(tree))


@pytest.mark.parametrize(("kind", "name"), RULES)
@given(data=st.data())
def test_every_decision_can_be_carried_out_and_is_the_same_again(kind: str, name: str, data: st.DataObject) -> None:
    """For any view a rule gives a valid decision, and for the same view the same one, whatever came between."""
    decide, view, other = decider(kind, name), data.draw(VIEWS[kind]), data.draw(VIEWS[kind])
    decision = decide(view)
    check_decision(kind, view, decision)
    decide(other)
    assert decide(view) == decision


def test_the_suite_refuses_decisions_that_cannot_be_carried_out() -> None:
    """A route that there is none of, a node twice or too few, and a push to nobody are refused."""
    view = PlacementView((3, 5), 1, 2, 0.0, 0.0, (0, 1), (0.0, 0.1), (1.0, 1.0))
    for kind, seen, decision in (
        ("route", PushView(1, 1, True), "nowhere"),
        ("placement", view, (3, 3)),
        ("placement", view, (3,)),
        ("placement", view, (3, 4)),
        ("fanout", 2, Fanout(0, "peer")),
        ("fanout", 2, Fanout(3, "central")),
    ):
        with pytest.raises(AssertionError):
            check_decision(kind, seen, decision)


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
