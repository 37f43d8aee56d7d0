"""Compiles all that numba compiles, and keeps it on disk: the protocol, a swarm's text, packets and the fluid network.

    python tests/machine_code.py

Each is made by the shortest use of it, in a process of its own beside the others. What is kept from before is loaded,
so that asking again takes seconds; numba keeps it beside the sources, under a name that their text decides.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from time import perf_counter

import sim
from sim import network
from sim.network.packets.windows import Windows


def protocol() -> None:
    sim.run(sim.load("metros.toml", {"demand.rate": "100/day"}), engine="compiled")


def swarm() -> None:
    asked = {"run.duration": "1 h", "demand.rate": "100/day", "demand.apps": 3}
    sim.run(sim.load("systems.toml", asked, "kraken"), engine="reference")


def packets() -> None:
    for congestion in ("cubic", "bbr"):
        meeting = Windows([1e6], [6e4], congestion)
        meeting.start(0.0, (0,), 1e6, 0.05, "one")
        meeting.finished(meeting.next_finish_s)


def fluid() -> None:
    flows = [network.Flow(at_s, 10.0, ("link",)) for at_s in (0.0, 1.0)]
    network.simulate({"link": 1.0}, flows, compiled=True)


#: The longest first, and twice: whoever comes second compiles the part of it that another process may.
PARTS = (protocol, protocol, swarm, packets, fluid)


def made(number: int) -> str:
    """Make one; how long it took."""
    began_s = perf_counter()
    PARTS[number]()
    return f"{PARTS[number].__name__} {perf_counter() - began_s:.0f} s"


def main() -> None:
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        print("machine code:", ", ".join(pool.map(made, range(len(PARTS)))), file=sys.stderr)


if __name__ == "__main__":
    main()
