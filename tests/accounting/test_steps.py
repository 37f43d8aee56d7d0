"""A deploy's stretches: they follow one another, add up to its latency, and name what it was on."""

from __future__ import annotations

import tomllib
from itertools import pairwise

import numpy as np
import pytest

import sim
from sim.accounting.steps import OUTAGE, Step, steps
from sim.errors import InputError
from sim.result import Result
from sim.scenario import Scenario
from sim.tables.rows import PHASES

#: One client, whose uplink of 8 Mbit/s carries a byte in a microsecond; one deploy of an image of 4 MB.
_ALONE = """
run = { duration = "1 h", seed = 7 }
topology = { shape = "star" }
nodes.n = { count = 1, capacity = "1 Gbit/s" }
clients.dev = { count = 1, up = "8 Mbit/s", down = "1 Gbit/s", rtt = "2 ms" }
images.app = { rootfs = "4 MB" }
demand = { rate = "2/h", apps = 1, updates = 0.0 }
policies = { route = "central" }
"""


def alone(**changes: object) -> Result:
    return sim.run(Scenario.from_document(tomllib.loads(_ALONE), "alone", changes), engine="reference")


def busy() -> Result:
    """So many deploys that they wait for one another."""
    changes = {"demand.rate": "3000/h", "demand.apps": 20, "clients.dev.up": "50 Mbit/s", "run.duration": "10 min"}
    return alone(**changes)


def test_a_lone_deploy_is_on_its_uplink_for_a_microsecond_a_byte() -> None:
    """Four million bytes over 8 Mbit/s are four seconds of its upload, none of them waited."""
    result = alone()
    found = steps(result.scenario, result.tables, 0)
    upload = [step for step in found if step.phase == "upload" and step.content == "rootfs"]
    assert [step.on.rpartition("-")[2] for step in upload] == ["up"]
    assert upload[0].size_bytes == 4_000_000
    assert upload[0].lasts_s == pytest.approx(4.0, rel=0.02)
    assert upload[0].waited_s == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("make", [alone, busy])
def test_the_stretches_of_every_deploy_add_up(make: type[Result]) -> None:
    """One after another without a gap they are the latency, and what was waited in them is what the row says."""
    result = make()
    deploys = result.tables["deploys"]
    waited_s = np.sum([deploys.column(f"{phase}_waited_s") for phase in PHASES], axis=0)
    for row, number in enumerate(deploys.column("deploy").tolist()):
        found = steps(result.scenario, result.tables, number)
        assert sum(step.lasts_s for step in found) == pytest.approx(deploys.column("latency_s")[row], abs=1e-9)
        assert sum(step.waited_s for step in found) == pytest.approx(waited_s[row], abs=1e-9)
        assert all(after.from_s == pytest.approx(before.until_s, abs=1e-9) for before, after in pairwise(found))
        assert all(-1e-12 <= step.waited_s <= step.lasts_s + 1e-9 for step in found)


def test_phases_take_what_their_rows_say() -> None:
    """Each phase's stretches come to the phase's own column."""
    result = busy()
    found = steps(result.scenario, result.tables, 3)
    row = int(np.flatnonzero(result.tables["deploys"].column("deploy") == 3)[0])
    for phase in PHASES:
        mine_s = sum(step.lasts_s for step in found if step.phase == phase)
        assert mine_s == pytest.approx(result.tables["deploys"].column(f"{phase}_s")[row], abs=1e-9)


def test_waiting_in_a_fault_is_the_outage_s() -> None:
    """The client's line is down when it asks for the deploy: what it waits is on the outage, and nothing else is."""
    asked_s = float(alone().tables["deploys"].column("asked_s")[0])
    cut = {"kind": "link-down", "target": "hub-dev", "at": f"{asked_s - 1} s", "lasts": "20 s"}
    result = alone(faults={"cut": cut})
    times = [(episode.from_s, episode.until_s) for episode in result.episodes]
    found: list[Step] = [step for step in steps(result.scenario, result.tables, 0, times) if step.on == OUTAGE]
    assert found
    assert all(step.waited_s > 0.5 * step.lasts_s for step in found)
    assert OUTAGE not in {step.on for step in steps(result.scenario, result.tables, 0)}


def test_a_deploy_that_is_not_there_is_said() -> None:
    """The option, the number, and how many there are."""
    result = alone()
    with pytest.raises(InputError, match="--deploy: there is no such deploy, got 99; the run has"):
        steps(result.scenario, result.tables, 99)
