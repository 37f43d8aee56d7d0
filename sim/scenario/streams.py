"""What streams of demand come to in a scenario: their rates, whom and what they are about; and what they must keep to.

A check's faults stand at the key of the stream that wrote it: `demand.hours`, or `demand.streams.ci.hours`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime

from sim.errors import near, shown
from sim.scenario.demand import Stream
from sim.scenario.faults import Fault, Path
from sim.scenario.model import Tables
from sim.scenario.sizes import SizesError
from sim.scenario.timeofweek import DAY_MINUTES, WEEK_MINUTES, minute_of, week_of, zone_of
from sim.units import PerHost, format_bytes, format_seconds

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


def streams_are_whole(tables: Tables) -> Iterator[Fault]:
    """When each stream comes is said one way, and it is about clients, images and streams that there are."""
    if tables.demand.replay is not None and tables.demand.streams:
        problem = "a replayed log brings its own demand, but there are streams, too"
        yield Fault(("demand", "streams"), problem, "drop replay or the streams")
        return
    owners = dict(tables.demand.pushed_to())
    for name, stream in tables.demand.named().items():
        if stream.kind == "replacements" and not owners:
            problem = "nothing runs on the nodes that are replaced, there is no stream with apps"
            yield Fault((*path_of(name), "kind"), problem, "add one of deploys under [demand.streams.NAME]")
        yield from _comes_one_way(path_of(name), stream)
        yield from _about_what_is_there(tables, name, stream)


def _comes_one_way(path: Path, stream: Stream) -> Iterator[Fault]:
    if stream.at_times is not None and stream.every_s is not None:
        yield Fault((*path, "every"), "at and every are both given", "keep one")
    if stream.every_s is not None:
        parts = _DAY_S / stream.every_s
        if parts < 1 or abs(parts - round(parts)) > 1e-9 or stream.every_s < 60:
            problem = f"must divide a day, and be a minute or more, got {format_seconds(stream.every_s)}"
            yield Fault((*path, "every"), problem, 'write for example "1 h", "15 min" or "1 d"')


def _about_what_is_there(tables: Tables, name: str, stream: Stream) -> Iterator[Fault]:
    path, streams = path_of(name), tables.demand.named()
    known: tuple[tuple[str, object, Mapping[str, object]], ...] = (
        ("clients", stream.clients, tables.clients), ("images", stream.images, tables.images),
    )  # fmt: skip
    for key, given, there in known:
        for word in given if isinstance(given, tuple | dict) else ():
            if word not in there:
                problem = f"unknown key of [{key}], got {shown(word)}"
                yield Fault((*path, key), problem, near(word, there), needs=((key,),))
    if (
        isinstance(stream.clients, dict)
        and isinstance(stream.rate_per_s, PerHost)
        and stream.rate_per_s.host == "client"
    ):
        yield Fault((*path, "clients"), "has shares, but the rate is per client", "name the groups alone")
    owners = {one: owner.apps for one, owner in tables.demand.pushed_to() if one != name}
    for word in stream.of or ():
        if stream.kind != "starts":
            why = "are of apps of their own" if stream.kind == "deploys" else "are of all apps"
            yield Fault((*path, "of"), f"{stream.kind} {why}", 'drop it, or write kind = "starts"')
        elif not owners.get(word):
            problem = f"names no stream that has apps at the start, got {shown(word)}"
            remedy = near(word, [one for one, apps in owners.items() if one and apps])
            yield Fault((*path, "of"), problem, "raise its apps above 0" if word in owners else remedy)
    if stream.of is not None and stream.clients is not None:
        there_are = {key for word in stream.of if word in streams for key in client_shares(tables, streams[word])}
        for key in client_shares(tables, stream):
            if key not in there_are:
                problem = f"none of the streams that it starts comes from there, got {shown(key)}"
                yield Fault((*path, "clients"), problem, near(key, there_are))


def demand_can_be_met(tables: Tables) -> Iterator[Fault]:
    """There are nodes for a deploy, apps for updates and starts, and time for a kernel release."""
    there = sum(group.count for group in tables.nodes.values())
    for name, asked in tables.demand.named().items():
        path = path_of(name)
        if tables.nodes and asked.nodes > there:
            problem = f"must be at most {there}, the nodes there are, got {asked.nodes}"
            yield Fault((*path, "nodes"), problem, "lower it or add nodes", needs=(("nodes",),))
        if 0 < there <= asked.nodes and tables.policies.elsewhere and asked.kind == "deploys":
            problem = f"needs a node more than a deploy starts on, got {there} nodes for deploys on {asked.nodes}"
            needs: tuple[Path, ...] = (("nodes",), (*path, "nodes"))
            yield Fault(("policies", "elsewhere"), problem, "add nodes or lower it to 0", needs=needs)
        yield from _apps_are_enough(tables, name, asked)
    release = tables.demand.kernel_release
    if release is not None and release.at_s >= tables.run.duration_s:
        problem = f"must be before run.duration ends, got {format_seconds(release.at_s)}"
        yield Fault(("demand", "kernel_release", "at"), problem, "lower it or lengthen the run")


def _apps_are_enough(tables: Tables, name: str, asked: Stream) -> Iterator[Fault]:
    path = path_of(name)
    if asked.kind == "replacements" or asked.of is not None:
        return
    if asked.apps == 0 and asked.kind == "starts":
        yield Fault((*path, "apps"), "there is no app to start, got 0", "raise apps, or say of which streams")
    elif asked.apps == 0 and asked.updates == 1:
        yield Fault((*path, "apps"), "there is no app to update, got 0", "raise apps, or lower updates below 1")
    groups = client_shares(tables, asked)
    started = asked.kind == "starts" or any(name in (other.of or ()) for other in tables.demand.named().values())
    if (name or asked.is_shaped) and 0 < asked.apps < len(groups) and (asked.updates or started):
        problem = f"must be at least {len(groups)}, one for each group of clients, got {asked.apps}"
        yield Fault((*path, "apps"), problem, "raise it, or name fewer clients", needs=(("clients",),))


def steady_state_is_steady(tables: Tables) -> Iterator[Fault]:
    """Statistics of a steady state are asked for only where what is asked for is steady."""
    if not tables.run.steady_state:
        return
    for name, stream in tables.demand.named().items():
        keys = [
            key
            for key, given in (
                ("hours", stream.hours), ("weekdays", stream.weekdays), ("weights", stream.weights),
                ("ramp", stream.ramp), ("at", stream.at_times), ("every", stream.every_s),
            )
            if given is not None
        ]  # fmt: skip
        if keys:
            where = ".".join((*map(str, path_of(name)), keys[0]))
            problem = f"there is no steady state where demand changes with time, by {where}"
            yield Fault(("run", "steady_state"), problem, "drop it, or ask about each time of the week by its own run")
            return
    if tables.demand.kernel_release is not None:
        problem = "there is no steady state where a kernel is released, by demand.kernel_release"
        yield Fault(("run", "steady_state"), problem, "drop it: a rollout has no warm-up")


def sizes_can_be_drawn(tables: Tables) -> Iterator[Fault]:
    """An image's sizes are said one way, and a file of them can be read."""
    for key, image in tables.images.items():
        sizes, path = image.sizes, ("images", key, "sizes")
        if sizes is None:
            continue
        ways = {"p95": sizes.p95_bytes, "list": sizes.listed, "file": sizes.file}
        given = [way for way, value in ways.items() if value is not None]
        if len(given) > 1 or (not given and sizes.update_p95 == 1):
            problem = f"{' and '.join(given)} are all given" if given else "says no sizes"
            yield Fault(
                path, problem, "write one of p95, list, file with column" + ("" if given else ", or update_p95")
            )
        elif (sizes.file is None) != (sizes.column is None):
            lacks = "column" if sizes.column is None else "file"
            yield Fault((*path, lacks), "is missing beside its other half", "a file of sizes has both")
        elif sizes.p95_bytes is not None and sizes.p95_bytes < image.rootfs_bytes:
            problem = f"must be at least the median, rootfs, {format_bytes(image.rootfs_bytes)}"
            yield Fault((*path, "p95"), f"{problem}, got {format_bytes(sizes.p95_bytes)}", "raise it")
        else:
            try:
                sizes.given_bytes()
            except SizesError as error:
                yield Fault((*path, error.key), error.problem, error.remedy)
