"""One deploy's own clock: where its time went, phase by phase.

A path runs ahead of the world's clock while it does things that nobody else can see or change: round trips, service
at an idle registry, booting. It waits for the world to catch up (`yield path.now_s`) only when it must look
at or change something shared. That is what makes a deploy a handful of events instead of thirty, and every phase
still has its exact duration.
"""

from __future__ import annotations

from typing import Final

from sim.rows import LOGIN, PHASES

_NONE: Final = (0.0,) * len(PHASES)


class Path:
    """Consecutive marks from `started_s` to `now_s`; the phases between them add up to the difference."""

    __slots__ = ("_mark_s", "_phase", "now_s", "phases_s", "started_s", "waited_s")

    def __init__(self, started_s: float) -> None:
        self.started_s = self.now_s = self._mark_s = started_s
        self._phase = LOGIN
        self.phases_s = [*_NONE]
        self.waited_s = [*_NONE]

    def enter(self, phase: int) -> None:
        """What follows belongs to `phase`; a phase may be entered again."""
        # Differences of neighbouring marks are exact in floats, so the phases add up to the latency.
        now_s = self.now_s
        self.phases_s[self._phase] += now_s - self._mark_s
        self._mark_s = now_s
        self._phase = phase

    def waited(self, duration_s: float) -> None:
        """The last `duration_s` were spent waiting for others."""
        self.waited_s[self._phase] += duration_s

    def end(self) -> None:
        """Close the last phase."""
        self.enter(self._phase)

    def fork(self) -> Path:
        """A branch that runs beside this one from here."""
        branch = Path(self.started_s)
        branch.now_s, branch._mark_s, branch._phase = self.now_s, self._mark_s, self._phase
        branch.phases_s, branch.waited_s = [*self.phases_s], [*self.waited_s]
        return branch

    def join(self, branches: list[Path]) -> None:
        """Go on from the branch that ended last, the first of those if several did: it is the critical one."""
        last = max(branches, key=lambda branch: branch.now_s)
        self.now_s, self._mark_s, self._phase = last.now_s, last._mark_s, last._phase
        self.phases_s, self.waited_s = last.phases_s, last.waited_s
