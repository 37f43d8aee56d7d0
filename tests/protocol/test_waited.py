"""What of a deploy's time was waiting: all that the same steps would not have taken on idle, whole links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.tables.rows import PHASES
from sim.workload.demand import Demand

from .small import App, Deploy, demand, exactly, play, scenario

#: As many as deploys of one world; each has two nodes of its own, so that nobody opens a connection for another.
APPS = 4


def idle(row: Mapping[str, Any]) -> dict[str, float]:
    """What is left of a deploy's phases without waiting."""
    return {phase: row[f"{phase}_s"] - row[f"{phase}_waited_s"] for phase in PHASES}


def waited_s(row: Mapping[str, Any]) -> float:
    return sum(row[f"{phase}_waited_s"] for phase in PHASES)


def alone(asked: Demand, deploy: int) -> Demand:
    """One deploy of a demand, of the same application, and nothing else."""
    only = slice(deploy, deploy + 1)
    columns = ("at_s", "app", "kernel", "update", "route_draw", "place_draw")
    return replace(asked, image=None, **{name: getattr(asked, name)[only] for name in columns})


@st.composite
def worlds(draw: st.DrawFn, nodes: int) -> tuple[dict[str, Any], Demand]:
    """A few applications of two clients, deployed at nearly the same time, each once and on nodes of its own."""
    apps = [App(draw(st.integers(0, 1)), draw(st.integers(0, 1)), at / APPS) for at in range(APPS)]
    deploys = [Deploy(draw(st.floats(0, 4)), app) for app in range(APPS)]
    deploys.sort()
    direct = draw(st.booleans())
    changes = {
        "policies__route": "node-direct" if direct else "central",
        # Not unikraft: it mounts what others have pushed, and then they save it time.
        "clients__dev__profile": draw(st.sampled_from(["kraftkit", "docker", "oras", "skopeo"])),
        "demand__nodes": nodes,
        "demand__reference": draw(st.sampled_from(["tag", "digest"])),
        "central__workers": draw(st.sampled_from([3, 100])),
        "central__disk": draw(st.sampled_from(["1 GB/s", "700 kB/s"])),
        "clients__dev__window": draw(st.sampled_from(["1 GB", "64 kB"])),
        "images__app__rootfs": draw(st.sampled_from(["1 MB", "40 kB", "10 kB"])),
        "policies__sync__workers": draw(st.sampled_from([1, 10])),
        "policies__sync__delay": draw(st.sampled_from(["0 s", "1 s"])),
    }
    known = draw(st.integers(0, APPS))
    if direct:  # who opens the connection first, a check or a copy, is then no question
        changes["policies__tags__check"] = "absent"
    else:
        changes["policies__create"] = draw(st.sampled_from(["at-once", "poll"]))
        # There have to be nodes to send to, and a deploy's own pull would hold up its own copy.
        if known == APPS and changes["policies__create"] == "poll":
            changes["policies__sync__to_nodes"] = draw(st.sampled_from(["lazy", "on-push"]))
    return changes, demand(deploys, apps, known_apps=known)


@settings(max_examples=settings.default.max_examples // 2)
@given(worlds(nodes=1))
def test_without_waiting_a_deploy_takes_what_it_takes_alone(asked: tuple[dict[str, Any], Demand]) -> None:
    """Phase by phase, for deploys that share clients, central, its workers, its disk and the workers of syncs."""
    changes, together = asked
    chosen = scenario(nodes=2 * APPS, clients=2, **changes)
    for at, row in enumerate(play(chosen, together).deploys()):
        (own,) = play(chosen, alone(together, at)).deploys()
        assert waited_s(own) == exactly(0.0)
        assert idle(row) == pytest.approx({phase: own[f"{phase}_s"] for phase in PHASES}, rel=0, abs=1e-9)
        assert all(0.0 <= row[f"{phase}_waited_s"] <= row[f"{phase}_s"] + 1e-9 for phase in PHASES)


@settings(max_examples=settings.default.max_examples // 2)
@given(worlds(nodes=2), st.sampled_from(["sync-then-pull", "peer", "push-each"]))
def test_on_several_nodes_the_sum_is_what_it_takes_alone(asked: tuple[dict[str, Any], Demand], fanout: str) -> None:
    """The node that is ready last may be another one alone, so that phases differ; what they add up to does not.

    Its own nodes hold each other back: that is waiting, too, and there alone as well.
    """
    changes, together = asked
    chosen = scenario(nodes=2 * APPS, clients=2, **changes, policies__fanout=fanout)
    for at, row in enumerate(play(chosen, together).deploys()):
        (own,) = play(chosen, alone(together, at)).deploys()
        assert row["latency_s"] - waited_s(row) == pytest.approx(own["latency_s"] - waited_s(own), rel=0, abs=1e-9)
        assert all(0.0 <= row[f"{phase}_waited_s"] <= row[f"{phase}_s"] + 1e-9 for phase in PHASES)


FAULT = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["link-down", "link-degraded", "registry-slow", "registry-down"]),
        "where": st.sampled_from(["dev", "n", "central"]),
        "at": st.floats(0, 8),
        "lasts": st.floats(0.1, 6),
        "by": st.sampled_from([0.1, 0.5]),
    }
)


@given(
    st.lists(FAULT, min_size=1, max_size=3),
    st.sampled_from(["central", "node-direct"]),
    st.sampled_from(["kraftkit", "docker", "oras", "skopeo"]),
    st.integers(0, 1),
)
def test_without_waiting_a_deploy_takes_what_it_takes_where_nothing_breaks(
    faults: list[dict[str, Any]], route: str, profile: str, kind: int
) -> None:
    """Outages, back-off, what is sent again, narrower links and slower registries are all waiting, in every phase."""
    named: dict[str, Any] = {}
    for number, fault in enumerate(faults):
        on_link, where = fault["kind"].startswith("link"), fault["where"]
        if not on_link and where == "dev":
            where = "n"
        by = {"link-degraded": {"to": fault["by"]}, "registry-slow": {"times": 1 / fault["by"]}}
        more = by.get(fault["kind"], {})
        named[f"faults__f{number}"] = {
            "kind": fault["kind"], "target": f"hub-{where}" if on_link else where,
            # A body that begins on a narrow link and goes on over a whole one never has the whole one's slow start.
            "at": f"{fault['at']} s", "lasts": "1000 s" if "to" in more else f"{fault['lasts']} s", **more,
        }  # fmt: skip
    changes = {"policies__route": route, "clients__dev__profile": profile, "policies__tags__check": "absent"}
    asked = demand([Deploy(0.0)], [App(kind=kind)])
    (row,) = play(scenario(**changes, **named), asked).deploys()
    (own,) = play(scenario(**changes), asked).deploys()
    assert waited_s(own) == exactly(0.0)
    if not row["failed"]:
        assert idle(row) == pytest.approx({phase: own[f"{phase}_s"] for phase in PHASES}, rel=0, abs=1e-9)


def test_back_off_is_waiting() -> None:
    """The node's registry is down for 2 s: KraftKit is refused at 0.2, tries again 1 s later and 3 s after that.

    Each try is a round trip of 0.2 s; the third, from 4.4 on, opens what it would have opened at 0.
    """
    down = {"kind": "registry-down", "target": "n", "at": "0 s", "lasts": "2 s"}
    (row,) = play(
        scenario(policies__route="node-direct", faults__f=down), demand([Deploy(0.0)], [App(kind=1)])
    ).deploys()
    assert row["login_waited_s"] == waited_s(row) == exactly(4.4)


def test_a_fetch_that_goes_at_its_own_pace_is_nothing_to_wait_for() -> None:
    """A second pull joins a kernel's fetch under way when it begins: nobody holds either up, and neither has waited."""
    seen = play(scenario(images__app__rootfs="10 kB"), demand([Deploy(0.0), Deploy(5.5)]))
    one, other = seen.deploys()
    assert other["coalesced_bytes"] > 0
    assert other["pull_s"] == exactly(10.902 - 8.16)  # when the kernel came
    assert (waited_s(one), waited_s(other)) == (0.0, 0.0)


def test_a_start_waits_for_copies_in_the_queue_before_its_own() -> None:
    """Three clients push to nodes of their own; one worker copies one image after another.

    The first's second node waits for its own copy alone, which is no waiting; the others' wait for those before.
    """
    apps = [App(client=number, kind=1, draw=number / 3) for number in range(3)]
    changes = {"policies__sync__workers": 1, "policies__sync__delay": "0 s", "policies__tags__check": "absent"}
    chosen = scenario(nodes=6, clients=3, policies__route="node-direct", demand__nodes=2, **changes)
    first, second, third = play(chosen, demand([Deploy(0.0, at) for at in range(3)], apps)).deploys()
    copied_s = [row["sync_wait_s"] for row in (first, second, third)]
    assert waited_s(first) == exactly(0.0)
    assert second["sync_wait_waited_s"] == exactly(copied_s[1] - copied_s[0])
    assert third["sync_wait_waited_s"] == exactly(copied_s[2] - copied_s[0])
    assert copied_s[2] - copied_s[1] == exactly(copied_s[1] - copied_s[0])


def test_who_waits_for_a_connection_that_another_opens_waited_for_it() -> None:
    """Four deploys to one node ask central over one connection, whose link is down for 200 s: each pull's own time is
    at most what it takes to open one and ask."""
    changes: dict[str, Any] = {"policies__route": "node-direct"}
    cut = {"kind": "link-down", "target": "hub-central", "at": "5 s", "lasts": "200 s"}
    asked = demand([Deploy(6.0), Deploy(16.0), Deploy(50.0), Deploy(90.0)], [App()])
    rows = play(scenario(**changes, faults__cut=cut), asked).deploys()
    (own,) = play(scenario(**changes), demand([Deploy(6.0)], [App()])).deploys()
    assert [row["failed"] for row in rows] == [False] * 4
    assert min(row["pull_s"] for row in rows) > 100
    for row in rows:
        assert 0 < idle(row)["pull"] < own["pull_s"] + 1e-9
