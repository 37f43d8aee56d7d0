"""What every shape keeps to, found by its file, and what those that are there generate."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from sim import topologies
from sim.figures import quantity_of
from sim.topologies import Host, Span

SHAPES = topologies.names()
SITES = ("dal", "fra", "was")
rates = st.integers(1, 10**9).map(float)


@st.composite
def hosts(draw: st.DrawFn) -> list[Host]:
    """Two to five hosts with lines of their own, at any of three sites."""
    count = draw(st.integers(2, 5))
    at = [draw(st.sampled_from(SITES)) for _ in range(count)]
    return [Host(f"h{n}", site, draw(rates), draw(rates), draw(st.integers(0, 8)) / 8) for n, site in enumerate(at)]


def parameters_of(name: str) -> BaseModel:
    """A shape's parameters, where one must be written the example of its quantity."""
    model = topologies.parameters(name)
    needed = {key: field for key, field in model.model_fields.items() if field.is_required()}
    return model(**{f.alias or key: getattr(quantity_of(f), "example", None) for key, f in needed.items()})


def spans_of(name: str, given_hosts: list[Host]) -> tuple[Span, ...]:
    return topologies.spans(name, given_hosts, SITES, parameters_of(name))


def between_sites(delay_s: float = 0.0) -> list[Span]:
    """What a scenario adds: every two sites joined."""
    pairs = [pair for pair in permutations(SITES, 2) if pair[0] < pair[1]]
    return [Span("-".join(pair), *pair, 1e12, 1e12, delay_s) for pair in pairs]


def test_there_are_shapes() -> None:
    """The shapes that the scenarios use are found by their files."""
    assert {"metros", "star"} <= set(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_says_what_it_is(name: str) -> None:
    """A shape's module and its function have docstrings, and its parameters are frozen and strict."""
    shape = topologies.shape(name)
    assert shape.__doc__
    assert shape.spans.__doc__
    config = topologies.parameters(name).model_config
    assert (config.get("frozen"), config.get("extra")) == (True, "forbid")


@pytest.mark.parametrize("name", SHAPES)
@given(made=hosts())
def test_every_host_reaches_every_other_over_its_own_line(name: str, made: list[Host]) -> None:
    """A way starts on the first host's line, up, ends on the other's, down, and takes both lines' delays."""
    graph = topologies.graph([*spans_of(name, made), *between_sites()])
    for a, b in permutations(made, 2):
        route = graph.route(a.name, b.name)
        assert graph.links[route.links[0]].capacity_Bps == a.up_Bps
        assert graph.links[route.links[-1]].capacity_Bps == b.down_Bps
        assert route.delay_s >= a.delay_s + b.delay_s


@pytest.mark.parametrize("name", SHAPES)
@given(made=hosts())
def test_a_shape_names_its_links_apart_and_generates_them_alike(name: str, made: list[Host]) -> None:
    """No two spans share a name, no span joins a place to itself, and the same hosts give the same spans."""
    spans = spans_of(name, made)
    assert len({span.name for span in spans}) == len(spans)
    assert all(span.a != span.b and span.up_Bps > 0 and span.down_Bps > 0 and span.delay_s >= 0 for span in spans)
    assert spans_of(name, made) == spans


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_keeps_to_the_order_of_hosts(name: str) -> None:
    """Hosts in another order give the same spans in another order."""
    made = [Host(f"h{n}", "dal", 1.0 + n, 9.0, 0.0) for n in range(3)]
    assert set(spans_of(name, made)) == set(spans_of(name, made[::-1]))


N1, N2 = Host("n1", "dal", 10.0, 20.0, 0.25), Host("n2", "was", 30.0, 40.0, 0.5)


def test_metros_hangs_each_host_on_its_site() -> None:
    """Two hosts are two links, named after them; between them lies what the scenario puts between the sites."""
    spans = spans_of("metros", [N1, N2])
    assert spans == (Span("n1", "n1", "dal", 10.0, 20.0, 0.25), Span("n2", "n2", "was", 30.0, 40.0, 0.5))
    assert topologies.graph([*spans, *between_sites(1.0)]).route("n1", "n2").delay_s == 1.75


def test_a_star_has_one_hub() -> None:
    """Two hosts of two sites meet at the hub, over links named after both."""
    spans = spans_of("star", [N1, N2])
    assert spans == (Span("hub-n1", "n1", "hub", 10.0, 20.0, 0.25), Span("hub-n2", "n2", "hub", 30.0, 40.0, 0.5))
    graph = topologies.graph(spans)
    route = graph.route("n1", "n2")
    assert [graph.links[link].name for link in route.links] == ["hub-n1-up", "hub-n2-down"]
    assert route.delay_s == 0.75
