"""The time course around faults: what is shaded, how much of a run is shown, and what lines and points hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sim
from sim.report import plots, timecourse
from sim.result import Result
from sim.scenario import Scenario

DOCUMENT: dict[str, Any] = {
    "run": {"duration": "3 h", "seed": 5},
    "topology": {"shape": "star"},
    "nodes": {"n": {}},
    "clients": {"dev": {"count": 3}},
    "images": {"app": {"rootfs": "2 MB"}},
    "demand": {"rate": "120/h", "apps": 6},
    "faults": {"cut": {"kind": "registry-down", "target": "central", "at": "1 h", "lasts": "5 min"}},
}


@pytest.fixture(scope="module")
def result() -> Result:
    return sim.run(Scenario.from_document(DOCUMENT, "faulty"))


def test_a_run_with_faults_has_a_time_course_in_its_plot_and_others_have_none(result: Result) -> None:
    """Two panels more, each with the fault shaded from 3,600 to 3,900 s."""
    plot = plots.run(result)
    course = [axes for axes in plot.get_axes() if axes.get_xlabel() == "time of the run"]
    assert len(course) == 2
    for axes in course:
        (shade,) = axes.patches
        low_s, high_s = shade.get_x(), shade.get_x() + shade.get_width()  # type: ignore[attr-defined]
        assert (low_s, high_s) == (3600, 3900)
    whole = sim.run(Scenario.from_document({**DOCUMENT, "faults": {}}, "whole"))
    assert len(plots.run(whole).get_axes()) == 3


def test_faults_are_shown_with_as_much_around_them_and_half_again(result: Result) -> None:
    """A fault of 5 min is shown with 10 min before and after it, the least; nothing before the run's start."""
    assert timecourse.span_s({"only": result}) == (3000, 4500)


def test_every_deploy_is_a_point_and_every_failed_one_a_cross(result: Result) -> None:
    """As many as were asked for in the time that is shown; the other panel rises to the most that were under way."""
    latency, backlog = (axes for axes in plots.run(result).get_axes() if axes.get_xlabel() == "time of the run")
    deploys = result.tables["deploys"]
    shown = (deploys.column("asked_s") >= 3000) & (deploys.column("asked_s") < 4500)
    failed = int((shown & deploys.column("failed")).sum())
    ready = int(shown.sum()) - failed
    counts = [len(np.asarray(line.get_xdata())) for line in latency.get_lines()]
    assert counts == ([ready, failed] if failed else [ready])
    asked_s, ended_s = deploys.column("asked_s"), deploys.column("ended_s")
    most = max(((asked_s <= at_s) & (ended_s > at_s)).sum() for at_s in asked_s[shown])
    assert max(np.asarray(backlog.get_lines()[0].get_ydata())) == most > 1
