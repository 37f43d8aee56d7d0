"""What limits of requests did, in the accounts of a run: the metric, what held deploys back, and its doubling."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.accounting.held_back import Holder
from sim.experiment.doubling import doublings
from sim.scenario import Scenario

DOCUMENT: dict[str, Any] = {
    "run": {"duration": "1 h", "seed": 1},
    "topology": {"shape": "star"},
    "central": {"rtt": "0 s", "first_byte": "0 s", "request_time": "1 ms"},
    "nodes": {"n": {"count": 4, "rtt": "20 ms", "first_byte": "0 s"}},
    "clients": {"dev": {"up": "80 Mbit/s", "rtt": "0 s"}},
    "images": {"app": {"rootfs": "1 MB", "boot": "1 s"}},
    "demand": {"rate": "1/h", "arrivals": "even", "apps": 1, "updates": 0.0, "nodes": 4},
}
ONE_A_SECOND = {
    "central.limits.registry.rate": "1/s", "central.limits.registry.burst": 1,
    "central.limits.registry.counts": "pulls",
}  # fmt: skip


@pytest.fixture(scope="module")
def limited() -> sim.Result:
    """Four nodes pull at once from a registry that answers one a second."""
    return sim.run(Scenario.from_document(DOCUMENT, "one").with_(ONE_A_SECOND), engine="reference")


def test_refused_requests_are_a_metric(limited: sim.Result) -> None:
    """It counts every answer 429, as the table of limits does; a run without limits has none."""
    table = limited.limits
    assert limited.metrics["refused_requests"] == table["refused"].sum() > 0
    assert table["passed"].tolist() == [4]
    free = sim.run(Scenario.from_document(DOCUMENT, "one"), engine="reference")
    assert (free.metrics["refused_requests"], len(free.limits)) == (0.0, 0)


def test_what_is_waited_to_ask_again_is_the_limits(limited: sim.Result) -> None:
    """Of three that are refused, and go on asking for 0.1 s each time, one passes whenever the platform starts them
    again 5 s, 10 s and 20 s later, so that the last does after 35 s. What the deploy takes longer is the limits'.
    """
    free = sim.run(Scenario.from_document(DOCUMENT, "one"), engine="reference")
    late_s = limited.metrics["deploy_latency_s.max"] - free.metrics["deploy_latency_s.max"]
    kinds = {part.holder.kind: part.held_s for part in limited.held_back.parts}
    assert 35.0 < late_s < 36.0
    assert "workers" not in kinds
    assert kinds["limits"] == pytest.approx(late_s, abs=0.05)


def test_doubling_a_limit_doubles_rate_and_burst(limited: sim.Result) -> None:
    """Of what held deploys back most the two keys are overridden."""
    (thing, overrides), *_ = doublings(limited.scenario, [limited.held_back], 1)
    assert thing.has(Holder("limits", "central"))
    assert dict(overrides) == {"central.limits.registry.rate": "2/s", "central.limits.registry.burst": 2}
