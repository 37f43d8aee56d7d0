"""Metrics by group and of the user's own, through comparisons, sweeps, searches and the store."""

from __future__ import annotations

import math
import tomllib
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import sim
from sim.errors import InputError
from sim.experiment.comparison import Comparison
from sim.experiment.execution import executors
from sim.experiment.execution.runs import Runs
from sim.experiment.execution.store import Store
from sim.experiment.execution.worker import Task
from sim.experiment.measures import Measures
from sim.report.capacity import text_table
from sim.result import Result
from sim.scenario import Scenario

ASKED = """
run = { duration = "1 h", seed = 7, runs = 3 }
demand = { rate = "40/h", apps = 5, updates = 0.5 }
"""


@pytest.fixture(scope="module")
def sites(two_sites: str) -> Scenario:
    return Scenario.from_document(tomllib.loads(ASKED + two_sites), "sites")


def under_4s(result: Result) -> float:
    """The share of deploys from site b that are ready within 4 s."""
    latency_s = result.deploys.query("site == 'b'")["latency_s"]
    return float((latency_s < 4).mean())


@pytest.fixture(scope="module")
def by_site(sites: Scenario) -> Comparison:
    return sim.compare(sites, executor="serial", by="site", metrics={"b_under_4s": under_4s})


def test_each_variant_has_its_metrics_by_group_with_an_interval(sites: Scenario, by_site: Comparison) -> None:
    """The mean over runs of site b's p95, and the paired difference from the baseline, are those of the runs alone."""
    metric = "deploy_latency_s.p95[site=b]"
    alone = {
        name: [
            sim.run(sites, run=run, variant=name).metrics_by("site")["b"]["deploy_latency_s.p95"] for run in range(3)
        ]
        for name in ("central", "node-direct")
    }
    assert by_site.values["central"][metric].tolist() == alone["central"]
    apart = np.subtract(alone["node-direct"], alone["central"])
    found = by_site.difference("node-direct", metric)
    assert found.mean == pytest.approx(apart.mean())
    assert found.high - found.low == pytest.approx(2 * 4.302653 * apart.std(ddof=1) / math.sqrt(3), rel=1e-6)


def test_a_table_by_group_has_a_row_for_each_variant_group_and_metric(by_site: Comparison) -> None:
    """The difference stands beside each variant's own interval, and is empty for the baseline."""
    frame = by_site.by("site")
    assert list(frame.columns[:4]) == ["variant", "site", "metric", "unit"]
    assert set(frame["site"]) == {"a", "b", "idle"}
    row = frame.query("variant == 'node-direct' and site == 'b' and metric == 'deploy_latency_s.p50'").iloc[0]
    assert row["difference"] == by_site.difference("node-direct", "deploy_latency_s.p50[site=b]").mean
    assert frame.query("variant == 'central'")["difference"].isna().all()
    idle = frame.query("site == 'idle' and metric == 'deploys'")
    assert idle["mean"].tolist() == [0, 0]


def test_groups_that_were_not_asked_for_are_not_there(by_site: Comparison) -> None:
    """Tables of all runs are not kept, so what was not measured is told to be asked for."""
    with pytest.raises(InputError, match=r'by: was not measured, got "image"; ask for it'):
        by_site.by("image")


def test_a_route_that_one_variant_lacks_has_no_difference(sites: Scenario) -> None:
    """Each variant has one route, so nothing is in common by route."""
    found = sim.compare(sites, runs=2, executor="serial", by="route")
    assert set(found.by("route")["route"]) == {"central", "node-direct"}
    assert found.by("route")["difference"].isna().all()


def test_a_users_own_metric_is_measured_like_any_other(by_site: Comparison) -> None:
    """Its value by run is what the function gives of that run, it is shown, and has an interval and a difference."""
    assert by_site.headline[-1] == "b_under_4s"
    assert by_site.values["central"]["b_under_4s"][0] == under_4s(by_site.samples["central"])
    assert by_site.to_json()["differences"]["node-direct"]["b_under_4s"]["mean"] == pytest.approx(
        float((by_site.values["node-direct"]["b_under_4s"] - by_site.values["central"]["b_under_4s"]).mean())
    )


def test_workers_measure_what_this_process_does(sites: Scenario, by_site: Comparison) -> None:
    """Two processes give the same values by group and of a function as serial runs do."""
    other = sim.compare(sites, executor="processes:2", by="site", metrics={"b_under_4s": under_4s})
    assert other.to_json() == by_site.to_json()


def test_a_sweep_and_a_search_go_by_a_users_own_metric(sites: Scenario) -> None:
    """A sweep shows it, and a capacity is searched for until a threshold on it holds."""
    sweep = sim.sweep(
        sites, ["clients.ops.up=1 Mbit/s,1 Gbit/s"], metrics={"b_under_4s": under_4s}, variant="central", runs=2,
        executor="serial",
    )  # fmt: skip
    assert sweep.metrics == ("b_under_4s",)
    slow, fast = (point.sample.interval("central", "b_under_4s").mean for point in sweep.points)
    assert slow == 0 < fast
    found = sim.capacity(
        sites, "clients.ops.up=1 Mbit/s..1 Gbit/s", ["b_under_4s > 0.1"], variant="central", runs=3, within=0.9,
        executor="serial", metrics={"b_under_4s": under_4s},
    )  # fmt: skip
    assert found.answer == "found"


def test_a_search_goes_by_a_metric_of_one_group(sites: Scenario) -> None:
    """A threshold on site b's p95 is met from some uplink of its clients on; tables show the other sites, too."""
    found = sim.capacity(
        sites, "clients.ops.up=1 Mbit/s..1 Gbit/s", ["deploy_latency_s.p95[site=b] < 30 s", "wan_bytes < 1 TB"],
        variant="central", runs=3, within=0.9, executor="serial", by="site",
    )  # fmt: skip
    assert found.answer == "found"
    assert found.binding[0].threshold.metric == "deploy_latency_s.p95[site=b]"
    assert "central: wan_bytes[site=a]" in text_table(found)[0]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"by": "sites"}, 'by: nothing is split by that, got "sites"; did you mean "site"?'),
        ({"metrics": {"wan_bytes": under_4s}}, "metrics.wan_bytes: is a name that is taken; choose another name"),
        ({"metrics": {"a[b]": under_4s}}, "metrics.a[b]: must be letters, digits and _ alone; choose another name"),
        ({"metrics": {"x": 3}}, "metrics.x: must be a function, got 3; give metrics="),
        ({"metrics": {"x": lambda result: result.nothing}}, "metrics.x: the function failed (AttributeError: "),
        ({"metrics": {"x": lambda result: "fast"}}, "metrics.x: the function failed (ValueError: "),
    ],
)
def test_what_cannot_be_measured_is_told_in_a_line(sites: Scenario, arguments: dict[str, Any], line: str) -> None:
    """A dimension or a name that is none, and a function that is none, fails or gives no number."""
    with pytest.raises(InputError) as caught:
        sim.compare(sites, runs=1, executor="serial", **arguments)
    assert str(caught.value).startswith(line)


def test_a_group_that_the_scenario_lacks_is_told_before_any_run(sites: Scenario) -> None:
    """`[site=c]` names the near ones in one line, for a threshold and for a metric."""
    with pytest.raises(InputError, match=r'site "c" is not in the scenario; one of a, b, idle'):
        sim.capacity(sites, "central.workers=1..9", ["deploys[site=c] > 3"], executor="no such executor")
    with pytest.raises(InputError, match=r'metric: image "ap" is not in the scenario; did you mean "app"'):
        sim.best(sites, "deploys[image=ap]", executor="no such executor")


def test_a_function_that_cannot_be_sent_is_told_where_workers_do_not_share_memory(
    sites: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lambda does where workers are forked, and is one clear line where they are spawned."""
    measures = Measures.of((), {"n": lambda result: len(result.tables["deploys"])})
    with Runs(sites, 7, "processes:1", measures=measures) as runs:
        assert runs.outcomes([Task("central", 0)])[0].metrics["n"] > 20
    monkeypatch.setattr(executors, "START", "spawn")
    with pytest.raises(InputError, match=r"metrics\.n: cannot be sent to the workers; define the function in a module"):
        Runs(sites, 7, "processes:1", measures=measures)


def module(path: Path, factor: int) -> ModuleType:
    text = f"FACTOR = {factor}\n\n\ndef deploys(result):\n    return FACTOR * len(result.tables['deploys'])\n"
    path.write_text(text)
    made = ModuleType("own")
    # Not by an import, which takes kept bytecode for a text of the same length written within the same second.
    exec(compile(text, path, "exec"), vars(made))
    return made


def test_the_store_knows_a_function_by_its_whole_file(sites: Scenario, tmp_path: Path) -> None:
    """Runs are found again until anything in the function's file changes; without the function they have a key of
    their own."""
    store, path = Store(tmp_path / "runs"), tmp_path / "own.py"

    def counted(factor: int) -> tuple[float, int]:
        measures = Measures.of((), {"n": module(path, factor).deploys})
        with Runs(sites, 7, "serial", store, measures=measures) as runs:
            value = runs.outcomes([Task("central", 0)])[0].metrics["n"]
            return value, runs.made

    first, made = counted(1)
    assert made == 1
    assert counted(1) == (first, 0)
    assert counted(2) == (2 * first, 1)
    with Runs(sites, 7, "serial", store) as plain:
        assert "n" not in plain.outcomes([Task("central", 0)])[0].metrics
        assert plain.made == 1


def test_runs_by_group_have_a_key_of_their_own(sites: Scenario, tmp_path: Path) -> None:
    """A run kept without groups does not answer a question by site, and one kept with them does, the second time."""
    store = Store(tmp_path / "runs")
    for measures, makes in ((Measures(), 1), (Measures.of("site"), 1), (Measures.of("site"), 0)):
        with Runs(sites, 7, "serial", store, measures=measures) as runs:
            found = runs.outcomes([Task("central", 0)])[0].metrics
            assert runs.made == makes
            assert ("deploys[site=a]" in found) == bool(measures.by)


def over(limit_s: float, result: Result) -> float:
    return float((result.tables["deploys"].column("latency_s") > limit_s).sum())


def test_a_function_that_carries_values_bypasses_the_store_and_says_so(
    sites: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A `partial` is nothing that a file tells, so its runs are neither kept nor looked up."""
    store = Store(tmp_path / "runs")
    with Runs(sites, 7, "serial", store, measures=Measures.of((), {"slow": partial(over, 1.0)})) as runs:
        runs.outcomes([Task("central", 0)])
    assert len(store) == 0
    assert "the store is not used: slow cannot be known again" in capsys.readouterr().err
