"""Pictures over time, under load and of what matters: what they hold is what was simulated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import sim
from sim.report.load import knee
from sim.scenario import Scenario


def test_the_knee_is_where_load_buys_the_least_latency() -> None:
    """Power, load by latency, is 1, 1.8, 2.7 and 1.3: the knee is at the third; where it only rises there is none."""
    loads = np.array([1.0, 2.0, 4.0, 8.0])
    assert knee(loads, np.array([1.0, 1.1, 1.5, 6.0])) == 2
    assert knee(loads, np.array([1.0, 1.0, 1.0, 1.0])) is None
    assert knee(loads, np.array([1.0, 1.1, np.inf, np.inf])) == 1


def test_quantiles_under_load_name_the_knee_or_say_that_there_is_none(scenario: Scenario) -> None:
    """A legend has a line for each variant, the axis the unit that the loads were written in."""
    swept = sim.sweep(scenario, ["demand.rate=20/h, 40/h, 80/h"], runs=2, executor="serial")
    drawn = swept.plot("load")
    axes = drawn.axes[0]
    legend = axes.get_legend()
    assert legend is not None
    said = [text.get_text() for text in legend.get_texts()]
    assert [line.partition(":")[0] for line in said] == list(swept.variants)
    assert all("knee" in line for line in said)
    assert axes.get_xlabel().startswith("demand.rate, /h")


def test_listed_values_stand_in_the_unit_of_the_first(scenario: Scenario) -> None:
    """10 Mbit/s and 0.1 Gbit/s are drawn at 10 and 100 Mbit/s, and stand so in the table."""
    swept = sim.sweep(scenario, ["clients.dev.up=10 Mbit/s, 0.1 Gbit/s"], runs=1, executor="serial")
    assert swept.plot().axes[0].get_xlabel() == "clients.dev.up, Mbit/s"
    assert sorted(set(swept.table["clients.dev.up"])) == [10.0, 100.0]
    assert swept.table.attrs["columns"]["clients.dev.up"]["unit"] == "Mbit/s"


def test_a_heat_map_has_the_fullest_minute_of_each_link(scenario: Scenario) -> None:
    """Its highest cell is the highest utilisation of the links that it shows, in per cent."""
    result = sim.run(scenario, variant="central")
    axes = result.plot("utilisation").axes[0]
    (image,) = axes.get_images()
    names = [label.get_text() for label in axes.get_yticklabels()]
    shown = result.utilisation[result.utilisation["link"].isin(names)]
    assert np.asarray(image.get_array()).max() == pytest.approx(100 * shown["mean_utilisation"].max())


def released() -> sim.Comparison:
    """A kernel for twenty apps, released after ten minutes."""
    document: dict[str, Any] = {
        "run": {"duration": "1 h", "seed": 3, "runs": 2}, "topology": {"shape": "star"}, "nodes": {"n": {"count": 2}},
        "clients": {"dev": {"count": 3}}, "images": {"app": {"kernel": "3 MB", "rootfs": "1 MB"}},
        "demand": {"rate": "10/h", "apps": 20, "kernel_release": {"at": "10 min", "over": "20 min"}},
        "variants": {"central": {"policies.route": "central"}, "node-direct": {"policies.route": "node-direct"}},
    }  # fmt: skip
    return sim.compare(Scenario.from_document(document, "release"), executor="serial")


def test_a_release_reaches_every_app_when_the_metric_says_so() -> None:
    """Each curve rises from nothing to all, and ends at the run's `fleet_convergence_s`."""
    outcome = released()
    axes = outcome.plot("convergence").axes[0]
    for line, sample in zip(axes.lines, outcome.samples.values(), strict=True):
        since_s, share = (np.asarray(values, float) for values in line.get_data())
        assert (share[0], share[-1]) == (0, 100)
        assert since_s[-1] == pytest.approx(sample.metrics["fleet_convergence_s"])


def test_staleness_counts_the_starts(scenario: Scenario) -> None:
    """The legend says how many of how many starts were stale, as the table has them."""
    result = sim.run(scenario, variant="node-direct")
    legend = result.plot("staleness").axes[0].get_legend()
    assert legend is not None
    stale = result.starts["stale"]
    assert legend.get_texts()[0].get_text() == f"node-direct: {stale.sum()} of {len(stale)}"


def test_what_was_not_asked_is_not_drawn(scenario: Scenario) -> None:
    """A tornado of a grid, a trade-off without prices and assumptions that were not examined are refused in a line."""
    swept = sim.sweep(scenario, ["demand.nodes=1,2"], runs=1, executor="serial")
    outcome = sim.compare(scenario, runs=2, executor="serial")
    for found, kind, why in (
        (swept, "tornado", "not made for sensitivities"),
        (swept, "tradeoff", "nothing costs anything"),
        (outcome, "assumptions", "were not examined"),
    ):
        with pytest.raises(sim.InputError, match=why):
            found.plot(kind, ax=Figure().subplots())


def test_a_tornado_has_the_key_that_matters_most_on_top(scenario: Scenario) -> None:
    """Of uplinks and a link that nobody waits for the uplink is first, and its bar the longest."""
    axes_ = ["clients.dev.up=1 Mbit/s..20 Mbit/s", "central.capacity=5 Gbit/s..10 Gbit/s"]
    swept = sim.sweep(scenario, axes_, kind="morris:2", runs=1, executor="serial")
    drawn = swept.plot("tornado")
    FigureCanvasAgg(drawn).draw()
    axes = drawn.axes[0]
    assert axes.get_yticklabels()[0].get_text() == "clients.dev.up"
    lengths = [bar.get_width() for bar in axes.patches]  # type: ignore[attr-defined]
    assert lengths[0] == max(lengths)
