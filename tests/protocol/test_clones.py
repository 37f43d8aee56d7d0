"""Instances that start from a template's snapshot: nothing is looked up and nothing is pulled.

A ROM of 1 MB is pushed at 0 and started beside its node at 50. The client's call takes a connection, 0.2 s, and 0.1 s
to the node; booting takes 0.1 s.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import sim
from sim.workload.demand import Demand

from .small import App, Deploy, Seen, demand, exactly, play, scenario


def scaled_out(cloned: bool, *first: Deploy) -> Demand:
    """A push, if any, and a start on one node more."""
    asked = demand([*first, Deploy(50.0, pushes=False, beside=1)], apps=[App(kind=1)])
    return replace(asked, cloned=np.array([*(False for _ in first), cloned]))


def started(cloned: bool, *first: Deploy) -> Seen:
    return play(scenario(nodes=2), scaled_out(cloned, *first))


def test_a_clone_pulls_nothing() -> None:
    """It is ready 0.4 s after it was asked for, on a node without the image; a start that is none pulls 1 MB first."""
    clone, other = (started(cloned, Deploy(0.0)).deploys()[1] for cloned in (True, False))
    assert clone["latency_s"] == exactly(0.2 + 0.1 + 0.1)
    assert (clone["pulled_bytes"], clone["longest_pull_s"], clone["failed"]) == (0, 0.0, False)
    assert other["latency_s"] > 2.0
    assert other["pulled_bytes"] > 1_000_000


def test_a_clone_is_what_its_template_was_made_of() -> None:
    """Its row says the image that was the newest when it was asked for, on the node beside the first."""
    first, second = started(True, Deploy(0.0)).rows("starts")
    assert second["digest"] == second["meant"] == first["digest"]
    assert (first["node"], second["node"]) == ("n1", "n2")
    assert not second["missed"]


def test_what_was_never_pushed_has_no_template() -> None:
    """Then a start looks for its image as any other, and misses it."""
    (row,) = started(True).deploys()
    assert (row["failed"], row["reason"]) == (True, "image not found")


def test_a_stream_of_starts_may_clone() -> None:
    """`clones` is for starts alone: those of a stream pull nothing, and what a stream of deploys does stays."""
    asked = {
        "demand.rate": "20/day", "demand.streams.pushes.rate": "20/day", "demand.streams.more.kind": "starts",
        "demand.streams.more.of": ["pushes"], "demand.streams.more.rate": "20/day",
    }  # fmt: skip
    pulled = {}
    for clones in (False, True):
        chosen = sim.load("presets/two-metros", {**asked, "demand.clones": clones})
        deploys = sim.run(chosen, engine="reference").tables["deploys"]
        starts = deploys.where("route", "start")
        pulled[clones] = [int(deploys.column("pulled_bytes")[mask].sum()) for mask in (starts, ~starts)]
    assert pulled[True][0] == 0 < pulled[False][0]
    assert pulled[True][1] >= pulled[False][1]  # what a start has brought to a node, a deploy need not
