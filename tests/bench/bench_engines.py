"""How fast the engines are in every kind of world, one process; writes its part of `RESULTS.md`, beside this file.

    python tests/bench/bench_engines.py            # all tables: minutes, on a machine that does nothing else
    python tests/bench/bench_engines.py --quick    # a few deploys of each, printed and not written

A row is a whole run from the loaded scenario to its tables, median of five runs with draws of their own (of the largest
fewer), after one run that loads the machine code. Beside it stands what the machine did in the same minute: bare SimPy
timeouts a second, so that figures from two machines, or from two hours of a noisy one, can be compared.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import simpy

import sim
from sim import policies
from sim.docs import markdown
from sim.engines import Engine

HERE: Final = Path(__file__).parent
SCENARIOS: Final = HERE.parents[1] / "scenarios"
PAGE: Final = HERE / "RESULTS.md"
PART: Final = "Engines"
RUNS: Final = 5
TIMEOUTS: Final = 200_000
METROS: Final = ("dal", "fra", "sfo", "sin", "was")
#: Deploys of a row of `--quick`, about.
FEW: Final = 40
MEGABYTE: Final = 1e6


@dataclass(frozen=True)
class World:
    """A row: a scenario, one of its variants, what is set in it, which engine, and how many runs.

    `apart` has each run made by a process of its own, so that its peak of memory can be told.
    """

    name: str
    file: str
    variant: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    engine: Engine = "compiled"
    runs: int = RUNS
    apart: bool = False

    def scenario(self, quick: bool) -> sim.Scenario:
        """What is run; when `quick`, over so short a time that only a few deploys come."""
        scenario = sim.load(SCENARIOS / f"{self.file}.toml", dict(self.settings))
        if quick:
            a_day = scenario.run.duration_s * (scenario.demand.rate_per_s or 0.0)
            most_s = scenario.run.duration_s * min(FEW / a_day, 1.0)
            scenario = scenario.with_({"run.duration": f"{max(most_s, 1.0):.3f} s", "demand.apps": 100})
        return scenario.variant(self.variant)


@dataclass(frozen=True)
class Measured:
    """What a row came to."""

    deploys: int
    wall_s: float
    events: int
    flows: int
    peak_rss_bytes: int
    timeouts_per_s: float

    @property
    def deploys_per_s(self) -> float:
        return self.deploys / self.wall_s

    @property
    def us(self) -> float:
        """Microseconds a deploy."""
        return 1e6 * self.wall_s / self.deploys


def metros(name: str, variant: str, **settings: Any) -> World:
    """`metros.toml`, with keys whose dots are written as two underscores."""
    return World(name, "metros", variant, {key.replace("__", "."): value for key, value in settings.items()})


def each_registry(key: str, value: Any) -> dict[str, Any]:
    """One value at central and at all nodes of `metros.toml`."""
    return {f"central__{key}": value} | {f"nodes__{metro}__{key}": value for metro in METROS}


def sized(nodes: int) -> World:
    """`metros.toml` with so many nodes in all."""
    counts = {f"nodes__{metro}__count": nodes // len(METROS) for metro in METROS}
    return metros(f"metros, node-direct, {nodes:,} nodes", "node-direct", **counts)


def million(deploys: int) -> World:
    """`million.toml` with so many deploys a day."""
    runs, rate = {10_000: RUNS, 100_000: 3}.get(deploys, 1), {"demand.rate": f"{deploys}/day"}
    return World(f"million, mixed, {deploys:,}", "million", "mixed", rate, runs=runs, apart=True)


def systems() -> Iterator[World]:
    """Each variant of `systems.toml` but swarms, for long enough that 20,000 deploys come."""
    scenario = sim.load(SCENARIOS / "systems.toml")
    for name in scenario.variants:
        source = scenario.variant(name).policies.source
        if not hasattr(policies.rule("source", source.name), "swarm"):
            yield World(f"systems, {name}", "systems", name, {"run.duration": "96 h"})


def kinds() -> list[World]:
    """The first table: every kind of world."""
    fewer: Mapping[str, Any] = {"demand.rate": "5000/day"}
    return [
        metros("metros, central", "central"),
        metros("metros, node-direct", "node-direct"),
        metros("metros, three nodes a deploy", "central", demand__nodes=3),
        metros("metros, three nodes a deploy, node-direct", "node-direct", demand__nodes=3),
        metros("metros, spread", "node-direct", policies__placement="spread"),
        metros("metros, by digest", "central", demand__reference="digest"),
        metros("metros, exponential service", "central", **each_registry("service", "exponential")),
        metros("metros, four workers", "central", **each_registry("workers", 4)),
        World("wan-outage, central", "wan-outage", "central", {"run.duration": "96 h"}),
        World("wan-outage, node-direct", "wan-outage", "node-direct", {"run.duration": "96 h"}),
        *systems(),
        World("metros, central, reference engine", "metros", "central", fewer, "reference"),
        World("metros, node-direct, reference engine", "metros", "node-direct", fewer, "reference"),
    ]


def growing() -> list[World]:
    """The second table: what time a deploy, and memory, are as a world grows."""
    return [*map(million, (10_000, 100_000, 1_000_000)), sized(20), sized(2_000)]


#: The third table: what is waited for before a first answer, s.
STARTS: Final = (
    "first run of metros.toml, machine code from the cache",
    "first run of metros.toml, empty cache",
    "compare scenarios/metros.toml, 10 runs, 2 workers, from the cache",
    "compare scenarios/metros.toml, 10 runs, 2 workers, empty cache",
)


def timeouts_per_s() -> float:
    """How many timeouts SimPy gets through in a second here and now."""
    env = simpy.Environment()

    def wait(times: int) -> Iterator[Any]:
        for _ in range(times):
            yield env.timeout(1.0)

    for _ in range(100):
        env.process(wait(TIMEOUTS // 100))
    began = time.perf_counter()
    env.run()
    return TIMEOUTS / (time.perf_counter() - began)


def once(world: World, scenario: sim.Scenario, run: int, engine: Engine) -> Measured:
    """One run."""
    result = sim.run(scenario, run=run, engine=engine)
    deploys = len(result.tables["deploys"])
    return Measured(deploys, result.wall_s, result.events, result.flows, 0, 0.0)


def apart(world: World, run: int) -> Measured:
    """One run by a process of its own, which has loaded machine code before and tells its peak of memory."""
    command = [sys.executable, __file__, "--one", world.name, str(run)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Measured(**json.loads(done.stdout))


def one(name: str, run: int) -> Measured:
    """What `apart` asks for."""
    (world,) = (world for world in growing() if world.name == name)
    sim.run(world.scenario(quick=True), engine=world.engine)
    measured = once(world, world.scenario(quick=False), run, world.engine)
    status = Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    return Measured(**(vars(measured) | {"peak_rss_bytes": peak}))


def measured(world: World, quick: bool) -> Measured:
    """A row: the median of its runs by time a deploy."""
    timeouts = 0.0 if quick else statistics.median(timeouts_per_s() for _ in range(3))
    if quick:
        runs = [once(world, world.scenario(quick), 0, "reference")]
    elif world.apart:
        runs = [apart(world, run) for run in range(world.runs)]
    else:
        sim.run(world.scenario(quick=True), engine=world.engine)
        scenario = world.scenario(quick)
        runs = [once(world, scenario, run, world.engine) for run in range(world.runs)]
    middle = sorted(runs, key=lambda run: run.us)[len(runs) // 2]
    return Measured(**(vars(middle) | {"timeouts_per_s": timeouts}))


def starts(quick: bool) -> Iterator[tuple[str, float]]:
    """The third table's rows; nothing is waited for when `quick`."""
    if quick:
        yield from ((name, float("nan")) for name in STARTS)
        return
    run = ("run", "metros", "--variant", "central", "--set", "demand.rate=5000/day", "--engine", "compiled", "-q")
    compare = ("compare", str(SCENARIOS / "metros.toml"), "--executor", "processes:2", "-q")
    with tempfile.TemporaryDirectory() as folder:
        for at, words in ((0, run), (2, compare)):
            shutil.rmtree(folder, ignore_errors=True)
            empty_s, full_s = (asked_s(words, folder) for _ in range(2))
            yield STARTS[at], full_s
            yield STARTS[at + 1], empty_s


def asked_s(words: Sequence[str], cache: str) -> float:
    """How long the command line takes with machine code kept in a folder."""
    environment = os.environ | {"NUMBA_CACHE_DIR": cache}
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "sim", *words], check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def page(quick: bool) -> Iterator[str]:
    """The lines of this part of the page, as they come."""
    yield f"## {PART}"
    yield ""
    yield "`python tests/bench/bench_engines.py` wrote this part. A row is a whole run, from the loaded scenario to its"
    yield "tables, in one process: the median of five runs, of `million` of 5, 3 and 1. Beside it stand bare SimPy"
    yield "timeouts a second in the same minute."
    yield ""
    yield f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}, {os.cpu_count()} cores."
    yield ""
    yield "| world | deploys | deploys/s | events a deploy | flows a deploy | SimPy timeouts/s |"
    yield "|---|--:|--:|--:|--:|--:|"
    for world in kinds():
        found = measured(world, quick)
        yield (
            f"| {world.name} | {found.deploys:,} | {found.deploys_per_s:,.0f} | {found.events / found.deploys:.1f} | "
            f"{found.flows / found.deploys:.1f} | {found.timeouts_per_s:,.0f} |"
        )
    yield ""
    yield "| as it grows | deploys | deploys/s | us a deploy | against the first | peak memory | SimPy timeouts/s |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    first: dict[str, float] = {}
    for world in growing():
        found = measured(world, quick)
        times = found.us / first.setdefault(world.file, found.us)
        memory = f"{found.peak_rss_bytes / MEGABYTE:,.0f} MB" if found.peak_rss_bytes else ""
        yield (
            f"| {world.name} | {found.deploys:,} | {found.deploys_per_s:,.0f} | {found.us:.1f} | {times:.2f} | "
            f"{memory} | {found.timeouts_per_s:,.0f} |"
        )
    yield ""
    yield "| from a fresh process | s |"
    yield "|---|--:|"
    for name, seconds in starts(quick):
        yield f"| {name} | {seconds:.1f} |"


def rows_of(text: str) -> list[str]:
    """The names of all rows of this part of a page, heads left out."""
    lines = [line for line in markdown.section(text, PART).splitlines() if line.startswith("| ")]
    heads = ("world", "as it grows", "from a fresh process")
    return [name for line in lines if (name := line.split(" | ")[0].removeprefix("| ")) not in heads]


def main(words: Sequence[str]) -> None:
    """Print the page, and write it unless `quick`."""
    if words and words[0] == "--one":
        print(json.dumps(vars(one(words[1], int(words[2])))))
        return
    quick = "--quick" in words
    lines = []
    for line in page(quick):
        print(line, flush=True)
        lines.append(line)
    if not quick:
        PAGE.write_text(markdown.with_section(PAGE.read_text(), "\n".join(lines)))


if __name__ == "__main__":
    main(sys.argv[1:])
