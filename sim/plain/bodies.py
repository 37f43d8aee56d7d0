"""Bodies of an errand, side by side, with the requests around them, as `world/talk`, `push` and `fetch` have them.

Text to be compiled (see `records`).
"""

from __future__ import annotations

from sim.plain.holdings import lane_of, profile_of, repository, row, side
from sim.plain.idle import beside_one_s
from sim.plain.records import KERNEL, PULL, ROOTFS, SET_OUT, SYNC, Tables
from sim.plain.requests import stretch, waited
from sim.swarm.events import schedule


def begin(t: Tables, e: int, kernel: bool, rootfs: bool, config: bool) -> None:
    """Bodies of an errand set out side by side, each with the requests before it; a config travels beside them."""
    errand = t.errands[e]
    n = len(t.deploys)
    i, purpose = e % n, e // n
    app = t.deploys[i].app
    kind = t.kinds[t.apps[app].kind]
    image = t.images[errand.image]
    errand.beside = 1 if config else 0
    errand.bodies = int(kernel) + int(rootfs)
    if config:
        errand.metadata += kind.config_bytes
        if purpose == PULL:
            image.config_by = 2 * e + errand.lead
        if errand.bodies == 0:
            t.board[0].unplain = 1
    profile = t.profiles[profile_of(t, e)]
    first = 1
    for content in range(2):
        if not (kernel if content == KERNEL else rootfs):
            continue
        body = t.bodies[2 * e + content]
        body.size = kind.kernel_bytes if content == KERNEL else kind.rootfs_bytes
        body.waited_s, body.arrived, body.waiting = 0.0, 0, -1
        beside = errand.beside if first else 0
        first = 0
        if purpose == PULL:
            body.now_s = stretch(t, errand.now_s, errand.way, profile.gets, beside * profile.gets)
            body.now_s += t.registries[t.ways[errand.way].registry].first_byte_s
        else:
            body.now_s = stretch(t, errand.now_s, errand.way, profile.opens, beside * profile.opens)
            body.now_s += t.ways[errand.way].back_s
        lane_of(t, e)
        body.now_s += t.ramps_s[app, 2 * purpose + content]
        schedule(t, body.now_s, SET_OUT, 2 * e + content, 0)


def landed(t: Tables, f: int, bound_by: int, bound_s: float) -> None:
    """A body's last byte has left: its row, and the requests after it."""
    flow, now = t.flows[f], t.board[0].now_s
    b = flow.body
    e, content = b >> 1, b & 1
    body, errand = t.bodies[b], t.errands[e]
    n = len(t.deploys)
    i, purpose = e % n, e // n
    body.now_s = now
    new = t.transfers[row(t, i, purpose, content, flow.lane, flow.started_s, now, body.size)]
    errand.moved += body.size
    if flow.shared:
        body.waited_s = now - flow.started_s - _idle_s(t, b, flow.lane)
        new.waited_s, new.shared = max(0.0, body.waited_s), 1
        new.bound_by, new.bound_s = bound_by, bound_s
    else:
        new.bound_by, new.bound_s = t.lanes[flow.lane].limit, now - flow.started_s
    body.lag_s = t.deploys[i].lag_s + body.waited_s
    way = t.ways[errand.way]
    if purpose == PULL:
        body.now_s += way.back_s
    else:
        profile = t.profiles[profile_of(t, e)]
        beside = errand.beside * profile.closes if content == errand.lead else 0
        body.now_s = stretch(t, body.now_s, errand.way, profile.closes, beside)
        body.now_s += t.registries[way.registry].first_byte_s


def ended(t: Tables, b: int) -> bool:
    """A body is there, with all that belongs to it: whether it is its errand's last."""
    e = b >> 1
    n = len(t.deploys)
    i, purpose, errand = e % n, e // n, t.errands[e]
    errand.bodies -= 1
    if errand.bodies:
        return False
    last = errand.lead
    if errand.pair and t.bodies[2 * e + ROOTFS].now_s > t.bodies[2 * e + KERNEL].now_s:
        last = ROOTFS
    errand.now_s = t.bodies[2 * e + last].now_s
    if purpose != SYNC:
        t.deploys[i].now_s = errand.now_s
        # The larger starts no sooner on its lane than the other, so that it is the last on idle links, too.
        waited(t, i, t.bodies[2 * e + last].waited_s)
    return True


def _idle_s(t: Tables, b: int, lane: int) -> float:
    """How long a body takes on idle links beside the other of its errand, which has a slow start of its own."""
    e, content = b >> 1, b & 1
    n = len(t.deploys)
    app, purpose = t.deploys[e % n].app, e // n
    at, size = t.lanes[lane], float(t.bodies[b].size)
    if not t.errands[e].pair:
        return float(size / min(at.cap_Bps, at.narrowest_Bps))
    later_s = t.ramps_s[app, 2 * purpose + (content ^ 1)] - t.ramps_s[app, 2 * purpose + content]
    return beside_one_s(size, float(t.bodies[b ^ 1].size), later_s, at.cap_Bps, at.narrowest_Bps)


def store(t: Tables, e: int, content: int) -> None:
    """The registry has a body from now on, and the config that travelled beside it."""
    if t.errands[e].beside and content == t.errands[e].lead:
        t.images[t.errands[e].image].config |= side(t, e)
    if content == KERNEL:
        t.repositories[repository(t, e)].kernels |= 1 << t.images[t.errands[e].image].release
    else:
        t.images[t.errands[e].image].rootfs |= side(t, e)
