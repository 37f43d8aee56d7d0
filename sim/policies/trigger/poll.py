"""A registry asks for news periodically and copies all there is, as zot's sync and harbor-satellite do.

With `again` each poll copies whatever is not there yet, also what one before is still bringing: runs that overlap carry
bytes twice, and slow each other down (goharbor/harbor issue 20532). They go on until `run.duration` is over.

Polls that find nothing are not simulated: they would be an event each and move nothing but a list.
"""

from __future__ import annotations

import math
from typing import Final

from pydantic import StrictBool

from sim.figures import Duration, Period, Table, figure, setting
from sim.policies.snapshot import Due, Owed

#: The parameter that says whether a run copies what one before is still bringing.
REPEATS: Final = "again"


class Parameters(Table):
    """`every` and `offset` say when polls are; without `overlap` a poll waits while the one before still copies.

    With `again` one that does not wait copies the same once more.
    """

    every_s: Period = figure(
        "every", "6 h", source="project-zot/zot, sync examples: pollInterval 6 to 12 h",
        about="How often a registry asks for news.",
    )  # fmt: skip
    offset_s: Duration = setting("offset", "0 s", about="When it asks for the first time.")
    overlap: StrictBool = setting(
        "overlap", True, about="Whether it asks on time while the copies of the time before are under way."
    )
    again: StrictBool = setting(
        "again", False, about="Whether it then copies once more what those copies are still bringing."
    )


def due(view: Owed, parameters: Parameters) -> Due | None:
    """The first poll after now."""
    polls = math.floor((view.now_s - parameters.offset_s) / parameters.every_s) + 1
    return Due(max(polls, 0) * parameters.every_s + parameters.offset_s, not parameters.overlap)
