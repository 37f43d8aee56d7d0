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
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

import sim
from sim.experiment.comparison import Comparison
from sim.report import plots
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


def height_at(axes: Axes, place: int, hatched: bool | None = None) -> float:
    """Heights of the bars at a place together."""
    return sum(
        bar.get_height()
        for bar in bars(axes)
        if abs(bar.get_x() + bar.get_width() / 2 - place) < 1e-9 and hatched in (None, bool(bar.get_hatch()))
    )


def test_the_plot_says_what_it_is_of(plot: Figure) -> None:
    """The title names the question and which run is drawn; axes have titles, and units where they measure."""
    assert plot.get_suptitle() == "A small question (first of 2 runs, seed 7)"
    latency, phases, moved = plot.axes
    assert latency.get_xscale() == "log"
    assert "seconds" in phases.get_ylabel()
    assert moved.get_ylabel().endswith("B")


def test_the_key_names_each_variant_with_its_quantiles(plot: Figure, outcome: Comparison) -> None:
    """Beside each name in its colour stand p50, p95 and p99 of the run that is drawn."""
    said = [" ".join(text.split()) for text in texts(plot.axes[0])]
    for name, sample in outcome.samples.items():
        assert name in said
        for percentile in ("p50", "p95", "p99"):
            assert f"{plots._seconds(sample.metrics[f'deploy_latency_s.{percentile}'])}" in said


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
    """The stacked bar of a variant is as high as its mean latency, its hatched parts as its mean waiting."""
    for place, sample in enumerate(outcome.samples.values()):
        deploys = sample.deploys
        waited_s = sum(deploys[f"{phase}_waited_s"].mean() for phase in rows.PHASES)
        assert height_at(plot.axes[1], place) == pytest.approx(deploys.latency_s.mean(), rel=1e-9)
        assert height_at(plot.axes[1], place, hatched=True) == pytest.approx(waited_s, rel=1e-9)


def test_bytes_add_up_to_the_transfers(plot: Figure, outcome: Comparison) -> None:
    """The stacked bar of a variant is all its transfers, in the unit on the axis."""
    unit_bytes = {"GB": 1e9, "MB": 1e6}[plot.axes[2].get_ylabel().split()[-1]]
    for place, sample in enumerate(outcome.samples.values()):
        assert height_at(plot.axes[2], place) == pytest.approx(sample.transfers.size_bytes.sum() / unit_bytes)


def test_words_do_not_collide(plot: Figure) -> None:
    """No two texts of the plot overlap, and none reaches beyond its edge."""
    canvas = FigureCanvasAgg(plot)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts: list[Any] = [plot._suptitle]  # type: ignore[attr-defined]
    for axes in plot.axes:
        texts += [axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.texts]  # type: ignore[attr-defined]
        texts += [*axes.get_xticklabels(), *axes.get_yticklabels()]
    boxes = {
        f"{text.get_text()} {at}": Text.get_window_extent(text, renderer)  # without the line of a note
        for at, text in enumerate(texts)
        if text.get_text() and text.get_visible() and shown(text)
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


def shown(text: Any) -> bool:
    """Tick labels outside of the axis's limits are made and not drawn."""
    axes = text.axes
    if axes is None or text not in axes.get_xticklabels():
        return True
    low, high = axes.get_xlim()
    return bool(low <= text.get_position()[0] <= high)


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
    assert plot.get_suptitle() == "A small question (one run, seed 7)"
    assert "central" in texts(plot.axes[0])


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
