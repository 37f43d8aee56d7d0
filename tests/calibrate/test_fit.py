"""Fitting: what the model made, the fit finds again."""

from __future__ import annotations

import math
import tomllib
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from sim.calibrate.fit import START, fit, fit_at_once
from sim.calibrate.held_out import by_name, by_pull
from sim.calibrate.model import simulate
from sim.calibrate.parameters import Parameters, shipped
from sim.calibrate.rig import Measured, RigScenario, by_repeat, read_measured, read_scenarios
from sim.calibrate.score import SEEDS

RIG = Path(__file__).parents[1] / "rig"


def measured(scenario: RigScenario, truth: Parameters, repeat: int) -> list[Measured]:
    """What the model makes of a scenario, as if it had been measured."""
    return [
        Measured(
            scenario=scenario.name, repeat=repeat, step=step, op=one.operation.op, at=one.operation.at,
            peer=one.operation.peer, image=one.operation.image, concurrent=len(outcomes), seconds=one.seconds,
            step_tx_bytes=one.wire_bytes, step_rx_bytes=one.wire_bytes,
        )
        for step, outcomes in enumerate(simulate(scenario, truth, repeat))
        for one in outcomes
    ]  # fmt: skip


def test_parameters_that_made_the_data_are_found_again() -> None:
    """Measurements simulated with a start of 0.2 s and ramps of 1.5 and 1.2 give these back within 2 %."""
    truth = replace(
        START, push_start_s=0.2, push_ramp=1.5, pull_ramp=1.2, push_request_bytes=3000.0, gain=2 / math.log(2)
    )
    scenarios = [one for one in read_scenarios(RIG / "bbr.json") if one.name.startswith("pair-")][::3]
    rows = tuple(row for scenario in scenarios for row in measured(scenario, truth, 0))
    found, bounds = fit(scenarios, by_repeat(rows), math.inf)
    assert bounds.keys().isdisjoint({"luck", "windows"})  # nothing here ran at once
    for name in ("push_start_s", "push_ramp", "pull_ramp", "push_request_bytes"):
        assert getattr(found, name) == pytest.approx(getattr(truth, name), rel=0.02)
        low, high = bounds[name]
        assert low <= getattr(found, name) <= high


def test_by_windows_parameters_are_found_again_without_simulating_anew() -> None:
    """What is fitted there adds to times and bytes: a start of 0.2 s comes back within 0.1 %."""
    truth = replace(shipped("cubic"), push_start_s=0.2, push_byte_s=5e-9, push_request_bytes=3000.0)
    scenarios = [one for one in read_scenarios(RIG / "cubic.json") if one.name == "pair-up20-wan10-5mb"]
    rows = tuple(row for one in scenarios for repeat in range(SEEDS) for row in measured(one, truth, repeat))
    found, bounds = fit(scenarios, by_repeat(rows), math.inf)
    for name in ("push_start_s", "push_byte_s", "push_request_bytes"):
        assert getattr(found, name) == pytest.approx(getattr(truth, name), rel=0.001)
        assert bounds[name][0] <= getattr(found, name) <= bounds[name][1]


def test_the_spread_that_made_the_data_is_found_again() -> None:
    """Shares drawn with a spread of 0.5 give it back within 5 %."""
    truth = replace(shipped("cubic"), luck=0.5, windows=0.0)
    scenarios = [one for one in read_scenarios(RIG / "cubic.json") if one.name in ("fanout-4", "crowd-6")]
    rows = tuple(row for scenario in scenarios for seed in range(SEEDS) for row in measured(scenario, truth, seed))
    found, bounds = fit_at_once(scenarios, by_repeat(rows), replace(truth, luck=START.luck), math.inf)
    assert found.luck == pytest.approx(0.5, rel=0.05)
    assert bounds["luck"][0] <= found.luck <= bounds["luck"][1]


def test_where_windows_are_modelled_nothing_is_fitted_to_transfers_at_once() -> None:
    """CUBIC's are the RFC's and Linux's."""
    alone = shipped("cubic")
    scenarios = read_scenarios(RIG / "cubic.json")
    assert fit_at_once(scenarios, by_repeat(read_measured(RIG / "cubic.csv")), alone) == (alone, {})
    assert (alone.luck, alone.windows) == (0, 1)


@pytest.mark.slow
@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_the_shipped_parameters_are_what_the_fit_finds(congestion: str) -> None:
    """Fitted again to the same data, each comes out within 1 %; a pull's start, which cubic leaves open, is bbr's.

    A process starts alike whatever TCP does, so what bbr's narrower interval says has to hold for both.
    """
    scenarios = read_scenarios(RIG / f"{congestion}.json")
    found, _ = fit(scenarios, by_repeat(read_measured(RIG / f"{congestion}.csv")))
    assert astuple(found) == pytest.approx(astuple(shipped(congestion)), rel=0.01, abs=1e-3)
    told = tomllib.loads((RIG.parents[1] / "sim/calibrate/parameters/bbr.toml").read_text())["parameters"]
    assert told["pull_start_s"]["low"] < found.pull_start_s < told["pull_start_s"]["high"]


def test_pairs_that_repeat_a_pull_are_held_out_together() -> None:
    """Three uplinks times two delays times two sizes are 12 scenarios and 4 different pulls."""
    scenarios = [one for one in read_scenarios(RIG / "cubic.json") if one.name.startswith("pair-")]
    assert [len(set(map(fold, scenarios))) for fold in (by_name, by_pull)] == [12, 4]
