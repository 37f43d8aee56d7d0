"""Copies begin only in a window that opens periodically, such as at night; those under way when it closes go on."""

from __future__ import annotations

import math

from pydantic import StrictBool

from sim.figures import Duration, Period, Table, figure, setting
from sim.policies.snapshot import Due, Owed


class Parameters(Table):
    """The window opens at `opens` and again `every` so often, for `lasts`.

    Without `overlap` a window's copies wait while those of the window before are still under way.
    """

    opens_s: Duration = figure("opens", "1 h", assumption=True, about="When the window opens for the first time.")
    lasts_s: Period = figure("lasts", "4 h", assumption=True, about="How long it stays open.")
    every_s: Period = setting("every", "24 h", about="How often it opens.")
    overlap: StrictBool = setting(
        "overlap", True, about="Whether copies begin while those of the window before are under way."
    )


def due(view: Owed, parameters: Parameters) -> Due | None:
    """After the job's delay if the window is open then, otherwise when it next opens."""
    ready_s = view.now_s + view.delay_s
    windows = math.floor((ready_s - parameters.opens_s) / parameters.every_s)
    opened_s = parameters.opens_s + windows * parameters.every_s
    if ready_s - opened_s < parameters.lasts_s:
        return Due(ready_s, False)
    return Due(opened_s + parameters.every_s, not parameters.overlap)
