"""Little's and the utilisation law hold in any run, and a table that breaks one is seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.calibrate.selftest.laws import laws
from sim.result import Result
from sim.scenario import Scenario
from sim.tables import rows
from sim.tables.columns import Table

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
SMALL: dict[str, Any] = {
    "run": {"duration": "1 h"},
    "topology": {"shape": "star"},
    "nodes": {"n": {"count": 3, "workers": 2}},
    "clients": {"dev": {"count": 2, "up": "20 Mbit/s"}},
    "images": {"app": {"kernel": "36 MiB", "rootfs": "1.3 MB"}, "rom": {"rootfs": "20 MB", "rom": True}},
    "demand": {"apps": 20, "rate": "300/h", "nodes": 2},
}
LAWS = {"Little's law", "utilisation of workers", "utilisation of links", "capacity"}


def run(**overrides: Any) -> Result:
    named = {key.replace("__", "."): value for key, value in overrides.items()}
    return sim.run(Scenario.from_document(SMALL, overrides=named), seed=3)


@pytest.mark.parametrize("route", ["central", "node-direct", "both"])
@pytest.mark.parametrize("detail", ["phases", "requests"])
@pytest.mark.parametrize("service", ["fixed", "exponential"])
def test_every_law_holds_everywhere(route: str, detail: str, service: str) -> None:
    """Whatever the route, the detail and the service times, all laws hold on all queues and links of a run."""
    found = laws(run(policies__route=route, run__detail=detail, nodes__n__service=service))
    assert {law.law for law in found} == LAWS
    assert Counter(law.law for law in found)["utilisation of links"] > 5
    assert [law for law in found if not law.holds] == []


@pytest.mark.parametrize("variant", ["central", "node-direct"])
def test_they_hold_among_metros(variant: str) -> None:
    """The shipped question, at a hundredth of its demand, breaks none."""
    scenario = sim.load(ROOT / "scenarios/metros.toml", overrides={"demand.rate": "500/day"})
    found = laws(sim.run(scenario, variant=variant))
    assert len(found) > 500
    assert [law for law in found if not law.holds] == []


@pytest.mark.parametrize("kind", ["link-down", "link-degraded", "registry-down", "registry-slow", "node-lost"])
def test_they_hold_while_things_break(kind: str) -> None:
    """Links and registries that fail or slow down again and again break no law."""
    links = kind.startswith("link")
    target = ["hub-dev1", "hub-n1"] if links else ["n1"] if kind == "node-lost" else ["central"]
    fault = {"kind": kind, "target": target, "between": "6 min", "lasts": "40 s"}
    scenario = Scenario.from_document({**SMALL, "faults": {"again": fault}})
    found = laws(sim.run(scenario, seed=2))
    assert {law.law for law in found} == LAWS
    assert [law for law in found if not law.holds] == []


def test_they_hold_in_a_replayed_log() -> None:
    """Pushes and pulls of a real registry's log keep them, too."""
    found = laws(sim.run(sim.load(ROOT / "scenarios/replay.toml")))
    assert {law.law for law in found} == LAWS
    assert [law for law in found if not law.holds] == []


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.toml")), ids=lambda path: path.stem)
def test_they_hold_in_every_shipped_scenario(path: Path) -> None:
    """Every variant of every scenario that ships, at small demand, keeps all laws everywhere."""
    asked = sim.load(path).demand
    small: dict[str, Any] = {} if asked.replay else {"demand.rate": "0.05/s", "run.duration": "20 min"}
    if asked.kernel_release:
        small |= {"demand.kernel_release.at": "5 min", "demand.kernel_release.over": "5 min", "demand.apps": 50}
    scenario = sim.load(path, small)
    for variant in scenario.variants or (None,):
        assert [law for law in laws(sim.run(scenario, variant=variant)) if not law.holds] == []


def edited(result: Result, name: str, column: str, factor: float, row: int) -> Result:
    """The same run with one number of one table changed."""
    table = Table(rows.TABLES[name])
    columns = result.tables[name].arrays()
    columns[column] = np.array(columns[column])
    columns[column][row] = (columns[column][row] * factor).astype(columns[column].dtype)
    for values in zip(*columns.values(), strict=True):
        table.append(tuple(v.item() if isinstance(v, np.generic) else v for v in values))
    return replace(result, tables={**result.tables, name: table})


@pytest.mark.parametrize(
    ("table", "column", "factor", "broken"),
    [
        ("links", "mean_utilisation", 1.01, "utilisation of links"),
        ("registries", "busy_s", 1.01, "utilisation of workers"),
        ("transfers", "size_bytes", 2.0, "capacity"),
        ("deploys", "ended_s", 0.0, "Little's law"),
    ],
)
def test_a_row_that_lies_is_seen(table: str, column: str, factor: float, broken: str) -> None:
    """A link, a registry, a flow or a deploy whose row says something else breaks its law."""
    result = run()
    values = result.tables[table].column(column)
    biggest = int(np.argmax(values))
    changed = edited(result, table, column, factor, biggest)
    assert broken in {law.law for law in laws(changed) if not law.holds}
