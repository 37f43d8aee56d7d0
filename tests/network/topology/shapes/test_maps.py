"""Maps as the Topology Zoo and drawing programs have them: speeds in words, names alike, links not built yet."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.network import Graph, read_graphml
from sim.network.topology.graphml import read_map

FIELD = Path(__file__).parents[3] / "data" / "field"
HEAD = """<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key attr.name="label" attr.type="string" for="node" id="n"/>
<key attr.name="LinkLabel" attr.type="string" for="edge" id="l"/>
<key attr.name="LinkType" attr.type="string" for="edge" id="t"/>
<key attr.name="LinkStatus" attr.type="string" for="edge" id="s"/>"""


def drawn(path: Path, labels: list[str], edges: list[tuple[int, int, str]], kind: str = "undirected") -> Path:
    """A map of nodes with labels and of edges from, to and with what stands in them."""
    nodes = "".join(f'<node id="{at}"><data key="n">{label}</data></node>' for at, label in enumerate(labels))
    lines = "".join(f'<edge source="{a}" target="{b}">{data}</edge>' for a, b, data in edges)
    path.write_text(f'{HEAD}<graph edgedefault="{kind}">{nodes}{lines}</graph></graphml>')
    return path


@pytest.mark.parametrize(
    ("data", "bits"),
    [
        ('<data key="l">2 x 10 Gbps</data>', 20e9), ('<data key="l">1,000 Mbps</data>', 1e9),
        ('<data key="l">2,5 Gbps</data>', 2.5e9), ('<data key="t">10GbE</data>', 10e9),
        ('<data key="t">10 Gig Ethernet</data>', 10e9), ('<data key="t">4xSTM-16</data>', 4 * 16 * 155.52e6),
        ('<data key="t">2 x E1</data>', 4.096e6), ('<data key="t">0 Mbps</data>', None),
        ('<data key="l">45 Mbps DS-3</data>', 45e6), ('<data key="t">DS-3</data>', 44.736e6),
        ('<data key="t">OC-48</data>', 2488.32e6), ('<data key="l">STM-4</data>', 622.08e6),
        ('<data key="l">10GE</data>', 10e9), ('<data key="l">2.5 Gbit/s</data>', 2.5e9),
        ('<data key="l">100Mb/s</data>', 100e6), ('<data key="l">10 Gigabit Ethernet</data>', 10e9),
        ('<data key="t">GigE</data>', 1e9), ('<data key="l">E1</data>', 2.048e6),
        ('<data key="l">Fibre</data>', None), ('<data key="l">Cable 7 Main St</data>', None),
    ],
)  # fmt: skip
def test_a_speed_in_words_is_read(data: str, bits: float | None, tmp_path: Path) -> None:
    """A number with its unit, or the name of a carrier, in a link's label or type is its speed; other words are not."""
    found = read_map(drawn(tmp_path / "m", ["a", "b"], [(0, 1, data)]), default_Bps=7.0)
    assert found.links[0].capacity_Bps == (7.0 if bits is None else pytest.approx(bits / 8))
    assert found.without_speed == (bits is None)


def test_a_map_that_says_speeds_in_words_answers_as_one_with_numbers() -> None:
    """The same map with `45 Mbps DS-3` and with 45e6 in `LinkSpeedRaw` carries the same."""
    words, numbers = (
        read_graphml(FIELD / "graphml-speed-in-label" / f"{name}-speed.graphml") for name in ("label", "raw")
    )
    assert words == numbers


def test_what_a_map_does_not_say_is_told() -> None:
    """How many edges were given a speed that no file has is a warning, unless the scenario gives it."""
    path = FIELD / "graphml-names" / "question.toml"
    assert [one.code for one in sim.load(path).warnings if one.code == "assumed-by-map"] == ["assumed-by-map"]
    told = next(one for one in sim.load(path).warnings if one.code == "assumed-by-map")
    assert told.text == "2 of 3 edges of question.graphml have an end without a position: 10 ms is assumed"
    given = sim.load(path, overrides={"topology.rtt": "20 ms"})
    assert not [one for one in given.warnings if one.code == "assumed-by-map"]


def test_links_that_are_not_built_yet_carry_nothing(tmp_path: Path) -> None:
    """A planned link is on the map and not in the network."""
    planned = '<data key="l">10 Gbps</data><data key="s">Planned</data>'
    edges = [(0, 1, '<data key="l">1 Gbps</data>'), (1, 2, '<data key="l">1 Gbps</data>'), (0, 2, planned)]
    found = read_map(drawn(tmp_path / "m", ["a", "b", "c"], edges))
    assert (len(found.links), found.edges, found.not_built) == (4, 2, 1)
    assert len(Graph(found.links).route("a", "c").links) == 2


def test_names_that_come_to_the_same_get_their_node_s_id(tmp_path: Path) -> None:
    """`Miami?` beside `Miami` is another place; the plain one keeps its name, and a name without letters is an id."""
    edges = [(0, 1, '<data key="l">1 G</data>'), (1, 2, '<data key="l">1 G</data>'), (2, 3, '<data key="l">1 G</data>')]
    found = read_graphml(drawn(tmp_path / "m", ["Miami", "Miami?", "Malm\u00f6", "?"], edges))
    assert {link.tail for link in found} == {"Miami", "Miami? 1", "Malm\u00f6", "3"}


@pytest.mark.parametrize("name", ["miami", "question"])
def test_maps_of_the_zoo_load(name: str) -> None:
    """Labels that differ in punctuation alone, or are none, are no reason to refuse a map."""
    assert sim.load(FIELD / "graphml-names" / f"{name}.toml").variants


def test_a_mistyped_site_is_named_as_such() -> None:
    """A site that the map has no place for is told with the place that was meant."""
    with pytest.raises(sim.InputError, match=r"sites\.Malm-: is no place of the topology's file, .*; did you mean"):
        sim.load(FIELD / "graphml-names" / "accent.toml")


def test_a_drawing_program_s_directions_mean_nothing(tmp_path: Path) -> None:
    """Where no edge has one back, each leads both ways; where some have, one that has none is a mistake."""
    edges = [(0, 1, '<data key="l">1 G</data>'), (2, 1, '<data key="l">1 G</data>')]
    drawn(tmp_path / "map.graphml", ["A", "B", "C"], edges, "directed")
    (tmp_path / "s.toml").write_text("""
[topology]
shape = "graphml"
file = "map.graphml"
[sites.A]
[sites.C]
[central]
site = "A"
[nodes.n]
site = "C"
[clients.c]
site = "C"
[images.i]
kernel = "36 MiB"
rootfs = "1 MB"
""")
    assert sim.load(tmp_path / "s.toml").nodes
