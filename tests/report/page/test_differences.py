"""Differences and metrics along a key: units as they are written, and a variant's colour that stays its own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sim.report import stored
from sim.report.page.sections import differences

_INTERVAL = {"mean": 2.0, "low": 1.0, "high": 3.0}
_FAILURES = {"a": {"failed": 0, "deploys": 5, "reasons": {}}, "b": {"failed": 0, "deploys": 5, "reasons": {}}}


def sweep(folder: Path) -> stored.Stored:
    """Two variants over two keys of two values each."""
    points = [
        {
            "values": {"links.x.up": up, "demand.nodes": nodes}, "failures": _FAILURES,
            "variants": {name: {"deploy_latency_s.p50": _INTERVAL} for name in "ab"},
        }
        for up in ("10 Mbit/s", "20 Mbit/s") for nodes in (1, 2)
    ]  # fmt: skip
    document: dict[str, Any] = {
        "schema": "regsim.sweep/1", "scenario": "q", "keys": ["links.x.up", "demand.nodes"], "design": "grid",
        "runs": 2, "points": points, "sensitivity": [], "failures": _FAILURES, "verdict": "a.",
    }  # fmt: skip
    (folder / "sweep.json").write_text(json.dumps(document))
    return stored.read(folder / "sweep.json")


def test_a_variant_keeps_its_colour_along_a_key(tmp_path: Path) -> None:
    """Of four curves two have the first variant's colour and two the second's, each with dashes of its own."""
    section = differences.section(sweep(tmp_path))
    assert section is not None
    made = str(section.drawings[0].draw(700))
    assert re.findall(r'class="(v\d) curve (d\d)"', made) == [("v0", "d0"), ("v1", "d1"), ("v0", "d2"), ("v1", "d3")]
    assert "links.x.up, Mbit/s" in made


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["10 Mbit/s", "1.5 Mbit/s"], ([10.0, 1.5], "Mbit/s")),
        ([1, 2.5], ([1.0, 2.5], "")),
        (["1 kB", "1 MB"], ([1e3, 1e6], "in base units")),
        (["central", "both"], None),
    ],
)
def test_values_are_drawn_in_the_unit_that_they_are_written_in(values: list[Any], found: Any) -> None:
    """All in one unit: as they are; in several: in base units; words are not drawn along."""
    assert differences._numbers(values) == found


def test_a_difference_that_is_the_same_in_every_run_is_not_drawn_of_many(tmp_path: Path) -> None:
    """Of three variants beside the baseline those that differ have a mark; all stand in the table."""
    same, apart = ({"mean": end, "low": end, "high": end, "decided": bool(end)} for end in (0.0, -1.0))
    metric = "deploy_latency_s.p50"
    document = {
        "schema": "regsim.compare/1", "scenario": "q", "baseline": "base", "runs": 3, "failures": {}, "verdict": "x.",
        "variants": {name: {metric: _INTERVAL} for name in ("base", "one", "two", "three")},
        "differences": {"one": {metric: same}, "two": {metric: apart}, "three": {metric: same}},
    }  # fmt: skip
    (tmp_path / "compare.json").write_text(json.dumps(document))
    section = differences.section(stored.read(tmp_path / "compare.json"))
    assert section is not None
    (drawing,) = section.drawings
    assert re.findall(r'class="(v\d) mark"', str(drawing.draw(700))) == ["v2"]
    assert len(drawing.grid.rows) == 3
    assert "-50 %" in drawing.says


def test_heights_of_several_sizes_are_by_ratios(tmp_path: Path) -> None:
    """From 2 s to 200 s a limit of 20 s stands half way up; from 2 s to 20 s heights are even."""
    found = sweep(tmp_path)
    ends = {"a": [(1.0, {"mean": 2.0, "low": 2.0, "high": 2.0}), (2.0, {"mean": 200.0, "low": 200.0, "high": 200.0})]}
    texts = [
        str(differences._along(found, "deploy_latency_s.p50", {"a": curve}, "x", "", (), ()).draw(700))
        for curve in (ends["a"], [ends["a"][0], (2.0, {"mean": 20.0, "low": 20.0, "high": 20.0})])
    ]
    assert [">100 s<" in text or ">50 s<" in text for text in texts] == [True, False]
    assert [">0 s<" in text for text in texts] == [False, True]
