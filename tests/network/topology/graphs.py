"""Graphs that come up again and again: star, ring, full mesh, tree, and metros on a backbone.

Each gives the links of its cables, named after the places they join: a host's own cable bears the host's name, one
between equals is `A-B`. Delays are one way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, combinations

from sim.network.topology.graph import Link, duplex

Delay = float | Callable[[str, str], float]
"""One figure for all cables, or a function of the two places."""


def star(
    hub: str, hosts: Sequence[str], up_Bps: float, down_Bps: float | None = None, delay_s: Delay = 0.0
) -> Iterator[Link]:
    """Every host on a cable of its own to the hub; `up` runs from the host."""
    for host in hosts:
        yield from duplex(host, host, hub, up_Bps, down_Bps, _delay_s(delay_s, host, hub))


def ring(places: Sequence[str], capacity_Bps: float, delay_s: Delay = 0.0) -> Iterator[Link]:
    """Each place joined to the next, and the last to the first: three places or more."""
    if len(places) < 3:
        raise ValueError(f"a ring needs 3 places or more, got {len(places)}")
    for a, b in zip(places, [*places[1:], places[0]], strict=True):
        yield from duplex(f"{a}-{b}", a, b, capacity_Bps, None, _delay_s(delay_s, a, b))


def mesh(places: Sequence[str], capacity_Bps: float, delay_s: Delay = 0.0) -> Iterator[Link]:
    """Each place joined to every other."""
    for a, b in combinations(places, 2):
        yield from duplex(f"{a}-{b}", a, b, capacity_Bps, None, _delay_s(delay_s, a, b))


def tree(root: str, fanout: int, depth: int, capacity_Bps: Sequence[float], delay_s: Delay = 0.0) -> Iterator[Link]:
    """`fanout` children at every place down to `depth`; `capacity_Bps` : (depth,), from the root's cables down.

    The children of `p` are `p.0`, `p.1` and so on; a child's cable bears its name, `up` runs towards the root.
    """
    if len(capacity_Bps) != depth:
        raise ValueError(f"a tree of depth {depth} needs {depth} capacities, got {len(capacity_Bps)}")
    parents = [root]
    for level in range(depth):
        children = [(parent, f"{parent}.{number}") for parent in parents for number in range(fanout)]
        for parent, child in children:
            yield from duplex(child, child, parent, capacity_Bps[level], None, _delay_s(delay_s, child, parent))
        parents = [child for _, child in children]


def metros(
    hosts: Mapping[str, Sequence[str]],
    backbone_Bps: float,
    backbone_delay_s: Delay,
    up_Bps: float,
    down_Bps: float | None = None,
    delay_s: Delay = 0.0,
) -> Iterator[Link]:
    """A full mesh of metros, each with a star of its hosts."""
    stars = (star(metro, names, up_Bps, down_Bps, delay_s) for metro, names in hosts.items())
    yield from mesh(list(hosts), backbone_Bps, backbone_delay_s)
    yield from chain.from_iterable(stars)


def _delay_s(delay_s: Delay, a: str, b: str) -> float:
    return delay_s(a, b) if callable(delay_s) else delay_s
