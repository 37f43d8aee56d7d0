"""What the page shows of an answer, as sections: of idle links at once, then of so many paired runs.

A verdict is looked at after some numbers of runs that are known beforehand, each look at a level at which all of them
together err at most once in twenty (Bonferroni); until such a look finds it decided it is called undecided, however
clear it seems. Beside it stands what `regsim compare` says of the same runs, whose number it takes as given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from sim.experiment.assumptions.idle import Idle
from sim.experiment.assumptions.small import SHARES
from sim.experiment.comparison import Comparison
from sim.experiment.execution.worker import Outcome
from sim.experiment.sample import fails_more, resolution, values_of
from sim.experiment.thresholds import judged, threshold
from sim.explore.question import Question
from sim.files import jsonable
from sim.report.formatting import amount, per_cent
from sim.report.page import svg
from sim.report.page.parts import Drawing, Grid, Section, cell, legend, texts, variant_class
from sim.report.page.sections import differences, latency, thresholds, topology
from sim.report.page.xycharts import Axis, Curve, chart
from sim.report.stored import Stored
from sim.result import Result
from sim.scenario import Scenario
from sim.stats.paired import difference

#: What is said of a variant at a quantile.
_FASTER: Final[Mapping[str, str]] = {"lower": "faster", "higher": "slower", "same": "as fast"}
_NOT_ASKED: Final = "Which assumed figure could flip it is not asked yet"

Outcomes = Mapping[str, Sequence[Outcome]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Live(Stored):
    """A comparison that is kept nowhere, with what the sections of a result's page read."""

    compared: Comparison

    @property
    def scenario(self) -> Scenario:
        return self.compared.scenario

    @property
    def variants(self) -> tuple[str, ...]:
        return self.compared.variants

    @cached_property
    def samples(self) -> Mapping[str, Result]:
        return self.compared.samples


def compared(question: Question, scenario: Scenario, outcomes: Outcomes) -> Comparison:
    """The runs made so far as a comparison, equal to the one that `regsim compare` makes of as many."""
    runs = min(len(each) for each in outcomes.values())
    return Comparison(
        scenario=scenario, seed=question.seed, runs=runs, baseline=question.baseline, executor="processes", wall_s=0.0,
        outcomes={name: tuple(each[:runs]) for name, each in outcomes.items()},
    )  # fmt: skip


def sides(question: Question, outcomes: Outcomes) -> dict[tuple[str, str], str]:
    """Of each variant but the baseline and quantile: `lower`, `higher`, `same`, `fails more`, `fails less` or `open`.

    At a level at which the looks of `question.looks` all hold together.
    """
    base, values = outcomes[question.baseline], values_of(outcomes)
    others = [name for name in outcomes if name != question.baseline]
    several = max(len(others), 1) * len(question.looks)
    found = {}
    for name in others:
        more = fails_more(outcomes[name], base, simultaneous=several)
        less = fails_more(base, outcomes[name], simultaneous=several)
        for quantile in SHARES:
            metric = f"deploy_latency_s.{quantile}"
            apart = difference(
                values[name][metric], values[question.baseline][metric], simultaneous=several,
                resolution=resolution(metric),
            )  # fmt: skip
            same = apart.low == apart.high == 0.0
            found[name, quantile] = (
                "fails more" if more else "fails less" if less else "same" if same
                else "lower" if apart.high < 0 else "higher" if apart.low > 0 else "open"
            )  # fmt: skip
    return found


def decided(question: Question, outcomes: Outcomes) -> bool:
    """Whether a look finds nothing open; without a second variant the last look ends it."""
    found = sides(question, outcomes)
    return bool(found) and "open" not in found.values()


def of_runs(question: Question, scenario: Scenario, outcomes: Outcomes) -> list[Section]:
    """The answer after so many runs, thresholds and differences."""
    found = compared(question, scenario, outcomes)
    live = Live(Path(scenario.name), "compare", _document(found), compared=found)
    says = [line for line in found.verdict.split("\n") if not line.startswith(_NOT_ASKED)]
    runs = f"{found.runs} runs" if found.runs > 1 else "one run"
    says[0] = f"regsim compare says of these {runs}: {says[0]}" if found.runs > 1 else f"Of {runs}: {says[0]}"
    answer = Section("verdict", f"After {runs}", says, lead=lead(question, outcomes))
    made = [answer, thresholds.section(live), differences.section(live)]
    return [section for section in made if section is not None]


def pictures(question: Question, scenario: Scenario, outcomes: Outcomes) -> list[Section]:
    """How long deploys of the first run take and where the time goes, and the map with what it used."""
    found = compared(question, scenario, outcomes)
    live = Live(Path(scenario.name), "compare", _document(found), compared=found)
    return [section for section in (latency.section(live), topology.section(live)) if section is not None]


def lead(question: Question, outcomes: Outcomes) -> str:
    """The verdict in a sentence; `Undecided` where a look finds anything open."""
    found = sides(question, outcomes)
    runs = min(len(each) for each in outcomes.values())
    if not found:
        return "There is one variant, so that nothing is to be decided."
    if runs < 2:
        return "Undecided: one run has no interval."
    parts = []
    for name in dict.fromkeys(name for name, _ in found):
        each = {quantile: side for (of, quantile), side in found.items() if of == name}
        parts.append(_sentence(name, question.baseline, each))
    open_ = "open" in found.values()
    return (
        ("Undecided so far: " if open_ and runs < question.runs else "Undecided: " if open_ else "")
        + "; ".join(parts)
        + "."
    )


def _sentence(name: str, base: str, each: Mapping[str, str]) -> str:
    """`node-direct deploys faster than central at p50 and p95`."""
    by: dict[str, list[str]] = {}
    for quantile, side in each.items():
        by.setdefault(side, []).append(quantile)
    parts = []
    for side, quantiles in by.items():
        at = " and ".join(quantiles)
        if side.startswith("fails"):
            return f"{name} {side} than {base}"
        if side == "open":
            parts.append(f"which of {name} and {base} is faster at {at} is open")
        else:
            than = "as" if side == "same" else "than"
            parts.append(f"{name} deploys {_FASTER[side]} {than} {base} at {at}")
    return ", and ".join(parts)


def _document(found: Comparison) -> dict[str, Any]:
    """What sections read of a comparison's document."""
    metrics = found.headline
    wanted = [threshold(text) for text in found.scenario.thresholds.values()]
    document = {
        "schema": "regsim.compare/1", "scenario": found.scenario.name, "baseline": found.baseline, "runs": found.runs,
        "variants": {
            name: {metric: found.interval(name, metric).to_json() for metric in metrics} for name in found.variants
        },
        "differences": {
            name: {
                metric: {**(apart := found.difference(name, metric)).to_json(), "decided": apart.decided}
                for metric in metrics
            }
            for name in found.others
        },
        "thresholds": [each.to_json() for each in judged(found, wanted, found.allow_failures)] if wanted else [],
    }  # fmt: skip
    made: dict[str, Any] = jsonable(document)
    return made


def of_idle(question: Question, idle: Mapping[str, Idle]) -> list[Section]:
    """The answer of idle links: quantiles of each variant, and the shares that are ready within a time."""
    variants = list(idle)
    lines, curves = [], []
    for at, (name, each) in enumerate(idle.items()):
        lines.append([*texts(name), *(cell(each.quantile_s(share), "s") for share in SHARES.values())])
        curves.append(Curve(variant_class(at), at, _shares(each), stepped=True))
    grid = Grid("On idle links", ["variant", *SHARES], lines)
    caption = "Share of deploys that are ready within a time, each alone on idle links"
    seen = [value for curve in curves for value, _ in curve.points if value > 0]
    if not seen:
        return [Section("idle", "On idle links", ["Every deploy fails."], grids=[grid])]
    low, high = min(seen), max(seen)
    ratios = high / low > 4
    edges = (low / 1.1, high * 1.1) if ratios else (0.0, high * 1.05)
    across = Axis("deploy latency", *edges, lambda number: svg.tick_text(number, "s"), ratios, "s")
    up = Axis("share of deploys that are ready", 0.0, 1.0, lambda number: f"{100 * number:.0f} %")
    says = f"{caption}: " + "; ".join(f"{row[0].text} half within {row[1].text}" for row in lines)
    drawing = Drawing(caption, says, lambda width: chart(width, says, across, up, curves, 260), grid, legend(variants))
    about = "An answer without queues: each kind of deploy alone, as often as a run asks for it. Runs follow."
    return [Section("idle", "On idle links", [about], [drawing], lead=_idle_lead(question, idle))]


def _shares(each: Idle) -> list[tuple[float, float]]:
    order = np.argsort(each.latency_s, kind="stable")
    reached = np.cumsum(each.weight[order])
    pairs = zip(each.latency_s[order].tolist(), reached.tolist(), strict=True)
    return [(latency_s, min(share, 1.0)) for latency_s, share in pairs if math.isfinite(latency_s)]


def _idle_lead(question: Question, idle: Mapping[str, Idle]) -> str:
    base = idle[question.baseline]
    parts = []
    for name, each in idle.items():
        mine, other = each.quantile_s(0.5), base.quantile_s(0.5)
        against = ""
        if name != question.baseline and math.isfinite(mine) and math.isfinite(other) and other:
            against = f" ({per_cent(mine / other - 1)})"
        parts.append(f"{name} {amount(mine, 's')}{against}")
    return f"On idle links half of the deploys are ready within: {', '.join(parts)}."
