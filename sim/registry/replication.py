"""What becomes of one reference at one registry while registries copy from each other: a state machine as a table.

A copy is owed (`queued`), a job asks the target what it has (`checking`), sends what it lacks (`copying`) and puts the
manifest (`committed`). A break sends the job `backing-off`, too many of them make it `failed`. A reference whose tag
another publish took is `stale`.

Harbor's replication knows four states of a job (pending, in progress, succeeded, failed: goharbor/harbor,
src/jobservice/job); the finer ones are ours. Which of two publishes wins is a rule, in `policies/conflict`. Left out,
since they are no business of copies: when a list shows a reference, and what is evicted, expired or removed
(`protocol/ops`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a reference stands at one registry."""

    ABSENT = "absent"
    QUEUED = "queued"
    CHECKING = "checking"
    COPYING = "copying"
    COMMITTED = "committed"
    BACKING_OFF = "backing-off"
    FAILED = "failed"
    STALE = "stale"


class Event(StrEnum):
    """What may happen to it."""

    OWED = "owed"  # another registry has published it
    BEGUN = "begun"  # a job asks the target
    CHECKED = "checked"  # the target has said what it lacks
    PUT = "put"  # the target has the manifest
    BROKE = "broke"  # a link or a registry failed under the job
    GAVE_UP = "gave-up"  # the job has been tried as often as it may be
    VANISHED = "vanished"  # the source no longer has it
    LOST = "lost"  # another publish has the tag


_S, _E = State, Event

#: The next state for each state and each event that may happen in it; what is not here is illegal.
MOVES: Final[Mapping[tuple[State, Event], State]] = {
    (_S.ABSENT, _E.OWED): _S.QUEUED,
    (_S.ABSENT, _E.PUT): _S.COMMITTED,  # pushed here, or pulled
    (_S.QUEUED, _E.BEGUN): _S.CHECKING,
    (_S.QUEUED, _E.BROKE): _S.BACKING_OFF,  # the target has no room for it
    (_S.QUEUED, _E.VANISHED): _S.FAILED,
    (_S.CHECKING, _E.CHECKED): _S.COPYING,
    (_S.CHECKING, _E.BROKE): _S.BACKING_OFF,
    (_S.CHECKING, _E.VANISHED): _S.FAILED,
    (_S.COPYING, _E.PUT): _S.COMMITTED,
    (_S.COPYING, _E.BROKE): _S.BACKING_OFF,
    (_S.COPYING, _E.VANISHED): _S.FAILED,
    (_S.BACKING_OFF, _E.BEGUN): _S.CHECKING,
    (_S.BACKING_OFF, _E.BROKE): _S.BACKING_OFF,  # and still has none
    (_S.BACKING_OFF, _E.VANISHED): _S.FAILED,
    (_S.BACKING_OFF, _E.GAVE_UP): _S.FAILED,
    (_S.FAILED, _E.OWED): _S.QUEUED,
    (_S.COMMITTED, _E.LOST): _S.STALE,
    (_S.STALE, _E.OWED): _S.QUEUED,
}
