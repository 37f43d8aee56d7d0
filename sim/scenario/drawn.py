"""What a demand asks for in all, and the parts of it that others switch off, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sim.scenario import asked as demands
from sim.scenario.demand import Stream
from sim.scenario.faults import Path, dotted
from sim.scenario.idle import Idle, beside_a_table, by_policies
from sim.scenario.model import Tables
from sim.scenario.streams import path_of

#: Keys that a stream without apps of its own does not read, and that one which replaces nodes does not, either.
_OF_APPS = ("apps", "updates", "rollbacks", "removals", "images")
_OF_CLIENTS = ("clients", "nodes", "popularity", "starts_on")


class Asks(NamedTuple):
    """What the streams of a scenario ask for together.

    `most` is on how many nodes a deploy starts, `reach` on how many an app may be, with those beside its own; `known`
    says whether apps are there at the start, `removes` whether an image is removed, `by_digest` whether every instance
    names its image by digest, `starts` whether instances start without a push, `pushes` whether any are pushed.
    """

    most: int
    reach: int
    known: bool
    removes: bool
    by_digest: bool
    starts: bool
    pushes: bool


def asks(tables: Tables) -> Asks:
    """What a scenario's streams ask for together."""
    demand = tables.demand
    if demand.replay is not None:
        most = demands.most_nodes(tables)
        return Asks(most, most, True, demand.removals > 0, demand.reference == "digest", starts=False, pushes=True)
    streams = [*tables.demand.named().values()]
    owners = [stream for _, stream in tables.demand.pushed_to()]
    read, most = demands.listed(tables), demands.most_nodes(tables)
    if read is not None:
        starts = False in read.column("push")
        more = max((count or 0 for count in read.column("beside")), default=0)
        return Asks(most, most + more, True, demand.removals > 0, demand.reference == "digest", starts, pushes=True)
    beside = [1 if one.kind == "replacements" else one.nodes for one in streams if one.kind != "deploys"]
    return Asks(
        most=most,
        reach=most + max(beside, default=0),
        known=any(stream.apps for stream in owners),
        removes=any(stream.removals for stream in streams if stream.kind == "deploys"),
        by_digest=all(stream.reference == "digest" for stream in streams),
        starts=any(stream.kind != "deploys" for stream in streams),
        pushes=any(stream.kind == "deploys" for stream in streams),
    )


def of_demand(tables: Tables) -> Iterator[Idle]:
    """Every key of the demand that has no effect, whether written or not, and why."""
    asked, together = tables.demand, asks(tables)
    if asked.replay is not None:
        yield from by_policies()
    elif asked.table is not None:
        yield from beside_a_table(tables)
    else:
        yield from _of_streams(tables)
    if not together.removes:
        yield Idle(("demand", "removed_after"), "demand.removals is 0")
    if asked.runs_for_s is None:
        yield from (Idle(("demand", key), "demand.runs_for is not given") for key in ("sleeps_for", "wakes"))
    elif not asked.wakes:
        yield Idle(("demand", "sleeps_for"), "demand.wakes is 0")
    if not together.known:
        yield Idle(("demand", "warm"), "demand.apps is 0, so every deploy is an app's first")
    for key in tables.nodes:
        if not (asked.warm and together.known):
            why = "demand.warm is false" if together.known else "demand.apps is 0"
            yield Idle(("nodes", key, "cold"), f"every node starts empty, {why}")


def _of_streams(tables: Tables) -> Iterator[Idle]:
    """Keys of streams, and those of `[demand]` that all of them have themselves."""
    asked = tables.demand
    unused: dict[str, set[str]] = {}
    for name, stream in asked.named().items():
        at = path_of(name)
        found = (*_of_stream(at, stream), *_of_updates(at, stream, asked.kernel_release is not None))
        unused[name] = {key for key, _ in found}
        for key, why in found:
            yield Idle((*at, key), why)
    if not asked.streams:
        return
    for field, one in Stream.model_fields.items():
        key = one.alias or field
        if all(field in stream.own() or key in unused[name] for name, stream in asked.streams.items()):
            yield Idle(("demand", key), "every stream says it itself, or has no use for it")


def _of_stream(at: Path, stream: Stream) -> Iterator[tuple[str, str]]:
    """Keys that its kind, and when it comes, switch off."""
    if stream.kind == "replacements" or stream.of is not None:
        why = "it replaces nodes" if stream.kind == "replacements" else "it starts apps of other streams"
        yield from ((key, why) for key in _OF_APPS)
    if stream.kind == "replacements":
        yield from ((key, "it replaces nodes") for key in (*_OF_CLIENTS, "of"))
    elif stream.kind == "starts" and stream.of is None:
        yield from ((key, "it pushes nothing") for key in ("updates", "rollbacks", "removals"))
    if stream.kind == "deploys":
        yield "starts_on", "its deploys push"
    if stream.is_timed:
        how = dotted((*at, "at" if stream.at_times is not None else "every"))
        yield from ((key, f"{how} says when it comes") for key in ("rate", "arrivals", "ramp"))
        yield "outside", f"{how} says when it comes"
    else:
        yield "spread", f"neither {dotted((*at, 'at'))} nor every is given"
    if stream.hours is None and stream.weekdays is None and not stream.is_timed:
        yield "outside", f"neither {dotted((*at, 'hours'))} nor weekdays are given"


def _of_updates(at: Path, stream: Stream, released: bool) -> Iterator[tuple[str, str]]:
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
