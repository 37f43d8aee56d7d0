"""Plots along a key: what is drawn of values at which deploys fail."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.colors import same_color
from matplotlib.lines import Line2D

from sim.report.curves import HOLLOW, draw
from sim.report.plot_data import PlotData, Series, Subplot
from sim.stats.intervals import Interval

FOUND = [Interval(2.0, 1.0, 4.0, 5), Interval(1.0, 0.5, math.inf, 5), Interval(math.inf, math.nan, math.nan, 5)]


def drawn(failed: list[bool]) -> tuple[list[tuple[float, float]], list[str]]:
    """The places of hollow markers, and the plot's own texts."""
    plot = draw(
        PlotData("a question", "a key", "s", [Subplot("p50", "s", [Series("one", [1.0, 2.0, 3.0], FOUND, failed)])])
    )
    lines: list[Line2D] = plot.axes[0].lines
    hollow = [line for line in lines if line.get_marker() == "o" and same_color(line.get_markerfacecolor(), "white")]
    places: list[Any] = [tuple(map(float, place)) for line in hollow for place in line.get_xydata()]  # type: ignore[arg-type,union-attr]
    assert plot.axes[0].get_ylim()[1] < 10  # an open bound is not drawn
    return places, [text.get_text() for text in plot.texts]


def test_a_value_at_which_deploys_failed_is_hollow_and_an_infinite_one_is_left_out() -> None:
    """Two of three values have failures: one is infinite, the other is drawn hollow, and the plot says why."""
    places, texts = drawn([False, True, True])
    assert places == [(2.0, 1.0)]
    assert HOLLOW in texts


def test_where_nothing_failed_no_marker_is_hollow_and_an_open_bound_is_no_error() -> None:
    """Then the plot says nothing of it."""
    places, texts = drawn([False, False, False])
    assert places == []
    assert HOLLOW not in texts
