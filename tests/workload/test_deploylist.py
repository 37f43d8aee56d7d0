"""Demand from a table: its cells, what it leaves open, and a planner's own pushes by several routes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from sim.errors import InputError
from sim.experiment import rerun
from sim.experiment.execution.store import key
from sim.manifest import files_read
from sim.report.reruns import sentences
from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload import deploylist
from sim.workload.demand import Demand
from tests.protocol.small import MB
from tests.protocol.small import scenario as small

DAY = {"run__duration": "1 h"}


def scenario(table: str, **changes: Any) -> Scenario:
    """Three nodes and two clients, dev1 and dev2; images app (3 MB and 1 MB) and rom (1 MB)."""
    given = {"nodes": 3, "clients": 2, **DAY, **changes}
    return small(demand__table=table, **given)


def made(table: str, seed: int = 1, **changes: Any) -> Demand:
    return deploylist.demand(scenario(table, **changes), Streams(seed))


def refused(table: str, **changes: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        scenario(table, **changes)
    return [line.removeprefix("scenario: demand.table: ") for line in str(caught.value).splitlines()]


def test_times_are_seconds_units_or_dates() -> None:
    """90, "1.5 min" and half past midnight, with dates counted from the midnight before the earliest."""
    assert made("time\n90\n1.5 min\n0\n").at_s.tolist() == [0.0, 90.0, 90.0]
    dates = "time\n2026-03-02T00:30:00Z\n2026-03-02T01:10:00+01:00\n2026-03-02 00:00:05\n"
    assert made(dates).at_s.tolist() == [5.0, 600.0, 1800.0]


def test_rows_keep_their_order_where_times_tie_and_late_ones_are_left_out() -> None:
    """Sorted by time, the two at 5 s as they stand; what comes at the end of the hour or later is not asked for."""
    asked = made("time,app\n5,b\n3600,late\n5,c\n1,a\n")
    assert asked.at_s.tolist() == [1.0, 5.0, 5.0]
    assert asked.app.tolist() == [0, 1, 2]  # a, b and c, as they first come


def test_cells_say_who_what_how_large_and_on_how_many() -> None:
    """Each column reaches the deploy of its row; an empty cell leaves its matter to the scenario."""
    asked = made(
        "time,client,app,image,rootfs,nodes,push,beside\n"
        "0,dev2,shop,app,2 MB,2,,\n"
        "1,,shop,,1500000.0,,,\n"
        "2,dev1,blog,rom,,3,yes,\n"
        "3,,shop,,,2,no,2\n"
    )  # fmt: skip
    columns = ((asked.client, [1, 1, 0, 1]), (asked.kind, [0, 0, 1, 0]), (asked.nodes, [2, 1, 3, 2]))
    for column, expected in columns:
        assert column is not None
        assert column.tolist() == expected
    assert asked.rootfs_bytes is not None
    assert asked.pushes is not None
    assert asked.beside is not None
    assert asked.rootfs_bytes.tolist() == [2_000_000, 1_500_000, 1_000_000, 1_000_000]
    assert asked.pushes.tolist() == [True, True, True, False]
    assert asked.beside.tolist() == [0, 0, 0, 2]
    assert asked.app.tolist() == [0, 0, 1, 0]
    assert asked.app_nodes is not None
    assert asked.app_rootfs_bytes is not None
    assert (asked.app_nodes.tolist(), asked.app_rootfs_bytes.tolist()) == ([2, 3], [2_000_000, 1_000_000])


def test_a_cell_names_an_image_however_it_is_written() -> None:
    """`rom`, `rom:latest` and the same at the default host are one kind; each reaches the deploy of its row."""
    asked = made("time,image\n0,app\n1,rom\n2,rom:latest\n3,index.unikraft.io/rom\n")
    assert asked.kind is not None
    assert asked.kind.tolist() == [0, 1, 1, 1]


def test_an_application_is_there_before_if_the_demand_is_warm_or_its_first_row_says_so() -> None:
    """Known ones come first and all their rows are updates; a new one's first row is none, and its next is."""
    table = "time,app,update\n0,new,no\n1,old,yes\n2,new,\n3,usual,\n"
    warm, cold = made(table), made(table, demand__warm=False)
    assert (warm.known_apps, warm.app.tolist(), warm.update.tolist()) == (2, [2, 0, 2, 1], [False, True, True, True])
    assert (cold.known_apps, cold.app.tolist(), cold.update.tolist()) == (1, [1, 0, 1, 2], [False, True, True, False])


def test_rows_without_an_application_are_drawn_as_the_demand_has_it() -> None:
    """Of 2,000 rows 90 % update one of the 50 applications, within four standard deviations; the rest are new."""
    table = "time\n" + "".join(f"{at}\n" for at in range(2000))
    asked = made(table, demand__apps=50, demand__updates=0.9)
    assert asked.known_apps == 50
    assert abs(int(asked.update.sum()) - 1800) < 4 * (2000 * 0.9 * 0.1) ** 0.5
    assert (asked.app[asked.update] < 50).all()
    new = asked.app[~asked.update]
    assert new.tolist() == list(range(50, 50 + len(new)))
    assert (made(table, seed=1, demand__apps=50).app == asked.app).all()
    assert (made(table, seed=2, demand__apps=50).app != asked.app).any()


def test_sizes_that_a_table_leaves_open_vary_where_the_scenario_varies_them() -> None:
    """Of 500 rows of one kind whose sizes are 2 or 6 MB each, drawn evenly, about half are each."""
    table = "time,image,rootfs\n" + "".join(f"{at},app,\n" for at in range(500)) + "501,app,9 MB\n"
    asked = made(table, images__app__sizes={"per": "update", "list": ["2 MB", "6 MB"]})
    assert asked.rootfs_bytes is not None
    drawn = asked.rootfs_bytes[:-1]
    assert set(drawn.tolist()) == {2 * MB, 6 * MB}
    assert abs(int((drawn == 2 * MB).sum()) - 250) < 4 * (500 / 4) ** 0.5
    assert int(asked.rootfs_bytes[-1]) == 9 * MB


def test_a_group_stands_for_one_of_its_clients_whom_the_application_keeps() -> None:
    """Both rows of an application have one client; over many applications both clients are drawn."""
    table = "time,client,app\n" + "".join(f"{at},dev,app{at % 40}\n" for at in range(80))
    client = made(table).client
    assert client is not None
    assert client[:40].tolist() == client[40:].tolist()
    assert {*client.tolist()} == {0, 1}


@pytest.mark.parametrize(
    ("table", "lines"),
    [
        ("client\ndev1\n", ["line 1: has no column time; begin the table with a line such as "
                            "time,client,app,image,rootfs,nodes,update,push,beside"]),
        ("time,clinet\n0,dev1\n", ['line 1: unknown column, got "clinet"; did you mean "client"?']),
        ("time,app,app\n0,a,a\n", ["line 1: names column app twice; keep one of them"]),
        ("time\n", ["line 1: has no row; write a row for each deploy"]),
        ("time,client\n0,dev3\n", ['line 2: client: unknown client, got "dev3"; did you mean "dev"?']),
        ("time,image\n0,ap\n", ['line 2: image: unknown image, got "ap"; did you mean "app"?']),
        ("time,nodes\n0,4\n", ["line 2: nodes: must be at most 3, the nodes there are, got 4; lower it"]),
        ("time,nodes\n0,0\n", ['line 2: nodes: must be at least 1, got "0"; write for example 2']),
        ("time,rootfs\n0,3 Mb/s\n", ['line 2: rootfs: must be a size, got "3 Mb/s", which is a rate; '
                                     'write a size such as "36 MiB"']),
        ("time\n-1\n", ['line 2: time: must be 0 or later, got "-1"; write seconds from the start of the run']),
        ("time\nsoon\n", ['line 2: time: must be a time, got "soon"; '
                          "write seconds, a time such as 90 s, or a date and time such as 2026-03-02T09:30:00Z"]),
        ("time\n1\n2\n2026-03-02\n", ["line 4: time: is of another kind than in other rows, "
                                      "got 2026-03-02 00:00:00+00:00; write all times alike"]),
        ("time,app\n0\n", ["line 2: must have 2 cells, got 1; time,app"]),
        ("time,push\n0,maybe\n", ['line 2: push: must be yes or no, got "maybe"; write yes or no']),
        ("time,push\n0,no\n", ["line 2: app: is missing; what starts without a push is some application's"]),
        ("time,app,push,update\n1,a,yes,\n0,a,no,no\n", ["line 3: push: starts what nobody has pushed, got no; "
                                                         "push it first, or write update yes"]),
        ("time\n3600\n", ["no row comes before run.duration ends; lengthen run.duration, or count times from 0"]),
        ("\n# who\ntime,nodes\n\n0,x\n1,y\n", ['line 5: nodes: must be a whole number, got "x"; write for example 2',
                                               'line 6: nodes: must be a whole number, got "y"; write for example 2']),
        ("pushes.csv", ['cannot be read (No such file or directory), got "pushes.csv"; '
                        "paths are from the scenario's folder"]),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_its_line_column_value_and_remedy(table: str, lines: list[str]) -> None:
    """Whatever is wrong in a table is one clear line each, before anything runs."""
    assert refused(table) == lines


def test_of_many_mistakes_the_first_five_are_reported() -> None:
    """The fifth says how many more there are."""
    lines = refused("time,image\n" + "0,none\n" * 12)
    assert len(lines) == 5
    assert 'got "none" (and 7 more)' in lines[-1]


def test_a_table_stands_alone() -> None:
    """Beside a log to replay or a kernel release, which make deploys of their own, a table is refused."""
    with pytest.raises(InputError, match="stands beside a log to replay"):
        scenario("time\n0\n", demand__replay__log="x.log")
    with pytest.raises(InputError, match="makes deploys of its own"):
        scenario("time\n0\n", demand__kernel_release__at="1 min")


TABLE = "time,client,app,image,rootfs\n0,dev1,shop,app,2 MB\n60,dev1,shop,app,3 MB\n90,dev2,blog,rom,1 MB\n"


def test_the_same_pushes_go_by_each_route() -> None:
    """Three pushes of 2, 3 and 1 MB: by way of central all are pulled again, straight to the node nothing is."""
    chosen = scenario(TABLE)
    by_route = {
        route: sim.run(chosen.with_({"policies.route": route}), demand=TABLE) for route in ("central", "node-direct")
    }
    for result in by_route.values():
        assert result.deploys["asked_s"].tolist() == [0.0, 60.0, 90.0]
        assert result.deploys["repository"].astype(str).str.endswith("app0").tolist() == [True, True, False]
        pushed = result.transfers[result.transfers["purpose"] == "push"]
        assert pushed[pushed["content"] == "rootfs"]["size_bytes"].tolist() == [2_000_000, 3_000_000, 1_000_000]
    assert by_route["central"].metrics["pull_bytes"] > 6_000_000
    assert by_route["node-direct"].metrics["pull_bytes"] == 0
    assert by_route["node-direct"].metrics["sync_bytes"] > 6_000_000


def test_no_row_of_a_frame_is_taken_for_a_comment() -> None:
    """An app may be called #1, and its column may be the first; a column that stands twice is refused in a line."""
    plain = small(nodes=3, clients=2, **DAY)
    frame = pd.DataFrame({"app": ["#1", "two"], "time": [1.0, 2.0]})
    assert len(sim.run(plain, demand=frame).deploys) == 2
    with pytest.raises(InputError, match="time"):
        sim.run(plain, demand=pd.DataFrame([[1.0, 2.0]], columns=["time", "time"]))


def test_a_frame_is_the_same_as_its_text_and_as_a_file(tmp_path: Path) -> None:
    """A frame with gaps, spans of time or dates, CSV as text, and a file beside the scenario make the same rows."""
    frame = pd.DataFrame(
        {
            "time": [0.0, 60.0, 90.0], "client": ["dev1", "dev1", "dev2"], "app": ["shop", "shop", "blog"],
            "image": ["app", "app", "rom"], "rootfs": [2e6, np.nan, 1e6], "nodes": [np.nan, 2, np.nan],
        }
    )  # fmt: skip
    text = "time,client,app,image,rootfs,nodes\n0,dev1,shop,app,2 MB,\n1 min,dev1,shop,app,,2\n90,dev2,blog,rom,1 MB,\n"
    plain = small(nodes=3, clients=2, **DAY)
    digest = sim.run(plain, demand=frame).digest
    assert sim.run(plain, demand=text).digest == digest
    spans = frame.assign(time=pd.to_timedelta(frame["time"], unit="s"))
    dates = frame.assign(time=pd.Timestamp("2026-03-02") + spans["time"]).set_index("time")
    assert sim.run(plain, demand=spans).digest == digest
    assert sim.run(plain, demand=dates).digest == digest
    frame.to_csv(tmp_path / "pushes.csv", index=False)
    named = Scenario.from_document(plain.document, str(tmp_path / "x.toml"), {"demand.table": "pushes.csv"})
    assert sim.run(named).digest == digest
    assert digest != sim.run(plain, demand=frame.assign(rootfs=1e6)).digest


def test_variants_are_compared_on_the_planners_own_pushes(tmp_path: Path) -> None:
    """By processes as in this one; the manifest has the table, so that the runs can be made again."""
    plain = small(nodes=3, clients=2, **DAY).with_(
        {"variants": {"central": {"policies.route": "central"}, "direct": {"policies.route": "node-direct"}}}
    )
    frame = pd.DataFrame({"time": [0.0, 10.0, 2000.0], "app": ["a", "b", "a"]})
    found = sim.compare(plain, runs=2, executor="processes:2", demand=frame)
    alone = sim.compare(plain, runs=2, executor="serial", demand=frame)
    assert found.outcomes["direct"][1].digest == alone.outcomes["direct"][1].digest
    assert found.outcomes["direct"][0].digest != found.outcomes["central"][0].digest
    found.write(tmp_path)
    again = rerun.rerun(rerun.recorded(tmp_path), "serial")
    assert again.differing == ()


def test_a_table_is_part_of_what_a_run_is_known_by(tmp_path: Path) -> None:
    """Another table, and a file with other contents, are other runs to the store; a rerun says what file changed."""
    path = tmp_path / "pushes.csv"
    path.write_text("time\n0\n")
    document = small(**DAY).document
    by_file = Scenario.from_document(document, str(tmp_path / "x.toml"), {"demand.table": "pushes.csv"})
    before = key(by_file, 1, 0)
    assert before == key(by_file, 1, 0) != key(small(demand__table="time\n1\n", **DAY), 1, 0)
    assert key(small(demand__table="time\n0\n", **DAY), 1, 0) != key(small(demand__table="time\n1\n", **DAY), 1, 0)
    sim.run(by_file).write(tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert list(manifest["files"]) == [str(path)]
    path.write_text("time\n0\n7\n")
    assert key(by_file, 1, 0) != before
    again = rerun.rerun(rerun.recorded(tmp_path / "out"), "serial")
    assert len(again.differing) == 1
    assert f"changed since then: {path} has other contents" in sentences(again)


def test_files_of_sizes_are_part_of_what_a_run_is_known_by(tmp_path: Path) -> None:
    """Other sizes in the file are other runs, and the manifest has the file's digest."""
    path = tmp_path / "sizes.csv"
    path.write_text("bytes\n2000000\n")
    sizes = {"images.app.sizes": {"per": "update", "file": "sizes.csv", "column": "bytes"}}
    chosen = Scenario.from_document(small(**DAY).document, str(tmp_path / "x.toml"), sizes)
    before = key(chosen, 1, 0)
    assert list(files_read(chosen)) == [str(path)]
    path.write_text("bytes\n3000000\n30000000\n")
    assert key(chosen, 1, 0) != before


def test_warnings_know_a_table() -> None:
    """What the table says in every row makes keys idle; nodes and clients that it names are not; late rows say so."""
    reported = {str(each) for each in scenario("time,app,client,nodes\n0,a,dev1,2\n4000,a,dev1,1\n",
                                           demand__rate="9/day", demand__nodes=2).warnings}  # fmt: skip
    assert reported == {
        "scenario: demand.rate: has no effect: demand.table lists the deploys",
        "scenario: demand.nodes: has no effect: demand.table says on how many nodes each deploy starts",
        "scenario: demand.table: 1 of 2 rows come when run.duration (1 h) is over and are left out",
    }
    spread = scenario("time,nodes\n0,2\n", policies__route="node-direct", policies__fanout="peer")
    assert list(spread.warnings) == []
