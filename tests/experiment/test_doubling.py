"""What doubling gained: the changes that double, runs with the same random numbers, and what tables say of it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sim
from sim.accounting.held_back import Held, HeldBack, Holder
from sim.experiment.doubling import Thing, doubled_run, doublings, things
from sim.experiment.execution.store import Store
from sim.report.terminal import held_back
from sim.scenario import Scenario

QUESTION = """
run = { duration = "1 h", seed = 7, runs = 3 }
sites = { a = {}, b = {} }
links.a-b = { between = ["a", "b"], rtt = "20 ms", capacity = "40 Mbit/s" }
links.dev1 = { up = "4 Mbit/s", schedule = { noon = { from = "12 h", until = "13 h", up = "1 Mbit/s" } } }
central = { site = "a", window = "1 MB", disk = "1 GB/s", workers = 8 }
nodes.n = { site = "b", count = 2, capacity = "1 Gbit/s", window = "2 MB" }
clients.dev = { site = "b", count = 2, up = "8 Mbit/s" }
images.app = { rootfs = "2 MB" }
demand = { rate = "30/h", apps = 5 }
policies.sync.delay = "4 s"
policies.sync.leg_rate = "10 Mbit/s"
policies.sync.workers = 3
policies.sync.target_workers = 2
policies.sync.to_central = { name = "poll", every = "1 min" }
variants.central = { policies.route = "central" }
variants.slow = { policies.route = "central", clients.dev.up = "2 Mbit/s" }
"""


def made(text: str = QUESTION) -> Scenario:
    return Scenario.from_document(tomllib.loads(text), "question")


@pytest.mark.parametrize(
    ("holder", "changes"),
    [
        (("client up", "dev"), {"clients.dev.up": "16 Mbit/s", "links.dev1.up": "8 Mbit/s",
                                "links.dev1.schedule.noon.up": "2 Mbit/s"}),
        (("node down", "n"), {"nodes.n.capacity": "2 Gbit/s"}),
        (("central up", ""), {"central.capacity": "20 Gbit/s"}),
        (("link", "a-b"), {"links.a-b.capacity": "80 Mbit/s"}),
        (("disk", "central"), {"central.disk": "16 Gbit/s"}),
        (("disk", "n"), {"nodes.n.disk": "16 Gbit/s"}),
        (("workers", "central"), {"central.workers": 16}),
        (("window", "dev to central"), {"clients.dev.window": "12 MiB", "central.window": "2 MB"}),
        (("cap", "a to b"), {"policies.sync.leg_rate": "20 Mbit/s"}),
        (("copies", ""), {"policies.sync.delay": "2 s", "policies.sync.workers": 6, "policies.sync.target_workers": 4,
                          "policies.sync.to_central.every": "30 s"}),
        (("requests", "push"), {}),
        (("boot", ""), {}),
    ],
)  # fmt: skip
def test_each_thing_is_doubled_where_it_is_written(holder: tuple[str, str], changes: dict[str, Any]) -> None:
    """Rates, sizes and workers twice, with what overrides them; copies begin after half the time; requests do not."""
    scenario = made()
    held = HeldBack(1, (Held(Holder(*holder), 1.0, 0.0),))
    found = [dict(settings) for _, settings in doublings(scenario, [held], 3)]
    assert found == ([changes] if changes else [])
    if changes:
        scenario.with_(changes)  # which is checked


def test_a_link_that_a_shape_generates_is_doubled_by_an_override() -> None:
    """A ring's links carry what its capacity says, twice that once overridden."""
    scenario = Scenario.from_document(
        {"topology": {"shape": "ring", "capacity": "1 Gbit/s", "rtt": "9 ms"}, "sites": {"a": {}, "b": {}, "c": {}},
         "central": {"site": "a"}, "nodes": {"n": {"site": "b"}}, "clients": {"dev": {"site": "b"}},
         "images": {"app": {"rootfs": "1 MB"}}}
    )  # fmt: skip
    held = HeldBack(1, (Held(Holder("link", "a-b"), 1.0, 0.0),))
    ((_, changes),) = doublings(scenario, [held], 1)
    assert dict(changes) == {"links.a-b.up": "2 Gbit/s", "links.a-b.down": "2 Gbit/s"}


def test_hosts_of_a_kind_are_one_thing_and_links_are_one_each() -> None:
    """Two groups' uplinks of 3 and 2 s go before links of 4 and 1 s; what holds less than 1 % is not doubled."""
    held = HeldBack(
        9,
        (Held(Holder("link", "x-y"), 4.0, 0.0), Held(Holder("client up", "a"), 3.0, 0.0),
         Held(Holder("client up", "b"), 2.0, 0.0), Held(Holder("link", "y-z"), 1.0, 0.0),
         Held(Holder("disk", "n"), 0.05, 0.0)),
    )  # fmt: skip
    found = things([held])
    assert found[:3] == (Thing("client up", "", 5.0), Thing("link", "x-y", 4.0), Thing("link", "y-z", 1.0))
    little = HeldBack(9, (Held(Holder("link", "a-b"), 4.0, 0.0), Held(Holder("disk", "n"), 0.03, 0.0)))
    assert [thing.name for thing, _ in doublings(made(), [little], 3)] == ["a-b"]


@pytest.fixture(scope="module")
def outcome() -> sim.Comparison:
    return sim.compare(made(), executor="serial", gains=2)


def test_doubling_an_uplink_halves_what_it_held(outcome: sim.Comparison) -> None:
    """Bodies of 2 MB that took 2 s or 4 s of the line alone take half of that; slow start takes a little back."""
    gain = outcome.gains["central"][0]
    assert gain.thing.kind == "client up"
    deploys = sum(each.held.deploys for each in outcome.outcomes["central"][:3])
    held_s = sum(
        part.held_s for each in outcome.outcomes["central"][:3] for part in each.held.parts
        if part.holder.kind == "client up"
    )  # fmt: skip
    assert gain.runs == 3
    assert gain.apart["mean"].mean == pytest.approx(-held_s / deploys / 2, rel=0.1)
    assert gain.apart["deploy_latency_s.p95"].mean < 0


def test_a_variants_own_value_is_what_is_doubled(outcome: sim.Comparison) -> None:
    """The slow variant writes 2 Mbit/s itself, so it gets 4 and not the others' 16."""
    changes = dict(outcome.gains["slow"][0].overrides)
    assert changes["clients.dev.up"] == "4 Mbit/s"
    assert outcome.gains["slow"][0].apart["mean"].mean < -1


def test_gains_change_nothing_else_and_are_told_in_documents(outcome: sim.Comparison) -> None:
    """Without them the digests are the same; a document has kind, group, changes and differences of each."""
    assert sim.compare(made(), executor="serial").digests == outcome.digests
    document = outcome.to_json()
    (first, *_) = document["gains"]["central"]
    assert (first["kind"], first["runs"]) == ("client up", 3)
    assert first["differences"]["mean"]["decided"] in (True, False)
    assert document["held_back"]["slow"][0]["kind"] == "client up"


def test_runs_that_doubled_are_found_in_the_store_again(tmp_path: Path) -> None:
    """Six runs and three for one thing of each of two variants, all of them once."""
    store = Store(tmp_path / "runs")
    first = sim.compare(made(), executor="serial", gains=1, store=store, tables=False)
    count = len(store)
    assert count == 6 + 6
    second = sim.compare(made(), executor="serial", gains=1, store=store, tables=False)
    assert len(store) == count
    assert second.to_json() == first.to_json()


def test_one_run_is_doubled_alone() -> None:
    """The same run again, with the same seed and number, of the variant that it is."""
    result = sim.run(made(), seed=7, run=1, variant="slow")
    (gain,) = doubled_run(result, 1)
    again = sim.run(made().variant("slow").with_(dict(gain.overrides)), seed=7, run=1)
    assert gain.apart["mean"].mean == pytest.approx(again.held_back.mean_s - result.held_back.mean_s)
    assert gain.runs == 1


def test_tables_say_seconds_shares_and_gains(outcome: sim.Comparison) -> None:
    """A line for the uplinks with their share, one column a variant, and what doubling them changes."""
    held, gained = held_back.comparison_blocks(outcome)
    assert held.title == "What held deploys back"
    assert list(held.columns) == ["central", "slow"]
    line = held.labels.index("clients' uplinks dev")
    assert held.columns["slow"][line][0].endswith(" %")
    assert gained.title == "What doubling it changes: 3 paired runs each"
    assert gained.columns["slow"][gained.labels.index("clients' uplinks")][0].startswith("mean -")
    assert len(list(held_back.run_blocks(outcome.samples["slow"]))) == 1


def test_listed_deploys_are_asked_for_again_where_something_is_doubled() -> None:
    """A demand from a table goes with the question: the same two deploys, faster."""
    listed = pd.DataFrame({"time": [10.0, 20.0], "client": "dev", "image": "app"})
    found = sim.compare(made(), runs=1, executor="serial", gains=1, demand=listed)
    assert [each.deploys for each in found.outcomes["slow"]] == [2]
    assert found.gains["slow"][0].apart["mean"].mean < -1
