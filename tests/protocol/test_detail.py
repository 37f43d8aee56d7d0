"""`run.detail`: requests served ahead as one stretch give what they give one by one, where workers are mostly idle."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.result import Result

from .shipped import FOLDER
from .small import Deploy, demand, exactly, play, scenario

DETAILS = ("phases", "requests")


@pytest.mark.parametrize("route", ["central", "node-direct", "both"])
def test_in_an_idle_world_detail_changes_nothing(route: str) -> None:
    """A first push and an update with nobody else about: the same requests, rows and bodies either way."""
    merged, one_by_one = (
        play(
            scenario(nodes=2, demand__nodes=2, policies__route=route, run__detail=detail),
            demand([Deploy(0.0), Deploy(100.0)]),
        )
        for detail in DETAILS
    )
    assert sorted(merged.trace) == sorted(one_by_one.trace)
    for table in ("deploys", "transfers", "registries", "syncs"):
        pairs = zip(merged.rows(table), one_by_one.rows(table), strict=True)
        for row, other in pairs:
            numbers = {name: value for name, value in row.items() if not isinstance(value, str)}
            assert numbers == exactly({name: other[name] for name in numbers})
            assert all(other[name] == value for name, value in row.items() if name not in numbers)


def test_requests_one_by_one_are_more_events() -> None:
    """Serving ahead spares the clock more than a third of its events; what others see is an event either way."""
    events = [play(scenario(run__detail=detail), demand([Deploy(0.0)])).events() for detail in DETAILS]
    assert 3 * events[0] < 2 * events[1]


def both(variant: str, **changes: Any) -> list[Result]:
    """The default scenario at 5,000 deploys a day with either detail, same seed."""
    few = {"demand.rate": "5000/day", **changes}
    return [sim.run(sim.load(FOLDER / "metros.toml", {**few, "run.detail": detail}, variant)) for detail in DETAILS]


@pytest.mark.integration
@pytest.mark.parametrize("variant", ["central", "node-direct"])
def test_detail_moves_the_tail_by_less_than_a_hundredth(variant: str) -> None:
    """Over a day of the default scenario the p99 of deploy latency is the same to 1 %, and the work is the same."""
    merged, one_by_one = both(variant)
    name = "deploy_latency_s.p99"
    assert merged.metrics[name] == pytest.approx(one_by_one.metrics[name], rel=0.01)
    assert merged.metrics["wan_bytes"] == one_by_one.metrics["wan_bytes"]
    assert (merged.registries.requests == one_by_one.registries.requests).all()
    assert merged.registries.busy_s.tolist() == pytest.approx(one_by_one.registries.busy_s.tolist())


@pytest.mark.integration
def test_detail_hardly_matters_where_requests_queue() -> None:
    """With a single worker that is busy two fifths of the time, mean and p99 still agree to 2 %."""
    alike = {"run.duration": "6 h", "demand.weights": [1] * 24}
    slow = {"central.workers": 1, "central.request_time": "300 ms", **alike}
    merged, one_by_one = both("central", **slow)
    central = one_by_one.registries.set_index("registry").loc["central"]
    assert central.busy_s / one_by_one.simulated_s == pytest.approx(2 / 5, abs=0.05)
    for name in ("deploy_latency_s.mean", "deploy_latency_s.p99"):
        assert merged.metrics[name] == pytest.approx(one_by_one.metrics[name], rel=0.02)
