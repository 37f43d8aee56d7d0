"""Sweeps: designs have the points that they should, runs come out as elsewhere, and what matters is ranked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.errors import InputError
from sim.experiment.axes import axis
from sim.experiment.sweeps.designs import design
from sim.experiment.sweeps.sensitivity import sensitivities
from sim.experiment.sweeps.sweep import Sweep, sweep
from sim.report import saving, sweeps
from sim.scenario import Scenario

RATES = "demand.rate=20/h,40/h"
UPS = "clients.dev.up=10 Mbit/s..1 Gbit/s:log:3"


@pytest.fixture(scope="module")
def small(scenario: Scenario) -> Sweep:
    """Two rates by three uplinks, both variants, two runs."""
    return sweep(scenario, [axis(RATES, scenario), axis(UPS, scenario)], runs=2, executor="serial")


def test_a_grid_has_every_combination(small: Sweep) -> None:
    """The first axis varies slowest."""
    assert [point.values for point in small.points] == [
        (rate, up) for rate in ("20/h", "40/h") for up in ("10 Mbit/s", "100 Mbit/s", "1000 Mbit/s")
    ]


def test_a_point_has_the_runs_of_its_settings(small: Sweep, scenario: Scenario) -> None:
    """What a sweep says of a point is what a comparison of that scenario says, run by run."""
    changed = Scenario.from_document(
        scenario.document, "small", {"demand.rate": "20/h", "clients.dev.up": "100 Mbit/s"}
    )
    alone = sim.compare(changed, runs=2, executor="serial", tables=False)
    point = small.points[1]
    for name, digests in alone.digests.items():
        assert tuple(outcome.digest for outcome in point.sample.outcomes[name]) == digests


@pytest.mark.parametrize("executor", ["processes:1", "processes:2"])
def test_the_executor_changes_nothing(executor: str, small: Sweep, scenario: Scenario) -> None:
    """Workers give the same document."""
    other = sweep(scenario, small.axes, runs=2, executor=executor)
    assert other.to_json() == small.to_json()


def test_a_sweep_says_who_is_lower_where(small: Sweep) -> None:
    """Points are counted, the lowest is named, and each line of the table is a point and a variant.

    A series is named by its variant and the last two parts of the other keys, which say whose uplink it is.
    """
    assert "node-direct has the lower deploy_latency_s.p50 at" in small.verdict
    assert "of 6 points" in small.verdict
    heads, lines = sweeps.text_table(small)
    assert heads[:3] == ["demand.rate", "clients.dev.up", "variant"]
    assert len(lines) == 12
    assert {series.name for series in sweeps.plot_data(small).subplots[0].series} == {
        "central, dev.up 10 Mbit/s", "central, dev.up 100 Mbit/s", "central, dev.up 1000 Mbit/s",
        "node-direct, dev.up 10 Mbit/s", "node-direct, dev.up 100 Mbit/s", "node-direct, dev.up 1000 Mbit/s",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "points"), [("latin:10", 10), ("sobol:8", 8), ("sobol:5", 5), ("morris:3", 9), ("saltelli:4", 16)]
)
def test_designs_have_their_number_of_points(kind: str, points: int, scenario: Scenario) -> None:
    """N points, N trajectories of one step an axis, or N (axes + 2); the same for one seed, all within the ranges."""
    axes = [axis("clients.dev.up=10 Mbit/s..1 Gbit/s", scenario), axis("demand.updates=0..1", scenario)]
    made = design(kind, axes, seed=3)
    assert len(made.values) == points
    assert made.values == design(kind, axes, seed=3).values
    numbers = np.array([[float(str(up).split()[0]), updates] for up, updates in made.values])
    assert numbers.min(axis=0)[0] >= 10
    assert numbers.max(axis=0)[0] <= 1000
    assert 0 <= numbers[:, 1].min() <= numbers[:, 1].max() <= 1


def test_a_latin_hypercube_has_one_point_in_each_row_and_column(scenario: Scenario) -> None:
    """Cut into as many parts as there are points, every axis has a point in each part."""
    axes = [axis("demand.updates=0..1", scenario), axis("images.app.update=0..1", scenario)][:1] * 2
    shares = design("latin:12", axes, seed=1).shares
    assert shares is not None
    assert sorted(np.floor(12 * shares[:, 0])) == sorted(np.floor(12 * shares[:, 1])) == list(range(12))


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("grid:3", "a grid takes no number"), ("grids", "there is no"), ("latin", "needs a number"),
        ("saltelli:12", "must be a power of two"), ("grid", "has no number of values"), ("latin:999999", "has 999,999"),
    ],
)  # fmt: skip
def test_what_is_no_design_is_said(kind: str, problem: str, scenario: Scenario) -> None:
    """Each in a line that says how to mend it."""
    with pytest.raises(InputError, match=problem) as caught:
        design(kind, [axis("demand.updates=0..1", scenario)], seed=1)
    assert caught.value.remedy


@pytest.mark.parametrize(("kind", "index"), [("morris:20", "mu_star"), ("saltelli:256", "total")])
def test_what_matters_is_ranked_as_the_model_has_it(kind: str, index: str, scenario: Scenario) -> None:
    """Of y = 4 a + 2 b + 0 c the first matters most and the third not at all; Sobol's shares are 0.8, 0.2 and 0."""
    axes = [axis(f"{key}=0..1", scenario) for key in ("demand.updates",) * 3]
    made = design(kind, axes, seed=2)
    assert made.shares is not None
    found = sensitivities(made, axes, "y", "deploy_latency_s.p50", made.shares @ [4.0, 2.0, 0.0], 2)
    values = [each.indices[index] for each in found]
    wanted = [4.0, 2.0, 0.0] if index == "mu_star" else [0.8, 0.2, 0.0]
    assert values == pytest.approx(wanted, abs=1e-9 if index == "mu_star" else 0.03)


def test_a_sweep_for_sensitivities_ranks_its_keys(scenario: Scenario) -> None:
    """The uplink matters to how long a push takes; how large a config is does not."""
    axes = [axis("clients.dev.up=10 Mbit/s..1 Gbit/s", scenario), axis("images.app.config=100 B..200 B", scenario)]
    found = sweep(
        scenario, axes, kind="morris:3", metrics=["push_s.mean"], variant="central", runs=1, executor="serial"
    )
    heads, lines = sweeps.text_table(found)
    assert heads == ["key", "of", "metric", "mu_star", "mu_star_half_width", "sigma"]
    assert [line[0] for line in lines] == ["clients.dev.up", "images.app.config"]
    assert found.sensitivity[0].indices["mu_star"] > 100 * found.sensitivity[1].indices["mu_star"]
    assert "what matters to push_s.mean of central, most first: clients.dev.up" in found.verdict


def test_cost_against_p99_is_told_where_anything_costs(document: dict[str, Any]) -> None:
    """At 0.10 USD an hour for each of three registries a run of an hour costs 0.30 USD, and more nodes cost more.

    Nothing is in the Pareto set that another is cheaper and faster than.
    """
    assert sweep(Scenario.from_document(document, "small"), [], runs=1, executor="serial").tradeoff == ()
    document["prices"] = {"registry_hour": "0.10 USD"}
    scenario = Scenario.from_document(document, "small")
    found = sweep(scenario, [axis("nodes.n.count=2,4", scenario)], runs=2, executor="serial")
    costs = {choice.values: choice.cost_usd for choice in found.tradeoff}
    assert costs[(2,)] == pytest.approx(0.3)
    assert costs[(4,)] == pytest.approx(0.5)
    members = [choice for choice in found.tradeoff if choice.member]
    for one in found.tradeoff:
        better = [each for each in members if each.cost_usd <= one.cost_usd and each.latency_s <= one.latency_s]
        assert better or one.member
    assert found.tradeoff[0].cost_usd_per_month == pytest.approx(0.3 * 720)
    assert "of cost against p99" in found.verdict
    assert "216 USD a month for" in found.verdict


@pytest.mark.slow
def test_a_point_at_which_deploys_fail_is_never_the_lower_or_the_lowest(document: dict[str, Any]) -> None:
    """Where copies come too late less is fetched; that is counted apart, with how many failed and why."""
    document["demand"]["nodes"] = 2
    document["variants"] = {"central": {"policies.route": "central"}, "direct": {"policies.route": "node-direct"}}
    asked = Scenario.from_document(document, "small")
    axes = [axis("policies.sync.delay=5 s,120 s", asked)]
    found = sweep(asked, axes, metrics=["pull_bytes"], runs=5, executor="serial")
    fine, late = (point.sample.failures("direct") for point in found.points)
    assert (fine.failed, late.share) == (0, 1.0)
    why, lines = "not at central within 60 s", found.verdict.split("\n")
    assert lines[:2] == [
        f"central: 0 of {2 * late.deploys} deploys failed",
        f"direct: {late.failed} of {2 * late.deploys} deploys failed: {why}",
    ]
    assert lines[2] == "direct has the lower pull_bytes at 1 of 2 points, central at 0, direct fails more at 1."
    assert lines[3].startswith("the lowest is ")
    assert lines[3].endswith("direct at policies.sync.delay = 5 s.")
    heads, cells = sweeps.text_table(found)
    assert heads[:3] == ["policies.sync.delay", "variant", "failed"]
    assert [line[2] for line in cells] == [f"0 of {late.deploys}"] * 3 + [f"{late.deploys} of {late.deploys}"]
    assert found.to_json()["points"][1]["failures"]["direct"] == {
        "failed": late.deploys, "deploys": late.deploys, "reasons": {why: late.deploys},
    }  # fmt: skip
    hollow = [series.failed for series in sweeps.plot_data(found).subplots[0].series]
    assert hollow == [[False, False], [False, True]]
    allowed = sweep(asked, axes, metrics=["pull_bytes"], runs=5, executor="serial", allow_failures=True)
    assert "direct has the lower pull_bytes at 2 of 2 points" in allowed.verdict
    assert allowed.verdict.endswith("direct at policies.sync.delay = 120 s.")


def test_a_choice_that_fails_is_not_worth_its_price(document: dict[str, Any], tmp_path: Path) -> None:
    """The variant whose deploys all fail is the cheapest; it is worth having only if failures are allowed."""
    document["demand"]["nodes"] = 2
    late = {"policies.sync.delay": "120 s", "prices.registry_hour": "0.01 USD"}
    document |= {"policies": {"route": "node-direct"}, "prices": {"registry_hour": "0.10 USD"}}
    document["variants"] = {"sound": {}, "late": late}
    priced = Scenario.from_document(document, "small")
    for allow, worth in ((False, {"sound"}), (True, {"sound", "late"})):
        found = sweep(priced, [], runs=5, executor="serial", allow_failures=allow)
        assert found.tradeoff[0].variant == "late"
        assert found.tradeoff[0].fails_more
        assert {choice.variant for choice in found.tradeoff if choice.member} == worth
    saving.save(found, tmp_path, "sweep")
    assert (tmp_path / "pareto.png").stat().st_size > 1_000


def test_an_analyst_asks_in_the_words_of_the_command_line(scenario: Scenario) -> None:
    """Axes and thresholds may be text, and the names are the package's own."""
    found = sim.sweep(scenario, ["demand.rate=20/h,40/h"], runs=1, executor="serial", variant="central")
    assert [point.values for point in found.points] == [("20/h",), ("40/h",)]
    searched = sim.capacity(
        scenario, "clients.dev.up=10 Mbit/s..1 Gbit/s", ["failed_deploys <= 0"], runs=5, executor="serial"
    )
    assert searched.answer == "met everywhere"
    assert sim.crossover(scenario, "demand.nodes=1..2", "failed_deploys", runs=5, executor="serial").changes == ()
