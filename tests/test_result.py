"""One run's result: metrics from hand-written rows, DataFrames, files, and what is not imported for them."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from sim.result import Result
from sim.runner import run
from sim.scenario import Scenario
from sim.tables import rows
from sim.tables.columns import Table
from sim.tables.frames import listing

DOCUMENT = {
    "run": {"duration": "1 h"},
    "topology": {"shape": "star"},
    "nodes": {"n": {"count": 2}},
    "clients": {"dev": {"count": 3}},
    "images": {"app": {"kernel": "10 MB", "rootfs": "1 MB"}},
}
BLANK = {"float": 0.0, "int": 0, "bool": False, "text": ""}


def add(table: Table, **values: Any) -> None:
    """A row in which what is not given is zero, false or empty."""
    assert values.keys() <= {column.name for column in table.columns}
    table.append(tuple(values.get(column.name, BLANK[column.kind]) for column in table.columns))


@pytest.fixture
def tables() -> dict[str, Table]:
    """Two deploys, of which the second pushed and then failed; three transfers and links; two registries; one sync."""
    made = rows.new_tables()
    add(made["deploys"], deploy=0, client="dev1", latency_s=2.0, client_latency_s=1.5, push_s=1.0,
        longest_pull_s=0.5, pull_s=0.5,
        saved_bytes=100, coalesced_bytes=7, stale_starts=1)  # fmt: skip
    add(made["deploys"], deploy=1, client="dev2", failed=True, reason="refused", latency_s=math.inf,
        client_latency_s=0.75, push_s=0.25, longest_pull_s=math.inf)  # fmt: skip
    add(made["transfers"], purpose="push", source="dev1", target="central", wan=True, size_bytes=10)
    add(made["transfers"], purpose="pull", source="central", target="n1", wan=False, size_bytes=20)
    add(made["transfers"], purpose="sync", source="n1", target="central", wan=True, size_bytes=40)
    add(
        made["links"],
        link="a-b-up",
        tail="a",
        head="b",
        wan=True,
        mean_utilisation=0.1,
        peak_utilisation=0.9,
        cost_usd=0.5,
    )
    add(made["links"], link="hub-central-up", tail="central", head="hub", mean_utilisation=0.2, cost_usd=0.25)
    add(made["links"], link="hub-n1-up", tail="n1", head="hub", mean_utilisation=0.3)
    add(made["registries"], registry="central", sent_bytes=20, received_bytes=50)
    add(made["registries"], registry="n1", sent_bytes=40, received_bytes=20)
    add(made["syncs"], lag_s=5.0, saved_bytes=11)
    add(made["starts"], stale=True)
    add(made["starts"], missed=True)
    add(made["drops"], lost=True)
    return made


def result_of(tables: dict[str, Table]) -> Result:
    scenario = Scenario.from_document(DOCUMENT)
    return Result(
        scenario=scenario, variant=None, seed=1, run=0, tables=tables, events=9, flows=3, simulated_s=60.0, wall_s=0.5
    )


@pytest.fixture
def result(tables: dict[str, Table]) -> Result:
    return result_of(tables)


def test_every_metric_there_is_has_a_value(result: Result) -> None:
    """A result has all metrics of `rows.METRICS`, in their order, then links'."""
    assert list(result.metrics)[: len(rows.METRICS)] == list(rows.METRICS)
    assert all(rows.metric(name).name == name for name in result.metrics)


def test_totals_are_sums_of_columns(result: Result) -> None:
    """Each total is the sum of the entries that its meaning names."""
    expected = {
        "wan_bytes": 50, "central_egress_bytes": 20, "central_ingress_bytes": 50, "push_bytes": 10, "pull_bytes": 20,
        "sync_bytes": 40, "dedup_saved_bytes": 111, "coalesced_bytes": 7, "stale_starts": 1, "missed_starts": 1,
        "failed_deploys": 1, "lost_images": 1, "cost_usd": 0.75,
    }  # fmt: skip
    assert {name: result.metrics[name] for name in expected} == expected


def test_a_failed_deploy_is_infinite_in_what_it_did_not_get_done(result: Result) -> None:
    """Of two deploys the median is the one that worked; p95 and the mean are infinite, but not of the push it made."""
    for name in ("deploy_latency_s", "pull_s"):
        assert result.metrics[f"{name}.p95"] == math.inf
        assert result.metrics[f"{name}.mean"] == math.inf
    assert result.metrics["deploy_latency_s.p50"] == 2.0
    assert result.metrics["pull_s.p50"] == 0.5
    assert (result.metrics["push_s.p50"], result.metrics["push_s.max"]) == (0.25, 1.0)
    assert (result.metrics["client_latency_s.p50"], result.metrics["client_latency_s.max"]) == (0.75, 1.5)
    assert result.metrics["sync_lag_s.p95"] == 5.0


def test_utilisation_is_told_of_wan_links_and_of_central(result: Result) -> None:
    """The node's own link is in the table of links and not among the metrics."""
    found = {name: value for name, value in result.metrics.items() if name.startswith("link_utilisation.")}
    assert found == {
        "link_utilisation.a-b-up.mean": 0.1,
        "link_utilisation.a-b-up.peak": 0.9,
        "link_utilisation.hub-central-up.mean": 0.2,
        "link_utilisation.hub-central-up.peak": 0.0,
    }


def test_json_has_null_where_a_number_is_infinite_or_missing(result: Result) -> None:
    """The run's document survives strict JSON: infinite latencies are null, finite ones numbers."""
    found = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert found["schema"] == "regsim.run/1"
    assert (found["deploys"], found["failed"], found["events"], found["flows"]) == (2, 1, 9, 3)
    assert found["failures"] == {"scenario": {"failed": 1, "deploys": 2, "reasons": {"refused": 1}}}
    assert found["metrics"]["deploy_latency_s.p95"] is None
    assert found["metrics"]["deploy_latency_s.p50"] == 2.0
    assert found["digest"] == result.digest
    assert found["peak_rss_bytes"] > 10_000_000


def test_a_run_of_nothing_has_no_distributions_and_no_totals() -> None:
    """Empty tables give null for every distribution and zero for every total; no kernel was released."""
    found = result_of(rows.new_tables()).to_json()["metrics"]
    assert {found[name] for name in found if "." in name} == {None}
    assert found.pop("fleet_convergence_s") is None
    assert {found[name] for name in found if "." not in name} == {0.0}


def test_no_table_names_two_columns_alike() -> None:
    """A column's name is enough to find it, in a frame and in a file."""
    for name, columns in rows.TABLES.items():
        assert len({column.name for column in columns}) == len(columns), name


def test_tables_are_dataframes_with_text_as_categories(result: Result) -> None:
    """Columns keep their declared order; text is categorical, numbers and flags are not."""
    assert list(result.deploys) == [column.name for column in rows.DEPLOYS]
    assert isinstance(result.deploys["client"].dtype, pd.CategoricalDtype)
    assert result.deploys["client"].tolist() == ["dev1", "dev2"]
    assert result.deploys["failed"].tolist() == [False, True]
    assert (len(result.transfers), len(result.links), len(result.registries), len(result.syncs)) == (3, 3, 2, 1)


def test_the_digest_changes_with_a_single_value(tables: dict[str, Table], result: Result) -> None:
    """The digest is that of the rows, and one more byte in one row is another digest."""
    assert result.digest == rows.digest(tables)
    add(tables["syncs"], lag_s=5.0, saved_bytes=12)
    assert rows.digest(tables) != result.digest


def test_written_tables_read_back_as_they_were(result: Result, tmp_path: Path) -> None:
    """Every table is one Parquet file with the frame's values, and nothing else is left in the directory."""
    result.write(tmp_path / "new" / "deeper")
    written = tmp_path / "new" / "deeper"
    assert {path.name for path in written.iterdir()} == {f"{name}.parquet" for name in (*rows.TABLES, "lanes")} | {
        "run.json",
        "manifest.json",
    }
    back = pd.read_parquet(written / "deploys.parquet")
    pd.testing.assert_frame_equal(back, result.deploys, check_dtype=False, check_categorical=False)


def test_a_column_in_a_file_says_its_unit_and_its_meaning(result: Result, tmp_path: Path) -> None:
    """A Parquet file explains itself: seconds, bytes, and what each column holds."""
    result.write_tables(tmp_path)
    schema = pq.read_schema(tmp_path / "deploys.parquet")
    assert schema.field("latency_s").metadata[b"unit"] == b"s"
    assert schema.field("pushed_bytes").metadata[b"unit"] == b"bytes"
    assert schema.field("nodes").metadata[b"unit"] == b""
    assert schema.field("site").metadata[b"meaning"] == b"site of that client"


def test_a_manifest_is_enough_to_make_the_run_again(result: Result, tmp_path: Path) -> None:
    """The document in the manifest makes the same scenario; seed, run and digest stand beside it."""
    result.write(tmp_path)
    found = json.loads((tmp_path / "manifest.json").read_text())
    assert Scenario.from_document(found["document"]).run == result.scenario.run
    assert (found["seed"], found["run"], found["digest"]) == (1, 0, result.digest)
    assert found["versions"]["regsim"]
    assert found["resolved"]["scenario"]


def test_a_result_is_made_without_the_libraries_that_only_show_it() -> None:
    """Importing what a run needs loads neither pandas nor pyarrow nor scipy nor matplotlib."""
    code = "import sim.result, sys; print(sorted({'pandas', 'pyarrow', 'scipy', 'matplotlib'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_kernels_release_has_reached_the_fleet_when_the_last_application_runs_it() -> None:
    """Three applications are redeployed within 10 min of a release at 5 min: the last is ready so long after it."""
    asked = {"apps": 3, "rate": "1/day", "updates": 1.0, "kernel_release": {"at": "5 min", "over": "10 min"}}
    document = {**DOCUMENT, "demand": asked, "run": {"duration": "30 min"}}
    made = run(Scenario.from_document(document))
    deploys = made.deploys[made.deploys.kernel == 1]
    assert len(deploys) == 3
    assert made.metrics["fleet_convergence_s"] == pytest.approx(deploys.ended_s.max() - 300)
    assert 0 < made.metrics["fleet_convergence_s"] < 660
    by_bin = made.dedup(bin_s=60.0)
    assert by_bin.moved_bytes.sum() == made.deploys[["pushed_bytes", "pulled_bytes"]].sum().sum()
    assert by_bin.saved_share.between(0, 1).all()


def test_without_a_release_nothing_converges(result: Result) -> None:
    """The metric has no value where no kernel is released."""
    assert math.isnan(result.metrics["fleet_convergence_s"])


def test_deploys_of_the_warm_up_count_in_no_latency() -> None:
    """Leaving out the first half hour changes latencies, and neither rows nor bytes."""
    whole, cut = (run(_with_warm_up({"run.warm_up": warm_up})) for warm_up in ("0 s", "30 min"))
    late = cut.deploys[cut.deploys.asked_s >= 1800]
    assert whole.digest == cut.digest
    assert cut.metrics["wan_bytes"] == whole.metrics["wan_bytes"]
    assert cut.metrics["deploy_latency_s.mean"] == pytest.approx(late.latency_s.mean(), rel=1e-12)
    assert cut.metrics["deploy_latency_s.mean"] != whole.metrics["deploy_latency_s.mean"]
    assert cut.to_json()["warm_up_s"] == 1800


def test_a_steady_state_is_cut_by_mser5_or_said_to_be_too_short() -> None:
    """Cold registries make the first deploys slow: these are cut. A few minutes are too short to tell."""
    steady = {"run.steady_state": True, "demand.rate": "600/h", "demand.warm": False, "demand.updates": 1.0}
    long = run(_with_warm_up(steady))
    assert not long.warm_up.too_short
    assert long.warm_up.ends_s > 0
    assert (
        long.metrics["deploy_latency_s.mean"]
        < run(_with_warm_up(steady | {"run.steady_state": False})).metrics["deploy_latency_s.mean"]
    )
    short = run(_with_warm_up(steady | {"run.duration": "2 min"}))
    assert (short.warm_up.ends_s, short.warm_up.too_short) == (0.0, True)


def _with_warm_up(overrides: dict[str, Any]) -> Scenario:
    """A star of two nodes with 20 applications, for two hours."""
    document = {
        "run": {"duration": "2 h"},
        "topology": {"shape": "star"},
        "nodes": {"n": {"count": 2, "capacity": "1 Gbit/s"}},
        "clients": {"dev": {"count": 3, "up": "50 Mbit/s", "rtt": "20 ms"}},
        "images": {"app": {"kernel": "50 MB", "rootfs": "1 MB"}},
        "demand": {"rate": "100/h", "apps": 20},
    }
    return Scenario.from_document(document, "warm-up", overrides)


def test_a_listing_is_the_union_of_lists_that_trail() -> None:
    """Central lists after 10 s, the node after 2: a tag pushed to the node at 0 and copied to central at 5.

    At 1 nobody shows it, at 3 the node does, at 15 both; the node drops it at 20 and central at 21, so that at 25
    central alone shows what is gone, and at 31 nobody does. A ROM beside it stays.
    """
    came = [("n1", 0.0, True, 2.0), ("central", 5.0, True, 15.0), ("n1", 20.0, False, 22.0),
            ("central", 21.0, False, 31.0)]  # fmt: skip
    lists = pd.DataFrame(
        [(name, "org/app", "latest", False, present, at_s, shown_s) for name, at_s, present, shown_s in came]
        + [("n1", "org/rom", "latest", True, True, 0.0, 2.0)],
        columns=[column.name for column in rows.LISTS],
    ).astype({"registry": "category", "repository": "category", "tag": "category"})

    def app(at_s: float) -> tuple[Any, ...] | None:
        table = listing(lists, at_s, "central")
        assert (table.query("repository == 'org/rom'").rom).all()
        found = table[table.repository == "org/app"]
        return None if found.empty else tuple(found.iloc[0][["registries", "central", "gone"]])

    assert listing(lists, 1.0, "central").empty
    assert app(3.0) == ("n1", False, False)
    assert app(15.0) == ("n1, central", True, False)
    assert app(25.0) == ("central", True, True)
    assert app(31.0) is None


def test_a_run_lists_what_was_pushed_after_the_lists_lag() -> None:
    """Every tag that central got is listed two minutes later, the default, and nothing is listed sooner."""
    result = run(_with_warm_up({"run.duration": "1 h", "demand.warm": False}))
    table = result.lists
    assert (table.shown_s - table.changed_s).tolist() == pytest.approx([120.0] * len(table))
    first = table.shown_s.min()
    assert result.listing(first - 1e-6).empty
    assert len(result.listing(first)) == 1
    assert set(result.listing(1e9).repository) == set(result.deploys.repository)


def test_lags_to_central_and_to_nodes_are_told_apart() -> None:
    """With pushes to nodes every copy goes to central; with pushes to central that nodes are sent, none does."""
    pushed = run(_with_warm_up({"policies.route": "node-direct"})).metrics
    assert pushed["central_lag_s.p50"] == pushed["sync_lag_s.p50"] > 0
    assert math.isnan(pushed["node_lag_s.p50"])
    sent = run(_with_warm_up({"policies.sync.to_nodes": "on-push"})).metrics
    assert sent["node_lag_s.p50"] == sent["sync_lag_s.p50"] > 0
    assert math.isnan(sent["central_lag_s.p50"])
