"""Random small worlds, by flows and packet by packet: where flows are off, and by how much.

    python tests/rig/small_worlds.py [WORLDS] [cubic|bbr]     # a minute for some 300 where nothing else runs

Each world is a central registry and up to six hosts that pull one image from it at once, or push one each. Drawn are
how many, the rates of their lines and of central's, their delays, how long queues are, and the sizes of one or two
layers. Each is simulated `RUNS` times, packet by packet, by windows and by even shares, and what is compared is the
mean over its operations and runs, and the mean of the longest one. Errors are fractions of what packets say.

Prints a table by what was drawn: how many bodies are at once, how far round trips are apart and how long the longest
is, how long queues are, and how large a body is beside what a path holds (rate times round trip). Left out: steps one
after another, which meet nobody, and faults.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from sim.calibrate.rig.files import RigScenario
from sim.calibrate.rig.fluid import simulate_even, simulate_fluid
from sim.calibrate.rig.model import simulate
from sim.calibrate.rig.parameters import shipped
from sim.network.tcp.transport import Congestion

RUNS = 4
WIRES = {"windows": simulate_fluid, "even": simulate_even}


@dataclass(frozen=True)
class World:
    """A scenario and what was drawn for it: operations at once, bodies at once, the longest round trip over the
    shortest, the longest, s, queues, s, and a body's size over what the path holds (its bandwidth-delay product)."""

    scenario: RigScenario
    operations: int
    bodies: int
    spread: float
    round_trip_s: float
    queue_s: float
    products: float


@dataclass(frozen=True)
class Compared:
    """By how much each way is off on the mean and on the longest, as fractions of what packets say."""

    world: World
    mean: dict[str, float]
    longest: dict[str, float]


def world(r: Random, congestion: Congestion) -> World:
    """One small world."""
    operations, pushes = r.choice([1, 1, 2, 2, 3, 4, 6]), r.random() < 0.4
    central_ms, rate = r.choice([2, 5, 10, 20, 40]), round(10 ** r.uniform(1.3, 2.5))
    alike = r.random() < 0.5
    delays_ms = [r.choice([1, 3, 8, 20, 40])] * operations if alike else r.choices([1, 3, 8, 20, 40], k=operations)
    own = round(rate * r.choice([0.4, 1, 3]))
    sizes = [round(10 ** r.uniform(5.5, 7.3)) for _ in range(r.choice([1, 2]))]
    layers = [[f"l{at}", size] for at, size in enumerate(sizes)]
    hosts: list[dict[str, Any]] = [
        {"name": "central", "up": rate, "down": rate, "delay": central_ms, "registry": "plain"},
        {"name": "first", "up": 300, "down": 300, "delay": 1},
    ]
    names = [f"h{number}" for number in range(operations)]
    hosts += [{"name": name, "up": own, "down": own, "delay": ms} for name, ms in zip(names, delays_ms, strict=True)]
    image: dict[str, Any] = {"op": "push", "at": "first", "to": "central", "image": "o/i", "layers": layers}
    if pushes:
        apart = [[[f"{key}-{name}", size] for key, size in layers] for name in names]
        steps = [
            [image | {"at": name, "image": f"o/{name}", "layers": own} for name, own in zip(names, apart, strict=True)]
        ]
    else:
        steps = [[image], [{"op": "pull", "at": name, "from": "central", "image": "o/i"} for name in names]]
    document = {"name": "w", "congestion": congestion, "hosts": hosts, "repeat": 1, "steps": steps}
    trips_s = [2 * (central_ms + ms) / 1e3 for ms in delays_ms]
    holds_bytes = min(rate, own) * 1e6 / 8 * max(trips_s)
    return World(
        RigScenario.model_validate(document), operations, operations * (1 if pushes else len(sizes)),
        max(trips_s) / min(trips_s), max(trips_s), r.choice([0.01, 0.03, 0.06, 0.12]), max(sizes) / holds_bytes,
    )  # fmt: skip


def compared(given: World) -> Compared:
    """What flows make of a world, beside packets."""
    parameters = shipped(given.scenario.congestion)

    def took_s(wire: Callable[..., Any]) -> tuple[float, float]:
        runs = [
            [one.seconds for one in wire(given.scenario, parameters, seed, given.queue_s)[-1]] for seed in range(RUNS)
        ]
        return sum(map(sum, runs)) / len(runs) / len(runs[0]), sum(map(max, runs)) / len(runs)

    mean_s, longest_s = took_s(simulate)
    found = {name: took_s(wire) for name, wire in WIRES.items()}
    return Compared(
        given,
        {name: one / mean_s - 1 for name, (one, _) in found.items()},
        {name: one / longest_s - 1 for name, (_, one) in found.items()},
    )


#: What worlds are told apart by.
Bins = Sequence[tuple[str, Callable[[World], bool]]]
TABLE: Sequence[tuple[str, Bins]] = (
    ("all", (("", lambda one: True),)),
    ("bodies at once", (
        ("1", lambda one: one.bodies == 1), ("2", lambda one: one.bodies == 2),
        ("3 to 5", lambda one: 3 <= one.bodies <= 5), ("6 to 12", lambda one: one.bodies >= 6),
    )),
    ("round trips over the shortest", (
        ("1", lambda one: one.spread == 1), ("up to 3", lambda one: 1 < one.spread <= 3),
        ("over 3", lambda one: one.spread > 3),
    )),
    ("longest round trip", (
        ("up to 30 ms", lambda one: one.round_trip_s <= 0.03),
        ("up to 80 ms", lambda one: 0.03 < one.round_trip_s <= 0.08),
        ("over 80 ms", lambda one: one.round_trip_s > 0.08),
    )),
    ("queues", (
        ("10 ms", lambda one: one.queue_s == 0.01), ("30 ms", lambda one: one.queue_s == 0.03),
        ("60 ms", lambda one: one.queue_s == 0.06), ("120 ms", lambda one: one.queue_s == 0.12),
    )),
    ("queue over a round trip", (
        ("below 1/4", lambda one: one.queue_s < one.round_trip_s / 4),
        ("1/4 to 1", lambda one: one.round_trip_s / 4 <= one.queue_s < one.round_trip_s),
        ("1 and more", lambda one: one.queue_s >= one.round_trip_s),
    )),
    ("body over what a path holds", (
        ("up to 3", lambda one: one.products <= 3), ("up to 10", lambda one: 3 < one.products <= 10),
        ("up to 30", lambda one: 10 < one.products <= 30), ("over 30", lambda one: one.products > 30),
    )),
)  # fmt: skip


def table(found: Sequence[Compared]) -> Iterator[str]:
    """The lines of the table: the mean and the 90th percentile of errors, in per cent."""
    yield f"{'absolute relative error':<40}{'':>5}" + "".join(f"{name + ', ' + of:>18}" for name, of in _columns())
    yield f"{'':<40}{'n':>5}" + f"{'mean':>9}{'90th':>9}" * 4
    for title, bins in TABLE:
        for name, belongs in bins:
            own = [one for one in found if belongs(one.world)]
            if own:
                yield f"{f'{title} {name}'.strip():<40}{len(own):>5}" + "".join(
                    _errors(own, *one) for one in _columns()
                )


def _columns() -> list[tuple[str, str]]:
    return [(name, of) for name in WIRES for of in ("mean", "longest")]


def _errors(found: Sequence[Compared], name: str, of: str) -> str:
    errors = sorted(abs(getattr(one, of)[name]) for one in found)
    return f"{100 * sum(errors) / len(errors):>7.1f} %{100 * errors[-(-9 * len(errors) // 10) - 1]:>7.1f} %"


def main(worlds: str = "1000", congestion: Congestion = "cubic") -> None:
    """Print the table of so many worlds."""
    print("\n".join(table([compared(world(Random(number), congestion)) for number in range(int(worlds))])))


if __name__ == "__main__":
    main(*sys.argv[1:3])  # type: ignore[arg-type]
