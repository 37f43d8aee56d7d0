"""What must hold against what was measured: met, missed, undecided, and what the command line makes of it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from sim import cli
from sim.experiment.comparison import Comparison
from sim.experiment.thresholds import _judge, judged, threshold
from sim.report.thresholds import sentence
from sim.stats.intervals import Interval

WANTED = threshold("deploy_latency_s.p99 < 3 s")


@pytest.mark.parametrize(
    ("measured", "outcome", "more_runs"),
    [
        (Interval(2.0, 1.5, 2.5, 10), "met", None),
        (Interval(4.0, 3.5, 4.5, 10), "missed", None),
        # Half a second from the limit and a second wide on each side: four times the runs.
        (Interval(2.5, 1.5, 3.5, 10), "undecided", 30),
        (Interval(3.0, 2.0, 4.0, 10), "undecided", None),
        (Interval(math.inf, math.nan, math.nan, 10), "missed", None),
        (Interval(2.0, math.nan, math.nan, 1), "undecided", None),
    ],
)
def test_an_interval_is_met_missed_or_undecided(measured: Interval, outcome: str, more_runs: int | None) -> None:
    """Below 3 s is what lies there with its whole interval; a failed deploy is never below."""
    found = _judge(WANTED, "central", measured, 10)
    assert (found.outcome, found.more_runs) == (outcome, more_runs)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("late - sound: pull_bytes < 0 B", "missed"),
        ("sound - late: pull_bytes > 0 B", "missed"),  # the same, said the other way round
        ("sound - late: pull_bytes < 0 B", "missed"),  # that one fails less, and fetches more all the same
        ("late - sound: dedup_saved_bytes > 0 B", "missed"),
        ("late - sound: failed_deploys > 0", "met"),
        ("late: pull_bytes < 1 TB", "met"),
    ],
)
def test_who_fails_more_is_not_better_by_any_difference(failing: Comparison, text: str, outcome: str) -> None:
    """Deploys that all fail fetch nothing; that this is less than the others' is no threshold met."""
    (found,) = judged(failing, [threshold(text)])
    assert found.outcome == outcome
    assert sentence(found).endswith("fails more") == (found.failing is not None)
    assert ("though" in sentence(found)) == (text == "late: pull_bytes < 1 TB")
    (allowed,) = judged(failing, [threshold("late - sound: pull_bytes < 0 B")], allow_failures=True)
    assert (allowed.outcome, allowed.failing) == ("met", None)


QUESTION = """
run = { duration = "1 h", seed = 7, runs = 3 }
topology = { shape = "star" }
nodes.n = { count = 2 }
clients.dev = { count = 3, up = "50 Mbit/s", rtt = "20 ms" }
images.app = { kernel = "10 MB", rootfs = "1 MB" }
demand = { rate = "40/h", apps = 5, updates = 0.5 }
variants.central = { policies.route = "central" }
variants.node-direct = { policies.route = "node-direct" }
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small scenario in the directory that the test runs in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(QUESTION)
    return "small.toml"


def regsim(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str, str]:
    """The exit code, and what was printed."""

    monkeypatch.setattr("sys.argv", ["regsim", *words])
    code = cli.main()
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.usefixtures("no_flips")
@pytest.mark.parametrize(
    ("until", "code", "line"),
    [
        ("deploy_latency_s.p99 < 1 h", 0, "met: central: deploy_latency_s.p99 < 1 h"),
        ("deploy_latency_s.p50 < 1 ms", 99, "missed: central: deploy_latency_s.p50 < 1 ms"),
        ("node-direct - central: central_egress_bytes < 0 B", 0, "met: node-direct - central: central_egress"),
        ("deploy_latency.p99 < 1 s", 2, "unknown metric"),
        ("nowhere: stale_starts <= 0", 2, "unknown variant"),
    ],
)
def test_the_exit_code_says_what_became_of_it(
    until: str, code: int, line: str, asked: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Met is 0, missed 99, and what is no threshold or names no variant is bad use, in one line."""
    got, out, err = regsim(capsys, monkeypatch, "compare", asked, "--executor", "serial", "--until", until)
    assert got == code
    assert line in out + err


@pytest.mark.usefixtures("no_flips")
def test_thresholds_of_the_scenario_are_judged_in_the_document(
    asked: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`[thresholds]` count as those of the command line; the document has one entry for each variant."""
    Path(asked).write_text(QUESTION + 'thresholds.fast = "deploy_latency_s.p99 < 1 h"\n')
    code, out, _ = regsim(capsys, monkeypatch, "compare", asked, "--executor", "serial", "--json")
    assert code == 0
    found = json.loads(out)["thresholds"]
    assert [(entry["of"], entry["outcome"]) for entry in found] == [("central", "met"), ("node-direct", "met")]


@pytest.mark.usefixtures("no_flips")
def test_a_store_is_asked_before_anything_is_run(
    asked: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second comparison finds all runs in the store and says the same."""
    words = ("compare", asked, "--executor", "serial", "--json", "--store", "kept", "--gains", "0")
    first = regsim(capsys, monkeypatch, *words)
    kept = sorted(path.name for path in Path("kept").rglob("*") if path.is_file())
    assert len(kept) == 6
    second = regsim(capsys, monkeypatch, *words)
    assert json.loads(first[1])["variants"] == json.loads(second[1])["variants"]
    assert sorted(path.name for path in Path("kept").rglob("*") if path.is_file()) == kept
