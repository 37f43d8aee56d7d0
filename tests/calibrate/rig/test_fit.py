"""Fitting: what the model made, the fit finds again."""

from __future__ import annotations

import math
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from sim.calibrate.rig.files import Measured, RigScenario
from sim.calibrate.rig.fit import START, fit
from sim.calibrate.rig.held_out import by_name, by_pull
from sim.calibrate.rig.model import simulate
from sim.calibrate.rig.parameters import Parameters, shipped
from sim.calibrate.rig.reading import by_repeat, read_measured, read_scenarios
from sim.calibrate.rig.score import SEEDS

RIG = Path(__file__).parents[2] / "rig"


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


@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_parameters_that_made_the_data_are_found_again(congestion: str) -> None:
    """What is fitted adds to times and bytes: a start of 0.2 s comes back within 0.1 %."""
    truth = replace(shipped(congestion), push_start_s=0.2, push_byte_s=5e-9, push_request_bytes=3000.0)
    scenarios = [one for one in read_scenarios(RIG / f"{congestion}.json") if one.name == "pair-up20-wan10-5mb"]
    rows = tuple(row for one in scenarios for repeat in range(SEEDS) for row in measured(one, truth, repeat))
    found, bounds = fit(scenarios, by_repeat(rows), math.inf)
    for name in ("push_start_s", "push_byte_s", "push_request_bytes"):
        assert getattr(found, name) == pytest.approx(getattr(truth, name), rel=0.001)
        assert bounds[name][0] <= getattr(found, name) <= bounds[name][1]


def test_nothing_is_fitted_to_transfers_at_once() -> None:
    """What they do to each other is the RFCs' and Linux's."""
    scenarios = [one for one in read_scenarios(RIG / "cubic.json") if not one.name.startswith("pair-")]
    assert fit(scenarios, by_repeat(read_measured(RIG / "cubic.csv"))) == (START, {})


@pytest.mark.slow
@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_the_shipped_parameters_are_what_the_fit_finds(congestion: str) -> None:
    """Fitted again to the same data, each comes out within 1 %; a pull's start, which cubic leaves open, may be bbr's.

    A process starts alike whatever TCP does, so what bbr shows has to lie within cubic's interval.
    """
    scenarios = read_scenarios(RIG / f"{congestion}.json")
    found, bounds = fit(scenarios, by_repeat(read_measured(RIG / f"{congestion}.csv")))
    assert astuple(found) == pytest.approx(astuple(shipped(congestion)), rel=0.01, abs=1e-3)
    low, high = bounds["pull_start_s"]
    assert low < shipped("bbr").pull_start_s < high


def test_pairs_that_repeat_a_pull_are_held_out_together() -> None:
    """Three uplinks times two delays times two sizes are 12 scenarios and 4 different pulls."""
    scenarios = [one for one in read_scenarios(RIG / "cubic.json") if one.name.startswith("pair-")]
    assert [len(set(map(fold, scenarios))) for fold in (by_name, by_pull)] == [12, 4]
