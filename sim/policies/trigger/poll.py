"""A registry asks for news periodically and copies all there is, as zot's sync and harbor-satellite do.

Polls that find nothing are not simulated: they would be an event each and move nothing but a list.
"""

from __future__ import annotations

import math

from pydantic import StrictBool

from sim.figures import Duration, Period, Table, figure, setting
from sim.policies.snapshot import Due, Owed


class Parameters(Table):
    """`every` and `offset` say when polls are; without `overlap` a poll waits while the one before still copies."""

    every_s: Period = figure(
        "every", "6 h", source="project-zot/zot, sync examples: pollInterval 6 to 12 h",
        about="How often a registry asks for news.",
    )  # fmt: skip
    offset_s: Duration = setting("offset", "0 s", about="When it asks for the first time.")
    overlap: StrictBool = setting(
        "overlap", True, about="Whether it asks on time while the copies of the time before are under way."
    )


def due(view: Owed, parameters: Parameters) -> Due | None:
    """The first poll after now."""
    polls = math.floor((view.now_s - parameters.offset_s) / parameters.every_s) + 1
    return Due(max(polls, 0) * parameters.every_s + parameters.offset_s, not parameters.overlap)
