"""What changes while deploys are under way: the use of links by the minute, and registries' workers at each change.

Links' use is in the rows. Workers' is not: for it the run is made again and looked at (`sim.runner.look`), unless
requests that follow one another were simulated as one (`run.detail`), when a worker is held for all of them at once.
Left out: links that held none of the deploys' bodies back, and registries that none of them asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from sim.engines import Service
from sim.report.why.answer import Why
from sim.report.why.spans import Span

_MINUTE_S: Final = 60.0


class Change(NamedTuple):
    """From `at_s` on something has another value."""

    at_s: float
    value: float


def window(found: Sequence[Span]) -> tuple[float, float]:
    """From when until when these spans are."""
    return min(span.from_s for span in found), max(span.until_s for span in found)


def link_use(why: Why, found: Sequence[Span]) -> Iterator[tuple[str, Change]]:
    """The use of each link that the deploys' bodies were held by, in per cent of what it can carry, by time.

    Minutes in which nothing was carried have no row: there it is 0.
    """
    links = {str(span.about["bound_by"]) for span in found if span.about.get("bound_by")}
    low_s, high_s = window(found)
    table = why.result.tables["utilisation"]
    names, from_s, used = table.column("link"), table.column("from_s"), table.column("mean_utilisation")
    changes: dict[str, dict[float, float]] = {}
    for at in np.flatnonzero((from_s > low_s - _MINUTE_S) & (from_s < high_s)).tolist():
        if names[at] in links:
            of = changes.setdefault(names[at], {})
            of[float(from_s[at])] = 100 * float(used[at])
            of.setdefault(float(from_s[at]) + _MINUTE_S, 0.0)
    for link, of in changes.items():
        yield from ((link, Change(at_s, of[at_s])) for at_s in sorted(of))


def workers(services: Iterable[Service], registry: str) -> tuple[list[Change], list[Change]]:
    """How many workers of a registry are busy, and how many requests wait for one, at each change."""
    busy: dict[float, int] = {}
    queued: dict[float, int] = {}
    for one in services:
        if one.registry == registry:
            for steps, from_s, until_s in ((busy, one.began_s, one.served_s), (queued, one.arrived_s, one.began_s)):
                steps[from_s] = steps.get(from_s, 0) + 1
                steps[until_s] = steps.get(until_s, 0) - 1
    return _summed(busy), _summed(queued)


def _summed(steps: dict[float, int]) -> list[Change]:
    """The sums of steps, where they change."""
    found, value = [], 0
    for at_s in sorted(steps):
        if steps[at_s]:
            value += steps[at_s]
            found.append(Change(at_s, value))
    return found
