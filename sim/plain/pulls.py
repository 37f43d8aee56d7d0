"""Pulls of a plain world, step by step, until the instance has booted, as `world/pull` and `world/deploy` have them.

Text to be compiled (see `records`).
"""

from __future__ import annotations

from typing import Any

from sim.plain.bodies import begin, store
from sim.plain.holdings import hold, metadata, profile_of, wins
from sim.plain.records import AT_NODE, CONNECTING, HELD, KERNEL, RESOLVED, ROOTFS, Tables
from sim.plain.requests import connect, enter, keep_open, meet, settle, stretch
from sim.rows import BOOT
from sim.rows import PULL as PULLING
from sim.swarm.events import schedule


def pull(t: Tables, i: int) -> None:
    """The node is to have the image: it needs a connection to central, and who opens it first shows in time."""
    d, errand = t.deploys[i], t.errands[len(t.deploys) + i]
    app = t.apps[d.app]
    d.asked_s = d.now_s
    enter(t, i, PULLING)
    d.pull_started_s = d.now_s
    errand.way = app.from_node
    if t.registries[app.node].open_until_s < d.now_s and d.now_s > t.board[0].now_s:
        schedule(t, d.now_s, CONNECTING, i, 0)
    else:
        resolve(t, i)


def resolve(t: Tables, i: int) -> None:
    """The node asks central what the tag means."""
    n = len(t.deploys)
    d, errand = t.deploys[i], t.errands[n + i]
    app = t.apps[d.app]
    d.now_s = connect(t, d.now_s, errand.way, app.node)
    d.now_s = stretch(t, d.now_s, errand.way, t.profiles[profile_of(t, n + i)].tags, 0)
    schedule(t, d.now_s, RESOLVED, i, 0)


def resolved(t: Tables, i: int) -> None:
    """The node takes the newest of its own and central's, and fetches what it lacks of that."""
    n = len(t.deploys)
    d, e, now = t.deploys[i], n + i, t.board[0].now_s
    errand, app = t.errands[e], t.apps[d.app]
    central, own = t.repositories[2 * d.app], t.repositories[2 * d.app + 1]
    way = t.ways[errand.way]
    d.now_s = now + way.back_s
    keep_open(t, d.now_s, app.node)
    theirs = central.image >= 0 and (
        own.image < 0 or wins(t, central.image, central.published_s, central.generation, 2 * d.app + 1)
    )
    if not theirs and own.image < 0:
        t.board[0].unplain = 1
        return
    seen = central if theirs else own
    d.image = errand.image = seen.image
    d.published_s, d.origin, d.generation = seen.published_s, seen.origin, seen.generation
    d.meant, d.trailing_s = seen.image, -1.0
    if app.newest != seen.image and (
        app.newest_s > seen.published_s or (app.newest_s == seen.published_s and app.newest > seen.image)
    ):
        d.stale, d.meant, d.trailing_s = 1, app.newest, now - app.newest_s
    if t.images[seen.image].manifest & AT_NODE:
        differs = seen.image != own.image or seen.published_s != own.published_s
        if differs or seen.origin != own.origin or seen.generation != own.generation:
            hold(t, 2 * d.app + 1, AT_NODE, d.image, d.published_s, d.origin, d.generation)
        boot(t, i)
        return
    d.now_s = stretch(t, d.now_s, errand.way, t.profiles[profile_of(t, e)].manifests, 0)
    d.now_s += way.back_s
    errand.now_s = d.now_s
    _fetch(t, i, e)


def _fetch(t: Tables, i: int, e: int) -> None:
    """Fetch what is neither held nor on its way to the node, and join what is."""
    d, errand = t.deploys[i], t.errands[e]
    app, image, own = t.apps[d.app], t.images[errand.image], t.repositories[2 * d.app + 1]
    kind = t.kinds[app.kind]
    errand.first_joined, errand.second_joined, errand.third_joined = -1, -1, -1
    kernel, rootfs, config = kind.kernel_bytes > 0, True, True
    if kernel and own.kernels >> image.release & 1:
        kernel = False
        d.kept += kind.kernel_bytes
    elif kernel and t.fetching[d.app, image.release] >= 0:
        kernel = False
        d.coalesced += kind.kernel_bytes
        join_later(errand, 2 * t.fetching[d.app, image.release] + KERNEL)
    if image.rootfs & AT_NODE:
        rootfs = False
        d.kept += kind.rootfs_bytes
    elif image.fetched_by >= 0:
        rootfs = False
        d.coalesced += kind.rootfs_bytes
        join_later(errand, 2 * image.fetched_by + ROOTFS)
    if image.config & AT_NODE:
        config = False
        d.kept += kind.config_bytes
    elif image.config_by >= 0:
        config = False
        d.coalesced += kind.config_bytes
        join_later(errand, image.config_by)
    if kernel:
        t.fetching[d.app, image.release] = e
    if rootfs:
        image.fetched_by = e
    if kernel or rootfs or config:
        errand.pair, errand.lead = int(kernel and rootfs), KERNEL if kernel else ROOTFS
        begin(t, e, kernel, rootfs, config)
    else:
        fetched(t, e)


def join_later(errand: Any, body: int) -> None:
    if errand.first_joined < 0:
        errand.first_joined = body
    elif errand.second_joined < 0:
        errand.second_joined = body
    else:
        errand.third_joined = body


def arrived(t: Tables, b: int) -> None:
    """A body has come to a node: it is no longer on its way, and those who joined it go on."""
    e, content = b >> 1, b & 1
    errand = t.errands[e]
    store(t, e, content)
    body = t.bodies[b]
    body.arrived, body.arrived_s, body.idle_s = 1, body.now_s, body.now_s - body.lag_s
    if content == KERNEL:
        t.fetching[t.deploys[e % len(t.deploys)].app, t.images[errand.image].release] = -1
    else:
        t.images[errand.image].fetched_by = -1
    if t.images[errand.image].config_by == b:
        t.images[errand.image].config_by = -1
    waiting, body.waiting = body.waiting, -1
    while waiting >= 0:
        following = t.errands[waiting].next
        fetched_more(t, waiting)
        waiting = following


def fetched(t: Tables, e: int) -> None:
    """Its own bodies are there; whose it joined may be not."""
    n = len(t.deploys)
    d = t.deploys[e % n]
    keep_open(t, d.now_s, t.apps[d.app].node)
    fetched_more(t, e)


def fetched_more(t: Tables, e: int) -> None:
    """Wait for each body that it joined, in their order."""
    i = e % len(t.deploys)
    errand, d = t.errands[e], t.deploys[i]
    while errand.first_joined >= 0:
        body = t.bodies[errand.first_joined]
        if not body.arrived:
            _wait(t, e, errand.first_joined)
            return
        meet(t, i, body.arrived_s, body.idle_s)
        errand.first_joined, errand.second_joined, errand.third_joined = errand.second_joined, errand.third_joined, -1
    if d.now_s > t.board[0].now_s:
        schedule(t, d.now_s, HELD, i, 0)
    else:
        held(t, i)


def held(t: Tables, i: int) -> None:
    """All of it is at the node, which has the image from now on."""
    e = len(t.deploys) + i
    errand, d = t.errands[e], t.deploys[i]
    kind = t.kinds[t.apps[d.app].kind]
    metadata(t, e, d.now_s, kind.manifest_bytes + kind.index_bytes)
    d.pulled += errand.moved
    hold(t, 2 * d.app + 1, AT_NODE, errand.image, d.published_s, d.origin, d.generation)
    boot(t, i)


def _wait(t: Tables, e: int, b: int) -> None:
    """The last of those that wait for a body."""
    t.errands[e].next = -1
    last = t.bodies[b].waiting
    if last < 0:
        t.bodies[b].waiting = e
        return
    while t.errands[last].next >= 0:
        last = t.errands[last].next
    t.errands[last].next = e


def boot(t: Tables, i: int) -> None:
    """The image is there: the instance boots, and the deploy has ended."""
    board, d = t.board[0], t.deploys[i]
    d.pull_s = max(0.0, d.now_s - d.pull_started_s)
    d.pulled_s = d.now_s
    enter(t, i, BOOT)
    d.now_s += t.kinds[t.apps[d.app].kind].boot_s
    enter(t, i, BOOT)
    settle(t, i)
    board.lasts_s = max(board.lasts_s, d.now_s)
    t.orders[board.ended].ended = i
    board.ended += 1
