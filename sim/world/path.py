"""One deploy's own clock: where its time went, phase by phase.

A path runs ahead of the world's clock while it does things that nobody else can see or change: round trips, service
at an idle registry, booting. It waits for the world to catch up (`yield path.now_s`) only when it must look
at or change something shared. That is what makes a deploy a handful of events instead of thirty, and every phase
still has its exact duration.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Final

from sim.rows import LOGIN, PHASES

_NONE: Final = (0.0,) * len(PHASES)
_NOW_S = attrgetter("now_s")


class Path:
    """Consecutive marks from `started_s` to `now_s`; the phases between them add up to the difference.

    `lag_s` is how much of that was waiting: on idle, whole links and registries the same steps would be as far
    `lag_s` before. Where branches meet, or something is waited for, the one that comes last on idle links need not be
    the one that comes last; then less than the sum of its waits was for others.
    """

    __slots__ = ("_mark_s", "_phase", "lag_s", "now_s", "phases_s", "started_s", "waited_s")

    def __init__(self, started_s: float, lag_s: float = 0.0) -> None:
        self.started_s = self.now_s = self._mark_s = started_s
        self.lag_s = lag_s
        self._phase = LOGIN
        self.phases_s = [*_NONE]
        self.waited_s = [*_NONE]

    @property
    def idle_s(self) -> float:
        """When the same steps would be as far on idle, whole links and registries."""
        return self.now_s - self.lag_s

    def enter(self, phase: int) -> None:
        """What follows belongs to `phase`; a phase may be entered again."""
        # Differences of neighbouring marks are exact in floats, so the phases add up to the latency.
        now_s = self.now_s
        self.phases_s[self._phase] += now_s - self._mark_s
        self._mark_s = now_s
        self._phase = phase

    def waited(self, duration_s: float) -> None:
        """Of what was last done `duration_s` were waiting for others; less than none if they let it go by sooner."""
        self.waited_s[self._phase] += duration_s
        self.lag_s += duration_s

    def meet(self, at_s: float, idle_s: float) -> None:
        """Wait for what comes at `at_s`, and would have come at `idle_s` on idle, whole links."""
        idle_s = max(self.now_s - self.lag_s, idle_s)
        self.now_s = max(self.now_s, at_s)
        self.waited(self.now_s - idle_s - self.lag_s)

    def would_be_here_at(self, idle_s: float) -> None:
        """On idle, whole links and registries it would be here at `idle_s`: the rest was waiting."""
        self.waited(self.now_s - idle_s - self.lag_s)

    def end(self) -> None:
        """Close the last phase.

        Waiting early may save some later, for a time that is fixed or for another branch. It is counted in all and not
        in a phase: no phase has less than none, and what it saved comes off the phases before.
        """
        self.enter(self._phase)
        if min(self.waited_s) < 0:
            saved_s = 0.0
            for phase in range(len(PHASES) - 1, -1, -1):
                left_s = self.waited_s[phase] - saved_s
                self.waited_s[phase], saved_s = max(left_s, 0.0), max(-left_s, 0.0)

    def fork(self) -> Path:
        """A branch that runs beside this one from here."""
        branch = Path(self.started_s, self.lag_s)
        branch.now_s, branch._mark_s, branch._phase = self.now_s, self._mark_s, self._phase
        branch.phases_s, branch.waited_s = [*self.phases_s], [*self.waited_s]
        return branch

    def join(self, branches: list[Path]) -> None:
        """Go on from the branch that ended last, the first of those if several did: it is the critical one."""
        last = max(branches, key=_NOW_S)
        self.now_s, self._mark_s, self._phase = last.now_s, last._mark_s, last._phase
        self.phases_s, self.waited_s, self.lag_s = last.phases_s, last.waited_s, last.lag_s
        sooner_s = max(branch.now_s - branch.lag_s for branch in branches) - (self.now_s - self.lag_s)
        if sooner_s > 0:
            self.waited(-sooner_s)
