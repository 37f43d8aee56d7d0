"""Both engines leave the same rows, to the last bit: in every scenario that ships, and in random worlds of all
features."""

from __future__ import annotations

import os
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.engines.run import Ran, run
from sim.scenario import Scenario
from sim.streams import Streams
from sim.tables.rows import digest
from sim.workload.demand import Demand
from tests.engines.worlds import world
from tests.protocol import shipped

#: Worlds of each sort in the whole run of the tests; thousands when `RANDOM_WORLDS` says so.
MORE = int(os.environ.get("RANDOM_WORLDS", "150"))


def same(one: Ran, other: Ran) -> None:
    """All rows, what happened, what flowed, and when it was over."""
    assert (one.events, one.flows, one.simulated_s) == (other.events, other.flows, other.simulated_s)
    if digest(one.tables) != digest(other.tables):
        for name, table in one.tables.items():
            for column, values in table.arrays().items():
                assert list(other.tables[name].arrays()[column]) == list(values), (name, column)
        raise AssertionError("the digests differ, and no column does")


def check(chosen: Scenario, asked: Demand) -> None:
    """Run it by both engines."""
    same(*(run(chosen, asked, Streams(chosen.run.seed), engine) for engine in ("reference", "compiled")))


@pytest.mark.usefixtures("machine_code")
@pytest.mark.parametrize("name", shipped.SOME)
def test_shipped_scenarios_are_the_same(name: str) -> None:
    """Every scenario and variant, with a few hundred deploys."""
    chosen = shipped.scenario(name)
    one, other = (sim.run(chosen, engine=engine) for engine in ("reference", "compiled"))
    assert (one.digest, one.events, one.flows) == (other.digest, other.events, other.flows)
    assert one.simulated_s == other.simulated_s


@pytest.mark.usefixtures("machine_code")
@settings(max_examples=settings.default.max_examples // 2)
@given(st.randoms(use_true_random=False))
def test_random_worlds_are_the_same(r: Random) -> None:
    """Whatever a scenario may ask for, faults of all kinds too; what fails is made small."""
    check(*world(r))


@pytest.mark.usefixtures("machine_code")
@pytest.mark.parametrize("faults", [False, True])
@pytest.mark.parametrize("first", [0, pytest.param(1000, marks=pytest.mark.slow)])
def test_many_random_worlds_are_the_same(first: int, faults: bool) -> None:
    """The same over seeds: a dozen, and more of each sort in the whole run of the tests."""
    for seed in range(first, first + (MORE if first else 15)):
        check(*world(Random(seed), faults))
