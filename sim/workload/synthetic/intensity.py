"""A rate that changes over time, exactly: its integral, and the inverse of that, from which arrivals are made.

Given their number, the times of a Poisson process with rate r(t) are independent, each with a density in proportion to
r; so they are the inverse of the integrated rate at uniform draws (E. Cinlar, "Introduction to Stochastic Processes",
1975; the inversion of L. Devroye, "Non-Uniform Random Variate Generation", 1986, chapter VI). The rate is linear
between edges, so its integral is a parabola between edges and its inverse needs one square root. Left out: rates that
depend on what has come so far, as crowds that attract others do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Intensity:
    """Between `edges_s` (m + 1,), rising, the rate goes evenly from `begin_per_s` to `end_per_s` (m,), 0 or more."""

    edges_s: _Floats
    begin_per_s: _Floats
    end_per_s: _Floats

    @property
    def integral(self) -> _Floats:
        """How many are expected until each edge, (m + 1,)."""
        widths_s = np.diff(self.edges_s)
        return np.concatenate(([0.0], np.cumsum((self.begin_per_s + self.end_per_s) / 2 * widths_s)))

    @property
    def expected(self) -> float:
        """How many are expected in all."""
        return float(self.integral[-1])

    def inverse(self, counts: _Floats) -> _Floats:
        """When so many are expected to have come, s; `counts` (n,) from 0 to below `expected`."""
        integral = self.integral
        # The last edge at or below: where nothing comes for a while, the end of that while.
        at = np.clip(np.searchsorted(integral, counts, side="right") - 1, 0, len(self.begin_per_s) - 1)
        begin_s, width_s = self.edges_s[at], np.diff(self.edges_s)[at]
        more = np.maximum(counts - integral[at], 0.0)
        begin, slope = self.begin_per_s[at], (self.end_per_s[at] - self.begin_per_s[at]) / width_s
        # more = begin t + slope t^2 / 2, solved so that no digits cancel.
        root = begin + np.sqrt(np.maximum(begin**2 + 2 * slope * more, 0.0))
        waited_s = np.divide(2 * more, root, out=np.zeros_like(more), where=root > 0)
        found: _Floats = begin_s + np.minimum(waited_s, width_s)
        return found

    def times(self, rng: np.random.Generator, batch: int = 1) -> _Floats:
        """Arrivals of a Poisson process, sorted; batches of so many where what is expected counts each of them."""
        counts = rng.random(rng.poisson(self.expected / batch)) * self.expected
        return self.inverse(np.sort(counts))

    def even_times(self, batch: int = 1) -> _Floats:
        """An arrival at the beginning, and one whenever as many more as are in a batch are expected."""
        # Rounded, for 29 a day are 29 in a day, though their product as floats is a little more.
        return self.inverse(np.arange(0.0, round(self.expected, 6), batch))
