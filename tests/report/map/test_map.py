"""Maps: hosts are counted, widths follow capacity, the bottleneck has a ring, and no text meets another."""

from __future__ import annotations

import json
import tomllib
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.report.map import drawing, land, makeland
from sim.report.map.layout import Room, View, on_earth
from sim.report.map.network import Network, network
from sim.result import Result
from sim.scenario import Scenario
from sim.scenario.shipped import names as shipped

_TWO = """
run = { duration = "1 h", seed = 7, title = "two & <places>" }
topology = { shape = "metros" }
sites.fra = { latitude = 50.1, longitude = 8.7 }
sites.was = { latitude = 38.9, longitude = -77.0 }
links.wan = { between = ["fra", "was"], capacity = "1 Gbit/s", rtt = "90 ms" }
central = { site = "was", capacity = "10 Gbit/s" }
nodes.edge = { site = "fra", count = 3, capacity = "1 Gbit/s" }
clients.dev = { site = "fra", count = 7, up = "8 Mbit/s", down = "100 Mbit/s", rtt = "2 ms" }
images.app = { rootfs = "4 MB" }
demand = { rate = "60/h", apps = 5, updates = 0.5 }
policies = { route = "central" }
"""


@pytest.fixture(scope="module")
def two() -> Scenario:
    return Scenario.from_document(tomllib.loads(_TWO), "two")


@pytest.fixture(scope="module")
def ran(two: Scenario) -> Result:
    return sim.run(two, engine="reference")


def elements(found: Network) -> list[Any]:
    """The elements of a map as a file, which is XML."""
    return [*ET.fromstring(drawing.standalone(found)).iter()]


def test_hosts_are_grouped_with_counts(two: Scenario) -> None:
    """Three nodes and seven clients at one place, central at the other, and one link between the places."""
    found = network(two)
    groups = {(group.kind, group.name, group.place, group.count) for group in found.groups}
    assert groups == {("central", "central", "was", 1), ("nodes", "edge", "fra", 3), ("clients", "dev", "fra", 7)}
    assert [line.name for line in found.lines] == ["wan"]
    assert (found.places, found.ran, found.bottleneck) == (("fra", "was"), False, None)


def test_a_run_says_what_was_used_and_what_held_it_back(ran: Result) -> None:
    """Uplinks of 8 Mbit/s are the narrowest by far: one of the clients' lines has the ring."""
    found = network(ran.scenario, ran)
    assert found.bottleneck is not None
    assert found.bottleneck in {group.line.name for group in found.groups if group.kind == "clients"}
    (wan,) = found.lines
    links = ran.tables["links"]
    at = links.column("link").index("wan-up")
    assert wan.up is not None
    assert wan.up.peak == links.column("peak_utilisation")[at]
    rings = [each for each in elements(found) if each.get("class") == "ring" and each.tag.endswith("rect")]
    assert len(rings) == 1


def test_a_map_is_valid_and_names_are_escaped(ran: Result) -> None:
    """It is XML, says what it shows, and has the title as text."""
    root = ET.fromstring(drawing.standalone(network(ran.scenario, ran)))
    assert root.get("role") == "img"
    assert str(root.get("aria-label")).startswith("two & <places>: 2 places, 1 links between them, 11 hosts; ")


def test_wider_lines_carry_more() -> None:
    """Each tenfold capacity is wider, from a hair to the widest."""
    widths = [drawing._width(rate / 8) for rate in (1e6, 1e7, 1e8, 1e9, 1e10, 1e11)]
    assert widths == sorted(widths)
    assert widths[0] == 1.0
    assert widths[-1] == 8.0


def test_places_lie_where_they_are(two: Scenario) -> None:
    """West is left, north is up, and a degree is as long in both directions at the middle latitude."""
    found = network(two)
    view, at = on_earth(found, 900, 800)
    assert at["was"][0] < at["fra"][0]
    assert at["was"][1] > at["fra"][1]
    assert isinstance(view, View)
    assert all(0 < x < view.width and 0 < y < view.height for x, y in at.values())


def test_land_is_where_land_is() -> None:
    """Frankfurt and Washington lie within a ring, the middle of the Atlantic within none."""
    assert len(land.rings()) > 100
    assert any(_within(ring, 8.7, 50.1) for ring in land.rings())
    assert any(_within(ring, -77.0, 38.9) for ring in land.rings())
    assert not any(_within(ring, -40.0, 30.0) for ring in land.rings())


def _within(ring: land.Ring, east: float, north: float) -> bool:
    """Whether a ray to the east crosses the ring an odd number of times."""
    crossings = 0
    for (a, b), (c, d) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (b > north) != (d > north) and east < a + (north - b) / (d - b) * (c - a):
            crossings += 1
    return crossings % 2 == 1


def test_rings_are_made_of_arcs_there_and_back() -> None:
    """A square of two arcs, the second taken backwards, on a grid of whole degrees from 10 east and 20 north."""
    topology = {
        "transform": {"scale": [1, 1], "translate": [10, 20]},
        "arcs": [[[0, 0], [1, 0], [0, 1]], [[0, 0], [0, 1], [1, 0]]],
        "objects": {"land": {"geometries": [{"arcs": [[[0, ~1]]]}]}},
    }
    assert [*makeland.rings(topology)] == [[(100, 200), (110, 200), (110, 210), (100, 210), (100, 200)]]
    assert makeland.text(topology).splitlines()[-1] == "100,200 10,0 0,10 -10,0 0,-10"


def test_the_data_has_its_licence() -> None:
    """Where the outlines come from and under which terms stands in the file itself."""
    text = makeland.LAND.read_text()
    assert "world-atlas" in text
    assert "Permission to use, copy, modify, and/or distribute this software" in text


@pytest.mark.parametrize("name", ["metros", "abilene", "systems", "byoc", "office-day"])
def test_no_text_meets_another(name: str) -> None:
    """On the maps of questions that ship no two texts overlap, and all boxes have room."""
    assert name in {Path(each).stem for each in shipped()}
    made = elements(network(sim.load(name)))
    assert not any("have no room" in (each.text or "") for each in made)
    boxes = [
        (float(each.get("x")), float(each.get("y")), each.text)
        for each in made
        if each.tag.endswith("text") and each.get("text-anchor") is None and float(each.get("x", 0)) > 60
    ]
    for (x, y, one), (a, b, other) in combinations(boxes, 2):
        apart = abs(y - b) >= 12 or x + 0.5 * 12 * len(one) <= a or a + 0.5 * 12 * len(other) <= x
        assert apart, (one, other)


def test_a_room_that_is_full_has_no_place() -> None:
    """A box finds the free side, and none where all are taken."""
    room = Room(100, 100, [(0, 0, 100, 60)])
    assert room.beside((50, 50), 30, 10) is not None
    assert Room(100, 100, [(0, 0, 100, 100)]).beside((50, 50), 30, 10) is None


def test_positions_of_a_graph_are_read(tmp_path: Path) -> None:
    """Abilene's places have positions in its own file: New York's among them."""
    found = network(sim.load("abilene"))
    assert found.placed
    north, east = found.positions["New-York"]
    assert (round(north), round(east)) == (41, -74)
    assert json.dumps(found.positions["Seattle"]) != json.dumps(found.positions["Houston"])


def test_a_name_of_any_length_leaves_room(two: Scenario) -> None:
    """Two places, hosts and a link of 200 letters each: their boxes stand, with the beginnings of their names."""
    long = "long" * 50
    text = (
        _TWO.replace("sites.fra", f"sites.{long}").replace('"fra"', f'"{long}"').replace("nodes.edge", f"nodes.{long}")
    )
    made = elements(network(Scenario.from_document(tomllib.loads(text), "long")))
    shown = [(each[0].tail if len(each) else each.text) or "" for each in made if each.tag.endswith("text")]
    assert sum(each.get("class") == "plate" for each in made) == 2
    assert not any("no room" in each for each in shown)
    assert sum(each.startswith(("longlong", "nodes longlong")) for each in shown) == 2
    assert max(map(len, shown)) < 100
