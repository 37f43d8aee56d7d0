"""Link faults, as a run of a scenario has them, against uploads through real outages of 0.5 to 4 s."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.calibrate.rig.files import RigScenario
from sim.calibrate.rig.fluid import simulate_fluid
from sim.calibrate.rig.parameters import shipped
from sim.calibrate.rig.reading import by_repeat, read_measured, read_scenarios
from sim.calibrate.rig.score import Scored, score_scenario

RIG = Path(__file__).parents[2] / "rig"
CONTROLS = ("cubic", "bbr")


def cuts(control: str) -> list[RigScenario]:
    return [one for one in read_scenarios(RIG / f"rest-{control}.json") if one.cuts]


def scored(control: str) -> list[Scored]:
    rows = by_repeat(read_measured(RIG / f"rest-{control}.csv"))
    found = [one for scenario in cuts(control) for one in score_scenario(scenario, rows, shipped(control))]
    return [one for one in found if one.group == "cut-faults"]


@pytest.mark.parametrize("control", CONTROLS)
def test_faults_take_what_outages_took_on_the_rig(control: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the four uploads, of which nothing was fitted, within a tenth of the mean of its repeats."""
    monkeypatch.setattr("sim.calibrate.rig.score.SEEDS", 1)  # packet by packet; flows and faults draw nothing
    found = scored(control)
    assert len(found) == 4
    assert {one.scenario: one.error for one in found if one.error > 0.1} == {}


@pytest.mark.parametrize("control", CONTROLS)
def test_the_same_uploads_without_a_cut_take_what_they_took(control: str) -> None:
    """What is left of the error is not made up for by the rest of the push: it is within 5 %, too."""
    rows = by_repeat(read_measured(RIG / f"rest-{control}.csv"))
    for scenario in cuts(control):
        (outcome,) = simulate_fluid(scenario, shipped(control))[0]
        measured = [row.seconds for repeat in rows[scenario.name, 0].values() for row in repeat]
        assert outcome.seconds == pytest.approx(sum(measured) / len(measured), rel=0.05)


@pytest.mark.parametrize("control", CONTROLS)
def test_a_rig_that_broke_flows_off_would_be_reported(control: str) -> None:
    """Were a blob sent again from its first byte after a second's wait, as without this, half the rows were off."""
    rows = by_repeat(read_measured(RIG / f"rest-{control}.csv"))
    off = []
    for scenario in cuts(control):
        (whole,) = simulate_fluid(scenario.model_copy(update={"cuts": ()}), shipped(control))[1]
        (cut,) = scenario.cuts
        anew_s = cut.after_s + cut.for_s + 1.0 + whole.seconds - 1.4
        measured = [row.seconds for repeat in rows[scenario.name, 1].values() for row in repeat]
        off.append(abs(anew_s / (sum(measured) / len(measured)) - 1))
    assert sum(error > 0.1 for error in off) >= 2
