"""What the solver keeps: rows for links, classes of flows, their hops, the flows, and of the solver itself one.

`sim.records` makes rows of these classes, as small objects or as arrays; kernel code touches both alike, as
`net.table[number].field`. Whoever has more to keep beside it (`sim.protocol.state`) puts these tables among its own:
what is counted in the globals, and the row for each link, are then its business. References are numbers, -1 for none.

The vocabulary is SimGrid's where it has a word (src/kernel/lmm/maxmin.hpp): a link is a constraint, and *active* while
it may be saturated; a class is a variable, with a *weight* and a *bound*; a hop is an element.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from sim.records import Layout

INF: Final = float("inf")
UNBOUNDED_BPS: Final = 1e300
"""Rate of a flow that neither a link nor a cap holds back: it ends at once, and rate x 0 s stays 0."""

OWN_BOUND: Final = -1
"""`ClassState.bottleneck` of a class that is held back by its own bound, and by no link that others share."""
DETACHED: Final = -2
"""The same of a class that is in no heap: it has no flows, or is about to be attached."""


class LinkState:
    """A link: one direction of a cable, or a disk. Its *level* is the rate per unit of weight of those it holds back.

    While its level stays between `level_min` and `level_max` it goes on holding back the same classes.
    """

    # What solving touches stands together, first.
    residual: float  # scratch of one solution: capacity that is not given yet, the weight and the number of the classes
    unfixed_weight: float  # on it whose rates are not fixed yet, and the level it comes to
    unfixed: int
    active: int  # 1 while it may be saturated: only active links are ever looked at
    capacity: float
    first: int = -1  # while active: the classes with flows that cross it, as a list of hops
    last: int = -1
    visited: int  # stamp of the solution that visited it last
    component: int  # scratch: the nth link of the component that is being solved
    level: float
    service: float  # bytes per unit of weight, up to `since`, since it last held nobody back
    since: float
    heap: int = -1  # the classes that it holds back, its members, by the service at which their next flow ends
    members: int
    members_weight: float  # their flows times weights
    others_rate: float  # of the classes that cross it and that it does not hold back, all together
    level_max: float = INF  # above it a member would be held back by its own bound
    level_min: float  # below it one of the others would be held back by this link
    updates: int  # since its sums were last added up afresh
    queued: int  # 1 while it is in the heap of what ends next
    offered: float  # what its classes could use together, were it endless: the sum of their bounds
    dominated: int  # 1 while all that cross it cross a link of no more capacity, too: it can hold nobody back
    coupled: int  # how many of its classes cross another active link, too
    modified: int  # 1 while it is among those that must be solved again
    modified_link: int  # scratch: the nth of these
    new_level: float  # scratch
    last_level: float = INF  # the level found last, where looking for the next one begins
    full_since: float  # observed only: since when, and how long in all, it has held somebody back, and how many now
    full_s: float
    holds: int


class ClassState:
    """Flows of one route, weight and cap: they always have one rate. Its route is hops[first_hop:end_hop]."""

    # What solving touches stands together, first.
    weight: float = 1.0
    cap: float = INF
    first_hop: int
    end_hop: int
    count: int  # flows under way
    bound: float  # what they could use together, alone
    bottleneck: int = DETACHED  # what holds it back: a link's number, OWN_BOUND, or DETACHED
    new_bottleneck: int  # scratch
    rate: float  # of each flow, while OWN_BOUND
    active_links: int  # on its route
    visited: int
    component: int  # scratch: the nth class of the component that is being solved
    service: float  # bytes each flow has had at the anchor, since the class was last without flows
    anchor: float  # a time, or the service of the link that holds it back
    heap: int = -1  # its flows by the service at which they end
    narrowest: float = UNBOUNDED_BPS  # its route's least capacity
    carried: float  # bytes of the flows that have ended
    in_use: int  # 1 while on the list of classes that may have flows
    used_class: int  # scratch: the nth class on that list
    ending_class: int  # scratch: the nth class of which flows are ending, and how many
    ending: int
    held: int = -1  # observed only: the hop that holds it back (-1: its cap), and since when
    held_since: float
    capped_s: float  # observed only: how long its cap has held it back


class Hop:
    """One link on one class's route, a node in that link's list of classes."""

    link: int
    owner: int
    next: int = -1
    prev: int = -1
    held_s: float  # observed only: how long this link has held this class back


class Node:
    """A heap's node. Node l is link l, node n_links + c is class c: by time in the heap of ends, or in a link's heap.

    `ranks` are such nodes too, for `filling` to fill links in the order of their levels.
    """

    key: float = INF
    child: int = -1
    next: int = -1
    prev: int = -1


class FlowState:
    """A flow. One that is not under way is in a list of free rows, by `next`."""

    key: float = INF  # the service of its class at which it ends
    child: int = -1
    next: int = -1
    prev: int = -1
    owner: int
    asked: float  # its size, bytes
    token: int
    ended: int  # scratch: the nth flow that has just ended


class Solver:
    """What there is one of."""

    ends: int = -1  # heap of what ends next
    in_use: int  # classes on the list of those that may have flows
    modified: int  # links that must be solved again
    stamp: int  # solutions so far
    observed: int  # 1: what holds classes back, and for how long, is noted
    solved: int  # classes solved again so far: what compiling would have saved


class Globals:
    """Rows in use, for those who have no more to keep than this."""

    flows_used: int
    classes_used: int
    hops_used: int
    nodes_used: int  # a node for each link, then one for each class
    free_flow: int = -1


#: The tables, with rows of which kind.
TABLES: Final[dict[str, type]] = {
    "links": LinkState, "classes": ClassState, "hops": Hop, "nodes": Node, "ranks": Node, "flows": FlowState,
    "solver": Solver,
}  # fmt: skip
#: With what `kernel.run` takes and returns: of each flow its start, size and class, and its end, (n_flows,).
COLUMNS: Final[dict[str, type]] = {"start_s": float, "size_bytes": float, "owner": int, "finish_s": float}
LAYOUT: Final = Layout(Globals, TABLES | COLUMNS, {"ranks": ("nodes", 1)})


class Net(Protocol):
    """A state as kernel code sees it. The first rows of `links`, `classes` and `flows` have scratch lists, too."""

    g: Globals
    links: Sequence[LinkState]
    classes: Sequence[ClassState]
    hops: Sequence[Hop]
    nodes: Sequence[Node]
    ranks: Sequence[Node]
    flows: Sequence[FlowState]
    solver: Sequence[Solver]
    start_s: Sequence[float]
    size_bytes: Sequence[float]
    owner: Sequence[int]
    finish_s: list[float]
