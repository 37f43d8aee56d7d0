"""The figure of a comparison, or of a run: how long deploys take, where their time goes, which bytes are moved.

Curves and bars are of the first run of each variant, markers on the curves of all runs (`latency`). Where faults held,
the time course stands below (`timecourse`). Left out: other pictures, each of which is one plot (`drawing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from sim.experiment.comparison import Comparison
from sim.report import latency, stacks, style, timecourse
from sim.report.formatting import foot_text
from sim.report.latency import LINE_PT, Drawn
from sim.report.style import write
from sim.result import ONLY, Result
from sim.stats.quantiles import PERCENTS

__all__ = ["comparison", "drawn_of", "run", "write"]

_PLOT_INCHES: Final = 3.6
#: Of a bar, where there are few and where there are many.
_BAR_INCHES: Final = (0.42, 0.27)
_FEW: Final = 5
#: A line of a name beside a bar.
_NAME_INCHES: Final = 0.17
_COURSE_INCHES: Final = 3.2


def comparison(outcome: Comparison) -> Figure:
    """The variants beside each other."""
    return _plot(drawn_of(outcome), style.title_of(outcome.scenario), foot_of(outcome))


def run(result: Result) -> Figure:
    """One run alone."""
    return _plot(drawn_of(result), style.title_of(result.scenario), foot_of(result))


def drawn_of(found: Comparison | Result) -> list[Drawn]:
    """What is drawn of a finding: a run of each variant, with the quantiles of all of its runs."""
    if isinstance(found, Result):
        name = found.variant or ONLY
        return [Drawn(name, style.place_of(found.scenario, name), found)]
    return [
        Drawn(
            name, style.place_of(found.scenario, name), sample,
            {percent: found.interval(name, f"deploy_latency_s.{percent}") for percent in PERCENTS},
        )
        for name, sample in found.samples.items()
    ]  # fmt: skip


def foot_of(found: Comparison | Result) -> str:
    """What was simulated."""
    if isinstance(found, Result):
        deploys = f"{len(found.tables['deploys']):,} deploys"
        return foot_text(found.scenario, found.seed, style.runs_text(1), deploys)
    first = "curves and bars: the first run" if found.runs > 1 else ""
    counted = f"{found.deploys:,} deploys in all"
    return foot_text(found.scenario, found.seed, style.runs_text(found.runs, " of each variant"), first, counted)


def _plot(drawn: Sequence[Drawn], title: str, foot: str) -> Figure:
    with style.styled():
        lines = latency.key_lines(drawn)
        name_lines = max((1 + name.count("\n") for name in stacks.name_texts(drawn)), default=1)
        bars_inches = 2 * (1.3 + max(_BAR_INCHES[len(drawn) > _FEW], _NAME_INCHES * name_lines) * len(drawn))
        height_inches = max(_PLOT_INCHES + lines * LINE_PT / 72, bars_inches)
        faulted = any(one.sample.episodes for one in drawn)
        size = (style.SLIDE[0], height_inches + 0.6 + faulted * _COURSE_INCHES)
        made = style.figure(size, title, foot)
        above: Figure | SubFigure = made
        if faulted:
            both: Any = made.subfigures(2, 1, height_ratios=(height_inches, _COURSE_INCHES))
            above = both[0]
            _course(both[1], drawn)
        halves: Any = above.subfigures(1, 2, width_ratios=(1.15, 1))
        left, right = halves
        curves = left.subplots()
        curves.set_title("How long a deploy takes", pad=10 + lines * LINE_PT)
        latency.draw(curves, drawn)
        for axes, draw in zip(right.subplots(2), (stacks.phases, stacks.moved), strict=True):
            draw(axes, drawn)
    return made


def _course(below: SubFigure, drawn: Sequence[Drawn]) -> None:
    """How deploys fared before, during and after faults."""
    fared, backlog = below.subplots(1, 2, width_ratios=(1.35, 1))
    fared.set_title("How long deploys took, by when they were asked for; faults are shaded")
    backlog.set_title("How many were under way")
    course(fared, backlog, drawn)


def course(fared: Axes, backlog: Axes, drawn: Sequence[Drawn]) -> None:
    """Both into axes."""
    samples = {one.name: one.sample for one in drawn}
    timecourse.draw(fared, backlog, samples, [one.colour for one in drawn])
