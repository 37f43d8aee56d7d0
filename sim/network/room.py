"""Which flows can meet: room on links, so that flows with their links to themselves need no solving.

A flow is never faster than its bound, the smallest of its cap and the capacities of its links. As long as the
bounds of all flows on each of its links add up to no more than that link's capacity, nothing can hold it back and
max-min fairness gives it its bound. Once a link is overfilled, the flows on it have to share, which is `Fluid`'s
work.

Bounds are added up as whole multiples of 1/1024 byte/s: integers, so that a link that empties is exactly empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_PER_BYTE = 1024


class Room:
    """What is left of each link's capacity when every flow on it runs at its bound; below 0, flows have to share.

    `capacity_Bps` : (n_links,) bytes/s. Bounds are given as `bound(rate_Bps)`.
    """

    __slots__ = ("_left",)

    def __init__(self, capacity_Bps: Sequence[float]) -> None:
        self._left = [round(capacity * _PER_BYTE) for capacity in capacity_Bps]

    @staticmethod
    def bound(rate_Bps: float) -> int:
        """A rate as `take` and `give` count it."""
        return round(rate_Bps * _PER_BYTE)

    def left(self) -> list[int]:
        """What is left of each link, (n_links,)."""
        return list(self._left)

    def take(self, route: tuple[int, ...], bound: int) -> bool:
        """A flow enters; whether it, and all that it passes, still run at their bounds."""
        left = self._left
        fits = True
        for link in route:
            left[link] = room = left[link] - bound
            if room < 0:
                fits = False
        return fits

    def give(self, route: tuple[int, ...], bound: int) -> None:
        """A flow leaves."""
        left = self._left
        for link in route:
            left[link] += bound

    def resize(self, link: int, from_Bps: float, to_Bps: float) -> None:
        """A link's capacity changes; what flows on it have taken stays taken."""
        self._left[link] += self.bound(to_Bps) - self.bound(from_Bps)

    def overfilled(self, route: Iterable[int]) -> set[int]:
        """The links of a route on which flows have to share."""
        return {link for link in route if self._left[link] < 0}
