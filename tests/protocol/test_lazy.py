"""Lazy starts, in the world of `test_unpacking`: 100 MB of a ROM over 100 MB/s, of which a start reads a part."""

from __future__ import annotations

from typing import Any

import pytest

from sim.engines.run import Engine
from sim.errors import InputErrors

from .small import Deploy, Seen, demand, exactly, play
from .test_unpacking import ROM, close, pull_s, pulls_s, world

TENTH: dict[str, Any] = {
    "policies__load": "lazy",
    "policies__lazy__read_share": 0.1,
    "policies__lazy__read": "10 MB",
    "images__rom__format": None,
}


def start(**changes: Any) -> Seen:
    """One start on a cold node."""
    return play(world(**(TENTH | changes)), demand([Deploy(0.0, pushes=False)], apps=ROM, known_apps=1))


def test_a_start_reads_a_share_and_the_rest_comes_in_the_background() -> None:
    """A tenth is there after 0.1 s, and the other nine after 1 s; nobody stood still for them."""
    seen = start()
    (load,) = seen.rows("loads")
    assert pulls_s(seen) == [close(0.1)]
    assert (load["read_bytes"], load["rest_bytes"], load["loaded_bytes"]) == (10_000_000, 90_000_000, 90_000_000)
    assert (load["started_s"] + 0.9, load["stalled_s"], load["broken"]) == (close(load["whole_s"]), 0.0, False)


# The round trip is 100 ms to central and back, as are opening the connection and two requests for the manifests.
@pytest.mark.parametrize(
    ("read", "at_once", "turns"), [("10 MB", 1, 1), ("1 MB", 1, 10), ("1 MB", 5, 2), ("3 MB", 1, 4)]
)
def test_reads_in_turns_take_a_round_trip_each(read: str, at_once: int, turns: int) -> None:
    """10 MB in reads of 1 MB one after another are ten round trips of 100 ms, five at once two."""
    slow = {"nodes__n__delay": "50 ms", "policies__lazy__at_once": at_once}
    one, some = (pulls_s(start(policies__lazy__read=size, **slow))[0] for size in ("10 MB", read))
    assert some - one == exactly((turns - 1) * 0.1)


def test_reads_are_requests_that_the_registry_serves() -> None:
    """Ten reads are nine requests more than one, each 10 ms of a worker and of the start."""
    busy: dict[str, Any] = {"central__request_time": "10 ms", "policies__lazy__rest": "on-demand",
                            "policies__lazy__later_share": 0.0}  # fmt: skip
    one, ten = (start(policies__lazy__read=size, **busy) for size in ("10 MB", "1 MB"))
    assert ten.registry("central").requests - one.registry("central").requests == 9
    assert pulls_s(ten)[0] - pulls_s(one)[0] == exactly(0.09)


def test_small_layers_are_fetched_whole() -> None:
    """A layer of 100 MB is no lazy one where those below 101 MB are fetched whole."""
    seen = start(policies__lazy__least="101 MB")
    assert (pulls_s(seen), seen.rows("loads")) == ([close(1.0)], [])


def test_what_is_read_on_demand_holds_the_instance_up() -> None:
    """Half of the layer in ten bursts of 5 MB, 50 ms each, one a minute: half a second in all."""
    later: dict[str, Any] = {"rest": "on-demand", "later_share": 0.5, "later_for": "10 min", "bursts": 10}
    seen = start(**{f"policies__lazy__{key}": value for key, value in later.items()})
    (load,) = seen.rows("loads")
    assert (load["rest_bytes"], load["loaded_bytes"]) == (50_000_000, 50_000_000)
    assert load["stalled_s"] == close(0.5)
    assert load["whole_s"] == close(load["started_s"] + 540 + 0.05)


def test_a_background_may_wait_and_keep_a_pace() -> None:
    """90 MB at 9 MB/s in ten bursts from 30 s on: the last of them begins 9 s later and takes 0.09 s."""
    pace = {"rest_after": "30 s", "pace": "9 MB/s", "bursts": 10}
    (load,) = start(**{f"policies__lazy__{key}": value for key, value in pace.items()}).rows("loads")
    assert load["whole_s"] == close(load["started_s"] + 39.09)


def test_only_what_a_start_reads_is_decompressed_before_it() -> None:
    """A tenth of 100 MB at 50 MB/s a core: 0.2 s, at once with the tenth that comes."""
    assert pull_s(**(TENTH | {"images__rom__format": "f", "nodes__n__unpack": "streamed"})) == close(0.2)


def outage(**changes: Any) -> Any:
    """A start at 0 s whose rest, in the background at 10 MB/s a burst a second, is cut from 4.5 s on for 20 s."""
    cut = {"kind": "link-down", "target": "n", "at": "4.5 s", "lasts": "20 s"}
    return start(faults__cut=cut, **changes)


def test_an_outage_after_the_start_is_felt() -> None:
    """On demand one burst of 10 MB a second: that of 5 s waits until the line is back, and what TCP adds to that."""
    later: dict[str, Any] = {"rest": "on-demand", "later_share": 0.9, "later_for": "9 s", "bursts": 9}
    changes = {f"policies__lazy__{key}": value for key, value in later.items()}
    (calm,), (cut,) = start(**changes).rows("loads"), outage(**changes).rows("loads")
    assert calm["stalled_s"] == close(0.9)
    assert 15 < cut["stalled_s"] < 60
    assert 15 < cut["down_s"] <= 20
    assert (cut["loaded_bytes"], cut["broken"]) == (90_000_000, False)
    assert [row["failed"] for row in outage(**changes).deploys()] == [False]


def test_an_instance_sees_an_error_where_its_client_gives_up() -> None:
    """Where the line never comes back the rest does not either; the deploy was ready before that."""
    changes: dict[str, Any] = {"policies__lazy__rest": "on-demand", "policies__lazy__later_for": "9 s"}
    cut = {"kind": "link-down", "target": "n", "at": "2 s", "lasts": "720 h"}
    seen = start(faults__cut=cut, **changes)
    ((row,), (load,)) = seen.deploys(), seen.rows("loads")
    assert (row["failed"], load["broken"], load["whole_s"]) == (False, True, float("inf"))
    assert 0 < load["loaded_bytes"] < load["rest_bytes"]


@pytest.mark.parametrize("key", ["policies__source", "policies__fanout"])
def test_lazy_nodes_serve_nobody(key: str) -> None:
    """Where others fetch from nodes, nodes that load lazily are refused in one line that says what to do."""
    value = {"policies__source": "peers-first", "policies__fanout": "peer"}[key]
    with pytest.raises(InputErrors, match=r"policies\.load: nodes that load layers lazily have none to serve"):
        world(**(TENTH | {key: value}))


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_both_engines_load_lazily_alike(engine: Engine) -> None:
    """Two starts whose rest shares the line, with an outage: the same to the bit."""
    cut = {"kind": "link-down", "target": "n", "at": "4.5 s", "lasts": "20 s"}
    chosen = world(**(TENTH | {"faults__cut": cut, "run__audit": True, "policies__lazy__pace": "9 MB/s"}))
    asked = demand([Deploy(0.0, pushes=False), Deploy(0.5, app=1, pushes=False)], apps=ROM * 2, known_apps=2)
    one, other = (play(chosen, asked, engine=name).rows("loads") for name in ("reference", engine))
    assert one == other
    assert len(one) == 2
