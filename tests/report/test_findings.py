"""Findings show themselves in a line, in HTML and as tables, and come out of a directory as they went in."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sim
from sim.errors import InputError, of_options
from sim.experiment.execution.notebook import NotebookProgress, notebook_progress
from sim.report.frames import COLUMNS

Found = sim.Result | sim.Comparison | sim.Sweep | sim.Capacity | sim.Crossover | sim.Best
UP = "clients.*.up=1 Mbit/s..1 Gbit/s"


def asked(**overrides: Any) -> sim.Scenario:
    return sim.load("metros", {"demand.rate": "50/day", "demand.apps": 20, **overrides})


def counted(result: sim.Result) -> float:
    """A metric of one's own."""
    return float(len(result.tables["deploys"]))


MAKERS: dict[str, Callable[[], Found]] = {
    "Result": lambda: sim.run(asked(), seed=3, run=2, variant="central"),
    "Comparison": lambda: sim.compare(
        asked(), runs=3, executor="serial", gains=1, turns=True, by="site", metrics={"n": counted}
    ),
    "Sweep": lambda: sim.sweep(asked(), ["demand.nodes=1,2", f"{UP}:2"], runs=2, executor="serial", by="site"),
    "Capacity": lambda: sim.capacity(
        asked(), UP, ["push_s.p50 < 9 s", "n > 1"], variant="node-direct", runs=5, executor="serial",
        metrics={"n": counted},
    ),
    "Crossover": lambda: sim.crossover(asked(), UP, runs=5, executor="serial"),
    "Best": lambda: sim.best(asked(), "wan_bytes", executor="serial", most_runs=12),
}  # fmt: skip
MADE: dict[str, Found] = {}
#: Seconds each to make: the others stand for them where time is short.
DEAR = ("Crossover", "Sweep")


@pytest.fixture(params=[pytest.param(kind, marks=[pytest.mark.slow] * (kind in DEAR)) for kind in MAKERS])
def found(request: pytest.FixtureRequest) -> Found:
    """One of each kind, made once."""
    if request.param not in MADE:
        MADE[request.param] = MAKERS[request.param]()
    return MADE[request.param]


def said(found: Found) -> str:
    """All that a finding's document says."""
    return json.dumps(found.to_json())


def test_what_was_written_is_read_again(found: Found, tmp_path: Path) -> None:
    """The same class with the same document, table and digests, by tables and recorded runs alone."""
    found.write(tmp_path)
    again = sim.load_result(tmp_path)
    assert type(again) is type(found)
    assert said(again) == said(found)
    assert again.table.equals(found.table)
    if isinstance(again, sim.Comparison):
        assert {name: one.digest for name, one in again.samples.items()} == {
            name: one.digest for name, one in found.samples.items()
        }
        assert again.known_flips == found.known_flips
    if isinstance(again, sim.Result):
        assert again.digest == found.digest


@pytest.mark.slow
def test_what_was_read_is_written_again(tmp_path: Path) -> None:
    """A finding that was read leaves what the first one left: the same runs and the same question."""
    found = MADE.setdefault("Crossover", MAKERS["Crossover"]())
    for place, one in (("first", found), ("second", None)):
        (one or sim.load_result(tmp_path / "first")).write(tmp_path / place)
    first, second = (pq.read_table(tmp_path / place / "runs.parquet").to_pydict() for place in ("first", "second"))
    assert first == second


@pytest.mark.slow
def test_reading_makes_no_run(tmp_path: Path) -> None:
    """A directory that lacks a run that its answer rests on is refused in a line."""
    MADE.setdefault("Sweep", MAKERS["Sweep"]()).write(tmp_path)
    table = pq.read_table(tmp_path / "runs.parquet")
    pq.write_table(table.slice(1), tmp_path / "runs.parquet")
    with pytest.raises(InputError, match="lacks 1 of the runs that its answer rests on; ask the question anew"):
        sim.load_result(tmp_path)


def test_a_directory_that_lacks_a_file_is_refused(tmp_path: Path) -> None:
    """In a line that names the file, whichever it is."""
    MADE.setdefault("Comparison", MAKERS["Comparison"]()).write(tmp_path / "whole")
    for lost in ("manifest.json", "runs.parquet", "central/deploys.parquet"):
        (tmp_path / "whole" / lost).rename(tmp_path / "elsewhere")
        with pytest.raises(InputError, match=Path(lost).name):
            sim.load_result(tmp_path / "whole")
        (tmp_path / "elsewhere").rename(tmp_path / "whole" / lost)
    assert isinstance(sim.load_result(tmp_path / "whole"), sim.Comparison)


def test_a_finding_fits_one_line(found: Found) -> None:
    """Its class, what of, and a few words."""
    line = repr(found)
    assert line.startswith(f"<{type(found).__name__} of metros.toml")
    assert len(line) < 200
    assert "\n" not in line


class Tags(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_notebook_shows_a_heading_the_answer_and_a_table(found: Found) -> None:
    """The HTML of each has these and neither scripts nor styles; the verdict is in it as it is."""
    page = Tags(found._repr_html_())
    assert {"h4", "table", "th", "td"} <= set(page.tags)
    assert not {"script", "style", "img"} & set(page.tags)
    if not isinstance(found, sim.Result):
        assert all(sentence in page.text for sentence in found.verdict.split("\n"))


def test_hostile_names_stay_text() -> None:
    """Tags and control characters in names of scenarios and variants are shown and not obeyed."""
    name = "<img src=x onerror=alert(1)>\x1b[31m"
    scenario = asked(**{"run.title": name, f'variants."{name}"': {"demand.nodes": 2}})
    outcome = sim.compare(scenario, runs=2, executor="serial")
    for page in (scenario._repr_html_(), outcome._repr_html_()):
        assert "img" not in Tags(page).tags
        assert "<img src=x" in Tags(page).text
        assert "\x1b" not in page
    assert "\x1b" not in repr(outcome)


def test_a_table_says_what_its_columns_mean(found: Found) -> None:
    """Each column has a unit and a meaning; numbers are numbers, and what is text is no number."""
    table = found.table
    about = table.attrs["columns"]
    assert list(about) == list(table.columns)
    assert all(column["meaning"] for column in about.values())
    for column in COLUMNS[f"{type(found).__name__}.table"]:
        kind = table[column.name].dtype.kind
        assert kind == {"float": "f", "int": "i", "bool": "b", "text": "O"}[column.kind], column.name


def test_frames_of_a_run_say_what_their_columns_mean() -> None:
    """As its tables do."""
    result = MADE.setdefault("Result", MAKERS["Result"]())
    assert result.deploys.attrs["columns"]["latency_s"]["unit"] == "s"
    assert set(result.lanes.attrs["columns"]) == {"lane", "hop", "link"}


def test_lanes_lead_from_every_link_to_deploys() -> None:
    """Transfers over the lanes that cross a link add up to the bytes that it carried, of every link."""
    result = MADE.setdefault("Result", MAKERS["Result"]())
    crossed = result.transfers.merge(result.lanes, on="lane").groupby("link", observed=True)["size_bytes"].sum()
    links = result.links.set_index("link")
    carried = links[["push_bytes", "pull_bytes", "sync_bytes"]].sum(axis=1)
    assert crossed.sum() > 0
    assert np.array_equal(crossed.reindex(links.index).fillna(0), carried)


def test_a_column_s_type_is_one_that_every_reader_knows(tmp_path: Path) -> None:
    """64 bit numbers, truth values, and text with a dictionary: what pandas, polars and DuckDB all read."""
    MADE.setdefault("Result", MAKERS["Result"]()).write(tmp_path)
    for path in tmp_path.glob("*.parquet"):
        schema = pq.read_schema(path)
        for field in schema:
            assert field.type in (pa.float64(), pa.int64(), pa.bool_(), pa.dictionary(pa.int32(), pa.string()))
            assert {b"unit", b"meaning"} <= set(field.metadata)


@pytest.mark.parametrize("reader", ["polars", "duckdb"])
def test_another_reader_sees_the_same(reader: str, tmp_path: Path) -> None:
    """Sums over a table's columns are those of pandas."""
    module = pytest.importorskip(reader)
    result = MADE.setdefault("Result", MAKERS["Result"]())
    result.write(tmp_path)
    path = tmp_path / "transfers.parquet"
    if reader == "polars":
        total = module.read_parquet(path)["size_bytes"].sum()
    else:
        total = module.sql(f"select sum(size_bytes) from '{path}'").fetchone()[0]
    assert int(total) == result.transfers["size_bytes"].sum()


def test_a_star_in_an_override_stands_for_any_name() -> None:
    """Every group of clients gets the value, in `load` as in `with_`, and what it replaces goes."""
    for scenario in (asked(**{"clients.*.up": "8 Mbit/s"}), asked().with_({"clients.*.up": "8 Mbit/s"})):
        assert {group.up_Bps for group in scenario.clients.values()} == {1e6}
    variant = asked().variant("central").with_({"nodes.*.count": 3})
    assert {group.count for group in variant.nodes.values()} == {3}
    with pytest.raises(InputError, match=r'clients\.\*\.upp: stands for no key of the scenario; did you mean "clients'):
        asked().with_({"clients.*.upp": "8 Mbit/s"})


def test_a_name_of_any_length_is_written_and_read(tmp_path: Path) -> None:
    """A folder's name has 255 bytes at most, of which 200 letters of Hebrew would take 1,200."""
    long, longer = "\u05e9" * 200, "\u05e9" * 199 + "\u05d0"
    scenario = asked(**{f'variants."{name}"': {"demand.nodes": nodes} for nodes, name in ((2, long), (3, longer))})
    found = sim.compare(scenario, runs=1, executor="serial", engine="reference")
    found.write(tmp_path)
    again = sim.load_result(tmp_path)
    assert isinstance(again, sim.Comparison)
    assert {name: one.digest for name, one in again.samples.items()} == {
        name: one.digest for name, one in found.samples.items()
    }


def test_scores_are_no_run(tmp_path: Path) -> None:
    """What `regsim score --out` left is told apart from what is broken."""
    (tmp_path / "score.json").write_text("{}")
    with pytest.raises(InputError, match="has scores against measurements and no run"):
        sim.load_result(tmp_path)


def test_errors_speak_of_python_and_the_command_line_of_options() -> None:
    """An argument is called by its parameter, and by its option where a verb says it."""
    with pytest.raises(InputError) as caught:
        sim.sweep(asked(), ["demand.nodes"], executor="serial")
    assert str(caught.value).startswith("axis: must be KEY=VALUES")
    assert str(of_options(caught.value)).startswith("--vary: must be KEY=VALUES")
    with pytest.raises(InputError, match=r"^metric: unknown metric"):
        sim.best(asked(), "sped", executor="serial")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: sim.run(asked(), seed="a"), 'seed: must be a whole number, got "a"; write for example seed=1'),
        (lambda: sim.compare(asked(), seed=-1), "seed: must be at least 0 and below 2^63, got -1; write"),
        (lambda: sim.compare(asked(), precision=5), "precision: must be a number above 0, at most 1, got 5; 5 % is"),
        (lambda: sim.compare(asked(), precision="5 %"), 'precision: must be a number above 0, at most 1, got "5 %"'),
        (lambda: sim.run("metros"), 'scenario: must be a Scenario, got "metros"; write sim.load(...) round it'),
        (lambda: sim.sweep({}, ["demand.nodes=1,2"]), "scenario: must be a Scenario, got a table"),
        (lambda: sim.capacity(asked(), UP, []), "thresholds: are none, so that every value meets them; write"),
    ],
)  # fmt: skip
def test_what_a_notebook_gets_wrong_is_a_line(ask: Callable[[], object], said: str) -> None:
    """A seed that is none, a share above one, a path in place of a scenario, a search for nothing: before any run."""
    with pytest.raises(InputError) as caught:
        ask()
    assert str(caught.value).startswith(said)


def test_one_text_is_one_axis() -> None:
    """Whoever forgets the list round a single axis is understood."""
    one = sim.sweep(asked(), "demand.nodes=1", runs=1, executor="serial", variant="central")
    assert [axis.name for axis in one.axes] == ["demand.nodes"]


class Screen:
    """What a notebook would show, picture by picture."""

    def __init__(self) -> None:
        self.pictures: list[str] = []

    def __call__(self, picture: dict[str, str], **about: Any) -> Screen:
        self.pictures.append(picture["text/plain"])
        return self

    def update(self, picture: dict[str, str], **about: Any) -> None:
        self.pictures.append(picture["text/plain"])


def test_a_notebook_shows_how_far_long_runs_are() -> None:
    """Nothing of what takes less than a second; then a line drawn over itself, the last time when all is done."""
    now_s, screen = [0.0], Screen()
    progress = NotebookProgress(screen, lambda: now_s[0])
    for now_s[0], done in ((0.0, 0), (0.9, 1), (2.0, 2), (2.1, 3), (4.0, 4)):
        progress(done, 4)
    assert screen.pictures == ["2 of 4 runs in 2 s, about 2 s left", "4 of 4 runs in 4 s"]


def test_only_a_notebook_has_such_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """None without IPython, none at its prompt in a terminal, one in a kernel."""
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert notebook_progress() is None
    shells = {name: type(name, (), {}) for name in ("TerminalInteractiveShell", "ZMQInteractiveShell")}
    for name, shell in shells.items():
        ipython = ModuleType("IPython")
        monkeypatch.setattr(ipython, "get_ipython", shell, raising=False)
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=Screen()))
        assert (notebook_progress() is not None) == (name == "ZMQInteractiveShell")
