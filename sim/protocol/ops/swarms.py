"""Layers that nodes fetch in pieces from each other: what the protocol and a swarm (`sim.contrib.swarm`) do for each
other.

The swarm has a queue of its own and keeps in step: it goes on until the run's next event or until a member has a layer,
whichever is first. The engine has it (`sim.engines.swarm`); the row `swarm` is how ops ask and are answered. Pieces
share links with each other and not with the run's flows. Which node has which piece is the swarm's to know; whole
layers are the nodes'.

Left out: routes that change (`ops/faults`): pieces go by the routes of the start.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import (
    BLOCKED,
    CONNECTION_LOST,
    GO,
    GROW_ASKED,
    OWN_CAP,
    SWARM_ASKED,
    SWARM_CAPACITY,
    SWARM_DUE,
    SWARM_FINDS,
    SWARM_JOINS,
    SWARM_LEAVES,
    SWARM_REPORTS,
    SWARM_RUNS,
)
from sim.protocol.machine import ask_host, ensure_rows, run_ready_tasks
from sim.protocol.ops.blobs import record_transfer
from sim.protocol.ops.holdings import add_blob, has_blob
from sim.protocol.ops.scheduling import schedule
from sim.protocol.ops.ways import down_lane, way_of
from sim.protocol.state import GROW_TRANSFERS
from sim.protocol.tasks import branch, make_ready, start_branches
from sim.records.queue import next_event_s


def no_swarm(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` if nodes form no swarm, or the task is no node's."""
    if w.g.swarm == 0 or w.tasks[p].node > w.g.nodes:
        w.tasks[p].pc = label
    return GO


def each_layer(w: Any, p: int, entry: int, none: int) -> int:
    """Fetch all blobs at once, each by a branch at `entry`; go to `none` if there are none."""
    task = w.tasks[p]
    image = w.images[task.image]
    count = 0
    for at in range(image.blobs):
        if w.marks[task.marks + at] > 0:
            count += 1
    if count == 0:
        task.pc = none
        return GO
    for at in range(image.blobs):
        if w.marks[task.marks + at] > 0:
            child = w.tasks[branch(w, p, entry, count == 1)]
            child.blob = w.image_blobs[image.first_blob + at]
            child.size_bytes = w.blobs[child.blob].size_bytes
            child.trailing = 0
    return start_branches(w, p)


def join_swarm(w: Any, p: int, a: int, b: int) -> int:
    """Fetch a layer from the swarm: the node is a member until it has all of it, or gives up."""
    task, call_row = w.tasks[p], w.swarm[0]
    repository = w.names[task.name].repository
    call_row.task, call_row.host, call_row.upstream = p, task.node, task.registry
    call_row.repository, call_row.blob, call_row.size_bytes = repository, task.blob, w.blobs[task.blob].size_bytes
    call_row.tracker_s = w.ways[task.way].round_trip_s
    ask_host(w, SWARM_ASKED, SWARM_FINDS, 0, 0)
    holders = 0
    if call_row.known == 0:
        for node in range(1, w.g.nodes + 1):
            if has_blob(w, node, repository, task.blob):
                w.holders[holders] = node
                holders += 1
    ask_host(w, SWARM_ASKED, SWARM_JOINS, holders, 0)
    if call_row.driven == 0:
        # Others that begin at this instant join first.
        call_row.driven = 1
        schedule(w, w.g.now_s, SWARM_DUE, 0, 0)
    return BLOCKED


def record_shares(w: Any, p: int, a: int, b: int) -> int:
    """A row for what the node had of the layer from each registry; a failure if it has given up."""
    task, g = w.tasks[p], w.g
    ended = w.swarm_ended[w.swarm[0].current]
    w.timelines[task.timeline].now_s = ended.at_s
    first, shares, failed = ended.first_share, ended.shares, ended.failed
    while g.transfers_used + shares + g.tasks_per_growth * g.margin > len(w.transfers):
        ask_host(w, GROW_ASKED, GROW_TRANSFERS, 0, 0)
    for at in range(first, first + shares):
        share = w.swarm_shares[at]
        lane = down_lane(w, way_of(w, task.node, share.source, 0))
        # It was held back by the swarm's own rules, which no link stands for.
        held_s = share.last_s - share.first_s
        record_transfer(
            w, task.counter, w.blobs[task.blob].content, lane, share.first_s, share.last_s, share.carried_bytes, 0.0, 0,
            OWN_CAP, held_s,
        )  # fmt: skip
    return CONNECTION_LOST if failed else GO


def store_layer(w: Any, p: int, a: int, b: int) -> int:
    """The node has the layer, for others to fetch."""
    task = w.tasks[p]
    add_blob(w, task.node, w.names[task.name].repository, task.blob)
    return GO


def swarm_due(w: Any) -> None:
    """Members that have ended go on; the swarm runs for as long as there are others."""
    ask_host(w, SWARM_ASKED, SWARM_REPORTS, 0, 0)
    _resume_members(w)
    call_row = w.swarm[0]
    call_row.until_s = next_event_s(w)
    ask_host(w, SWARM_ASKED, SWARM_RUNS, 0, 0)
    if call_row.driven:
        ensure_rows(w, w.g.now_s)
        schedule(w, call_row.at_s, SWARM_DUE, 0, 0)


def leave_swarm(w: Any, registry: int, lost: int) -> None:
    """A registry is down, maybe with its disk: what it fetches breaks off."""
    if w.g.swarm:
        ask_host(w, SWARM_ASKED, SWARM_LEAVES, registry, lost)
        _resume_members(w)


def resize_for_swarm(w: Any, link: int, capacity_Bps: float) -> None:
    """From now on a link carries so many bytes/s, for pieces, too."""
    if w.g.swarm:
        w.swarm[0].capacity_Bps = capacity_Bps
        ask_host(w, SWARM_ASKED, SWARM_CAPACITY, link, 0)


def _resume_members(w: Any) -> None:
    """Tasks of members that have ended go on, one after another."""
    for at in range(w.swarm[0].ended):
        w.swarm[0].current = at
        make_ready(w, w.swarm_ended[at].task)
        run_ready_tasks(w)
