"""Token buckets: who passes, who is told to wait and for how long, and what each client makes of it."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.protocol.limits import limit_rows, limit_table
from sim.protocol.ops.rate_limits import passes_limits
from sim.protocol.state import LAYOUT
from sim.records import ObjectState
from sim.registry.clients import PROFILES
from sim.scenario.model.limits import RateLimits

from .small import App, Deploy, Seen, demand, exactly, play, scenario


class Asked:
    """One registry with limits, asked by machines of accounts, without a network in between."""

    def __init__(self, **limits: Any) -> None:
        rows = limit_rows(0, RateLimits.model_validate(limits))
        state: Any = ObjectState(
            LAYOUT,
            {
                **limit_table(rows), "registries": LAYOUT.rows("registries", 1), "tasks": LAYOUT.rows("tasks", 1),
                "machines": LAYOUT.rows("machines", 9), "names": LAYOUT.rows("names", 9),
                "repository_account": np.arange(9), "entries": LAYOUT.rows("entries", 64),
                "buckets": LAYOUT.rows("buckets", 40), "request_counts": np.array([2, 1]),
                "counts_as_pull": np.array([0b10, 0]),
            },
        )  # fmt: skip
        state.registries[0].limits = len(rows)
        for number in range(9):
            state.names[number].repository = number
            state.machines[number].site = number // 3
        self.state = state

    def ask(self, at_s: float, machine: int = 0, account: int = 0, beside: int = 0, pull: bool = False) -> float | None:
        """None if the request is answered, otherwise the seconds that it is told to wait."""
        task = self.state.tasks[0]
        self.state.g.now_s = at_s
        task.machine, task.name, task.requests = machine, account, 1
        return None if passes_limits(self.state, 0, 0 if pull else 1, beside) else float(task.retry_after_s)


def test_ten_of_fifteen_pass_and_the_others_come_one_a_second() -> None:
    """A bucket of 10 that gets one a second: 10 of 15 at once pass; 5 come back each second, and wait 1 to 5 s."""
    asked = Asked(registry={"rate": "1/s", "burst": 10})
    assert [asked.ask(0.0) for _ in range(15)] == [None] * 10 + [1.0] * 5
    left = 5
    for second in range(1, 6):
        answers = [asked.ask(float(second)) for _ in range(left)]
        assert answers == [None] + [1.0] * (left - 1)
        left -= 1
    (bucket,) = [row for row in asked.state.buckets if row.passed]
    assert (bucket.passed, bucket.refused, bucket.first_refused_s) == (15, 5 + 4 + 3 + 2 + 1, 0.0)


def test_a_bucket_fills_no_further_than_its_burst() -> None:
    """Emptied of 3 and left for an hour it has 3 again."""
    asked = Asked(registry={"rate": "1/s", "burst": 3})
    assert [asked.ask(0.0) for _ in range(4)] == [None, None, None, 1.0]
    assert [asked.ask(3600.0) for _ in range(4)] == [None, None, None, 1.0]


@pytest.mark.parametrize(("rate", "told_s"), [("10/s", 1.0), ("1/s", 1.0), ("24/min", 3.0), ("400/day", 216.0)])
def test_retry_after_is_in_whole_seconds(rate: str, told_s: float) -> None:
    """A token that comes back in 0.1 s is waited for 1 s, one in 2.5 s 3 s, one in 216 s 216 s."""
    asked = Asked(registry={"rate": rate, "burst": 1})
    assert [asked.ask(0.0), asked.ask(0.0)] == [None, told_s]


def test_each_has_a_bucket_of_its_own() -> None:
    """Two machines at one site and one elsewhere, under two accounts: what one has used up another has not."""
    one = {"rate": "1/h", "burst": 1}
    for scope, answers in (
        ("registry", [None, 3600.0, 3600.0]), ("account", [None, 3600.0, None]),
        ("address", [None, None, None]), ("site", [None, 3600.0, None]),
    ):  # fmt: skip
        asked = Asked(**{scope: one})
        assert [asked.ask(0.0, machine, account) for machine, account in ((0, 0), (1, 0), (3, 1))] == answers, scope


def test_whoever_is_refused_by_one_limit_takes_no_token_of_another() -> None:
    """Machine 0 has used its own up, and asks in vain: the registry's last token is still there for machine 1."""
    asked = Asked(registry={"rate": "1/h", "burst": 2}, address={"rate": "1/min", "burst": 1})
    assert [asked.ask(0.0, machine) for machine in (0, 0, 1)] == [None, 60.0, None]
    assert asked.ask(0.0, 2) == 3600.0


def test_requests_that_are_sent_beside_one_are_counted_with_it() -> None:
    """Of a bucket of 2 a request takes 1 and the 3 beside it 3: it is 2 in debt, and has a token again after 3 s."""
    asked = Asked(registry={"rate": "1/s", "burst": 2})
    assert [asked.ask(0.0, beside=3), asked.ask(0.0), asked.ask(2.0), asked.ask(3.0)] == [None, 3.0, 1.0, None]


def test_pulls_are_counted_by_their_manifests() -> None:
    """A bucket of one pull lets every other request pass."""
    asked = Asked(registry={"rate": "1/h", "burst": 1, "counts": "pulls"})
    assert [asked.ask(0.0) for _ in range(3)] == [None] * 3
    assert [asked.ask(0.0, pull=True), asked.ask(0.0, pull=True), asked.ask(0.0)] == [None, 3600.0, None]


@given(
    st.integers(1, 5), st.sampled_from([1, 2, 4, 8]),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2)), min_size=1, max_size=40),
)  # fmt: skip
def test_a_bucket_is_what_its_definition_says(burst: int, rate: int, asks: list[tuple[int, int]]) -> None:
    """Told anew in exact fractions: tokens that come back up to the burst, one for each that passes."""
    asked = Asked(address={"rate": f"{rate}/s", "burst": burst})
    tokens, at = dict.fromkeys(range(3), Fraction(burst)), 0
    for quarters, machine in asks:
        at += quarters % 4
        back = Fraction(rate * (quarters % 4), 4)
        tokens = {who: min(Fraction(burst), left + back) for who, left in tokens.items()}
        expected = None if tokens[machine] >= 1 else float(ceil((1 - tokens[machine]) / rate))
        assert asked.ask(at / 4, machine) == expected
        tokens[machine] -= expected is None


def limit_of(seen: Seen) -> dict[str, Any]:
    """The one bucket that was asked."""
    (row,) = seen.rows("limits")
    return row


def test_a_node_asks_again_at_once_until_there_is_a_token() -> None:
    """containerd asks for the manifest again at once, every 0.2 s here, five times at most: the fifth finds the token
    that has come after 1 s, and the second of two nodes is ready 1 s later."""
    limited = {"central.limits.registry.rate": "1/s", "central.limits.registry.burst": 1}
    limited |= {"central.limits.registry.counts": "pulls"}
    chosen = scenario(nodes=2, nodes__n__cold=True).with_(limited)
    asked = demand([Deploy(0.0, nodes=2, pushes=False)], apps=[App(kind=1)], known_apps=1)
    free = play(scenario(nodes=2, nodes__n__cold=True), asked)
    seen = play(chosen, asked)
    one, other = sorted(row["pulled_s"] for row in seen.rows("starts"))
    # Side by side they share central's line, 2 s for both. Apart, the first has it alone for the 1 s between.
    assert [row["pulled_s"] for row in free.rows("starts")] == exactly([one + 1.0] * 2)
    assert other == exactly(one + 1.0)
    row = limit_of(seen)
    assert (row["registry"], row["scope"], row["whose"], row["counts"]) == ("central", "registry", "", "pulls")
    assert (row["passed"], row["refused"]) == (2, 5)
    (deploy,) = seen.deploys()
    assert deploy["pull_waited_s"] == exactly(1.0)


def test_a_pull_that_is_refused_too_often_is_started_again_and_fails_in_the_end() -> None:
    """A token a day: the node makes 6 requests, and the platform starts the instance 6 times more, after 0, 5, 10, 20,
    40 and 300 s; then the deploy fails, by the limit's name."""
    changes = {"rate": "1/day", "burst": 1, "counts": "pulls"}
    chosen = scenario(nodes=2, nodes__n__cold=True).with_(
        {f"central.limits.account.{key}": value for key, value in changes.items()}
    )
    asked = demand([Deploy(0.0, nodes=2, pushes=False)], apps=[App(kind=1)], known_apps=1)
    seen = play(chosen, asked)
    (row,) = seen.deploys()
    assert (row["failed"], row["reason"]) == (True, "too many requests: central's limits.account")
    assert (limit_of(seen)["whose"], limit_of(seen)["refused"]) == ("org0", 7 * 6)
    assert 375 < row["ended_s"] < 375 + 15


@pytest.mark.parametrize(
    ("profile", "refused", "ended_s"),
    [
        # The second request is a POST for a token, at 0.51: what is no upload's KraftKit does not try again.
        ("kraftkit", 1, 0.61),
        ("docker", 1, 0.61),
        # At once five times more, 0.2 s each.
        ("unikraft", 1 + 5, 0.61 + 5 * 0.2),
        # After 60 s, as a day is more than it heeds, five times more.
        ("oras", 1 + 5, 0.61 + 5 * 60.2),
        # A HEAD of a blob, after 60 s four times more.
        ("skopeo", 1 + 4, 0.61 + 4 * 60.2),
    ],
)
def test_clients_try_again_as_often_as_they_do(profile: str, refused: int, ended_s: float) -> None:
    """Of a push to a registry with one token for a day the second request is refused, and tried again or not."""
    changes = {"central.limits.address.rate": "1/day", "central.limits.address.burst": 1}
    seen = play(scenario(clients__dev__profile=profile).with_(changes), demand([Deploy(0.0)], apps=[App(kind=1)]))
    (row,) = seen.deploys()
    assert row["reason"] == "too many requests: central's limits.address"
    assert row["ended_s"] == exactly(ended_s)
    assert (limit_of(seen)["whose"], limit_of(seen)["passed"], limit_of(seen)["refused"]) == ("dev", 1, refused)


def test_a_client_that_heeds_retry_after_waits_so_long() -> None:
    """oras and a token every 10 s: what it asks waits for its tokens in whole seconds; a body is not sent again.

    Two requests pass at 0.3 and 0.51, which leaves 0.021. The HEAD of the tag, at 0.72, lacks 0.958 and comes again
    10.2 s later; one for the config is beside it, so that they leave -0.938. The next lacks 1.917 at 11.13, comes 20.2
    s later and leaves 0.103; that of the layer lacks 0.876 at 31.54 and comes 9.2 s later, at 40.74: 0.11 s after that
    the upload is opened. It is opened 10.2 s late, and then the body finds no token.
    """
    changes = {"central.limits.address.rate": "6/min", "central.limits.address.burst": 2}
    seen = play(scenario(clients__dev__profile="oras").with_(changes), demand([Deploy(0.0)], apps=[App(kind=1)]))
    assert limit_of(seen)["first_refused_s"] == exactly(0.72)
    (opened_s,) = [sent.at_s for sent in seen.trace if sent.requests == "POST upload"]
    assert opened_s == exactly(40.85)
    (row,) = seen.deploys()
    assert row["reason"] == "too many requests: central's limits.address"
    assert row["checks_waited_s"] == exactly(10.2 + 20.2 + 9.2)


def test_every_client_that_is_known_is_read() -> None:
    """Each client's answer to 429 was looked up: docker's is that it gives up."""
    assert {name for name in PROFILES if not PROFILES[name].throttled.waits_s} == {"docker"}


def test_limits_are_off_by_default() -> None:
    """Nobody is refused, no bucket is there, and requests stay one stretch of the timeline."""
    seen = play(scenario(), demand([Deploy(0.0)]))
    assert seen.rows("limits") == []
    assert seen.registry("central").merges == 1
