"""How busy this machine was while something was measured, from /proc (proc(5)): by the rig itself, and by others."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Sequence
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_IDLE = (3, 4)  # the columns of /proc/stat that are no work: idle and iowait
_COUNTED = 8  # those after are parts of earlier ones


class Load:
    """Cores kept busy between `begin` and `end`. `running`: process ids of the rig's that live through both."""

    def __init__(self, running: Sequence[int]) -> None:
        self._running = running

    def begin(self) -> None:
        """Start counting."""
        self._then = time.monotonic(), _machine_s(), self._rig_s()

    def end(self) -> tuple[float, float]:
        """Mean cores that the rig and that others kept busy; clients count once they have been waited for."""
        wall_s, machine_s, rig_s = (
            now - then for now, then in zip((time.monotonic(), _machine_s(), self._rig_s()), self._then, strict=True)
        )
        return rig_s / wall_s, max(0.0, (machine_s - rig_s) / wall_s)

    def _rig_s(self) -> float:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = resource.getrusage(resource.RUSAGE_SELF)
        waited_for = ended.ru_utime + ended.ru_stime + own.ru_utime + own.ru_stime
        return waited_for + sum(map(_process_s, self._running))


def _machine_s() -> float:
    ticks = [int(value) for value in Path("/proc/stat").read_text().splitlines()[0].split()[1 : 1 + _COUNTED]]
    return _TICK_S * sum(value for column, value in enumerate(ticks) if column not in _IDLE)


def _process_s(process: int) -> float:
    """User and system time; the name in parentheses may hold anything, so count from behind it."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return _TICK_S * (int(fields[11]) + int(fields[12]))
