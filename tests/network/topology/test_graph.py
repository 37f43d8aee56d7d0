"""Links, routes and shapes, with numbers that a reader checks in the head."""

import pytest

from sim.network import Graph, Link, Route, duplex

from . import graphs as shapes


def delays(**by_name):
    """Cables between the places in their names, with these delays."""
    return [link for name, delay_s in by_name.items() for link in duplex(name, name[0], name[1], 1.0, None, delay_s)]


def test_a_cable_is_a_link_each_way():
    """`NAME-up` runs from a to b and `NAME-down` back, each with its own capacity."""
    up, down = duplex("dsl", "home", "net", 10.0, 50.0, 0.01)
    assert (up.name, up.tail, up.head, up.capacity_Bps, up.delay_s) == ("dsl-up", "home", "net", 10.0, 0.01)
    assert (down.name, down.tail, down.head, down.capacity_Bps) == ("dsl-down", "net", "home", 50.0)


def test_the_route_of_least_delay_wins():
    """a-b-c at 1 + 1 s beats a-c at 3 s; there and back is 4 s."""
    graph = Graph(delays(ab=1, bc=1, ac=3))
    assert graph.route("a", "c") == Route((graph.index["ab-up"], graph.index["bc-up"]), 2)
    assert graph.round_trip_s("a", "c") == 4


def test_among_equal_delays_fewer_links_win_and_then_names():
    """a-c at 2 s beats a-b-c; of two cables between the same places the first by name is taken, however given."""
    graph = Graph(delays(ab=1, bc=1, ac=2))
    assert graph.route("a", "c").links == (graph.index["ac-up"],)
    twins = [*duplex("y", "a", "b", 1.0), *duplex("x", "a", "b", 1.0)]
    for links in (twins, twins[::-1]):
        graph = Graph(links)
        assert [graph.links[link].name for link in graph.route("a", "b").links] == ["x-up"]


def test_a_place_is_no_distance_from_itself():
    """The route from a place to itself has no link."""
    assert Graph(delays(ab=1)).route("a", "a") == Route((), 0.0)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ("a", "x", "no link touches x: known places are a, b, c, d"),
        ("a", "c", "no route from a to c: add links that lead there"),
        ("b", "a", "no route from b to a: add links that lead there"),
    ],
)
def test_a_missing_route_is_named(a, b, message):
    """An unknown place, islands and a one-way street each say so."""
    graph = Graph([Link("ab", "a", "b", 1.0), *duplex("cd", "c", "d", 1.0)])
    with pytest.raises(ValueError, match=message):
        graph.route(a, b)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("l", "a", "b", -1.0), "l: capacity must be finite and 0 bytes/s or more, got -1"),
        (("l", "a", "b", float("inf")), "l: capacity must be finite"),
        (("l", "a", "b", 1.0, float("nan")), "l: delay must be 0 s or more and finite, got nan"),
    ],
)
def test_an_impossible_link_is_refused(arguments, message):
    """Capacity and delay must make sense, and the error names the link and the value."""
    with pytest.raises(ValueError, match=message):
        Link(*arguments)


def test_names_are_unique():
    """Two links of one name cannot be told apart."""
    with pytest.raises(ValueError, match="ab-up: two links have this name"):
        Graph([*duplex("ab", "a", "b", 1.0), *duplex("ab", "a", "c", 1.0)])


def test_bytes_cost_what_their_links_charge():
    """10 bytes at 0.5 USD and 20 at 0.25 cost 10 USD."""
    graph = Graph([Link("x", "a", "b", 1.0, 0.0, 0.5), Link("y", "b", "a", 1.0, 0.0, 0.25)])
    assert graph.cost_usd([10, 20]) == 10


def places(graph, a, b):
    """The places that a route passes."""
    return [a, *(graph.links[link].head for link in graph.route(a, b).links)]


def test_a_star_joins_hosts_through_its_hub():
    """From one host to another is up one cable and down the other."""
    graph = Graph(shapes.star("hub", ["a", "b"], 1.0, 2.0, 0.5))
    assert places(graph, "a", "b") == ["a", "hub", "b"]
    assert [graph.links[link].name for link in graph.route("a", "b").links] == ["a-up", "b-down"]
    assert graph.round_trip_s("a", "b") == 2.0


def test_a_ring_goes_the_short_way_round():
    """Of five places in a ring, the fourth is two steps away the other way."""
    graph = Graph(shapes.ring("abcde", 1.0, 1.0))
    assert places(graph, "a", "d") == ["a", "e", "d"]
    with pytest.raises(ValueError, match="3 places or more, got 2"):
        list(shapes.ring("ab", 1.0))


def test_a_mesh_joins_everybody():
    """Four places have six cables, each with the delay of its two ends."""
    graph = Graph(shapes.mesh("abcd", 1.0, lambda a, b: 1.0 if a == "a" else 10.0))
    assert len(graph.links) == 12
    assert graph.route("b", "c").delay_s == 2.0


def test_a_tree_has_capacities_by_level():
    """Fan-out 2 and depth 2: from leaf to leaf over the root, wide above and narrow below."""
    graph = Graph(shapes.tree("r", 2, 2, [10.0, 1.0]))
    assert len(graph.links) == 2 * (2 + 4)
    assert places(graph, "r.0.1", "r.1.0") == ["r.0.1", "r.0", "r", "r.1", "r.1.0"]
    assert [graph.links[link].capacity_Bps for link in graph.route("r.0.1", "r").links] == [1.0, 10.0]
    with pytest.raises(ValueError, match="depth 2 needs 2 capacities, got 1"):
        list(shapes.tree("r", 2, 2, [1.0]))


def test_metros_are_stars_on_a_backbone():
    """A host reaches one in another metro over its metro, the backbone and the other's metro."""
    graph = Graph(shapes.metros({"fra": ["f1", "f2"], "was": ["w1"]}, 10.0, 0.045, 1.0, delay_s=0.001))
    assert places(graph, "f1", "w1") == ["f1", "fra", "was", "w1"]
    assert graph.round_trip_s("f1", "w1") == pytest.approx(0.094)
