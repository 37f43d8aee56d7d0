"""How far the runs are, on standard error: a bar on a terminal, now and then a line elsewhere, nothing when quiet.

The bar is drawn when a run has ended and by no thread of its own, since workers are forked.
"""

from __future__ import annotations

import sys
import time
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

LINE_EVERY_S: Final = 10.0


class Progress:
    """Called with how many of how many runs are done, a number that a search raises; at its end the bar goes away."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._began_s = self._printed_s = time.monotonic()
        self._last = self._printed = ""
        self._bar = _bar() if sys.stderr.isatty() and not quiet else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif self._last != self._printed:
            print(self._last, file=sys.stderr, flush=True)

    def __call__(self, done: int, total: int) -> None:
        now_s = time.monotonic()
        pace_text = pace(done, total, now_s - self._began_s)
        if self._bar is not None:
            if not self._bar.tasks:
                self._bar.add_task("", total=total, pace=pace_text)
                self._bar.start()
            self._bar.update(self._bar.task_ids[0], completed=done, total=total, pace=pace_text, refresh=True)
        elif not self._quiet:
            self._last = f"{done} of {total} runs, {pace_text}"
            if not self._printed or now_s - self._printed_s >= LINE_EVERY_S:
                self._printed_s, self._printed = now_s, self._last
                print(self._last, file=sys.stderr, flush=True)


def _bar() -> Bar:
    columns = (TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
    return Bar(*columns, console=Console(stderr=True), auto_refresh=False, transient=True)


def pace(done: int, total: int, elapsed_s: float) -> str:
    """`0.45 runs/s, 18 s left`; when all is done, how long it took."""
    if done == total:
        return f"{duration(elapsed_s)} in all"
    if not done or elapsed_s <= 0:
        return "starting"
    return f"{done / elapsed_s:.2g} runs/s, {duration(elapsed_s / done * (total - done))} left"


def duration(span_s: float) -> str:
    """`18 s`, `3 min 20 s`, `2 h 5 min`: a time to wait."""
    seconds = round(span_s)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    return f"{minutes // 60} h {minutes % 60} min"
