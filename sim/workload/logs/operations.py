"""Operations: the single pushes and pulls that a registry's log shows, and what they add up to.

The sums are what a replay is held against: blobs and bytes that were sent, saved and fetched. Left out: removals and
lists, which no replay repeats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Blobs = tuple[tuple[str, float], ...]


class Operation(NamedTuple):
    """One push or pull as it was logged.

    `blobs` are the image's, digest and bytes (NaN where the log never says), in the order in which they were asked for;
    `moved` are those of them that travelled. `found` are blobs of a push that were there before the log could know.
    """

    at_s: float
    kind: Literal["push", "pull"]
    client: str
    repository: str
    reference: str
    blobs: Blobs
    moved: frozenset[str]
    found: frozenset[str]
    manifest_bytes: float
    known: bool


@dataclass(slots=True)
class Logged:
    """What a registry's log says was done, added up: blobs and bytes sent, saved and fetched."""

    pushes: int = 0
    pulls: int = 0
    sent_blobs: int = 0
    sent_bytes: float = 0.0
    saved_blobs: int = 0
    saved_bytes: float = 0.0
    fetched_blobs: int = 0
    fetched_bytes: float = 0.0
    unknown_pulls: int = 0
    found_blobs: int = 0
    unended: int = 0
    bare: int = 0
    guessed: set[str] = field(default_factory=set)

    @property
    def guessed_blobs(self) -> int:
        """Blobs whose size no line has."""
        return len(self.guessed)

    def add(self, operation: Operation, unknown_bytes: float) -> None:
        """Count one; a blob of unknown size as `unknown_bytes`, and among those that are `guessed`."""
        self.guessed.update(digest for digest, size in operation.blobs if math.isnan(size))
        moved = [sized(size, unknown_bytes) for digest, size in operation.blobs if digest in operation.moved]
        kept = [sized(size, unknown_bytes) for digest, size in operation.blobs if digest not in operation.moved]
        if operation.kind == "push":
            self.pushes += 1
            self.sent_blobs += len(moved)
            self.sent_bytes += sum(moved)
            self.saved_blobs += len(kept)
            self.saved_bytes += sum(kept)
            self.found_blobs += len(operation.found)
        else:
            self.pulls += 1
            self.unknown_pulls += not operation.known
            self.fetched_blobs += len(moved)
            self.fetched_bytes += sum(moved)


def sized(size_bytes: float, unknown_bytes: float) -> int:
    """A blob's bytes, or those that stand for a blob whose size no log says."""
    return int(unknown_bytes if math.isnan(size_bytes) else size_bytes)
