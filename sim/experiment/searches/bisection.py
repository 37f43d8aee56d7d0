"""Search along one key: points are tested in sequence until they are decided, and halved towards where they differ.

A point is looked at after 5, 10, 20, ... runs, and left as soon as its interval decides. Looking often, at many points,
errs more often than once; so each look is taken at a confidence at which all looks at all points that a search may need
hold together (Bonferroni). The interval that a search returns then covers the true value at `CONFIDENCE` or better, if
what is tested changes once along the range, which is assumed. A point that stays undecided when its runs are used up
lies within the interval, and the search goes on to both sides of it.

All points meet the same random numbers and every run is made once, so neighbours are compared on equal terms. Left out:
what is tested, which `capacity` and `crossover` say; and searches along several keys at once (`sim.experiment.sweeps`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sim.accounting.failures import Failures
from sim.errors import InputError
from sim.experiment.axes import Axis, Range
from sim.experiment.execution.runs import Runs, by_variant
from sim.experiment.execution.worker import Outcome
from sim.experiment.sample import Sample
from sim.stats.intervals import CONFIDENCE

#: Runs at the first look; each further look doubles them.
FIRST_LOOK: Final = 5
#: Runs of a point at most, when nobody says otherwise.
RUNS: Final = 40
#: How narrow an interval has to be: of the lower end where the range goes by ratios, else of the range.
WITHIN: Final = 0.05


@dataclass(frozen=True, slots=True)
class Point:
    """One value that was tried: what it was found to be, after how many runs; `evidence` is what decided.

    `failing` are the variants that were found the worse there because their deploys fail.
    """

    number: float
    text: Any
    label: str
    runs: int
    evidence: Any
    sample: Sample
    failing: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Its part of a document."""
        return {
            "value": self.text, "number": self.number, "outcome": self.label, "runs": self.runs,
            "failures": {name: self.sample.failures(name).to_json() for name in self.sample.variants},
            "failing": list(self.failing),
        }  # fmt: skip


class Look(NamedTuple):
    """A sample's label, None where it is no decision yet, what that rests on, and the variants that fail."""

    label: str | None
    evidence: Any
    failing: tuple[str, ...] = ()


#: What a sample shows.
Test = Callable[[Sample], Look]


class Prober:
    """Tests points of an axis, each once, by looks at more and more runs of the same variants."""

    def __init__(
        self, runs: Runs, axis: Axis, variants: Mapping[str, str | None], test: Test, most_runs: int, comparisons: int
    ) -> None:
        """`comparisons` is how many points will be tested at most, times the decisions that are taken at each."""
        assert axis.range is not None
        self.range: Range = axis.range
        self._runs = runs
        self._axis = axis
        self._variants = variants
        self._test = test
        self._looks = looks(most_runs)
        self._confidence = 1 - (1 - CONFIDENCE) / (comparisons * len(self._looks))
        self._points: dict[float, Point] = {}

    @property
    def points(self) -> tuple[Point, ...]:
        """All that were tested, by value."""
        return tuple(self._points[number] for number in sorted(self._points))

    def label(self, number: float) -> str:
        """What a value is found to be."""
        return self.at(number).label

    def at(self, number: float) -> Point:
        """The point at a value, tested now if it was not before."""
        if number not in self._points:
            self._points[number] = self._tested(number)
        return self._points[number]

    def _tested(self, number: float) -> Point:
        text = self.range.text(number)
        for count in self._looks:
            settings = self._axis.settings(text)
            sample = Sample(by_variant(self._runs, self._variants, [settings], count)[settings], self._confidence)
            label, evidence, failing = self._test(sample)
            if label is not None:
                break
        return Point(number, text, label or "undecided", count, evidence, sample, failing)


def looks(most_runs: int) -> tuple[int, ...]:
    """After how many runs a point is looked at. InputError for fewer than an interval needs."""
    if most_runs < 2:
        raise InputError("runs", f"must be at least 2 in a search, got {most_runs}", "an interval needs two runs")
    doubling = [count for k in range(20) if (count := FIRST_LOOK * 2**k) < most_runs]
    return (*doubling, most_runs)


def points_at_most(found: Range, within: float, intervals: int = 1) -> int:
    """How many points a search tests at most that starts from that many intervals side by side, a change in each."""
    width = _width(found, found.low, found.high) / intervals
    halvings = max(math.ceil(math.log2(width / _tolerance(found, within))), 0)
    if found.whole:
        halvings = min(halvings, math.ceil(math.log2(max((found.high - found.low) / intervals, 1))))
    return 1 + intervals * (1 + 2 * halvings)


def narrow(prober: Prober, left: float, right: float, within: float) -> tuple[float, float]:
    """The closest values labelled as `left` and as `right` are, which differ; all tested in between are undecided."""
    first, last = prober.label(left), prober.label(right)
    undecided: list[float] = []
    while True:
        gaps = [(left, undecided[0]), (undecided[-1], right)] if undecided else [(left, right)]
        gap = max(gaps, key=lambda ends: _tolerances(prober.range, ends, within))
        if _tolerances(prober.range, gap, within) <= 1:
            return left, right
        middle = _middle(prober.range, *gap)
        label = prober.label(middle)
        if label == first:
            left = middle
        elif label == last:
            right = middle
        undecided = [number for number in undecided if left < number < right]
        if label not in (first, last):
            undecided = sorted([*undecided, middle])


def _tolerances(found: Range, ends: tuple[float, float], within: float) -> float:
    """How often the tolerance fits between two values; 0 where no value lies between them."""
    if _middle(found, *ends) in ends:
        return 0.0
    return _width(found, *ends) / _tolerance(found, within)


def _middle(found: Range, low: float, high: float) -> float:
    return found.rounded(math.sqrt(low * high) if found.by_ratio else (low + high) / 2)


def _width(found: Range, low: float, high: float) -> float:
    return math.log(high / low) if found.by_ratio else high - low


def _tolerance(found: Range, within: float) -> float:
    return math.log1p(within) if found.by_ratio else within * (found.high - found.low)


def failures(points: Sequence[Point]) -> Mapping[str, Failures]:
    """How many of each variant's deploys failed at all values together, and why."""
    names = points[0].sample.variants
    return {name: Failures.together(point.sample.failures(name) for point in points) for name in names}


def bound_by(outcomes: Sequence[Outcome]) -> tuple[str, float] | None:
    """The link or registry that held others back the longest, and how long a run, s; None when nothing did."""
    held_s: dict[str, float] = {}
    for outcome in outcomes:
        for name, each_s in outcome.bound_by:
            held_s[name] = held_s.get(name, 0.0) + each_s / len(outcomes)
    return max(held_s.items(), key=lambda pair: pair[1]) if held_s else None
