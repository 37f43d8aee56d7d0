"""Plain worlds in compiled text say what the world that waits says, bit for bit."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import sim
from sim import rows
from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload import synthetic
from sim.workload.demand import Demand
from sim.world import plainly
from sim.world.build import build
from sim.world.tally import tally
from sim.world.world import World

from . import shipped
from .small import App, Deploy, demand, play, scenario


def run(chosen: Scenario, asked: Demand, streams: Streams | None = None) -> World | None:
    """The world after its run in compiled text; None if it is not plain, or turned out not to be."""
    world = build(chosen, asked, streams or Streams(1))
    plan = plainly.plan(chosen, world, asked, pays_from=0)
    if plan is None or not plainly.carry_out(world, asked, plan):
        return None
    tally(world)
    return world


#: Those of the shipped scenarios that are plain.
PLAIN = [
    f"{name}-{route}"
    for name in ("metros", "abilene", "kernel-release", "first-push")
    for route in ("central", "node-direct")
]


@pytest.mark.parametrize("name", PLAIN)
def test_shipped_scenarios_say_the_same_either_way(name: str) -> None:
    """Every row of every table is the same, and so are the clock's end, the events and the flows."""
    waits = shipped.result(name)
    chosen = waits.scenario
    streams = Streams(chosen.run.seed, 0)
    world = run(chosen, synthetic.demand(chosen, streams), streams)
    assert world is not None
    assert rows.digest(world.log.tables) == waits.digest
    assert world.clock.now == waits.simulated_s
    assert world.wire.flows == waits.flows
    assert world.clock.events == waits.events


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["central", "node-direct"])
def test_a_large_run_goes_the_plain_way_by_itself(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From 10,000 deploys on `sim.run` does so; the rows do not say which way it went."""
    chosen = sim.load(shipped.FOLDER / "metros.toml", {"run.duration": "5 h"}, variant)
    went: list[bool] = []

    def noted(world: World, asked: Demand, plan: plainly.Plan) -> bool:
        went.append(plainly.drive.carry_out(world, asked, plan))
        return went[-1]

    monkeypatch.setattr(plainly, "carry_out", noted)
    plain = sim.run(chosen)
    assert went == [True]
    monkeypatch.setattr(plainly, "plan", lambda *_: None)
    assert sim.run(chosen).digest == plain.digest


@st.composite
def busy(draw: st.DrawFn) -> tuple[Scenario, Demand]:
    """A few applications of three clients, deployed over and over within minutes: they meet, join and queue."""
    apps = [App(draw(st.integers(0, 2)), draw(st.integers(0, 1)), draw(st.sampled_from([0.0, 0.6]))) for _ in range(3)]
    asks = st.tuples(st.integers(0, 60), st.integers(0, 2), st.integers(0, 1))
    asked = sorted(draw(st.lists(asks, min_size=1, max_size=14)))
    changes = {
        "policies__route": draw(st.sampled_from(["central", "node-direct"])),
        "central__workers": draw(st.sampled_from([30, 100])),
        "clients__dev__profile": draw(st.sampled_from(["kraftkit", "docker", "oras"])),
        "clients__dev__window": draw(st.sampled_from(["1 GB", "64 kB"])),
        "images__app__kernel": draw(st.sampled_from(["3 MB", "1 MB", "120 kB"])),
        "nodes__n__disk": draw(st.sampled_from(["1 GB/s", "2 MB/s"])),
        "central__token_life": draw(st.sampled_from(["30 min", "2 s"])),
        "policies__sync__delay": draw(st.sampled_from(["0 s", "1 s"])),
        "policies__sync__workers": draw(st.sampled_from([1, 10])),
    }
    chosen = scenario(nodes=2, clients=3, **changes)
    # The slowest outlasts connections that are kept, in the fastest many are asked for while they are opened.
    pace_s = draw(st.sampled_from([0.07, 0.5, 3.0]))
    deploys = [Deploy(at * pace_s, app, kernel) for at, app, kernel in asked]
    return chosen, demand(deploys, apps, known_apps=draw(st.integers(0, 3)))


@settings(max_examples=300, deadline=None)
@given(busy())
def test_busy_worlds_say_the_same_either_way(asked: tuple[Scenario, Demand]) -> None:
    """Deploys of the same applications that overlap, join each other's fetches, share links and queue for jobs."""
    plain = run(*asked)
    assume(plain is not None)
    assert plain is not None
    waits = play(*asked).world
    for name, table in waits.log.tables.items():
        other = plain.log.tables[name].arrays()
        for column, values in table.arrays().items():
            assert list(other[column]) == list(values), (name, column)
    assert plain.clock.now == waits.clock.now


def test_scarce_workers_are_not_plain() -> None:
    """Where requests may have to wait for a worker, the plain run ends and says so."""
    apps = [App(client=number) for number in range(6)]
    chosen = scenario(clients=6, central__workers=2)
    assert run(chosen, demand([Deploy(0.0, app=number) for number in range(6)], apps)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"policies__source": "peers-first"},
        {"policies__tags__check": "absent"},
        {"policies__placement": "spread"},
        {"policies__conflict": "central-wins"},
        {"policies__route": "both"},
        {"policies__coalesce": False},
        {"policies__create": "poll"},
        {"policies__sync__to_nodes": "on-push"},
        {"policies__sync__to_central": "poll", "policies__route": "node-direct"},
        {"policies__sync__target_workers": 1},
        {"policies__sync__target_rate": "1 MB/s"},
        {"policies__dedup": "registry"},
        {"policies__garbage__every": "1 min"},
        {"demand__reference": "digest"},
        {"demand__nodes": 2},
        {"nodes__n__storage": "1 GB"},
        {"central__service": "exponential"},
        {"run__detail": "requests"},
        {"clients__dev__profile": "skopeo"},
        {"clients__dev__profile": "unikraft"},
        {"images__app__config": "1 MB"},
        {"faults__line": {"kind": "link-down", "target": "hub-n1", "at": "1 s", "lasts": "1 s"}},
    ],
)
def test_what_is_out_of_the_ordinary_is_not_plain(changes: dict[str, object]) -> None:
    """Peers, pinned digests, full disks, drawn services and the like are left to the world that waits."""
    asked = demand([Deploy(0.0)])

    def plan(**changed: object) -> plainly.Plan | None:
        chosen = scenario(nodes=2, **changed)
        return plainly.plan(chosen, build(chosen, asked, Streams(1)), asked, pays_from=0)

    assert plan() is not None
    assert plan(**changes) is None


def test_small_runs_are_left_alone() -> None:
    """Loading the text takes most of a second, so that few deploys are left to the world that waits."""
    chosen, asked = scenario(), demand([Deploy(0.0)])
    assert plainly.plan(chosen, build(chosen, asked, Streams(1)), asked) is None


def test_tables_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is little room at first, tables are doubled as they fill, and nothing else changes."""
    monkeypatch.setattr(plainly.tables, "ROOM", 80)
    apps = [App(client=number % 5, draw=number % 2 / 2) for number in range(60)]
    asked = demand([Deploy(number / 50, app=number % 60) for number in range(120)], apps)
    chosen = scenario(nodes=2, clients=5, central__workers=200, nodes__n__workers=200)
    plain = run(chosen, asked)
    assert plain is not None
    assert rows.digest(plain.log.tables) == rows.digest(play(chosen, asked).world.log.tables)
