"""What holds deploys back, by link, registry and wait, and what doubling it gains (`sim.accounting.held_back`).

Of a comparison means over all its runs; what was doubled had a few runs of its own, paired with the first ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sim.accounting.held_back import Held, Holder
from sim.report.formatting import amount, interval_text
from sim.report.page.parts import Cell, Drawing, Grid, Section, cell, legend, texts, variant_class
from sim.report.page.rowcharts import Mark, Row, bars
from sim.report.page.sections.verdict import interval_of
from sim.report.stored import Stored
from sim.report.terminal.held_back import KINDS, grouped

#: Holders that are drawn; the table has all that hold half a per cent or more.
_DRAWN: Final = 8


def section(stored: Stored) -> Section | None:
    """A bar for each holder and variant, and a table of what was doubled."""
    held = {name: [*_held(each)] for name, each in _by_variant(stored, "held_back").items() if each}
    if not held:
        return None
    deploys = _by_variant(stored, "held_deploys")
    rows, lines = [], []
    for name, holders in grouped(held):
        marks = []
        for variant, parts in held.items():
            place = stored.variants.index(variant)
            total_s, held_s, waited_s = _sums(parts, holders)
            n = float(deploys.get(variant) or 0)
            share = 100 * held_s / total_s
            says = f"{share:.2g} %" if not n else f"{amount(held_s / n, 's')}, {share:.2g} %"
            marks.append(Mark(variant_class(place), place, 0.0, held_s / n if n else share, 0.0, says))
            each = (held_s / n, waited_s / n) if n else (None, None)
            lines.append(
                [*texts(name.strip(), variant), cell(each[0], "s"), cell(each[1], "s"), Cell(f"{share:.2g} %", share)]
            )
        if not name.startswith(" "):
            rows.append(Row(name, marks))
    rows = rows[:_DRAWN]
    caption = "What held deploys back: seconds of the critical path of a deploy that got ready, mean"
    says = caption + ": " + "; ".join(f"{row.name} {row.marks[0].says}" for row in rows[:4])
    heads = ["held back by", "variant", "a deploy", "of that waited", "share"]
    unit = "s" if any(deploys.values()) else "%"
    drawing = Drawing(
        caption, says, lambda width: bars(width, says, rows, unit), Grid(caption, heads, lines, 2), legend(held),
        ["All of them add up to the mean latency. Of bodies side by side the one that ended last counts."],
    )  # fmt: skip
    gains = [*_gains(stored)]
    heads = ["twice as much of", "variant", "which is", "mean", "p50", "p95", "runs"]
    grids = [Grid("What doubling it changes, paired", heads, gains, 3)] if gains else []
    says_gains = [] if gains else ["What doubling any of it would gain was not asked (--gains)."]
    return Section("held", "What holds deploys back, and what doubling it gains", says_gains, [drawing], grids)


def _by_variant(stored: Stored, key: str) -> Mapping[str, Any]:
    """A document's entry by variant; of one run it has no variants."""
    found = stored.document.get(key) or {}
    return found if stored.kind == "compare" else {stored.variants[0]: found} if found else {}


def _held(entries: Sequence[Mapping[str, Any]]) -> Iterator[Held]:
    for each in entries:
        yield Held(Holder(each["kind"], each["group"]), each["seconds"], each["waited_s"])


def _sums(parts: Sequence[Held], holders: frozenset[Holder]) -> tuple[float, float, float]:
    """All seconds, those that these holders had, and what of it was waited."""
    ours = [part for part in parts if part.holder in holders]
    return sum(part.held_s for part in parts), sum(part.held_s for part in ours), sum(part.waited_s for part in ours)


def _gains(stored: Stored) -> Iterator[list[Cell]]:
    for variant, found in _by_variant(stored, "gains").items():
        for gain in found:
            differences = gain["differences"]
            changes = [f"{key} = {value}" for key, value in gain["changes"].items()]
            more = f" and {len(changes) - 2} more" if len(changes) > 2 else ""
            yield [
                *texts(f"{KINDS[gain['kind']]} {gain['group']}".rstrip(), variant, f"{', '.join(changes[:2])}{more}"),
                *(_difference(differences.get(what)) for what in ("mean", "deploy_latency_s.p50",
                                                                  "deploy_latency_s.p95")),
                cell(gain["runs"], ""),
            ]  # fmt: skip


def _difference(found: Mapping[str, Any] | None) -> Cell:
    if found is None:
        return Cell("none")
    return Cell(interval_text(interval_of(found), "s", signed=True), found["mean"],
                "open" if not found["decided"] else "good" if (found["mean"] or 0) < 0 else "")  # fmt: skip
