"""Speed and memory of `sim.network` on stated shapes, medians of five, beside SimGrid where it is installed.

    python tests/bench/bench_network.py            # printed: minutes, on a machine that does nothing else
    python tests/bench/bench_network.py --write    # and put into its part of `RESULTS.md`, beside this file

SimGrid's rows need the Python package `simgrid`; those of its C++ core
also g++ and its headers, found by the variable SIMGRID_INCLUDE (directories joined by colons). Compilation is timed
apart.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import simpy

from sim.docs import markdown
from sim.network import Flow, Flows, Fluid, simulate

REPEATS = 5
HERE = Path(__file__).parent
PAGE = HERE / "RESULTS.md"
PART = """\
## Network

`python tests/bench/bench_network.py --write` wrote this part: the network alone, medians of five, against SimGrid
where that is installed (its C++ rows need g++ and `SIMGRID_INCLUDE`, the folders of its headers and of the
`simgrid/config.h` that its build makes). What links share with many others (random pairs) gains least.

"""


class Shape(NamedTuple):
    """A network, its flows, and how many of them the slower contenders get."""

    name: str
    capacity_Bps: dict[str, float]
    flows: Flows
    plain: int
    simgrid: int

    @property
    def slow(self) -> bool:
        """Whether one run of the slower contenders has to do."""
        return "10,000" in self.name


def hub(nodes: int, flows: int, load: float | None = None, at_once: int = 0, plain: int = 0, simgrid: int = 0) -> Shape:
    """A hub's link of 1 GB/s to so many nodes of 1 GB/s; sizes exponential, mean 1 MB.

    Poisson arrivals at that load; or so many flows at the start, and then one more for each mean service time.
    """
    draw = np.random.default_rng(1)
    if load:
        start_s = np.cumsum(draw.exponential(1e-3 / load, flows))
    else:
        start_s = np.concatenate([np.zeros(at_once), np.arange(flows - at_once) * 1e-3])
    name = f"hub, {nodes} nodes, " + (f"load {load}" if load else f"{at_once:,} at once")
    capacity = {"hub": 1e9} | {f"node{i}": 1e9 for i in range(nodes)}
    routes = [(0, 1 + i) for i in range(nodes)]
    asked = Flows(start_s, draw.exponential(1e6, flows), draw.integers(0, nodes, flows), routes)
    return Shape(name, capacity, asked, plain, simgrid)


def pairs(nodes: int, at_once: int, plain: int, simgrid: int) -> Shape:
    """Random pairs of nodes, each with an up and a down link of 1 GB/s, all flows at once, until none is left."""
    draw = np.random.default_rng(2)
    capacity = {f"{way}{i}": 1e9 for way in ("up", "down") for i in range(nodes)}
    ends = np.stack([draw.integers(0, nodes, at_once), nodes + draw.integers(0, nodes, at_once)], axis=1)
    used, route = np.unique(ends, axis=0, return_inverse=True)
    routes = [(int(a), int(b)) for a, b in used]
    asked = Flows(np.zeros(at_once), draw.exponential(1e6, at_once), route.reshape(-1), routes)
    return Shape(f"pairs of {nodes} nodes, {at_once:,} at once", capacity, asked, plain, simgrid)


def metros(flows: int, at_once: int, plain: int, simgrid: int) -> Shape:
    """A central link of 2 GB/s, 5 metros of 1 GB/s, 100 nodes of 0.5 GB/s: three hops, two of them contended."""
    draw = np.random.default_rng(3)
    capacity = {"central": 2e9} | {f"metro{i}": 1e9 for i in range(5)} | {f"node{i}": 5e8 for i in range(100)}
    routes = [(0, 1 + i % 5, 6 + i) for i in range(100)]
    start_s = np.concatenate([np.zeros(at_once), np.arange(flows - at_once) * 0.5e-3])
    asked = Flows(start_s, draw.exponential(1e6, flows), draw.integers(0, 100, flows), routes)
    return Shape(f"metros, 100 nodes, {at_once:,} at once", capacity, asked, plain, simgrid)


SHAPES = (
    hub(100, 1_000_000, load=0.8, plain=30_000, simgrid=100_000),
    hub(100, 500_000, at_once=100, plain=20_000, simgrid=20_000),
    hub(100, 500_000, at_once=10_000, plain=15_000, simgrid=10_500),
    hub(1000, 500_000, at_once=100, plain=20_000, simgrid=20_000),
    hub(1000, 500_000, at_once=10_000, plain=15_000, simgrid=10_500),
    metros(100_000, 1_000, plain=2_000, simgrid=5_000),
    pairs(100, 1_000, plain=200, simgrid=1_000),
    pairs(1000, 3_000, plain=0, simgrid=3_000),
    pairs(1000, 10_000, plain=0, simgrid=0),
)


def first(shape: Shape, n: int) -> Flows:
    """The shape's first `n` flows."""
    start_s, size_bytes, route = (
        np.asarray(column)[:n] for column in (shape.flows.start_s, shape.flows.size_bytes, shape.flows.route)
    )
    return Flows(start_s, size_bytes, route, shape.flows.routes)


def median_s(run: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median wall time."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def listed(shape: Shape, n: int) -> Iterator[tuple[float, float, int]]:
    """The shape's first `n` flows as (start, size, route)."""
    flows = first(shape, n)
    return zip(*(np.asarray(c).tolist() for c in (flows.start_s, flows.size_bytes, flows.route)), strict=True)


def objects(shape: Shape) -> list[Flow]:
    """The shape's flows, an object each."""
    names = list(shape.capacity_Bps)
    routes = [tuple(names[link] for link in route) for route in shape.flows.routes]
    n = len(np.asarray(shape.flows.start_s))
    return [Flow(start, size, routes[route]) for start, size, route in listed(shape, n)]


def simulate_s(shape: Shape, n: int, compiled: bool) -> float:
    """Median time of the shape's first `n` flows."""
    flows = first(shape, n)
    repeats = 1 if shape.slow and shape.name.startswith("pairs") else REPEATS
    return median_s(lambda: simulate(shape.capacity_Bps, flows, compiled=compiled), repeats)


def compile_s() -> tuple[float, float]:
    """From a fresh interpreter to the first compiled answer: with an empty cache, and with a full one."""
    code = "from sim.network import *; simulate({'a': 1.0}, [Flow(0, 1, ('a',))], compiled=True)"
    with tempfile.TemporaryDirectory() as cache:
        run = [sys.executable, "-c", code]
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        cold, warm = (median_s(lambda: subprocess.run(run, env=environment, check=True), 1) for _ in range(2))
    return cold, warm


def simgrid_s(shape: Shape, folder: Path, core: Path | None) -> Iterator[tuple[str, int, float]]:
    """SimGrid's times on the shape's first flows: Python actors, and its C++ core where it could be built."""
    environment = os.environ | {"LD_LIBRARY_PATH": simgrid_folder()}
    for name, n in (("SimGrid, Python actors", min(shape.simgrid, 3_000)), ("SimGrid, C++", shape.simgrid)):
        start_s, size_bytes, route = (list(column) for column in zip(*listed(shape, n), strict=True))
        capacity, routes = list(shape.capacity_Bps.values()), shape.flows.routes
        path = folder / "flows"
        if name.endswith("C++"):
            lines = [str(len(capacity)), *map(repr, capacity), str(len(routes))]
            lines += [" ".join(map(str, [len(crossed), *crossed])) for crossed in routes]
            lines += [str(n), *(f"{s!r} {b!r} {r}" for s, b, r in zip(start_s, size_bytes, route, strict=True))]
            path.write_text("\n".join(lines))
            command = [str(core), str(path)]
        else:
            keys = {"start_s": start_s, "size_bytes": size_bytes, "route": route}
            path.write_text(json.dumps({"capacity_Bps": capacity, "routes": routes, **keys}))
            command = [sys.executable, str(HERE / "simgrid_actors.py"), str(path)]
        if name.endswith("C++") and core is None:
            continue
        if shape.slow and not name.endswith("C++"):
            continue  # minutes for a figure that the C++ core bounds
        runs = 1 if shape.slow else REPEATS
        seconds = []
        for _ in range(runs):
            done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
            seconds.append(float(done.stdout.split()[-1]))
        yield f"{name}{'' if runs > 1 else ' (one run)'}", n, statistics.median(seconds)


def simgrid_folder() -> str:
    """Where the package's shared library lies."""
    found = importlib.util.find_spec("simgrid")
    return str(Path(found.origin).parent) if found and found.origin else ""


def build_core(folder: Path) -> Path | None:
    """SimGrid's C++ driver, if it can be built."""
    headers = os.environ.get("SIMGRID_INCLUDE", "")
    if not headers or not shutil.which("g++"):
        return None
    core = folder / "simgrid_flows"
    include = [f"-I{directory}" for directory in headers.split(":")]
    link = [f"-L{simgrid_folder()}", "-lsimgrid"]
    source = str(HERE / "simgrid_flows.cpp")
    subprocess.run(["g++", "-O2", "-std=c++17", source, *include, *link, "-o", str(core)], check=True)
    return core


def drive(fluid: Fluid, n: int) -> None:
    """Flows one after another, each alone on three links."""
    kind = fluid.class_of((0, 1, 2))
    now = 0.0
    for token in range(n):
        fluid.start(now, kind, 1e6, token)
        now = fluid.next_finish_s
        fluid.finished(now)


def drive_by_simpy(shape: Shape, n: int, compiled: bool) -> None:
    """The shape's first flows, each a SimPy event at its start, and a timer for the next end."""
    environment = simpy.Environment()
    fluid = Fluid(list(shape.capacity_Bps.values()), compiled=compiled)
    kinds = [fluid.class_of(route) for route in shape.flows.routes]
    armed = [float("inf")]

    def arm() -> None:
        if fluid.next_finish_s < armed[0]:
            armed[0] = fluid.next_finish_s
            environment.timeout(max(0.0, armed[0] - environment.now)).callbacks.append(due)

    def due(_: simpy.Event) -> None:
        armed[0] = float("inf")
        if fluid.next_finish_s <= environment.now * (1 + 1e-15):
            fluid.finished(environment.now)
        arm()

    asked = enumerate(listed(shape, n))

    def follow() -> None:
        for token, (start, size, route) in asked:
            environment.timeout(start - environment.now, (kinds[route], size, token)).callbacks.append(begin)
            return

    def begin(event: simpy.Event) -> None:
        fluid.start(environment.now, *event.value)
        arm()
        follow()

    follow()
    environment.run()


def live_bytes(n: int) -> float:
    """Memory of one live flow, in plain Python."""
    fluid = Fluid([1e9] * 101)
    kinds = [fluid.class_of((0, 1 + i)) for i in range(100)]
    tracemalloc.start()
    for token in range(n):
        fluid.start(0.0, kinds[token % 100], 1e6 + token, token)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken / n


def row(name: str, n: int, seconds: float, beside: str = "") -> None:
    """One line of the table."""
    print(f"| {name} | {n:,} | {seconds / n * 1e6:,.3g} | {n / seconds:,.0f} | {beside} |", flush=True)


class Both(io.StringIO):
    """Prints what it keeps."""

    def write(self, text: str) -> int:
        sys.__stdout__.write(text)
        sys.__stdout__.flush()
        return super().write(text)


def main(write: bool) -> None:
    """Prints the table, and writes it into the page when asked."""
    with contextlib.redirect_stdout(Both()) as printed:
        table()
    if write:
        PAGE.write_text(markdown.with_section(PAGE.read_text(), PART + printed.getvalue()))


def table() -> None:
    """Prints the table."""
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}, {os.cpu_count()} cores")
    cold, warm = compile_s()
    print(f"Compiling: {cold:.1f} s once, {warm:.1f} s from the cache in a fresh interpreter, imports included.\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        has_simgrid = bool(simgrid_folder())
        core = build_core(folder) if has_simgrid else None
        print("| shape and contender | flows | us per flow | flows/s | |\n|---|---|---|---|---|")
        for shape in SHAPES:
            n = len(np.asarray(shape.flows.start_s))
            simulate(shape.capacity_Bps, first(shape, 100), compiled=True)
            seconds = simulate_s(shape, n, True)
            row(f"**{shape.name}**, compiled", n, seconds)
            if shape is SHAPES[0]:
                asked = objects(shape)
                row("from a list of `Flow`", n, median_s(lambda: simulate(shape.capacity_Bps, asked)))  # noqa: B023
            if shape.plain:
                row("plain Python", shape.plain, simulate_s(shape, shape.plain, False))
            if has_simgrid and shape.simgrid:
                for name, count, other_s in simgrid_s(shape, folder, core):
                    times = (other_s / count) / (seconds / n)
                    row(name, count, other_s, f"compiled is {times:,.0f} times as fast")
        for way, compiled in (("plain", False), ("compiled", True)):
            seconds = median_s(lambda: drive(Fluid([6e6, 1.25e9, 1.25e9], compiled=compiled), 20_000))  # noqa: B023
            row(f"**event by event**, {way}, alone on 3 links", 20_000, seconds)
            seconds = median_s(lambda: drive_by_simpy(SHAPES[0], 50_000, compiled))  # noqa: B023
            row(f"from SimPy, {way}, hub at load 0.8", 50_000, seconds)
    print(f"\nMemory of a live flow: {live_bytes(20_000):.0f} B in plain Python.")
    if not has_simgrid:
        print("SimGrid is not installed here, so its rows are left out.")
    elif core is None:
        print("SimGrid's C++ core is left out: it needs g++ and SIMGRID_INCLUDE.")


if __name__ == "__main__":
    main("--write" in sys.argv[1:])
