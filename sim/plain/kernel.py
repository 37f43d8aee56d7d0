"""A plain world's events, one after another. Text to be compiled (see `records`)."""

from __future__ import annotations

from sim.plain.bodies import ended, landed, store
from sim.plain.convoys import convoy_due
from sim.plain.flights import land_alone, send
from sim.plain.holdings import lane_of
from sim.plain.lanes import free, leave
from sim.plain.pulls import arrived, fetched, held, resolve, resolved
from sim.plain.pushes import ask, checked, commit, copied, copy_due, published
from sim.plain.records import (
    ARRIVED,
    CAME,
    CHECKED,
    CONNECTING,
    CONVOY_DUE,
    COPY_DUE,
    DUE,
    ENGINE_DUE,
    FULL,
    HELD,
    LANDED,
    MARGIN,
    MEET,
    OVER,
    PUBLISHED,
    RESOLVED,
    SET_OUT,
    UNPLAIN,
    Tables,
)
from sim.swarm.events import schedule, take_first

INF = float("inf")


def run(t: Tables, ended: int, arm_s: float) -> int:
    """Go on until nothing is left to happen, the engine is needed, or a table is full.

    First, `ended` flows of the engine have ended, as `meeting` has them; its next one ends at `arm_s`, if that is news.
    """
    if ended:
        _landed_in_engine(t, ended)
    if arm_s < INF:
        _arm_engine(t, arm_s)
    board = t.board[0]
    n = len(t.deploys)
    while board.events:
        if board.events + MARGIN > len(t.events) or board.partings + len(t.flows) > len(t.partings):
            return FULL
        if board.free_flow < 0 or board.transfers + MARGIN > len(t.transfers):
            return FULL
        if board.unplain:
            return UNPLAIN
        event = t.events[take_first(t)]
        at_s, kind, what, life = event.at_s, event.kind, event.what, event.life
        if kind == LANDED:
            if t.flows[what].life != life:
                continue
            board.now_s = at_s
            land_alone(t, what)
            _go_on(t, what, -1, 0.0)
        elif kind == CONVOY_DUE:
            if t.lanes[what].life != life:
                continue
            board.now_s = at_s
            for k in range(convoy_due(t, what)):
                f = t.meeting[k].flow
                _go_on(t, f, t.lanes[what].limit, t.flows[f].held_s)
        elif kind == ENGINE_DUE:
            if board.engine_life != life:
                continue
            board.now_s = at_s
            return DUE
        else:
            board.now_s = at_s
            if kind == ARRIVED:
                ask(t, what)
                if what + 1 < n:
                    schedule(t, t.deploys[what + 1].at_s, ARRIVED, what + 1, 0)
            elif kind == CHECKED:
                checked(t, what)
            elif kind == SET_OUT:
                if send(t, what, lane_of(t, what >> 1), t.bodies[what].size):
                    return MEET
            elif kind == PUBLISHED:
                if what < n:
                    published(t, what)
                else:
                    copied(t, what % n)
            elif kind == RESOLVED:
                resolved(t, what)
            elif kind == COPY_DUE:
                copy_due(t, what)
            elif kind == CONNECTING:
                resolve(t, what)
            elif kind == CAME:
                _came(t, what)
            elif kind == HELD:
                held(t, what)
    return UNPLAIN if board.unplain else OVER


def _arm_engine(t: Tables, at_s: float) -> None:
    """Wake when the engine's next flow ends; what was settled for another time is void."""
    t.board[0].engine_life += 1
    schedule(t, at_s, ENGINE_DUE, 0, t.board[0].engine_life)


def _landed_in_engine(t: Tables, n: int) -> None:
    """`n` flows of the engine have ended: links are free for others before anybody goes on."""
    for k in range(n):
        leave(t, t.flows[t.meeting[k].flow].lane)
    for k in range(n):
        f = t.meeting[k].flow
        _go_on(t, f, t.meeting[k].held_by, t.meeting[k].held_s)


def _go_on(t: Tables, f: int, bound_by: int, bound_s: float) -> None:
    """Whoever waits for a flow goes on."""
    b = t.flows[f].body
    landed(t, f, bound_by, bound_s)
    free(t, f)
    if t.bodies[b].now_s > t.board[0].now_s:
        schedule(t, t.bodies[b].now_s, CAME, b, 0)
    else:
        _came(t, b)


def _came(t: Tables, b: int) -> None:
    """The last byte of a body is where it is to be, and its upload is closed."""
    n, e = len(t.deploys), b >> 1
    if n <= e < 2 * n:
        arrived(t, b)
        if ended(t, b):
            fetched(t, e)
        return
    store(t, e, b & 1)
    t.bodies[b].now_s += t.ways[t.errands[e].way].back_s
    if ended(t, b):
        commit(t, e)
