"""Values at which assumptions turn the verdict, from deploys on idle links, held against whole runs."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

import sim
from sim import engines
from sim.engines import Engine
from sim.experiment.assumptions.idle import BANDS, idle, met, shrunk
from sim.scenario import Scenario
from sim.units import seconds_of

#: A deploy every hour to two nodes, which meets nobody; pushed straight, the second node waits for the copy's delay.
#: Instances are created at once and by tag, so that no poll's interval stands between the delay and the answer.
HOURLY: dict[str, Any] = {
    "run": {"duration": "12 h", "seed": 4, "runs": 3},
    "topology": {"shape": "star"},
    "central": {"rtt": "300 ms", "request_time": "100 ms"},
    "nodes": {"n": {"count": 5}},
    "clients": {"dev": {"count": 3}},
    "images": {"app": {"kernel": "10 MB", "rootfs": "8 MB"}},
    "demand": {"rate": "1/h", "arrivals": "even", "apps": 3, "updates": 1.0, "nodes": 2, "reference": "tag"},
    "policies": {
        "create": "at-once",
        "sync": {"delay": {"value": "5 s", "assumption": True, "range": ["0 s", "120 s"]}},
    },
    "variants": {"central": {"policies.route": "central"}, "direct": {"policies.route": "node-direct"}},
}


def hourly(**changes: Any) -> Scenario:
    """The scenario with changes, `__` for a dot."""
    return Scenario.from_document(
        HOURLY, "hourly.toml", {key.replace("__", "."): value for key, value in changes.items()}
    )


def p50_s(scenario: Scenario, variant: str) -> float:
    return sim.run(scenario, variant=variant).metrics["deploy_latency_s.p50"]


@pytest.mark.parametrize("variant", ["central", "direct"])
@pytest.mark.parametrize("nodes", [1, 2])
def test_an_idle_deploy_takes_what_a_run_says(variant: str, nodes: int) -> None:
    """Where deploys never meet, the small scenario's latency is that of a run, to the microsecond."""
    scenario = hourly(demand__nodes=nodes)
    small = scenario.with_(shrunk(scenario, nodes)).variant(variant)
    asked = met(scenario.variant(variant), 4, 0)
    assert asked is not None
    (found,) = idle(small, [asked])
    assert found.quantile_s(0.5) == pytest.approx(p50_s(scenario, variant), abs=1e-6)


def test_a_run_asks_for_each_case_as_often_as_its_demand_has_it() -> None:
    """Of two groups of clients and two kinds every share is the demand's own; all add up to one."""
    scenario = hourly(
        clients__ops={"share": 3}, images__rom={"rootfs": "1 MB"}, demand__updates=0.5, demand__rate="99/h"
    )
    found = met(scenario.variant("central"), 4, 0)
    assert found is not None
    assert (found.share.shape, found.n, found.share.sum()) == ((2, 2, 2, BANDS), 12 * 99, pytest.approx(1.0))
    deploys = sim.run(scenario, variant="central").deploys
    assert found.share[:, :, 1].sum() == pytest.approx(deploys["update"].mean())
    assert found.share[1].sum() == pytest.approx((deploys["client"] == "ops").mean())


@pytest.mark.parametrize("variant", ["central", "direct"])
def test_idle_deploys_of_images_that_differ_take_what_a_run_says(variant: str) -> None:
    """Of three sizes, which 4, 7 and 1 of 12 deploys draw, every latency is that of a run, to the microsecond."""
    scenario = hourly(images__app__sizes={"list": ["2 MB", "60 MB", "20 MB"], "per": "update"})
    small = scenario.with_(shrunk(scenario, 2)).variant(variant)
    asked = met(scenario.variant(variant), 4, 0)
    assert asked is not None
    assert sorted(asked.share[asked.share > 0] * 12) == pytest.approx([1, 4, 7])
    (found,) = idle(small, [asked])
    latency_s = np.sort(sim.run(scenario, variant=variant).deploys["latency_s"])
    assert latency_s[-1] > 1.4 * latency_s[-2] > 1.4 * latency_s[0]
    expected_s = np.repeat(found.latency_s, np.rint(found.weight * 12).astype(int))
    assert np.sort(expected_s) == pytest.approx(latency_s, abs=1e-6)


def test_lognormal_sizes_are_met_as_often_as_each_other() -> None:
    """Each size stands for an equal part of the kind's distribution, within four standard errors of its share."""
    scenario = hourly(images__app__sizes={"p95": "40 MB", "per": "update"}, demand__rate="400/h")
    found = met(scenario.variant("central"), 4, 0)
    assert found is not None
    by_size = found.share.sum(axis=(0, 1, 2))
    # The ends reach to where the next is as near; equal parts would end half-way in their share.
    assert by_size[1:-1] == pytest.approx(1 / BANDS, abs=4 * np.sqrt(1 / BANDS / found.n) + 0.01)


def test_the_delay_at_which_the_answer_turns() -> None:
    """Pushed straight a deploy takes longer by the delay, so it turns where that is less by what it was slower by."""
    outcome = sim.compare(hourly(), executor="serial")
    (flip,) = [flip for flip in outcome.flips if flip.assumption.name == "policies.sync.delay"]
    slower_s = p50_s(hourly(), "direct") - p50_s(hourly(), "central")
    assert seconds_of(flip.value) == pytest.approx(5.0 - slower_s, rel=0.02)
    before, after = (hourly(policies__sync__delay=f"{seconds_of(flip.value) * by} s") for by in (0.95, 1.05))
    assert p50_s(before, "direct") < p50_s(before, "central") < p50_s(after, "direct")
    assert (flip.faster, flip.slower) == ("central", "direct")
    assert flip.warning("hourly.toml").text == (
        f"central deploys faster than direct at p50; on idle links that turns at about {flip.value} "
        "(assumed 5 s, range 0 s to 120 s)"
    )


def test_the_verdict_tells_what_turns_it_once_that_is_known() -> None:
    """Who has read `flips` has a verdict that names them; to others it says how to ask."""
    asked, known = (sim.compare(hourly(), executor="serial", runs=2, gains=0) for _ in range(2))
    (flip,) = [flip for flip in known.flips if flip.assumption.name == "policies.sync.delay"]
    _, _, turning = known.verdict.partition("On idle links it turns at ")
    assert f"policies.sync.delay of about {flip.value}" in turning  # beside how long central takes to show a push
    assert asked.verdict.endswith("is not asked yet: add --assumptions.")


@pytest.mark.parametrize("executor", ["serial", pytest.param("processes:2", marks=pytest.mark.slow)])
def test_what_turns_it_is_found_by_a_worker_meanwhile(executor: str) -> None:
    """Asked for with the comparison it is what one finds who reads it later, and the verdict has it at once."""
    later = sim.compare(hourly(), executor="serial", runs=2)
    at_once = sim.compare(hourly(), executor=executor, runs=2, gains=1, turns=True)
    assert at_once.flips == later.flips != ()
    assert at_once.known_flips == at_once.flips
    assert at_once.verdict == later.verdict


@pytest.mark.parametrize("engine", get_args(Engine))
def test_idle_answers_are_those_of_any_engine(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> None:
    """Where machine code has been loaded for others it answers, and the answer is the same to the bit."""
    scenario = hourly(demand__nodes=2)
    small = scenario.with_(shrunk(scenario, 2)).variant("direct")
    asked = met(scenario.variant("direct"), 4, 0)
    assert asked is not None
    monkeypatch.setattr(engines, "at_hand", lambda scenario: engine)
    (found,) = idle(small, [asked])
    monkeypatch.undo()
    (known,) = idle(small, [asked])
    assert (found.latency_s.tolist(), found.weight.tolist()) == (known.latency_s.tolist(), known.weight.tolist())


def test_nothing_turns_what_does_not_matter() -> None:
    """With one node a deploy nobody waits for the copy: its delay turns nothing, and the number of nodes does."""
    outcome = sim.compare(hourly(demand__nodes={"value": 1, "assumption": True, "range": [1, 4]}), executor="serial")
    found = {flip.assumption.name: flip.value for flip in outcome.flips}
    assert "policies.sync.delay" not in found
    assert found["demand.nodes"] == 2


def test_no_flip_is_told_where_links_break() -> None:
    """Deploys on idle links say nothing of a scenario whose links fail."""
    fault = {"kind": "link-down", "target": "hub-central", "at": "1 h", "lasts": "1 s"}
    assert sim.compare(hourly(faults__cut=fault), executor="serial").flips == ()


def test_no_flip_is_told_of_starts_without_a_push() -> None:
    """The cases are pushes; of a demand that has starts beside them they say nothing."""
    streams = {"demand.streams.pushes": {}, "demand.streams.more": {"kind": "starts", "of": "pushes"}}
    scenario = Scenario.from_document(HOURLY, "hourly.toml", streams)
    assert met(scenario.variant("central"), 4, 0) is None
    assert sim.compare(scenario, runs=2, executor="serial").flips == ()


@pytest.mark.slow
def test_metros_on_two_nodes_turn_at_a_delay() -> None:
    """Over five metros, on two nodes a deploy, the answer turns between delays of 0.8 s and 3.2 s; so do runs."""
    scenario = sim.load("scenarios/metros.toml", {"demand.nodes": 2, "demand.rate": "3000/day"})
    outcome = sim.compare(scenario, runs=3)
    (flip,) = [flip for flip in outcome.flips if flip.assumption.name == "policies.sync.delay"]
    assert 0.8 < seconds_of(flip.value) < 3.2
    for delay, side in (("0.8 s", -1), ("3.2 s", 1)):
        found = sim.compare(scenario.with_({"policies.sync.delay": delay}), runs=3)
        assert np.sign(found.difference("node-direct", "deploy_latency_s.p50").mean) == side
