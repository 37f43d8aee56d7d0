"""What explains a run's other tables and observes nothing itself, so that no digest of a run has it.

A transfer has a lane, and a lane crosses links: joined, they lead from the bytes on a link back to the deploys that
sent them. Left out: when a lane was in use, which the transfers say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sim.tables.columns import Column

LANES: Final = (
    Column("lane", "int", "number of the lane, as transfers have it"),
    Column("hop", "int", "how many links of the lane come before, from where bytes are sent"),
    Column("link", "text", "name of one direction of a link, of a registry's disk, or of a cap on copies"),
)

BESIDE: Final[Mapping[str, tuple[Column, ...]]] = {"lanes": LANES}
