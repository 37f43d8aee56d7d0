"""Checks of demand: streams that say when they come, apps and nodes for them, and a log whose clients are hosts.

A diagnostic stands at the key of the stream that wrote it: `demand.hours`, or `demand.streams.ci.hours`. Left out:
what the log itself holds, which is read in the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sim.errors import near, shown
from sim.scenario.diagnostics import Diagnostic, unclear
from sim.scenario.keypath import KeyPath, dotted
from sim.scenario.model.demand import Stream
from sim.scenario.model.root import Model
from sim.scenario.model.shares import client_shares, path_of
from sim.scenario.model.timeofweek import DAY_MINUTES
from sim.units import PerHost, format_seconds

_DAY_S = DAY_MINUTES * 60.0


def streams_are_whole(model: Model) -> Iterator[Diagnostic]:
    """When each stream comes is said one way, and it is about clients, images and streams that there are."""
    if model.demand.replay is not None and model.demand.streams:
        problem = "a replayed log brings its own demand, but there are streams, too"
        yield Diagnostic(("demand", "streams"), problem, "drop replay or the streams")
        return
    owners = dict(model.demand.pushed_to())
    for name, stream in model.demand.named().items():
        if stream.kind == "replacements" and not owners:
            problem = "nothing runs on the nodes that are replaced, there is no stream with apps"
            yield Diagnostic((*path_of(name), "kind"), problem, "add one of deploys under [demand.streams.NAME]")
        yield from _comes_one_way(path_of(name), stream)
        yield from _about_what_is_there(model, name, stream)


def _comes_one_way(path: KeyPath, stream: Stream) -> Iterator[Diagnostic]:
    if stream.at_times is not None and stream.every_s is not None:
        yield Diagnostic((*path, "every"), "at and every are both given", "keep one")
    if stream.every_s is not None:
        parts = _DAY_S / stream.every_s
        if parts < 1 or abs(parts - round(parts)) > 1e-9 or stream.every_s < 60:
            problem = f"must divide a day, and be a minute or more, got {format_seconds(stream.every_s)}"
            yield Diagnostic((*path, "every"), problem, 'write for example "1 h", "15 min" or "1 d"')


def _about_what_is_there(model: Model, name: str, stream: Stream) -> Iterator[Diagnostic]:
    path, streams = path_of(name), model.demand.named()
    known: tuple[tuple[str, object, Mapping[str, object]], ...] = (
        ("clients", stream.clients, model.clients), ("images", stream.images, model.images),
    )  # fmt: skip
    for key, given, there in known:
        for word in given if isinstance(given, tuple | dict) else ():
            if word not in there and not (key == "images" and model.image_meant(word)):
                problem = f"unknown key of [{key}], got {shown(word)}"
                yield Diagnostic((*path, key), problem, near(word, there), needs=((key,),))
    if (
        isinstance(stream.clients, dict)
        and isinstance(stream.rate_per_s, PerHost)
        and stream.rate_per_s.host == "client"
    ):
        yield Diagnostic((*path, "clients"), "has shares, but the rate is per client", "name the groups alone")
    owners = {one: owner.apps for one, owner in model.demand.pushed_to() if one != name}
    for word in stream.of or ():
        if stream.kind != "starts":
            why = "are of apps of their own" if stream.kind == "deploys" else "are of all apps"
            yield Diagnostic((*path, "of"), f"{stream.kind} {why}", 'drop it, or write kind = "starts"')
        elif not owners.get(word):
            problem = f"names no stream that has apps at the start, got {shown(word)}"
            remedy = near(word, [one for one, apps in owners.items() if one and apps])
            yield Diagnostic((*path, "of"), problem, "raise its apps above 0" if word in owners else remedy)
    if stream.of is not None and stream.clients is not None:
        there_are = {key for word in stream.of if word in streams for key in client_shares(model, streams[word])}
        for key in client_shares(model, stream):
            if key not in there_are:
                problem = f"none of the streams that it starts comes from there, got {shown(key)}"
                yield Diagnostic((*path, "clients"), problem, near(key, there_are))


def demand_can_be_met(model: Model) -> Iterator[Diagnostic]:
    """There are nodes for a deploy, apps for updates and starts, and time for a kernel release."""
    there = sum(group.count for group in model.nodes.values())
    for name, asked in model.demand.named().items():
        path = path_of(name)
        if model.nodes and asked.nodes > there:
            problem = f"must be at most {there}, the nodes there are, got {asked.nodes}"
            yield Diagnostic((*path, "nodes"), problem, "lower it or add nodes", needs=(("nodes",),))
        if 0 < there <= asked.nodes and model.policies.elsewhere and asked.kind == "deploys":
            problem = f"needs a node more than a deploy starts on, got {there} nodes for deploys on {asked.nodes}"
            needs: tuple[KeyPath, ...] = (("nodes",), (*path, "nodes"))
            yield Diagnostic(("policies", "elsewhere"), problem, "add nodes or lower it to 0", needs=needs)
        yield from _apps_are_enough(model, name, asked)
    release = model.demand.kernel_release
    if release is not None and release.at_s >= model.run.duration_s:
        problem = f"must be before run.duration ends, got {format_seconds(release.at_s)}"
        yield Diagnostic(("demand", "kernel_release", "at"), problem, "lower it or lengthen the run")


def _apps_are_enough(model: Model, name: str, asked: Stream) -> Iterator[Diagnostic]:
    path = path_of(name)
    if asked.kind == "replacements" or asked.of is not None:
        return
    if asked.apps == 0 and asked.kind == "starts":
        yield Diagnostic((*path, "apps"), "there is no app to start, got 0", "raise apps, or say of which streams")
    elif asked.apps == 0 and asked.updates == 1:
        yield Diagnostic((*path, "apps"), "there is no app to update, got 0", "raise apps, or lower updates below 1")
    groups = client_shares(model, asked)
    started = asked.kind == "starts" or any(name in (other.of or ()) for other in model.demand.named().values())
    if (name or asked.is_shaped) and 0 < asked.apps < len(groups) and (asked.updates or started):
        problem = f"must be at least {len(groups)}, one for each group of clients, got {asked.apps}"
        yield Diagnostic((*path, "apps"), problem, "raise it, or name fewer clients", needs=(("clients",),))


def steady_state_is_steady(model: Model) -> Iterator[Diagnostic]:
    """Statistics of a steady state are asked for only where what is asked for is steady."""
    if not model.run.steady_state:
        return
    for name, stream in model.demand.named().items():
        keys = [
            key
            for key, given in (
                ("hours", stream.hours), ("weekdays", stream.weekdays), ("weights", stream.weights),
                ("ramp", stream.ramp), ("at", stream.at_times), ("every", stream.every_s),
            )
            if given is not None
        ]  # fmt: skip
        if keys:
            where = dotted((*path_of(name), keys[0]))
            problem = f"there is no steady state where demand changes with time, by {where}"
            yield Diagnostic(
                ("run", "steady_state"), problem, "drop it, or ask about each time of the week by its own run"
            )
            return
    if model.demand.kernel_release is not None:
        problem = "there is no steady state where a kernel is released, by demand.kernel_release"
        yield Diagnostic(("run", "steady_state"), problem, "drop it: a rollout has no warm-up")


def replays_have_hosts(model: Model) -> Iterator[Diagnostic]:
    """A replay's origins are groups of hosts, and its window has an end after its beginning."""
    replay = model.demand.replay
    if replay is None:
        return
    groups = {*model.nodes, *model.clients}
    for key, origin in replay.origins.items():
        meant = tuple("/".join(group) for group in model.groups_meant(origin.group))
        if len(meant) != 1:
            path: KeyPath = ("demand", "replay", "origins", key, "group")
            needs = (("nodes",), ("clients",))
            yield unclear(path, "group of nodes or clients", origin.group, meant, groups, needs=needs)
    if replay.since_s is not None and replay.until_s is not None and replay.until_s <= replay.since_s:
        yield Diagnostic(("demand", "replay", "until"), "must be after since", "lengthen the window")
