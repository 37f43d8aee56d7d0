"""How long deploys take, as curves: the share that is ready within a time, of one run of each variant.

At p50, p95 and p99 stands what all runs of the variant gave: a marker at their mean, with its interval where there are
several runs. A curve ends below 100 % where deploys failed, as these are never ready. Left out: the curves of other
runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sim.report import style
from sim.report.formatting import failed_of
from sim.result import Result
from sim.stats.intervals import Interval
from sim.stats.quantiles import PERCENTS, rank

_POINTS: Final = 600  # of a curve: more than its pixels
#: What the axis of times spans at least, as a ratio.
_SPAN: Final = 2.5
_MARGIN: Final = 1.12
#: Up to so many curves none is dashed.
_SOLID: Final = 4
#: Text beside what it names, in points.
LINE_PT: Final = 12.0
_LETTER_PT: Final = 5.3
_COLUMN_PT: Final = 84.0
_MARK_PT: Final = 14.0
_NAME_LETTERS: Final = 24  # in a line of the key
_MOST_LETTERS: Final = 60  # of a name
_MOST_NARROW: Final = 34  # of all of it, in a line
#: Up to so many names stand in lines of their own above narrow axes; of more the second begins so far to the right.
_FEW: Final = 5
_HALF_PT: Final = 96.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """One variant: run 0 with its tables, its place among the variants, and quantiles over all its runs."""

    name: str
    place: int
    sample: Result
    quantiles: Mapping[str, Interval] = field(default_factory=dict)

    @property
    def colour(self) -> str:
        return style.colour(self.place)


def key_lines(drawn: Sequence[Drawn], narrow: bool = False) -> int:
    """Lines that the key takes above the axes, its head among them; narrow axes have no room for quantiles."""
    if narrow:
        return -(-len(drawn) // _in_a_line(drawn))
    return 1 + sum(1 + _called(one).count("\n") for one in drawn)


def _in_a_line(drawn: Sequence[Drawn]) -> int:
    """How many names a line of the key has above narrow axes."""
    return 1 if len(drawn) <= _FEW else 2


def _failed(one: Drawn) -> str:
    """How many failed of the run that is drawn, if any."""
    failures = one.sample.failures
    return f": {failed_of(failures)} failed" if failures.failed else ""


def _called(one: Drawn) -> str:
    """A variant's name beside its quantiles."""
    return style.wrapped(style.cut(one.name, _MOST_LETTERS) + _failed(one), _NAME_LETTERS)


def draw(axes: Axes, drawn: Sequence[Drawn]) -> None:
    """The curves of all variants, with a key above that names each and, where there is room, has its quantiles."""
    for percentile in PERCENTS:
        axes.axhline(PERCENTS[percentile] / 100, color="0.8", linewidth=0.7, zorder=0)
    found = []
    for at, one in enumerate(drawn):
        dash = style.DASHES[at % 2] if len(drawn) > _SOLID else style.DASHES[0]
        found.append(_curve(axes, one, max(2.2 - 0.3 * at, 1.0), style.marker(one.place)[0], dash))
    if style.narrow(axes):
        _names(axes, drawn)
    else:
        _key(axes, drawn, found)
    _scales(axes)


def _key(axes: Axes, drawn: Sequence[Drawn], found: Sequence[Sequence[Interval]]) -> None:
    """A line or a few for each variant: its marker, its name, and its quantiles in columns."""
    names, line = [_called(one) for one in drawn], key_lines(drawn)
    letters = max((len(part) for name in names for part in name.split("\n")), default=0)
    columns_pt = [_MARK_PT + letters * _LETTER_PT + at * _COLUMN_PT for at in range(1, 1 + len(PERCENTS))]
    for percentile, column_pt in zip(PERCENTS, columns_pt, strict=True):
        above(axes, percentile, column_pt, line, ha="right")
    line -= 1
    for one, name, quantiles in zip(drawn, names, found, strict=True):
        above(axes, style.marker(one.place)[1], 0, line, color=one.colour)
        above(axes, name, _MARK_PT, line, color=one.colour)
        for quantile, column_pt in zip(quantiles, columns_pt, strict=True):
            above(axes, _text(quantile), column_pt, line, color=one.colour, ha="right")
        line -= 1 + name.count("\n")


def _names(axes: Axes, drawn: Sequence[Drawn]) -> None:
    """Markers and names alone, one or two a line."""
    beside, lines = _in_a_line(drawn), key_lines(drawn, narrow=True)
    for at, one in enumerate(drawn):
        rest = _failed(one) if beside == 1 else ""
        letters = _MOST_NARROW - len(rest) if beside == 1 else style.HALF_LETTERS
        column_pt, line = at // lines * _HALF_PT, lines - at % lines
        size = {} if beside == 1 else {"fontsize": 7.5}
        above(axes, style.marker(one.place)[1], column_pt, line, color=one.colour, **size)
        above(axes, style.short(one.name, letters) + rest, column_pt + _MARK_PT, line, color=one.colour, **size)


def _scales(axes: Axes) -> None:
    axes.set_xscale("log")
    curves_s = [line.get_xdata() for line in axes.lines if line.get_drawstyle() == "steps-post"]
    seen_s = np.concatenate([np.asarray(each, float) for each in curves_s]) if curves_s else np.empty(0)
    seen_s = seen_s[seen_s > 0]
    low_s, high_s = axes.get_xlim()
    if len(seen_s):  # intervals of few runs may be wider than anything that was measured
        low_s, high_s = float(seen_s.min()) / _MARGIN, float(seen_s.max()) * _MARGIN
        axes.set_xlim(low_s, high_s)
    if high_s < low_s * _SPAN:
        low_s, high_s = (np.sqrt(low_s * high_s) * _SPAN**side for side in (-0.5, 0.5))
        axes.set_xlim(low_s, high_s)
    style.seconds_on(axes.xaxis, low_s, high_s)
    style.labelled(axes, "from the client's start until the last instance is ready")
    style.upright(axes, "share of deploys that are ready")
    axes.set_ylim(0, 1.01)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 0.95], ["0 %", "25 %", "50 %", "75 %", "95 %"])
    axes.annotate(
        "99 %", (1, 0.99), xycoords="axes fraction", xytext=(3, 0), textcoords="offset points", va="center", fontsize=8
    )


def _curve(axes: Axes, one: Drawn, width: float, shape: str, dash: str) -> list[Interval]:
    """Draw a distribution, and p50, p95 and p99 with their intervals, which are returned."""
    ordered_s = _ready_s(one.sample)
    n = len(ordered_s)
    nothing = Interval(np.nan, np.nan, np.nan, 1)
    found = [one.quantiles.get(name, nothing) for name in PERCENTS]
    if n:
        evenly, to_the_end = np.linspace(0, n - 1, _POINTS), n - np.geomspace(1, n, _POINTS)
        at = np.unique(np.concatenate([evenly, to_the_end]).astype(int))
        at = at[np.isfinite(ordered_s[at])]
        axes.step(ordered_s[at], (at + 1) / n, where="post", color=one.colour, linewidth=width, linestyle=dash)
        if not one.quantiles:
            found = [Interval(float(ordered_s[rank(n, p)]), np.nan, np.nan, 1) for p in PERCENTS.values()]
    for interval, percent in zip(found, PERCENTS.values(), strict=True):
        if np.isfinite(interval.mean):
            apart = [[interval.mean - interval.low], [interval.high - interval.mean]] if interval.known else None
            axes.errorbar(
                [interval.mean], [percent / 100], xerr=apart, fmt=shape, color=one.colour, markersize=5, capsize=3,
                elinewidth=1.2, markeredgecolor="white", markeredgewidth=0.5, zorder=4,
            )  # fmt: skip
    return found


def _ready_s(sample: Result) -> NDArray[np.float64]:
    deploys = sample.tables["deploys"]
    return np.sort(np.where(deploys.column("failed"), np.inf, deploys.column("latency_s")))


def _text(found: Interval) -> str:
    """`1.16 s`, and where there is an interval how far its farther end is: `1.16 s ±5 %`."""
    text = style.seconds(found.mean)
    if not found.known or not found.mean:
        return text
    share = 100 * (found.high - found.mean) / found.mean
    if share > 100:
        return f"{text} \u00b1>100 %"
    return f"{text} \u00b1{share:.0f} %" if share >= 0.5 else text


def above(axes: Axes, text: str, x_pt: float, line: int, **about: Any) -> None:
    """Text in a line above the axes, the first line being the lowest."""
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "top"}
    axes.annotate(text, (0, 1), xytext=(x_pt, 4 + line * LINE_PT), **place, **about)
