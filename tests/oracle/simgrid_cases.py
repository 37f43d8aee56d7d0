"""Writes `simgrid.json`: completion times by SimGrid, for the tests to hold the network against.

SimGrid 4.1 without cross-traffic. Most cases use model CM02 without TCP-gamma on zero latency, which is a fluid under
max-min fairness; some give links latencies and use CM02 or LV08 whole. A cap is a private link there, and each flow
has a pair of hosts of its own. Needs the Python package `simgrid` (built from source with pybind11 below 3 and
Boost's headers); nothing else in the tests does. Run: python simgrid_cases.py
"""

from __future__ import annotations

import json
import multiprocessing
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import simgrid

Case = dict[str, Any]


def case(
    name: str, capacity: list[int], routes: list[list[int]], draw: random.Random, flows: int, capped: float
) -> Case:
    """Flows over random routes: [start, size, route, cap or null] each."""
    spread = draw.choice([0, 1, 30])
    return {
        "name": name,
        "capacity_Bps": capacity,
        "flows": [
            [
                round(draw.uniform(0, spread), 3),
                draw.choice([draw.randint(1, 1000), draw.randint(10**3, 10**6), draw.randint(10**6, 10**9)]),
                draw.choice(routes),
                draw.randint(10**4, 10**8) if draw.random() < capped else None,
            ]
            for _ in range(flows)
        ],
    }


def rate(draw: random.Random) -> int:
    """A capacity in bytes/s: round as often as not, so that links tie."""
    return draw.choice([10**6, 10**7, 10**8, draw.randint(10**5, 10**9)])


def star(draw: random.Random) -> tuple[list[int], list[list[int]]]:
    """Each node has an up and a down link; a route is one node's up and another's down."""
    nodes = draw.randint(2, 8)
    routes = [[2 * a, 2 * b + 1] for a in range(nodes) for b in range(nodes) if a != b]
    return [rate(draw) for _ in range(2 * nodes)], routes


def tree(draw: random.Random) -> tuple[list[int], list[list[int]]]:
    """Link i joins a place to its parent, a place named before it; a route runs from the root to a place."""
    size = draw.randint(3, 12)
    path: list[list[int]] = []
    for link in range(size):
        path.append([*(draw.choice(path) if path and draw.random() < 0.8 else []), link])
    return [rate(draw) for _ in range(size)], path


def mesh(draw: random.Random) -> tuple[list[int], list[list[int]]]:
    """Routes of random links with middles that many share."""
    size = draw.randint(3, 12)
    routes = [draw.sample(range(size), draw.randint(1, min(size, 5))) for _ in range(draw.randint(2, 15))]
    return [rate(draw) for _ in range(size)], routes


def answer(one: Case) -> list[float]:
    """Completion time of each flow, by SimGrid. One engine lives in one process, so: one process a case."""
    settings = [f"network/model:{one.get('model', 'CM02')}", "network/crosstraffic:0"]
    settings += [] if "model" in one else ["network/TCP-gamma:0"]
    settings += ["precision/work-amount:1e-9", "precision/timing:1e-12"]
    engine = simgrid.Engine(["oracle", *(f"--cfg={setting}" for setting in settings), "--log=root.thres:error"])
    zone = engine.netzone_root.add_netzone_full("all")
    latency = one.get("latency_s", [0.0] * len(one["capacity_Bps"]))
    links = [_link(zone, f"link{i}", capacity, latency[i]) for i, capacity in enumerate(one["capacity_Bps"])]
    finish: list[float] = [0.0] * len(one["flows"])
    for i, (start, size, route, cap) in enumerate(one["flows"]):
        source, target = zone.add_host(f"s{i}", 1e9), zone.add_host(f"t{i}", 1e9)
        source.seal()
        target.seal()
        crossed = [links[link] for link in route] + ([_link(zone, f"cap{i}", cap)] if cap else [])
        zone.add_route(source, target, [simgrid.LinkInRoute(link) for link in crossed], False)
        source.add_actor(f"flow{i}", _sender(start, source, target, size, finish, i))
    zone.seal()
    engine.run()
    return finish


def _link(zone: Any, name: str, capacity: int, latency: float = 0.0) -> Any:
    link = zone.add_link(name, float(capacity))
    link.set_latency(latency)
    link.seal()
    return link


def _sender(start: float, source: Any, target: Any, size: int, finish: list[float], i: int) -> Callable[[], None]:
    def send() -> None:
        if start > 0:
            simgrid.this_actor.sleep_until(start)
        simgrid.Comm.sendto(source, target, size)
        finish[i] = simgrid.Engine.clock

    return send


def main() -> None:
    """Draws the cases, asks SimGrid, writes the file."""
    cases = []
    for shape in (star, tree, mesh):
        for number in range(24):
            draw = random.Random(f"{shape.__name__} {number}")
            capacity, routes = shape(draw)
            name = f"{shape.__name__} {number}"
            cases.append(case(name, capacity, routes, draw, draw.randint(2, 40), draw.choice([0, 0.5])))
    for model in ("CM02", "LV08"):
        for number in range(6):
            draw = random.Random(f"{model} {number}")
            capacity, routes = mesh(draw)
            one = case(f"{model} {number}", capacity, routes, draw, draw.randint(2, 20), 0)
            cases.append({**one, "model": model, "latency_s": [round(draw.uniform(0.001, 0.1), 4) for _ in capacity]})
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for one, finish in zip(cases, pool.map(answer, cases, chunksize=1), strict=True):
            one["finish_s"] = finish
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
    Path(__file__).with_name("simgrid.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
