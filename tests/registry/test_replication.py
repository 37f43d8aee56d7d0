"""The states of a reference at a registry: every move of the table, and that there are no others."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.registry.replication import MOVES, Event, Replica, State

#: What a copy goes through, by name.
LIVES = {
    "copied": ([Event.OWED, Event.BEGUN, Event.CHECKED, Event.PUT, Event.SHOWN], State.LISTED),
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
    "overtaken, then dropped": ([Event.PUT, Event.SHOWN, Event.LOST, Event.DROPPED], State.EXPIRED),
    "dropped and fetched again": ([Event.PUT, Event.DROPPED, Event.PUT], State.COMMITTED),
    "removed": ([Event.PUT, Event.SHOWN, Event.REMOVED, Event.GONE], State.ABSENT),
    "removed before it was copied": ([Event.OWED, Event.REMOVED], State.ABSENT),
}


@pytest.mark.parametrize(("events", "state"), LIVES.values(), ids=LIVES)
def test_a_life(events: list[Event], state: State) -> None:
    """A reference that was absent ends where these events lead."""
    replica = Replica()
    for event in events:
        replica.on(event)
    assert replica.state is state


@pytest.mark.parametrize(("state", "event"), sorted(set(product(State, Event)) - MOVES.keys()))
def test_an_illegal_event_raises_and_changes_nothing(state: State, event: Event) -> None:
    """What the table does not have is refused in so many words, and the reference is where it was."""
    replica = Replica(state)
    with pytest.raises(ValueError, match=f"^a reference that is {state} can't be {event}$"):
        replica.on(event)
    assert replica.state is state


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


@given(st.lists(st.sampled_from(Event), max_size=30))
def test_only_what_was_put_is_ever_there(events: list[Event]) -> None:
    """However events come, a reference is there only after its manifest was put, and not after it was dropped."""
    replica, there = Replica(), False
    for event in events:
        if (replica.state, event) in MOVES:
            replica.on(event)
            there = event is Event.PUT or (there and event not in (Event.DROPPED, Event.GONE, Event.OWED))
            assert (replica.state in (State.COMMITTED, State.LISTED, State.STALE, State.DELETING)) == there
