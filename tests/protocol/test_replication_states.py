"""Every state of a copy times every event: the program of copies, walked through all its branches, against the table.

The walk takes each step as it may end: it goes on, jumps to the label that it was given, or fails. That is more than
can happen, so an event that the walk never meets in a state never comes there.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import pytest

from sim.protocol.ops import control, sync
from sim.protocol.programs import PROGRAMS, Label, Step
from sim.registry.replication import MOVES, Event, State

#: What an op does to the copy's state in each of its branches: events, and whether it goes on, jumps or fails.
Branch = tuple[tuple[Event, ...], str]
ON: Final = ((), "on")

EFFECTS: Final[dict[Callable[..., Any], Callable[[State], list[Branch]]]] = {
    sync.begin_job: lambda state: [((Event.OWED,), "on")],
    sync.source_lacks_image: lambda state: [((Event.BEGUN,), "on"), ((Event.BEGUN, Event.VANISHED), "jumps")],
    sync.blobs_copied: lambda state: [((Event.CHECKED,), "on")],
    sync.put_copied_manifest: lambda state: [((Event.PUT,), "on"), ((), "fails")],
    sync.attempt_failed: lambda state: [((Event.BROKE,), "on")],
    sync.back_off: lambda state: (
        [((Event.GAVE_UP,), "on"), ((), "jumps")] if state is State.BACKING_OFF else [ON]
    ),
    sync.end_job: lambda state: [ON, ((Event.LOST,), "on")] if state is State.COMMITTED else [ON],
}  # fmt: skip
#: Returns of an op that is no failure.
GOES_ON: Final = {"GO", "WAIT", "BLOCKED", "ENDED", "end_yield(w, aside)"}


class Frame(NamedTuple):
    """Where a program stands: its name, its next step, where it goes after a failure, and whether one was handled."""

    program: str
    pc: int
    handler: int = -1
    failed: bool = False


class Place(NamedTuple):
    """Where a job stands: its programs, the innermost last, and the copy's state."""

    frames: tuple[Frame, ...]
    state: State


def branches(step: Step, state: State) -> list[Branch]:
    """How a step may end."""
    if step.op in EFFECTS:
        return EFFECTS[step.op](state)
    found = [ON]
    if isinstance(step.a, str) and step.a not in PROGRAMS:
        found.append(((), "jumps"))
    returns = set(re.findall(r"\breturn (.+)", inspect.getsource(step.op)))
    if returns - GOES_ON or (isinstance(step.a, str) and step.a in PROGRAMS):
        found.append(((), "fails"))
    return found


def failed(frames: tuple[Frame, ...], state: State) -> Iterator[Place]:
    """A failure goes to the innermost program that handles it; one that nobody does ends the job."""
    while frames:
        frame = frames[-1]
        if frame.handler >= 0:
            yield Place((*frames[:-1], Frame(frame.program, frame.handler, -1, True)), state)
            return
        frames = frames[:-1]


def following(place: Place, met: set[tuple[State, Event]]) -> Iterator[Place]:
    """Where a job may stand after its next step; `met` gets the events on the way."""
    *outer, frame = place.frames
    parts = PROGRAMS[frame.program]
    labels = {part.name: at for at, part in enumerate(parts) if isinstance(part, Label)}
    part = parts[frame.pc]
    after = frame._replace(pc=frame.pc + 1)
    if not isinstance(part, Step):
        yield Place((*outer, after), place.state)
    elif part.op is control.end:
        if outer:
            yield Place(tuple(outer), place.state)
    elif part.op is control.on_failure:
        yield Place((*outer, after._replace(handler=labels[str(part.a)])), place.state)
    elif part.op is control.jump:
        yield Place((*outer, after._replace(pc=labels[str(part.a)])), place.state)
    elif part.op is control.call_program:
        yield Place((*outer, after, Frame(str(part.a), 1)), place.state)
    elif part.op is control.reraise:
        here = (*outer, after._replace(handler=-1, failed=False))
        yield from failed(here, place.state) if frame.failed else [Place(here, place.state)]
    else:
        for events, ends in branches(part, place.state):
            state = State.ABSENT if part.op is sync.begin_job else place.state
            for event in events:
                met.add((state, event))
                state = MOVES.get((state, event), state)
            if ends == "fails":
                yield from failed((*outer, after), state)
            else:
                pc = labels[str(part.a)] if ends == "jumps" else after.pc
                cleared = after.failed and part.op is not sync.attempt_failed
                yield Place((*outer, after._replace(pc=pc, failed=cleared)), state)


@pytest.fixture(scope="module")
def met() -> set[tuple[State, Event]]:
    """Each event that a job may raise, in each state in which it may."""
    found: set[tuple[State, Event]] = set()
    frontier = [Place((Frame("COPY_JOB", 1),), State.ABSENT)]
    seen = set(frontier)
    while frontier:
        for place in following(frontier.pop(), found):
            if place not in seen:
                seen.add(place)
                frontier.append(place)
    return found


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("state", State)
def test_an_event_comes_where_the_table_has_a_place_for_it(
    state: State, event: Event, met: set[tuple[State, Event]]
) -> None:
    """An event may come in a state where the table says what follows, and in no other."""
    assert ((state, event) in met) == ((state, event) in MOVES)


def test_the_walk_knows_what_each_op_does() -> None:
    """The ops that move copies raise the events that the walk takes them to raise."""
    for name, function in inspect.getmembers(sync, inspect.isfunction):
        raised = {Event[each] for each in re.findall(r"move_replica\(w, p, MOVE_(\w+)\)", inspect.getsource(function))}
        expected = (
            {event for state in State for events, _ in EFFECTS[function](state) for event in events}
            if (function in EFFECTS)
            else set()
        )
        if function is sync.take_copy:  # which `end_job` calls
            assert raised == {Event.LOST}
        elif function is sync.end_job:
            assert (raised, expected) == (set(), {Event.LOST})
        else:
            assert raised == expected, name
