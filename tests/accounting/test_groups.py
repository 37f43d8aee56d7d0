"""Metrics by group: from hand-written rows, and in runs, where the groups add up to the whole."""

from __future__ import annotations

import math
from typing import Any

import pytest

import sim
from sim.errors import InputError
from sim.result import Result
from sim.scenario import Scenario
from sim.tables import rows
from sim.tables.columns import Table

DOCUMENT: dict[str, Any] = {
    "run": {"duration": "2 h", "seed": 3},
    "sites": {"a": {}, "b": {}, "empty": {}},
    "links": {
        "a-b": {"between": ["a", "b"], "rtt": "20 ms", "capacity": "1 Gbit/s"},
        "a-empty": {"between": ["a", "empty"], "rtt": "20 ms", "capacity": "1 Gbit/s"},
    },
    "central": {"site": "a"},
    "nodes": {"big": {"site": "a", "count": 2}, "small": {"site": "b"}},
    "clients": {"dev": {"site": "a", "count": 2}, "ci": {"site": "b"}},
    "images": {"app": {"rootfs": "10 MB"}, "tool": {"kernel": "5 MB", "rootfs": "1 MB"}},
    "demand": {"rate": "60/h", "apps": 6, "nodes": 2},
    "policies": {"route": "node-direct", "placement": "spread"},
}
BLANK = {"float": 0.0, "int": 0, "bool": False, "text": ""}


def add(table: Table, **values: Any) -> None:
    """A row in which what is not given is zero, false or empty."""
    table.append(tuple(values.get(column.name, BLANK[column.kind]) for column in table.columns))


@pytest.fixture
def result() -> Result:
    """Three deploys: 2 s and 4 s from site a, of which the second starts on both groups of nodes, and one from b that
    failed before it came to a start."""
    made = rows.new_tables()
    add(made["deploys"], deploy=7, client="dev1", site="a", image="app", route="central", latency_s=2.0)
    add(made["deploys"], deploy=3, client="dev2", site="a", image="tool", route="central", latency_s=4.0, saved_bytes=5)
    add(
        made["deploys"], deploy=4, client="ci", site="b", image="app", route="central", latency_s=math.inf,
        failed=True, reason="refused",
    )  # fmt: skip
    for deploy, node, kind, stale in ((7, "big1", "deploy", False), (3, "big2", "deploy", True),
                                      (3, "small", "deploy", False), (7, "small", "wake", True)):  # fmt: skip
        add(made["starts"], deploy=deploy, node=node, kind=kind, stale=stale)
    add(made["transfers"], deploy=7, purpose="push", source="dev1", target="central", size_bytes=10)
    add(made["transfers"], deploy=3, purpose="pull", source="central", target="small", size_bytes=20, wan=True)
    add(made["transfers"], deploy=4, purpose="push", source="ci", target="central", size_bytes=40, wan=True)
    add(made["transfers"], deploy=7, purpose="sync", source="big1", target="central", size_bytes=80)
    add(made["syncs"], deploy=7, source="big1", target="central", lag_s=6.0, saved_bytes=1)
    add(made["drops"], registry="big2", lost=True)
    scenario = Scenario.from_document(DOCUMENT, "three")
    return Result(
        scenario=scenario, variant=None, seed=1, run=0, tables=made, events=9, flows=3, simulated_s=60.0, wall_s=0.5
    )


def by_group(result: Result, by: str, metric: str) -> dict[str, float]:
    return {group: found[metric] for group, found in result.metrics_by(by).items()}


@pytest.mark.parametrize(
    ("by", "metric", "expected"),
    [
        ("site", "deploys", {"a": 2, "b": 1, "empty": 0}),
        ("site", "deploy_latency_s.max", {"a": 4, "b": math.inf, "empty": math.nan}),
        ("site", "failed_deploys", {"a": 0, "b": 1, "empty": 0}),
        ("site", "wan_bytes", {"a": 20, "b": 40, "empty": 0}),
        ("site", "central_ingress_bytes", {"a": 90, "b": 40, "empty": 0}),
        ("site", "sync_lag_s.max", {"a": 6, "b": math.nan, "empty": math.nan}),
        ("site", "dedup_saved_bytes", {"a": 6, "b": 0, "empty": 0}),
        ("site", "stale_starts", {"a": 2, "b": 0, "empty": 0}),
        ("client", "deploy_latency_s.mean", {"dev": 3, "ci": math.inf}),
        ("client", "push_bytes", {"dev": 10, "ci": 40}),
        ("image", "deploy_latency_s.p50", {"app": 2, "tool": 4}),
        ("route", "deploys", {"central": 3}),
        ("nodes", "deploys", {"big": 2, "small": 1, "(none)": 1}),
        ("nodes", "deploy_latency_s.max", {"big": 4, "small": 4, "(none)": math.inf}),
        ("nodes", "stale_starts", {"big": 1, "small": 1, "(none)": 0}),
        ("nodes", "central_ingress_bytes", {"big": 80, "small": 0, "(none)": 50}),
        ("nodes", "wan_bytes", {"big": 0, "small": 20, "(none)": 40}),
        ("nodes", "sync_lag_s.max", {"big": 6, "small": math.nan, "(none)": math.nan}),
        ("nodes", "lost_images", {"big": 1, "small": 0, "(none)": 0}),
    ],
)
def test_rows_count_for_the_group_whose_they_are(
    result: Result, by: str, metric: str, expected: dict[str, float]
) -> None:
    """Deploys by who deployed; by nodes a deploy counts in each group on which it starts, bytes by the node at an end.

    A group without deploys has no latency, and counts of zero. A wake is no deploy's start.
    """
    assert by_group(result, by, metric) == pytest.approx(expected, nan_ok=True)


def test_what_is_nobody_s_in_particular_is_not_told_by_group(result: Result) -> None:
    """Costs and utilisation have no groups, losses only those of nodes."""
    by_site = result.metrics_by("site")["a"]
    assert not {"cost_usd", "lost_images"} & by_site.keys()
    assert not [name for name in by_site if name.startswith("link_utilisation")]


def test_nothing_is_split_by_what_is_no_dimension(result: Result) -> None:
    """One line names the near one."""
    with pytest.raises(InputError, match=r'by: nothing is split by that, got "sites"; did you mean "site"\?'):
        result.metrics_by("sites")


@pytest.fixture(scope="module")
def made() -> Result:
    return sim.run(Scenario.from_document(DOCUMENT, "three"))


@pytest.mark.parametrize("by", ["site", "client", "image", "route", "nodes"])
def test_groups_of_a_run_add_up_to_the_whole(made: Result, by: str) -> None:
    """Bytes of all groups are those of the run, and so are deploys, but by nodes, where two groups may have one."""
    groups = made.metrics_by(by).values()
    bytes_told = [metric.name for metric in rows.TOTALS if metric.unit == "bytes" and "saved" not in metric.name]
    for metric in bytes_told:
        assert sum(group[metric] for group in groups) == made.metrics[metric]
    deploys = sum(group["deploys"] for group in groups)
    assert deploys > made.metrics["deploys"] if by == "nodes" else deploys == made.metrics["deploys"]
    assert made.metrics["deploys"] > 50
    assert max(group["deploy_latency_s.max"] for group in groups if group["deploys"]) == (
        made.metrics["deploy_latency_s.max"]
    )  # fmt: skip


def test_central_s_bytes_by_transfers_are_those_of_its_registry(made: Result) -> None:
    """What central sent and received is the same counted by transfers and by its own row."""
    registries = made.tables["registries"]
    assert made.metrics["central_egress_bytes"] == registries.column("sent_bytes")[0]
    assert made.metrics["central_ingress_bytes"] == registries.column("received_bytes")[0] > 0


def test_a_document_has_metrics_by_group_among_the_others(made: Result) -> None:
    """`--by site` adds `METRIC[site=NAME]` and changes nothing else."""
    plain, split = made.to_json()["metrics"], made.to_json(["site"])["metrics"]
    assert plain.items() <= split.items()
    assert split["wan_bytes[site=a]"] == made.metrics_by("site")["a"]["wan_bytes"]
    assert split["deploy_latency_s.p95[site=empty]"] is None


def test_streams_are_groups_too() -> None:
    """By stream the deploys add up to all, starts push nothing, and without streams there is no such group."""
    streams = {"pushes": {"rate": "40/h"}, "more": {"kind": "starts", "of": "pushes", "rate": "20/h", "nodes": 1}}
    document = DOCUMENT | {"demand": DOCUMENT["demand"] | {"streams": streams}}
    result = sim.run(Scenario.from_document(document))
    found = result.metrics_by("stream")
    assert list(found) == ["pushes", "more"]
    assert found["pushes"]["deploys"] + found["more"]["deploys"] == len(result.deploys)
    assert found["more"]["push_bytes"] == 0 < found["more"]["pull_bytes"]
    assert math.isnan(found["more"]["push_s.p50"])
    assert sim.run(Scenario.from_document(DOCUMENT)).metrics_by("stream") == {}
