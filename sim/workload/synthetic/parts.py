"""Streams of demand in parts: what each asks for from one group of clients, in the hours of that group's time zone.

The stream that has no name and no shape is one part, whatever its clients. Each part draws from random streams that
bear its stream's name and its group's, so that one more stream moves no other's draws. Left out: clients within a
group that ask for more than others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Scenario
from sim.scenario.model.demand import Stream
from sim.scenario.model.shares import client_shares, image_shares, rate_per_s
from sim.scenario.model.timeofweek import zone_of
from sim.streams import Streams
from sim.workload.synthetic.intensity import Intensity
from sim.workload.synthetic.profiles import intensity, moments

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One stream's demand from one `group` of clients (or of nodes, where these are replaced); "" is all of them.

    `share` is its part of the stream, `rate_per_s` what comes of it; `clients` and `kinds` weigh each client host and
    each kind of image. It comes by `intensity`, or a `batch` at each of its `moments_s`; else by its rate alone.
    """

    name: str
    stream: Stream
    group: str
    share: float
    rate_per_s: float
    apps: int
    clients: _Floats
    kinds: _Floats
    intensity: Intensity | None
    moments_s: Sequence[float] | None
    batch: int

    @property
    def entity(self) -> str:
        """What its random streams are called; nothing for the only stream that has no name and no shape."""
        return f"{self.name}/{self.group}" if self.group else self.name

    def times(self, streams: Streams, duration_s: float) -> _Floats:
        """When it comes, sorted, below `duration_s`."""
        rng = streams.generator("arrivals", self.entity)
        if self.moments_s is not None:
            at_s = np.repeat(np.array(self.moments_s, dtype=np.float64), self.batch)
            spread_s = self.stream.spread_s
            if spread_s:
                at_s = np.sort(at_s + spread_s * rng.random(len(at_s)))
            return at_s[at_s < duration_s]
        even, batch = self.stream.arrivals == "even", self.stream.batch
        if self.intensity is None:
            flat = np.array([self.rate_per_s])
            steady = Intensity(np.array([0.0, duration_s]), flat, flat)
            # As products, not by the integral: every seed's rows were made so.
            if even:
                at_s = np.arange(0, np.ceil(round(steady.expected, 6)), batch) / self.rate_per_s
            else:
                at_s = np.sort(rng.random(rng.poisson(self.rate_per_s * duration_s / batch)) * duration_s)
        else:
            at_s = self.intensity.even_times(batch) if even else self.intensity.times(rng, batch)
        return at_s if batch == 1 else np.repeat(at_s, batch)


def parts(scenario: Scenario) -> Iterator[Part]:
    """The parts of all streams, in the order of the streams and of the groups of clients, or nodes, in the file."""
    for name, stream in scenario.demand.named().items():
        if stream.kind == "replacements":
            counts = {key: float(group.count) for key, group in scenario.nodes.items()}
            yield from _of_groups(scenario, name, stream, counts, {k: g.site for k, g in scenario.nodes.items()})
        elif name or stream.is_shaped:
            sites = {key: group.site for key, group in scenario.clients.items()}
            yield from _of_groups(scenario, name, stream, client_shares(scenario, stream), sites)
        else:
            shares = client_shares(scenario, stream)
            rate = rate_per_s(scenario, stream, stream.rate_per_s)
            clients, kinds = _clients(scenario, shares), _kinds(scenario, stream)
            yield Part(name, stream, "", 1.0, rate, stream.apps, clients, kinds, None, None, stream.batch)


def _of_groups(
    scenario: Scenario, name: str, stream: Stream, shares: Mapping[str, float], sites: Mapping[str, str | None]
) -> Iterator[Part]:
    """The parts of a stream, one for each group."""
    duration_s, start_s = scenario.run.duration_s, scenario.run.start_s
    rate, total = rate_per_s(scenario, stream, stream.rate_per_s), sum(shares.values())
    ramp_to = None if stream.ramp is None else rate_per_s(scenario, stream, stream.ramp.to)
    order = [key for key in sites if key in shares]
    apps = _one_each(apportioned(stream.apps, [shares[key] for key in order]))
    batches = apportioned(stream.batch, [shares[key] for key in order])
    kinds = _kinds(scenario, stream)
    for key, of_apps, batch in zip(order, apps, batches, strict=True):
        share, site = shares[key] / total, sites[key]
        zone = zone_of(scenario.sites[site].timezone if site is not None else "UTC")
        curve = at_s = None
        if stream.is_timed:
            at_s = moments(stream, zone, start_s, duration_s)
        elif stream.is_shaped:
            ramp_part = None if ramp_to is None else ramp_to * share
            curve = intensity(stream, rate * share, ramp_part, zone, start_s, duration_s)
        clients = _clients(scenario, {key: 1.0})
        yield Part(name, stream, key, share, rate * share, of_apps, clients, kinds, curve, at_s, batch)


def _clients(scenario: Scenario, shares: Mapping[str, float]) -> _Floats:
    """The weight of each client host, those of one group alike."""
    return np.array(
        [shares.get(key, 0.0) / group.count for key, group in scenario.clients.items() for _ in range(group.count)]
    )


def _kinds(scenario: Scenario, stream: Stream) -> _Floats:
    """The weight of each kind of image."""
    shares = image_shares(scenario, stream)
    return np.array([shares.get(key, 0.0) for key in scenario.images])


def apportioned(count: int, shares: Sequence[float]) -> list[int]:
    """A count in whole parts by shares above 0, which sum to it: each its exact part rounded down, or one more.

    Those with the largest remainders have one more, of equal ones the first.
    """
    exact = [count * share / sum(shares) for share in shares]
    whole = [int(part) for part in exact]
    by_rest = sorted(range(len(exact)), key=lambda at: (whole[at] - exact[at], at))
    for at in by_rest[: count - sum(whole)]:
        whole[at] += 1
    return whole


def _one_each(counts: list[int]) -> list[int]:
    """The same, with one for those who have none, from those who have most; as far as there are enough."""
    counts = [*counts]
    while 0 in counts and max(counts) > 1:
        counts[counts.index(max(counts))] -= 1
        counts[counts.index(0)] += 1
    return counts
