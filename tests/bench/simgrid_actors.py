"""The benchmark's flows on SimGrid as its Python users write them: an actor for each flow. Prints wall seconds.

Takes a JSON file: capacity_Bps, routes, start_s, size_bytes, route.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import simgrid


def main() -> None:
    """Builds the platform, one pair of hosts for each route, and runs."""
    asked = json.loads(Path(sys.argv[1]).read_text())
    settings = ["network/model:CM02", "network/crosstraffic:0", "network/TCP-gamma:0"]
    engine = simgrid.Engine(["bench", *(f"--cfg={setting}" for setting in settings), "--log=root.thres:error"])
    zone = engine.netzone_root.add_netzone_full("all")
    links = []
    for i, capacity in enumerate(asked["capacity_Bps"]):
        link = zone.add_link(f"link{i}", capacity)
        link.set_latency(0.0)
        link.seal()
        links.append(link)
    ends = []
    for i, route in enumerate(asked["routes"]):
        source, target = zone.add_host(f"s{i}", 1e9), zone.add_host(f"t{i}", 1e9)
        source.seal()
        target.seal()
        zone.add_route(source, target, [simgrid.LinkInRoute(links[link]) for link in route], False)
        ends.append((source, target))
    zone.seal()

    def send(start: float, size: float, route: int) -> None:
        simgrid.this_actor.sleep_until(start)
        simgrid.Comm.sendto(*ends[route], int(size))

    for i, flow in enumerate(zip(asked["start_s"], asked["size_bytes"], asked["route"], strict=True)):
        ends[flow[2]][0].add_actor(f"flow{i}", send, *flow)
    begun = time.perf_counter()
    engine.run()
    print(time.perf_counter() - begun)


if __name__ == "__main__":
    main()
