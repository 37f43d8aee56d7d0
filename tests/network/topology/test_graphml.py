"""GraphML files: speeds, places, names, and files that mean harm."""

import math
import subprocess
import sys

import pytest

from sim.network import Graph, read_graphml
from sim.network.topology import graphml
from sim.network.topology.distance import great_circle_m

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key attr.name="label" attr.type="string" for="node" id="n"/>
<key attr.name="Latitude" attr.type="double" for="node" id="lat"/>
<key attr.name="Longitude" attr.type="double" for="node" id="lon"/>
<key attr.name="LinkSpeedRaw" attr.type="double" for="edge" id="raw"/>
<key attr.name="LinkSpeed" attr.type="string" for="edge" id="speed"/>
<key attr.name="LinkSpeedUnits" attr.type="string" for="edge" id="units"/>
"""


def write(tmp_path, nodes, edges, directed=False):
    """A file of (label, latitude, longitude) and (from, to, {key: value})."""

    def data(values):
        return "".join(f'<data key="{key}">{value}</data>' for key, value in values.items() if value is not None)

    body = "".join(
        f'<node id="{i}">{data({"n": label, "lat": lat, "lon": lon})}</node>'
        for i, (label, lat, lon) in enumerate(nodes)
    )
    body += "".join(f'<edge source="{a}" target="{b}">{data(values)}</edge>' for a, b, values in edges)
    path = tmp_path / "zoo.graphml"
    kind = "directed" if directed else "undirected"
    path.write_text(f'{HEAD}<graph edgedefault="{kind}">{body}</graph></graphml>')
    return path


def test_speeds_come_in_bits_raw_or_with_a_unit(tmp_path):
    """8e9 raw, 16 G and 0.5 T are 1e9, 2e9 and 62.5e9 bytes/s each way; a parallel edge gets a number."""
    nodes = [("a", None, None), ("b", None, None)]
    speeds = [{"raw": 8e9}, {"speed": "16", "units": "G"}, {"speed": "0.5", "units": "T"}]
    links = read_graphml(write(tmp_path, nodes, [(0, 1, speed) for speed in speeds]))
    assert [(link.name, link.capacity_Bps) for link in links if link.tail == "a"] == [
        ("a-b-up", 1e9),
        ("a-b 2-up", 2e9),
        ("a-b 3-up", 62.5e9),
    ]


def test_delay_is_the_great_circle_at_two_thirds_of_light(tmp_path):
    """A quarter of the equator is 10,008 km and 50.07 ms one way; without places the default holds."""
    nodes = [("a", 0, 0), ("b", 0, 90), ("c", None, None)]
    path = write(tmp_path, nodes, [(0, 1, {"raw": 8}), (1, 2, {"raw": 8})])
    graph = Graph(read_graphml(path, default_delay_s=0.25))
    assert graph.route("a", "b").delay_s == pytest.approx(math.pi / 2 * 6371e3 / (299792458 * 2 / 3))
    assert graph.route("b", "c").delay_s == 0.25
    assert read_graphml(path, detour=2)[0].delay_s == pytest.approx(2 * graph.route("a", "b").delay_s)


def test_a_known_distance():
    """Frankfurt to Washington Dulles is about 6,550 km."""
    assert great_circle_m(50.033, 8.570, 38.944, -77.456) == pytest.approx(6.55e6, rel=0.01)


def test_labels_that_repeat_are_told_apart(tmp_path):
    """Two places called x become `x 0` and `x 1`; one without a label goes by its id."""
    path = write(tmp_path, [("x", None, None), ("x", None, None), (None, None, None)], [(0, 1, {}), (1, 2, {})])
    assert Graph(read_graphml(path, default_Bps=1.0)).places == ("x 0", "x 1", "2")


def test_a_directed_edge_is_one_link(tmp_path):
    """In a directed graph nothing runs back."""
    path = write(tmp_path, [("a", None, None), ("b", None, None)], [(0, 1, {"raw": 8})], directed=True)
    assert [link.name for link in read_graphml(path)] == ["a-b"]


@pytest.mark.parametrize(
    ("edge", "message"),
    [
        ({}, "edge a-b has no LinkSpeedRaw nor LinkSpeed; give a default speed"),
        ({"speed": "1", "units": "X"}, "LinkSpeedUnits must be one of K, M, G, T or none, got 'X'"),
        ({"speed": "fast", "units": "G"}, "LinkSpeed must be a number, got 'fast'"),
        ({"raw": "nan"}, "LinkSpeedRaw must be a number"),
    ],
)
def test_a_speed_that_makes_no_sense_is_named(tmp_path, edge, message):
    """The error names the file and the fault."""
    path = write(tmp_path, [("a", None, None), ("b", None, None)], [(0, 1, edge)])
    with pytest.raises(ValueError, match=rf"zoo\.graphml: {message}"):
        read_graphml(path)


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><graphml>&b;</graphml>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><graphml>&a;</graphml>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("text", [BOMB, OUTSIDE, '<!DOCTYPE graphml SYSTEM "http://example.org/x.dtd"><graphml/>'])
def test_a_document_type_is_refused_unread(tmp_path, text, encoding):
    """Entities inside or outside, in any encoding, end the reading where they are declared."""
    path = tmp_path / "bad.graphml"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(ValueError, match=r"bad\.graphml: must not declare a document type"):
        read_graphml(path)


@pytest.mark.parametrize(
    ("limit", "message"),
    [("MAX_BYTES", "must be at most 10 B"), ("MAX_ELEMENTS", "10 elements"), ("MAX_DEPTH", "10 deep")],
)
def test_limits_hold(tmp_path, monkeypatch, limit, message):
    """A file beyond a limit is refused before a graph is made of it."""
    path = tmp_path / "big.graphml"
    path.write_text("<a>" * 11 + "</a>" * 11)
    monkeypatch.setattr(graphml, limit, 10)
    with pytest.raises(ValueError, match=message):
        read_graphml(path)


@pytest.mark.parametrize("text", ["", "<graphml>", "<graphml/>", "<x/>", "not xml"])
def test_what_is_no_graphml_is_an_error_in_one_line(tmp_path, text):
    """Broken XML and XML without a graph raise ValueError with the file's name."""
    path = tmp_path / "odd.graphml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"odd\.graphml: [^\n]+$"):
        read_graphml(path)


def test_importing_the_network_imports_no_heavy_library():
    """Neither numba nor networkx nor SimPy comes with `import sim.network`."""
    code = "import sys, sim.network; print(sorted({'numba', 'networkx', 'simpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
