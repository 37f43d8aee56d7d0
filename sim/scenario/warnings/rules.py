"""What is valid and still may be the wrong question, said in a line each before anything runs.

A warning is no fault: the scenario runs as it is written. Each kind is a small function over one question (the plain
scenario or one variant of it) that gives doubts, and stands in `WARNINGS` under its code; those that need all variants
side by side stand in `ACROSS`. Of a scenario with variants, a doubt that all of them raise is told once, any other
names its variant. A doubt that is `of_all` says that something is there for nothing. What the file has is not there for
nothing as long as one variant uses it, so that is told where all raise it, or where the variant wrote it itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from sim.errors import shown
from sim.network.topology import shapes
from sim.scenario.document import Document
from sim.scenario.effects.happens import happens, longest_wait_s, on_demand, refuses
from sim.scenario.effects.reach import idle_links, strangers, unreached
from sim.scenario.effects.summary import as_logged, listed
from sim.scenario.effects.unused import without_effect
from sim.scenario.keypath import Path, dotted
from sim.scenario.model.choices import Choice
from sim.scenario.model.entries import deciding, leaves
from sim.scenario.model.root import Tables
from sim.scenario.model.shares import comes, path_of
from sim.scenario.model.timeofweek import format_start
from sim.scenario.warnings.warning import Asked, Doubt
from sim.units import format_seconds


def keys_have_effect(asked: Asked) -> Iterator[Doubt]:
    """A key of the policies, the demand or a fault that was chosen has no effect here."""
    chosen = list(_chosen(asked.tables))
    for idle in without_effect(asked.tables):
        keys = [path for path in chosen if path[: len(idle.path)] == idle.path]
        if len(keys) == 1 and keys[0][-1] != "name":
            yield Doubt(keys[0], f"has no effect: {idle.why}", of_all=True)
        elif keys:
            yield Doubt(idle.path, f"has no effect: {idle.why}", of_all=True)


def everything_is_reached(asked: Asked) -> Iterator[Doubt]:
    """Nodes that no deploy starts on; sites and links that none passes."""
    told = set()
    for part in unreached(asked.tables):
        told.add(part.path[1])
        yield Doubt(part.path, part.why, of_all=True)
    set_links = {path[1] for path in asked.set if path[0] == "links"}
    for name, why in idle_links(asked.tables).items() if set_links else ():
        if name in set_links - told:
            yield Doubt(("links", name), why, of_all=True)


def metros_have_nodes(asked: Asked) -> Iterator[Doubt]:
    """Clients deploy to a metro without nodes."""
    for part in strangers(asked.tables):
        yield Doubt(part.path, part.why)


def copies_come_in_time(asked: Asked) -> Iterator[Doubt]:
    """A start waits for a copy that begins when patience is over, or never."""
    tables, chosen, world = asked.tables, asked.tables.policies, happens(asked.tables)
    if as_logged(tables):
        return
    polls = chosen.create == "poll" and "central" in world.routes
    for key, waits, where in (("to_central", world.waits, "central"), ("to_nodes", polls, "its node")):
        trigger: Choice = getattr(chosen.sync, key)
        if not waits or on_demand(trigger):
            continue
        path: Path = ("policies", "sync", key)
        if refuses(trigger):
            yield Doubt(path, f"starts wait for their image to be at {where}, and nothing brings it there; they fail")
            continue
        after_s = longest_wait_s(trigger, chosen.sync.delay_s, tables.run.duration_s)
        if after_s is not None and after_s > chosen.patience_s:
            if trigger.name == "on-push":
                path = ("policies", "sync", "delay")
            told = (
                f"starts wait {format_seconds(chosen.patience_s)} (policies.patience) for their image to be at {where}"
            )
            yield Doubt(
                path,
                f"{told}, but a copy begins up to {_about(after_s)} after its publish; those that wait longer fail",
            )


def latencies_count(asked: Asked) -> Iterator[Doubt]:
    """The warm-up takes all of the run."""
    run = asked.tables.run
    if run.warm_up_s >= run.duration_s:
        yield Doubt(("run", "warm_up"), "is not over before run.duration ends, so no latency counts")


def faults_meet_demand(asked: Asked) -> Iterator[Doubt]:
    """A fault begins when the demand has stopped."""
    for key, fault in asked.tables.faults.items():
        if fault.at_s is not None and fault.at_s >= asked.tables.run.duration_s:
            yield Doubt(("faults", key, "at"), "is after run.duration ends, when nothing is asked for any more")


def streams_come_in_time(asked: Asked) -> Iterator[Doubt]:
    """A stream comes at times that are not in the run."""
    tables = asked.tables
    if tables.demand.replay is not None or tables.demand.table is not None:
        return
    begins, lasts = format_start(tables.run.start_s), format_seconds(tables.run.duration_s)
    for name, stream in tables.demand.named().items():
        if not comes(tables, stream):
            text = f"never comes: by its hours and days none is within {lasts} from run.start, {begins}, on"
            yield Doubt(path_of(name), text)


def scale_outs_have_nodes(asked: Asked) -> Iterator[Doubt]:
    """Instances are started on more nodes than there are beside those that their app has."""
    tables = asked.tables
    if tables.demand.replay is not None or tables.demand.table is not None:
        return
    there, streams = sum(group.count for group in tables.nodes.values()), tables.demand.named()
    for name, stream in streams.items():
        if stream.kind != "starts" or stream.starts_on == "same-nodes":
            continue
        has = max((streams[owner].nodes for owner in stream.of or ()), default=stream.nodes)
        if has + stream.nodes > there:
            more, left = "node" if stream.nodes == 1 else "nodes", max(there - has, 0)
            text = f"starts on {stream.nodes} more {more}, but beside those of an app there are {left}; others have it"
            yield Doubt((*path_of(name), "nodes"), text)


def rows_come_in_time(asked: Asked) -> Iterator[Doubt]:
    """Rows of a table of deploys come when the demand has stopped."""
    read, last_s = listed(asked.tables), asked.tables.run.duration_s
    late = 0 if read is None else sum(at_s >= last_s for at_s in read.column("time"))
    if read is not None and late:
        told = f"{late} of {len(read.lines)} rows come when run.duration ({format_seconds(last_s)}) is over"
        yield Doubt(("demand", "table"), f"{told} and are left out")


def sizes_are_bytes(asked: Asked) -> Iterator[Doubt]:
    """A size, or the size that a price is for, is written in bits."""
    for leaf in leaves(asked.tables):
        if leaf.quantity is None or leaf.quantity.noun not in ("size", "price") or not leaf.written:
            continue
        text = _value_at(asked.values, leaf.path)
        bits = re.search(r"([kMGT]?)(b|bit)\s*$", text) if isinstance(text, str) else None
        if bits is not None:
            remedy = f"{bits[2]} is bits, write {bits[1]}B for bytes"
            yield Doubt(leaf.path, f"{shown(text)} is {leaf.quantity.format(leaf.value)}; {remedy}")


def roms_have_no_kernel(asked: Asked) -> Iterator[Doubt]:
    """An image that is called a ROM has a kernel, so that it is none."""
    for key, image in asked.tables.images.items():
        if not image.is_rom and "rom" in key.lower().replace("_", "-").split("-"):
            yield Doubt(
                ("images", key, "kernel"), "is called a ROM and has a kernel; drop the kernel or rename the image"
            )


def shapes_say_all(asked: Asked) -> Iterator[Doubt]:
    """A map leaves open what its links carry, and something has to be assumed."""
    chosen = asked.tables.topology
    for key, words in shapes.doubts(chosen.name, chosen.parameters):
        yield Doubt(("topology", key), words)


def variants_differ(questions: Sequence[Asked]) -> Iterator[Doubt]:
    """No two variants ask the same, but for keys that have no effect."""
    asked: dict[tuple[object, ...], Asked] = {}
    for question in questions:
        idle = [each.path for each in without_effect(question.tables)]
        decides = tuple(
            (leaf.path, repr(leaf.value))
            for leaf in deciding(question.tables)
            if not any(leaf.path[: len(path)] == path for path in idle)
        )
        same = asked.setdefault(decides, question)
        if same is not question:
            keys = [dotted(path) for path in _apart(same.tables, question.tables)]
            but = f" but for {', '.join(keys)}, without effect" if keys else ""
            yield Doubt(("variants", str(question.variant)), f"asks the same as variant {same.variant}{but}")


#: Of one question, by code.
WARNINGS: Final[Mapping[str, Callable[[Asked], Iterator[Doubt]]]] = {
    "unit": sizes_are_bytes,
    "rom-with-kernel": roms_have_no_kernel,
    "assumed-by-map": shapes_say_all,
    "unreached": everything_is_reached,
    "metro-without-nodes": metros_have_nodes,
    "no-effect": keys_have_effect,
    "beyond-patience": copies_come_in_time,
    "late-fault": faults_meet_demand,
    "all-warm-up": latencies_count,
    "rows-left-out": rows_come_in_time,
    "never-comes": streams_come_in_time,
    "no-more-nodes": scale_outs_have_nodes,
}
#: Of all variants together.
ACROSS: Final[Mapping[str, Callable[[Sequence[Asked]], Iterator[Doubt]]]] = {
    "same-variants": variants_differ,
}


def _chosen(tables: Tables) -> Iterator[Path]:
    """The paths of what is written, not what it would be anyway, and asks for something, as 0 and false do not."""
    defaults = {leaf.path: leaf.value for leaf in leaves(Tables())}
    for leaf in leaves(tables):
        if leaf.written and leaf.value and (leaf.path not in defaults or leaf.value != defaults[leaf.path]):
            yield leaf.path


def _apart(one: Tables, other: Tables) -> Iterator[Path]:
    """The paths at which two scenarios differ."""
    first, second = ({leaf.path: leaf.value for leaf in deciding(tables)} for tables in (one, other))
    for path in dict.fromkeys((*first, *second)):
        if path not in first or path not in second or first[path] != second[path]:
            yield path


def _value_at(values: Document, path: Path) -> object:
    at: Any = values
    for key in path:
        at = at.get(str(key)) if isinstance(at, Mapping) else None
    return at


def _about(duration_s: float) -> str:
    """A time to three digits."""
    return format_seconds(float(f"{duration_s:.3g}"))
