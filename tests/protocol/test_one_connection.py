"""Bodies side by side over one connection, as HTTP/2 has it: one handshake, one slow start, one cap, one share.

Every line carries 1 MB/s and every round trip takes 0.2 s (`small`), so that a window of 100 kB lets a connection have
0.5 MB/s. A ROM of 1 MB in two layers goes in two bodies of 500 kB.
"""

from __future__ import annotations

from typing import Any

import pytest

from sim.errors import InputError

from .small import RAMP_S, App, Deploy, Seen, demand, exactly, play, scenario

WINDOW = "100 kB"


def rom(parallel: str, **changes: Any) -> Seen:
    """A new ROM of two layers goes to central, and from there to a node."""
    chosen = scenario(images__rom__layers=2, **changes, tcp__parallel=parallel)
    return play(chosen, demand([Deploy(0.0)], apps=[App(kind=1)]))


def layers(seen: Seen, purpose: str) -> list[tuple[float, float]]:
    """When each layer began to flow, and ended."""
    return [(start_s, end_s) for content, _, _, start_s, end_s, _ in seen.bodies(purpose) if content == "rootfs"]


def test_one_connection_has_one_cap() -> None:
    """Two bodies of 500 kB over connections of 0.5 MB/s each take 1 s; over one, 2 s."""
    caps = {"clients__dev__window": WINDOW, "nodes__n__window": WINDOW}
    for parallel, lasts_s in (("open", 1.0), ("shared", 2.0)):
        for purpose in ("push", "pull"):
            bodies = layers(rom(parallel, **caps), purpose)
            assert [end_s - start_s for start_s, end_s in bodies] == exactly([lasts_s, lasts_s])


def test_one_connection_has_one_slow_start() -> None:
    """Fifty layers of 20 kB side by side: over connections of their own each has one window of 14.6 kB before the rest,
    over one the windows of 1 MB come before any flows; then all of them take 1 s."""
    small = {"images__rom__layers": 50, "clients__dev__profile": "unikraft"}
    begin = {}
    for parallel in ("open", "shared"):
        seen = play(scenario(**small, tcp__parallel=parallel), demand([Deploy(0.0)], apps=[App(kind=1)]))
        bodies = layers(seen, "push")
        begin[parallel] = bodies[0][0]
        assert [end_s - begin[parallel] for _, end_s in bodies] == exactly([1.0] * 50)
    assert begin["shared"] - begin["open"] == exactly(RAMP_S - (0.2 - 0.0146))


def test_one_connection_opens_once() -> None:
    """Where each body but the first opens a connection, it comes a round trip of 0.2 s later; over one none does."""
    begin = {name: [start_s for start_s, _ in layers(rom(name), "push")] for name in ("open", "opened", "shared")}
    assert max(begin["opened"]) - min(begin["opened"]) == exactly(0.2)
    assert begin["shared"] == begin["open"]


@pytest.mark.parametrize(("parallel", "other_s"), [("open", 1.5), ("shared", 1.0)])
def test_one_connection_has_one_share(parallel: str, other_s: float) -> None:
    """On central's full line a push of two layers of 500 kB has two shares of three beside one of a single such layer,
    and all end after 1.5 s. Over one connection it has one of two: the other push is through after 1 s."""
    single = {"rootfs": "500 kB", "config": "1 kB", "manifest": "3 kB", "index": "6 kB", "rom": True}
    chosen = scenario(clients=2, images__rom__layers=2, images__single=single, tcp__parallel=parallel)
    apps = [App(client=0, kind=1), App(client=1, kind=2)]
    seen = play(chosen, demand([Deploy(0.0), Deploy(0.0, app=1)], apps=apps))
    took: dict[str, list[float]] = {"dev1": [], "dev2": []}
    for content, source, _, start_s, end_s, _ in seen.bodies("push"):
        if content == "rootfs":
            took[source].append(end_s - start_s)
    assert took["dev1"] == exactly([1.5, 1.5])
    assert took["dev2"] == exactly([other_s])


def test_waiting_for_others_is_what_other_connections_take() -> None:
    """Alone nothing of a deploy over one connection is waiting, though its bodies hold each other back."""
    for changes in ({}, {"clients__dev__window": WINDOW, "nodes__n__window": WINDOW}):
        (row,) = rom("shared", **changes).deploys()
        waited = [value for name, value in row.items() if name.endswith("waited_s")]
        assert waited
        assert max(waited) == exactly(0.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"tcp__shares": "windows", "tcp__queue": "60 ms"},
        {"run__wire": "packets", "tcp__queue": "60 ms"},
        {"policies__sync__job_rate": "1 MB/s", "policies__sync__references": "series"},
    ],
)
def test_what_is_not_modelled_is_refused(changes: dict[str, Any]) -> None:
    """One line names the key, what it does not go with, and what to write."""
    with pytest.raises(InputError, match=r"tcp\.parallel: one connection for all bodies is not modelled where "):
        scenario(tcp__parallel="shared", **changes)
