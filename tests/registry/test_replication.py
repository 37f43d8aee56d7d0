"""The states of a copy: where events lead, that the table has no others, and that runs come by every one of them."""

from __future__ import annotations

import inspect
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.protocol import codes
from sim.protocol.ops import sync
from sim.registry.replication import MOVES, Event, State

#: What a copy goes through, by name.
HISTORIES = {
    "copied": ([Event.OWED, Event.BEGUN, Event.CHECKED, Event.PUT], State.COMMITTED),
    "copied at the second try": (
        [Event.OWED, Event.BEGUN, Event.BROKE, Event.BEGUN, Event.CHECKED, Event.PUT],
        State.COMMITTED,
    ),
    "without space at first": (
        [Event.OWED, Event.BROKE, Event.BROKE, Event.BEGUN, Event.CHECKED, Event.PUT],
        State.COMMITTED,
    ),
    "broken while copying": ([Event.OWED, Event.BEGUN, Event.CHECKED, Event.BROKE], State.BACKING_OFF),
    "given up": ([Event.OWED, Event.BEGUN, Event.BROKE, Event.GAVE_UP], State.FAILED),
    "gone at the source": ([Event.OWED, Event.BEGUN, Event.VANISHED], State.FAILED),
    "overtaken": ([Event.OWED, Event.BEGUN, Event.CHECKED, Event.PUT, Event.LOST], State.STALE),
}


@pytest.mark.parametrize(("events", "ends"), HISTORIES.values(), ids=HISTORIES)
def test_a_history(events: list[Event], ends: State) -> None:
    """A copy that was absent ends where these events lead."""
    state = State.ABSENT
    for event in events:
        state = MOVES[state, event]
    assert state is ends


def test_every_state_can_be_reached() -> None:
    """No state is dead: each follows from `absent`; only one that a copy may end in has no way out."""
    reached, frontier = {State.ABSENT}, [State.ABSENT]
    while frontier:
        state = frontier.pop()
        following = {to for (at, _), to in MOVES.items() if at is state} - reached
        reached |= following
        frontier += following
    assert reached == set(State)
    assert set(State) - {state for state, _ in MOVES} == {State.FAILED, State.STALE}


@given(st.lists(st.sampled_from(Event), max_size=30))
def test_only_what_was_put_is_ever_there(events: list[Event]) -> None:
    """However events come, a copy is there only after its manifest was put, and nothing but the tag is lost then."""
    state, there = State.ABSENT, False
    for event in events:
        if (state, event) in MOVES:
            state = MOVES[state, event]
            there |= event is Event.PUT
            assert (state in (State.COMMITTED, State.STALE)) == there


def test_every_event_is_one_that_a_job_raises() -> None:
    """The table has no event of which the protocol's code for copies has none."""
    raised = set(re.findall(r"move_replica\(w, p, (MOVE_\w+)\)", inspect.getsource(sync)))
    assert {list(Event)[getattr(codes, name)] for name in raised} == set(Event)
