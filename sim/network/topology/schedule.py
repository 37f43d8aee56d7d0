"""Capacity that changes with the time of day: steps that hold until the next, over and over.

Piecewise constant: a link's nights and office hours, a window in which a cap applies, an outage (capacity 0). A
driver asks for the changes and makes them with `Fluid.set_capacity`; `simulate` takes them as they are. Leaves out days
that differ: weekends, holidays, summer time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Self

DAY_S = 86_400.0


class Change(NamedTuple):
    """From `at_s` on the link carries `capacity_Bps`.

    >>> from sim import network
    >>> network.simulate({"up": 10.0}, [network.Flow(0.0, 100.0, ("up",))], [network.Change(5.0, "up", 50.0)]).tolist()
    [6.0]
    """

    at_s: float
    link: str
    capacity_Bps: float


class Schedule:
    """One link's day: `steps` are (from_s, capacity_Bps), from_s rising within [0, period_s).

    Before a period's first step, the last one of the period before still holds.

    >>> from sim.network import Schedule
    >>> Schedule("wan", [(0.0, 10.0), (43200.0, 50.0)]).capacity_Bps(50000.0)
    50.0
    """

    def __init__(self, link: str, steps: Sequence[tuple[float, float]], period_s: float = DAY_S) -> None:
        starts = [from_s for from_s, _ in steps]
        if not steps or starts != sorted(set(starts)) or not 0 <= starts[0] <= starts[-1] < period_s:
            raise ValueError(f"{link}: steps must start at rising times from 0 s to below {period_s:g} s, got {starts}")
        if any(not 0 <= capacity < float("inf") for _, capacity in steps):
            raise ValueError(f"{link}: capacities must be finite and 0 bytes/s or more, got {[c for _, c in steps]}")
        self.link = link
        self.period_s = period_s
        self._starts = starts
        self._capacity_Bps = [capacity for _, capacity in steps]

    @classmethod
    def of_windows(cls, link: str, own_Bps: float, windows: Iterable[tuple[float, float, float]]) -> Self:
        """A day of windows (from_s, until_s, capacity_Bps), in which that holds instead of the link's own capacity.

        One that ends before it begins spans midnight, one that ends as it begins lasts the day; none overlap.
        """
        windows = tuple(windows)
        steps = {until_s % DAY_S: own_Bps for _, until_s, _ in windows}
        steps |= {from_s % DAY_S: capacity_Bps for from_s, _, capacity_Bps in windows}
        return cls(link, sorted(steps.items()))

    def capacity_Bps(self, now_s: float) -> float:
        """What holds at `now_s`."""
        return self._capacity_Bps[bisect_right(self._starts, now_s % self.period_s) - 1]

    def changes(self, until_s: float = float("inf")) -> Iterator[Change]:
        """What holds at 0 and every step after that, up to `until_s`."""
        yield Change(0.0, self.link, self.capacity_Bps(0.0))
        period = 0
        while True:
            for from_s, capacity in zip(self._starts, self._capacity_Bps, strict=True):
                at_s = period * self.period_s + from_s
                if at_s > until_s:
                    return
                if at_s > 0:
                    yield Change(at_s, self.link, capacity)
            period += 1
