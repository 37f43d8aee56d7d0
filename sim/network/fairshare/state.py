"""The engine's state: tables of records, each a list of plain objects or one numpy array.

The engine is written once, in the part of Python that both the interpreter and numba run: `pairing`, `fairshare`
and `kernel` are its *text*. The text touches state only as `table[number].field`, which means the same for a list
of small objects (fast in the interpreter, where a few flows at once are the rule) and for an array of records
(fast when compiled). So there is one algorithm, and both ways agree bit for bit. References are numbers, -1 for
none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

INF = float("inf")
UNBOUNDED_BPS = 1e300
"""Rate of a flow that neither a link nor a cap holds back: it ends at once, and rate x 0 s stays 0."""

PRIVATE = -1
"""`ClassState.link` of a class held back by its own bound and by no shared link."""
IN_HAND = -2
"""`ClassState.link` of a class that is in no heap: idle, or about to be placed."""


@dataclass(slots=True)
class LinkState:
    # What solving touches stands together, first.
    room: float = 0.0  # scratch of one solution: what is left to share, among which mass and how many classes
    load: float = 0.0
    left: int = 0
    hot: int = 0  # 1 while it may run full: only hot links are ever looked at
    capacity: float = 0.0
    first: int = -1  # while hot: its active classes, as a list of hops
    last: int = -1
    seen: int = 0
    queue: int = 0  # scratch: the nth link to solve
    # The classes that this link holds back, its members, all get `level` bytes/s per unit of weight.
    level: float = 0.0
    service: float = 0.0  # bytes per unit of weight, up to `since`, since it last had no member
    since: float = 0.0
    heap: int = -1  # members by the service at which their next flow ends
    members: int = 0
    own: float = 0.0  # members' flows times weights
    others: float = 0.0  # bytes/s of the classes on it that it does not hold back
    low: float = INF  # no member would be held back by its own bound at a level below this
    high: float = 0.0  # nor any of the others by this link at a level above this
    quick: int = 0  # changes since its sums were last made afresh
    aimed: int = 0  # 1 while in the clock
    potential: float = 0.0  # what its classes could use together, were it endless: the sum of their bounds
    shadow: int = 0  # 1 while all that cross it cross a link of no more capacity too: it can hold nobody back
    tangled: int = 0  # how many of its classes cross another hot link too
    dirty: int = 0
    dirty_link: int = 0  # scratch: the nth link that must be solved again
    reached: float = INF  # the level found last, where looking for the next one begins
    full_since: float = 0.0  # observed only: since when, and how long in all, it has held somebody back
    full_s: float = 0.0
    holds: int = 0


@dataclass(slots=True)
class ClassState:
    # What solving touches stands together, first.
    weight: float = 1.0
    cap: float = INF
    first_hop: int = 0  # its route is hops[first_hop:end_hop]
    end_hop: int = 0
    count: int = 0
    bound: float = 0.0  # what its flows could use together, alone
    link: int = IN_HAND  # what holds it back: a link's number, PRIVATE, or IN_HAND
    verdict: int = 0  # scratch: the same, newly found
    rate: float = 0.0  # of each flow, when PRIVATE
    hot: int = 0  # hot links on its route
    seen: int = 0
    group: int = 0  # scratch: the nth class to solve
    service: float = 0.0  # bytes each flow has had at the anchor, since the class last was empty
    anchor: float = 0.0  # a time, or the link's service
    heap: int = -1  # its flows by the service at which they end
    narrow: float = UNBOUNDED_BPS  # its route's least capacity
    carried: float = 0.0  # bytes of the flows that have ended
    listed: int = 0  # 1 while on the roll of classes that may be active
    listing: int = 0  # the nth class on that roll
    touched: int = 0  # scratch: the nth class whose flows have just ended, and how many
    ended: int = 0
    held: int = -1  # observed only: the hop that holds it back (-1: its cap), and since when
    held_since: float = 0.0
    capped_s: float = 0.0  # observed only: how long its cap has held it back


@dataclass(slots=True)
class Hop:
    """One link on one class's route, a node in that link's list of active classes."""

    link: int = 0
    owner: int = 0
    next: int = -1
    prev: int = -1
    held_s: float = 0.0  # observed only: how long this link has held this class back


@dataclass(slots=True)
class Node:
    """A heap's node. Node l is link l, node n_links + c is class c: in the clock by time, or in a link's heap.

    `ranks` are such nodes too, for `fairshare` to fill by level.
    """

    key: float = INF
    child: int = -1
    next: int = -1
    prev: int = -1


@dataclass(slots=True)
class FlowState:
    key: float = INF  # the service of its class at which it ends
    child: int = -1
    next: int = -1
    prev: int = -1
    owner: int = 0
    asked: float = 0.0  # its size, bytes
    token: int = 0
    ended: int = 0  # scratch: the nth flow that has just ended


@dataclass(slots=True)
class Board:
    """What there is one of."""

    clock: int = -1  # heap of what ends next
    classes: int = 0  # rows in use; arrays have more
    hops: int = 0
    listed: int = 0  # how many classes are on the roll
    free: int = -1  # unused rows of `flows`, as a list by `next`
    dirty: int = 0
    stamp: int = 0
    observed: int = 0
    solved: int = 0  # classes solved again so far: what compiling would have saved


class Net(NamedTuple):
    """All of it, typed as lists of objects; compiled, each table is an array of records with the same fields.

    `board` has one row. Scratch lists live in the first rows of `links`, `classes` and `flows`.
    """

    links: list[LinkState]
    classes: list[ClassState]
    hops: list[Hop]
    nodes: list[Node]
    ranks: list[Node]
    flows: list[FlowState]
    board: list[Board]


KINDS = (LinkState, ClassState, Hop, Node, Node, FlowState, Board)


def check_capacity(name: str, capacity_Bps: float) -> None:
    """ValueError unless a link can have this capacity."""
    if not 0 <= capacity_Bps < INF:
        raise ValueError(f"{name}: capacity must be finite and 0 bytes/s or more, got {capacity_Bps:g}")


def check_class(route: Sequence[int], weight: float, cap_Bps: float) -> None:
    """ValueError unless flows can have this route, weight and cap."""
    if len(set(route)) < len(route):
        raise ValueError(f"a route must not cross a link twice, got {tuple(route)}")
    if not 0 < weight < INF:
        raise ValueError(f"a weight must be above 0 and finite, got {weight:g}")
    if not cap_Bps > 0:
        raise ValueError(f"a cap must be above 0 bytes/s, got {cap_Bps:g}")


def plain(capacity_Bps: Iterable[float]) -> Net:
    """A network of idle links, as lists."""
    links = [LinkState(capacity=float(capacity)) for capacity in capacity_Bps]
    return Net(links, [], [], [Node() for _ in links], [Node() for _ in links], [], [Board()])


def add_class(net: Net, route: Iterable[int], weight: float, cap_Bps: float) -> Net:
    """The same network with one more class, its last."""
    links, board = _row_wise(net.links), _row_wise(net.board)[0]
    c, first = int(board.classes), int(board.hops)
    hops = [Hop(link=link, owner=c) for link in route]
    narrow = min((float(links[hop.link].capacity) for hop in hops), default=UNBOUNDED_BPS)
    added = ClassState(weight, cap_Bps, first, first + len(hops), narrow=narrow)
    board.classes += 1
    board.hops += len(hops)
    return net._replace(
        hops=_filled(net.hops, first, hops),
        classes=_filled(net.classes, c, [added]),
        nodes=_filled(net.nodes, len(links) + c, [Node()]),
        ranks=_filled(net.ranks, len(links) + c, [Node()]),
    )


def shade(net: Net, common: dict[int, set[int]], route: Iterable[int]) -> None:
    """Links of a new class's route stand in the shadow of others or step out of it.

    If whoever crosses a link also crosses one of no more capacity, what that one lets through the first one does, too.
    `common` keeps, for each link, those that all of its classes cross; it only ever gets smaller.
    """
    crossed = set(route)
    links = _row_wise(net.links)
    for link in crossed:
        shared = common[link] = common.get(link, crossed) & crossed
        own = (links[link].capacity, link)
        links[link].shadow = int(any((links[other].capacity, other) < own for other in shared))


def with_room(net: Net, rows: int) -> Net:
    """The same network with `rows` more rows for flows; to be called when none is free."""
    old = len(net.flows)
    more = [FlowState(next=row) for row in range(old + 1, old + rows + 1)]
    more[-1].next = -1
    net = net._replace(flows=_extended(net.flows, more))
    readable(net).board[0].free = old
    return net


def ended(net: Net, n: int) -> list[int]:
    """The `n` flows that have just ended."""
    if isinstance(net.flows, list):
        return [net.flows[i].ended for i in range(n)]
    table: Any = net.flows
    rows: list[int] = table["ended"][:n].tolist()
    return rows


def as_arrays(net: Net) -> Net:
    """The same state as arrays."""
    tables: list[Any] = [_array(kind, rows) for kind, rows in zip(KINDS, net, strict=True)]
    return Net(*tables)


def readable(net: Net) -> Net:
    """The same state, so that plain Python can say `table[number].field` of arrays too."""
    if isinstance(net.links, list):
        return net
    tables: Any = net
    return Net(*map(_row_wise, tables))


def _row_wise(table: Any) -> Any:
    return table if isinstance(table, list) else table.view(np.recarray)


def _extended(table: Any, rows: list[Any]) -> Any:
    if isinstance(table, list):
        table.extend(rows)
        return table
    return np.concatenate([table, _array(type(rows[0]), rows)]) if rows else table


def _filled(table: Any, at: int, rows: list[Any]) -> Any:
    """The table with its rows from `at` on filled: an array doubles when it is full, since a class is added often."""
    if isinstance(table, list) or not rows:
        return _extended(table, rows)
    kind = type(rows[0])
    if at + len(rows) > len(table):
        table = _extended(table, [kind()] * max(64, len(table)))
    if kind is not Node:  # unused nodes are as good as new
        table[at : at + len(rows)] = _array(kind, rows)
    return table


def dtypes() -> tuple[np.dtype[Any], ...]:
    """Of each table's records."""
    return tuple(_dtype(kind) for kind in KINDS)


@cache
def _dtype(kind: Any) -> np.dtype[Any]:
    return np.dtype([(column.name, np.float64 if column.type == "float" else np.int64) for column in fields(kind)])


def _array(kind: Any, rows: Any) -> np.ndarray[Any, Any]:
    dtype = _dtype(kind)
    values = attrgetter(*(dtype.names or ()))
    return np.array([values(row) for row in rows], dtype)
