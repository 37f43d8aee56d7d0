"""What streams of demand come to in a scenario: their rates, whom and what they are about; and what they must keep to.

A check's faults stand at the key of the stream that wrote it: `demand.hours`, or `demand.streams.ci.hours`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

from sim.scenario.keypath import Path
from sim.scenario.model.demand import Stream
from sim.scenario.model.root import Tables
from sim.scenario.model.timeofweek import DAY_MINUTES, WEEK_MINUTES, minute_of, week_of, zone_of
from sim.units import PerHost

_DAY_S = DAY_MINUTES * 60.0


def path_of(name: str) -> Path:
    """Where a stream of that name is written."""
    return ("demand", "streams", name) if name else ("demand",)


def client_shares(tables: Tables, stream: Stream) -> dict[str, float]:
    """The groups of clients that a stream comes from, with their shares, above 0.

    Of a rate per client each client has its own, whatever shares say. Starts of other streams' apps come from the
    groups that these come from.
    """
    if stream.of is not None and stream.clients is None:
        streams = tables.demand.named()
        groups: dict[str, float] = {}
        for name in stream.of:
            if name in streams and streams[name].of is None:
                part = total_rate_per_s(tables, streams[name])
                shares = client_shares(tables, streams[name])
                for key, share in shares.items():
                    groups[key] = groups.get(key, 0.0) + part * share / sum(shares.values())
        return groups
    chosen = _chosen(stream.clients, {key: group.share for key, group in tables.clients.items()})
    if isinstance(stream.rate_per_s, PerHost) and stream.rate_per_s.host == "client":
        return {key: float(tables.clients[key].count) for key in chosen}
    return chosen


def image_shares(tables: Tables, stream: Stream) -> dict[str, float]:
    """The kinds of images that a stream is about, with their shares, above 0."""
    return _chosen(stream.images, {key: image.share for key, image in tables.images.items()})


def _chosen(given: tuple[str, ...] | dict[str, float] | None, own: Mapping[str, float]) -> dict[str, float]:
    """The shares above 0 of those that are given, or of all; by their own shares, or by those that are given."""
    if isinstance(given, tuple):
        given = {name: own[name] for name in given if name in own}
    return {name: share for name, share in (own if given is None else given).items() if share > 0 and name in own}


def rate_per_s(tables: Tables, stream: Stream, rate: float | PerHost) -> float:
    """How many a second that rate of a stream's is, of all together."""
    if not isinstance(rate, PerHost):
        return rate
    if rate.host == "node":
        return rate.per_s * sum(group.count for group in tables.nodes.values())
    return rate.per_s * sum(tables.clients[key].count for key in client_shares(tables, stream))


def total_rate_per_s(tables: Tables, stream: Stream) -> float:
    """How many a second come of a stream, the mean over a week without its ramp."""
    if not stream.is_timed:
        return rate_per_s(tables, stream, stream.rate_per_s)
    times = len(stream.at_times) if stream.at_times is not None else _DAY_S / (stream.every_s or _DAY_S)
    return stream.batch * times / _DAY_S


def comes(tables: Tables, stream: Stream) -> bool:
    """Whether a stream comes at any time of the run, by the clocks that its sites have when it starts."""
    if stream.hours is None and stream.weekdays is None and stream.weights is None and not stream.is_timed:
        return True
    hosts = tables.nodes if stream.kind == "replacements" else client_shares(tables, stream)
    groups = tables.nodes if stream.kind == "replacements" else tables.clients
    week = week_of(stream.hours, stream.weekdays, stream.weights, 0.0 if stream.is_timed else stream.outside)
    times = None
    if stream.at_times is not None:
        times = {minute_of(clock) for clock in stream.at_times}
    elif stream.every_s is not None:
        times = set(range(0, DAY_MINUTES, max(round(stream.every_s / 60), 1)))
    lasts = min(math.ceil(tables.run.duration_s / 60), WEEK_MINUTES)
    for key in hosts:
        site = groups[key].site
        zone = zone_of(tables.sites[site].timezone if site is not None and site in tables.sites else "UTC")
        local = datetime.fromtimestamp(tables.run.start_s, zone)
        first = local.weekday() * DAY_MINUTES + local.hour * 60 + local.minute
        for minute in range(first, first + lasts):
            if week[minute % WEEK_MINUTES] > 0 and (times is None or minute % DAY_MINUTES in times):
                return True
    return False
