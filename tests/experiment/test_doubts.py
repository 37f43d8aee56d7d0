"""What only an experiment shows to be the wrong question."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.experiment.axes import axis
from sim.experiment.doubts import varied_for_nothing
from sim.scenario import Scenario

#: Ten deploys in an hour, by two clients with a line each.
SMALL: dict[str, Any] = {
    "run": {"duration": "1 h", "seed": 1, "runs": 2},
    "topology": {"shape": "star"},
    "nodes": {"n": {"count": 2}},
    "clients": {"dev": {"count": 2, "up": "50 Mbit/s"}},
    "images": {"app": {"kernel": "10 MB", "rootfs": "8 MB"}},
    "demand": {"rate": "10/h", "arrivals": "even", "apps": 3},
    "variants": {"central": {"policies.route": "central"}, "direct": {"policies.route": "node-direct"}},
}


def small(changes: dict[str, Any] | None = None, **more: Any) -> Scenario:
    return Scenario.from_document({**SMALL, **more}, "small.toml", changes)


def codes(scenario: Scenario) -> list[str]:
    return [warning.code for warning in sim.compare(scenario, executor="serial").warnings]


def test_runs_in_which_nothing_queues() -> None:
    """Deploys six minutes apart never meet; two thousand in an hour over the same two lines do."""
    assert codes(small()) == ["no-contention"]
    assert codes(small({"demand.rate": "2000/h"})) == []


def test_one_variant_with_queues_is_enough() -> None:
    """Where one variant pushes to four nodes at once over one line, its intervals are of queues."""
    variants = {"direct": {"policies.route": "node-direct"}}
    variants["each"] = {**variants["direct"], "policies.fanout": "push-each"}
    assert codes(small({"demand.nodes": 2}, variants=variants)) == []


def test_variants_that_came_out_the_same() -> None:
    """A threshold that every image is below makes the route of all pushes that of the other variant."""
    variants = {
        "direct": {"policies.route": "node-direct"},
        "below": {"policies.route": {"name": "direct-below", "size": "1 GB"}},
        "central": {"policies.route": "central"},
    }
    outcome = sim.compare(small({"demand.rate": "2000/h"}, variants=variants), executor="serial")
    assert [str(warning) for warning in outcome.warnings] == [
        "small.toml: variants.below: came out as variant direct in every run, to the bit"
    ]
    assert outcome.to_json()["warnings"] == [warning.to_json() for warning in outcome.warnings]


def test_variants_known_to_be_the_same_are_told_once() -> None:
    """What the scenario's own warnings say is not said again."""
    scenario = small({"demand.rate": "2000/h"}, variants={"a": {}, "b": {}})
    assert codes(scenario) == ["same-variants"]


@pytest.mark.parametrize(
    ("texts", "named", "warned"),
    [
        (["policies.fanout=peer,push-each"], ["central", "direct"], ["policies.fanout"]),
        (["policies.fanout=peer,push-each", "demand.nodes=1,2"], ["central", "direct"], []),
        (["policies.sync.delay=1 s..9 s"], ["direct"], []),
        (["policies.sync.delay=1 s..9 s"], ["central"], ["policies.sync.delay"]),
        (["policies.sync.delay=1 s..9 s"], ["central", "direct"], []),
        (["clients.dev.up=10 Mbit/s..1 Gbit/s"], ["central", "direct"], []),
    ],
)
def test_axes_without_effect(texts: list[str], named: list[str], warned: list[str]) -> None:
    """A key that has no effect in any variant that is run, at any value of any axis, is varied for nothing."""
    scenario = small()
    found = [*varied_for_nothing(scenario, [axis(text, scenario) for text in texts], named)]
    assert [warning.where for warning in found] == [f"small.toml: {key}" for key in warned]
    assert all(warning.text.startswith("is varied without effect: ") for warning in found)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("central.workers=100..200", "moves nothing: {} at 100 as at 200"),
        ("clients.dev.up=10 Mbit/s..1 Gbit/s", None),
        ("policies.sync.delay=1 s..9 s", "moves nothing in variant central: {} at 1 s as at 9 s"),
    ],
)
def test_a_capacity_is_not_searched_for_in_silence_where_the_key_moves_nothing(text: str, says: str | None) -> None:
    """What no check of the scenario sees, the runs at both ends of the range show: no deploy was moved, or in one."""
    found = sim.capacity(small(), text, ["deploy_latency_s.p95 < 1 h"], runs=2, executor="serial")
    warned = [warning.text for warning in found.warnings if warning.code == "no-effect"]
    assert warned == ([] if says is None else [says.format("every run has the same latencies, bytes and counts")])
    assert found.to_json()["warnings"] == [warning.to_json() for warning in found.warnings]


def test_a_crossover_warns_where_the_key_moves_neither_of_the_two() -> None:
    """That one variant stays as it is, as central does under any delay of copies, is what a crossover is about."""
    for text, warned in (("central.workers=100..200", 1), ("policies.sync.delay=1 s..9 s", 0)):
        found = sim.crossover(small(), text, runs=2, executor="serial")
        assert len([warning for warning in found.warnings if warning.code == "no-effect"]) == warned


def test_a_sweep_carries_the_warning() -> None:
    """What a sweep varies for nothing is among its warnings, and in its document."""
    found = sim.sweep(small(), ["policies.fanout=peer,push-each"], runs=1, executor="serial")
    assert [warning.where for warning in found.warnings] == ["small.toml: policies.fanout"]
    assert found.to_json()["warnings"] == [warning.to_json() for warning in found.warnings]
