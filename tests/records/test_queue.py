"""The event queue against a sorted list."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sim.records import Layout, ObjectState
from sim.records.queue import Event, QueueGlobals, next_event_s, pop_event, push_event

LAYOUT = Layout(QueueGlobals, {"events": Event})


def queue(rows: int) -> Any:
    """An empty queue with room for so many events."""
    return ObjectState(LAYOUT, {"events": LAYOUT.rows("events", rows)})


@given(st.lists(st.one_of(st.none(), st.integers(0, 5).map(float), st.floats(0.0, 1e6)), max_size=60))
def test_events_come_by_time_and_then_in_the_order_in_which_they_were_scheduled(steps: list[float | None]) -> None:
    """Whatever is pushed and popped in between (None): each pop is the least of what is there by (time, order)."""
    w = queue(len(steps))
    waiting: list[tuple[float, int]] = []
    for number, at_s in enumerate(steps):
        if at_s is not None:
            push_event(w, at_s, number % 7, number, number + 1)
            waiting.append((at_s, number))
        elif waiting:
            waiting.sort()
            first_s, what = waiting.pop(0)
            assert next_event_s(w) == first_s
            pop_event(w)
            assert (w.g.event_s, w.g.event_what) == (first_s, what)
            assert (w.g.event_kind, w.g.event_generation) == (what % 7, what + 1)
        assert w.g.events_used == len(waiting)
    assert w.g.order == sum(step is not None for step in steps)


def test_an_empty_queue_has_nothing_next() -> None:
    """Its next event is never."""
    assert next_event_s(queue(1)) == float("inf")
