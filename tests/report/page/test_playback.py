"""The map over time: what the script plays back is what the run's own table says, in no more room than there is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.experiment.comparison import Comparison
from sim.report import stored
from sim.report.map.drawing import step_of
from sim.report.page.sections import playback, topology
from sim.report.stored import Stored


@pytest.fixture(scope="module")
def compared(outcome: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """The small question's comparison, written and read back."""
    place = tmp_path_factory.mktemp("compared")
    outcome.write(place)
    return stored.read(place)


def test_colours_are_those_of_the_map() -> None:
    """Below a tenth the first, from nine tenths on the fifth."""
    assert [step_of(share) for share in (0.0, 0.09, 0.1, 0.3, 0.6, 0.9, 1.0)] == [0, 0, 1, 2, 3, 4, 4]


def test_each_minute_of_each_link_is_what_the_table_says(compared: Stored) -> None:
    """A digit a minute, as the share of that minute has it, and a dash where nothing was carried."""
    section = playback.section(compared)
    assert section is not None
    played = json.loads(section.playback)
    assert (played["frame_s"], [one["name"] for one in played["variants"]]) == (60.0, [*topology.mapped(compared)])
    for one in played["variants"]:
        tables = compared.samples[one["name"]].tables
        table, links = tables["utilisation"], set(tables["links"].column("link"))  # disks have no link
        share = table.column("mean_utilisation").tolist()
        minutes = (table.column("from_s") // 60).astype(int).tolist()
        said = {
            (link, minute): digit for link, digits in one["use"].items() for minute, digit in enumerate(digits)
            if digit != "-"
        }  # fmt: skip
        assert said == {
            (link, minute): str(step_of(full))
            for link, minute, full in zip(table.column("link"), minutes, share, strict=True) if link in links
        }  # fmt: skip


def test_minutes_are_put_together_where_they_are_many(compared: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for ten frames each is as full as its fullest minute."""
    whole = playback.section(compared)
    monkeypatch.setattr(playback, "_MOST_FRAMES", 10)
    fewer = playback.section(compared)
    assert whole is not None
    assert fewer is not None
    before, after = json.loads(whole.playback), json.loads(fewer.playback)
    together = int(after["frame_s"] // before["frame_s"])
    for one, other in zip(before["variants"], after["variants"], strict=True):
        for link, digits in one["use"].items():
            frames = [digits[at : at + together] for at in range(0, len(digits), together)]
            assert other["use"][link] == "".join(max(frame) for frame in frames)
            assert len(frames) <= 10


def test_the_table_behind_it_has_every_part_of_the_run(compared: Stored, tmp_path: Path) -> None:
    """Twelve lines a variant, each with its busiest link; and a search, which keeps no run, has no such section."""
    section = playback.section(compared)
    assert section is not None
    grid = section.drawings[0].grid
    assert len(grid.rows) == 12 * 2
    links = {name for sample in compared.samples.values() for name in sample.tables["links"].column("link")}
    assert {row[3].text for row in grid.rows} <= links | {"none"}
    (tmp_path / "score.json").write_text('{"schema": "regsim.score/1", "groups": {}}')
    assert playback.section(stored.read(tmp_path / "score.json")) is None
