"""What is said to have no effect has none: each key flipped in small worlds, and the rows held against each other.

Keys are flipped several at a time, each of them with others that have little to do with it, and one by one only where
the rows differ: two keys could hide each other's effects, so that a slow test flips each alone everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import pytest

import sim
from sim.errors import InputErrors
from sim.network.topology.shapes import Routing
from sim.scenario import Scenario
from sim.scenario.effects.unused import without_effect
from sim.scenario.keypath import dotted
from sim.scenario.model.demand import Demand
from sim.scenario.model.lazy import Lazy
from sim.scenario.model.policies import Garbage, Policies, Sync, Tags
from sim.scenario.model.tcp import Tcp

pytestmark = pytest.mark.integration

#: Forty deploys in ten minutes on four nodes at two sites, by two clients.
BASE: Mapping[str, Any] = {
    "run": {"duration": "10 min", "seed": 3},
    "sites": {"a": {}, "b": {}},
    "links": {"ab": {"between": ["a", "b"], "capacity": "1 Gbit/s", "rtt": "40 ms"}},
    "central": {"site": "a"},
    "nodes": {"near": {"site": "a", "count": 2}, "far": {"site": "b", "count": 2}},
    "clients": {"dev": {"site": "a"}, "ops": {"site": "b"}},
    "images": {
        "small": {"kernel": "300 kB", "rootfs": "200 kB", "boot": "4 ms"},
        "large": {"kernel": "300 kB", "rootfs": "20 MB", "boot": "4 ms"},
    },
    "demand": {"rate": "4/min", "apps": 6, "updates": 0.7, "wakes": 0},
}
#: Deploys by name, one of them on two nodes, by a client that is not asked otherwise.
LISTED: Final = "time,client,app,image,nodes\n" + "".join(
    f"{20 * at},{('ops', 'dev')[at % 3 > 0]},app{at % 5},{('small', 'large')[at % 2]},{1 + (at % 4 == 0)}\n"
    for at in range(25)
)
#: What each world has instead.
WORLDS: Mapping[str, Mapping[str, Any]] = {
    "central": {"policies.route": "central"},
    "central at once": {"policies.route": "central", "policies.create": "at-once"},
    "direct": {"policies.route": "node-direct"},
    "both": {"policies.route": "both", "demand.nodes": 2},
    "mixed": {
        "policies.route": [{"name": "central", "share": 1}, {"name": "node-direct", "share": 1}],
        "policies.placement": "spread", "demand.nodes": 2, "policies.sync.delay": "1 s",
    },
    "all direct below": {"policies.route": {"name": "direct-below", "size": "1 GB"}, "demand.nodes": 2},
    "lazy": {"policies.route": "node-direct", "policies.sync.to_central": "lazy", "demand.nodes": 3},
    "pushed": {"policies.route": "node-direct", "policies.sync.to_nodes": "on-push", "demand.removals": 0.3,
               "demand.removed_after": "10 s"},
    "polling": {"policies.create": "poll", "policies.sync.to_nodes": {"name": "poll", "every": "45 s"},
                "policies.sync.target_workers": 1},
    "slow target": {
        "policies.sync.to_nodes": "on-push", "policies.sync.targets": "all", "policies.sync.target_workers": 1,
        "policies.sync.workers": 2, "nodes.far.capacity": "5 Mbit/s", "policies.sync.delay": "0 s",
    },
    "never": {"policies.route": "node-direct", "policies.sync.to_central": "never", "policies.sync.to_nodes": "never"},
    "full": {
        "policies.route": "node-direct", "policies.placement": "spread", "central.storage": "150 MB",
        "nodes.near.storage": "60 MB", "nodes.far.storage": "60 MB", "policies.garbage.every": "2 min",
        "demand.runs_for": "20 s", "demand.sleeps_for": "10 s", "demand.wakes": 3,
    },
    "broken": {
        "policies.route": "node-direct", "demand.nodes": 2, "policies.sync.to_nodes": "on-push",
        "policies.sync.delay": "0 s",
        "faults.cut": {"kind": "link-down", "target": "ab", "between": "40 s", "lasts": "15 s"},
        "faults.slow": {"kind": "registry-slow", "target": "central", "between": "60 s", "lasts": "30 s"},
        "faults.narrow": {"kind": "link-degraded", "target": "ab", "between": "60 s", "lasts": "30 s", "to": 0.01},
        "faults.skew": {"kind": "clock-skew", "target": "near1", "between": "60 s", "lasts": "30 s", "ahead": "9 s"},
    },
    "down": {
        "policies.route": "node-direct", "policies.sync.delay": "0 s", "images.large.share": 9,
        "faults.gone": {"kind": "registry-down", "target": "central", "between": "30 s", "lasts": "10 s"},
    },
    "gone round": {
        "policies.route": "node-direct", "policies.sync.delay": "0 s", "sites.c": {}, "topology.convergence": "2 s",
        "links.ac": {"between": ["a", "c"], "capacity": "1 Gbit/s", "rtt": "40 ms"},
        "links.cb": {"between": ["c", "b"], "capacity": "1 Gbit/s", "rtt": "40 ms"},
        "faults.cut": {"kind": "link-down", "target": "ab", "between": "40 s", "lasts": "15 s"},
        "faults.own": {"kind": "link-down", "target": ["near1", "far1"], "between": "60 s", "lasts": "90 s"},
    },
    "expiring": {"policies.ttl": "30 s", "demand.runs_for": "5 s", "demand.sleeps_for": "50 s", "demand.wakes": 2},
    "elsewhere": {"policies.route": "node-direct", "policies.elsewhere": 0.5, "policies.placement": "nearest",
                  "policies.sync.delay": "1 s"},
    "through caches": {"caches.way": {"site": "b", "storage": "60 MB"}, "caches.idle": {"site": "a"},
                       "nodes.far.upstream": "way", "demand.warm": False},
    "through a warm cache": {"caches.way": {"site": "b"}, "nodes.far.upstream": "way", "policies.placement": "spread"},
    "weighted": {"policies.placement": "weighted"},
    "two architectures": {"images.large.architectures": ["amd64", "arm64"], "nodes.far.architecture": "arm64",
                          "policies.sync.to_nodes": "on-push", "policies.sync.targets": "all"},
    "own ttl": {"policies.ttl": "30 s", "nodes.near.ttl": "40 s", "nodes.far.ttl": "50 s"},
    "by digest": {"demand.reference": "digest"},
    "one node a site": {"nodes.near.count": 1, "nodes.far.count": 1, "policies.placement": "spread"},
    "new apps": {"demand.apps": 0, "demand.updates": 0.5, "policies.route": "node-direct"},
    "no updates": {"demand.updates": 0.0},
    "cold": {"demand.warm": False},
    "lazily loaded": {"demand.warm": False, "policies.load": "lazy", "policies.lazy.pace": "4 MB/s"},
    "read on demand": {"policies.load": "lazy", "policies.lazy.rest": "on-demand", "policies.lazy.later_for": "90 s",
                       "demand.warm": False},
    "loaded at once": {"policies.load": "lazy", "demand.warm": False},
    "listed": {"demand.table": LISTED, "policies.route": "node-direct", "policies.sync.delay": "1 s"},
    "listed in part": {"demand.table": "time,nodes\n1,1\n2,2\n20,2\n21,\n40,1\n80,2\n", "policies.route": "both"},
    "streams": {
        "demand.streams.pushes": {"updates": 0.5},
        "demand.streams.more": {"kind": "starts", "of": "pushes", "nodes": 2},
        "policies.route": "node-direct", "demand.hours": "00:02-00:08", "demand.rate": "30/day",
    },
    "starts": {"demand.kind": "starts", "policies.placement": "sticky"},
    "kernels of nodes": {"policies.kernels": "node", "demand.kernel_release": {"at": "2 min", "over": "10 s"},
                         "policies.route": "node-direct"},
    "starts, kernels of nodes": {"policies.kernels": "node", "demand.kernel_release": {"at": "2 min", "over": "10 s"},
                                 "demand.kind": "starts"},
    "small packages": {"policies.kernels": "node", "demand.kernel_release": {"at": "2 min", "over": "10 s"},
                       "policies.route": {"name": "direct-below", "size": "400 kB"}, "images.small.rootfs": "500 kB"},
    "at times": {"demand.at": ["00:01", "00:06"], "demand.batch": 5},
    "office hours": {"demand.hours": ["00:00-00:03", "00:05-00:06"], "demand.rate": "40/day"},
    "rates of their own": {
        "demand.streams.pushes": {"rate": "2/min"},
        "demand.streams.builds": {"at": ["00:01", "00:05"], "batch": 3},
        "demand.streams.gone": {"kind": "replacements", "rate": "0.5/min"},
    },
    "replaced": {"demand.streams.dev": {}, "demand.streams.gone": {"kind": "replacements", "rate": "1/min"}},
    "late garbage": {"policies.garbage.every": "20 min", "policies.garbage.pause": "1 s"},
    "crowd": {"demand.apps": 1, "demand.rate": "600/min", "run.duration": "10 s", "policies.placement": "spread",
              "images.large.share": 9, "demand.updates": 1.0, "policies.create": "at-once",
              "demand.reference": "tag"},
    "rivals": {
        "policies.route": [{"name": "central", "share": 1}, {"name": "node-direct", "share": 1}],
        "demand.apps": 1, "demand.rate": "20/min", "run.duration": "3 min", "demand.updates": 1.0,
        "policies.sync.delay": "0 s",
        "faults.skew": {
            "kind": "clock-skew", "target": ["near1", "near2", "far1", "far2"], "at": "1 s", "lasts": "5 min",
            "behind": "9 s",
        },
    },
}  # fmt: skip
#: Other values of each key.
FLIPS: Mapping[str, tuple[Any, ...]] = {
    "policies.route": ("central", "node-direct"),
    "policies.placement": ("sticky", "spread", "one-per-site", "weighted"),
    "policies.elsewhere": (0.0, 0.4),
    "policies.create": ("at-once", "poll", "client"),
    "policies.configs": ("beside", "first"),
    "policies.kernels": ("image", "node"),
    "policies.patience": ("1 ms", "60 s"),
    "policies.fanout": ("sync-then-pull", "push-each", "peer"),
    "policies.chunking": ("whole", "content-defined"),
    "policies.source": ("upstream", "peers-first", "pieces"),
    "policies.eviction": ("lru", "lfu", "size-aware"),
    "policies.ttl": ("5 s", "60 s"),
    "policies.keep_unsynced": (True, False),
    "policies.conflict": ("last-writer", "central-wins", "registry-order"),
    "policies.dedup": ("repository", "registry", "none"),
    "policies.coalesce": (True, False),
    "policies.sync.to_central": ("on-push", "lazy", "never"),
    "policies.sync.to_nodes": ("on-push", "lazy", "never"),
    "policies.sync.targets": ("holders", "all"),
    "policies.sync.delay": ("0 s", "3 s"),
    "policies.sync.workers": (10, 1),
    "policies.sync.target_workers": (1, 10),
    "policies.sync.queue": ("shared", "per-target"),
    "policies.sync.references": ("parallel", "series"),
    "policies.sync.client": ("regsync", "ocync"),
    "policies.sync.platforms": ("node", "all"),
    "policies.sync.job_rate": ("1 Mbit/s",),
    "policies.sync.target_rate": ("1 Mbit/s",),
    "policies.sync.leg_rate": ("1 Mbit/s",),
    "policies.sync.retries": (4, 0),
    "policies.sync.backoff": ("2 s", "7 s"),
    "policies.sync.resume": (True, False),
    "policies.sync.deletions": (True, False),
    "policies.garbage.every": ("1 min", "3 min"),
    "policies.garbage.untagged": (True, False),
    "policies.garbage.pause": ("0 s", "20 s"),
    "policies.tags.check": ("upstream", "absent"),
    "policies.tags.look": ("registries", "host"),
    "policies.load": ("lazy", "whole"),
    "policies.lazy.read_share": (0.3, 0.9),
    "policies.lazy.read": ("100 kB", "3 MB"),
    "policies.lazy.at_once": (2, 5),
    "policies.lazy.least": ("100 kB", "50 MB"),
    "policies.lazy.rest": ("background", "on-demand"),
    "policies.lazy.rest_after": ("3 s", "9 s"),
    "policies.lazy.pace": ("1 MB/s", "9 MB/s"),
    "policies.lazy.later_share": (0.3, 0.7),
    "policies.lazy.later_for": ("1 min", "2 min"),
    "policies.lazy.bursts": (3, 7),
    "demand.rate": ("10/min", "20/min"),
    "demand.arrivals": ("poisson", "even"),
    "demand.updates": (0.2, 0.9),
    "demand.apps": (3, 4),
    "demand.popularity": (0.1, 1.1),
    "demand.warm": (True, False),
    "demand.nodes": (1, 2),
    "demand.reference": ("tag", "digest", "client"),
    "demand.runs_for": ("1 s", "9 s"),
    "demand.sleeps_for": ("1 s", "9 s"),
    "demand.wakes": (1, 2),
    "demand.rollbacks": (0.0, 0.4),
    "demand.removals": (0.0, 0.4),
    "demand.removed_after": ("1 s", "9 s"),
    "demand.kind": ("starts",),
    "demand.clients": ("dev", "ops"),
    "demand.images": ("small", "large"),
    "demand.hours": ("00:01-12:00", "00:01-23:00"),
    "demand.weekdays": ("Mon", "Tue"),
    "demand.weights": ([2, *[1] * 23], [1, *[2] * 23]),
    "demand.outside": (0.0, 0.3),
    "demand.ramp": ({"to": "60/min", "over": "5 min"},),
    "demand.batch": (1, 3),
    "demand.at": ("00:03", "00:04"),
    "demand.every": ("2 min", "5 min"),
    "demand.spread": ("0 s", "20 s"),
    "demand.starts_on": ("more-nodes", "same-nodes"),
    "demand.clones": (True, False),
    "demand.kernel_release": ({"at": "1 min", "over": "10 s"},),
    "nodes.near.weight": (1.0, 3.0),
    "nodes.near.cold": (True, False),
    "nodes.far.architecture": ("amd64", "arm64"),
    "caches.way.cold": (True, False),
    "caches.way.commit_rate": ("1 MB/s", "9 MB/s"),
    "caches.way.store": ("1 s", "9 s"),
    "caches.way.token_life": ("1 s", "9 s"),
    "caches.idle.request_time": ("1 s", "9 s"),
    "topology.reroute": (True, False),
    "topology.convergence": ("1 s", "7 s"),
    "tcp.congestion": ("cubic", "bbr"),
    "tcp.parallel": ("opened", "open"),
    "tcp.queue": ("0 s", "90 ms"),
    "tcp.retries": (15, 2),
    "tcp.syn_retries": (6, 1),
    "faults.cut.times": (2.0, 3.0),
    "faults.slow.to": (0.2, 0.3),
    "faults.slow.times": (2.0, 3.0),
    "faults.narrow.to": (0.02, 0.3),
    "faults.narrow.ahead": ("1 s", "9 s"),
    "faults.skew.behind": ("1 s", "9 s"),
}
#: Into so many groups the keys are dealt out that are flipped together.
_GROUPS: Final = 3
#: Keys that a flip needs beside it to be valid.
BESIDE: Mapping[str, Mapping[str, Any]] = {"policies.sync.job_rate": {"policies.sync.references": "series"}}
#: What nodes that load layers lazily are refused.
SERVES = ("peer", "peers-first", "pieces")
#: Keys that always have an effect somewhere by being what they are, or are checked as tables of their own.
NOT_FLIPPED = {"demand.replay", "demand.table", "demand.of", "demand.streams", "tcp.shares"}


#: Of these it is what is written that has no effect: without it the run is the same, with another value perhaps not.
AS_WRITTEN = {"policies.garbage.every", "policies.placement"}


@cache
def digest(world: str, key: str = "", at: int = 0) -> str:
    """The digest of a world's rows, with one of its keys flipped."""
    return rows(WORLDS[world], {key: FLIPS[key][at]} if key else {}, BESIDE.get(key, {}))


def rows(*changes: Mapping[str, Any]) -> str:
    """The digest of the small world's rows with these changes."""
    merged = {name: value for each in changes for name, value in each.items()}
    return sim.run(Scenario.from_document(BASE, overrides=merged)).digest


def idle_keys(world: str) -> set[str]:
    """The keys of `FLIPS` that are said to have no effect in a world."""
    tables = Scenario.from_document(BASE, overrides=WORLDS[world])
    said = [dotted(idle.path) for idle in without_effect(tables)]
    return {key for key in FLIPS if any(key == path or key.startswith(f"{path}.") for path in said)}


def flips(world: str, key: str) -> list[int]:
    """The values of a key that make a scenario of this world."""
    table, name = key.split(".")[:2]
    valid = table not in ("faults", "caches") or f"{table}.{name}" in WORLDS[world]
    refused = SERVES if WORLDS[world].get("policies.load") == "lazy" else ()
    return [at for at, value in enumerate(FLIPS[key]) if value not in refused] if valid else []


def moved(world: str, flipped: Sequence[tuple[str, int]]) -> set[str]:
    """Which of these keys, each with the number of its value, move rows: all tried at once, halves where they do."""
    if len(flipped) == 1:
        ((key, at),) = flipped
        unflipped = rows(WORLDS[world], BESIDE[key]) if key in BESIDE else digest(world)
        return {key} if digest(world, key, at) != unflipped else set()
    try:
        if rows(WORLDS[world], {key: FLIPS[key][at] for key, at in flipped}) == digest(world):
            return set()
    except InputErrors:  # some of the values make no scenario together
        pass
    half = len(flipped) // 2
    return moved(world, flipped[:half]) | moved(world, flipped[half:])


def without_effect_in(world: str) -> list[tuple[str, int]]:
    """The keys that are said to have no effect in a world, in their order, each with the number of a value."""
    idle = idle_keys(world) - AS_WRITTEN
    return [(key, at) for key in FLIPS if key in idle for at in flips(world, key)]


@pytest.mark.parametrize("world", WORLDS)
def test_what_has_no_effect_changes_no_row(world: str) -> None:
    """Whatever keys that are said to have no effect say, the rows are the same to the bit."""
    found: set[str] = set()
    for number in (0, 1):
        flipped = [(key, at) for key, at in without_effect_in(world) if at == number and key not in BESIDE]
        for first in range(_GROUPS):
            if group := flipped[first::_GROUPS]:
                found |= moved(world, group)
    for key, at in without_effect_in(world):
        if key in BESIDE:
            found |= moved(world, [(key, at)])
    assert found == set()


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_what_has_no_effect_changes_no_row_alone(world: str) -> None:
    """The same of each key and each value by itself."""
    assert [each for each in without_effect_in(world) if moved(world, [each])] == []


def test_keys_that_move_rows_are_found_among_others() -> None:
    """One key with an effect among three without, and a value that makes no scenario with another: both say so."""
    among = [("policies.fanout", 0), ("policies.patience", 0), ("demand.updates", 0), ("policies.eviction", 1)]
    assert moved("central at once", among) == {"demand.updates"}
    assert moved("central at once", [("demand.at", 0), ("policies.fanout", 0), ("demand.every", 0)]) == {
        "demand.at", "demand.every",
    }  # fmt: skip


def test_a_rate_that_no_stream_takes_has_no_effect() -> None:
    """`demand.rate` is idle where each stream has a rate or times of its own, and `demand.apps` is not."""
    assert {"demand.rate", "demand.at"} <= idle_keys("rates of their own")
    assert "demand.apps" not in idle_keys("rates of their own")
    assert "demand.rate" not in idle_keys("replaced")


@pytest.mark.parametrize(
    ("world", "key"), [("one node a site", "policies.placement"), ("late garbage", "policies.garbage.every")]
)
def test_what_is_written_without_effect_may_be_left_out(world: str, key: str) -> None:
    """Without the key, and those below it, the rows are the same to the bit."""
    assert key in idle_keys(world)
    table = key.rpartition(".")[0] if key.endswith("every") else key
    assert rows({name: value for name, value in WORLDS[world].items() if not name.startswith(table)}) == digest(world)


@pytest.mark.parametrize("key", FLIPS)
def test_each_key_has_an_effect_somewhere(key: str) -> None:
    """In one of the worlds the key is not said to be without effect, and has one."""
    never = {"faults.cut.times", "faults.slow.to", "faults.narrow.ahead", "caches.idle.request_time"}
    never |= {f"caches.way.{name}" for name in ("commit_rate", "store", "token_life")}
    for world in WORLDS:
        if key not in idle_keys(world) and any(digest(world, key, at) != digest(world) for at in flips(world, key)):
            assert key not in never
            return
    assert key in never


def test_every_policy_and_every_part_of_the_demand_is_flipped() -> None:
    """A key that is added to the model is added to the flips, or the test says that it lacks."""
    tables = {
        "policies": Policies,
        "policies.sync": Sync,
        "policies.garbage": Garbage,
        "policies.tags": Tags,
        "policies.lazy": Lazy,
        "demand": Demand,
        "topology": Routing,
        "tcp": Tcp,
    }
    keys = {f"{at}.{field.alias}" for at, model in tables.items() for field in model.model_fields.values()}
    assert keys - set(FLIPS) - set(tables) - NOT_FLIPPED == set()
