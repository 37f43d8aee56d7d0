"""Uploads, requests and openings through outages, and what ends a connection: numbers that a reader checks in the head.

Everything is next door here (no delay), so a time-out takes 200 ms and no window has to grow. A body probes at once and
tries again 0.2, 0.6, 1.4, 3.0 and 6.2 s after it was cut, a packet alone after 0.2, 0.4, 0.8, 1.6 and 3.2 s, and a
connection that is being opened after 1, 3, 7 and 15 s. The client pushes a ROM of 1 MB straight to its node: at 0 it
opens a connection, asks six times, each request in 10 ms, and from 0.06 s (after `GET /v2/`, the token, two checks of
the tag, those of two blobs at once, and `POST`) to 1.06 s its bytes are under way.
"""

from __future__ import annotations

from typing import Any

import pytest

from .small import MB, App, Deploy, Seen, demand, exactly, play, scenario

ROM = [App(kind=1)]
NEAR = {
    "policies__route": "node-direct", "policies__tags__check": "absent", "policies__sync__to_central": "never",
    "clients__dev__delay": "0 ms", "nodes__n__delay": "0 ms", "central__delay": "0 ms",
}  # fmt: skip
UP = "hub-dev"


def pushed(*faults: dict[str, Any], **changes: Any) -> Seen:
    """One ROM pushed straight to the node at 0, with these faults."""
    named = {f"faults__f{number}": fault for number, fault in enumerate(faults)}
    return play(scenario(**{**NEAR, **named, **changes}), demand([Deploy(0.0)], apps=ROM))


def fault(kind: str, target: str, at_s: float, runs_until_s: float, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "target": target, "at": f"{at_s} s", "lasts": f"{runs_until_s} s", **more}


def parts(seen: Seen, purpose: str = "push") -> list[tuple[float, float, int]]:
    """When the parts of the root filesystem were under way, and their bytes."""
    return [(began, ended, size) for kind, _, _, began, ended, size in seen.bodies(purpose) if kind == "rootfs"]


@pytest.fixture(scope="module")
def whole() -> Seen:
    """The deploy that meets no fault."""
    return pushed(fault("link-down", UP, 100.0, 1.0))


def test_the_upload_is_where_the_tests_think(whole: Seen) -> None:
    """The bytes take the second from 0.06 on."""
    assert parts(whole) == [(exactly(0.06), exactly(1.06), MB)]


@pytest.mark.parametrize(
    ("runs_until_s", "again_s"), [(0.1, 0.2), (0.19, 0.2), (0.5, 0.6), (1.0, 1.4), (2.0, 3.0), (4, 6.2)]
)
@pytest.mark.parametrize("broken", ["link-down", "link-degraded", "swizzle"])
def test_an_upload_lives_through_a_cut_and_goes_on_with_the_next_try(
    runs_until_s: float, again_s: float, broken: str, whole: Seen
) -> None:
    """Cut at 0.36 s with 300 kB through, it sends the other 700 kB from the next try on, whatever took the capacity."""
    at_s = 0.36
    more = {} if broken == "swizzle" else {"to": 0.0}  # a swizzle of one link clogs it at once, for all its time
    seen = pushed(fault(broken, UP, at_s, runs_until_s, **more))
    (row,) = seen.deploys()
    assert parts(seen) == [
        (exactly(0.06), exactly(0.36), pytest.approx(300_000, abs=1)),
        (exactly(0.36 + again_s), pytest.approx(1.06 + again_s, abs=2e-6), pytest.approx(700_000, abs=1)),
    ]
    assert sum(size for *_, size in parts(seen)) == MB == row["pushed_bytes"] - 10_000
    assert row["latency_s"] == pytest.approx(whole.deploys()[0]["latency_s"] + again_s, abs=2e-6)
    assert row["upload_waited_s"] == pytest.approx(again_s)


def test_bbr_sends_no_probe_and_times_out_first() -> None:
    """Its tries are 0.2, 0.6 and 1.4 s after the cut: as cubic's, whose probe was lost at once."""
    seen = pushed(fault("link-down", UP, 0.36, 1.0), tcp__congestion="bbr")
    assert [began for began, *_ in parts(seen)] == [exactly(0.06), exactly(0.36 + 1.4)]


def test_queues_lengthen_time_outs_where_a_flow_fills_its_link() -> None:
    """With 50 ms of queue: a probe after 0.1 s, time-outs of 0.25, 0.5 and 1 s: tries at 0.1, 0.35, 0.85 and 1.85 s."""
    for runs_until_s, again_s in ((0.05, 0.1), (0.2, 0.35), (0.5, 0.85), (1.0, 1.85)):
        seen = pushed(fault("link-down", UP, 0.36, runs_until_s), tcp__queue="50 ms")
        assert parts(seen)[1][0] == exactly(0.36 + again_s)


def test_a_cut_that_nothing_meets_costs_nothing(whole: Seen) -> None:
    """While the node boots the client's line is down and up again."""
    (row,) = pushed(fault("link-down", UP, 1.15, 0.02)).deploys()
    assert row["latency_s"] == whole.deploys()[0]["latency_s"]


@pytest.mark.parametrize(("runs_until_s", "again_s"), [(0.1, 0.2), (0.3, 0.4), (0.5, 0.8), (1.0, 1.6), (3.0, 3.2)])
def test_a_request_waits_for_its_time_out(runs_until_s: float, again_s: float, whole: Seen) -> None:
    """The token's request would leave at 0.01 s: it leaves again 0.2, 0.4, 0.8, ... s later."""
    (row,) = pushed(fault("link-down", UP, 0.005, runs_until_s)).deploys()
    assert row["latency_s"] == exactly(whole.deploys()[0]["latency_s"] + again_s)
    assert row["login_waited_s"] == exactly(again_s)


def test_an_answer_waits_for_its_time_out(whole: Seen) -> None:
    """The manifest is served at 1.11 s while the line is down: published then, and heard of 0.2 s later."""
    seen = pushed(fault("link-down", UP, 1.105, 0.1))
    (row,) = seen.deploys()
    assert row["latency_s"] == exactly(whole.deploys()[0]["latency_s"] + 0.2)


@pytest.mark.parametrize(("runs_until_s", "again_s"), [(0.5, 1), (2.0, 3), (6.0, 7), (14.9, 15)])
def test_a_connection_is_opened_by_the_next_try(runs_until_s: float, again_s: float, whole: Seen) -> None:
    """The line is down when the client starts: it tries after 1, 3, 7 and 15 s."""
    (row,) = pushed(fault("link-down", UP, 0.0, runs_until_s)).deploys()
    assert row["latency_s"] == exactly(whole.deploys()[0]["latency_s"] + again_s)


def test_a_client_opens_a_connection_for_30_s_at_most() -> None:
    """KraftKit tries three times: 30 s each, 1 s and 3 s between."""
    (row,) = pushed(fault("link-down", UP, 0.0, 1000.0)).deploys()
    assert (row["reason"], row["ended_s"]) == ("connection timed out", exactly(30 + 1 + 30 + 3 + 30))
    assert row["login_waited_s"] == exactly(94)


def test_a_kernel_opens_a_connection_as_often_as_it_is_told() -> None:
    """With two retries it gives up after 1 + 2 + 4 s."""
    (row,) = pushed(fault("link-down", UP, 0.0, 1000.0), tcp__syn_retries=2).deploys()
    assert row["ended_s"] == exactly(7 + 1 + 7 + 3 + 7)


def test_a_kernel_gives_an_upload_up_after_924_6_s() -> None:
    """The client hears of it, waits a second, and can't open another connection for 30 s, twice."""
    (row,) = pushed(fault("link-down", UP, 0.36, 5000.0)).deploys()
    assert row["reason"] == "connection timed out"
    assert row["ended_s"] == exactly(0.36 + 924.6 + 1 + 30 + 3 + 30)


def test_an_upload_that_was_given_up_is_sent_again_from_its_head() -> None:
    """After two time-outs, 0.2 + 0.4 + 0.8 s; up again before KraftKit tries: HEAD, POST and the whole blob."""
    seen = pushed(fault("link-down", UP, 0.36, 2.0), tcp__retries=2)
    (row,) = seen.deploys()
    assert not row["failed"]
    again_s = 0.36 + 1.4 + 1.0
    assert [(sent.requests, sent.at_s) for sent in seen.trace if sent.at_s >= again_s][:2] == [
        ("HEAD blob", exactly(again_s)), ("POST upload", exactly(again_s + 0.01)),
    ]  # fmt: skip
    assert parts(seen)[1] == (exactly(again_s + 0.02), exactly(again_s + 1.02), MB)


def test_who_waits_for_bytes_gives_up_after_five_minutes() -> None:
    """The node's pull is cut after a while: containerd's connection is dead 300 s later, and it asks for the rest."""
    central = {**NEAR, "policies__route": "central"}
    chosen = scenario(**central, faults__f=fault("link-down", "hub-n", 1.5, 300.5))
    seen = play(chosen, demand([Deploy(0.0)], apps=ROM))
    (began, cut_s, got), (again_s, _, rest) = parts(seen, "pull")
    assert (cut_s, got + rest) == (1.5, MB)
    assert 1.5 - began == pytest.approx(got / MB, abs=2e-6)
    assert again_s == exactly(1.5 + 300 + 1.0 + 0.01 + 0.05)  # its wait, `GET blob`, and central's first byte


REPEATED = {
    "kraftkit": (1.0, ["HEAD blob", "POST upload", "PATCH upload, PUT upload"]),
    "docker": (5.0, ["HEAD blob", "POST upload", "PATCH upload, PUT upload"]),
}  # fmt: skip


@pytest.mark.parametrize("profile", REPEATED)
def test_a_reset_upload_starts_at_the_request_that_its_client_repeats(profile: str) -> None:
    """The node's registry restarts in the middle: the client waits, opens a connection and begins at `HEAD`."""
    wait_s, repeated = REPEATED[profile]
    seen = pushed(fault("registry-down", "n", 0.36, 0.1), clients__dev__profile=profile)
    after = [(sent.at_s, sent.requests) for sent in seen.trace if sent.at_s >= 0.36 + wait_s]
    assert [requests for _, requests in after[:3]] == repeated
    assert after[0][0] == exactly(0.36 + wait_s)
    assert [size for *_, size in parts(seen)] == [pytest.approx(300_000, abs=1), MB]


def test_containerds_pusher_sends_the_bytes_again_and_asks_nothing() -> None:
    """10 ms away and reset, it opens a connection at once, and the next it sends are the bytes, all of them."""
    seen = pushed(fault("registry-down", "n", 0.5, 0.001), clients__dev__profile="unikraft", clients__dev__delay="5 ms")
    assert next(sent.requests for sent in seen.trace if sent.at_s >= 0.5) == "PUT upload"
    (_, reset_s, _), (again_s, _, size) = parts(seen)
    assert (reset_s, size) == (0.5, MB)
    assert again_s - reset_s == pytest.approx(0.01, abs=1e-6)


def test_oras_cannot_send_bytes_twice() -> None:
    """A file that was read is read: a reset upload is the end, though oras tries single requests again."""
    (row,) = pushed(fault("registry-down", "n", 0.36, 0.1), clients__dev__profile="oras").deploys()
    assert (row["failed"], row["reason"], row["ended_s"]) == (True, "connection lost", exactly(0.36))


def test_only_the_request_that_failed_is_sent_again() -> None:
    """The registry is down when the token is asked for: `GET /v2/` was answered and is not sent a second time."""
    seen = pushed(fault("registry-down", "n", 0.005, 0.1))
    assert [sent.requests for sent in seen.trace][:2] == ["GET /v2/, POST token", "POST token"]
    assert seen.trace[1].at_s == exactly(0.01 + 1.0)


def test_a_registry_that_restarts_while_the_link_is_down_has_reset_its_connections() -> None:
    """The upload's next try, 1.4 s after the cut, finds no connection: KraftKit begins again a second later."""
    seen = pushed(fault("link-down", UP, 0.36, 1.0), fault("registry-down", "n", 0.5, 0.1))
    assert [size for *_, size in parts(seen)] == [pytest.approx(300_000, abs=1), MB]
    assert parts(seen)[1][0] == exactly(0.36 + 1.4 + 1.0 + 0.02)


def test_a_connection_lives_through_two_cuts_in_a_row() -> None:
    """Cut at 0.36 and back 0.2 s later; 100 kB on it is cut again for 0.5 s, and goes on 0.6 s later."""
    seen = pushed(fault("link-down", UP, 0.36, 0.1), fault("link-down", UP, 0.66, 0.5))
    assert [(began, size) for began, _, size in parts(seen)] == [
        (exactly(0.06), pytest.approx(300_000, abs=1)),
        (exactly(0.56), pytest.approx(100_000, abs=1)),
        (exactly(0.66 + 0.6), pytest.approx(600_000, abs=2)),
    ]


def test_a_cut_while_the_window_grows_leaves_what_it_has_sent() -> None:
    """50 ms there and back: windows of 10 and 20 segments are too small; cut in the second, the first is through."""
    far = {"clients__dev__delay": "25 ms"}
    (began_s, *_), *_ = parts(pushed(fault("link-down", UP, 100.0, 1.0), **far))
    opened_s = began_s - (2 * 0.05 - 3 * 14_600 / MB)
    seen = pushed(fault("link-down", UP, round(opened_s + 0.055, 4), 0.5), **far)
    assert [size for *_, size in parts(seen)] == [10 * 1448, MB - 10 * 1448]


def test_nobody_goes_back_in_time_when_the_fetch_that_he_joined_breaks() -> None:
    """Two starts on one node share a fetch that central breaks off: the second begins anew from then, not earlier."""
    asked = demand([Deploy(0.0), Deploy(1.2, image=0)], apps=ROM)
    chosen = scenario(**{**NEAR, "policies__route": "central"}, faults__f=fault("registry-down", "central", 1.8, 20.0))
    seen = play(chosen, asked)
    assert seen.backward == 0
    assert seen.deploys()[1]["coalesced_bytes"] == 1_001_000  # its config, too
    assert not any(row["failed"] for row in seen.deploys())
