"""How far runs are, in a notebook: a bar that stands in the cell while they take longer than a second.

Whether this is a notebook IPython says, if it is there and has a kernel; it is not imported for that. Left out: other
places, where the command line shows how far runs are (`sim.cli.progress`), and whoever calls from Python gives a
`progress` of their own.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from typing import Any, Final

#: Nothing is shown of what takes less, s; and between one picture and the next it takes that long.
LATER_S: Final = 1.0
APART_S: Final = 0.2
_KERNEL: Final = "ZMQInteractiveShell"


def notebook_progress(now_s: Callable[[], float] = time.monotonic) -> NotebookProgress | None:
    """What shows how far runs are; None where no notebook is."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if type(shell).__name__ != _KERNEL:
        return None
    return NotebookProgress(importlib.import_module("IPython.display").display, now_s)


class NotebookProgress:
    """Called with how many of how many runs are done, a number that a search raises."""

    def __init__(self, display: Callable[..., Any], now_s: Callable[[], float] = time.monotonic) -> None:
        self._display, self._now_s = display, now_s
        self._began_s = self._drawn_s = now_s()
        self._handle: Any = None

    def __call__(self, done: int, total: int) -> None:
        now_s = self._now_s()
        if self._handle is None:
            if now_s - self._began_s >= LATER_S and done < total:
                self._drawn_s = now_s
                self._handle = self._display(self._picture(done, total, now_s), raw=True, display_id=True)
        elif done == total or now_s - self._drawn_s >= APART_S:
            self._drawn_s = now_s
            self._handle.update(self._picture(done, total, now_s), raw=True)

    def _picture(self, done: int, total: int, now_s: float) -> dict[str, str]:
        elapsed_s = now_s - self._began_s
        left = f", about {elapsed_s / done * (total - done):.0f} s left" if 0 < done < total else ""
        text = f"{done:,} of {total:,} runs in {elapsed_s:.0f} s{left}"
        return {"text/plain": text, "text/html": f'<progress value="{done}" max="{total}"></progress> {text}'}
