"""Which of several variants is best, with a promise: the fully sequential procedure KN of Kim and Nelson.

Runs are taken one at a time for all variants that are still in; one drops out when it is so far behind another that it
cannot be the best, or not by more than the indifference. The variances are those of paired differences, so that random
numbers that variants share pay. With runs that are normal, the best variant is chosen with the confidence asked for if
it is better than every other by the indifference at least; else one is chosen that is nearly as good.

S.-H. Kim and B. L. Nelson, "A fully sequential procedure for indifference-zone selection in simulation", ACM TOMACS 11
(2001), with c = 1. Left out: unequal numbers of runs, and steady-state output of one long run (their KN+ and KN++).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.stats.intervals import CONFIDENCE

#: Runs of every variant before the first may drop out, from which the variances are estimated.
FIRST_STAGE: Final = 10


class Selection:
    """Given each run's values, says which variants are still in; the smallest is the best, or else the `largest`."""

    def __init__(
        self, names: Sequence[str], indifference: float, confidence: float = CONFIDENCE,
        first_stage: int = FIRST_STAGE, largest: bool = False,
    ) -> None:  # fmt: skip
        """`indifference`, above 0, is in the values' unit: a difference that one would not act on."""
        if indifference <= 0:
            raise ValueError(f"an indifference is above 0, got {indifference}")
        self._names = tuple(names)
        self._sign = 1.0 if largest else -1.0
        self._indifference = indifference
        self._first_stage = first_stage
        self._values: dict[str, list[float]] = {name: [] for name in names}
        self._in = list(names)
        freedom = first_stage - 1
        wrong = 2 * (1 - confidence) / max(len(names) - 1, 1)
        #: h squared of the paper, with eta at c = 1 in closed form.
        self._h2 = freedom * (wrong ** (-2 / freedom) - 1)
        self._variances: NDArray[np.float64] | None = None

    @property
    def runs(self) -> int:
        """How many runs were observed."""
        return max(map(len, self._values.values()), default=0)

    @property
    def surviving(self) -> tuple[str, ...]:
        """The variants that are still in, in the order given."""
        return tuple(self._in)

    @property
    def chosen(self) -> str | None:
        """The one that is left; None while several are."""
        return self._in[0] if len(self._in) == 1 else None

    def observe(self, values: Mapping[str, float]) -> None:
        """One run's value of each variant that is still in. KeyError when one is missing, ValueError if not finite."""
        signed = {name: self._sign * values[name] for name in self._in}
        for name, value in signed.items():
            if not math.isfinite(value):  # it would compare with nothing, and no number of runs would do
                raise ValueError(f"{name}: a run's value is finite, got {values[name]}")
        for name, value in signed.items():
            self._values[name].append(value)
        if self.runs >= self._first_stage and len(self._in) > 1:
            if self._variances is None:
                self._variances = self._paired_variances()
            self._screen(self._variances)

    def _paired_variances(self) -> NDArray[np.float64]:
        """The sample variance of every difference, (variants, variants), from the first stage."""
        values = np.array([self._values[name] for name in self._names])
        apart = values[:, None, :] - values[None, :, :]
        found: NDArray[np.float64] = apart.var(axis=2, ddof=1)
        return found

    def _screen(self, variances: NDArray[np.float64]) -> None:
        """Keep those within W of every other; W shrinks to nothing as runs are added."""
        places = [self._names.index(name) for name in self._in]
        means = np.array([np.mean(self._values[name]) for name in self._in])
        runs, delta = self.runs, self._indifference
        slack = delta / (2 * runs) * (self._h2 * variances[np.ix_(places, places)] / delta**2 - runs)
        behind = means[None, :] - means[:, None] > np.maximum(slack, 0.0)
        left = [name for name, out in zip(self._in, behind.any(axis=1).tolist(), strict=True) if not out]
        if self._done(variances, places):
            left = [self._in[int(means.argmax())]]
        self._in = left

    def _done(self, variances: NDArray[np.float64], places: Sequence[int]) -> bool:
        """Whether the slack is nothing for all pairs, so that the mean decides, ties included."""
        most = variances[np.ix_(places, places)].max()
        return bool(self.runs > self._h2 * most / self._indifference**2)
