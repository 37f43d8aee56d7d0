"""What chance leaves of a rig's measurements: how far the mean of so many repeats is off, as each figure is scored.

    python -m sim.calibrate.rig.chance tests/rig/often-cubic.json tests/rig/often-cubic.csv

prints for each group of figures how many repeats each has at least, by how much one repeat scatters (its standard
deviation, in per cent of the mean), the standard error of their mean, and what is left of it: the mean error, in per
cent, that a model without fault would be scored with, which is sqrt(2 / pi) of the standard error where that is normal.
A standard deviation of few is too low in the mean; it is put right for that as for draws of a normal distribution
(the factor c4; Montgomery, "Introduction to Statistical Quality Control", section 6.3).

Left out: what the model itself leaves to chance (it is run 20 times), and bytes, which hardly scatter.
"""

from __future__ import annotations

import math
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from sim.calibrate.rig.checks import identity
from sim.calibrate.rig.files import Measured, RigScenario
from sim.calibrate.rig.grouping import counted, first_alike, group_of
from sim.calibrate.rig.reading import by_repeat, read_measured, read_scenarios
from sim.calibrate.rig.score import GROUPS, kind_of

Rows = dict[tuple[str, int], dict[int, list[Measured]]]


@dataclass(frozen=True, slots=True)
class Repeated:
    """One figure that is scored, and its repeats, s."""

    group: str
    scenario: str
    step: int
    seconds: tuple[float, ...]

    @property
    def deviation(self) -> float:
        """The standard deviation of one repeat, as a fraction of the mean."""
        n = len(self.seconds)
        c4 = math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))
        return statistics.stdev(self.seconds) / c4 / statistics.fmean(self.seconds)

    @property
    def error(self) -> float:
        """The standard error of the mean, as a fraction of it."""
        return self.deviation / math.sqrt(len(self.seconds))


def repeated(scenario: RigScenario, rows: Rows) -> Iterator[Repeated]:
    """The figures of a scenario that were measured more than once."""
    kind, name = kind_of(scenario), scenario.name
    own, first = counted(kind, scenario), first_alike(scenario)
    pooled: dict[tuple[str, int, str], list[float]] = defaultdict(list)
    for number in sorted(own):
        for repeat in rows.get((name, number), {}).values():
            if kind != "pair":
                seconds = [row.seconds for row in repeat]
                pooled[f"{kind}-mean", first[number], ""].append(statistics.fmean(seconds))
                pooled[f"{kind}-makespan", first[number], ""].append(max(seconds))
                continue
            for operation, row in product(scenario.steps[number], repeat):
                if identity(operation) == identity(row):
                    host = operation.at if len(repeat) > 1 else ""
                    pooled[group_of(scenario, number, operation), first[number], host].append(row.seconds)
    for (group, step, _), found in pooled.items():
        if len(found) > 1:
            yield Repeated(group, name, step, tuple(found))


def table(found: Sequence[Repeated]) -> Iterator[str]:
    """A line for each group."""
    yield f"{'what chance leaves':<18}{'n':>5}{'repeats':>9}{'scatter':>10}{'standard error':>20}{'left':>10}"
    yield f"{'group':<18}{'':>5}{'':>9}{'mean':>10}{'mean':>10}{'worst':>10}{'mean':>10}"
    for name in GROUPS:
        own = [one for one in found if one.group == name]
        if own:
            errors = [one.error for one in own]
            mean = statistics.fmean(errors)
            shown = (statistics.fmean(one.deviation for one in own), mean, max(errors), math.sqrt(2 / math.pi) * mean)
            fewest = min(len(one.seconds) for one in own)
            yield f"{name:<18}{len(own):>5}{fewest:>9}" + "".join(f"{100 * one:>8.1f} %" for one in shown)


def main(rig: str, measured: str) -> None:
    """Print the table of a rig's files."""
    rows = by_repeat(read_measured(measured))
    print("\n".join(table([one for scenario in read_scenarios(rig) for one in repeated(scenario, rows)])))


if __name__ == "__main__":
    main(*sys.argv[1:3])
