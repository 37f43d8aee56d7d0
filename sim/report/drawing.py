"""Which pictures there are of each kind of finding, by name, and which is drawn unless one is named.

Without axes a figure of its own is made, with a title and a foot that says what was simulated; into axes of somebody
else's a picture is drawn without these. Left out: the pictures themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.errors import InputError, near, shown
from sim.experiment.comparison import Comparison
from sim.experiment.searches.best import Best
from sim.experiment.searches.capacity import Capacity
from sim.experiment.searches.crossover import Crossover
from sim.experiment.sweeps.sweep import Sweep
from sim.report import bars, curves, latency, load, overtime, plots, stacks, style
from sim.report.formatting import foot_text
from sim.report.renderers import RENDERERS
from sim.report.saving import KINDS
from sim.result import Result

#: Draws one picture of a finding into axes.
Draw = Callable[[Axes, Any], None]


def _of_drawn(draw: Callable[[Axes, Any], None]) -> Draw:
    """Of a run or a comparison, what is drawn of a run of each variant."""
    return lambda axes, found: draw(axes, plots.drawn_of(found))


def _latency(axes: Axes, found: Any) -> None:
    drawn = plots.drawn_of(found)
    lines = latency.key_lines(drawn, style.narrow(axes))
    axes.set_title("How long a deploy takes", pad=10 + lines * latency.LINE_PT)
    latency.draw(axes, drawn)
    style.clean(axes)


def _curve(axes: Axes, found: Any) -> None:
    data = RENDERERS[KINDS[type(found)]].plot_data(found)
    if not data.subplots:
        raise InputError("plot", "there is no key of numbers to draw along", "see .table")
    curves.into(axes, data.subplots[0], data)


def _tradeoff(axes: Axes, found: Any) -> None:
    if not found.tradeoff:
        raise InputError("plot", "nothing costs anything", "write [prices]")
    curves.pareto(axes, found.tradeoff, found.scenario)


def _assumptions(axes: Axes, found: Comparison) -> None:
    if found.examined is None or not found.others:
        raise InputError("plot", "assumptions were not examined", "ask regsim compare --assumptions")
    bars.assumptions(axes, found.examined, found.others[0], "deploy_latency_s.p50")


_OF_RUNS: Final[Mapping[str, Draw]] = {
    "latency": _latency,
    "phases": _of_drawn(stacks.phases),
    "bytes": _of_drawn(stacks.moved),
    "lag": _of_drawn(overtime.lag),
    "staleness": _of_drawn(overtime.staleness),
    "convergence": _of_drawn(overtime.convergence),
}
#: By class the pictures of one plot, the first of which is drawn into axes where none is named.
PICTURES: Final[Mapping[type, Mapping[str, Draw]]] = {
    Result: {**_OF_RUNS, "utilisation": overtime.utilisation},
    Comparison: {
        **_OF_RUNS, "differences": bars.differences, "tradeoff": _tradeoff, "assumptions": _assumptions,
    },
    Sweep: {"curve": _curve, "load": load.draw, "tornado": bars.sensitivities, "tradeoff": _tradeoff},
    Capacity: {"curve": _curve},
    Crossover: {"curve": _curve},
    Best: {"means": bars.means},
}  # fmt: skip


def plot(found: Any, kind: str, axes: Axes | None) -> Figure | Axes:
    """The picture of that name, or the usual one. InputError for a name that there is not."""
    pictures = PICTURES[type(found)]
    if kind and kind not in pictures:
        raise InputError("plot", f"there is no such picture, got {shown(kind)}", near(kind, pictures))
    usual = "tornado" if isinstance(found, Sweep) and found.sensitivity else next(iter(pictures))
    draw = pictures[kind or usual]
    if axes is not None:
        with style.styled():
            draw(axes, found)
        return axes
    if not kind and isinstance(found, Comparison):
        return plots.comparison(found)
    if not kind and isinstance(found, Result):
        return plots.run(found)
    data = RENDERERS[KINDS[type(found)]].plot_data(found) if type(found) in KINDS else None
    if not kind and data is not None and data.subplots:
        return curves.draw(data)
    with style.styled():
        made = style.figure(title=style.title_of(found.scenario), foot=foot(found))
        draw(made.subplots(), found)
    return made


def foot(found: Any) -> str:
    """What was simulated."""
    if isinstance(found, Comparison | Result):
        return plots.foot_of(found)
    if isinstance(found, Best):
        return foot_text(found.scenario, found.seed, f"{found.made} runs made")
    return RENDERERS[KINDS[type(found)]].plot_data(found).foot or foot_text(found.scenario, found.seed)
