"""How far the model is from what it was not fitted to: cross-validation, beside a plain regression and the data's own
scatter.

    python -m sim.calibrate.rig.held_out tests/rig/cubic.json tests/rig/cubic.csv

leaves out one scenario at a time, and then all scenarios of one path and size at a time: pairs that differ in the
client's uplink alone repeat the very same pull, so only the second leaves out pulls.

The regression is least squares on what a push or pull takes beyond its bytes at the narrowest link's rate and slow
start by the book, in the number of requests' blobs, the round trip, their product, and the bytes. It can say nothing
of transfers at once. The scatter is what is left when an operation is predicted by the same one measured in other
scenarios. What chance leaves is how far a model that is right would be off: the model's own runs, as many as were
measured, against the mean of all that it can do.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from sim.calibrate.rig.files import Operation, RigScenario
from sim.calibrate.rig.fit import Rows, fit
from sim.calibrate.rig.model import simulate
from sim.calibrate.rig.parameters import Parameters, shipped
from sim.calibrate.rig.reading import by_repeat, read_measured, read_scenarios
from sim.calibrate.rig.score import SEEDS, Score, Scored, kind_of, score_scenario
from sim.network.tcp.transport import MSS_BYTES, MTU_BYTES, slow_start_s

Fold = Callable[[RigScenario], Hashable]

#: How often a few of the model's runs are drawn, to see by how much their mean is off.
_DRAWS = 100


def by_name(scenario: RigScenario) -> Hashable:
    """Each scenario a fold."""
    return scenario.name


def by_pull(scenario: RigScenario) -> Hashable:
    """Scenarios whose pulls are the same operation over the same links, for the same bytes, are one fold."""
    return tuple(one.path for one in operations(scenario) if one.operation.op == "pull")


def held_out(scenarios: Sequence[RigScenario], rows: Rows, fold: Fold) -> list[Scored]:
    """Every figure of every scenario, simulated with parameters fitted to the scenarios of other folds.

    Nothing is fitted to transfers at once: all that ran alone shows what they cost.
    """
    found = []

    @cache
    def once(scenario: RigScenario, parameters: Parameters) -> tuple[Scored, ...]:
        return tuple(score_scenario(scenario, rows, parameters))

    def remembered(scenario: RigScenario, rows: Rows, parameters: Parameters) -> tuple[Scored, ...]:
        return once(scenario, parameters)

    for left_out in dict.fromkeys((kind_of(one) == "pair", fold(one)) for one in scenarios):
        own = [one for one in scenarios if (kind_of(one) == "pair", fold(one)) == left_out]
        fitted, _ = fit([one for one in scenarios if one not in own], rows, scored=remembered)
        found += [one for scenario in own for one in score_scenario(scenario, rows, fitted)]
    return found


@dataclass(frozen=True, slots=True)
class Alone:
    """An operation that ran alone: its step, the narrowest rate for blobs (bytes/s), the round trip (s), its blobs.

    `path` is the same for the same operation over the same links.
    """

    scenario: str
    step: int
    operation: Operation
    rate_Bps: float
    round_trip_s: float
    blobs_bytes: tuple[int, ...]
    path: Hashable


def operations(scenario: RigScenario) -> Iterator[Alone]:
    """The operations of a scenario without transfers at once; what a registry has is not sent to it again."""
    hosts = {host.name: host for host in scenario.hosts}
    held: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    latest: dict[tuple[str, str], tuple[int, ...]] = {}
    for step, (operation,) in enumerate(scenario.steps):
        at, peer = hosts[operation.at], hosts[operation.peer]
        place = held[operation.peer, operation.image]
        if operation.op == "push":
            blobs = tuple(size for key, size in operation.layers if key not in place)
            place |= dict(operation.layers)
            latest[operation.peer, operation.image] = tuple(size for _, size in operation.layers)
            rate = min(at.up, peer.down)
        else:
            blobs, rate = latest[operation.peer, operation.image], min(at.down, peer.up)
        rate_Bps = rate * 1e6 / 8 * MSS_BYTES / MTU_BYTES
        path = (operation.op, (at.up, at.down, at.delay), (peer.up, peer.down, peer.delay), blobs)
        yield Alone(scenario.name, step, operation, rate_Bps, 2 * (at.delay + peer.delay) / 1e3, blobs, path)


def regression(pairs: Sequence[RigScenario], rows: Rows, fold: Fold) -> list[Scored]:
    """Every operation, predicted by lines fitted to the scenarios of other folds."""
    folds = {scenario.name: fold(scenario) for scenario in pairs}
    title = [one for scenario in pairs for one in operations(scenario) if (scenario.name, one.step) in rows]
    scored = []
    for op in ("push", "pull"):
        own = [one for one in title if one.operation.op == op]
        columns = np.array([_columns(one) for one in own])
        book_s = np.array([_book_s(one) for one in own])
        seconds = np.array([_measured_s(one, rows) for one in own])
        for left_out in dict.fromkeys(folds.values()):
            out = np.array([folds[one.scenario] == left_out for one in own])
            # Relative errors count, so each row is weighed by what was measured.
            weights = 1 / seconds[~out]
            wanted = (seconds[~out] - book_s[~out]) * weights
            lines = np.linalg.lstsq(columns[~out] * weights[:, None], wanted, rcond=None)[0]
            predicted = book_s[out] + columns[out] @ lines
            left = [one for one, held in zip(own, out, strict=True) if held]
            scored += [_scored(one, float(value), rows) for one, value in zip(left, predicted, strict=True)]
    return scored


def scatter(pairs: Sequence[RigScenario], rows: Rows) -> list[Scored]:
    """Every operation that others repeat, predicted by the mean of those."""
    same: dict[Hashable, list[Alone]] = defaultdict(list)
    for scenario in pairs:
        for one in operations(scenario):
            if (scenario.name, one.step) in rows:
                same[one.path].append(one)
    return [
        _scored(one, float(np.mean([_measured_s(other, rows) for other in alike if other is not one])), rows)
        for alike in same.values()
        if len(alike) > 1
        for one in alike
    ]


def chance(pairs: Sequence[RigScenario], rows: Rows, parameters: Parameters, seed: int = 0) -> list[Scored]:
    """Every operation as if the model had been measured: means of as few runs, drawn time and again."""
    draw = np.random.default_rng(seed)
    scored = []
    for scenario in pairs:
        runs = [simulate(scenario, parameters, number) for number in range(2 * SEEDS)]
        for step, outcomes in enumerate(zip(*runs, strict=True)):
            repeats = rows.get((scenario.name, step))
            if repeats:
                took_s = np.array([outcome.seconds for (outcome,) in outcomes])
                operation = outcomes[0][0].operation
                scored += [
                    Scored(
                        f"pair-{operation.op}", scenario.name, step, operation.at, float(took_s.mean()), float(one_s)
                    )
                    for one_s in draw.choice(took_s, (_DRAWS, len(repeats))).mean(axis=1)
                ]
    return scored


def _columns(one: Alone) -> list[float]:
    blobs = len(one.blobs_bytes)
    return [1.0, blobs, one.round_trip_s, blobs * one.round_trip_s, float(sum(one.blobs_bytes))]


def _book_s(one: Alone) -> float:
    """Bytes over rate, and slow start: of each blob that a push sends in turn, of the largest that a pull fetches."""
    ramps = [slow_start_s(size, one.rate_Bps, one.round_trip_s) for size in one.blobs_bytes]
    ramp_s = sum(ramps) if one.operation.op == "push" else max(ramps, default=0.0)
    return sum(one.blobs_bytes) / one.rate_Bps + ramp_s


def _measured_s(one: Alone, rows: Rows) -> float:
    return float(np.mean([row.seconds for repeat in rows[one.scenario, one.step].values() for row in repeat]))


def _scored(one: Alone, predicted_s: float, rows: Rows) -> Scored:
    operation = one.operation
    return Scored(
        f"pair-{operation.op}", one.scenario, one.step, operation.at, float(predicted_s), _measured_s(one, rows)
    )


def main(rig: str, measured: str) -> None:
    """Print each table under what it shows."""
    scenarios, rows = read_scenarios(rig), by_repeat(read_measured(measured))
    pairs = [one for one in scenarios if kind_of(one) == "pair"]
    for title, scored in (
        ("held out, one scenario at a time:", held_out(scenarios, rows, by_name)),
        ("held out, one path and size at a time:", held_out(pairs, rows, by_pull)),
        ("a plain regression, one scenario at a time:", regression(pairs, rows, by_name)),
        ("a plain regression, one path and size at a time:", regression(pairs, rows, by_pull)),
        ("the same operation, measured in other scenarios:", scatter(pairs, rows)),
        (f"what chance leaves, each {_DRAWS} times:", chance(pairs, rows, shipped(pairs[0].congestion))),
    ):
        print(f"{title}\n{Score(tuple(scored)).to_text()}\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
