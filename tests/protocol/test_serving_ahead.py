"""What requests that are served ahead as one stretch take of a registry's workers: their service, and no more."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.result import Result

from .shipped import FOLDER
from .small import App, Deploy, demand, exactly, play, scenario


@pytest.mark.parametrize("detail", ["phases", "requests"])
@pytest.mark.parametrize(("workers", "asked_s"), [(1, [0.0, 0.012]), (2, [0.0, 0.35, 0.36])])
def test_a_request_under_way_holds_no_worker_yet(detail: str, workers: int, asked_s: list[float]) -> None:
    """Of clients whose requests are never served at one instant, none waits for a worker."""
    # A login is served 0.3 s after the deploy is asked for: two requests of 10 ms that are 0.21 s apart.
    apps = [App(client=client, kind=1) for client in range(len(asked_s))]
    asked = [Deploy(at_s, app=app) for app, at_s in enumerate(asked_s)]
    chosen = scenario(clients=len(apps), central__workers=workers, run__detail=detail)
    rows = play(chosen, demand(asked, apps=apps)).deploys()
    assert [row["login_s"] for row in rows] == exactly([0.62] * len(apps))
    assert [row["login_waited_s"] for row in rows] == [0] * len(apps)


def both(**changes: Any) -> list[Result]:
    """The default scenario, everything through central, requests merged and one by one."""
    path = FOLDER / "metros.toml"
    return [sim.run(sim.load(path, {**changes, "run.detail": detail}, "central")) for detail in ("phases", "requests")]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("workers", "request_time", "a_day", "minutes", "busy"),
    [(1, "5 ms", 200_000, 10, 0.25), (4, "5 ms", 200_000, 20, 0.06), (4, "20 ms", 500_000, 5, 0.45)],
)
def test_serving_ahead_is_right_for_few_workers(
    workers: int, request_time: str, a_day: int, minutes: int, busy: float
) -> None:
    """Whether few workers idle or are busy, serving ahead moves the mean, p50 and p99 of latency by less than 0.5 %."""
    changes = {"central.workers": workers, "central.request_time": request_time, "demand.rate": f"{a_day}/day"}
    merged, one_by_one = both(**changes, **{"run.duration": f"{minutes} min"})
    central = one_by_one.registries.set_index("registry").loc["central"]
    assert central.busy_s / (workers * one_by_one.simulated_s) == pytest.approx(busy, abs=0.05)
    for statistic in ("mean", "p50", "p99"):
        name = f"deploy_latency_s.{statistic}"
        assert merged.metrics[name] == pytest.approx(one_by_one.metrics[name], rel=0.005)
