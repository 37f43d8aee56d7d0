"""Which keys of `[demand]` have no effect: beside a list of deploys or a log, by a stream's kind, for want of apps.

Left out: figures of images and clients that demand does not draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sim.scenario.effects import summary
from sim.scenario.effects.summary import demand_summary
from sim.scenario.keypath import KeyPath, dotted
from sim.scenario.model.demand import Stream
from sim.scenario.model.root import Model
from sim.scenario.model.shares import path_of


class Unused(NamedTuple):
    """A key that has no effect, with whatever stands below it, and why."""

    path: KeyPath
    why: str


def _stream_keys(*read: str) -> Iterator[str]:
    """The keys of streams but for those that are read."""
    for name, field in Stream.model_fields.items():
        if name not in read:
            yield field.alias or name


def beside_a_list(model: Model) -> Iterator[Unused]:
    """What a table of deploys says in every row, or leaves to nobody."""
    for key in ("streams", *_stream_keys("apps", "updates", "popularity", "nodes", "reference", "removals")):
        yield Unused(("demand", key), "demand.table lists the deploys")
    read = summary.listed(model)
    if read is None or None in read.column("app"):
        return
    for key in ("apps", "updates", "popularity"):
        yield Unused(("demand", key), "demand.table names every application")
    if None not in read.column("nodes"):
        yield Unused(("demand", "nodes"), "demand.table says on how many nodes each deploy starts")


def by_policies() -> Iterator[Unused]:
    """A log says who pushes what and when, and the policies all else."""
    for key in ("streams", "kernel_release", *_stream_keys("nodes", "reference", "removals")):
        yield Unused(("demand", key), "demand.replay has the pushes")
    for key in ("cache", "configs", "start"):
        yield Unused(("demand", "replay", key), "nobody pulls as it was logged, demand.replay.route is policies")
    yield Unused(("policies", "chunking"), "demand.replay has the images' blobs")


def in_a_replay(model: Model) -> Iterator[Unused]:
    """A log says what is pushed and pulled: to central and from there, by nobody's rules, and nothing starts."""
    why = "a replay pushes to central and pulls from there as its log says"
    for key in (
        "route",
        "placement",
        "elsewhere",
        "create",
        "patience",
        "fanout",
        "chunking",
        "conflict",
        "coalesce",
        "sync",
        "tags",
    ):
        yield Unused(("policies", key), why)
    for key in ("eviction", "ttl", "keep_unsynced"):
        yield Unused(("policies", key), "no registry is limited in a replay")
    yield Unused(("policies", "garbage", "pause"), "no registry is limited in a replay")
    if not hasattr(model.policies.source.rule("source"), "swarm"):
        yield Unused(("policies", "source"), why)
    for field in type(model.demand).model_fields.values():
        if field.alias != "replay":
            yield Unused(("demand", str(field.alias)), "demand is what the log has")


#: Keys that a stream without apps of its own does not read, and that one which replaces nodes does not, either.
_OF_APPS = ("apps", "updates", "rollbacks", "removals", "images")
_OF_CLIENTS = ("clients", "nodes", "popularity", "starts_on", "clones")


def unused_in_demand(model: Model) -> Iterator[Unused]:
    """Every key of the demand that has no effect, whether written or not, and why."""
    summary, together = model.demand, demand_summary(model)
    if summary.replay is not None:
        yield from by_policies()
    elif summary.table is not None:
        yield from beside_a_list(model)
    else:
        yield from _of_streams(model)
    if not together.removes:
        yield Unused(("demand", "removed_after"), "demand.removals is 0")
    if summary.runs_for_s is None:
        yield from (Unused(("demand", key), "demand.runs_for is not given") for key in ("sleeps_for", "wakes"))
    elif not summary.wakes:
        yield Unused(("demand", "sleeps_for"), "demand.wakes is 0")
    if not together.known:
        yield Unused(("demand", "warm"), "demand.apps is 0, so every deploy is an app's first")
    for key in model.nodes:
        if not (summary.warm and together.known):
            why = "demand.warm is false" if together.known else "demand.apps is 0"
            yield Unused(("nodes", key, "cold"), f"every node starts empty, {why}")


def _of_streams(model: Model) -> Iterator[Unused]:
    """Keys of streams, and those of `[demand]` that all of them have themselves."""
    summary = model.demand
    unused: dict[str, set[str]] = {}
    for name, stream in summary.named().items():
        at = path_of(name)
        found = (*_of_stream(at, stream), *_of_updates(at, stream, summary.kernel_release is not None))
        unused[name] = {key for key, _ in found}
        for key, why in found:
            yield Unused((*at, key), why)
    if not summary.streams:
        return
    for field, one in Stream.model_fields.items():
        key = one.alias or field
        if all(field in stream.own() or key in unused[name] for name, stream in summary.streams.items()):
            yield Unused(("demand", key), "every stream says it itself, or has no use for it")


def _of_stream(at: KeyPath, stream: Stream) -> Iterator[tuple[str, str]]:
    """Keys that its kind, and when it comes, switch off."""
    if stream.kind == "replacements" or stream.of is not None:
        why = "it replaces nodes" if stream.kind == "replacements" else "it starts apps of other streams"
        yield from ((key, why) for key in _OF_APPS)
    if stream.kind == "replacements":
        yield from ((key, "it replaces nodes") for key in (*_OF_CLIENTS, "of"))
    elif stream.kind == "starts" and stream.of is None:
        yield from ((key, "it pushes nothing") for key in ("updates", "rollbacks", "removals"))
    if stream.kind == "deploys":
        yield from ((key, "its deploys push") for key in ("starts_on", "clones"))
    if stream.is_timed:
        how = dotted((*at, "at" if stream.at_times is not None else "every"))
        yield from ((key, f"{how} says when it comes") for key in ("rate", "arrivals", "ramp"))
        yield "outside", f"{how} says when it comes"
    else:
        yield "spread", f"neither {dotted((*at, 'at'))} nor every is given"
    if stream.hours is None and stream.weekdays is None and not stream.is_timed:
        yield "outside", f"neither {dotted((*at, 'hours'))} nor weekdays are given"


def _of_updates(at: KeyPath, stream: Stream, released: bool) -> Iterator[tuple[str, str]]:
    """Keys that are about updates, where there are none."""
    if stream.kind != "deploys":
        return
    if not stream.apps:
        for key in ("updates", "popularity", "rollbacks"):
            yield key, f"{dotted((*at, 'apps'))} is 0, so every deploy is an app's first"
    elif not stream.updates:
        if not released:
            yield "rollbacks", f"{dotted((*at, 'updates'))} is 0"
        yield "popularity", f"{dotted((*at, 'updates'))} is 0"
