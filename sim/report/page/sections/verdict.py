"""What came out, first of all: the verdict, and what would turn it, with how far off that is.

How far: by what factor the assumed figure has to change, or by how much where it is zero. Of a comparison idle links
say where it turns, or whole runs at both ends of each range (`--assumptions`); a search's answer is such a point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sim.experiment.axes import number_of
from sim.report.formatting import amount, interval_text
from sim.report.page.parts import Cell, Drawing, Grid, Section, cell, texts
from sim.report.page.rowcharts import Mark, Row, bars
from sim.report.stored import Stored
from sim.stats.intervals import Interval
from sim.tables import metric_names


def section(stored: Stored) -> Section:
    """The verdict of whatever kind of result it is."""
    lead, *rest = {"run": _of_run, "replay": _of_replay, "score": _of_score}.get(stored.kind, _of_verdict)(stored)
    says, grids = _turns(stored)
    warnings = [f"{each['where']}: {each['text']}" for each in stored.document.get("warnings", ()) if
                each["code"] != "flip"]  # fmt: skip
    drawings = [_scores(stored)] if stored.kind == "score" else []
    grids += [_logged(stored)] if stored.kind == "replay" else []
    notes = [f"To keep in mind: {warning}." for warning in warnings]
    return Section("verdict", "The answer", [*rest, *says, *notes], drawings, grids, lead=lead)


def _of_verdict(stored: Stored) -> list[str]:
    found = [each for each in str(stored.document["verdict"]).split("\n") if each]
    return [each for each in found if not each.startswith("On idle links it turns")] or ["There is no verdict."]


def _of_run(stored: Stored) -> list[str]:
    found = stored.document
    metrics, failed = found["metrics"], found.get("failed", 0)
    times = " and ".join(
        f"{at} {cell(metrics.get(f'deploy_latency_s.{at}'), 's').text}" for at in ("p50", "p95")
    )  # fmt: skip
    fails = f"{failed:,} of them failed" if failed else "none failed"
    return [f"{found['deploys']:,} deploys: {times}; {fails}.", "This is one run, so that nothing has an interval."]


def _of_replay(stored: Stored) -> list[str]:
    equal = stored.document.get("equal")
    if equal is None:
        return ["The operations were written by hand: what they move is for the simulation to say."]
    return ["What was simulated is what was logged." if equal else "What was simulated differs from what was logged."]


def _of_score(stored: Stored) -> list[str]:
    groups: Mapping[str, Any] = stored.document["groups"]
    if not groups:
        return ["Nothing was scored."]
    worst = max(groups, key=lambda name: float(groups[name]["mape"]))
    means = [float(each["mape"]) for each in groups.values()]
    return [
        f"Simulated and measured are {100 * min(means):.1f} % to {100 * max(means):.1f} % apart on average, by group.",
        f"Furthest off is {worst}: of {groups[worst]['n']} figures {100 * float(groups[worst]['max']):.1f} % at worst.",
    ]


def _turns(stored: Stored) -> tuple[list[str], list[Grid]]:
    found = stored.document
    if stored.kind == "crossover":
        return [], _changeovers(found)
    if stored.kind != "compare" or not found["differences"]:
        return [], []
    if found.get("assumptions"):
        return [], [_examined(found["assumptions"])]
    flips = found.get("flips")
    if flips is None:
        return ["Which assumed figure could turn it was not asked."], []
    if not flips:
        return ["On idle links no assumed figure turns it within its range; queues could (--assumptions)."], []
    rows = [
        [
            *texts(each["key"], each["value"]), Cell(f"about {each['turns_at']}"),
            _how_far(each["value"], each["turns_at"]), *texts(f"{each['range'][0]} to {each['range'][1]}"),
            *texts(f"{each['faster']} is no longer faster than {each['slower']} at {each['quantile']}"),
        ]
        for each in flips
    ]  # fmt: skip
    heads = ["assumed figure", "is", "turns it at", "how far off", "range", "beyond that"]
    note = "On idle links; regsim compare --assumptions tries every assumed figure by whole runs."
    return [], [Grid("What turns the answer, and how far off that is", heads, rows, 9, note)]


def _how_far(value: object, turns_at: object) -> Cell:
    """`2 times as much`, `0.33 more`."""
    has, needs = number_of(value), number_of(turns_at)
    if has is None or needs is None:
        return Cell("another choice")
    if not has:
        return Cell(f"{turns_at} more")
    factor = needs / has
    if abs(factor - 1) < 0.1:
        return Cell(f"{100 * (factor - 1):+.2g} %", factor)
    return Cell(f"{factor:.3g} times as much", factor)


def _examined(effects: list[Mapping[str, Any]]) -> Grid:
    """Every end of a range that changes the verdict, by whole runs."""
    rows = [
        [
            *texts(each["key"], each["value"], each["end"]), _how_far(each["value"], each["end"]),
            Cell(str(each["effect"]), mark={"flips": "bad", "opens": "open"}.get(each["effect"], "good")),
            *texts(each["variant"], each["metric"]),
            Cell(interval_text(interval_of(each), metric_names.unit_of(each["metric"]), signed=True), each["mean"]),
        ]
        for each in effects if each["effect"] in ("flips", "opens", "settles")
    ]  # fmt: skip
    heads = ["assumed figure", "is", "tried at", "how far off", "effect", "variant", "metric", "difference there"]
    beyond = "" if rows else "No assumed figure changes the verdict, at either end of its range."
    return Grid("Assumed figures that change the verdict, by whole runs", heads, rows, 7, beyond)


def _changeovers(found: Mapping[str, Any]) -> list[Grid]:
    rows = [
        [Cell(f"{each['low']:g} to {each['high']:g} {found['unit']}".rstrip(), each["low"]),
         *texts(each["below"], each["above"])]
        for each in found["changes"]
    ]  # fmt: skip
    heads = [str(found["key"]), "lower below", "lower above"]
    return [Grid("Where the better variant changes", heads, rows, 3)] if rows else []


def _scores(stored: Stored) -> Drawing:
    """The mean error of each group."""
    groups: Mapping[str, Any] = stored.document["groups"]
    rows = [
        Row(name, [Mark("v0", 0, 0.0, 100 * each["mape"], 0.0, f"{100 * each['mape']:.1f} %")])
        for name, each in groups.items()
    ]
    grid = [
        [*texts(name), Cell(f"{each['n']:,}", each["n"]),
         *(Cell(f"{100 * each[what]:.1f} %", each[what]) for what in ("mape", "p90", "max"))]
        for name, each in groups.items()
    ]  # fmt: skip
    caption = "How far simulated and measured are apart: the mean absolute relative error of each group, in per cent"
    says = f"{caption}: " + ", ".join(f"{name} {100 * each['mape']:.1f} %" for name, each in groups.items())
    table = Grid("Absolute relative errors", ["group", "figures", "mean", "90th percentile", "worst"], grid)
    return Drawing(caption, says, lambda width: bars(width, says, rows, "% off"), table)


def _logged(stored: Stored) -> Grid:
    rows = [
        [*texts(name.replace("_", " ")), *_beside(each, "bytes" if name.endswith("_bytes") else "")]
        for name, each in stored.document["compared"].items()
    ]
    return Grid("What travelled, and what was saved", ["what", "logged", "simulated", "difference"], rows)


def _beside(each: Mapping[str, Any], unit: str) -> Iterator[Cell]:
    logged, simulated = each["logged"], each["simulated"]
    yield cell(logged, unit)
    yield cell(simulated, unit)
    if logged is None or simulated is None:
        yield Cell("none")
    else:
        yield Cell("equal" if logged == simulated else amount(simulated - logged, unit), simulated - logged)


def interval_of(each: Mapping[str, Any]) -> Interval:
    """A document's mean, low and high; what is null there is infinite if it is a mean, and else not known."""
    mean, low, high = (each.get(name) for name in ("mean", "low", "high"))
    nan = float("nan")
    return Interval(
        float("inf") if mean is None else mean, nan if low is None else low, nan if high is None else high, 2
    )
