"""The answer as lines of text: what happened, a waterfall of the seconds, and what would have saved how many.

A block of the waterfall is a stretch of the critical path on the scale above it; light blocks are waiting for others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from sim.accounting.steps import OUTAGE, REQUESTS, UNPACK, WORKERS, Step
from sim.errors import one_line
from sim.experiment.counterfactuals import Counterfactual
from sim.report.formatting import amount, interval_text
from sim.report.terminal.held_back import KINDS, grouped
from sim.report.why.answer import Why
from sim.tables.rows import START

#: Columns that the waterfall has, and of the names before it.
_BAR: Final = 24
_NAME: Final = 30
_FULL, _LIGHT = "\u2588", "\u2591"
#: Of the slowest so many are named.
_NAMED: Final = 5
_PURPOSES: Final = {"push": "pushing", "pull": "pulling", "sync": "copying"}


def lines(why: Why) -> Iterator[str]:
    """The whole answer."""
    yield from _one(why) if why.number is not None else _several(why)
    if why.counterfactuals is not None:
        yield ""
        yield from map(one_line, _would(why, why.counterfactuals))


def _one(why: Why) -> Iterator[str]:
    of = why.of(why.rows[0])
    what = f"started {of['repository']}" if of["route"] == START else f"pushed {of['repository']} by {of['route']}"
    yield one_line(f"{why.variant}: deploy {of['deploy']}: {of['client']} {what}, image {of['image']}")
    waited_s = sum(step.waited_s for step in why.steps)
    waits = f"{amount(waited_s, 's')} of it waiting for others" if waited_s > 0.001 else "none of it waiting for others"
    yield f"asked for at {amount(of['asked_s'], 's')}, ready {amount(of['latency_s'], 's')} later, {waits}"
    yield ""
    yield from _waterfall(_merged(why.steps), float(of["latency_s"]))
    yield ""
    for phase, of_phase in groupby(why.steps, key=lambda step: step.phase):
        yield one_line(_phase(phase, [*of_phase]))


def _merged(steps: Sequence[Step]) -> list[Step]:
    """Stretches that follow one another and are of one kind as one."""
    found: list[Step] = []
    for step in steps:
        last = found[-1] if found else None
        if last is not None and (last.phase, last.on, last.row >= 0) == (step.phase, step.on, step.row >= 0):
            found[-1] = last._replace(
                until_s=step.until_s, waited_s=last.waited_s + step.waited_s,
                size_bytes=last.size_bytes + step.size_bytes,
            )  # fmt: skip
        else:
            found.append(step)
    return found


def _waterfall(steps: Sequence[Step], latency_s: float) -> Iterator[str]:
    begins_s = steps[0].from_s
    ends = f"0 s{amount(latency_s, 's'):>{_BAR - 3}}"
    yield f"{'phase':<10}{'on':<{_NAME}}{'took':>9}{'waited':>9}  {ends}"
    for step in steps:
        low = round(_BAR * (step.from_s - begins_s) / latency_s)
        high = max(round(_BAR * (step.until_s - begins_s) / latency_s), min(low + 1, _BAR))
        low = min(low, high - 1)
        light = round((high - low) * step.waited_s / step.lasts_s)
        waited = amount(step.waited_s, "s") if step.waited_s > 0.0005 else ""
        name = one_line(_place(step.on))
        name = name if len(name) < _NAME else f"{name[: _NAME - 2]}\u2026"
        bar = " " * low + _FULL * (high - low - light) + _LIGHT * light
        phase = "waiting" if step.phase == "sync_wait" else step.phase
        yield f"{phase:<10}{name:<{_NAME}}{amount(step.lasts_s, 's'):>9}{waited:>9}  {bar}".rstrip()


def _place(on: str) -> str:
    """What a stretch was on, as a reader calls it."""
    if on.endswith("-disk"):
        return f"disk of {on.removesuffix('-disk')}"
    known = {
        REQUESTS: "requests and round trips", WORKERS: "waiting for workers", OUTAGE: "outage and retries",
        UNPACK: "unpacking", "image": "until the image is there", "boot": "booting", "cap": "its own window or cap",
    }  # fmt: skip
    return known.get(on, f"cap on {on}" if on.startswith("copies ") else on)


def _phase(phase: str, steps: Sequence[Step]) -> str:
    """`upload, 14.4 s: 12.3 s pushing 77 MB of rootfs from a to central on a-up, 2.1 s requests and round trips.`"""
    parts = []
    merged = _merged(steps)
    for step in merged:
        if step.row < 0:
            parts.append(_place(step.on) if len(merged) == 1 else f"{amount(step.lasts_s, 's')} {_place(step.on)}")
            continue
        moved = f"{_PURPOSES.get(step.purpose, step.purpose)} {amount(step.size_bytes, 'bytes')} of {step.content}"
        on = "" if step.on == REQUESTS else f", held by {_place(step.on)}"
        parts.append(f"{amount(step.lasts_s, 's')} {moved} from {step.source} to {step.target}{on}")
    name = "waiting for the image" if phase == "sync_wait" else phase
    return f"{name}, {amount(sum(step.lasts_s for step in steps), 's')}: {'; '.join(parts)}."


def _several(why: Why) -> Iterator[str]:
    rows, result = why.rows, why.result
    deploys = result.tables["deploys"]
    latency_s, numbers = deploys.column("latency_s"), deploys.column("deploy")
    mean_s = float(latency_s[rows].mean())
    yield one_line(
        f"{why.variant}: the slowest {100 * why.share:g} %, {len(rows):,} of {len(deploys):,} deploys: "
        f"{amount(float(latency_s[rows].min()), 's')} or more, {amount(mean_s, 's')} on average"
    )
    named = ", ".join(f"{numbers[row]} ({amount(float(latency_s[row]), 's')})" for row in rows[:_NAMED])
    yield f"the slowest of them: {named}; --deploy N has each second of one"
    yield ""
    yield f"{'what held them back':<{_NAME + 10}}{'a deploy':>9}{'waited':>9}  share"
    total_s = sum(part.held_s for part in why.held.parts)
    for name, holders in grouped({why.variant: why.held.parts}):
        held_s, waited_s = (
            sum(getattr(part, what) for part in why.held.parts if part.holder in holders) / len(rows)
            for what in ("held_s", "waited_s")
        )
        share = held_s * len(rows) / total_s
        waited = amount(waited_s, "s") if waited_s > 0.0005 else ""
        bar = _FULL * round(_BAR * share)
        yield f"{one_line(name)[: _NAME + 9]:<{_NAME + 10}}{amount(held_s, 's'):>9}{waited:>9}  {bar}".rstrip()


def _would(why: Why, found: Sequence[Counterfactual]) -> Iterator[str]:
    if not found:
        yield "Nothing that can be doubled held it for 1 % of its time."
        return
    runs = found[0].all_save.n
    yield f"Under the same random numbers, everything else as it was ({runs} paired run{'s' if runs > 1 else ''}):"
    for each in found:
        changes = [f"{key} = {value}" for key, value in each.overrides]
        more = f" and {len(changes) - 2} more" if len(changes) > 2 else ""
        yield f"  doubling {_thing(each)} {_saves(why, each)}"
        yield f"    {', '.join(changes[:2])}{more}"


def _thing(each: Counterfactual) -> str:
    kind = each.thing.kind
    return each.thing.name if kind == "direction" else f"{KINDS[kind]} {each.thing.name}".rstrip()


def _saves(why: Why, each: Counterfactual) -> str:
    whom = "this deploy" if why.number is not None else "these deploys"
    lost = f" ({each.lost} of them then fails or no longer does)" if each.lost else ""
    own: Any = each.saves
    if math.isnan(own.mean):
        return f"saves {whom} nothing that can be said{lost}"
    return (
        f"saves {whom} {interval_text(own, 's')}{lost}; "
        f"all deploys {interval_text(each.all_save, 's')} on average"
    )  # fmt: skip
