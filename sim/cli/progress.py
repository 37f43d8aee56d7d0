"""How far the runs are, on standard error: a bar on a terminal, now and then a line elsewhere, nothing when quiet.

Above the bar stands what a comparison's runs show so far, if that is wanted and the answer goes to a terminal, too. All
is drawn when a run has ended and by no thread of its own, since workers are forked.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison

#: What shows a comparison on a console.
Picture = Callable[["Comparison", Console], RenderableType]
LINE_EVERY_S: Final = 10.0
#: Between one picture of a comparison and the next it takes that long.
APART_S: Final = 0.1


class Progress:
    """Called with how many of how many runs are done, a number that a search raises; at its end the bar goes away.

    With a `picture` of a comparison, the one so far stands above it (`so_far`), but only where standard output is a
    terminal, too: into a pipe or a file goes the answer alone.
    """

    def __init__(self, quiet: bool, picture: Picture | None = None) -> None:
        self._quiet = quiet
        self._picture_of = picture
        self._began_s = self._printed_s = self._drawn_s = time.monotonic()
        self._last = self._printed = ""
        self._bar = _bar() if sys.stderr.isatty() and not quiet else None
        self._live: Live | None = None
        self._picture: RenderableType = ""
        self._newest: Comparison | None = None
        self.so_far = self._draw if picture and self._bar is not None and _moves(self._bar.console) else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._live is not None:
            self._live.stop()
        elif self._last != self._printed:
            print(self._last, file=sys.stderr, flush=True)

    def __call__(self, done: int, total: int) -> None:
        now_s = time.monotonic()
        pace_text = pace(done, total, now_s - self._began_s)
        if self._bar is not None:
            if not self._bar.tasks:
                self._bar.add_task("", total=total, pace=pace_text)
            self._bar.update(self._bar.task_ids[0], completed=done, total=total, pace=pace_text)
            self._redraw(self._bar)
        elif not self._quiet:
            self._last = f"{done} of {total} runs, {pace_text}"
            if not self._printed or now_s - self._printed_s >= LINE_EVERY_S:
                self._printed_s, self._printed = now_s, self._last
                print(self._last, file=sys.stderr, flush=True)

    def _draw(self, outcome: Comparison) -> None:
        self._newest = outcome
        if self._bar is not None:
            self._redraw(self._bar)

    def _redraw(self, bar: Bar) -> None:
        """The bar, and above it the newest comparison, or the one before where that has hardly been seen yet."""
        now_s = time.monotonic()
        if (
            self._picture_of is not None
            and self._newest is not None
            and (not self._picture or now_s - self._drawn_s >= APART_S)
        ):
            self._drawn_s = now_s
            self._picture, self._newest = self._picture_of(self._newest, bar.console), None
        if self._live is None:
            self._live = Live(console=bar.console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(Group(self._picture, bar.get_renderable()) if self._picture else bar, refresh=True)


def _moves(console: Console) -> bool:
    """Whether what stands on both streams' terminal can be drawn over."""
    return sys.stdout.isatty() and not console.is_dumb_terminal


def _bar() -> Bar:
    columns = (TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
    return Bar(*columns, console=Console(stderr=True), auto_refresh=False)


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
