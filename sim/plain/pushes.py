"""Pushes, and copies of what was pushed to a node, step by step, as `world/push` and `world/sync` have them.

Text to be compiled (see `records`).
"""

from __future__ import annotations

from sim.plain.bodies import begin
from sim.plain.holdings import hold, metadata, profile_of, repository, side, wins
from sim.plain.pulls import pull
from sim.plain.records import AT_CENTRAL, CHECKED, COPY_DUE, KERNEL, PUBLISHED, ROOTFS, Tables
from sim.plain.requests import connect, enter, keep_open, stretch
from sim.rows import CHECKS, COMMIT, LOGIN, SYNC_WAIT, UPLOAD
from sim.swarm.events import schedule


def ask(t: Tables, i: int) -> None:
    """A client starts a deploy: it logs in and asks which blobs are there."""
    d, errand = t.deploys[i], t.errands[i]
    app = t.apps[d.app]
    profile = t.profiles[app.profile]
    d.started_s = d.mark_s = d.now_s = d.at_s
    d.phase = LOGIN
    errand.way = app.to_central if d.central else app.to_node
    errand.image = i
    way = t.ways[errand.way]
    d.now_s += profile.start_s + way.open_s
    d.now_s = stretch(t, d.now_s, errand.way, profile.login, 0)
    d.now_s += way.back_s
    d.token_until_s = d.now_s + t.registries[way.registry].token_life_s
    enter(t, i, CHECKS)
    blobs = 2 + (t.kinds[app.kind].kernel_bytes > 0)
    d.now_s = stretch(t, d.now_s, errand.way, profile.tags + profile.check, (blobs - 1) * profile.check)
    errand.now_s = d.now_s
    schedule(t, d.now_s, CHECKED, i, 0)


def copy(t: Tables, i: int) -> None:
    """A job begins to copy what a deploy pushed to its node to central."""
    n = len(t.deploys)
    d, e = t.deploys[i], 2 * n + i
    errand, app = t.errands[e], t.apps[d.app]
    profile = t.profiles[profile_of(t, e)]
    errand.way, errand.image = app.from_node, i
    errand.started_s = errand.now_s = t.board[0].now_s
    errand.now_s = connect(t, errand.now_s, errand.way, app.node)
    blobs = 2 + (t.kinds[app.kind].kernel_bytes > 0)
    errand.now_s = stretch(t, errand.now_s, errand.way, profile.tags + profile.check, (blobs - 1) * profile.check)
    schedule(t, errand.now_s, CHECKED, e, 0)


def checked(t: Tables, e: int) -> None:
    """The target has said what it has: the rest is sent."""
    n = len(t.deploys)
    i = e % n
    errand, d = t.errands[e], t.deploys[i]
    image, kind, held = t.images[errand.image], t.kinds[t.apps[d.app].kind], t.repositories[repository(t, e)]
    errand.now_s = t.board[0].now_s + t.ways[errand.way].back_s
    bit = side(t, e)
    kernel = kind.kernel_bytes > 0 and not held.kernels >> image.release & 1
    rootfs, config = not image.rootfs & bit, not image.config & bit
    errand.saved += (kind.kernel_bytes if not kernel else 0) + (kind.rootfs_bytes if not rootfs else 0)
    errand.saved += kind.config_bytes if not config else 0
    if e < n:
        d.now_s = errand.now_s
    if kernel or rootfs or config:
        if e < n:
            enter(t, i, UPLOAD)
        errand.pair, errand.lead = int(kernel and rootfs), KERNEL if kernel else ROOTFS
        begin(t, e, kernel, rootfs, config)
    else:
        commit(t, e)


def commit(t: Tables, e: int) -> None:
    """All blobs are there: the manifest and the index."""
    n = len(t.deploys)
    i = e % n
    errand, d = t.errands[e], t.deploys[i]
    profile = t.profiles[profile_of(t, e)]
    if e < n:
        enter(t, i, COMMIT)
        if errand.now_s > d.token_until_s and profile.renews:
            errand.now_s = stretch(t, errand.now_s, errand.way, 2, 0)
            errand.now_s += t.ways[errand.way].back_s
    errand.now_s = stretch(t, errand.now_s, errand.way, profile.publish, 0)
    schedule(t, errand.now_s, PUBLISHED, e, 0)


def published(t: Tables, i: int) -> None:
    """A client's push has put an image: the tag is its from now on. Its instance is asked for."""
    d, errand, now = t.deploys[i], t.errands[i], t.board[0].now_s
    app = t.apps[d.app]
    kind = t.kinds[app.kind]
    d.now_s = now
    metadata(t, i, now, kind.manifest_bytes + kind.index_bytes)
    held, bit = t.repositories[repository(t, i)], side(t, i)
    held.generation = held.generation + 1 if held.image >= 0 else 1
    if held.image < 0 or held.listed_s < 0:
        held.listed_s = now
    held.image, held.published_s, held.origin = i, now, t.ways[errand.way].registry
    t.images[i].manifest |= bit
    errand.published_s, errand.origin, errand.generation = now, held.origin, held.generation
    if app.newest < 0 or now > app.newest_s or (now == app.newest_s and i > app.newest):
        app.newest, app.newest_s = i, now
    if not d.central:
        schedule(t, now + t.board[0].delay_s, COPY_DUE, i, 0)
    enter(t, i, SYNC_WAIT)
    d.now_s += t.ways[errand.way].back_s
    d.push_s = d.now_s - d.started_s
    to_node = t.ways[app.to_node]
    d.now_s += to_node.open_s + to_node.forth_s
    d.client_latency_s = d.now_s + to_node.back_s - d.started_s
    pull(t, i)


def copied(t: Tables, i: int) -> None:
    """Central has the manifest; its tag points there unless it means something that wins."""
    n = len(t.deploys)
    board, d, e = t.board[0], t.deploys[i], 2 * n + i
    errand, app = t.errands[e], t.apps[d.app]
    kind, now, source = t.kinds[app.kind], board.now_s, t.errands[i]
    keep_open(t, now, app.node)
    metadata(t, e, now, kind.manifest_bytes + kind.index_bytes)
    if board.served < board.queued:
        copy(t, t.orders[board.served].waiting)
        board.served += 1
    else:
        board.jobs += 1
    central, own = t.repositories[2 * d.app], t.repositories[2 * d.app + 1]
    hold(t, 2 * d.app, AT_CENTRAL, i, source.published_s, source.origin, source.generation)
    errand.state = int(central.image != i)
    same = own.image == central.image and own.published_s == central.published_s
    if not same and wins(t, central.image, central.published_s, central.generation, 2 * d.app + 1):
        board.unplain = 1
    errand.now_s = now
    t.orders[board.syncs].copied = i
    board.syncs += 1


def copy_due(t: Tables, i: int) -> None:
    """The delay is over: a job, if one is free, or a place in the queue."""
    board = t.board[0]
    if board.jobs:
        board.jobs -= 1
        copy(t, i)
    else:
        t.orders[board.queued].waiting = i
        board.queued += 1
