"""Which keys a table of deploys or a log leaves without effect, and what is said of any key that has none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sim.scenario import asked
from sim.scenario.demand import Stream
from sim.scenario.faults import Path
from sim.scenario.model import Tables


class Idle(NamedTuple):
    """A key that has no effect, with whatever stands below it, and why."""

    path: Path
    why: str


def _stream_keys(*read: str) -> Iterator[str]:
    """The keys of streams but for those that are read."""
    for name, field in Stream.model_fields.items():
        if name not in read:
            yield field.alias or name


def beside_a_table(tables: Tables) -> Iterator[Idle]:
    """What a table of deploys says in every row, or leaves to nobody."""
    for key in ("streams", *_stream_keys("apps", "updates", "popularity", "nodes", "reference", "removals")):
        yield Idle(("demand", key), "demand.table lists the deploys")
    read = asked.listed(tables)
    if read is None or None in read.column("app"):
        return
    for key in ("apps", "updates", "popularity"):
        yield Idle(("demand", key), "demand.table names every application")
    if None not in read.column("nodes"):
        yield Idle(("demand", "nodes"), "demand.table says on how many nodes each deploy starts")


def by_policies() -> Iterator[Idle]:
    """A log says who pushes what and when, and the policies all else."""
    for key in ("streams", "kernel_release", *_stream_keys("nodes", "reference", "removals")):
        yield Idle(("demand", key), "demand.replay has the pushes")
    for key in ("cache", "configs", "start"):
        yield Idle(("demand", "replay", key), "nobody pulls as it was logged, demand.replay.route is policies")
    yield Idle(("policies", "chunking"), "demand.replay has the images' blobs")


def in_a_replay(tables: Tables) -> Iterator[Idle]:
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
        yield Idle(("policies", key), why)
    for key in ("eviction", "ttl", "keep_unsynced"):
        yield Idle(("policies", key), "no registry is limited in a replay")
    yield Idle(("policies", "garbage", "pause"), "no registry is limited in a replay")
    if not hasattr(tables.policies.source.rule("source"), "swarm"):
        yield Idle(("policies", "source"), why)
    for field in type(tables.demand).model_fields.values():
        if field.alias != "replay":
            yield Idle(("demand", str(field.alias)), "demand is what the log has")
