"""Routes that go round links that are down, in a triangle of sites that a reader keeps in the head.

Everything is next door (no delay), so a time-out takes 200 ms: a body that is cut tries again 0.2, 0.6, 1.4,
3.0 and 6.2 s later. The client is at a, its node at b, central at c. The line from a to b carries 1 MB/s, the way
over c half of that. From 0.06 to 1.06 s the bytes of a ROM of 1 MB are under way from a to b. Routing hears of
changes after 2 s.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.scenario import Scenario
from sim.scenario.describe.show import text

from .flow_driver import flights_under_way
from .small import MB, App, Deploy, Seen, demand, exactly, play

_LINE = {"capacity": "10 MB/s", "delay": "0 ms", "window": "1 GB"}
_REGISTRY = {**_LINE, "workers": 100, "request_time": "10 ms", "disk": "1 GB/s", "tls": False}
_IMAGE = {"rootfs": "1 MB", "config": "1 kB", "manifest": "3 kB", "index": "6 kB", "boot": "100 ms"}


def triangle(**changes: Any) -> Scenario:
    """The scenario; `changes` by dotted key with `__` for the dots."""
    document: dict[str, Any] = {
        "topology": {"shape": "metros", "convergence": "2 s"},
        "sites": {"a": {}, "b": {}, "c": {}},
        "links": {
            "ab": {"between": ["a", "b"], "capacity": "1 MB/s", "delay": "0 ms"},
            "ac": {"between": ["a", "c"], "capacity": "0.5 MB/s", "delay": "0 ms"},
            "cb": {"between": ["c", "b"], "capacity": "0.5 MB/s", "delay": "0 ms"},
        },
        "central": {**_REGISTRY, "site": "c"},
        "nodes": {"n": {**_REGISTRY, "site": "b", "first_byte": "20 ms"}},
        "clients": {"dev": {**_LINE, "site": "a", "metro": "b", "profile": "kraftkit"}},
        "images": {"rom": {**_IMAGE, "rom": True}},
        "policies": {"route": "node-direct", "tags": {"check": "absent"}, "sync": {"to_central": "never"}},
    }
    return Scenario.from_document(document, overrides={key.replace("__", "."): to for key, to in changes.items()})


def down(at_s: float, runs_until_s: float, link: str = "ab", kind: str = "link-down") -> dict[str, Any]:
    return {"kind": kind, "target": link, "at": f"{at_s} s", "lasts": f"{runs_until_s} s"}


def pushed(**changes: Any) -> Seen:
    return play(triangle(**changes), demand([Deploy(0.0)], apps=[App()]))


def parts(seen: Seen, purpose: str = "push") -> list[tuple[float, float, int]]:
    return [(began, ended, size) for kind, _, _, began, ended, size in seen.bodies(purpose) if kind == "rootfs"]


def close(*rows: tuple[float, float, int]) -> list[tuple[Any, ...]]:
    return [tuple(pytest.approx(value, abs=1 if number == 2 else 5e-6) for number, value in enumerate(r)) for r in rows]


@pytest.mark.parametrize("kind", ["link-down", "link-degraded", "swizzle"])
def test_an_upload_goes_round_a_link_that_is_down(kind: str) -> None:
    """Down at 0.36 s, routed round from 2.36 s: the try at 3.36 s goes over c, where 700 kB take 1.4 s."""
    seen = pushed(faults__f=down(0.36, 100.0, kind=kind))
    assert parts(seen) == close((0.06, 0.36, 300_000), (3.36, 4.76, 700_000))


def test_routing_takes_as_long_as_it_says() -> None:
    """With 0.5 s the try after 0.6 s finds the new route, with 7 s none does before the one after 12.6 s."""
    assert parts(pushed(faults__f=down(0.36, 100.0), topology__convergence="0.5 s"))[1][0] == exactly(0.36 + 0.6)
    assert parts(pushed(faults__f=down(0.36, 100.0), topology__convergence="7 s"))[1][0] == exactly(0.36 + 12.6)


def test_what_is_under_way_goes_back_when_the_link_is_there_again() -> None:
    """Back at 2.56 s, which routing hears at 4.56: from 3.36 s 600 kB went over c, the last 100 kB take 0.1 s."""
    seen = pushed(faults__f=down(0.36, 2.2))
    assert parts(seen) == close((0.06, 0.36, 300_000), (3.36, 4.56, 600_000), (4.56, 4.66, 100_000))
    assert flights_under_way(seen.state) == 0


def test_a_link_that_is_back_before_routing_hears_of_it_is_not_gone_round() -> None:
    """Down for 1.9 of the 2 s: the try at 3.36 s takes the link itself, where 700 kB take 0.7 s."""
    assert parts(pushed(faults__f=down(0.36, 1.9))) == close((0.06, 0.36, 300_000), (3.36, 4.06, 700_000))


def test_routes_stay_what_they_are_where_the_scenario_says_so() -> None:
    """Down for 5 s and nothing goes round it: the try at 6.56 s is the first that gets through."""
    seen = pushed(faults__f=down(0.36, 5.0), topology__reroute=False)
    assert parts(seen) == close((0.06, 0.36, 300_000), (6.56, 7.26, 700_000))


def test_a_link_without_a_way_round_stays_on_its_routes() -> None:
    """The node's own link: as on a star, the upload waits for it."""
    seen = pushed(faults__f=down(0.36, 5.0, link="n"))
    assert parts(seen) == close((0.06, 0.36, 300_000), (6.56, 7.26, 700_000))


@pytest.mark.parametrize("kind", ["link-degraded", "swizzle"])
def test_a_link_that_still_carries_something_is_not_gone_round(kind: str) -> None:
    """At a quarter of 1 MB/s from 0.36 to 2.36 s 500 kB of the 700 take the link, then the last 200 kB in 0.2 s."""
    weak = down(0.36, 2.0, kind=kind) | {"to": 0.25}
    assert parts(pushed(faults__f=weak, topology__convergence="0.5 s")) == close((0.06, 2.56, MB))


def test_a_second_link_that_goes_down_leaves_no_way_until_one_is_back() -> None:
    """Over c from 3.36 to 3.86 s, 250 kB; then that is down, too, until the first is back at 5 s: the try at 5.26 s."""
    seen = pushed(faults__f=down(0.36, 4.64), faults__g=down(3.86, 100.0, link="ac"))
    (_, _, first), (_, lost_since_s, second), (again_s, _, third) = parts(seen)
    assert (lost_since_s, first + second + third) == (exactly(3.86), MB)
    assert second == pytest.approx(250_000, abs=1)
    assert again_s == exactly(3.86 + 3.0)  # from 5.86 s on, when routing has heard of both


def test_requests_of_a_new_connection_take_the_route_of_their_time() -> None:
    """A deploy at 10 s, long after the link went down, pays nothing but the slower way: 2 s for its bytes."""
    seen = play(triangle(faults__f=down(1.0, 100.0)), demand([Deploy(10.0)], apps=[App()]))
    assert parts(seen) == close((10.06, 12.06, MB))


def test_copies_under_caps_go_round_too() -> None:
    """The copy from the node to central, capped at 0.4 MB/s between sites, goes on over a when its line is down."""
    changes = {"policies__sync__to_central": "on-push", "policies__sync__delay": "0 s"}
    seen = pushed(faults__f=down(2.0, 100.0, link="cb"), policies__sync__leg_rate="0.4 MB/s", **changes)
    (began_s, lost_since_s, first), (again_s, ended_s, second) = parts(seen, "sync")
    assert (lost_since_s, again_s) == (2.0, exactly(2.0 + 3.0))
    assert first == pytest.approx((2.0 - began_s) * 400_000, abs=1)
    assert ended_s - again_s == pytest.approx(second / 400_000, abs=1e-5)
    assert [row["state"] for row in seen.rows("syncs")] == ["committed"]


def test_show_tells_whether_routes_change_and_when() -> None:
    """By the model's default they do, after the 40 s of OSPF."""
    shown = text(triangle(topology__convergence="40 s"))
    assert "reroute = true" in shown
    assert 'convergence = "40 s"' in shown
    document = triangle().document
    del document["topology"]["convergence"]
    assert "RouterDeadInterval" in text(Scenario.from_document(document))


@settings(max_examples=settings.default.max_examples // 2)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ab", "ac", "cb", "n", "dev"]),
            st.floats(0, 20),
            st.floats(0.05, 10),
            st.sampled_from([0.0, 0.0, 0.5]),
        ),
        max_size=6,
    ),
    st.sampled_from(["0 s", "0.5 s", "2 s"]),
    st.sampled_from(["central", "node-direct", "both"]),
    st.sampled_from([None, "0.4 MB/s"]),
)
def test_whatever_goes_down_every_deploy_ends_and_storage_adds_up(
    broken: list[tuple[str, float, float, float]], convergence: str, route: str, leg_rate: str | None
) -> None:
    """Links go down or weaken in any order, at once and again, while pushes, pulls and copies go on: nothing hangs."""
    named = {
        f"faults__f{n}": down(round(at, 3), round(lasts, 3), link, kind="link-degraded") | {"to": keeps}
        for n, (link, at, lasts, keeps) in enumerate(broken)
    }
    caps = {} if leg_rate is None else {"policies__sync__leg_rate": leg_rate}
    chosen = triangle(
        policies__route=route, policies__sync__to_central="on-push", policies__sync__delay="0 s",
        topology__convergence=convergence, run__audit=True, run__duration="30 s", **caps, **named,
    )  # fmt: skip
    seen = play(chosen, demand([Deploy(at_s) for at_s in (0.0, 0.5, 3.0, 9.0)], apps=[App()]))
    rows = seen.deploys()
    assert [row["failed"] for row in rows] == [bool(row["reason"]) for row in rows]
    assert sum(size for *_, size in seen.bodies("push")) == sum(row["pushed_bytes"] for row in rows)
    for row in rows:  # no outage is long enough for a connection to be given up, so that nothing is sent twice
        if not row["failed"]:
            times = 2 if route == "both" else 1
            assert row["pushed_bytes"] == times * (MB + 10_000)
