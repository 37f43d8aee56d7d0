"""Starts of what other streams pushed: more instances of their applications, and those of nodes that are replaced.

Left out: where an application was scaled out to before, so that each scale-out is beside the nodes of its deploys; and
where the instances of a replaced node had been moved to when a node goes a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload.demand import Demand
from sim.workload.synthetic import draws
from sim.workload.synthetic.merging import Made, first_known
from sim.workload.synthetic.parts import Part

_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]

#: The nodes, by their numbers, on which a client's deploy starts: (client, how many, its app's draw, its own draw).
Placed = Callable[[int, int, float, float], Sequence[int]]

#: How often a replacement's draw is made anew that would place an instance on the node that goes.
_TRIES = 20


def started(scenario: Scenario, part: Part, streams: Streams, made: Mapping[tuple[str, str], Made]) -> Made:
    """The starts of a part, of the applications that exist at the start in the parts of its group among those `made`.

    A part is chosen in proportion to what comes of it, and in it an application by Zipf's law.
    """
    asked, entity = part.stream, part.entity
    every = [*made.values()]
    firsts = dict(zip(map(id, every), first_known(every), strict=True))
    owners = [
        one for key, one in made.items() if key[0] in (asked.of or ()) and key[1] in ("", part.group) and one.known
    ]
    at_s = part.times(streams, scenario.run.duration_s)
    n = len(at_s)
    app, kernel, beside = (np.zeros(n, dtype=np.int64) for _ in range(3))
    if owners:
        weights, numbers, nodes, released_s = [], [], [], []
        for one in owners:
            popularity = np.arange(1, one.known + 1, dtype=np.float64) ** -asked.popularity
            weights.append(popularity / popularity.sum() * max(one.part.rate_per_s, 1e-300))
            numbers.append(firsts[id(one)] + np.arange(one.known))
            nodes.append(np.full(one.known, one.part.stream.nodes))
            released_s.append(np.full(one.known, np.inf) if one.released_s is None else one.released_s)
        chosen = draws.choose(np.concatenate(weights), streams.generator("popularity", entity).random(n))
        app, beside = np.concatenate(numbers)[chosen], np.concatenate(nodes)[chosen]
        kernel = (at_s >= np.concatenate(released_s)[chosen]).astype(np.int64)
    return Made(
        part=part,
        at_s=at_s,
        app=app,
        kernel=kernel,
        update=np.ones(n, dtype=np.bool_),
        route_draw=streams.generator("routes", entity).random(n),
        place_draw=streams.generator("places", entity).random(n),
        pushes=False,
        beside=beside if asked.starts_on == "more-nodes" else None,
        borrows=True,
    )


def replaced(scenario: Scenario, part: Part, streams: Streams, so_far: Demand, placed: Placed | None) -> Made:
    """The starts that the replacement of nodes of a part's group makes, each of an instance that ran on one.

    An instance runs where the last deploy of its application started it, or where it was at the start of the run. It
    starts on the node that would be its next one.
    """
    if placed is None:
        raise ValueError("whoever makes demand in which nodes are replaced must say where deploys start")
    entity = part.entity
    at_s = part.times(streams, scenario.run.duration_s)
    groups = [*scenario.nodes]
    first = sum(scenario.nodes[key].count for key in groups[: groups.index(part.group)])
    nodes = first + (streams.generator("nodes", entity).random(len(at_s)) * scenario.nodes[part.group].count).astype(
        np.int64
    )
    places = streams.generator("places", entity)
    rows = [
        (at, *moved)
        for at, node in zip(at_s.tolist(), nodes.tolist(), strict=True)
        for moved in _moved(scenario, so_far, placed, at, node, places)
    ]
    n = len(rows)
    columns = list(zip(*rows, strict=True)) if rows else [()] * 6
    at, app, client, kernel, beside, draw = columns
    return Made(
        part=part,
        at_s=np.array(at, dtype=np.float64),
        app=np.array(app, dtype=np.int64),
        kernel=np.array(kernel, dtype=np.int64),
        update=np.ones(n, dtype=np.bool_),
        route_draw=np.zeros(n),
        place_draw=np.array(draw, dtype=np.float64),
        pushes=False,
        nodes=np.ones(n, dtype=np.int64),
        beside=np.array(beside, dtype=np.int64),
        client=np.array(client, dtype=np.int64),
        borrows=True,
    )


def _moved(
    scenario: Scenario, so_far: Demand, placed: Placed, at_s: float, node: int, places: np.random.Generator
) -> Iterator[tuple[int, int, int, int, float]]:
    """(app, client, kernel, nodes that it has, draw that places it) of each instance that runs on a node at a time."""
    n = int(np.searchsorted(so_far.at_s, at_s, side="right"))
    pushed = np.flatnonzero(np.ones(n, np.bool_) if so_far.pushes is None else so_far.pushes[:n])
    last = np.full(len(so_far.app_client), -1)
    last[so_far.app[pushed]] = pushed  # of several the last one stays
    for app in range(len(last)):
        deploy = int(last[app])
        if deploy < 0 and not (scenario.demand.warm and app < so_far.known_apps):
            continue
        count, client, draw, kernel = _runs(scenario, so_far, app, deploy)
        app_draw = float(so_far.app_draw[app])
        if node in placed(client, count, app_draw, draw):
            for _ in range(_TRIES):
                draw = float(places.random())
                has = placed(client, count, app_draw, draw)
                others = [one for one in placed(client, count + 1, app_draw, draw) if one not in has]
                if others and others[0] != node:
                    break
            yield app, client, kernel, count, draw


def _runs(scenario: Scenario, so_far: Demand, app: int, deploy: int) -> tuple[int, int, float, int]:
    """On how many nodes an application runs, of which client, by which draw, with which kernel; -1: since the start."""
    if deploy < 0:
        count = scenario.demand.nodes if so_far.app_nodes is None else int(so_far.app_nodes[app])
        return count, int(so_far.app_client[app]), float(so_far.app_draw[app]), 0
    count = scenario.demand.nodes if so_far.nodes is None else int(so_far.nodes[deploy])
    client = int(so_far.app_client[app] if so_far.client is None else so_far.client[deploy])
    return count, client, float(so_far.place_draw[deploy]), int(so_far.kernel[deploy])
