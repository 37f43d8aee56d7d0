"""The one event queue: a binary heap of rows (time, order, what happens to whom). Kernel code for all that keep time.

Events at one instant come in the order in which they were scheduled: `order` counts them. A state that has a queue has
a table `events` of rows like `Event`, and the fields of `QueueGlobals` among its globals; whoever runs it lengthens the
table before it is full. An event is never taken out of the middle: what it is about counts its *generation*, and an
event of an earlier one is void. Source: Knuth, "The Art of Computer Programming", volume 3, 5.2.3.
"""

from __future__ import annotations

from typing import Any, Final

from sim.records.layout import Int32

INF: Final = float("inf")


class Event:
    """Something that is to happen: what kind of thing, to whom, and of which generation that has to be."""

    at_s: float
    order: int
    kind: Int32
    what: Int32
    generation: Int32


class QueueGlobals:
    """What a queue needs among the globals."""

    events_used: int
    order: int  # events scheduled so far
    event_s: float  # the event that was taken off the queue last
    event_kind: int
    event_what: int
    event_generation: int


def push_event(w: Any, at_s: float, kind: int, what: int, generation: int) -> None:
    """Something is to happen at a time that is not past."""
    g, events = w.g, w.events
    at = g.events_used
    g.events_used = at + 1
    g.order += 1
    order = g.order
    while at > 0:
        above = (at - 1) >> 1
        if events[above].at_s <= at_s:  # of equals the one above was first
            break
        _move_event(w, above, at)
        at = above
    event = events[at]
    event.at_s, event.order, event.kind, event.what, event.generation = at_s, order, kind, what, generation


def pop_event(w: Any) -> None:
    """Take the first event off; it stands in the globals (`event_*`)."""
    g, events = w.g, w.events
    first = events[0]
    g.event_s, g.event_kind, g.event_what, g.event_generation = first.at_s, first.kind, first.what, first.generation
    last = g.events_used - 1
    g.events_used = last
    at_s, order = events[last].at_s, events[last].order
    at = 0
    while True:
        below = 2 * at + 1
        if below >= last:
            break
        if below + 1 < last and _precedes(w, below + 1, events[below].at_s, events[below].order):
            below += 1
        if not _precedes(w, below, at_s, order):
            break
        _move_event(w, below, at)
        at = below
    if at != last:
        _move_event(w, last, at)


def next_event_s(w: Any) -> float:
    """When the next event is to happen; infinity if none is."""
    return float(w.events[0].at_s) if w.g.events_used > 0 else INF


def _precedes(w: Any, at: int, at_s: float, order: int) -> bool:
    event = w.events[at]
    return bool(event.at_s < at_s or (event.at_s == at_s and event.order < order))


def _move_event(w: Any, source: int, target: int) -> None:
    one, other = w.events[target], w.events[source]
    one.at_s, one.order, one.kind, one.what, one.generation = (
        other.at_s, other.order, other.kind, other.what, other.generation,
    )  # fmt: skip
