"""Links and registries that break under deploys: who waits, who tries again, who gives up, and that nothing hangs.

What a link that is down does to connections is in `test_outlast`.

A ROM's rootfs leaves the client at 2.631 (a connection 0.2, login 0.42, checks 0.42, opening an upload 0.21, and the
ramp after 0.8 more) and is at the node at 3.631 if nothing breaks.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.streams import Streams
from sim.workload.outages import outages

from .small import MB, App, Deploy, Seen, demand, exactly, play, scenario

ROM = [App(kind=1)]
DIRECT = {"policies__route": "node-direct", "policies__tags__check": "absent", "policies__sync__to_central": "never"}
UP = "hub-dev"


def broken(*faults: dict[str, Any], **changes: Any) -> Seen:
    """One ROM pushed straight to the node at 0, with these faults."""
    named = {f"faults__f{number}": fault for number, fault in enumerate(faults)}
    return play(scenario(**DIRECT, **named, **changes), demand([Deploy(0.0)], apps=ROM))


def fault(kind: str, target: str, at_s: float, runs_until_s: float, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "target": target, "at": f"{at_s} s", "lasts": f"{runs_until_s} s", **more}


def test_a_fault_that_meets_nobody_changes_nothing() -> None:
    """A link that is down before and after the deploy costs it nothing."""
    (row,) = broken(fault("link-down", UP, 100.0, 5.0)).deploys()
    assert row["latency_s"] == exactly(4.301)


def test_a_request_waits_for_its_link() -> None:
    """The client's line is down from 0 to 5 s: it tries to open a connection at 0, 1, 3 and 7 s."""
    (row,) = broken(fault("link-down", UP, 0.0, 5.0)).deploys()
    assert row["latency_s"] == exactly(4.301 + 7.0)
    assert row["login_waited_s"] == exactly(7.0)


def test_a_registry_that_is_down_refuses_at_once() -> None:
    """The node's registry comes back after 2 s: KraftKit is refused at 0.2 and, a second later, at 1.4; not at 4.4."""
    (row,) = broken(fault("registry-down", "n", 0.0, 2.0)).deploys()
    assert row["latency_s"] == exactly(4.301 + 4.4)
    (row,) = broken(fault("registry-down", "n", 0.0, 1000.0)).deploys()
    assert (row["reason"], row["ended_s"]) == ("registry down", exactly(0.2 + 1 + 0.2 + 3 + 0.2))


def test_a_degraded_link_is_slower() -> None:
    """At a tenth of its rate the client's line carries the megabyte in 10 s."""
    seen = broken(fault("link-degraded", UP, 0.0, 100.0, to=0.1))
    (took_s,) = [ended - started for kind, _, _, started, ended, _ in seen.bodies("push") if kind == "rootfs"]
    assert took_s == exactly(10.0)


def test_a_slow_registry_serves_slower() -> None:
    """Nine requests at ten times 10 ms each take 0.81 s more."""
    plain, slow = broken(), broken(fault("registry-slow", "n", 0.0, 100.0, times=10.0))
    requests = sum(len(sent.requests.split(", ")) for sent in slow.trace)
    assert slow.deploys()[0]["latency_s"] - plain.deploys()[0]["latency_s"] == exactly(0.09 * requests)


@pytest.mark.parametrize("times", [(3.0, 7.0), (1.1, 1.3), (6.7, 0.3)])
def test_a_registry_that_was_slow_and_slower_is_itself_again(times: tuple[float, float]) -> None:
    """Two faults that overlap leave nothing behind, to the last bit: 10 ms a request, and a clock that is right."""
    slow = [fault("registry-slow", "n", 10.0 + at, 20.0, times=by) for at, by in enumerate(times)]
    skew = [fault("clock-skew", "n", 10.0 + at, 20.0, ahead=f"{by} s") for at, by in enumerate(times)]
    node = broken(*slow, *skew).registry("n")
    assert (node.request_s, node.skew_s) == (0.01, 0.0)


def test_a_slow_registry_is_slow_whatever_its_service() -> None:
    """Service times that are drawn are ten times as long, too, while a registry is: the same draws of one seed."""
    fast, slow = (
        broken(*faults, nodes__n__service="exponential").registry("n")
        for faults in ((), (fault("registry-slow", "n", 0.0, 100.0, times=10.0),))
    )
    assert slow.requests == fast.requests
    assert slow.busy_s == exactly(10 * fast.busy_s)


def test_a_node_that_is_lost_takes_its_images_with_it() -> None:
    """Nothing was copied to central: the ROM of the first deploy is lost, the second finds the node empty but up."""
    chosen = scenario(**DIRECT, faults__f=fault("node-lost", "n", 20.0, 5.0))
    seen = play(chosen, demand([Deploy(0.0), Deploy(40.0)], apps=ROM))
    assert [(row["why"], row["lost"]) for row in seen.rows("drops")] == [("broken", True)]
    assert not any(row["failed"] for row in seen.deploys())


def test_a_pull_resumes_where_it_broke_off() -> None:
    """containerd asks for what is missing: the parts of a pull that was reset add up to the blob."""
    central = fault("registry-down", "central", 6.0, 0.5)
    seen = play(scenario(faults__f=central), demand([Deploy(0.0)], apps=ROM))
    parts = [size for kind, *_, size in seen.bodies("pull") if kind == "rootfs"]
    assert len(parts) == 2
    assert sum(parts) == MB


def test_a_copy_backs_off_and_tries_again() -> None:
    """Central is down from 8 to 13 s: the copy due at 8.801 is refused at 9.001, 11.201 and, 4 s later, no more."""
    changes = {**DIRECT, "policies__sync__to_central": "on-push"}
    down = fault("registry-down", "central", 8.0, 5.0)
    (copy,) = play(scenario(faults__f=down, **changes), demand([Deploy(0.0)], apps=ROM)).rows("syncs")
    assert (copy["state"], copy["attempts"]) == ("committed", 3)
    assert copy["started_s"] == exactly(8.801)
    never = play(scenario(faults__f=down, policies__sync__retries=0, **changes), demand([Deploy(0.0)], apps=ROM))
    assert [(row["state"], row["lag_s"]) for row in never.rows("syncs")] == [("failed", float("inf"))]


@pytest.mark.parametrize(("resume", "sent_bytes"), [(True, MB), (False, None)])
def test_a_copy_resumes_or_begins_again(resume: bool, sent_bytes: int | None) -> None:
    """Reset at 11 s a copy sends the rest, or all of the blob again."""
    changes = {**DIRECT, "policies__sync__to_central": "on-push", "policies__sync__resume": resume}
    cut = fault("registry-down", "central", 11.0, 1.0)
    seen = play(scenario(faults__f=cut, **changes), demand([Deploy(0.0)], apps=ROM))
    parts = [size for kind, *_, size in seen.bodies("sync") if kind == "rootfs"]
    assert len(parts) == 2
    assert sum(parts) == sent_bytes or (sent_bytes is None and parts[1] == MB > parts[0] > 0)


def test_a_swizzle_clogs_one_by_one_and_clears_in_another_order() -> None:
    """Of four links the first is down at once, the last for the shortest or longest, and all are up in the end."""
    links = [f"hub-n{number}" for number in range(1, 5)]
    chosen = scenario(nodes=4, faults__f={"kind": "swizzle", "target": links, "at": "10 s", "lasts": "80 s"})
    found = outages(chosen, Streams(1))
    assert [outage.from_s for outage in found] == [10.0, 20.0, 30.0, 40.0]
    assert sorted(outage.until_s for outage in found) == [60.0, 70.0, 80.0, 90.0]
    orders = {tuple(outage.until_s for outage in outages(chosen, Streams(1, run))) for run in range(20)}
    assert len(orders) > 5


def test_drawn_faults_are_the_same_for_all_variants_and_move_no_other() -> None:
    """A fault's outages depend on the seed, the run and its own name."""
    one = {"faults__a": {"kind": "link-down", "target": UP, "between": "1 h", "lasts": "5 min"}}
    two = {**one, "faults__b": {"kind": "registry-down", "target": "central", "between": "2 h"}}
    alone = outages(scenario(**one), Streams(1))
    both = outages(scenario(policies__route="node-direct", **two), Streams(1))
    assert len(alone) > 5
    assert [outage for outage in both if outage.target == UP] == list(alone)
    assert outages(scenario(**one), Streams(1, 1)) != alone


KINDS = {
    "link-down": ["hub-dev", "hub-n1", "hub-n2", "hub-central"], "link-degraded": ["hub-dev", "hub-n1", "hub-central"],
    "registry-down": ["n1", "n2", "central"], "registry-slow": ["n1", "central"], "node-lost": ["n1", "n2"],
    "clock-skew": ["n1", "central"],
}  # fmt: skip


@st.composite
def schedules(draw: st.DrawFn) -> dict[str, Any]:
    """Up to five faults within two minutes."""
    found = {}
    for number in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(sorted(KINDS)))
        at_s, runs_until_s = draw(st.floats(0, 120)), draw(st.floats(0.1, 90))
        found[f"faults__f{number}"] = fault(
            kind, draw(st.sampled_from(KINDS[kind])), round(at_s, 3), round(runs_until_s, 3), to=0.3, ahead="10 s"
        )
    return found


@settings(max_examples=2 * settings.default.max_examples)
@given(schedules(), st.data())
def test_nothing_hangs(faults: dict[str, Any], data: st.DataObject) -> None:
    """Under random faults every deploy ends, ready or failed with a reason, its phases add up and the books balance."""
    changes = {
        "policies__route": data.draw(st.sampled_from(["central", "node-direct", "both"])),
        "policies__fanout": data.draw(st.sampled_from(["sync-then-pull", "peer", "push-each"])),
        "policies__sync__to_nodes": data.draw(st.sampled_from(["lazy", "on-push"])),
        "clients__dev__profile": data.draw(st.sampled_from(["kraftkit", "unikraft", "docker", "skopeo", "oras"])),
        "demand__nodes": data.draw(st.integers(1, 2)),
    }
    asked = [Deploy(at_s) for at_s in sorted(data.draw(st.lists(st.floats(0, 100), min_size=1, max_size=5)))]
    seen = play(scenario(nodes=2, **changes, **faults), demand(asked, apps=[App(kind=data.draw(st.integers(0, 1)))]))
    rows = seen.deploys()
    assert [row["deploy"] for row in rows] == list(range(len(asked)))
    for row in rows:
        assert row["failed"] == bool(row["reason"])
        marks = sum(row[f"{name}_s"] for name in ("login", "checks", "upload", "commit", "sync_wait", "pull", "boot"))
        assert marks == pytest.approx(row["ended_s"] - row["asked_s"], abs=1e-6)
    pushed = sum(size for *_, size in seen.bodies("push"))
    pulled = sum(size for *_, size in seen.bodies("pull"))
    assert (pushed, pulled) == (sum(row["pushed_bytes"] for row in rows), sum(row["pulled_bytes"] for row in rows))
    assert not any(seen.arriving(registry) for registry in seen.registries)
