"""What requests that are booked as one stretch take of a registry's workers: their service, and no more."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.result import Result

from .shipped import FOLDER
from .small import App, Deploy, demand, exactly, play, scenario


@pytest.mark.parametrize("detail", ["phases", "requests"])
def test_a_request_under_way_holds_no_worker_yet(detail: str) -> None:
    """Of three clients whose requests are never served at one instant, none waits for either of two workers."""
    # Logins are served from 0.3, 0.65 and 0.66 s on, two requests of 10 ms that are 0.21 s apart.
    apps = [App(client=client, kind=1) for client in range(3)]
    asked = [Deploy(0.0), Deploy(0.35, app=1), Deploy(0.36, app=2)]
    seen = play(scenario(clients=3, central__workers=2, run__detail=detail), demand(asked, apps=apps))
    assert [row["login_s"] for row in seen.deploys()] == exactly([0.62] * 3)
    assert [row["login_waited_s"] for row in seen.deploys()] == [0, 0, 0]


def both(**changes: Any) -> list[Result]:
    """The default scenario, everything through central, booked and one by one."""
    path = FOLDER / "metros.toml"
    return [sim.run(sim.load(path, {**changes, "run.detail": detail}, "central")) for detail in ("phases", "requests")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("workers", "request_time", "a_day", "minutes", "busy"),
    [(1, "5 ms", 200_000, 10, 0.2), (4, "5 ms", 200_000, 20, 0.06), (4, "20 ms", 500_000, 5, 0.57)],
)
def test_booking_is_right_for_few_workers(
    workers: int, request_time: str, a_day: int, minutes: int, busy: float
) -> None:
    """Whether few workers idle or are busy, booking moves the mean, p50 and p99 of latency by less than 0.5 %."""
    changes = {"central.workers": workers, "central.request_time": request_time, "demand.rate": f"{a_day}/day"}
    booked, one_by_one = both(**changes, **{"run.duration": f"{minutes} min"})
    central = one_by_one.registries.set_index("registry").loc["central"]
    assert central.busy_s / (workers * one_by_one.simulated_s) == pytest.approx(busy, abs=0.05)
    for statistic in ("mean", "p50", "p99"):
        name = f"deploy_latency_s.{statistic}"
        assert booked.metrics[name] == pytest.approx(one_by_one.metrics[name], rel=0.005)
