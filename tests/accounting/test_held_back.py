"""What held deploys back: from hand-written rows, on worlds small enough to work out, and adding up everywhere."""

from __future__ import annotations

import math
from typing import Any

import pytest

import sim
from sim.accounting.held_back import Held, HeldBack, Holder, held_back, mean_held
from sim.result import Result
from sim.scenario import Scenario
from sim.tables import rows
from sim.tables.columns import Table

pytestmark = pytest.mark.integration

DOCUMENT: dict[str, Any] = {
    "run": {"duration": "1 h", "seed": 1},
    "topology": {"shape": "star"},
    "central": {"rtt": "0 s", "first_byte": "0 s", "request_time": "1 ms"},
    "nodes": {"n": {"count": 2, "rtt": "0 s", "first_byte": "0 s"}},
    "clients": {"dev": {"up": "8 Mbit/s", "rtt": "0 s"}},
    "images": {"app": {"rootfs": "10 MB", "boot": "1 s"}},
    "demand": {"rate": "1/h", "arrivals": "even", "apps": 1, "updates": 0.0},
}
BLANK = {"float": 0.0, "int": 0, "bool": False, "text": ""}


def made(*more: dict[str, Any]) -> Scenario:
    return Scenario.from_document(DOCUMENT, "one").with_({key: value for each in more for key, value in each.items()})


def seconds(found: HeldBack) -> dict[tuple[str, str], float]:
    return {tuple(part.holder): part.held_s for part in found.parts}  # type: ignore[misc]


def waited(found: HeldBack) -> dict[tuple[str, str], float]:
    return {tuple(part.holder): part.waited_s for part in found.parts if part.waited_s}  # type: ignore[misc]


def test_a_deploy_alone_is_held_by_its_lines_and_waits_for_nobody() -> None:
    """10 MB go up at 1 MB/s in 10 s and down at 2 MB/s in 5 s; booting takes 1 s; a dozen requests of 1 ms are left."""
    result = sim.run(made({"nodes.n.capacity": "16 Mbit/s"}))
    found = seconds(result.held_back)
    assert found["client up", "dev"] == pytest.approx(10, rel=1e-3)
    assert found["node down", "n"] == pytest.approx(5, rel=1e-3)
    assert found["boot", ""] == pytest.approx(1)
    assert sum(held_s for (kind, _), held_s in found.items() if kind == "requests") < 0.2
    assert waited(result.held_back) == {}
    assert result.held_back.deploys == 1


def test_a_cap_is_a_tcp_window() -> None:
    """A window of 100 kB at a round trip of 0.2 s carries 500 kB/s, half of the line's: 10 MB take 20 s."""
    found = seconds(sim.run(made({"clients.dev.rtt": "200 ms", "clients.dev.window": "100 kB"})).held_back)
    assert found["window", "dev to central"] == pytest.approx(20, rel=2e-2)
    assert ("client up", "dev") not in found


def test_a_disk_is_its_registry_s() -> None:
    """Central's disk reads at 2 MB/s what the node fetches of 10 MB."""
    found = seconds(sim.run(made({"central.disk": "2 MB/s"})).held_back)
    assert found["disk", "central"] == pytest.approx(5, rel=1e-3)


def test_a_start_that_waits_for_a_copy_waits_until_it_begins() -> None:
    """The second node waits 30 s for central to be sent the image, less the request that created the instance."""
    scenario = made(
        {
            "policies.route": "node-direct",
            "demand.nodes": 2,
            "policies.sync.delay": "30 s",
            "nodes.n.capacity": "8 Mbit/s",
        }
    )
    result = sim.run(scenario)
    found = seconds(result.held_back)
    starts, syncs = result.tables["starts"], result.tables["syncs"]
    assert found["copies", ""] == pytest.approx(syncs.column("started_s")[0] - starts.column("asked_s")[1])
    assert found["copies", ""] == pytest.approx(30, abs=0.1)
    assert found["node up", "n"] == pytest.approx(10, rel=1e-3)
    assert found["node down", "n"] == pytest.approx(10, rel=1e-3)
    assert waited(result.held_back).get(("copies", ""), 0.0) == pytest.approx(
        0, abs=1e-6
    )  # a delay is there when idle, too


def test_copies_that_wait_for_their_worker_are_waited_for() -> None:
    """Of two images of 10 MB at once the second's copy begins 10 s late: one worker sends them at 8 Mbit/s, in turn."""
    scenario = made(
        {
            "policies.route": "node-direct",
            "demand.nodes": 2,
            "demand.batch": 2,
            "demand.apps": 2,
            "policies.sync.delay": "30 s",
            "policies.sync.workers": 1,
            "policies.sync.references": "series",
            "policies.sync.job_rate": "8 Mbit/s",
        }
    )
    result = sim.run(scenario)
    deploys = result.tables["deploys"]
    queued_s = waited(result.held_back)["copies", ""]
    assert queued_s == pytest.approx(10, rel=0.05)
    assert queued_s == pytest.approx(float(deploys.column("sync_wait_waited_s").sum()), rel=0.01)
    assert seconds(result.held_back)["copies", ""] == pytest.approx(70, rel=0.02)


def test_requests_that_wait_for_workers_are_the_registry_s() -> None:
    """Of ten clients at one worker that takes 0.5 s for each request, most waiting is there; all is told."""
    scenario = made(
        {"clients.dev.count": 10, "demand.rate": "600/h", "run.duration": "1 min", "central.workers": 1,
         "central.request_time": "500 ms", "run.detail": "requests", "demand.apps": 10,
         "policies.create": "at-once"}
    )  # fmt: skip
    result = sim.run(scenario)
    deploys = result.tables["deploys"]
    phases_s = sum(float(deploys.column(f"{phase}_waited_s").sum()) for phase in rows.PHASES)
    found = seconds(result.held_back)
    assert found["workers", "central"] > 10
    held = waited(result.held_back)
    assert held["workers", "central"] == found["workers", "central"]
    assert sum(held.values()) == pytest.approx(phases_s)


@pytest.mark.parametrize(
    ("file", "rate"),
    [("metros.toml", "1000/day"), ("flash-crowd.toml", "60/day"), ("seed-saturation.toml", "500/day"),
     ("wan-outage.toml", None), ("systems.toml", "200/day"), ("office-hours.toml", "500/day"),
     pytest.param("flash-crowd.toml", None, marks=pytest.mark.slow),
     pytest.param("seed-saturation.toml", None, marks=pytest.mark.slow)],
)  # fmt: skip
def test_all_of_it_adds_up_to_the_latencies(file: str, rate: str | None) -> None:
    """In every variant no part is negative, and together they are the latencies of the deploys that got ready."""
    scenario = sim.load(f"scenarios/{file}", {} if rate is None else {"demand.rate": rate})
    for name in scenario.variants or [None]:
        result = sim.run(scenario, variant=name)
        latency_s = result.tables["deploys"].column("latency_s")
        ready_s = latency_s[latency_s < math.inf]
        assert result.held_back.total_s == pytest.approx(ready_s.sum(), rel=1e-9)
        assert result.held_back.deploys == len(ready_s)
        assert min(part.held_s for part in result.held_back.parts) > 0
        assert all(part.waited_s <= part.held_s * (1 + 1e-9) for part in result.held_back.parts)


def add(table: Table, **values: Any) -> None:
    assert values.keys() <= {column.name for column in table.columns}
    table.append(tuple(values.get(column.name, BLANK[column.kind]) for column in table.columns))


@pytest.fixture
def tables() -> dict[str, Table]:
    """One deploy of 20 s from dev on two nodes, of which n2 is ready last, beside its links."""
    return one_deploy()


def one_deploy(coalesced_bytes: int = 0, route: str = "node-direct") -> dict[str, Table]:
    tables = rows.new_tables()
    add(tables["deploys"], deploy=5, asked_s=100.0, ended_s=120.0, client="dev", repository="a/b",
        route=route, coalesced_bytes=coalesced_bytes,
        latency_s=20.0, login_s=1.0, upload_s=9.0, sync_wait_s=2.0, pull_s=7.0, boot_s=1.0,
        upload_waited_s=3.0)  # fmt: skip
    add(tables["starts"], deploy=5, node="n1", kind="deploy", asked_s=112.0, ready_s=115.0)
    add(tables["starts"], deploy=5, node="n2", kind="deploy", asked_s=112.0, ready_s=120.0)
    add(tables["links"], link="hub-dev-up", tail="dev", head="hub")
    add(tables["links"], link="hub-n2-down", tail="hub", head="n2")
    return tables


def body(tables: dict[str, Table], purpose: str, from_s: float, until_s: float, **values: Any) -> None:
    add(tables["transfers"], deploy=5, purpose=purpose, started_s=from_s, ended_s=until_s,
        **{"bound_s": until_s - from_s, **values})  # fmt: skip


def test_of_bodies_side_by_side_the_one_that_ends_last_counts(tables: dict[str, Table]) -> None:
    """Of 102 to 106 s and 101 to 109 s only the second, held for 5 s by the uplink and 3 s by others; it waited 2 s."""
    body(tables, "push", 102.0, 106.0, source="dev", target="n1", bound_by="n1-disk")
    body(tables, "push", 101.0, 109.0, source="dev", target="n1", bound_by="hub-dev-up", bound_s=5.0, waited_s=2.0)
    found = held_back(made(), tables, 0.0)
    assert seconds(found) == pytest.approx(
        {("client up", "dev"): 5, ("several", ""): 3, ("workers", "n"): 1, ("requests", "push"): 1,
         ("requests", "create"): 2, ("requests", "pull"): 7, ("boot", ""): 1}
    )  # fmt: skip
    assert waited(found) == pytest.approx({("client up", "dev"): 1.25, ("several", ""): 0.75, ("workers", "n"): 1})


def test_bodies_one_after_another_all_count(tables: dict[str, Table]) -> None:
    """From 101 to 104 s one, from 105 to 109 s the next."""
    body(tables, "push", 101.0, 104.0, source="dev", target="n1", bound_by="n1-disk")
    body(tables, "push", 105.0, 109.0, source="dev", target="n1", bound_by="hub-dev-up")
    found = seconds(held_back(made(), tables, 0.0))
    assert (found["disk", "n"], found["client up", "dev"]) == (3, 4)


def test_of_pushes_to_several_nodes_the_slowest_counts(tables: dict[str, Table]) -> None:
    """To n1 from 102 to 109 s; what goes to n2 from 102 to 107 s is beside the path."""
    body(tables, "push", 102.0, 109.0, source="dev", target="n1", bound_by="n1-disk")
    body(tables, "push", 102.0, 107.0, source="dev", target="n2", bound_by="hub-dev-up")
    body(tables, "push", 101.0, 102.0, source="dev", target="n2", bound_by="hub-dev-up")
    found = seconds(held_back(made(), tables, 0.0))
    assert found["disk", "n"] == 7
    assert ("client up", "dev") not in found


def test_a_push_to_central_beside_one_to_a_node_is_not_on_the_path() -> None:
    """Of both at once the instance starts by the node's, from 101 to 106 s, though central's ends later."""
    tables = one_deploy(route="both")
    body(tables, "push", 101.0, 106.0, source="dev", target="n1", bound_by="n1-disk")
    body(tables, "push", 101.0, 109.0, source="dev", target="central", bound_by="central-disk")
    found = seconds(held_back(made(), tables, 0.0))
    assert found["disk", "n"] == 5
    assert ("disk", "central") not in found


def test_what_other_nodes_fetch_and_what_is_copied_meanwhile_is_not_on_the_path(tables: dict[str, Table]) -> None:
    """Only n2's fetch counts, not n1's, nor a copy that nobody waits for."""
    body(tables, "pull", 112.0, 118.0, source="central", target="n2", bound_by="hub-n2-down")
    body(tables, "pull", 112.0, 114.0, source="central", target="n1", bound_by="central-disk")
    body(tables, "sync", 110.0, 111.5, source="n1", target="central", bound_by="cap")
    found = seconds(held_back(made(), tables, 0.0))
    assert found["node down", "n"] == 6
    assert not {("disk", "central"), ("window", "n to central")} & found.keys()


def test_who_joins_a_fetch_is_held_by_what_holds_it() -> None:
    """Another deploy's fetch to n2 from 110 s, before this one joined at 112 s, until 117 s holds for 5 s."""
    tables = one_deploy(coalesced_bytes=10)
    add(tables["deploys"], deploy=6, repository="a/b", failed=True, reason="x", latency_s=math.inf)
    add(tables["transfers"], deploy=6, purpose="pull", started_s=110.0, ended_s=117.0, source="central", target="n2",
        bound_by="hub-n2-down", bound_s=7.0)  # fmt: skip
    found = seconds(held_back(made(), tables, 0.0))
    assert found["node down", "n"] == pytest.approx(5)


def test_what_else_a_deploy_of_a_broken_time_waited_is_the_outages(tables: dict[str, Table]) -> None:
    """Its 3 s that no body explains are the registry's workers' in whole times, and an outage's in broken ones."""
    assert seconds(held_back(made(), tables, 0.0))["workers", "central"] == 3
    found = seconds(held_back(made(), tables, 0.0, [(118.0, 130.0)]))
    assert found["outages", ""] == 3
    assert ("workers", "central") not in found


def test_deploys_of_the_warm_up_and_failed_ones_do_not_count(tables: dict[str, Table]) -> None:
    """Asked at 100 s, before 100.5 s."""
    assert held_back(made(), tables, 100.5) == HeldBack(0, ())


def test_runs_are_told_by_their_mean_and_kept_to_the_last_bit() -> None:
    """Of 3 s and none the mean is 1.5 s; JSON gives back what it was given."""
    one = HeldBack(2, (Held(Holder("disk", "central"), 3.0, 1 / 3),))
    assert mean_held([one, HeldBack(1, ())]) == (Held(Holder("disk", "central"), 1.5, 1 / 6),)
    assert HeldBack.from_json(one.to_json()) == one


def test_a_document_tells_what_held_back() -> None:
    """Kind, group, seconds, what of it was waited, and the share of all latencies."""
    result: Result = sim.run(made())
    document = result.to_json()["held_back"]
    assert document[0] == {
        "kind": "client up", "group": "dev", "seconds": pytest.approx(10, rel=1e-3), "waited_s": 0.0,
        "share": pytest.approx(10 / result.metrics["deploy_latency_s.mean"], rel=1e-3),
    }  # fmt: skip
    assert sum(each["share"] for each in document) == pytest.approx(1)


def test_a_client_that_polls_waits_for_the_copy_that_it_polls_for() -> None:
    """The node is sent the image 20 s after the publish; polling in between is not requests but the copy's delay."""
    scenario = made(
        {"policies.create": "poll", "policies.sync.to_nodes": "on-push", "policies.sync.targets": "all",
         "policies.sync.delay": "20 s"}
    )  # fmt: skip
    found = seconds(sim.run(scenario).held_back)
    assert found["copies", ""] == pytest.approx(20, abs=0.1)


def test_a_client_that_polls_for_what_is_fetched_waits_for_no_copy() -> None:
    """The node's own fetch at 2 MB/s is what it waits for."""
    scenario = made({"policies.create": "poll", "nodes.n.capacity": "16 Mbit/s"})
    found = seconds(sim.run(scenario).held_back)
    assert ("copies", "") not in found
    assert found["node down", "n"] == pytest.approx(5, rel=1e-2)


def test_the_delay_of_copies_is_not_waited_and_their_workers_are() -> None:
    """On idle links and registries a copy begins after its delay, too."""
    scenario = made(
        {"policies.route": "node-direct", "demand.nodes": 2, "policies.sync.delay": "30 s"}
    )  # fmt: skip
    found = sim.run(scenario).held_back
    assert seconds(found)["copies", ""] == pytest.approx(30, abs=0.1)
    assert ("copies", "") not in waited(found)


def test_a_link_that_is_down_is_told_as_an_outage() -> None:
    """An upload of 10 s that begins before its line is down for 60 s waits for those, and what TCP takes to go on."""
    whole = sim.run(made())
    asked_s = float(whole.tables["deploys"].column("asked_s")[0])
    cut = {"kind": "link-down", "target": "hub-dev", "at": f"{asked_s + 3} s", "lasts": "60 s"}
    result = sim.run(made({"faults.cut": cut}))
    found = seconds(result.held_back)
    slower_s = result.metrics["deploy_latency_s.mean"] - whole.metrics["deploy_latency_s.mean"]
    assert slower_s > 60
    assert found["outages", ""] > 60
    assert found["client up", "dev"] + found["outages", ""] == pytest.approx(10 + slower_s, rel=0.02)
