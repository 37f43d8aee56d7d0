"""A deploy's time, phase by phase: nothing is lost between phases, and nobody waits in an empty world."""

from __future__ import annotations

import numpy as np
import pytest

import sim
from sim.tables.rows import PHASES

from . import shipped

pytestmark = pytest.mark.integration

#: Sums of some dozen floats below 1e5 s.
TOLERANCE_S = 1e-9


@pytest.mark.parametrize("name", shipped.CASES)
def test_phases_add_up_to_the_latency(name: str) -> None:
    """On every row the phases sum to the time from asking to ready, which is the latency unless the deploy failed."""
    deploys = shipped.result(name).deploys
    assert len(deploys) > 200
    total_s = deploys[[f"{phase}_s" for phase in PHASES]].sum(axis=1)
    assert (total_s - (deploys.ended_s - deploys.asked_s)).abs().max() <= TOLERANCE_S
    ready = ~deploys.failed
    assert (total_s - deploys.latency_s)[ready].abs().max() <= TOLERANCE_S or not ready.any()
    assert np.isinf(deploys.latency_s[~ready]).all()
    assert (deploys[[f"{phase}_s" for phase in PHASES]] >= 0).all(axis=None)


@pytest.mark.parametrize("name", shipped.CASES)
def test_waiting_is_a_part_of_its_phase(name: str) -> None:
    """No phase waits less than nothing or longer than it takes."""
    deploys = shipped.result(name).deploys
    for phase in PHASES:
        waited_s = deploys[f"{phase}_waited_s"]
        assert (waited_s >= 0).all()
        assert (waited_s <= deploys[f"{phase}_s"] + TOLERANCE_S).all()


@pytest.mark.parametrize("name", shipped.CASES)
def test_milestones_come_in_order(name: str) -> None:
    """A client knows of its push after it has made it, and of the instance after that; a pull is in the latency."""
    deploys = shipped.result(name).deploys
    ready = deploys[~deploys.failed]
    pushed = deploys[deploys.push_s < float("inf")]  # the rest failed at that, and no part of them is told
    starts = deploys.route == "start"  # which have no push
    assert deploys.push_s[starts].isna().all()
    assert (pushed.push_s < pushed.client_latency_s).all()
    assert (deploys.failed | starts | (deploys.push_s < float("inf"))).all()
    assert (deploys.longest_pull_s + deploys.push_s.where(~starts, 0.0) <= deploys.latency_s).all()
    assert (ready.asked_s + ready.latency_s - ready.ended_s).abs().max() <= TOLERANCE_S or ready.empty
    assert deploys.ended_s.is_monotonic_increasing


#: Where one deploy pushes to several registries, or pulls to several nodes, it is itself the other on the line; and
#: streams of several deploys an hour are never alone.
ALONE = [
    name
    for name in shipped.NAMED
    if name.endswith(("central", "node-direct")) and not shipped.scenario(name).demand.streams
]


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("detail", ["phases", "requests"])
def test_nobody_waits_in_an_idle_world(name: str, detail: str) -> None:
    """With an hour between deploys no request waits for a worker and no body for another deploy's."""
    alone = {
        "run.duration": "6 h",
        "demand.rate": "1/h",
        "demand.arrivals": "even",
        "run.detail": detail,
        "demand.nodes": 1,
    }
    if name.startswith("kernel-release"):
        alone |= {"demand.apps": 1}
    result = sim.run(shipped.scenario(name, **alone))
    assert 6 <= len(result.deploys) <= 8  # a daily profile makes some hours shorter
    assert result.transfers.waited_s.max() <= TOLERANCE_S
    assert result.registries.waited_s.max() == 0
    for phase in PHASES:
        assert result.deploys[f"{phase}_waited_s"].max() <= TOLERANCE_S
