"""What streams of demand must keep to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sim.errors import near, shown
from sim.scenario.diagnostics import Fault, unclear
from sim.scenario.keypath import Path
from sim.scenario.model.demand import Stream
from sim.scenario.model.root import Tables
from sim.scenario.model.shares import client_shares, path_of
from sim.scenario.model.timeofweek import DAY_MINUTES
from sim.units import PerHost, format_seconds

_DAY_S = DAY_MINUTES * 60.0


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


def replays_have_hosts(tables: Tables) -> Iterator[Fault]:
    """A replay's origins are groups of hosts, and its window has an end after its beginning."""
    replay = tables.demand.replay
    if replay is None:
        return
    groups = {*tables.nodes, *tables.clients}
    for key, origin in replay.origins.items():
        meant = tuple("/".join(group) for group in tables.groups_meant(origin.group))
        if len(meant) != 1:
            path: Path = ("demand", "replay", "origins", key, "group")
            needs = (("nodes",), ("clients",))
            yield unclear(path, "group of nodes or clients", origin.group, meant, groups, needs=needs)
    if replay.since_s is not None and replay.until_s is not None and replay.until_s <= replay.since_s:
        yield Fault(("demand", "replay", "until"), "must be after since", "lengthen the window")
