"""What the model is held against: a plain regression, and the data's own scatter."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.calibrate.rig.files import Measured, RigScenario
from sim.calibrate.rig.held_out import by_name, chance, operations, regression, scatter
from sim.calibrate.rig.parameters import shipped
from sim.calibrate.rig.reading import by_repeat, read_measured, read_scenarios
from sim.calibrate.rig.score import Score, kind_of

RIG = Path(__file__).parents[2] / "rig"


def pairs(congestion: str) -> list[RigScenario]:
    """The scenarios of the first set without transfers at once."""
    return [one for one in read_scenarios(RIG / f"{congestion}.json") if kind_of(one) == "pair"]


def test_an_operation_is_predicted_by_itself_elsewhere() -> None:
    """The same pull took 1 s in one scenario and 2 s in another: errors of 100 % and of 50 %."""
    found = [one for one in pairs("cubic") if "wan10-5mb" in one.name][:2]
    assert len({one.path for scenario in found for one in operations(scenario) if one.operation.op == "pull"}) == 1
    rows = tuple(
        Measured(
            scenario=scenario.name, repeat=0, step=4, op="pull", at="node1", peer="central", image="org/app",
            concurrent=1, seconds=seconds, step_tx_bytes=1, step_rx_bytes=1,
        )
        for scenario, seconds in zip(found, (1.0, 2.0), strict=True)
    )  # fmt: skip
    assert [one.error for one in scatter(found, by_repeat(rows))] == [1.0, 0.5]


@pytest.mark.parametrize(("congestion", "push", "pull"), [("cubic", 0.012, 0.09), ("bbr", 0.025, 0.02)])
def test_a_plain_regression_comes_as_near_as_readme_says(congestion: str, push: float, pull: float) -> None:
    """On scenarios left out of it: about 1 and 2 % of pushes, 9 and 2 % of pulls."""
    scored = regression(pairs(congestion), by_repeat(read_measured(RIG / f"{congestion}.csv")), by_name)
    groups = Score(tuple(scored)).groups
    assert (groups["pair-push"].n, groups["pair-pull"].n) == (48, 12)
    assert push / 2 < groups["pair-push"].mape < push
    assert pull / 2 < groups["pair-pull"].mape < pull


def test_an_update_carries_no_kernel_and_a_pull_every_layer() -> None:
    """Layers of 2 and 5 MB: a first push has both, an update 5 MB, the node the same, and the pull 7 MB again."""
    found = [one.blobs_bytes for one in operations(pairs("cubic")[0])]
    assert found == [(2 * 10**6, 5 * 10**6), (5 * 10**6,)] * 2 + [(2 * 10**6, 5 * 10**6)]


@pytest.mark.slow
def test_chance_leaves_nothing_where_nothing_is_drawn_and_less_the_more_is_measured() -> None:
    """Lone pushes under cubic draw nothing that matters; a pull's two modes leave less to the mean of 8 than of 2."""
    (scenario,) = (one for one in pairs("cubic") if one.name == "pair-up20-wan45-25mb")
    rows = by_repeat(read_measured(RIG / "cubic.csv"))
    many = {key: {number: next(iter(repeats.values())) for number in range(8)} for key, repeats in rows.items()}
    few, more = (Score(tuple(chance([scenario], given, shipped("cubic")))).groups for given in (rows, many))
    assert few["pair-push"].mape < 1e-3
    assert 0.02 < more["pair-pull"].mape < 0.7 * few["pair-pull"].mape
