"""Faults of links, their hours and shapes, and files that are found from the scenario's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.errors import InputErrors
from sim.scenario import Scenario, load
from sim.scenario.document import overridden

OFFICE = {"from": "8 h", "until": "18 h", "capacity": "1 Gbit/s"}
WINDOW = "links.dal-was.schedule.office"


def reported(document: dict[str, Any], changes: dict[str, Any]) -> list[str]:
    """The lines in which the small scenario's faults are reported after these changes."""
    tables = {key: part for key, part in document.items() if key != "variants"} | {"run": {}}
    with pytest.raises(InputErrors) as caught:
        Scenario.from_document(overridden(tables, changes, "test"), "small.toml")
    return [str(error).removeprefix("small.toml: ") for error in caught.value.errors]


def file_of(changes: dict[str, Any]) -> dict[str, Any]:
    return {"topology": {"shape": "graphml", "file": "none.graphml"}} | changes


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {WINDOW: OFFICE | {"until": "25 h"}},
            f"{WINDOW}.until: must be a time of day, got 25 h; write one up to 24 h",
        ),
        (
            {WINDOW: {"from": "8 h", "until": "18 h"}},
            f'{WINDOW}.capacity: is missing; write capacity = "1 Gbit/s", or up or down',
        ),
        (
            {WINDOW: OFFICE | {"up": "1 Gbit/s"}},
            f"{WINDOW}.capacity: capacity and up or down are both given; keep one way",
        ),
        (
            {WINDOW: OFFICE, "links.dal-was.schedule.noon": OFFICE | {"from": "12 h", "until": "13 h"}},
            "links.dal-was.schedule.noon.from: window office lasts longer than until then; "
            "let one end where the other begins",
        ),
        (
            {WINDOW: OFFICE | {"unitl": "18 h"}},
            f'{WINDOW}.unitl: unknown key, got "18 h"; did you mean "until"?',
        ),
        (
            {"tcp": {"shares": "windows"}},
            'tcp.shares: windows need to know when queues are full; write tcp.queue = "60 ms" for example',
        ),
        (
            {"topology": {"shape": "ring", "rtt": "20 ms"}, "links": {}},
            "topology.shape: a ring needs 3 sites or more, got 2; add sites, or choose mesh",
        ),
        (
            {"topology": {"shape": "mesh"}},
            "topology.rtt: is missing, and site was has no position to take it from; "
            'write rtt = "35 ms", or latitude and longitude in [sites.was]',
        ),
        (
            {"topology": {"shape": "graphml", "file": "none.graphml"}},
            "topology.file: cannot read none.graphml: No such file or directory; paths are from the scenario's folder",
        ),
        ({"topology": {"shape": "graphml"}}, 'topology.file: is missing; write file = "..."'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_fault_is_one_exact_line(document: dict[str, Any], changes: dict[str, Any], line: str) -> None:
    """A scenario with one fault shows that fault alone: place, problem, value and remedy."""
    assert reported(document, changes) == [line]


def test_windows_that_begin_together_are_both_reported(document: dict[str, Any]) -> None:
    """Each of them lasts longer than until the other."""
    faults = reported(document, {WINDOW: OFFICE, "links.dal-was.schedule.again": OFFICE})
    assert [fault.split(":")[0] for fault in faults] == [f"{WINDOW}.from", "links.dal-was.schedule.again.from"]


def test_windows_may_meet_and_span_midnight(document: dict[str, Any]) -> None:
    """Day and night end where the other begins, and one window may last the day."""
    night = {"from": "18 h", "until": "8 h", "up": "2 Gbit/s"}
    document["links"]["dal-was"]["schedule"] = {"office": OFFICE, "night": night}
    assert set(Scenario.from_document(document).links["dal-was"].schedule) == {"office", "night"}
    document["links"]["dal-was"]["schedule"] = {"always": OFFICE | {"until": "8 h"}}
    assert Scenario.from_document(document).links["dal-was"].schedule["always"].lasts_s == 86_400


GRAPH = """<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected">
<node id="was"/><node id="hub"/><node id="dal"/><edge source="was" target="hub"/><edge source="hub" target="dal"/>
</graph></graphml>"""


def test_a_graph_is_found_beside_the_scenario(tmp_path: Path, small_text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path is from the scenario's folder, wherever one calls from, for variants too; its places may end links."""
    folder = tmp_path / "questions"
    folder.mkdir()
    (folder / "map.graphml").write_text(GRAPH)
    shape = '[topology]\nshape = "graphml"\nfile = "map.graphml"\n'
    own = '[links.short]\nbetween = ["hub", "dev1"]\nrtt = "1 ms"\ncapacity = "1 Gbit/s"\n'
    (folder / "small.toml").write_text(small_text.replace("[sites.was]", shape + own + "[sites.was]", 1))
    monkeypatch.chdir(tmp_path)
    scenario = load("questions/small.toml", variant="central")
    names = [span.name for span in scenario.generated()]
    assert {"was-hub", "hub-dal", "n20", "central"} <= set(names)


def test_sites_that_a_graph_does_not_join_are_reported(tmp_path: Path, document: dict[str, Any]) -> None:
    """A site that is no place of the file, and that no link joins, cannot be reached."""
    path = tmp_path / "map.graphml"
    path.write_text(GRAPH)
    changes = {"topology": {"shape": "graphml", "file": str(path)}, "sites.fra": {}}
    assert reported(document, changes) == [
        "sites.fra: is no place of the topology's file, and no link leads to was; one of dal, hub, was "
        'or add a link with between = ["fra", "was"]'
    ]


def test_a_shape_that_cannot_be_made_is_all_that_is_reported(document: dict[str, Any]) -> None:
    """That its links are missing follows from it."""
    del document["links"]
    (line,) = reported(document, {"topology": {"shape": "graphml", "file": "none.graphml"}})
    assert line.startswith("topology.file: cannot read none.graphml")
