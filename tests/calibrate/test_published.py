"""Published results beside simulated ones: what was fitted is met, what was predicted is printed as it is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim import cli
from sim.calibrate.published import Compared, compare, fit, read, to_text
from sim.errors import InputError
from sim.scenario import load

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "scenarios/published"
#: Scenarios that take no more than a second; Kraken's fleet takes ten.
SMALL = ("spegel-10.toml", "spegel-50.toml", "docker-hub.toml", "ocync.toml")


@pytest.fixture
def published(once: Callable[[str, Callable[[], Any]], Any]) -> list[Compared]:
    """All that was published beside all that is simulated, made once for the tests that need the whole of it."""
    found: list[Compared] = once("published", lambda: compare(FOLDER))
    return found


def test_spegel_s_two_fitted_rows_are_met_and_the_rest_predicted() -> None:
    """Two figures meet two rows; of the other four images all but the unexplained one are within a sixth."""
    found = {one.row.repository: one for one in compare(FOLDER, "spegel-10.toml")}
    assert {name for name, one in found.items() if one.row.fitted} == {"1GB-1", "10MB-4"}
    assert all(abs(one.error) < 0.005 for one in found.values() if one.row.fitted)
    assert all(abs(found[name].error) < 1 / 6 for name in ("100MB-1", "100MB-4", "1GB-4"))
    assert found["10MB-1"].error < -0.4


def test_the_fit_that_ships_is_found_again() -> None:
    """Fitting to the two rows from elsewhere gives the figures in the scenario."""
    scenario = load(FOLDER / "spegel-10.toml")
    rows = [row for row in read(FOLDER) if row.scenario == "spegel-10.toml"]
    found = fit(scenario, rows, {"demand.replay.start": (2.0, "s"), "nodes.n.window": (400_000, "B")})
    assert scenario.demand.replay is not None
    assert scenario.demand.replay.start_s == pytest.approx(found["demand.replay.start"], rel=0.005)
    assert scenario.nodes["n"].window_bytes == pytest.approx(found["nodes.n.window"], rel=0.005)


def test_fifty_nodes_take_as_long_as_ten_where_nothing_is_shared() -> None:
    """With fifty nodes no link fills, so the simulation predicts the same medians: within a third of all six."""
    found = compare(FOLDER, "spegel-50.toml")
    assert len(found) == 6
    assert not any(one.row.fitted for one in found)
    assert max(abs(one.error) for one in found) < 1 / 3


def test_docker_hub_s_layers_save_what_was_published() -> None:
    """Pushed to one registry, 145 images send 33.22 GB when repositories are alone and 23.1 % less when not."""
    found = {(one.row.variant, one.row.metric): one for one in compare(FOLDER, "docker-hub.toml")}
    assert found["repository", "sent_bytes"].simulated == pytest.approx(33.22e9, rel=2e-4)
    assert found["registry", "sent_bytes"].simulated == pytest.approx(25.53e9, rel=2e-4)
    assert found["registry", "saved_share"].simulated == pytest.approx(0.231, abs=5e-4)


@pytest.mark.slow
def test_kraken_s_swarm_has_a_tail(published: list[Compared]) -> None:
    """With nothing fitted the fleet's median is within a tenth; its tail falls short by a third or so, and is there."""
    found = {one.row.metric: one for one in published if one.row.scenario == "kraken.toml"}
    assert abs(found["pull_s.p50"].error) < 0.10
    assert found["pull_s.p99"].simulated > 1.15 * found["pull_s.p50"].simulated
    assert -0.45 < found["pull_s.p99.9"].error < found["pull_s.p99"].error < -0.10


def test_a_late_tail_is_seen(tmp_path: Path) -> None:
    """Quantiles count pulls alone and rank them: of a thousand the 99.9th per cent is the 999th."""
    operations = ["at_s,op,client,count,repository,tag,blobs", "0,push,b,1,r,v,layer=1000000 config=2000"]
    operations += [f"{1000 + 10 * number},pull,n,1,r,v," for number in range(20)]
    (tmp_path / "ops.csv").write_text("\n".join(operations) + "\n")
    (tmp_path / "s.toml").write_text(
        '[topology]\nshape = "star"\n[nodes.n]\n[clients.b]\n[run]\nduration = "2 h"\n'
        '[demand.replay]\nlog = "ops.csv"\ncache = false\n'
    )
    header = "scenario,variant,metric,repository,published,unit,fitted,source\n"
    (tmp_path / "published.csv").write_text(
        header + "s.toml,,pull_s.p99.9,r,1,s,no,us\ns.toml,,pull_s.p50,q,1,s,no,us\n"
    )
    tail, nothing = compare(tmp_path)
    assert 0 < tail.simulated < 5
    assert nothing.simulated != nothing.simulated


def ask(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["regsim", "published", *words])
    return cli.main()


def test_the_verb_prints_every_row_with_its_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line a figure, fitted ones marked, the mean error over those predicted; the document says the same."""
    assert ask(monkeypatch, str(FOLDER), "--only", "spegel-10.toml", "--quiet") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith("spegel-10.toml ")]) == 6
    assert len([line for line in lines if line.endswith("   fitted")]) == 2
    assert any(line.startswith("4 figures predicted, mean absolute error ") for line in lines)
    assert ask(monkeypatch, str(FOLDER), "--only", "docker-hub.toml", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], len(document["rows"])) == ("regsim.published/1", 3)


def lines_missing(found: list[Compared], whole: bool) -> list[str]:
    """What of a table the page of results does not show; of a part of it, the means are its own."""
    page = (ROOT / "tests/rig/RESULTS.md").read_text().splitlines()
    lines = [line for line in to_text(found).splitlines() if not line.startswith("published in")]
    return [line for line in lines if line not in page and (whole or ".toml" in line)]


@pytest.mark.parametrize("name", SMALL)
def test_the_page_of_results_shows_each_scenario_s_rows(name: str) -> None:
    """Every line of a scenario stands there as the command prints it."""
    assert lines_missing(compare(FOLDER, name), whole=False) == []


@pytest.mark.slow
def test_the_page_of_results_shows_what_is_printed(published: list[Compared]) -> None:
    """Every row that there is, those of Kraken's fleet and the mean error over all too."""
    assert len(published) == len(read(FOLDER))
    assert {one.row.scenario for one in published} == {*SMALL, "kraken.toml"}
    assert lines_missing(published, whole=True) == []


def test_bad_files_are_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A folder without the file, a scenario that nothing speaks of, a number that is none, an unknown figure."""
    assert ask(monkeypatch, str(tmp_path)) == 2
    assert "published.csv: can't be read" in capsys.readouterr().err
    assert ask(monkeypatch, str(FOLDER), "--only", "krakn.toml") == 2
    assert 'did you mean "kraken.toml"?' in capsys.readouterr().err
    shutil.copytree(FOLDER, tmp_path / "p")
    text = (FOLDER / "published.csv").read_text()
    for old, new, problem in (
        ("25.82", "much", "published.csv:2: published: must be a number, got much"),
        ("pull_s.p50,1GB-1", "pull_s.p7,1GB-1", "pull_s.p7: unknown figure"),
        ("scenario,variant", "scenario,varient", "published.csv:1: is not its header"),
    ):
        (tmp_path / "p/published.csv").write_text(text.replace(old, new, 1))
        with pytest.raises(InputError) as reported:
            compare(tmp_path / "p", "spegel-10.toml")
        assert problem in str(reported.value)


def test_the_table_has_no_mean_of_nothing() -> None:
    """Where all rows were fitted there is nothing predicted to speak of."""
    fitted = [one for one in compare(FOLDER, "spegel-10.toml") if one.row.fitted]
    assert "predicted" not in to_text(fitted)
