"""`compare --keep`, `bench` and `diff` as a CI job uses them: what changed is caught, what did not is not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.experiment import speed

Ask = Callable[..., Any]
PLAIN = ("--engine", "reference", "--executor", "serial", "--quiet")
#: Lines of a quarter less than those of the question.
SLOWER_LINE = ("--set", "clients.dev.up=40 Mbit/s")


#: What is kept of the small question, once made.
KEPT: list[bytes] = []


@pytest.fixture
def kept(small: str, regsim: Ask) -> str:
    """The small question's comparison in one file."""
    file = Path("kept.json.gz")
    if not KEPT:
        assert regsim("compare", small, *PLAIN, "--gains", "0", "--keep", str(file), "--speed").code == 0
        KEPT.append(file.read_bytes())
    file.write_bytes(KEPT[0])
    return str(file)


def test_what_is_needed_to_gate_is_small(kept: str, regsim: Ask) -> None:
    """Two variants of three runs take less than 20 kB; the file is read as a directory would be."""
    assert Path(kept).stat().st_size < 20_000
    answer = regsim("bench", kept, *PLAIN)
    assert (answer.code, answer.out.splitlines()[-1].startswith("0 of ")) == (0, True), answer.err


def test_a_changed_scenario_is_held_against_the_stored_one(small: str, kept: str, regsim: Ask) -> None:
    """Slower lines: what was asked otherwise is named, each metric that got worse is, and the gate fails."""
    text = Path(small).read_text().replace("50 Mbit/s", "40 Mbit/s")
    Path("changed.toml").write_text(text)
    answer = regsim("bench", kept, "--scenario", "changed.toml", *PLAIN, "--json")
    found = json.loads(answer.out)
    assert (answer.code, found["passed"]) == (99, False)
    assert found["asked_otherwise"] == ['clients.dev.up: "40 Mbit/s", was "50 Mbit/s"']
    assert found["now_otherwise"] == []
    worse = [each for each in found["moved"] if each["metric"] == "push_s.mean"]
    assert [each["side"] for each in worse] == ["worse", "worse"]
    assert all(0 < each["share"] < 0.25 for each in worse)  # a line that is a quarter slower, and what is no line


@pytest.mark.parametrize("judge", ["exact", "statistical", "tolerance"])
def test_an_unchanged_scenario_passes_however_it_is_judged(small: str, kept: str, regsim: Ask, judge: str) -> None:
    """The same file again moves nothing, and the output says what it was judged by."""
    answer = regsim("bench", kept, "--scenario", small, "--judge", judge, *PLAIN)
    assert answer.code == 0
    assert "judged " in answer.out


def test_two_results_are_compared_without_a_run(small: str, kept: str, regsim: Ask) -> None:
    """A directory against a file: other seeds move no metric by statistics, and all rows exactly."""
    assert regsim("compare", small, *PLAIN, "--gains", "0", "--seed", "8", "--out", "other").code == 0
    answer = regsim("diff", kept, "other", "--judge", "exact", "--json")
    found = json.loads(answer.out)
    assert (answer.code, found["equal"], len(found["differing"])) == (99, False, 6)
    assert found["now_otherwise"] == ["seed 8, was 7"]
    assert regsim("diff", "other", "other").code == 0


def test_metrics_and_variants_that_come_and_go_are_named(small: str, kept: str, regsim: Ask) -> None:
    """A variant under another name is one that went and one that came; a gate fails for what went."""
    text = Path(small).read_text().replace("variants.central", "variants.via-central")
    Path("renamed.toml").write_text(text)
    answer = regsim("bench", kept, "--scenario", "renamed.toml", *PLAIN)
    assert answer.code == 99
    assert "is not there any more: variant central" in answer.out
    assert "Traceback" not in answer.err


def test_counts_are_compared_exactly(kept: str, regsim: Ask) -> None:
    """100 ns more a request are within 1 % in each metric; one retried deploy is not within a count."""
    moved = ("--set", "demand.updates=0.55")
    found = json.loads(regsim("bench", kept, *moved, "--within", "100 %", "--counts", *PLAIN, "--json").out)
    assert {each["what"] for each in found["counted"]} <= {"deploys", "events", "flows", "solver_calls"}
    assert found["counted"]
    assert found["passed"] is False


def test_a_slowdown_of_a_second_fails(kept: str, regsim: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that takes a second more than it did takes many loops more; compiling is told apart."""
    made = speed.run
    monkeypatch.setattr(speed, "run", lambda *asked, **how: (time.sleep(1), made(*asked, **how))[1])
    answer = regsim("bench", kept, "--slower", "100 %", *PLAIN)
    assert answer.code == 99
    assert "slower than it may be" in answer.out
    assert "to compile and load, apart" in answer.out


def test_compare_json_is_what_is_printed(small: str, regsim: Ask) -> None:
    """The file beside the tables has the same document, thresholds and warnings included."""
    asked = ("compare", small, *PLAIN, "--gains", "0", "--out", "out", "--until", "push_s.p50 < 9 s", "--json")
    assert json.loads(regsim(*asked).out) == json.loads(Path("out/compare.json").read_bytes())


def test_a_step_summary_is_added_to(kept: str, regsim: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--format github` the file that the CI names gets the table."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    assert regsim("bench", kept, *SLOWER_LINE, *PLAIN, "--format", "github").code == 99
    assert Path("summary.md").read_text().startswith("### regsim bench: missed\n")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("bench", "nothing"), "nothing/manifest.json: cannot be read (No such file or directory); name a directory"),
        (("diff", "small.toml", "small.toml"), "small.toml: is not JSON"),
        (("bench", "kept.json.gz", "--judge", "exact", "--within", "5 %"), "--within: is not asked by --judge exact"),
        (("bench", "kept.json.gz", "--format", "junit", "--json"), "--format: is another answer than --json"),
        (("bench", "kept.json.gz", "--format", "junk"), '--format: unknown format, got "junk"; did you mean'),
        (("compare", "small.toml", "--speed"), "--speed: is kept in no file; name one with --keep FILE"),
    ],
)
def test_bad_use_is_a_line(kept: str, regsim: Ask, words: tuple[str, ...], line: str) -> None:
    """It names the option or the file."""
    answer = regsim(*words)
    assert (answer.code, answer.err.startswith(line)) == (2, True), answer.err


@pytest.mark.slow
def test_a_hundred_unchanged_runs_are_not_caught(small: str, regsim: Ask) -> None:
    """A hundred runs of each variant, kept and made again by workers: nothing differs, however it is judged."""
    asked = ("compare", small, "--engine", "reference", "--quiet", "--gains", "0", "--runs", "100")
    assert regsim(*asked, "--keep", "many.json.gz").code == 0
    for judge in ("exact", "statistical", "tolerance"):
        assert regsim("bench", "many.json.gz", "--engine", "reference", "--quiet", "--judge", judge).code == 0
