"""The scenarios that come with the program: each loads, runs, and says what every figure rests on."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.experiment.assumptions.assumed import assumed
from sim.runner import run
from sim.scenario import Scenario, load
from sim.scenario.keypath import dotted
from sim.scenario.model.entries import entries

pytestmark = pytest.mark.integration

FILES = sorted((Path(__file__).parents[1] / "scenarios").glob("*.toml"))
#: Small enough to be quick, large enough that updates and first pushes both occur.
SMALL = {"demand.rate": "0.05/s", "run.duration": "30 min"}
#: Reasons to fail, where a scenario asks about them.
FAILURES = {
    "node-evicts-before-sync": {"disk full"},
    "wan-outage": {"link down", "connection lost"},
    "rate-limit": {"too many requests: central's limits.registry", "not on its node within 60 s"},
}
#: A release has to lie within the shorter run.
RELEASE = {"demand.kernel_release.at": "10 min", "demand.kernel_release.over": "10 min", "demand.apps": 50}
#: Of a scenario whose every deploy goes to forty nodes.
CROWD = {"flash-crowd": {"demand.nodes": 8}, "rate-limit": {"demand.nodes": 8}}
#: With streams that keep hours, half an hour in which two of three offices work, and CI builds.
STREAMS = {"run.start": "Mon 13:50", "demand.streams.developers.rate": "0.05/s"}


def small(path: Path) -> Scenario:
    demand = load(path).demand
    own = (RELEASE if demand.kernel_release is not None else {}) | (STREAMS if demand.streams else {})
    return load(path, overrides=SMALL | own | CROWD.get(path.stem, {}))


def test_there_are_scenarios() -> None:
    """The main question is among the files."""
    assert "metros.toml" in {path.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_runs_without_failures(path: Path) -> None:
    """Every variant brings each of its deploys to life, about ninety of them (or its log's), asked alike of all.

    Where failures are the question, each says why.
    """
    without_failures(path, small(path))


@pytest.mark.slow
@pytest.mark.parametrize("path", [path for path in FILES if path.stem in CROWD], ids=lambda path: path.stem)
def test_a_crowd_of_all_nodes_runs_without_failures(path: Path) -> None:
    """The same where every deploy goes to as many nodes as the file says."""
    without_failures(path, load(path, overrides=SMALL))


def without_failures(path: Path, scenario: Scenario) -> None:
    """Run every variant: all have as many deploys, some dozens, and fail for no other reason than the file asks of.

    A kernel's release redeploys nothing where nodes have the kernel installed: such variants have their own number.
    """
    counts: dict[str, set[int]] = {}
    for variant in scenario.variants:
        result = run(scenario, variant=variant)
        assert set(result.deploys["reason"]) - {""} <= FAILURES.get(path.stem, set())
        released = "" if scenario.demand.kernel_release is None else result.scenario.policies.kernels
        counts.setdefault(released, set()).add(len(result.tables["deploys"]))
    assert all(len(alike) == 1 for alike in counts.values())
    assert min(min(alike) for alike in counts.values()) > (50 if scenario.demand.replay is None else 20)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_compares_with_its_first_variant_or_another(path: Path) -> None:
    """There are two variants or more, a baseline among them, a title and ten runs or more."""
    scenario = load(path)
    assert len(scenario.variants) >= 2
    assert scenario.baseline in scenario.variants
    assert scenario.run.title
    assert scenario.run.runs >= 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_figure_says_what_it_rests_on(path: Path) -> None:
    """A figure that the file gives names a source or is marked as an assumption."""
    figures = load(path).figures
    assert figures
    assert [name for name, figure in figures.items() if not figure.source and not figure.assumption] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_figure_is_written_bare(path: Path) -> None:
    """Every quantity in the file, its run's length and seed apart, is written with what it rests on."""
    scenario = load(path)
    written = (entry for entry in entries(scenario) if entry.written and entry.quantity and entry.path[0] != "run")
    assert [dotted(entry.path) for entry in written if dotted(entry.path) not in scenario.figures] == []


def test_each_metro_may_have_any_number_of_nodes_that_the_main_question_supposes() -> None:
    """`--assumptions` tries both ends of a count's range: one node too, which could not be called as its site is."""
    path = next(path for path in FILES if path.stem == "metros")
    scenario = load(path)
    counts = next(found for found in assumed(scenario) if found.keys[0].endswith(".count"))
    assert (len(counts.keys), counts.ends) == (5, (1, 500))
    for end, first in ((1, "nodes/dal"), (500, "dal1")):
        assert next(load(path, dict(counts.settings(end))).node_hosts())[0] == first
