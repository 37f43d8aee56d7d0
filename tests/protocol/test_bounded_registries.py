"""Registries that can't keep everything: eviction, expiry, quotas, garbage, and what that does to starts.

A ROM takes 1 MB and a config of 1 kB. Pushed straight to a node at 0 it is published there at 3.801 and wanted at
4.201; a copy to central takes 3.201 s.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.workload.demand import Demand

from .small import MB, App, Deploy, Seen, demand, exactly, play, scenario

DIRECT = {"policies__route": "node-direct", "policies__tags__check": "absent"}
ROMS = [App(kind=1, client=n) for n in range(3)]
#: Room for two ROMs.
TWO = {"nodes__n__storage": "2.1 MB"}


def seen(*deploys: Deploy, apps: list[App] = ROMS, **changes: Any) -> Seen:
    """A run with three clients and one node."""
    return play(scenario(clients=3, **changes), demand(deploys, apps=apps))


def drops(run: Seen, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in run.rows("drops")]


def test_a_full_node_drops_the_image_that_nobody_runs() -> None:
    """Instances end after 10 s; when a third ROM comes, the first, used longest ago, makes room; central has it."""
    run = seen(Deploy(0.0), Deploy(20.0, app=1), Deploy(40.0, app=2), **DIRECT, **TWO, demand__runs_for="10 s")
    assert drops(run, "registry", "repository", "why", "lost", "freed_bytes") == [
        ("n", "org0/app0", "evicted", False, MB + 1000)
    ]
    assert [row["failed"] for row in run.deploys()] == [False] * 3


def test_running_instances_keep_their_images() -> None:
    """Two ROMs run for ever: the third finds no room, and its deploy fails and says so."""
    run = seen(Deploy(0.0), Deploy(20.0, app=1), Deploy(40.0, app=2), **DIRECT, **TWO)
    assert drops(run) == []
    assert [row["reason"] for row in run.deploys()] == ["", "", "disk full"]


def test_the_next_deploy_takes_the_place_of_the_one_before() -> None:
    """An application's second image takes the tag of its first, which the third can then drive out."""
    run = seen(Deploy(0.0), Deploy(20.0), Deploy(40.0), **DIRECT, **TWO)
    assert drops(run, "why", "dropped_s") == [("evicted", exactly(40.0))]
    assert not any(row["failed"] for row in run.deploys())


@pytest.mark.parametrize(("keep", "lost", "reason"), [(False, 1, ""), (True, 0, "disk full")])
def test_an_image_dropped_before_it_got_to_central_is_lost(keep: bool, lost: int, reason: str) -> None:
    """The copy is due after 100 s, the image is dropped after 40: lost, and the copy finds nothing.

    A node that keeps what central lacks refuses the third push instead.
    """
    changes = {**DIRECT, **TWO, "demand__runs_for": "10 s", "policies__keep_unsynced": keep}
    run = seen(Deploy(0.0), Deploy(20.0, app=1), Deploy(40.0, app=2), policies__sync__delay="100 s", **changes)
    assert sum(row["lost"] for row in run.rows("drops")) == lost
    assert run.deploys()[2]["reason"] == reason
    assert [row["state"] for row in run.rows("syncs")] == (["failed"] if lost else []) + ["committed"] * 2


def test_images_expire() -> None:
    """On a node that keeps images for 30 s the ROM of 3.801 is gone at 33.801, and a start then fetches it anew."""
    changes = {"demand__runs_for": "5 s", "demand__sleeps_for": "40 s", "demand__wakes": 1}
    run = seen(Deploy(0.0), nodes__n__ttl="30 s", policies__sync__delay="0 s", **DIRECT, **changes)
    assert drops(run, "why", "lost")[0] == ("expired", False)
    starts = [(row["kind"], row["missed"]) for row in run.rows("starts")]
    assert starts == [("deploy", False), ("wake", False)]
    assert [body[0] for body in run.bodies("pull")] == ["rootfs", "metadata"]


def test_a_start_whose_image_is_lost_misses() -> None:
    """The same when nothing is ever copied to central: the instance does not wake, and the run counts it."""
    changes = {"demand__runs_for": "5 s", "demand__sleeps_for": "40 s", "demand__wakes": 1}
    run = seen(Deploy(0.0), nodes__n__ttl="30 s", policies__sync__to_central="never", **DIRECT, **changes)
    assert drops(run, "why", "lost") == [("expired", True)]
    assert [(row["kind"], row["missed"]) for row in run.rows("starts")] == [("deploy", False), ("wake", True)]


def test_an_image_that_is_still_there_wakes_at_once() -> None:
    """Waking costs a question of central (a connection, a request and its answer, 0.31 s) and the boot, no bytes."""
    changes = {"demand__runs_for": "5 s", "demand__sleeps_for": "40 s", "demand__wakes": 2}
    run = seen(Deploy(0.0), policies__route="node-direct", **changes)
    wakes = [row for row in run.rows("starts") if row["kind"] == "wake"]
    assert len(wakes) == 2
    assert wakes[0]["ready_s"] - wakes[0]["asked_s"] == exactly(0.1 + 0.01 + 0.1 + 0.1)  # the connection is kept open
    assert run.bodies("pull") == []


def test_an_account_over_its_quota_is_refused() -> None:
    """An account may store 1.5 MB at central: its second ROM is refused, another account's is not.

    It is refused by the request that closes its upload, 3.041 s after the push began and with all bytes sent: 100 ms
    forth, two requests with a round trip between, and the answer.
    """
    run = seen(Deploy(0.0), Deploy(20.0), Deploy(40.0, app=1), central__quota="1.5 MB")
    assert [row["reason"] for row in run.deploys()] == ["", "quota exceeded", ""]
    refused = run.deploys()[1]
    assert refused["ended_s"] == exactly(20 + 3.041 + 0.1 + 0.01 + 0.2 + 0.01 + 0.1)
    assert [size for kind, *_, size in run.bodies("push") if kind == "rootfs"] == [MB] * 3
    assert refused["pushed_bytes"] == MB


def test_garbage_gives_quota_back() -> None:
    """Each image is removed 5 s after its deploy; garbage is collected at 30 s, so that a push at 40 s fits again."""
    changes = {"central__quota": "1.5 MB", "policies__garbage__every": "30 s", "run__duration": "60 s"}
    asked = demand([Deploy(0.0), Deploy(20.0), Deploy(40.0)], apps=ROMS)
    run = play(scenario(clients=3, demand__removed_after="5 s", **changes), _removing(asked))
    assert [row["reason"] for row in run.deploys()] == ["", "quota exceeded", ""]
    collected = [freed for why, freed in drops(run, "why", "freed_bytes") if why == "collected"]
    assert collected == [MB + 1000, MB + 1000]  # of the first deploy at 30 s, of the third at 60 s


def test_collected_images_take_no_storage() -> None:
    """An image whose tag moved on is collected at 30 s, so the third ROM finds room and the fourth takes the second's.

    Central has room for two; the first is not dropped once more.
    """
    run = seen(
        Deploy(0.0), Deploy(10.0), Deploy(40.0, app=1), Deploy(50.0, app=2), central__storage="2.1 MB",
        policies__garbage__every="30 s", policies__garbage__untagged=True, run__duration="59 s",
    )  # fmt: skip
    assert [row["reason"] for row in run.deploys()] == ["", "", "", ""]
    assert [(why, freed) for why, freed in drops(run, "why", "freed_bytes")] == [
        ("collected", MB + 1000),
        ("evicted", MB + 1000),
    ]


def test_what_was_removed_still_shows_for_a_while() -> None:
    """A list that trails by 120 s shows a removed image until 120 s after its removal."""
    run = play(scenario(clients=3, demand__removed_after="5 s"), _removing(demand([Deploy(0.0)], apps=ROMS)))
    ((registry, why, dropped_s, shown_until_s),) = drops(run, "registry", "why", "dropped_s", "shown_until_s")
    assert (registry, why) == ("central", "removed")
    assert shown_until_s - dropped_s == exactly(120.0)
    assert [tag for _, tag in run.listed("central", dropped_s + 119)] == ["latest"]
    assert run.listed("central", dropped_s + 121) == []


@pytest.mark.parametrize("deletions", [False, True])
def test_deletions_are_copied_only_if_asked(deletions: bool) -> None:
    """What was pulled to the node stays when it is removed at central, unless deletions are replicated."""
    chosen = scenario(clients=3, demand__removed_after="5 s", policies__sync__deletions=deletions)
    run = play(chosen, _removing(demand([Deploy(0.0)], apps=ROMS)))
    assert [row["registry"] for row in run.rows("drops")] == ["central"] + ["n"] * deletions


def test_pushes_wait_while_garbage_is_collected() -> None:
    """A push at 30 s meets a pause until 40 s: it is ready 10 s later than otherwise, and has waited that long."""
    plain = seen(Deploy(30.0)).deploys()[0]
    paused = seen(
        Deploy(30.0), policies__garbage__every="30 s", policies__garbage__pause="10 s", run__duration="60 s"
    ).deploys()[0]
    assert paused["latency_s"] == exactly(plain["latency_s"] + 10)
    assert paused["login_waited_s"] == exactly(10.0)


def _removing(asked: Demand) -> Demand:
    """The same demand, with every deploy's image removed after it."""
    return replace(asked, removed=np.ones(len(asked), dtype=np.bool_))


def test_a_copy_that_finds_no_room_at_central_backs_off_and_gives_up() -> None:
    """Central has half an image's room: nothing is asked of it, and after its four tries the job has failed."""
    run = seen(
        Deploy(0.0), **DIRECT, central__storage="500 kB", policies__sync__retries=3, policies__sync__backoff="1 s",
    )  # fmt: skip
    assert [(row["state"], row["attempts"], row["size_bytes"]) for row in run.rows("syncs")] == [("failed", 4, 0)]
    assert not any(row["failed"] for row in run.deploys())
