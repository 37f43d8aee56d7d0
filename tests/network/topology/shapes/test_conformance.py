"""What every shape keeps to, found by its file, and what those that are there generate."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from sim.figures import Rate, quantity_of, setting
from sim.network import read_graphml
from sim.network.topology import shapes
from sim.network.topology.shapes import Host, ShapeError, Site, Span

SHAPES = shapes.names()
SITES = (Site("dal", 32.8, -96.8), Site("fra", 50.1, 8.7), Site("was", 38.9, -77.5))
NAMES = tuple(site.name for site in SITES)
#: A parameter that names a file gets this one: the three sites and a place between two of them.
FILES = {"file": str(Path(__file__).with_name("three.graphml"))}
# networkx takes its time to come, more than hypothesis gives one example.
read_graphml(FILES["file"], default_Bps=1.0)
rates = st.integers(1, 10**9).map(float)


@st.composite
def hosts(draw: st.DrawFn) -> list[Host]:
    """Two to five hosts with lines of their own, at any of three sites."""
    count = draw(st.integers(2, 5))
    at = [draw(st.sampled_from(NAMES)) for _ in range(count)]
    return [Host(f"h{n}", site, draw(rates), draw(rates), draw(st.integers(0, 8)) / 8) for n, site in enumerate(at)]


def parameters_of(name: str) -> BaseModel:
    """A shape's parameters, where one must be written the example of its quantity."""
    model = shapes.parameters(name)
    needed = {key: field for key, field in model.model_fields.items() if field.is_required()}
    written = {field.alias or key: quantity_of(field) for key, field in needed.items()}
    return model(**{key: FILES.get(key, getattr(quantity, "example", None)) for key, quantity in written.items()})


def spans_of(name: str, given_hosts: list[Host]) -> tuple[Span, ...]:
    return shapes.spans(name, given_hosts, SITES, parameters_of(name))


def between_sites(delay_s: float = 0.0) -> list[Span]:
    """What a scenario adds: every two sites joined."""
    pairs = [pair for pair in permutations(NAMES, 2) if pair[0] < pair[1]]
    return [Span("own-" + "-".join(pair), *pair, 1e12, 1e12, delay_s) for pair in pairs]


def test_there_are_shapes() -> None:
    """The shapes that the scenarios use are found by their files."""
    assert {"graphml", "mesh", "metros", "ring", "star", "tree"} <= set(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_says_what_it_is(name: str) -> None:
    """A shape's module and its function have docstrings, and its parameters are frozen and strict."""
    shape = shapes.shape(name)
    assert shape.__doc__
    assert shape.spans.__doc__
    config = shapes.parameters(name).model_config
    assert (config.get("frozen"), config.get("extra")) == (True, "forbid")


@pytest.mark.parametrize("name", SHAPES)
@given(made=hosts())
def test_every_host_reaches_every_other_over_its_own_line(name: str, made: list[Host]) -> None:
    """A way starts on the first host's line, up, ends on the other's, down, and takes both lines' delays."""
    graph = shapes.graph([*spans_of(name, made), *between_sites()])
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


def test_the_example_of_how_to_add_a_shape_is_one() -> None:
    """What the package's documentation has of `line.py` generates two links between three sites, and a host's."""
    about = shapes.__doc__ or ""
    example = about[about.index("    # line.py") : about.index("The docstring's first")]
    imported = {"Rate": Rate, "setting": setting, "pairwise": pairwise, "Iterator": Iterator}
    scope: dict[str, Any] = vars(shapes) | imported
    exec(compile(textwrap.dedent(example), "line.py", "exec", dont_inherit=True), scope)
    made = {span.name: span for span in scope["spans"]([N1], SITES, scope["Parameters"](rtt="20 ms"))}
    assert list(made) == ["n1", "dal-fra", "fra-was"]
    assert (made["dal-fra"].up_Bps, made["dal-fra"].delay_s, made["n1"].b) == (1.25e9, 0.01, "dal")


N1, N2 = Host("n1", "dal", 10.0, 20.0, 0.25), Host("n2", "was", 30.0, 40.0, 0.5)


def test_metros_hangs_each_host_on_its_site() -> None:
    """Two hosts are two links, named after them; between them lies what the scenario puts between the sites."""
    spans = spans_of("metros", [N1, N2])
    assert spans == (Span("n1", "n1", "dal", 10.0, 20.0, 0.25), Span("n2", "n2", "was", 30.0, 40.0, 0.5))
    assert shapes.graph([*spans, *between_sites(1.0)]).route("n1", "n2").delay_s == 1.75


def test_a_star_has_one_hub() -> None:
    """Two hosts of two sites meet at the hub, over links named after both."""
    spans = spans_of("star", [N1, N2])
    assert spans == (Span("hub-n1", "n1", "hub", 10.0, 20.0, 0.25), Span("hub-n2", "n2", "hub", 30.0, 40.0, 0.5))
    graph = shapes.graph(spans)
    route = graph.route("n1", "n2")
    assert [graph.links[link].name for link in route.links] == ["hub-n1-up", "hub-n2-down"]
    assert route.delay_s == 0.75


def cables(name: str, sites: Sequence[Site] = SITES, **parameters: object) -> dict[str, Span]:
    """What joins the sites themselves."""
    chosen = shapes.parameters(name).model_validate(parameters)
    return {span.name: span for span in shapes.spans(name, [], sites, chosen)}


def places(count: int) -> list[Site]:
    return [Site(f"s{number}") for number in range(count)]


def test_a_ring_joins_each_site_to_the_next() -> None:
    """Five sites are five links; from the first to the fourth it is shorter backwards. Two sites are no ring."""
    ring = cables("ring", places(5), rtt="20 ms")
    assert list(ring) == ["s0-s1", "s1-s2", "s2-s3", "s3-s4", "s4-s0"]
    assert shapes.graph(ring.values()).route("s0", "s3").delay_s == pytest.approx(0.02)
    with pytest.raises(ShapeError, match="a ring needs 3 sites or more, got 2; add sites, or choose mesh"):
        cables("ring", places(2), rtt="20 ms")


def test_a_mesh_joins_every_two_sites() -> None:
    """Four sites are six links, each of the capacity given."""
    mesh = cables("mesh", places(4), rtt="20 ms", capacity="8 bit/s")
    assert list(mesh) == ["s0-s1", "s0-s2", "s0-s3", "s1-s2", "s1-s3", "s2-s3"]
    assert {(span.up_Bps, span.down_Bps, span.delay_s) for span in mesh.values()} == {(1.0, 1.0, 0.01)}


def test_a_tree_fills_its_levels_in_the_order_of_sites() -> None:
    """With a fan-out of 2 the root has s1 and s2, s1 has s3 and s4, s2 has s5; by default two."""
    tree = cables("tree", places(6), rtt="20 ms")
    assert list(tree) == ["s1-s0", "s2-s0", "s3-s1", "s4-s1", "s5-s2"]
    assert list(cables("tree", places(4), rtt="20 ms", fanout=3)) == ["s1-s0", "s2-s0", "s3-s0"]
    assert shapes.graph(tree.values()).route("s3", "s5").delay_s == pytest.approx(0.04)


def test_delays_come_from_distance_where_no_round_trip_is_given() -> None:
    """From Frankfurt to Washington it is 6,550 km: 33 ms by fibre straight on, half as much again with a detour."""
    assert cables("mesh", detour=1.0)["fra-was"].delay_s == pytest.approx(0.033, rel=0.01)
    assert cables("mesh")["fra-was"].delay_s == pytest.approx(0.0495, rel=0.01)
    assert cables("mesh", rtt="1 ms")["fra-was"].delay_s == 0.0005
    with pytest.raises(ShapeError, match="is missing, and site s1 has no position to take it from"):
        cables("tree", places(3))


def test_a_file_gives_places_speeds_and_delays() -> None:
    """Frankfurt reaches Washington by way of New York, whose link has no speed in the file; parallel edges stay two."""
    made = cables("graphml", capacity="8 Mbit/s", rtt="6 ms", detour=1.0, **FILES)
    assert sorted(made) == ["New-York-fra", "dal-was", "dal-was-2", "was-New-York"]
    assert (made["dal-was"].up_Bps, made["dal-was-2"].up_Bps, made["New-York-fra"].down_Bps) == (1.25e9, 1.25e8, 1e6)
    assert made["New-York-fra"].delay_s == 0.003  # New York has no position in the file
    assert made["dal-was"].delay_s == pytest.approx(1.9e6 / 1.9986e8, rel=0.02)
    graph = shapes.graph(made.values())
    assert [graph.links[link].name for link in graph.route("fra", "was").links] == [
        "New-York-fra-down",
        "was-New-York-down",
    ]


GRAPH = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed">{}</graph></graphml>'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "cannot read .*none.graphml: No such file or directory; paths are from the scenario's folder"),
        ("<graph", "unclosed token"),
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + GRAPH.format(""), "must not declare a document type"),
        (
            GRAPH.format(
                '<node id="a"/><node id="b"/><node id="c"/><edge source="a" target="b"/>'
                '<edge source="a" target="c"/><edge source="c" target="a"/>'
            ),
            "edge a-b leads one way only",
        ),
        (GRAPH.format('<node id="x y"/><node id="x.y"/><edge source="x y" target="x.y"/>'), "would both be site x-y"),
    ],
)
def test_a_file_that_will_not_do_says_why(tmp_path: Path, text: str | None, problem: str) -> None:
    """A file that is missing, broken, hostile, one-way or ambiguous is refused with its name."""
    path = tmp_path / "none.graphml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ShapeError, match=problem):
        cables("graphml", file=str(path), capacity="8 bit/s")


def test_a_file_of_one_way_edges_may_differ_by_direction(tmp_path: Path) -> None:
    """A directed graph gives each direction its own speed."""
    key = '<key attr.name="LinkSpeedRaw" attr.type="double" for="edge" id="raw"/>'
    edges = "".join(
        f'<edge source="{a}" target="{b}"><data key="raw">{speed}</data></edge>' for a, b, speed in ("ab8", "ba4")
    )
    path = tmp_path / "directed.graphml"
    path.write_text(GRAPH.format(f'<node id="a"/><node id="b"/>{edges}').replace("<graph ", f"{key}<graph "))
    made = cables("graphml", file=str(path))
    assert (list(made), made["a-b"].up_Bps, made["a-b"].down_Bps) == (["a-b"], 1.0, 0.5)
