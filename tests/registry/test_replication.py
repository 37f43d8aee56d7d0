"""The states of a reference at a registry: every course that a copy may take, and that there are no others."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.registry.replication import MOVES, Event, State

#: What a copy goes through, by name.
COURSES = {
    "copied": ([Event.OWED, Event.BEGUN, Event.CHECKED, Event.PUT], State.COMMITTED),
    "copied at the second try": (
        [Event.OWED, Event.BEGUN, Event.BROKE, Event.BEGUN, Event.CHECKED, Event.PUT],
        State.COMMITTED,
    ),
    "without room at first": (
        [Event.OWED, Event.BROKE, Event.BROKE, Event.BEGUN, Event.CHECKED, Event.PUT],
        State.COMMITTED,
    ),
    "broken while copying": ([Event.OWED, Event.BEGUN, Event.CHECKED, Event.BROKE], State.BACKING_OFF),
    "given up": ([Event.OWED, Event.BEGUN, Event.BROKE, Event.GAVE_UP], State.FAILED),
    "owed again after it failed": ([Event.OWED, Event.BEGUN, Event.BROKE, Event.GAVE_UP, Event.OWED], State.QUEUED),
    "gone at the source": ([Event.OWED, Event.BEGUN, Event.VANISHED], State.FAILED),
    "pushed, then overtaken": ([Event.PUT, Event.LOST], State.STALE),
    "overtaken, then owed": ([Event.PUT, Event.LOST, Event.OWED], State.QUEUED),
}


def after(events: Iterable[Event], state: State = State.ABSENT) -> State:
    """Where events lead; KeyError where one is illegal."""
    for event in events:
        state = MOVES[state, event]
    return state


@pytest.mark.parametrize(("events", "state"), COURSES.values(), ids=COURSES)
def test_a_course(events: list[Event], state: State) -> None:
    """A reference that was absent ends where these events lead."""
    assert after(events) is state


def test_every_state_can_be_reached_and_left() -> None:
    """No state is dead: each follows from `absent`, and something leads out of each."""
    reached, frontier = {State.ABSENT}, [State.ABSENT]
    while frontier:
        state = frontier.pop()
        following = {to for (at, _), to in MOVES.items() if at is state} - reached
        reached |= following
        frontier += following
    assert reached == set(State)
    assert {state for state, _ in MOVES} == set(State)


def test_every_event_happens_in_some_state() -> None:
    """None is there for nothing."""
    assert {event for _, event in MOVES} == set(Event)


@given(st.lists(st.sampled_from(Event), max_size=30))
def test_only_what_was_put_is_ever_there(events: list[Event]) -> None:
    """However events come, a reference is there only after its manifest was put."""
    state, there = State.ABSENT, False
    for event in events:
        if (state, event) in MOVES:
            state = MOVES[state, event]
            there = event is Event.PUT or (there and event is not Event.OWED)
            assert (state in (State.COMMITTED, State.STALE)) == there
