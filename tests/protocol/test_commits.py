"""Commits that take a time by size, and clients that wait no longer for an answer.

A new ROM of 1 MB is pushed by KraftKit in 3.931 s: its upload is closed at 3.361, which the client hears at 3.511. The
blob's first byte takes 0.05 s; at 100 kB/s the commit takes 10 s more.
"""

from __future__ import annotations

from typing import Any

import pytest

from .small import MB, App, Deploy, Seen, demand, exactly, play, scenario

PUSHED_S = 3.931


def pushed(profile: str = "kraftkit", rootfs: str = "1 MB", **keys: Any) -> Seen:
    """A new ROM goes to central, by a client."""
    chosen = scenario(clients__dev__profile=profile, images__rom__rootfs=rootfs)
    settings = {key.replace("__", "."): value for key, value in keys.items()}
    wanted = None if rootfs == "1 MB" else int(rootfs.split()[0]) * 10**9
    asked = demand([Deploy(0.0, rootfs_bytes=wanted)], apps=[App(kind=1)])
    return play(chosen.with_(settings), asked)


def sent_bytes(seen: Seen) -> list[int]:
    """The root filesystems that were sent."""
    return [size_bytes for content, *_, size_bytes in seen.bodies("push") if content == "rootfs"]


def test_a_commit_takes_its_time_by_size() -> None:
    """1 MB at 100 kB/s: the push is 10 s longer, on an idle registry, so that nothing of it was waiting."""
    (row,) = pushed(central__commit_rate="100 kB/s").deploys()
    assert row["push_s"] == exactly(PUSHED_S + 10.0)
    assert row["upload_waited_s"] == exactly(0.0)


def test_a_node_commits_too() -> None:
    """The same of a node that is pushed to."""
    changes = {"nodes__n__commit_rate": "1 MB/s", "policies__route": "node-direct"}
    (slow,), (free,) = pushed(**changes).deploys(), pushed(policies__route="node-direct").deploys()
    assert slow["push_s"] - free["push_s"] == exactly(1.0)


def test_a_client_that_asks_again_finds_what_was_committed_meanwhile() -> None:
    """KraftKit gives up after 9.5 s, waits 1 s, opens a connection and asks: the blob has been there for 0.5 s.

    It closes its upload at 3.251, gives up at 12.751, asks at 13.951 and hears so at 14.161: 0.65 s later than with
    patience, and nothing is sent twice.
    """
    seen = pushed(central__commit_rate="100 kB/s", clients__dev__answer_timeout="9.5 s")
    (row,) = seen.deploys()
    assert row["push_s"] == exactly(PUSHED_S + 10.65)
    assert sent_bytes(seen) == [MB]
    assert row["failed"] == 0


def test_what_is_not_there_yet_is_sent_again() -> None:
    """After 5 s and 1 s the blob is not there: all of it is sent again. That is given up, too; 3 s later it is there,
    from the first time: three tries in all, and the third finds it."""
    seen = pushed(central__commit_rate="100 kB/s", clients__dev__answer_timeout="5 s")
    assert sent_bytes(seen) == [MB, MB]
    assert [sent.requests for sent in seen.trace if sent.requests == "HEAD blob"] == ["HEAD blob"] * 2
    (row,) = seen.deploys()
    assert row["failed"] == 0
    assert row["upload_waited_s"] == exactly(row["upload_s"])


def test_a_push_of_2_GB_dies_after_30_s_without_an_answer() -> None:
    """At 50 MB/s 2 GB take 40 s: the unikraft CLI sends them five times, 30 s each in vain, and fails. At 100 MB/s they
    take 20 s, and it does not."""
    seen = pushed("unikraft", "2 GB", central__commit_rate="50 MB/s")
    (row,) = seen.deploys()
    assert row["reason"] == "no answer within the client's answer_timeout"
    assert sent_bytes(seen) == [2 * 10**9] * 5
    (row,) = pushed("unikraft", "2 GB", central__commit_rate="100 MB/s").deploys()
    assert row["failed"] == 0


@pytest.mark.parametrize("profile", ["kraftkit", "docker", "skopeo", "oras"])
def test_other_clients_wait_as_long_as_it_takes(profile: str) -> None:
    """A commit of 100 s is waited for, unless the scenario says otherwise."""
    (row,) = pushed(profile, central__commit_rate="10 kB/s").deploys()
    assert row["failed"] == 0
    assert row["push_s"] > 100.0


def test_a_client_that_does_not_try_again_fails_at_once() -> None:
    """skopeo has no retries: 2 s after it closed the upload, at 3.131, the push is over."""
    seen = pushed("skopeo", central__commit_rate="100 kB/s", clients__dev__answer_timeout="2 s")
    (row,) = seen.deploys()
    (closed_s,) = [sent.at_s for sent in seen.trace if sent.requests == "PATCH upload, PUT upload"]
    assert row["reason"] == "no answer within the client's answer_timeout"
    assert row["ended_s"] == exactly(closed_s + 0.1 + 0.01 + 0.1 + 2.0)
