"""One deploy's latency second by second: each stretch of its critical path has a phase, and what it waited for.

The phases stand one after another as they are first entered, since rows keep how long each took and no more; a phase
that is entered twice stands there once, whole. Within a phase the bodies of bytes on the critical path stand when they
were on it (`critical_paths`), each on what held it back the longest; what is between them is requests and round trips,
waiting for the image, or booting. The stretches add up to the latency, and what was waited in them to what the deploy's
row says, unless bodies waited more than their phase: then the phase's counts. Of a phase's stretches without bodies the
longest are taken to have waited. Requests that mostly waited did so for workers, or while a fault held for it to end,
as `held_back` has it. Left out: nodes that were ready earlier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from sim.accounting.critical_paths import INSTANT_S, Bodies, Paths
from sim.errors import InputError
from sim.scenario import Scenario
from sim.tables import rows
from sim.tables.columns import Table

#: What is between bodies, by phase; requests in all others.
_BETWEEN: Final[Mapping[str, str]] = {"sync_wait": "image", "boot": "boot"}
REQUESTS: Final = "requests"
WORKERS: Final = "workers"
OUTAGE: Final = "outage"
UNPACK: Final = "unpack"
#: A stretch without bytes that waited this share of its time or more was waiting, and not asking.
_MOSTLY: Final = 0.5


class Step(NamedTuple):
    """A stretch of a deploy's critical path, s since the run began, its phase, and how much of it was waiting.

    `on` is what held it: a link's direction, a disk, `cap` (its own window or cap), `copies ...`, `unpack`, or where
    nothing of this was under way `requests`, `workers`, `outage`, `image` (waiting for it) or `boot`. Of a body `row`
    is its row in the transfers, and `purpose`, `content`, `source`, `target` and `size_bytes` are what stands there.
    """

    from_s: float
    until_s: float
    phase: str
    on: str
    waited_s: float
    row: int = -1
    purpose: str = ""
    content: str = ""
    source: str = ""
    target: str = ""
    size_bytes: int = 0

    @property
    def lasts_s(self) -> float:
        return self.until_s - self.from_s


def row_of(deploys: Table, number: int) -> int:
    """The row of the deploy of that number. InputError when there is none, or when it failed."""
    found = np.flatnonzero(deploys.column("deploy") == number)
    if not len(found):
        problem = f"there is no such deploy, got {number}"
        raise InputError("--deploy", problem, f"the run has {len(deploys):,}, numbered from 0")
    at = int(found[0])
    if deploys.column("failed")[at] or not np.isfinite(deploys.column("latency_s")[at]):
        why = deploys.column("reason")[at]
        raise InputError("--deploy", f"{number} never got ready ({why})", "name one that did")
    return at


def steps(
    scenario: Scenario, tables: Mapping[str, Table], number: int, outages: Sequence[tuple[float, float]] = ()
) -> tuple[Step, ...]:
    """The stretches of one deploy, in order; `outages` are times in which a fault held. InputError as for `row_of`."""
    deploys = tables["deploys"]
    at = row_of(deploys, number)
    only = np.zeros(len(deploys), bool)
    only[at] = True
    paths = Paths(tables, -np.inf, scenario.policies.create == "poll", only)
    bodies = _bodies(Bodies(scenario, tables, paths))
    found: list[Step] = []
    begins_s = float(deploys.column("asked_s")[at])
    for phase in rows.PHASES:
        lasts_s, waited_s = (float(deploys.column(f"{phase}{what}_s")[at]) for what in ("", "_waited"))
        if lasts_s > 0:
            found += _of_phase(phase, begins_s, begins_s + lasts_s, min(waited_s, lasts_s), bodies)
        begins_s += lasts_s
    return tuple(_waiting(step, outages) for step in found)


def _waiting(step: Step, outages: Sequence[tuple[float, float]]) -> Step:
    """The same, of requests that mostly waited by what they waited for."""
    if step.on != REQUESTS or step.row >= 0 or step.waited_s < _MOSTLY * step.lasts_s:
        return step
    broken = any(low_s < step.until_s and high_s > step.from_s for low_s, high_s in outages)
    return step._replace(on=OUTAGE if broken else WORKERS)


def _bodies(bodies: Bodies) -> list[Step]:
    """The bodies on the path and what was unpacked there, in order of time, without a phase."""
    transfers = bodies.transfers
    texts = {name: transfers.codes(name) for name in ("bound_by", "purpose", "content", "source", "target")}

    def text(name: str, row: int) -> str:
        codes, entries = texts[name]
        return entries[int(codes[row])]

    found = [
        Step(
            begins_s, begins_s + each_s, "", text("bound_by", row) or REQUESTS, waited_s, row, text("purpose", row),
            text("content", row), text("source", row), text("target", row),
            int(transfers.column("size_bytes")[row]),
        )
        for begins_s, each_s, waited_s, row in zip(
            bodies.begins_s.tolist(), bodies.each_s.tolist(), bodies.each_waited_s.tolist(), bodies.kept.tolist(),
            strict=True,
        )
    ]  # fmt: skip
    unpacked = bodies.unpacked_begins_s.tolist(), bodies.unpacked_s.tolist(), bodies.unpacked_waited_s.tolist()
    found += [
        Step(begins_s, begins_s + each_s, "", UNPACK, waited_s)
        for begins_s, each_s, waited_s in zip(*unpacked, strict=True)
    ]
    return sorted(found)


def _of_phase(phase: str, from_s: float, until_s: float, waited_s: float, bodies: list[Step]) -> Iterator[Step]:
    """A phase cut at its bodies; what they did not wait of what the phase did, its other stretches did."""
    inside: list[Step] = []
    for body in bodies:
        low_s, high_s = max(body.from_s, from_s), min(body.until_s, until_s)
        if high_s - low_s > INSTANT_S:
            part = (high_s - low_s) / body.lasts_s
            inside.append(body._replace(from_s=low_s, until_s=high_s, phase=phase, waited_s=body.waited_s * part))
    over = sum(body.waited_s for body in inside)
    if over > waited_s:
        inside = [body._replace(waited_s=body.waited_s * waited_s / over) for body in inside]
    edges = [from_s, *(edge for body in inside for edge in (body.from_s, body.until_s)), until_s]
    between = [*zip(edges[::2], edges[1::2], strict=True)]
    waits_s = _longest_first([high_s - low_s for low_s, high_s in between], max(waited_s - over, 0.0))
    on = _BETWEEN.get(phase, REQUESTS)
    for number, (low_s, high_s) in enumerate(between):
        if high_s - low_s > INSTANT_S:
            yield Step(low_s, high_s, phase, on, waits_s[number])
        if number < len(inside):
            yield inside[number]


def _longest_first(lasts_s: list[float], waited_s: float) -> list[float]:
    """How much of each stretch was waiting, where rows know only how much of all: a long wait makes a long stretch."""
    found = [0.0] * len(lasts_s)
    for at in sorted(range(len(lasts_s)), key=lambda at: -lasts_s[at]):
        found[at] = min(waited_s, lasts_s[at])
        waited_s -= found[at]
    return found
