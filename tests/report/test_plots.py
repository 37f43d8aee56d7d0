"""The plot of a comparison: what its curves and bars stand for, that its words do not collide, and its files."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

import sim
from sim.experiment.comparison import Comparison
from sim.report import plots, style
from sim.report.drawing import PICTURES
from sim.scenario import Scenario
from sim.tables import rows

SMALL = """
run = { duration = "1 h", seed = 7, runs = 2, title = "A small question" }
topology = { shape = "star" }
nodes.n = { count = 2, capacity = "1 Gbit/s" }
clients.dev = { count = 3, up = "5 Mbit/s", rtt = "20 ms" }
images.app = { kernel = "10 MB", rootfs = "1 MB" }
demand = { rate = "200/h", apps = 5, updates = 0.5 }
variants.central = { policies.route = "central" }
variants.node-direct = { policies.route = "node-direct" }
"""
MORE = {
    "both": {"policies.route": "both"},
    "a name that is much longer than anybody should give": {"central.workers": 1},
}


@pytest.fixture(scope="module", params=[2, 4], ids=["two variants", "four variants"])
def outcome(request: pytest.FixtureRequest) -> Comparison:
    document = tomllib.loads(SMALL)
    if request.param == 4:
        document["variants"] |= MORE
    return sim.compare(Scenario.from_document(document, "small"), executor="serial")


@pytest.fixture(scope="module")
def plot(outcome: Comparison) -> Figure:
    return outcome.plot()


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts if text.get_text()]


def bars(axes: Axes) -> list[Rectangle]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle) and patch.get_height()]


def length_at(axes: Axes, place: int, hatched: bool | None = None) -> float:
    """Lengths of the bars at a place together."""
    return sum(
        bar.get_width()
        for bar in bars(axes)
        if abs(bar.get_y() + bar.get_height() / 2 - place) < 1e-9 and hatched in (None, bool(bar.get_hatch()))
    )


def labels(axes: Axes) -> list[str]:
    """What a legend names."""
    legend = axes.get_legend()
    return [text.get_text() for text in legend.get_texts()] if legend else []


def test_the_plot_says_what_it_is_of(plot: Figure) -> None:
    """The title names the question, the foot what was simulated; axes have titles, and units where they measure."""
    assert plot.get_suptitle() == "A small question"
    foot = " ".join(plot.get_supxlabel().split())
    assert foot.startswith(
        "Simulated: small | 2 runs of each variant, intervals at 95 % | curves and bars: the first run"
    )
    assert "seed 7" in foot
    latency, phases, moved = plot.axes
    assert latency.get_xscale() == "log"
    assert "seconds" in phases.get_xlabel()
    assert moved.get_xlabel().endswith("B")


def test_the_key_names_each_variant_with_its_quantiles(plot: Figure, outcome: Comparison) -> None:
    """Beside each name in its colour stand the means of p50, p95 and p99 over all runs."""
    said = [" ".join(text.split()) for text in texts(plot.axes[0])]
    for name in outcome.variants:
        assert name in said
        for percentile in ("p50", "p95", "p99"):
            mean_s = outcome.interval(name, f"deploy_latency_s.{percentile}").mean
            assert any(each.split(" \u00b1")[0] == style.seconds(mean_s) for each in said)


def test_marks_on_curves_have_the_intervals_of_all_runs(plot: Figure, outcome: Comparison) -> None:
    """At 50 % of the first variant a marker stands at the mean of its p50, between the ends of its interval."""
    found = outcome.interval(outcome.variants[0], "deploy_latency_s.p50")
    whole = [each for each in plot.axes[0].containers if isinstance(each, ErrorbarContainer)]
    marker, _, bars_ = whole[0].lines
    assert marker.get_xydata().tolist() == [[found.mean, 0.5]]  # type: ignore[union-attr]
    low, high = bars_[0].get_segments()[0][:, 0]
    assert (low, high) == pytest.approx((found.low, found.high))


def test_curves_are_the_share_of_deploys_ready(plot: Figure, outcome: Comparison) -> None:
    """Each curve rises to one, and passes the marked quantiles: half of all deploys are ready at p50."""
    lines = [line for line in plot.axes[0].lines if line.get_drawstyle() == "steps-post"]
    assert len(lines) == len(outcome.variants)
    for line, sample in zip(lines, outcome.samples.values(), strict=True):
        latencies_s, shares = (np.asarray(values, dtype=float) for values in line.get_data())
        assert shares[-1] == 1
        assert shares[latencies_s <= sample.metrics["deploy_latency_s.p50"]].max() >= 0.5
        assert latencies_s[-1] == sample.metrics["deploy_latency_s.max"]


def test_phases_add_up_to_the_latency(plot: Figure, outcome: Comparison) -> None:
    """The stacked bar of a variant is as long as its mean latency, its hatched parts as its mean waiting."""
    for place, sample in enumerate(outcome.samples.values()):
        deploys = sample.deploys
        waited_s = sum(deploys[f"{phase}_waited_s"].mean() for phase in rows.PHASES)
        assert length_at(plot.axes[1], place) == pytest.approx(deploys.latency_s.mean(), rel=1e-9)
        assert length_at(plot.axes[1], place, hatched=True) == pytest.approx(waited_s, rel=1e-9)


def test_bytes_add_up_to_the_transfers(plot: Figure, outcome: Comparison) -> None:
    """The stacked bar of a variant is all its transfers, in the unit on the axis."""
    unit_bytes = {"GB": 1e9, "MB": 1e6}[plot.axes[2].get_xlabel().split()[-1]]
    for place, sample in enumerate(outcome.samples.values()):
        assert length_at(plot.axes[2], place) == pytest.approx(sample.transfers.size_bytes.sum() / unit_bytes)


def test_words_do_not_collide(plot: Figure) -> None:
    """No two texts of the plot overlap, and none reaches beyond its edge."""
    assert_apart(plot)


@pytest.mark.parametrize("kind", ["latency", "phases", "bytes", "lag", "staleness", "differences"])
@pytest.mark.parametrize("size", [style.COLUMN, style.SLIDE], ids=["column", "slide"])
def test_words_do_not_collide_in_a_picture_of_its_own(
    kind: str, size: tuple[float, float], outcome: Comparison
) -> None:
    """Neither as wide as a column of a page nor on a slide, as drawn by whoever has axes of his own."""
    whole = Figure(figsize=size, layout="constrained")
    outcome.plot(kind, ax=whole.subplots())
    assert_apart(whole)


@pytest.fixture(scope="module")
def named_badly() -> Comparison:
    """Eight variants, and a fault, whose names are as long as anybody's patience."""
    document = tomllib.loads(SMALL)
    document["variants"] = {
        name: {"policies": {"route": ("central", "node-direct")[at % 2]}}
        for at, name in enumerate(("a" * 200, "b " * 100, "c-" * 100, "<b>$x$ \x1b[31m\n" * 9, *"defg"))
    }
    document["faults"] = {"f" * 200: {"kind": "link-down", "target": "dev1", "at": "10 min", "lasts": "9 min"}}
    return sim.compare(Scenario.from_document(document, "small"), runs=2, executor="serial", engine="reference")


def test_names_of_any_length_leave_room_for_others(named_badly: Comparison) -> None:
    """The whole figure is laid out, and no name stands on another or beyond the edge."""
    assert_apart(named_badly.plot())


@pytest.mark.parametrize("kind", ["latency", "phases", "bytes", "lag", "staleness", "differences"])
def test_names_of_any_length_leave_room_in_a_column(kind: str, named_badly: Comparison) -> None:
    """The axes keep a quarter of the height, whatever stands above and beside them."""
    whole = Figure(figsize=style.COLUMN, layout="constrained")
    axes = named_badly.plot(kind, ax=whole.subplots())
    FigureCanvasAgg(whole).draw()
    assert axes.get_position().height > 0.25


def assert_apart(plot: Figure) -> None:
    """No two texts overlap, and none reaches beyond the edge."""
    canvas = FigureCanvasAgg(plot)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts: list[Any] = [plot._suptitle] if plot._suptitle else []  # type: ignore[attr-defined]
    for axes in plot.axes:
        texts += [axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.texts]  # type: ignore[attr-defined]
        texts += [
            *shown(axes.get_xticklabels(), 0, axes.get_xlim()),
            *shown(axes.get_yticklabels(), 1, axes.get_ylim()),
        ]
        texts += axes.get_legend().get_texts() if axes.get_legend() else []
    texts += [plot._supxlabel] if plot._supxlabel else []  # type: ignore[attr-defined]
    boxes = {
        f"{text.get_text()} {at}": Text.get_window_extent(text, renderer)  # without the line of a note
        for at, text in enumerate(texts)
        if text.get_text() and text.get_visible()
    }
    for (first, box), (second, other) in itertools.combinations(boxes.items(), 2):
        inner = (min(box.x1, other.x1) - max(box.x0, other.x0), min(box.y1, other.y1) - max(box.y0, other.y0))
        assert min(inner) < 1.5, f"{first!r} over {second!r}"
    edge = plot.bbox
    for words_, box in boxes.items():
        assert box.x0 >= 0, words_
        assert box.x1 <= edge.x1, words_
        assert box.y0 >= 0, words_
        assert box.y1 <= edge.y1, words_


def shown(labels: list[Any], along: int, limits: tuple[float, float]) -> list[Any]:
    """Of tick labels those within the axes' limits: the others are made and not drawn."""
    return [text for text in labels if min(limits) <= text.get_position()[along] <= max(limits)]


def test_files_are_the_same_for_the_same_rows(outcome: Comparison, tmp_path: Path) -> None:
    """PNG and SVG come out byte for byte again from the same comparison, and nothing else is left there."""
    for name in ("first", "again"):
        (tmp_path / name).mkdir()
        plots.write(outcome.plot(), tmp_path / name, "comparison")
    for kind, magic in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        first, again = ((tmp_path / name / f"comparison.{kind}").read_bytes() for name in ("first", "again"))
        assert first == again
        assert first.startswith(magic)
    assert len(list((tmp_path / "first").iterdir())) == 2


def test_one_run_has_the_same_panels() -> None:
    """A single run is drawn like a variant, under its own name."""
    scenario = Scenario.from_document(tomllib.loads(SMALL), "small", variant="central")
    plot = plots.run(sim.run(scenario))
    assert "one run, so no intervals" in plot.get_supxlabel()
    assert "central" in texts(plot.axes[0])
    assert not any(container.lines[2] for container in plot.axes[0].containers)  # type: ignore[attr-defined]


def test_a_deploy_that_fails_is_never_ready() -> None:
    """With one of four deploys failed the curve ends at 75 %, and the quantiles beyond are told as never."""
    plot = plots.run(four_deploys(failed=1))
    curve = next(line for line in plot.axes[0].lines if line.get_drawstyle() == "steps-post")
    assert list(curve.get_ydata()) == [0.25, 0.5, 0.75]
    assert texts(plot.axes[0]).count("never") == 2
    assert "scenario: 1 of 4 failed" in texts(plot.axes[0])


def test_when_every_deploy_fails_there_is_still_a_plot(tmp_path: Path) -> None:
    """Nothing to draw is no error, and no bar says that it took no time."""
    plot = plots.run(four_deploys(failed=4))
    assert texts(plot.axes[0]).count("never") == 3
    assert "none ready" in texts(plot.axes[1])
    assert "0 s" not in texts(plot.axes[1])
    plots.write(plot, tmp_path, "run")


def four_deploys(failed: int) -> sim.Result:
    """A run of four deploys that took 1, 2, 3 and 4 s, the last ones failed instead."""
    blank = {"float": 0.0, "int": 0, "bool": False, "text": ""}
    tables = rows.new_tables()
    for at in range(4):
        fails = at >= 4 - failed
        values = {"latency_s": at + 1.0, "boot_s": at + 1.0, "failed": fails, "reason": "link down" if fails else ""}
        tables["deploys"].append(tuple(values.get(column.name, blank[column.kind]) for column in rows.DEPLOYS))
    scenario = Scenario.from_document(tomllib.loads(SMALL), "small")
    return sim.Result(
        scenario=scenario, variant=None, seed=1, run=0, tables=tables, events=0, flows=0, simulated_s=0.0, wall_s=1.0
    )


def test_hatching_is_told_of_where_there_is_any(plot: Figure, outcome: Comparison) -> None:
    """The key of phases names waiting when some part of a bar is waiting, and not where nothing waits."""
    assert "of it waiting for others" in labels(plot.axes[1])
    assert "of it waiting for others" not in labels(plots.run(four_deploys(failed=0)).axes[1])


def luminous(colour: str, seen: Any) -> np.ndarray[Any, Any]:
    """A colour in CIELAB, as an eye sees it whose vision `seen` describes; (3,)."""
    linear = np.array([c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)])
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(np.array(seen) @ linear, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


#: Linear RGB as it is seen without one kind of cones: Machado, Oliveira and Fernandes, "A physiologically-based model
#: for simulation of color vision deficiency" (2009), table 1 at severity 1.
VISION = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)
    ),
}  # fmt: skip


@pytest.mark.parametrize("vision", VISION)
def test_colours_stay_apart_with_any_vision(vision: str) -> None:
    """No two variants, no two parts and no variant and part are nearer than some four just noticeable differences.

    One of those is 2.3 in CIELAB (Mahy, Van Eycken and Oosterlinck, 1994).
    """
    seen = {name: luminous(name, VISION[vision]) for name in (*style.VARIANTS, *style.OF_PHASES.values())}
    apart = {pair: np.linalg.norm(seen[pair[0]] - seen[pair[1]]) for pair in itertools.combinations(seen, 2)}
    assert len(seen) == 17
    assert min(apart.values()) > 4 * 2.3


def test_two_variants_never_look_the_same() -> None:
    """Ten have colours of their own, and of forty no two share colour and marker."""
    assert len({style.colour(place) for place in range(10)}) == 10
    assert len({(style.colour(place), style.marker(place)) for place in range(40)}) == 40


@pytest.mark.parametrize("kind", ["latency", "phases", "bytes", "lag", "staleness", "differences"])
def test_a_picture_is_drawn_into_axes_that_are_given(kind: str, outcome: Comparison) -> None:
    """They are returned, and whose figure they are gets neither a title nor a foot."""
    whole = Figure(figsize=style.COLUMN, layout="constrained")
    axes = whole.subplots()
    assert outcome.plot(kind, ax=axes) is axes
    assert axes.get_title(loc="left")
    assert (whole.get_suptitle(), whole.get_supxlabel()) == ("", "")
    FigureCanvasAgg(whole).draw()
    assert "Simulated" in outcome.plot(kind).get_supxlabel()


def test_a_picture_that_there_is_not_is_refused(outcome: Comparison) -> None:
    """In a line with what may be meant; so is one of what was not simulated."""
    with pytest.raises(sim.InputError, match='no such picture, got "latencies"; did you mean "latency"'):
        outcome.plot("latencies")
    with pytest.raises(sim.InputError, match="the scenario releases no kernel"):
        outcome.plot("convergence")
    assert {"latency", "differences"} <= set(PICTURES[sim.Comparison])


def test_names_stay_text() -> None:
    """Formulas, backslashes and control characters in a variant's name and a title are letters."""
    name = "$x^2$ \\alpha \x1b[31m $"
    document = tomllib.loads(SMALL) | {"variants": {name: {}, "plain": {}}}
    document["run"]["title"] = name
    outcome = sim.compare(Scenario.from_document(document, "small"), executor="serial")
    drawn = outcome.plot()
    FigureCanvasAgg(drawn).draw()
    text = drawn.axes[1].get_yticklabels()[0]
    shown_, is_formula = text._preprocess_math(text.get_text())  # type: ignore[attr-defined]
    assert (" ".join(shown_.split()), is_formula) == ("$x^2$ \\alpha \\x1b[31m $", False)
