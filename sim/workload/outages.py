"""Outages: what breaks and when, as data, given in `[faults]` or drawn from random streams, in order of beginnings.

Drawn outages follow each other with exponential times between (from the end of one to the beginning of the next) and
exponential durations, from a stream keyed by the fault's name: variants have the same faults, and adding a fault moves
no other. A swizzle clogs the links it names one by one and clears them in another order, as FoundationDB's simulator
does ("swizzle-clogging", https://apple.github.io/foundationdb/testing.html). Left out: outages that load causes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sim.scenario import Scenario
from sim.scenario.model.faults import Fault
from sim.streams import Streams


class Outage(NamedTuple):
    """From when until when something is not as it should be.

    `kind` is "link", or of a registry's the fault's own; `factor` is the fault's: what is left of a link's capacity (0:
    it is down), how many times longer a slow registry serves, or by how many seconds a clock is ahead.
    """

    from_s: float
    until_s: float
    kind: str
    target: str
    factor: float


def outages(scenario: Scenario, streams: Streams) -> tuple[Outage, ...]:
    """Every outage of one run, in the order in which they begin."""
    return tuple(sorted(outage for _, found in _drawn(scenario, streams) for outage in found))


class Episode(NamedTuple):
    """One time at which a fault held: from when until when something of it was not as it should be."""

    from_s: float
    until_s: float
    fault: str


def episodes(scenario: Scenario, streams: Streams) -> tuple[Episode, ...]:
    """Every time at which a fault of a run holds, in the order in which they begin."""
    return tuple(
        sorted(
            Episode(min(outage.from_s for outage in found), max(outage.until_s for outage in found), name)
            for name, found in _drawn(scenario, streams)
        )
    )


def _drawn(scenario: Scenario, streams: Streams) -> Iterator[tuple[str, list[Outage]]]:
    """The outages of each time at which each fault holds."""
    for name, written in scenario.faults.items():
        fault = written.model_copy(update={"targets": _meant(scenario, written)})
        rng = streams.generator("faults", name)
        for from_s, lasts_s in _times(fault, scenario.run.duration_s, rng):
            swizzled = fault.kind == "swizzle"
            yield name, _swizzle(fault, from_s, lasts_s, rng) if swizzled else _plain(fault, from_s, lasts_s)


def _meant(scenario: Scenario, fault: Fault) -> tuple[str, ...]:
    """The links or registries that a fault's targets mean, as the world names them."""
    meant = scenario.link_names.meant if fault.breaks_links else scenario.registries_meant
    return tuple(name for target in fault.targets for name in meant(target))


def _times(fault: Fault, duration_s: float, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
    """When a fault begins and how long it lasts, once at a given time or again and again."""
    if fault.at_s is not None:
        yield fault.at_s, fault.lasts_s
        return
    assert fault.between_s is not None
    now_s = rng.exponential(fault.between_s)
    while now_s < duration_s:
        lasts_s = rng.exponential(fault.lasts_s)
        yield now_s, lasts_s
        now_s += lasts_s + rng.exponential(fault.between_s)


def _plain(fault: Fault, from_s: float, lasts_s: float) -> list[Outage]:
    kind = "link" if fault.breaks_links else fault.kind
    return [Outage(from_s, from_s + lasts_s, kind, target, fault.factor) for target in fault.targets]


def _swizzle(fault: Fault, from_s: float, lasts_s: float, rng: np.random.Generator) -> list[Outage]:
    """Links clog one by one in the order given over the first half, and clear over the second in a drawn order."""
    step_s = lasts_s / 2 / len(fault.targets)
    cleared = rng.permutation(len(fault.targets))
    return [
        Outage(from_s + at * step_s, from_s + lasts_s / 2 + (cleared[at] + 1) * step_s, "link", target, fault.factor)
        for at, target in enumerate(fault.targets)
    ]
