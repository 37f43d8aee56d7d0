"""Many flows at once: when does each one end?

All flows are known beforehand, so `kernel.run` goes from one start or end to the next without coming back to Python.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.network.fairshare import kernel
from sim.network.fairshare.classes import Domination, add_class, check_class, idle_network
from sim.network.fairshare.state import COLUMNS, INF
from sim.network.topology.graph import check_capacity
from sim.network.topology.schedule import Change
from sim.records.layout import State, as_arrays
from sim.records.machinery import lacking

COMPILE_COLUMNS = 2_000
COMPILE_LIST = 100_000
"""From how many flows on machine code is loaded: columns mean bulk, a list of flows mostly a case or two."""


class Flow(NamedTuple):
    """One transfer: when it starts (s), how much it moves (bytes), over which links, weight and cap (bytes/s).

    >>> from sim.network import Flow
    >>> Flow(0.0, 100.0, ("up", "wan")).weight
    1.0
    """

    start_s: float
    size_bytes: float
    route: tuple[str, ...]
    weight: float = 1.0
    cap_Bps: float = INF


@dataclass(frozen=True, slots=True)
class Flows:
    """The same as columns. A flow's route is `routes[route[i]]`, a tuple of link numbers in capacity's order.

    `start_s`, `size_bytes`, `weight`, `cap_Bps` : (n_flows,) float, or one figure for all; `route` : (n_flows,) int;
    `routes` : (n_routes,).

    >>> import numpy as np
    >>> from sim import network
    >>> network.simulate({"up": 10.0}, network.Flows(np.zeros(2), 100.0, np.zeros(2, int), ((0,),))).tolist()
    [20.0, 20.0]
    """

    start_s: ArrayLike
    size_bytes: ArrayLike
    route: ArrayLike
    routes: Sequence[tuple[int, ...]]
    weight: ArrayLike = 1.0
    cap_Bps: ArrayLike = INF


def simulate(
    capacity_Bps: Mapping[str, float],
    flows: Sequence[Flow] | Flows,
    changes: Iterable[Change] = (),
    *,
    compiled: bool | None = None,
) -> NDArray[np.float64]:
    """Completion time of each flow, s, (n_flows,): exact weighted max-min, no latency; inf for one that never ends.

    `changes` are made to capacities as time passes. `compiled` says whether to run compiled or in the interpreter;
    by default that depends on how many flows there are. Both give the same times, bit for bit.

    ValueError for a link that is not there, a size or a weight below zero, and the like.

    >>> from sim import network
    >>> flows = [network.Flow(0.0, 100.0, ("up",)), network.Flow(0.0, 50.0, ("up",))]
    >>> network.simulate({"up": 10.0}, flows).tolist()  # 5 bytes/s each; from 10 s on the first has all of it
    [15.0, 10.0]
    """
    names = list(capacity_Bps)
    for name, capacity in capacity_Bps.items():
        check_capacity(name, capacity)
    if compiled is None:
        compiled = len(np.atleast_1d(np.asarray(flows.start_s)) if isinstance(flows, Flows) else flows) >= (
            COMPILE_COLUMNS if isinstance(flows, Flows) else COMPILE_LIST
        )
    if not isinstance(flows, Flows):
        flows = _columns(names, flows)
    start_s = np.atleast_1d(np.asarray(flows.start_s, np.float64))
    n = len(start_s)
    size_bytes = np.broadcast_to(np.asarray(flows.size_bytes, np.float64), n)
    _require(np.isfinite(start_s), "start_s must be finite", start_s)
    _require((size_bytes >= 0) & np.isfinite(size_bytes), "size_bytes must be finite and 0 or more", size_bytes)
    changes = sorted(changes)
    net, owner = _classes(list(capacity_Bps.values()), flows, n, fixed=not changes)
    in_order = bool((start_s[1:] >= start_s[:-1]).all())
    order: Any = slice(None) if in_order else np.argsort(start_s, kind="stable")
    columns = (start_s[order], size_bytes[order], owner[order], np.full(n, INF))
    run: Any = kernel
    if compiled and not lacking():
        run = importlib.import_module("sim.network.fairshare.compiled")
        net = as_arrays(net)
    for name, column in zip(COLUMNS, columns, strict=True):
        net.replace(name, column)
    begun = 0
    for change in changes:
        check_capacity(change.link, change.capacity_Bps)
        begun = _run(run, net, begun, float(change.at_s), columns[0])
        run.set_capacity(net, float(change.at_s), names.index(change.link), float(change.capacity_Bps))
    _run(run, net, begun, INF, columns[0])
    finish_s = np.empty(n)
    finish_s[order] = net["finish_s"]
    return finish_s


def _run(kernel: Any, net: State, begun: int, until_s: float, start_s: NDArray[np.float64]) -> int:
    """Up to `until_s`, with as many rows for flows as it takes; the next to start."""
    begun = kernel.run(net, begun, until_s)
    while begun < len(start_s) and start_s[begun] < until_s:
        net.grow("flows", max(64, net.length("flows")))
        begun = kernel.run(net, begun, until_s)
    return begun


def _require(holds: NDArray[np.bool_], what: str, column: NDArray[np.float64]) -> None:
    if not holds.all():
        at = int(np.argmin(holds))
        raise ValueError(f"flow {at}: {what}, got {column[at]:g}")


class _Numbers(dict[tuple[str, ...], int]):
    """Routes by number, in the order in which they are first asked for."""

    def __missing__(self, route: tuple[str, ...]) -> int:
        self[route] = len(self)
        return self[route]


def _columns(names: list[str], flows: Sequence[Flow]) -> Flows:
    # Field by field and without a comprehension, so that a long list takes less time than its flows do.
    routes = _Numbers()
    route = np.fromiter(map(routes.__getitem__, map(itemgetter(2), flows)), np.int64, len(flows))
    start_s, size_bytes, weight, cap_Bps = (
        np.fromiter(map(itemgetter(field), flows), np.float64, len(flows)) for field in (0, 1, 3, 4)
    )
    index = {name: position for position, name in enumerate(names)}
    unknown = {name for one in routes for name in one}.difference(index)
    if unknown:
        raise ValueError(f"no link is called {min(unknown)}: known are {', '.join(names)}")
    return Flows(
        start_s=start_s,
        size_bytes=size_bytes,
        route=route,
        routes=[tuple(index[name] for name in one) for one in routes],
        weight=_one_of(weight),
        cap_Bps=_one_of(cap_Bps),
    )


def _one_of(column: NDArray[np.float64]) -> ArrayLike:
    """One figure for all where all are the same."""
    return column[0] if len(column) and (column == column[0]).all() else column


def _classes(capacity_Bps: list[float], flows: Flows, n: int, fixed: bool) -> tuple[State, NDArray[np.int64]]:
    """An idle network with a class for each route, weight and cap that occurs, and each flow's class, (n,).

    `fixed` says that capacities will stay.
    """
    owner = np.broadcast_to(np.asarray(flows.route, np.int64), n)
    if n and not 0 <= owner.min() <= owner.max() < len(flows.routes):
        raise ValueError(f"route must be from 0 to {len(flows.routes) - 1}, got {owner.min()} to {owner.max()}")
    used = np.bincount(owner, minlength=len(flows.routes)) > 0
    if not used.all():
        owner = (np.cumsum(used) - 1)[owner]
    kinds: list[tuple[float, ...]] = [(number,) for number in np.flatnonzero(used).tolist()]
    for column in (flows.weight, flows.cap_Bps):
        values, code = np.unique(np.asarray(column, np.float64), return_inverse=True)
        if len(values) == 1:
            kinds = [(*kind, *values.tolist()) for kind in kinds]
        else:
            both, owner = np.unique(owner * len(values) + code, return_inverse=True)
            kinds = [(*kinds[at // len(values)], float(values[at % len(values)])) for at in both.tolist()]
    net = idle_network(capacity_Bps)
    domination = Domination()
    for number, weight, cap_Bps in kinds:
        route = tuple(flows.routes[int(number)])
        check_class(route, weight, cap_Bps)
        add_class(net, route, weight, cap_Bps)
        if fixed:
            domination.note(net, route)
    return net, owner
