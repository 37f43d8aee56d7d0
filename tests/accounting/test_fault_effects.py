"""What faults did to deploys and registries: from hand-written rows, and in a run whose link goes down."""

from __future__ import annotations

import math
from typing import Any

import pytest

import sim
from sim.accounting.fault_effects import fault_metrics, under_way
from sim.experiment.measures import check_group
from sim.scenario import Scenario
from sim.streams import Streams
from sim.tables import metric_names, rows
from sim.tables.columns import Table
from sim.workload.outages import Episode, episodes, outages

BLANK = {"float": 0.0, "int": 0, "bool": False, "text": ""}


def add(table: Table, **values: Any) -> None:
    assert values.keys() <= {column.name for column in table.columns}
    table.append(tuple(values.get(column.name, BLANK[column.kind]) for column in table.columns))


def deploys(*lives: tuple[float, float, bool]) -> dict[str, Table]:
    """Deploys from when they were asked for until they ended, and whether they failed."""
    made = rows.new_tables()
    for number, (asked_s, ended_s, failed) in enumerate(lives):
        latency_s = math.inf if failed else ended_s - asked_s
        add(made["deploys"], deploy=number, asked_s=asked_s, ended_s=ended_s, failed=failed, latency_s=latency_s)
    return made


CUT = Episode(100.0, 200.0, "cut")


def measured(tables: dict[str, Table], *times: Episode, from_s: float = 0.0) -> dict[str, float]:
    found = fault_metrics(["cut"], times, tables, from_s)
    return {name.removeprefix("faults.cut."): value for name, value in found.items()}


def test_a_deploy_met_a_fault_if_it_was_under_way_at_some_time_of_it() -> None:
    """Of five, those that end before it or begin after it are the rest; one began before it and one ended after it."""
    lives = ((10, 12, False), (95, 105, False), (120, 150, True), (190, 230, False), (250, 256, False))
    found = measured(deploys(*lives), CUT)
    assert (found["times"], found["deploys"], found["failed"]) == (1, 3, 1)
    assert (found["latency_s.p50"], found["latency_s.p95"]) == (40, math.inf)
    assert (found["rest_latency_s.p50"], found["rest_latency_s.p95"]) == (2, 6)


def test_what_meets_another_fault_is_not_the_rest() -> None:
    """The rest of each fault met none of them."""
    tables = deploys((10, 12, False), (110, 150, False), (310, 350, False))
    found = fault_metrics(["cut", "slow"], [CUT, Episode(300.0, 400.0, "slow")], tables, 0.0)
    assert found["faults.cut.rest_latency_s.p95"] == found["faults.slow.rest_latency_s.p95"] == 2


def test_a_backlog_has_drained_when_no_more_are_under_way_than_usually() -> None:
    """One at a time before; three at the fault's end at 200 s, of which the second last is ready at 214 s."""
    before = [(float(at), at + 9.5, False) for at in range(0, 90, 10)]
    found = measured(deploys(*before, (110, 207, False), (120, 214, False), (130, 230, False), (220, 229, False)), CUT)
    assert found["drained_s"] == 14
    assert measured(deploys(*before, (110, 150, False)), CUT)["drained_s"] == 0


def test_nothing_before_a_fault_tells_what_is_usual() -> None:
    """A fault that comes before any deploy has no backlog to compare."""
    assert math.isnan(measured(deploys((150, 210, False)), CUT)["drained_s"])


def sync(tables: dict[str, Table], published_s: float, committed_s: float, state: str = "committed") -> None:
    lag_s = committed_s - published_s if state == "committed" else math.inf
    add(tables["syncs"], published_s=published_s, committed_s=committed_s, state=state, lag_s=lag_s)


def test_registries_agree_when_the_copies_owed_by_its_end_are_made() -> None:
    """The last of them 31 s after it; one that was published later does not count."""
    tables = deploys((10, 12, False))
    for published_s, committed_s in ((50.0, 55.0), (150.0, 220.0), (199.0, 231.0), (201.0, 300.0)):
        sync(tables, published_s, committed_s)
    found = measured(tables, CUT)
    assert (found["agreed_s"], found["copies_given_up"]) == (31, 0)


def test_registries_never_agree_if_a_copy_was_given_up_meanwhile() -> None:
    """One given up before the fault is not its doing, and a stale one is of an image that nobody needs any more."""
    tables = deploys((10, 12, False))
    sync(tables, 20.0, 60.0, "failed")
    sync(tables, 150.0, 210.0, "stale")
    assert (measured(tables, CUT)["agreed_s"], measured(tables, CUT)["copies_given_up"]) == (10, 0)
    sync(tables, 160.0, 220.0, "failed")
    assert (measured(tables, CUT)["agreed_s"], measured(tables, CUT)["copies_given_up"]) == (math.inf, 1)


def test_where_nothing_is_copied_registries_have_nothing_to_agree_on() -> None:
    """No value, rather than at once."""
    assert math.isnan(measured(deploys((10, 12, False)), CUT)["agreed_s"])


def test_a_fault_that_comes_again_is_told_by_all_its_times_and_the_longest_trace() -> None:
    """Two deploys met it at two times; the second's backlog of two took 6 s, the first's none."""
    tables = deploys((10, 19, False), (110, 150, False), (310, 406, False), (320, 410, False))
    found = measured(tables, CUT, Episode(300.0, 400.0, "cut"))
    assert (found["times"], found["deploys"], found["drained_s"]) == (2, 3, 6)


def test_a_fault_that_never_came_met_nobody() -> None:
    """Counts are zero and all else has no value."""
    found = measured(deploys((10, 12, False)))
    assert (found["times"], found["deploys"], found["failed"], found["copies_given_up"]) == (0, 0, 0, 0)
    assert math.isnan(found["latency_s.p50"] + found["drained_s"])
    assert found["rest_latency_s.p50"] == 2


def test_deploys_of_the_warm_up_do_not_count() -> None:
    """Asked for at 110 s, before the warm-up ended at 115 s."""
    tables = deploys((10, 12, False), (110, 150, False), (120, 160, False))
    assert measured(tables, CUT, from_s=115.0)["deploys"] == 1


def test_how_many_are_under_way_changes_as_deploys_begin_and_end() -> None:
    """One from 1 s, two from 2 s, and at 3 s, when one ends as another begins, still two; none from 5 s."""
    tables = deploys((1, 3, False), (2, 5, False), (3, 5, False))["deploys"]
    times_s, number = under_way(tables.column("asked_s"), tables.column("ended_s"))
    assert (times_s.tolist(), number.tolist()) == ([1, 2, 3, 5], [1, 2, 2, 0])


DOCUMENT: dict[str, Any] = {
    "run": {"duration": "2 h", "seed": 5},
    "sites": {"a": {}, "b": {}},
    "links": {"a-b": {"between": ["a", "b"], "rtt": "20 ms", "capacity": "1 Gbit/s"}},
    "central": {"site": "a"},
    "nodes": {"n": {"site": "b"}},
    "clients": {"dev": {"site": "b", "count": 3}},
    "images": {"app": {"rootfs": "2 MB"}},
    "demand": {"rate": "120/h", "apps": 6},
    "faults": {
        "cut": {"kind": "link-down", "target": "a-b", "at": "1 h", "lasts": "5 min"},
        "again": {"kind": "registry-slow", "target": "central", "between": "30 min", "lasts": "2 min", "times": 3},
        "swizzled": {"kind": "swizzle", "target": ["a-b"], "between": "1 h", "lasts": "2 min"},
    },
}


def test_a_run_tells_of_each_fault_when_it_held_and_what_it_did() -> None:
    """Given and drawn ones: the times are those of the outages, and those who met the cut were slower or failed."""
    result = sim.run(Scenario.from_document(DOCUMENT, "faulty"))
    cut, again, _ = result.to_json()["faults"]
    assert (cut["name"], cut["kind"], cut["targets"], cut["held"]) == ("cut", "link-down", ["a-b"], [[3600.0, 3900.0]])
    assert again["times"] == len(again["held"])
    streams = Streams(5, 0)
    broken = outages(result.scenario, streams)
    assert {(each.from_s, each.until_s) for each in episodes(result.scenario, streams)} == {
        (outage.from_s, outage.until_s) for outage in broken
    }
    assert len(broken) > 4
    assert 5 < cut["deploys"] < result.metrics["deploys"]
    slow = cut["failed"] > 0 or cut["latency_s.p50"] > 10 * cut["rest_latency_s.p50"]
    assert slow
    assert set(metric_names.FAULTS) < cut.keys()


def test_faults_are_metrics_for_thresholds_and_unknown_ones_are_told() -> None:
    """`faults.cut.drained_s` is in seconds; a fault that the scenario lacks is one line before any run."""
    assert metric_names.unit_of("faults.cut.drained_s") == "s"
    assert metric_names.why_unknown("faults.cut.slowness") is not None
    assert metric_names.why_unknown("faults.cut.failed[site=a]") == (
        "faults.cut.failed cannot be split by site: its deploys count together", "leave the brackets out",
    )  # fmt: skip
    scenario = Scenario.from_document(DOCUMENT, "faulty")
    with pytest.raises(sim.InputError, match=r'the scenario has no such fault, got "cot"; did you mean "cut"'):
        sim.capacity(scenario, "central.workers=1..9", ["faults.cot.failed <= 0"], executor="none")


def test_a_fault_that_only_a_variant_has_can_be_asked_about() -> None:
    """Where the variants write the faults, a metric of one is no unknown word."""
    broken = {key: value for key, value in DOCUMENT.items() if key != "faults"}
    broken["variants"] = {"sound": {}, "cut": {"faults": DOCUMENT["faults"]}}
    check_group("--metric", "faults.cut.failed", Scenario.from_document(broken, "faulty"))
    with pytest.raises(sim.InputError, match="the scenario has no such fault"):
        check_group("--metric", "faults.cot.failed", Scenario.from_document(broken, "faulty"))
