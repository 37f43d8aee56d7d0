"""A run made again and looked at: what is seen of its requests is what its rows have counted."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import sim
from sim.engines.requests_seen import NO_ANSWER, NOT_FOUND, TOO_MANY, Request, Seen
from sim.errors import InputError
from sim.result import Result
from sim.runner import look
from tests.small_question import scenario

__all__ = ["scenario"]

_ALL = {"run.detail": "requests"}


def seen_of(run: sim.Scenario) -> tuple[Result, Seen]:
    """A run, and all that there is to see of it."""
    result = sim.run(run, engine="reference")
    return result, look(result, frozenset(result.tables["deploys"].column("deploy").tolist()), 0.0, float("inf"))


def counted(seen: Seen, result: Result) -> dict[str, tuple[int, float, float]]:
    """By registry: requests that were served, the workers' time for them, and how long they waited for it."""
    requests = Counter(one.registry for one in seen.requests if one.served)
    busy_s, waited_s = Counter[str](), Counter[str]()
    for one in seen.services:
        busy_s[one.registry] += one.served_s - one.began_s  # type: ignore[assignment]
        waited_s[one.registry] += one.began_s - one.arrived_s  # type: ignore[assignment]
    names = result.tables["registries"].column("registry")
    return {name: (requests[name], float(busy_s[name]), float(waited_s[name])) for name in names}


@pytest.mark.parametrize(
    "changes",
    [
        {"policies.route": "node-direct", "demand.nodes": 2},
        {"central.workers": 1, "central.request_time": "2 s"},
        {"central.limits": {"account": {"rate": "20/min", "burst": 5}}},
        {"faults.cut": {"kind": "link-down", "target": "hub-n1", "at": "5 min", "lasts": "10 min"}},
    ],
    ids=["node-direct", "queues", "limits", "outage"],
)
def test_requests_and_services_are_those_that_registries_count(scenario: sim.Scenario, changes: dict[str, Any]) -> None:
    """All requests of all deploys are as many as registries served, and workers were busy, and waited for, as long."""
    result, seen = seen_of(scenario.variant("central").with_({**_ALL, **changes}))
    table = result.tables["registries"]
    rows = zip(*(table.column(name) for name in ("registry", "requests", "busy_s", "waited_s")), strict=True)
    for name, requests, busy_s, waited_s in rows:
        assert counted(seen, result)[name] == (requests, pytest.approx(busy_s), pytest.approx(waited_s))
    assert any(one.served for one in seen.requests)


def _times(one: Request) -> tuple[float, ...]:
    return one.sent_s, one.left_s, one.arrived_s, one.began_s, one.served_s, one.answered_s, one.ended_s


def test_a_request_s_times_follow_one_another(scenario: sim.Scenario) -> None:
    """It leaves, arrives, is served and answered in this order, and within the time of its deploy unless it copies."""
    result, seen = seen_of(scenario.variant("node-direct").with_({**_ALL, "demand.nodes": 2}))
    deploys = result.tables["deploys"]
    ended_s = dict(zip(deploys.column("deploy").tolist(), deploys.column("ended_s").tolist(), strict=True))
    for one in seen.requests:
        assert all(a <= b + 1e-9 for a, b in zip(_times(one), _times(one)[1:], strict=False))
        assert one.purpose == "sync" or one.ended_s <= ended_s[one.deploy] + 1e-9
    assert NOT_FOUND in {one.status for one in seen.requests if one.name == "HEAD blob"}


def test_bodies_of_requests_are_the_transfers(scenario: sim.Scenario) -> None:
    """The bytes that PATCH and GET of blobs carry are those of the table, but for blobs that trail along."""
    result, seen = seen_of(scenario.variant("central").with_(_ALL))
    sent = sum(one.sent_bytes for one in seen.requests if one.name == "PATCH upload")
    got = sum(one.received_bytes for one in seen.requests if one.name == "GET blob")
    bodies = result.transfers[result.transfers.content != "metadata"].groupby("purpose").size_bytes.sum()
    assert (sent, got) == (bodies["push"], bodies["pull"])


def test_what_is_refused_or_lost_is_seen(scenario: sim.Scenario) -> None:
    """A request beyond a limit has the status 429, and one that an outage swallowed for good has none."""
    limited = {"central.limits": {"account": {"rate": "20/min", "burst": 5}}}
    _, seen = seen_of(scenario.variant("central").with_({**_ALL, **limited}))
    assert TOO_MANY in {one.status for one in seen.requests}
    direct = scenario.variant("node-direct").with_(_ALL)
    first = sim.run(direct, engine="reference").deploys.sort_values("asked_s").iloc[0]
    link = f"hub-{first.client}"  # goes down while the first deploy sends its layer, for longer than TCP tries
    cut = {"kind": "link-down", "target": link, "at": f"{first.asked_s + 0.3} s", "lasts": "30 min"}
    _, seen = seen_of(direct.with_({"faults.cut": cut}))
    (lost, *_) = (one for one in seen.requests if one.status == NO_ANSWER)
    assert (lost.deploy, lost.name) == (first.deploy, "PATCH upload")


def test_a_result_of_other_rows_is_told_from_this_one(scenario: sim.Scenario) -> None:
    """Where the same seed makes other rows no requests are shown for them."""
    central = scenario.variant("central")
    other, own = (sim.run(central, seed=seed, engine="reference") for seed in (1, 2))
    own.tables["deploys"] = other.tables["deploys"]
    with pytest.raises(InputError, match="has other rows when it is run again"):
        look(own, frozenset(), 0.0, 0.0)
