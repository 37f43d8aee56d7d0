"""Windows through outages: what a connection has sent by then, what it begins with again, and links that carry less.

The first layer of a push begins to flow at 1.46 s, over a line of 1 MB/s and a round trip of 0.2 s (`small`): a window
of 10 segments of 1,448 bytes in the first round, of 20 in the second.
"""

from __future__ import annotations

from typing import Any

import pytest

from .small import MB, App, Deploy, Seen, demand, exactly, play, scenario

WINDOWS = {"tcp__shares": "windows", "tcp__queue": "60 ms"}
SEGMENT = 1448
BEGINS_S = 1.46


def pushed(*deploys: Deploy, **changes: Any) -> Seen:
    """ROMs of 1 MB are pushed to central."""
    apps = [App(kind=1), App(kind=0)]
    return play(scenario(**(WINDOWS | changes)), demand(deploys or [Deploy(0.0)], apps=apps))


def cut(at_s: float, lasts_s: float = 0.1) -> dict[str, Any]:
    """Central's link is down for a while."""
    return {"kind": "link-down", "target": "hub-central", "at": f"{at_s} s", "lasts": f"{lasts_s} s"}


def parts(seen: Seen) -> list[tuple[float, int]]:
    """The parts in which the root filesystem of the first push came: when each began, and its bytes."""
    return [(start_s, size) for content, _, _, start_s, _, size in seen.bodies("push") if content == "rootfs"]


def test_a_fault_that_meets_nothing_changes_nothing() -> None:
    """With windows and without an outage in their time, deploys take as long as where nothing can fail."""
    two = [Deploy(0.0), Deploy(0.3, app=1)]
    later = {"kind": "registry-slow", "target": "n", "times": 2.0, "at": "5000 s", "lasts": "1 s"}
    one, other = (pushed(*two, run__detail="requests", **faults) for faults in ({}, {"faults__later": later}))
    assert [row["latency_s"] for row in one.deploys()] == exactly([row["latency_s"] for row in other.deploys()])
    assert [body[5] for body in one.bodies("push")] == [body[5] for body in other.bodies("push")]


def test_what_windows_have_sent_by_an_outage_has_got_through() -> None:
    """In a round and a half: one window of 10 segments, and half of one of 20."""
    (_, sent_bytes), *_ = parts(pushed(faults__one=cut(BEGINS_S + 0.3)))
    assert sent_bytes == pytest.approx(20 * SEGMENT, abs=1)


def test_after_a_time_out_a_window_begins_with_one_segment() -> None:
    """Cut again a round and a half after that: one segment, and half of two."""
    again_s, _ = parts(pushed(faults__one=cut(BEGINS_S + 0.3)))[1]
    twice = parts(pushed(faults__one=cut(BEGINS_S + 0.3), faults__two=cut(round(again_s + 0.3, 9))))
    assert twice[1] == (exactly(again_s), pytest.approx(2 * SEGMENT, abs=1))


def test_slow_start_after_a_time_out_ends_at_what_cubic_leaves() -> None:
    """The window was 20: from 1 it doubles to 8, goes to 14, which is 0.7 of 20, and CUBIC's curve begins there: in
    four rounds and a half so much of 1 + 2 + 4 + 8 and half of 14 segments has got through."""
    again_s, _ = parts(pushed(faults__one=cut(BEGINS_S + 0.3)))[1]
    twice = parts(pushed(faults__one=cut(BEGINS_S + 0.3), faults__two=cut(round(again_s + 0.9, 9))))
    assert twice[1][1] == pytest.approx((1 + 2 + 4 + 8 + 7) * SEGMENT, abs=1)


def test_a_link_that_carries_less_holds_windows_back() -> None:
    """From 3 s on it carries 0.3 MB/s, less than the window would send: what is left then takes as long as that takes
    for it. How much is left an outage at 3 s tells."""
    narrow = {"kind": "link-degraded", "target": "hub-central", "at": "3 s", "lasts": "9 s", "to": 0.3}
    (_, sent_bytes), *_ = parts(pushed(faults__one=cut(3.0)))
    _, _, _, began_s, ended_s, size_bytes = pushed(faults__narrow=narrow).bodies("push")[0]
    assert (began_s, size_bytes) == (exactly(BEGINS_S), MB)
    assert ended_s - 3.0 == pytest.approx((MB - sent_bytes) / 300_000, abs=1 / 300_000)


def test_a_client_gives_up_as_without_windows() -> None:
    """An outage of an hour fails the push, by the same reason."""
    failed = [pushed(faults__one=cut(2.0, 3600.0)), pushed(faults__one=cut(2.0, 3600.0), tcp__shares="even")]
    assert [seen.deploys()[0]["reason"] for seen in failed] == [failed[1].deploys()[0]["reason"]] * 2
    assert failed[0].deploys()[0]["failed"]
