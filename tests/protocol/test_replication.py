"""When copies begin, who has to wait for whom, and that registries agree in the end.

As in `test_sync`, a ROM pushed straight to a node at 0 is published there at 3.801; copying it takes 3.201 s over a
new connection, 3.001 over an open one.
"""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.accounting.metrics import metrics
from sim.tables.rows import TOTALS

from .small import MB, App, Deploy, Seen, demand, digest, exactly, phases, play, scenario

ROM = [App(kind=1)]
DIRECT = {"policies__route": "node-direct", "policies__tags__check": "absent"}
FREE = {metric.name: 0.0 for metric in TOTALS if metric.name.startswith("cost")}
THREE = [App(client=0, kind=1, draw=0.0), App(client=1, kind=1, draw=0.4), App(client=2, kind=1, draw=0.8)]


def copies(seen: Seen, *columns: str) -> list[tuple[Any, ...]]:
    """What the table of syncs says, by column."""
    return [tuple(row[column] for column in columns) for row in seen.rows("syncs")]


@pytest.mark.parametrize(
    ("trigger", "started_s"),
    [
        ({"name": "poll", "every": "10 s"}, 10.0),
        ({"name": "poll", "every": "10 s", "offset": "4 s"}, 4.0),
        ({"name": "poll", "every": "10 s", "offset": "3 s"}, 13.0),
        ({"name": "window", "opens": "20 s", "lasts": "5 s"}, 20.0),
        ({"name": "window", "opens": "8 s", "lasts": "5 s"}, 8.801),  # open when the job's delay of 5 s is over
        ({"name": "window", "opens": "2 s", "lasts": "5 s", "every": "30 s"}, 32.0),
        ("on-push", 8.801),
    ],
)
def test_a_trigger_says_when_a_copy_begins(trigger: Any, started_s: float) -> None:
    """What was published at 3.801 is copied at the next poll, when the window is open, or 5 s later."""
    seen = play(scenario(policies__sync__to_central=trigger, **DIRECT), demand([Deploy(0.0)], apps=ROM))
    assert copies(seen, "started_s", "committed_s", "state") == [
        (exactly(started_s), exactly(started_s + 3.201), "committed")
    ]


@pytest.mark.parametrize(("overlap", "started_s"), [(True, 14.203), (False, 15.0)])
def test_a_poll_may_wait_for_the_one_before(overlap: bool, started_s: float) -> None:
    """The poll at 5 copies three images one after another until 14.203; what came at 8.801 was due at 10.

    With overlap it stands in the queue from 10 on, without it waits for the first poll after the others' end.
    """
    trigger = {"name": "poll", "every": "5 s", "overlap": overlap}
    chosen = scenario(
        clients=3, policies__sync__workers=1, policies__sync__to_central=trigger,
        **{"links__hub-n__down": "100 MB/s"}, **DIRECT,
    )  # fmt: skip
    asked = [Deploy(0.0), Deploy(0.0, app=1), Deploy(0.0, app=2), Deploy(5.0)]
    seen = play(chosen, demand(asked, apps=THREE))
    assert [row["started_s"] for row in seen.rows("syncs")] == exactly([5.0, 8.201, 11.202, started_s])


@pytest.mark.parametrize(
    ("again", "overlap", "found"),
    [
        (False, True, [(4.8, 8.001, 4.2)]),
        (True, True, [(4.8, 8.001, 4.2), (7.2, 10.201, math.nan)]),
        (True, False, [(4.8, 8.001, 4.2)]),  # the poll at 7.2 waits, and at 9.6 there is nothing to do
    ],
)
def test_a_poll_may_copy_what_the_one_before_is_bringing(
    again: bool, overlap: bool, found: list[tuple[float, float, float]]
) -> None:
    """The poll at 7.2 has asked by 7.52, and finds neither the layer, which is kept at 7.581, nor the manifest, which
    comes at 8.001: it copies both once more. That at 9.6 finds everything, and what came twice has one lag."""
    trigger = {"name": "poll", "every": "2.4 s", "overlap": overlap, "again": again}
    seen = play(scenario(policies__sync__to_central=trigger, **DIRECT), demand([Deploy(0.0)], apps=ROM))
    assert copies(seen, "started_s", "committed_s", "lag_s") == [
        pytest.approx(row, rel=0, abs=1e-9, nan_ok=True) for row in found
    ]
    assert {row["size_bytes"] for row in seen.rows("syncs")} == {MB + 10_000}
    measured = metrics(scenario(), seen.tables, 0.0, FREE)
    assert (measured["sync_lag_s.mean"], measured["sync_bytes"]) == (exactly(4.2), len(found) * (MB + 10_000))


def test_runs_that_overlap_slow_each_other_down() -> None:
    """Polls every second: the layer flows from 5.411 on, and what the next poll sends of it from 6.211 on. What is left
    of the first by then, 0.2 MB, takes twice the time, and it comes at 7.401 in place of 7.201. The poll at 7 finds the
    layer and no manifest."""
    trigger = {"name": "poll", "every": "1 s", "again": True}
    seen = play(scenario(policies__sync__to_central=trigger, **DIRECT), demand([Deploy(0.0)], apps=ROM))
    assert sorted(copies(seen, "started_s", "saved_bytes")) == [(4.0, 0), (5.0, 0), (6.0, 0), (7.0, MB + 1000)]
    assert seen.rows("syncs")[0]["committed_s"] == exactly(7.401)


def test_what_never_comes_is_tried_until_the_run_is_over() -> None:
    """Central has no space for the image: each poll of the first 20 s tries once, and the run ends."""
    trigger = {"name": "poll", "every": "5 s", "again": True}
    chosen = scenario(
        policies__sync__to_central=trigger, policies__sync__retries=0, central__storage="0.5 MB", run__duration="20 s",
        **DIRECT,
    )  # fmt: skip
    seen = play(chosen, demand([Deploy(0.0)], apps=ROM))
    assert copies(seen, "started_s", "state") == [(at_s, "failed") for at_s in (5.0, 10.0, 15.0, 20.0)]


def test_a_copy_to_a_disk_that_died_is_made_again() -> None:
    """A node that has every blob when it is asked, and none when the manifest comes at 102.51, refuses that.

    A second later it is asked again, over the open connection: 0.42 s, 2.321 for the rootfs and 0.43 to publish.
    """
    chosen = scenario(
        policies__sync__to_nodes="on-push", policies__sync__targets="all", policies__sync__delay="0 s",
        policies__sync__retries=1, policies__sync__backoff="1 s",
        faults__f={"kind": "node-lost", "target": "n", "at": "102.2 s", "lasts": "10 ms"},
    )  # fmt: skip
    seen = play(chosen, demand([Deploy(0.0), Deploy(100.0, image=0)], apps=ROM))
    first, again = copies(seen, "committed_s", "saved_bytes", "size_bytes", "state", "attempts")
    assert first == (exactly(7.442), 0, MB + 10_000, "committed", 1)
    assert again == (exactly(106.681), MB + 1000, MB + 10_000, "committed", 2)


def test_a_run_of_copies_ends_though_a_disk_died_under_it() -> None:
    """Polls that do not overlap go on: a copy that is refused for good is none that is still under way."""
    chosen = scenario(
        policies__sync__to_nodes={"name": "poll", "every": "10 s", "overlap": False}, policies__sync__targets="all",
        policies__sync__retries=0, faults__f={"kind": "node-lost", "target": "n", "at": "110.7 s", "lasts": "10 ms"},
    )  # fmt: skip
    seen = play(chosen, demand([Deploy(0.0), Deploy(100.0, image=0), Deploy(120.0)], apps=ROM))
    assert copies(seen, "started_s", "state") == [(10.0, "committed"), (110.0, "failed"), (130.0, "committed")]


def test_on_demand_central_copies_when_a_start_asks() -> None:
    """A second node wants the image at central at 4.201, which sets the copy going; it is there 3.201 s later."""
    changes = {**DIRECT, "policies__sync__to_central": "lazy"}
    seen = play(scenario(nodes=2, demand__nodes=2, **changes), demand([Deploy(0.0)], apps=ROM))
    assert copies(seen, "started_s", "committed_s") == [exactly((4.201, 7.402))]
    assert phases(seen.deploys()[0])["sync_wait"] == exactly(7.402 - 3.801)
    assert play(scenario(**changes), demand([Deploy(0.0)], apps=ROM)).rows("syncs") == []


def test_central_sends_to_the_nodes_that_hold_the_repository() -> None:
    """An update through central reaches the node that has the application, and no other, before it is asked for."""
    changes = {"policies__sync__to_nodes": "on-push", "policies__sync__delay": "1 s", "demand__nodes": 1}
    seen = play(scenario(nodes=2, **changes), demand([Deploy(0.0), Deploy(50.0)], apps=ROM))
    assert copies(seen, "source", "target", "state") == [("central", "n1", "committed")]
    everywhere = play(scenario(nodes=2, policies__sync__targets="all", **changes), demand([Deploy(0.0)], apps=ROM))
    assert sorted(copies(everywhere, "target")) == [("n1",), ("n2",)]


def test_a_central_that_never_sends_is_not_pulled_from() -> None:
    """With `to_nodes = "never"` an image pushed to central starts nowhere, one pushed to the node starts there."""
    never = {"policies__sync__to_nodes": "never"}
    (row,) = play(scenario(**never), demand([Deploy(0.0)], apps=ROM)).deploys()
    assert row["reason"] == "image not found"
    (row,) = play(scenario(**DIRECT, **never), demand([Deploy(0.0)], apps=ROM)).deploys()
    assert row["latency_s"] == exactly(4.301)


@pytest.mark.parametrize(("queue", "held_up"), [("shared", True), ("per-target", False)])
def test_a_slow_target_holds_up_a_shared_queue(queue: str, held_up: bool) -> None:
    """Three images go to a fast and a very slow node, one at a time each, by two workers.

    In a shared queue both workers end up with the slow node, one of them waiting for it; with a queue for each target
    the fast node has all of them while the slow one is still at its first.
    """
    chosen = scenario(
        nodes=2, clients=3, central__capacity="100 MB/s",
        policies__sync__to_nodes="on-push", policies__sync__targets="all", policies__sync__delay="0 s",
        policies__sync__workers=2, policies__sync__target_workers=1, policies__sync__queue=queue,
        policies__tags__check="absent", **{"links__hub-n2__down": "20 kB/s"},
    )  # fmt: skip
    apps = [App(client=n, kind=1, draw=0.0) for n in range(3)]
    seen = play(chosen, demand([Deploy(0.0), Deploy(0.2, app=1), Deploy(0.4, app=2)], apps=apps))
    fast = [row["committed_s"] - row["published_s"] for row in seen.rows("syncs") if row["target"] == "n1"]
    assert (max(fast) > 30) == held_up  # the slow node takes 50 s for an image
    assert len(fast) == 3


def test_references_in_series_take_longer() -> None:
    """Copied one after another a kernel, a rootfs and a config cost their own checks and round trips each."""
    lags_s = {
        way: play(scenario(policies__sync__references=way, **DIRECT), demand([Deploy(0.0)])).rows("syncs")[0]["lag_s"]
        for way in ("series", "parallel")
    }
    assert lags_s["series"] > lags_s["parallel"] + 1


def test_a_job_keeps_to_its_cap() -> None:
    """At 0.5 MB/s a ROM of 1 MB is on its way for 2 s, though the line would carry it in 1."""
    changes = {**DIRECT, "policies__sync__references": "series", "policies__sync__job_rate": "500 kB/s"}
    seen = play(scenario(**changes), demand([Deploy(0.0)], apps=ROM))
    (body,) = [(ended - started) for kind, _, _, started, ended, _ in seen.bodies("sync") if kind == "rootfs"]
    assert body == exactly(2.0)


def test_copies_to_one_target_share_its_cap() -> None:
    """Two nodes copy 1 MB each to central at once: with 0.5 MB/s for both together that takes 4 s; pushes are free."""
    chosen = scenario(nodes=2, clients=2, policies__sync__target_rate="500 kB/s", **DIRECT)
    apps = [App(client=0, kind=1, draw=0.0), App(client=1, kind=1, draw=0.6)]
    seen = play(chosen, demand([Deploy(0.0), Deploy(0.0, app=1)], apps=apps))
    bodies = [(ended - started) for kind, _, _, started, ended, _ in seen.bodies("sync") if kind == "rootfs"]
    assert bodies == exactly([4.0, 4.0])
    assert [(ended - started) for kind, _, _, started, ended, _ in seen.bodies("push") if kind == "rootfs"] == exactly(
        [1.0, 1.0]
    )


def test_copies_over_one_leg_share_its_cap() -> None:
    """Over the day's copies of `metros`, no two together go faster from site to site than the leg's 100 kB/s."""
    changes = {"demand.rate": "500/day", "policies.sync.leg_rate": "100 kB/s", "run.duration": "6 h"}
    chosen = sim.load(Path(__file__).parents[2] / "scenarios" / "metros.toml", overrides=changes)
    result = sim.run(chosen, variant="node-direct")
    copied = result.transfers.query("purpose == 'sync' and wan and size_bytes > 20000")
    rate_Bps = copied.size_bytes / (copied.ended_s - copied.started_s)
    assert len(copied) > 20
    assert rate_Bps.max() <= 100_000 * (1 + 1e-9)
    assert (rate_Bps < 99_000).any()  # some shared the leg


def test_the_loser_hears_of_it() -> None:
    """A node's clock is 60 s slow: its push 10 s after central's loses, and the node asks central from then on."""
    mix = [{"name": "node-direct", "share": 0.5}, {"name": "central", "share": 0.5}]
    asked = [Deploy(0.0, draw=0.9), Deploy(10.0, draw=0.1)]
    chosen = scenario(policies__route=mix, policies__tags__check="absent")
    seen = play(chosen, demand(asked, apps=ROM), {0.0: lambda here: setattr(here.registry("n"), "skew_s", -60.0)})
    assert copies(seen, "state") == [("stale",)]
    for registry in seen.registries:
        means = seen.tag(registry)
        assert means is not None
        assert means.digest == digest(0)


def test_two_pushes_to_central_end_at_one_instant() -> None:
    """The link comes back at 4 for both, which end together: the second knew of the first, so central and node keep it.

    The node had three pushes of its own by then, which are older.
    """
    mix = [{"name": "node-direct", "share": 0.5}, {"name": "central", "share": 0.5}]
    asked = [*(Deploy(0.0, draw=0.0) for _ in range(3)), Deploy(0.0, draw=0.5), Deploy(2.0, draw=0.5)]
    cut = {"kind": "link-down", "target": "hub-central", "at": "3 s", "lasts": "1 s"}
    chosen = scenario(
        policies__route=mix, policies__sync__to_nodes="on-push", policies__sync__retries=20, faults__f=cut
    )
    seen = play(chosen, demand(asked, apps=ROM))
    means = [seen.tag(registry) for registry in seen.registries]
    assert means[0] is not None
    assert means[0].generation == 2
    assert means[1] == means[0]


@given(data=st.data())
def test_registries_converge(data: st.DataObject) -> None:
    """After random schedules of pushes, every registry that has a tag means the same by it, and central has it.

    However pushes fall on central and nodes, whatever the rule, the triggers and the clocks: once pushes stop, links
    hold and every copy that is owed has been made, all that have the tag mean the same, and central has it if anybody
    has, for a push that broke off published nothing.
    """
    mix = [{"name": "node-direct", "share": 0.5}, {"name": "central", "share": 0.5}]
    count = data.draw(st.integers(1, 6))
    when = st.sampled_from([0.0, 2.0, 10.0]) | st.floats(0, 60)  # some at the same instant
    times = sorted(data.draw(st.lists(when, min_size=count, max_size=count)))
    images = [data.draw(st.none() | st.integers(0, at)) for at in range(count)]  # some go back to an earlier image
    asked = [
        Deploy(at_s, app=0, draw=data.draw(st.floats(0, 0.999)), image=image)
        for at_s, image in zip(times, images, strict=True)
    ]
    skews = st.lists(st.sampled_from([-20.0, 0.0, 20.0]), min_size=4, max_size=4)
    clocks = {at_s: data.draw(skews) for at_s in (0.0, data.draw(st.floats(1, 60)))}  # set once more on the way
    chosen = scenario(
        nodes=3, policies__route=mix, policies__placement=data.draw(st.sampled_from(["sticky", "spread"])),
        policies__conflict=data.draw(st.sampled_from(["last-writer", "central-wins", "registry-order"])),
        policies__sync__to_central=data.draw(st.sampled_from(["on-push", {"name": "poll", "every": "20 s"}])),
        policies__sync__to_nodes=data.draw(st.sampled_from(["on-push", {"name": "poll", "every": "15 s"}])),
        policies__sync__targets=data.draw(st.sampled_from(["holders", "all"])),
        policies__tags__check=data.draw(st.sampled_from(["upstream", "absent"])),
        policies__sync__retries=20, **_faults(data),
    )  # fmt: skip
    spread = demand(asked, apps=ROM)
    spread.place_draw[:] = data.draw(st.lists(st.floats(0, 0.999), min_size=count, max_size=count))

    def skew(here: Seen, skews: list[float]) -> None:
        for registry, skew_s in zip(here.registries, skews, strict=True):
            here.registry(registry).skew_s = skew_s

    set_clocks = {at_s: partial(skew, skews=drawn) for at_s, drawn in clocks.items()}
    seen = play(chosen, spread, set_clocks)
    means = {registry: seen.tag(registry) for registry in seen.registries}
    meant = {publish.digest for publish in means.values() if publish is not None}
    assert len(meant) <= 1, means
    assert (means["central"] is not None) == bool(meant)
    assert meant or chosen.faults


def _faults(data: st.DataObject) -> dict[str, Any]:
    """Up to three links or registries that are down for up to half a minute."""
    found = {}
    for number in range(data.draw(st.integers(0, 3))):
        kind = data.draw(st.sampled_from(["link-down", "registry-down"]))
        host = data.draw(st.sampled_from(["central", "n1", "n2"]))
        at_s, runs_until_s = data.draw(st.integers(0, 80)), data.draw(st.integers(1, 30))
        target = f"hub-{host}" if kind == "link-down" else host
        found[f"faults__f{number}"] = {"kind": kind, "target": target, "at": f"{at_s} s", "lasts": f"{runs_until_s} s"}
    return found
