"""`--engine`: two engines, one answer; and which one it was shows nowhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.experiment.execution.worker import Outcome, Question, Task, begin, measure
from sim.runner import Result

Ask = Callable[..., Any]
ENGINES = ("reference", "compiled")


def test_both_engines_make_the_same_run(regsim: Ask, small: str) -> None:
    """Digest, metrics and counts are equal; only the time that it took is its own."""
    words = ("run", small, "--variant", "central", "--json", "--engine")
    runs = [json.loads(regsim(*words, name).out) for name in ENGINES]
    for run in runs:
        del run["wall_s"], run["peak_rss_bytes"]
    assert runs[0] == runs[1]
    assert runs[0]["digest"]


@pytest.mark.usefixtures("no_flips")
def test_what_one_engine_stored_the_other_makes_again(regsim: Ask, small: str) -> None:
    """A manifest does not say which engine it was, and `rerun` and `bench` by the other find everything equal."""
    words = ("compare", small, "--executor", "serial", "--engine", "reference", "--gains", "0", "--out", "out", "-q")
    assert regsim(*words).code == 0
    manifest = Path("out/manifest.json").read_text()
    assert '"compiled"' not in manifest
    assert "engine" not in manifest
    for verb in ("rerun", "bench"):
        answer = regsim(verb, "out", "--engine", "compiled", "--executor", "serial", "-q", "--json")
        assert answer.code == 0, answer.err
    assert json.loads(regsim("rerun", "out", "--executor", "serial", "-q", "--json").out)["equal"] is True


def test_the_store_is_asked_whatever_the_engine(small: str) -> None:
    """What one engine put there is not made again by the other."""
    scenario, store, seen = sim.load(small), sim.Store("store"), []
    for name in ENGINES:
        sim.compare(scenario, 2, executor="serial", store=store, tables=False, engine=name)
        seen.append(sorted(path.name for path in Path("store").rglob("*") if path.is_file()))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("executor", ["serial", "processes:2"])
def test_the_choice_travels_to_where_runs_are_made(executor: str, small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are told: the run there is made by the engine that was asked for here."""
    monkeypatch.setattr("sim.experiment.execution.worker.run", refuses)
    with pytest.raises(ZeroDivisionError, match="compiled"):
        sim.compare(sim.load(small), 1, executor=executor, engine="compiled")


def refuses(scenario: sim.Scenario, seed: int, run: int, engine: str | None = None) -> Result:
    raise ZeroDivisionError(engine)


def test_a_cluster_is_told_as_workers_are(small: str) -> None:
    """`begin`, which Dask's workers call, has the engine; a question without one leaves the choice open."""
    scenario = sim.load(small).variant("central")
    outcomes: list[Outcome] = []
    for name in (None, *ENGINES):
        begin(scenario, 3, engine=name)
        outcomes.append(measure(Task(None, 0)))
    assert len({outcome.digest for outcome in outcomes}) == 1
    assert Question(scenario, 3).engine is None


@pytest.mark.parametrize(
    "words",
    [
        ("run", "small.toml"),
        ("compare", "small.toml", "--executor", "serial"),
        ("best", "small.toml", "--executor", "serial"),
        ("sweep", "small.toml", "--vary", "demand.apps=5,6", "--executor", "serial"),
        ("capacity", "small.toml", "--vary", "clients.dev.up=10 Mbit/s..1 Gbit/s", "--until", "push_s.p50 < 5 s"),
        ("crossover", "small.toml", "--vary", "clients.dev.up=10 Mbit/s..1 Gbit/s"),
    ],
)
def test_an_unknown_engine_is_one_line(words: tuple[str, ...], regsim: Ask, small: str) -> None:
    """Bad use, with what there is; nothing is run."""
    answer = regsim(*words, "--engine", "simpy", "--quiet")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == '--engine: there is no "simpy"; use reference or compiled\n'


def test_python_is_told_the_same(small: str) -> None:
    """`sim.run` and `sim.compare` refuse an engine that there is not."""
    for ask in (sim.run, sim.compare):
        with pytest.raises(sim.InputError, match='engine: there is no "simpy"'):
            ask(sim.load(small), engine="simpy")
