"""The same scenario and seed are the same rows, bit for bit, and a change moves only what it is about."""

from __future__ import annotations

import copy
import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.protocol.build import build
from sim.protocol.state import LAYOUT
from sim.records import ArrayState
from sim.result import Result
from sim.runner import run
from sim.scenario import Scenario
from sim.streams import Streams
from sim.tables import rows
from sim.workload.demand import Demand
from sim.workload.synthetic import generate

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[1]
#: Two sites and a kernel release in ten busy minutes: every rule has something to decide.
DOCUMENT: dict[str, Any] = {
    "run": {"duration": "10 min", "seed": 1},
    "sites": {"was": {}, "dal": {}},
    "links": {"dal-was": {"between": ["dal", "was"], "rtt": "31.5 ms", "capacity": "1 Gbit/s"}},
    "central": {"site": "was"},
    "nodes": {"n": {"site": "dal", "count": 4}, "w": {"site": "was", "count": 2}},
    "clients": {"dev": {"site": "dal", "count": 5}, "ci": {"site": "was", "count": 2}},
    "images": {"app": {"kernel": "10 MB", "rootfs": "1 MB"}, "rom": {"rootfs": "20 MB"}},
    "demand": {"rate": "0.5/s", "apps": 20, "nodes": 2, "kernel_release": {"at": "4 min", "over": "2 min"}},
}
VARIANTS = {
    "central": {"policies.route": "central"},
    "node-direct": {"policies.route": "node-direct", "policies.placement": "spread"},
    "both": {"policies.route": "both", "policies.fanout": "peer", "policies.coalesce": False},
    "mixed": {"policies.route": [{"name": "central"}, {"name": "node-direct", "share": 2}]},
    "push-each": {"policies.route": "node-direct", "policies.fanout": "push-each", "demand.reference": "digest"},
}


def scenario(**overrides: Any) -> Scenario:
    """The document above; keys of overrides have two underscores for a dot."""
    named = {key.replace("__", "."): value for key, value in overrides.items()}
    return Scenario.from_document(DOCUMENT, overrides=named)


def variant(name: str) -> Scenario:
    return Scenario.from_document(DOCUMENT, overrides=VARIANTS[name])


@functools.cache
def once(name: str) -> Result:
    """One run of a variant, made for all tests that only read it."""
    return run(variant(name))


def demand(made: Scenario, seed: int = 1) -> Demand:
    return generate.demand(made, Streams(seed))


def digest_elsewhere(hash_seed: str) -> str:
    """The digest that a fresh process finds."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        f"from sim.runner import run\nfrom sim.scenario import Scenario\n"
        f"print(run(Scenario.from_document({DOCUMENT!r}, overrides={VARIANTS['both']!r})).digest)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return ended.stdout.strip()


def test_processes_that_hash_differently_find_the_same_rows() -> None:
    """Two processes with PYTHONHASHSEED 1 and 2, and this one, give one digest."""
    assert {digest_elsewhere("1"), digest_elsewhere("2"), once("both").digest} == {once("both").digest}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_run_can_be_had_again(name: str) -> None:
    """The same scenario, seed and run give the same digest; another seed or run gives another."""
    made = variant(name)
    digests = [once(name).digest, run(made, seed=1, run=0).digest, run(made, seed=2).digest, run(made, run=1).digest]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_every_variant_is_another_run() -> None:
    """The variants above are not alike by accident: each has its own digest."""
    assert len({once(name).digest for name in VARIANTS}) == len(VARIANTS)


def asked(result: Result) -> list[tuple[object, ...]]:
    """What was asked for, by the deploys' numbers."""
    table = result.tables["deploys"]
    columns = ("deploy", "asked_s", "client", "site", "repository", "image", "update", "nodes")
    return sorted(zip(*(list(table.column(name)) for name in columns), strict=True))


def test_policies_meet_the_same_demand() -> None:
    """Every variant is asked the same deploys, at the same instants, of the same clients, images and repositories."""
    base = asked(once("central"))
    assert len(base) > 250
    for name in VARIANTS:
        assert asked(once(name)) == base, name


def test_links_and_registries_leave_demand_alone() -> None:
    """Another capacity, more nodes, or drawn service times move no column of the demand."""
    base = demand(scenario())
    for made in (
        scenario(**{"links.dal-was.capacity": "2 Mbit/s"}),
        scenario(nodes__n__count=9),
        scenario(central__service="exponential"),
    ):
        same_columns(base, demand(made), COLUMNS)


COLUMNS = tuple(name for name in Demand.__slots__ if name != "known_apps")


def same_columns(one: Demand, other: Demand, names: tuple[str, ...]) -> None:
    for name in names:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


def test_another_kind_of_image_moves_only_kinds() -> None:
    """With a third kind of image, deploys come at the same times, of the same apps, from the same clients."""
    changed = copy.deepcopy(DOCUMENT)
    changed["images"]["third"] = {"rootfs": "3 MB"}
    base, other = demand(scenario()), demand(Scenario.from_document(changed))
    same_columns(base, other, tuple(name for name in COLUMNS if name != "app_kind"))
    assert set(other.app_kind.tolist()) == {0, 1, 2}


def test_another_group_of_clients_moves_only_clients() -> None:
    """With a third group of clients, everything but who pushes stays."""
    changed = copy.deepcopy(DOCUMENT)
    changed["clients"]["late"] = {"site": "was", "count": 3}
    base, other = demand(scenario()), demand(Scenario.from_document(changed))
    same_columns(base, other, tuple(name for name in COLUMNS if name != "app_client"))
    assert set(other.app_client.tolist()) == set(range(10))


def test_a_registry_draws_from_a_stream_of_its_own() -> None:
    """That nodes draw their service times too does not change what central draws: its busy time stays."""
    fixed = {"policies.route": "central", "demand.nodes": 1, "central.service": "exponential"}
    base = run(Scenario.from_document(DOCUMENT, overrides=fixed))
    more = run(Scenario.from_document(DOCUMENT, overrides=fixed | {"nodes.n.service": "exponential"}))
    busy = [float(result.tables["registries"].column("busy_s")[0]) for result in (base, more)]
    assert busy[0] == busy[1] > 0


def test_no_two_registries_draw_alike() -> None:
    """Central and six nodes that draw their service times start with seven different ones."""
    overrides = {f"{group}.service": "exponential" for group in ("central", "nodes.n", "nodes.w")}
    made = Scenario.from_document(DOCUMENT, overrides=overrides)
    built = build(made, demand(made), Streams(1))
    state = ArrayState(LAYOUT, built.tables)
    for registry in range(7):
        built.draws.refill(state, registry)
    first = state["registries"]["next_draw"]
    assert len({*state["service_draws"][first].tolist()}) == len(first) == 7


@pytest.mark.parametrize("name", VARIANTS)
def test_rows_stand_in_the_order_in_which_they_ended(name: str) -> None:
    """Deploys, transfers and syncs never go back in time."""
    made = once(name)
    for table, ended in rows.ENDS.items():
        assert (np.diff(made.tables[table].column(ended)) >= 0).all(), table
