"""Placements across sites, by hand: three sites, the client's own with three nodes, a near one and a far one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import policies
from sim.policies.snapshot import PlacementView

#: Nodes 0 to 2 at the client's site, 1 ms away; 3 and 4 at a site 200 ms away, 5 and 6 at one 30 ms away.
SITES = (0, 0, 0, 1, 1, 2, 2)
FAR_S = (0.001, 0.001, 0.001, 0.2, 0.2, 0.03, 0.03)


def place(
    name: str, wanted: int, app_draw: float = 0.0, deploy_draw: float = 0.0, weights: tuple[float, ...] = (1.0,) * 7,
    **parameters: Any,
) -> tuple[int, ...]:  # fmt: skip
    view = PlacementView((0, 1, 2, 3, 4, 5, 6), 3, wanted, app_draw, deploy_draw, SITES, FAR_S, weights)
    rule = policies.rule("placement", name)
    chosen: tuple[int, ...] = rule.place(view, rule.Parameters(**parameters))
    return chosen


@pytest.mark.parametrize(
    ("wanted", "expected"), [(1, (0,)), (2, (0, 5)), (3, (0, 5, 3)), (4, (0, 5, 3, 1)), (7, (0, 5, 3, 1, 6, 4, 2))]
)
def test_one_per_site_takes_the_nearest_sites_first(wanted: int, expected: tuple[int, ...]) -> None:
    """At home, then 30 ms away, then 200 ms away; a fourth instance is the second at home."""
    assert place("one-per-site", wanted) == expected


@pytest.mark.parametrize(("draw", "expected"), [(0.0, (0, 5, 3)), (0.4, (1, 5, 3)), (0.5, (1, 6, 4)), (0.9, (2, 6, 4))])
def test_one_per_site_draws_within_each_site(draw: float, expected: tuple[int, ...]) -> None:
    """Thirds of the draw are the three nodes at home, halves the two at each of the other sites."""
    assert place("one-per-site", 3, app_draw=draw) == expected


def test_n_per_site_fills_a_site_before_the_next() -> None:
    """Two at each site, the nearest first; the seventh instance is the third at home, where a second round begins."""
    assert place("n-per-site", 7, n=2) == (0, 1, 5, 6, 3, 4, 2)
    assert place("n-per-site", 3, n=2) == (0, 1, 5)


def test_a_site_with_fewer_nodes_gives_what_it_has() -> None:
    """Three a site are three at home and two at each of the others."""
    assert place("n-per-site", 7, n=3) == (0, 1, 2, 5, 6, 3, 4)


def test_nearest_knows_no_site() -> None:
    """The three at home are equally near, so that the draw says which; the fourth is 30 ms away."""
    assert place("nearest", 2, app_draw=0.5) == (1, 2)
    assert place("nearest", 4, app_draw=0.9) == (2, 0, 1, 6)


@pytest.mark.parametrize(("draw", "expected"), [(0.0, 0), (0.24, 0), (0.25, 3), (0.74, 3), (0.75, 6), (0.99, 6)])
def test_weighted_draws_in_proportion(draw: float, expected: int) -> None:
    """Weights 1, 2 and 1 of nodes 0, 3 and 6 are a quarter, a half and a quarter of all draws."""
    assert place("weighted", 1, app_draw=draw, weights=(1, 0, 0, 2, 0, 0, 1)) == (expected,)


def test_weighted_pushes_to_the_nearest_of_those_that_it_drew() -> None:
    """Draw 0.5 is in the middle of node 3's half and then in the middle of 0 and 6, so node 6; 6 is nearer than 3."""
    assert place("weighted", 2, app_draw=0.5, weights=(1, 0, 0, 2, 0, 0, 1)) == (6, 3)
    assert place("weighted", 2, app_draw=0.49, weights=(1, 0, 0, 2, 0, 0, 1)) == (0, 3)


def test_a_node_without_weight_is_the_last_resort() -> None:
    """Of two wanted one must be without weight when only node 4 has some."""
    assert place("weighted", 2, app_draw=0.7, weights=(0, 0, 0, 0, 1, 0, 0)) == (0, 4)


def test_one_draw_does_for_two_independent_choices() -> None:
    """Over even draws, of three nodes of weight 1 each pair is drawn in each order equally often.

    They are equally near, so that the order is that of the draw.
    """
    counts: dict[tuple[int, ...], int] = {}
    for at in range(6000):
        pair = place("weighted", 2, app_draw=(at + 0.5) / 6000, weights=(1, 1, 1, 0, 0, 0, 0))
        counts[pair] = counts.get(pair, 0) + 1
    assert counts == dict.fromkeys([(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)], 1000)


ACROSS = [("one-per-site", {}), ("n-per-site", {"n": 2}), ("nearest", {}), ("weighted", {})]


@pytest.mark.parametrize(("name", "parameters"), ACROSS)
def test_an_application_keeps_its_nodes_unless_each_deploy_draws(name: str, parameters: dict[str, Any]) -> None:
    """By default the application's draw decides and the deploy's means nothing; `drawn` turns that round."""
    drawn = {**parameters, "drawn": "deploy"}
    assert len({place(name, 2, 0.3, draw, **parameters) for draw in (0.0, 0.5, 0.9)}) == 1
    assert len({place(name, 2, draw, 0.3, **drawn) for draw in (0.0, 0.5, 0.9)}) == 1
    assert len({place(name, 2, 0.3, draw, **drawn) for draw in (0.0, 0.5, 0.9)}) > 1


@pytest.mark.parametrize(("name", "parameters"), ACROSS)
@given(draw=st.floats(0, 1, exclude_max=True), wanted=st.integers(1, 6))
def test_one_more_is_one_more(name: str, parameters: dict[str, Any], draw: float, wanted: int) -> None:
    """Whoever wants one node more gets the same ones and another, and the nearest of them first."""
    few, more = (place(name, n, draw, draw, **parameters) for n in (wanted, wanted + 1))
    assert set(few) < set(more)
    assert FAR_S[few[0]] == min(FAR_S[node] for node in few)
