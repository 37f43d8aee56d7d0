"""What streams of demand come to: how many a second, from which clients, of which images.

A stream may leave these to `[demand]`, to the groups' own shares or to other streams; here that is resolved. Rates are
means over a week; how they change with the hour is `workload.synthetic.profiles`. Left out: clients that ask for more
than others of their group.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

from sim.scenario.keypath import KeyPath
from sim.scenario.model.demand import Stream
from sim.scenario.model.root import Model
from sim.scenario.model.timeofweek import DAY_MINUTES, WEEK_MINUTES, minute_of, week_of, zone_of
from sim.units import PerHost

_DAY_S = DAY_MINUTES * 60.0


def path_of(name: str) -> KeyPath:
    """Where a stream of that name is written."""
    return ("demand", "streams", name) if name else ("demand",)


def client_shares(model: Model, stream: Stream) -> dict[str, float]:
    """The groups of clients that a stream comes from, with their shares, above 0.

    Of a rate per client each client has its own, whatever shares say. Starts of other streams' apps come from the
    groups that these come from.
    """
    if stream.of is not None and stream.clients is None:
        streams = model.demand.named()
        groups: dict[str, float] = {}
        for name in stream.of:
            if name in streams and streams[name].of is None:
                part = total_rate_per_s(model, streams[name])
                shares = client_shares(model, streams[name])
                for key, share in shares.items():
                    groups[key] = groups.get(key, 0.0) + part * share / sum(shares.values())
        return groups
    chosen = _chosen(stream.clients, {key: group.share for key, group in model.clients.items()})
    if isinstance(stream.rate_per_s, PerHost) and stream.rate_per_s.host == "client":
        return {key: float(model.clients[key].count) for key in chosen}
    return chosen


def image_shares(model: Model, stream: Stream) -> dict[str, float]:
    """The kinds of images that a stream is about, with their shares, above 0."""
    given = stream.images
    if isinstance(given, tuple):
        given = tuple(model.image_meant(word) or word for word in given)
    elif given is not None:
        given = {model.image_meant(word) or word: share for word, share in given.items()}
    return _chosen(given, {key: image.share for key, image in model.images.items()})


def _chosen(given: tuple[str, ...] | dict[str, float] | None, own: Mapping[str, float]) -> dict[str, float]:
    """The shares above 0 of those that are given, or of all; by their own shares, or by those that are given."""
    if isinstance(given, tuple):
        given = {name: own[name] for name in given if name in own}
    return {name: share for name, share in (own if given is None else given).items() if share > 0 and name in own}


def rate_per_s(model: Model, stream: Stream, rate: float | PerHost) -> float:
    """How many a second that rate of a stream's is, of all together."""
    if not isinstance(rate, PerHost):
        return rate
    if rate.host == "node":
        return rate.per_s * sum(group.count for group in model.nodes.values())
    return rate.per_s * sum(model.clients[key].count for key in client_shares(model, stream))


def total_rate_per_s(model: Model, stream: Stream) -> float:
    """How many a second come of a stream, the mean over a week without its ramp."""
    if not stream.is_timed:
        return rate_per_s(model, stream, stream.rate_per_s)
    times = len(stream.at_times) if stream.at_times is not None else _DAY_S / (stream.every_s or _DAY_S)
    return stream.batch * times / _DAY_S


def comes(model: Model, stream: Stream) -> bool:
    """Whether a stream comes at any time of the run, by the clocks that its sites have when it starts."""
    if stream.hours is None and stream.weekdays is None and stream.weights is None and not stream.is_timed:
        return True
    hosts = model.nodes if stream.kind == "replacements" else client_shares(model, stream)
    groups = model.nodes if stream.kind == "replacements" else model.clients
    week = week_of(stream.hours, stream.weekdays, stream.weights, 0.0 if stream.is_timed else stream.outside)
    times = None
    if stream.at_times is not None:
        times = {minute_of(clock) for clock in stream.at_times}
    elif stream.every_s is not None:
        times = set(range(0, DAY_MINUTES, max(round(stream.every_s / 60), 1)))
    lasts = min(math.ceil(model.run.duration_s / 60), WEEK_MINUTES)
    for key in hosts:
        site = groups[key].site
        zone = zone_of(model.sites[site].timezone if site is not None and site in model.sites else "UTC")
        local = datetime.fromtimestamp(model.run.start_s, zone)
        first = local.weekday() * DAY_MINUTES + local.hour * 60 + local.minute
        for minute in range(first, first + lasts):
            if week[minute % WEEK_MINUTES] > 0 and (times is None or minute % DAY_MINUTES in times):
                return True
    return False
