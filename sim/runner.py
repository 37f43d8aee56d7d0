"""One seeded run: has the demand drawn or read, an engine run it, and hands its tables over as a `Result`.

Decides nothing: what is asked for is the workload's, what happens the protocol's, and which engine runs it can't be
seen in the rows.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim import engines
from sim.engines.run import Engine, Ran
from sim.errors import InputError
from sim.protocol.build import placements
from sim.result import Result
from sim.scenario import Scenario
from sim.scenario.asked import seed_of
from sim.streams import Streams
from sim.tables.rows import digest
from sim.workload import deploylist, redeployed
from sim.workload import replay as logs
from sim.workload.demand import Demand
from sim.workload.logs.operations import Logged
from sim.workload.synthetic import generate

if TYPE_CHECKING:
    import pandas as pd


def run(
    scenario: Scenario, seed: int | None = None, run: int = 0, variant: str | None = None,
    demand: pd.DataFrame | str | None = None, engine: Engine | None = None,
) -> Result:  # fmt: skip
    """Run a scenario (or one variant of it) once; the same seed and run give the same rows, bit for bit.

    `seed` is the scenario's unless given; `run` numbers independent repeats under one seed. `demand` lists the deploys
    instead of the scenario's own demand, a row each: a frame with the columns of
    `sim.scenario.model.deploylist`, or CSV. Which `engine` runs it ("reference" or "compiled") can't be seen in the
    rows; unless given it is the one that ends sooner.

    InputErrors when the demand makes no scenario; InputError for a variant or an engine that there is not.

    >>> import sim
    >>> result = sim.run(sim.load("metros", {"demand.rate": "50/day"}), variant="node-direct", seed=7)
    >>> result
    <Result of metros.toml, variant node-direct: one run of seed 7, 46 deploys>
    >>> len(result.deploys)
    46
    """
    seed = seed_of(scenario, seed)
    if demand is not None:
        scenario = scenario.with_({"demand.table": demand})
    if variant is not None:
        scenario = scenario.variant(variant)
    engines.checked(engine)
    logged = scenario.demand.replay
    if logged is not None and logged.route == "logged":
        return replay(scenario, seed, run, engine).result
    streams = Streams(seed, run)
    began = time.perf_counter()
    with _without_collector():
        asks = _demand(scenario, streams)
        count, stream, stream_names = len(asks), asks.stream, asks.stream_names
        chosen = engines.engine_for(scenario, count, engine, asks.known_apps)
        built = engines.built(scenario, asks, streams)
        del asks  # of a long run there is no memory for it beside what it leaves
        ran = engines.run_built(scenario, built, count, chosen)
        if stream is not None:
            ran.tables["streams"].fill((np.arange(count), (stream.astype(np.int32), stream_names)))
    return _result(scenario, streams, ran, began)


def look(result: Result, deploys: frozenset[int], from_s: float, until_s: float) -> engines.Seen:
    """Make a run again, and see the requests of these deploys and the services of all registries within some time.

    It is the same run, by the reference engine. InputErrors for a log that is replayed as it was, and where other rows
    come out, as from another version's result.
    """
    scenario = result.scenario
    logged = scenario.demand.replay
    if logged is not None and logged.route == "logged":
        raise InputError(scenario.name, "replays a log, of which no requests are seen", "ask for this of a run")
    seen = engines.Seen(deploys, from_s, until_s)
    streams = Streams(result.seed, result.run)
    with _without_collector():
        asks = _demand(scenario, streams)
        count, stream, stream_names = len(asks), asks.stream, asks.stream_names
        ran = engines.run_built(scenario, engines.built(scenario, asks, streams), count, "reference", seen)
        if stream is not None:
            ran.tables["streams"].fill((np.arange(count), (stream.astype(np.int32), stream_names)))
    if digest(ran.tables) != result.digest:
        remedy = "have the result made again by this version"
        raise InputError(scenario.name, "has other rows when it is run again, so that no requests are told", remedy)
    return seen


def _demand(scenario: Scenario, streams: Streams) -> Demand:
    """What a run is asked to do: drawn, listed in a table, or the pushes of a log."""
    if scenario.demand.replay is not None:
        return redeployed.demand(scenario, logs.source(scenario), streams)
    if scenario.demand.table is not None:
        return deploylist.demand(scenario, streams)
    return generate.demand(scenario, streams, placements(scenario))


@dataclass(frozen=True, slots=True)
class Replayed:
    """A run of a logged demand: what the log says was done, and what the simulation did."""

    result: Result
    source: logs.Source
    simulated: Logged


def replay(scenario: Scenario, seed: int | None = None, run: int = 0, engine: Engine | None = None) -> Replayed:
    """Run a scenario that has `[demand.replay]`; its log is read while the run goes on."""
    streams = Streams(seed_of(scenario, seed), run)
    began = time.perf_counter()
    source = logs.source(scenario)
    with _without_collector():
        ran, simulated = engines.replay(scenario, source, streams, engines.engine_for(scenario, None, engine))
    return Replayed(_result(scenario, streams, ran, began), source, simulated)


def _result(scenario: Scenario, streams: Streams, ran: Ran, began: float) -> Result:
    return Result(
        scenario=scenario,
        variant=scenario.variant_name,
        seed=streams.seed,
        run=streams.run,
        tables=ran.tables,
        events=ran.events,
        flows=ran.flows,
        solver_calls=ran.solver_calls,
        packets=ran.packets,
        packets_again=ran.packets_again,
        simulated_s=ran.simulated_s,
        wall_s=time.perf_counter() - began,
    )


@contextmanager
def _without_collector() -> Iterator[None]:
    """A run makes no cycles of objects that grow with it; looking for them would take a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            # Into the oldest generation without a look: as the youngest it would all be searched at once.
            gc.freeze()
            gc.unfreeze()
            gc.enable()
