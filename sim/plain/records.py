"""The state of a plain world: tables of records, as numpy arrays that the compiled text reads and writes.

The text is `events`, `flights`, `errands` and `kernel`. References are numbers, -1 for none. Registry 0 is central, and
application a has two repositories: 2a at central, 2a + 1 at its node. An *errand* is a push (numbered as its deploy), a
pull (n + deploy) or a copy to central (2n + deploy); it moves up to two *bodies*, its kernel and its rootfs: bodies 2e
and 2e + 1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.rows import PHASES

#: What can happen.
ARRIVED, CHECKED, SET_OUT, LANDED, CONVOY_DUE, ENGINE_DUE, PUBLISHED, RESOLVED, COPY_DUE, CONNECTING, CAME, HELD = (
    range(12)
)
#: What a run of the text stopped for: nothing is left to happen; flows meet; the engine's next flow is due; tables want
#: room; something came up that a plain world does not have.
OVER, MEET, DUE, FULL, UNPLAIN = range(5)
PUSH, PULL, SYNC = range(3)
KERNEL, ROOTFS, METADATA = range(3)
N_PHASES = len(PHASES)
#: Rows that one event may need of a table.
MARGIN = 64
AT_CENTRAL, AT_NODE = 1, 2
"""Bits that say which registry holds what belongs to one image."""


def _record(names: str) -> np.dtype[Any]:
    """A record of whole numbers, of floats where the name ends in seconds or a rate."""
    return np.dtype([(name, "f8" if name.endswith(("_s", "_Bps", "_f")) else "i8") for name in names.split()])


EVENT = _record("at_s order kind what life")
#: `workers` of it are free at the times in a row of `free_s`.
REGISTRY = _record("workers request_s first_byte_s token_life_s all_free_s busy_s requests ready_s open_until_s")
#: From who asks to the registry that answers; lanes of what goes up and comes down.
WAY = _record("registry forth_s back_s round_trip_s open_s up down")
#: Requests of a client, by what they are for.
PROFILE = _record("start_s login renews tags check opens closes publish gets manifests")
LINK = _record("left")
#: Its links are hops[first:end]; `number` is -1 until something crosses it.
LANE = _record(
    "first end bound limit rate_Bps narrowest_Bps cap_Bps number flying alone members served_f since_s life "
    "earlier later"
)
#: Flows alone, and those of one convoy, are lists by `next` and `before`.
FLOW = _record("number lane body shared started_s size_f left_f mark_f booked held_s next before life")
KIND = _record("kernel_bytes rootfs_bytes config_bytes manifest_bytes index_bytes boot_s")
#: Slow start of its kernel and rootfs on the lanes of its pushes, pulls and copies.
APP = _record("kind profile node to_central to_node from_node newest newest_s")
#: A repository: the kernels that it holds, as bits by release, and what its tag means.
REPOSITORY = _record("kernels image published_s origin generation listed_s")
#: What belongs to one image: bits that say where its rootfs, its config and its manifest are, who fetches it,
#: and the body that its config comes beside.
IMAGE = _record("release rootfs config manifest fetched_by config_by")
DEPLOY = _record(
    "app central at_s started_s now_s mark_s phase client_latency_s push_s pull_s pull_started_s asked_s pulled_s "
    "token_until_s lag_s pulled kept coalesced stale image published_s origin generation meant trailing_s"
)
#: `bodies` of it are under way; those it joined are `first_joined`, `second_joined` and `third_joined`.
ERRAND = _record(
    "way now_s started_s published_s origin generation image moved saved metadata beside bodies pair lead "
    "first_joined second_joined third_joined next state"
)
BODY = _record("size now_s waited_s lag_s arrived arrived_s idle_s waiting")
TRANSFER = _record("deploy purpose content lane started_s ended_s size waited_s shared bound_by bound_s")
PARTING = _record("lane started_s ended_s carried")
#: Flows that meet, or that have ended in the engine, and what held those back.
MEETING = _record("flow held_by held_s")
#: Deploys in the order in which they ended, copies in that in which they were made, and in that in which they wait.
ORDER = _record("ended copied waiting")
BOARD = _record(
    "now_s delay_s events order flows free_flow first_alone last_alone first_convoy last_convoy lanes transfers "
    "partings ended syncs jobs queued served meeting engine_life unplain lasts_s"
)


class Tables(NamedTuple):
    """All of it.

    `spent_s` : (n_deploys, 14), how long each phase took, and how much of that was waiting for others; `held_s` : (2,
    n_links + 1), `alone_s` and `held_s` of `world/sightings`.
    """

    events: Any
    registries: Any
    free_s: Any
    ways: Any
    profiles: Any
    links: Any
    hops: Any
    lanes: Any
    flows: Any
    kinds: Any
    apps: Any
    ramps_s: Any
    repositories: Any
    fetching: Any
    images: Any
    deploys: Any
    spent_s: Any
    errands: Any
    bodies: Any
    transfers: Any
    partings: Any
    held_s: Any
    meeting: Any
    orders: Any
    board: Any
