"""What of a deploy's time was waiting: all that the same steps would not have taken on idle, whole links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.rows import PHASES
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
    """One deploy of a demand, of the same application and image, and nothing else."""
    only = slice(deploy, deploy + 1)
    assert asked.image is not None
    columns = ("at_s", "app", "kernel", "update", "route_draw", "place_draw", "image")
    return replace(asked, **{name: getattr(asked, name)[only] for name in columns})


@st.composite
def worlds(draw: st.DrawFn, nodes: int) -> tuple[dict[str, Any], Demand]:
    """A few applications of two clients, deployed at nearly the same time, each once and on nodes of its own."""
    apps = [App(draw(st.integers(0, 1)), draw(st.integers(0, 1)), at / APPS) for at in range(APPS)]
    # Images that are there at the start are numbered from the number of deploys on.
    deploys = [Deploy(draw(st.floats(0, 4)), app, image=100 + app) for app in range(APPS)]
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


@settings(max_examples=100, deadline=None)
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


@settings(max_examples=100, deadline=None)
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


@settings(max_examples=150, deadline=None)
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
