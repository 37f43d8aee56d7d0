"""The rules that find what is valid and still may be the wrong question, before anything runs.

Each is a small generator of doubts over one question and stands in `WARNINGS` under its code; rules that need all
variants side by side stand in `ACROSS`. What is impossible is not here but in `checks`, which refuse a scenario.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from sim.errors import shown
from sim.network.topology import shapes
from sim.registry.formats import FORMATS
from sim.scenario.checks.memory import busy_lines, busy_links
from sim.scenario.document import Document
from sim.scenario.effects.happens import happens, longest_wait_s, on_demand, refuses
from sim.scenario.effects.reach import longest_round_trip_s, unreached, unused_links, without_local_nodes
from sim.scenario.effects.summary import as_logged, listed, polls
from sim.scenario.effects.unused import without_effect
from sim.scenario.keypath import KeyPath, dotted
from sim.scenario.model.choices import Choice
from sim.scenario.model.entries import deciding, entries
from sim.scenario.model.root import Model
from sim.scenario.model.shares import comes, path_of
from sim.scenario.model.timeofweek import format_start
from sim.scenario.warnings.warning import Doubt, Question
from sim.units import format_seconds

_YEAR_S: Final = 365.25 * 86400


def keys_have_effect(question: Question) -> Iterator[Doubt]:
    """A key of the policies, the demand or a fault that was chosen has no effect here."""
    chosen = list(_chosen(question.model))
    for idle in without_effect(question.model):
        keys = [path for path in chosen if path[: len(idle.path)] == idle.path]
        if len(keys) == 1 and keys[0][-1] != "name":
            yield Doubt(keys[0], f"has no effect: {idle.why}", of_all=True)
        elif keys:
            yield Doubt(idle.path, f"has no effect: {idle.why}", of_all=True)


def everything_is_reached(question: Question) -> Iterator[Doubt]:
    """Nodes that no deploy starts on; sites and links that none passes."""
    reported = set()
    for part in unreached(question.model):
        reported.add(part.path[1])
        yield Doubt(part.path, part.why, of_all=True)
    set_links = {path[1] for path in question.set if path[0] == "links"}
    for name, why in unused_links(question.model).items() if set_links else ():
        if name in set_links - reported:
            yield Doubt(("links", name), why, of_all=True)


def metros_have_nodes(question: Question) -> Iterator[Doubt]:
    """Clients deploy to a metro without nodes."""
    for part in without_local_nodes(question.model):
        yield Doubt(part.path, part.why)


def copies_come_in_time(question: Question) -> Iterator[Doubt]:
    """A start waits for a copy that begins when patience is over, or never."""
    model, chosen, world = question.model, question.model.policies, happens(question.model)
    if as_logged(model):
        return
    polled = polls(model) and "central" in world.routes
    for key, waits, where in (("to_central", world.waits, "central"), ("to_nodes", polled, "its node")):
        trigger: Choice = getattr(chosen.sync, key)
        if not waits or on_demand(trigger):
            continue
        path: KeyPath = ("policies", "sync", key)
        if refuses(trigger):
            yield Doubt(path, f"starts wait for their image to be at {where}, and nothing brings it there; they fail")
            continue
        after_s = longest_wait_s(trigger, chosen.sync.delay_s, model.run.duration_s)
        if after_s is not None and after_s > chosen.patience_s:
            if trigger.name == "on-push":
                path = ("policies", "sync", "delay")
            patience = (
                f"starts wait {format_seconds(chosen.patience_s)} (policies.patience) for their image to be at {where}"
            )
            yield Doubt(
                path,
                f"{patience}, but a copy begins up to {_about(after_s)} after its publish; those that wait longer fail",
            )


def latencies_count(question: Question) -> Iterator[Doubt]:
    """The warm-up takes all of the run."""
    run = question.model.run
    if run.warm_up_s >= run.duration_s:
        yield Doubt(("run", "warm_up"), "is not over before run.duration ends, so no latency counts")


def faults_meet_demand(question: Question) -> Iterator[Doubt]:
    """A fault begins when the demand has stopped."""
    for key, fault in question.model.faults.items():
        if fault.at_s is not None and fault.at_s >= question.model.run.duration_s:
            yield Doubt(("faults", key, "at"), "is after run.duration ends, when nothing is asked for any more")


def streams_come_in_time(question: Question) -> Iterator[Doubt]:
    """A stream comes at times that are not in the run."""
    model = question.model
    if model.demand.replay is not None or model.demand.table is not None:
        return
    begins, lasts = format_start(model.run.start_s), format_seconds(model.run.duration_s)
    for name, stream in model.demand.named().items():
        if not comes(model, stream):
            text = f"never comes: by its hours and days none is within {lasts} from run.start, {begins}, on"
            yield Doubt(path_of(name), text)


def scale_outs_have_nodes(question: Question) -> Iterator[Doubt]:
    """Instances are started on more nodes than there are beside those that their app has."""
    model = question.model
    if model.demand.replay is not None or model.demand.table is not None:
        return
    there, streams = sum(group.count for group in model.nodes.values()), model.demand.named()
    for name, stream in streams.items():
        if stream.kind != "starts" or stream.starts_on == "same-nodes":
            continue
        has = max((streams[owner].nodes for owner in stream.of or ()), default=stream.nodes)
        if has + stream.nodes > there:
            more, left = "node" if stream.nodes == 1 else "nodes", max(there - has, 0)
            text = f"starts on {stream.nodes} more {more}, but beside those of an app there are {left}; others have it"
            yield Doubt((*path_of(name), "nodes"), text)


def rows_come_in_time(question: Question) -> Iterator[Doubt]:
    """Rows of a table of deploys come when the demand has stopped."""
    read, last_s = listed(question.model), question.model.run.duration_s
    over = 0 if read is None else sum(at_s >= last_s for at_s in read.column("time"))
    if read is not None and over:
        share = f"{over} of {len(read.lines)} rows come when run.duration ({format_seconds(last_s)}) is over"
        yield Doubt(("demand", "table"), f"{share} and are left out")


def sizes_are_bytes(question: Question) -> Iterator[Doubt]:
    """A size, or the size that a price is for, is written in bits."""
    for entry in entries(question.model):
        if entry.quantity is None or entry.quantity.noun not in ("size", "price") or not entry.written:
            continue
        text = _value_at(question.values, entry.path)
        bits = re.search(r"([kMGT]?)(b|bit)\s*$", text) if isinstance(text, str) else None
        if bits is not None:
            remedy = f"{bits[2]} is bits, write {bits[1]}B for bytes"
            yield Doubt(entry.path, f"{shown(text)} is {entry.quantity.format(entry.value)}; {remedy}")


def roms_have_no_kernel(question: Question) -> Iterator[Doubt]:
    """An image that is called a ROM has a kernel, so that it is none."""
    for key, image in question.model.images.items():
        if not image.is_rom and "rom" in key.lower().replace("_", "-").split("-"):
            yield Doubt(
                ("images", key, "kernel"), "is called a ROM and has a kernel; drop the kernel or rename the image"
            )


def formats_have_figures(question: Question) -> Iterator[Doubt]:
    """A format of the scenario's own says nothing of what decompressing takes, so that it takes no time."""
    used = {image.format for image in question.model.images.values()}
    for name, own in question.model.formats.items():
        if name in used and name not in FORMATS and own.rate_Bps is None and (own.wire or 1.0) < 1.0:
            text = f"makes layers smaller and has no rate, so that nodes decompress them in no time; write {_RATE}"
            yield Doubt(("formats", name), text)


def images_are_at_one_registry(question: Question) -> Iterator[Doubt]:
    """Images are named at registries of several hosts, and a scenario has one central registry."""
    hosts = [*dict.fromkeys(reference.host for reference in question.model.references.values())]
    if len(hosts) > 1 and question.model.policies.tags.look == "registries":
        text = f"are named at {' and '.join(hosts)}; all of them are simulated as the one central registry"
        yield Doubt(("images",), text)


def shapes_say_all(question: Question) -> Iterator[Doubt]:
    """A map leaves open what its links carry, and something has to be assumed."""
    chosen = question.model.topology
    for key, words in shapes.doubts(chosen.name, chosen.parameters):
        yield Doubt(("topology", key), words)


def shares_are_near(question: Question) -> Iterator[Doubt]:
    """Flows share links otherwise than packets do, and are off by some 10 % in the mean of random small worlds."""
    tcp, trip_s = question.model.tcp, longest_round_trip_s(question.model)
    if question.model.run.wire == "packets":
        return
    if tcp.by_window and tcp.queue_s < trip_s / 4:
        text = (
            f"is below a quarter of the longest round trip, {_about(trip_s)}; windows are off there by {_WINDOWS_OFF}"
        )
        yield Doubt(("tcp", "queue"), text)
    knows = tcp.congestion == "cubic" and tcp.queue_s > 0.0 and not question.model.faults
    if tcp.shares == "even" and knows and trip_s > _LONG_TRIP_S:
        text = f'round trips are up to {_about(trip_s)}; even shares are off there by {_EVEN_OFF}; write "windows"'
        yield Doubt(("tcp", "shares"), text)


def runs_have_an_end(question: Question) -> Iterator[Doubt]:
    """A line or a link is so slow that a run goes on for years after its demand has stopped."""
    model = question.model
    read, idle = listed(model), unused_links(model)
    lines = busy_lines(model, () if read is None else read.column("rootfs"))
    slow = [(busy, "the deploys' images keep it busy for up to") for busy in lines]
    slow += [(busy, "one image keeps it busy for") for busy in busy_links(model) if busy.path[1] not in idle]
    for (path, minutes), words in slow:
        if minutes * 60 > max(_YEAR_S, 2 * model.run.duration_s):
            yield Doubt(path, f"is so slow that {words} about {minutes * 60 / _YEAR_S:,.2g} years, all simulated")


def variants_differ(questions: Sequence[Question]) -> Iterator[Doubt]:
    """No two variants ask the same, but for keys that have no effect."""
    first: dict[tuple[object, ...], Question] = {}
    for question in questions:
        unused = [each.path for each in without_effect(question.model)]
        decides = tuple(
            (entry.path, repr(entry.value))
            for entry in deciding(question.model)
            if not any(entry.path[: len(path)] == path for path in unused)
        )
        same = first.setdefault(decides, question)
        if same is not question:
            keys = [dotted(path) for path in _apart(same.model, question.model)]
            but = f" but for {', '.join(keys)}, without effect" if keys else ""
            yield Doubt(("variants", str(question.variant)), f"asks the same as variant {same.variant}{but}")


#: Where flows are off, and by how much, by the table of random small worlds in `tests/rig/RESULTS.md`.
_LONG_TRIP_S: Final = 0.08
_WINDOWS_OFF: Final = "8 % in the mean, and in one small world of ten by a fifth"
_EVEN_OFF: Final = "11 % in the mean, and in one small world of ten by a third"
_RATE: Final = 'one such as rate = "180 MB/s"'
#: Of one question, by code.
WARNINGS: Final[Mapping[str, Callable[[Question], Iterator[Doubt]]]] = {
    "unit": sizes_are_bytes,
    "rom-with-kernel": roms_have_no_kernel,
    "assumed-by-map": shapes_say_all,
    "format-without-rate": formats_have_figures,
    "several-registries": images_are_at_one_registry,
    "unreached": everything_is_reached,
    "metro-without-nodes": metros_have_nodes,
    "no-effect": keys_have_effect,
    "beyond-patience": copies_come_in_time,
    "late-fault": faults_meet_demand,
    "all-warm-up": latencies_count,
    "rows-left-out": rows_come_in_time,
    "never-comes": streams_come_in_time,
    "no-more-nodes": scale_outs_have_nodes,
    "shares-off": shares_are_near,
    "years": runs_have_an_end,
}
#: Of all variants together.
ACROSS: Final[Mapping[str, Callable[[Sequence[Question]], Iterator[Doubt]]]] = {
    "same-variants": variants_differ,
}


def _chosen(model: Model) -> Iterator[KeyPath]:
    """The paths of what is written, not what it would be anyway, and asks for something, as 0 and false do not."""
    defaults = {entry.path: entry.value for entry in entries(Model())}
    for entry in entries(model):
        if entry.written and entry.value and (entry.path not in defaults or entry.value != defaults[entry.path]):
            yield entry.path


def _apart(one: Model, other: Model) -> Iterator[KeyPath]:
    """The paths at which two scenarios differ."""
    first, second = ({entry.path: entry.value for entry in deciding(model)} for model in (one, other))
    for path in dict.fromkeys((*first, *second)):
        if path not in first or path not in second or first[path] != second[path]:
            yield path


def _value_at(values: Document, path: KeyPath) -> object:
    at: Any = values
    for key in path:
        at = at.get(str(key)) if isinstance(at, Mapping) else None
    return at


def _about(duration_s: float) -> str:
    """A time to three digits."""
    return format_seconds(float(f"{duration_s:.3g}"))
