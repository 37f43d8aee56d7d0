"""A log replayed leaves the same rows by either engine, and the counts that a log is held against."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.engines.replay import replay
from sim.scenario import Scenario
from sim.streams import Streams
from sim.tables.rows import digest
from sim.workload import replay as logs
from sim.workload.logs.operations import Operation
from sim.workload.logs.request import Reading

SCENARIOS = Path(__file__).parents[2] / "scenarios"
CHANGES: dict[str, dict[str, Any]] = {
    "as logged": {},
    "nothing is kept": {"demand.replay.cache": False},
    "configs are kept": {"demand.replay.configs": False},
    "pulls overtake pushes": {"demand.replay.speed": 100.0},
    "from the middle on": {"demand.replay.since": "2026-11-23T12:38:40Z"},
    "clients start late": {"demand.replay.start": "0.7 s"},
    "docker": {"clients.puller.profile": "docker", "clients.dev.profile": "docker"},
    "each request": {"run.detail": "requests"},
    "dedup over the registry": {"policies.dedup": "registry"},
}
PUBLISHED = ("spegel-10", "docker-hub")


def check(scenario: Scenario) -> None:
    """Either engine leaves the same rows, to the last bit, and the same counts, and the log has an end."""
    (one, counts), (other, other_counts) = (
        replay(scenario, logs.source(scenario), Streams(scenario.run.seed, 0), engine)
        for engine in ("reference", "compiled")
    )
    for name, table in one.tables.items():
        for column in table.columns:
            values, others = (of.column(column.name) for of in (table, other.tables[name]))
            assert np.array_equal(values, others, equal_nan=column.kind == "float"), f"{name}.{column.name}"
    assert digest(one.tables) == digest(other.tables)
    assert (counts, one.events, one.flows) == (other_counts, other.events, other.flows)
    assert one.simulated_s == other.simulated_s
    failed = one.tables["deploys"].column("failed")
    assert int((~failed).sum()) == counts.pushes + counts.pulls > 0  # what failed is a row, and nothing that was done


@pytest.mark.parametrize("what", CHANGES)
def test_a_recorded_log_leaves_the_same_rows(what: str) -> None:
    """Whatever of the replay is changed."""
    check(sim.load(str(SCENARIOS / "replay.toml"), CHANGES[what]))


@pytest.mark.parametrize("name", PUBLISHED)
def test_operations_by_hand_leave_the_same_rows(name: str) -> None:
    """Those of published measurements, as they are."""
    check(sim.load(str(SCENARIOS / "published" / f"{name}.toml")))


class MadeUp(logs.Source):
    """Operations that no log has: references by digest, unknown images, blobs that were found, and a past."""

    def operations(self, duration_s: float) -> Iterator[tuple[float, Operation]]:
        drawn = random.Random(self.replay.log)
        sizes = {f"sha256:{at:02x}": drawn.choice([100, 20_000, 300_000, 4_000_000]) for at in range(14)}
        at_s = -20.0
        for _ in range(150):
            at_s += drawn.choice([0.0, 0.05, 0.3, 1.0])
            layers, configs = sorted(sizes)[:10], sorted(sizes)[10:]
            digests = [*drawn.sample(layers, drawn.randint(0, 6)), drawn.choice(configs)]
            blobs = tuple((digest, math.nan if digest == "sha256:03" else float(sizes[digest])) for digest in digests)
            push = drawn.random() < 0.4
            found = frozenset(digests[:2]) if push and drawn.random() < 0.2 else frozenset[str]()
            reference = f"sha256:{255:064x}" if drawn.random() < 0.1 else drawn.choice(["a", "b"])
            yield at_s, Operation(
                at_s, "push" if push else "pull", f"10.99.{drawn.randint(1, 2)}.{drawn.randint(1, 4)}",
                drawn.choice(["x/one", "x/two", "y/three"]), reference, blobs, frozenset(), found,
                drawn.choice([math.nan, 700.0]), push or drawn.random() < 0.8,
            )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "changes",
    [
        {}, {"policies.dedup": "account", "clients.dev.profile": "docker"}, {"central.quota": "6 MB"},
        {"central.workers": 1, "central.request_time": "50 ms", "clients.puller.profile": "docker"},
        {"policies.garbage": {"every": "10 s", "untagged": True}, "run.duration": "60 s"},
        {"faults.down": {"kind": "registry-down", "target": "central", "at": "9 s", "lasts": "3 s"}},
        {"faults.cut": {"kind": "link-down", "target": "puller2", "at": "4 s", "lasts": "12 s"}},
    ],
    ids=["plain", "account", "quota", "one worker", "garbage", "central down", "link down"],
)  # fmt: skip
def test_whatever_a_log_says_leaves_the_same_rows(
    seed: int, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pushes and pulls at random, many of them at once, some of which fail."""

    def made_up(scenario: Scenario) -> logs.Source:
        replayed = scenario.demand.replay
        assert replayed is not None
        return MadeUp(replayed.model_copy(update={"log": str(seed)}), Reading("made up"))

    monkeypatch.setattr(logs, "source", made_up)
    check(sim.load(str(SCENARIOS / "replay.toml"), changes))
