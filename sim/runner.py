"""One seeded run: assembles demand, world and tables into a `Result`, and decides nothing."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.result import Result
from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload import listed, redeployed, synthetic
from sim.workload import replay as logs
from sim.workload.demand import Demand
from sim.workload.logged import Logged
from sim.world import plainly
from sim.world.audit import Audit
from sim.world.build import build, placements
from sim.world.clock import Steps
from sim.world.deploy import deploy
from sim.world.replay import Replaying
from sim.world.tally import tally
from sim.world.world import World

if TYPE_CHECKING:
    import pandas as pd

_SETTLE_EVERY = 1024  # deploys; what their rows take until they become columns is under 2 MB


def run(
    scenario: Scenario, seed: int | None = None, run: int = 0, variant: str | None = None,
    demand: pd.DataFrame | str | None = None,
) -> Result:  # fmt: skip
    """Run a scenario (or one variant of it) once; the same seed and run give the same rows, bit for bit.

    `seed` is the scenario's unless given; `run` numbers independent repeats under one seed. `demand` lists the deploys
    instead of the scenario's own demand, a row each: a frame with the columns of `sim.scenario.pushes`, or CSV.
    """
    if demand is not None:
        scenario = scenario.with_({"demand.table": demand})
    if variant is not None:
        scenario = scenario.variant(variant)
    logged = scenario.demand.replay
    if logged is not None and logged.route == "logged":
        return replay(scenario, seed, run).result
    streams = Streams(scenario.run.seed if seed is None else seed, run)
    began = time.perf_counter()
    with _without_collector():
        asks = _demand(scenario, streams)
        world = build(scenario, asks, streams)
        plan = None if scenario.run.audit else plainly.plan(scenario, world, asks, plainly.PAYS_FROM)
        if plan is not None and plainly.carry_out(world, asks, plan):
            _wind_up(world)
        else:
            if plan is not None:  # it turned out not to be plain half-way
                world = build(scenario, asks, streams)
            _carry_out(world, _arrivals(world, asks), _audit(scenario, world), len(asks))
        if asks.stream is not None:
            names = [asks.stream_names[stream] for stream in asks.stream.tolist()]
            world.log.tables["streams"].fill((np.arange(len(asks)), names))
    return _result(scenario, streams, world, began)


def _demand(scenario: Scenario, streams: Streams) -> Demand:
    """What a run is asked to do: made up, listed in a table, or the pushes of a log."""
    if scenario.demand.replay is not None:
        return redeployed.demand(scenario, logs.source(scenario), streams)
    if scenario.demand.table is not None:
        return listed.demand(scenario, streams)
    return synthetic.demand(scenario, streams, placements(scenario, streams))


@dataclass(frozen=True, slots=True)
class Replayed:
    """A run of a logged demand: what the log says was done, and what the simulation did."""

    result: Result
    source: logs.Source
    simulated: Logged


def replay(scenario: Scenario, seed: int | None = None, run: int = 0) -> Replayed:
    """Run a scenario that has `[demand.replay]`; its log is read while the world runs, and rows go to disk."""
    streams = Streams(scenario.run.seed if seed is None else seed, run)
    began = time.perf_counter()
    source = logs.source(scenario)
    with _without_collector():
        world = build(scenario, Demand.nothing(), streams)
        world.log.keep_on_disk()
        replaying = Replaying(world, source.replay, logs.Places(scenario, source.replay))
        _carry_out(world, replaying.run(source.operations(scenario.run.duration_s)), _audit(scenario, world))
    return Replayed(_result(scenario, streams, world, began), source, replaying.counts)


def _audit(scenario: Scenario, world: World) -> Audit | None:
    return Audit(world, scenario.run.duration_s) if scenario.run.audit else None


def _carry_out(world: World, arrivals: Steps, audit: Audit | None, asked: int | None = None) -> None:
    world.clock.start(arrivals)
    world.clock.run_out()
    if audit is not None:
        audit.finish(asked)
    _wind_up(world)


def _wind_up(world: World) -> None:
    tally(world)
    world.dissolve()


def _result(scenario: Scenario, streams: Streams, world: World, began: float) -> Result:
    return Result(
        scenario=scenario,
        variant=scenario.variant_name,
        seed=streams.seed,
        run=streams.run,
        tables=world.log.tables,
        events=world.clock.events,
        flows=world.network.wire.flows,
        simulated_s=world.clock.now,
        wall_s=time.perf_counter() - began,
    )


def _arrivals(world: World, demand: Demand) -> Steps:
    """Start each deploy when it is asked for; demand stops, the world runs on until every deploy has ended."""
    for ask in demand:
        yield ask.at_s
        world.clock.start(deploy(world, ask))
        if ask.deploy % _SETTLE_EVERY == 0:
            world.log.settle()


@contextmanager
def _without_collector() -> Iterator[None]:
    """The world makes no cycles that grow with it, and looking for them would take a fifth of the time."""
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
