"""Counterfactuals: a deploy is paired with itself, one direction of one link is doubled, what it saves is said."""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
import pytest

import sim
from sim.experiment.counterfactuals import Counterfactual, counterfactuals, held, only, slowest
from sim.experiment.doubling import doubled_direction
from sim.result import Result
from sim.scenario import Scenario

_LINE = """
run = { duration = "1 h", seed = 7 }
topology = { shape = "star" }
nodes.n = { count = 1, capacity = "10 Gbit/s" }
clients.dev = { count = 3, up = "8 Mbit/s", down = "1 Gbit/s", rtt = "2 ms" }
images.app = { rootfs = "4 MB" }
demand = { rate = "30/h", apps = 3, updates = 0.5 }
policies = { route = "central" }
"""


@pytest.fixture(scope="module")
def result() -> Result:
    return sim.run(Scenario.from_document(tomllib.loads(_LINE), "line"), engine="reference")


def asked(result: Result, number: int) -> tuple[Counterfactual, ...]:
    return counterfactuals(result, lambda world: only(world, number), number, most=1, runs=2, engine="reference")


def test_doubling_its_uplink_saves_a_deploy_half_of_what_it_sent(result: Result) -> None:
    """Four seconds over 8 Mbit/s are two over 16: it saves two seconds, and its saving has no interval to need."""
    deploys = result.tables["deploys"]
    row = int(np.flatnonzero(deploys.column("pushed_bytes") > 4e6)[0])
    (found,) = asked(result, int(deploys.column("deploy")[row]))
    assert found.thing.kind == "direction"
    assert found.thing.name.endswith("-up")
    assert deploys.column("client")[row] in found.thing.name
    assert found.saves.mean == pytest.approx(2.0, rel=0.05)
    assert (found.saves.n, found.all_save.n, found.lost) == (1, 2, 0)


def rates_Bps(result: Result) -> dict[str, float]:
    """What each direction of each link can carry."""
    links = result.tables["links"]
    return dict(zip(links.column("link"), links.column("capacity_Bps").tolist(), strict=True))


def test_one_direction_of_one_link_is_doubled_and_no_other(result: Result) -> None:
    """Three clients have a line each: twice the first one's uplink leaves the other five directions as they are."""
    overrides = doubled_direction(result.scenario, "hub-dev1-up")
    before = rates_Bps(result)
    after = rates_Bps(sim.run(result.scenario.with_(dict(overrides)), engine="reference"))
    assert after.pop("hub-dev1-up") == 2 * before.pop("hub-dev1-up")
    assert after == before
    assert doubled_direction(result.scenario, "no-such-up") == ()


def test_the_slowest_are_so_many_and_the_slowest(result: Result) -> None:
    """A tenth of them is the nearest whole number, none of the others took longer, and of few there is one."""
    latency_s = result.tables["deploys"].column("latency_s")
    found = slowest(result, 0.1)
    assert found.sum() == round(0.1 * len(latency_s))
    assert latency_s[found].min() >= latency_s[~found].max()
    assert slowest(result, 1e-6).sum() == 1


def test_what_held_one_deploy_adds_up_to_its_latency(result: Result) -> None:
    """The same seconds as for all deploys, of one alone."""
    latency_s = result.tables["deploys"].column("latency_s")
    numbers = result.tables["deploys"].column("deploy")
    for row in range(5):
        parts = held(result, only(result, int(numbers[row]))).parts
        assert sum(part.held_s for part in parts) == pytest.approx(latency_s[row], abs=1e-9)


def test_a_share_saves_with_an_interval_over_runs(result: Result) -> None:
    """Of each run its own slowest count: with three runs the mean saving has bounds."""
    (found,) = counterfactuals(result, lambda world: slowest(world, 0.2), most=1, runs=3, engine="reference")
    assert found.saves.n == 3
    assert found.saves.known
    assert found.saves.mean > 0


def test_deploys_that_fail_in_both_worlds_save_nothing(document: dict[str, Any]) -> None:
    """An outage fails some deploys whatever is doubled; the others' saving is told, and nothing is warned of."""
    document["faults"] = {"cut": {"kind": "link-down", "target": "dev1", "at": "10 min", "lasts": "20 min"}}
    cut = sim.run(Scenario.from_document(document, "cut").variant("central"), engine="reference")
    assert cut.failures.failed
    found = counterfactuals(cut, lambda world: slowest(world, 1.0), most=1, runs=1, engine="reference")
    assert [each.saves.mean > 0 for each in found] == [True]
