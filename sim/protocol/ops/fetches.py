"""Blobs on their way to a node: a pull that wants one that another is fetching already waits for that fetch."""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.ops.places import place_of
from sim.protocol.tasks import let_go_all

UNDER_WAY: Final = 0
THERE: Final = 1
BROKEN_OFF: Final = 2


def find_arrival(w: Any, registry: int, repository: int, blob: int) -> int:
    """The fetch of a blob to a registry's repository that is under way, or -1."""
    found = w.registries[registry].first_arriving
    if found < 0:
        return -1
    place = place_of(w, registry, repository)
    while found >= 0:
        arrival = w.arrivals[found]
        if arrival.blob == blob and arrival.place == place:
            return int(found)
        found = arrival.next
    return -1


def expect_blob(w: Any, p: int, registry: int, repository: int, blob: int) -> None:
    """A pull fetches a blob from now on. Where pulls are not coalesced two may do so, and it is the first one's."""
    if find_arrival(w, registry, repository, blob) >= 0:
        return
    g, to = w.g, w.registries[registry]
    found = g.free_arrival
    if found >= 0:
        g.free_arrival = w.arrivals[found].next
    else:
        found = g.arrivals_used
        g.arrivals_used = found + 1
    arrival = w.arrivals[found]
    arrival.place = place_of(w, registry, repository)
    arrival.blob = blob
    arrival.task = p
    arrival.state = UNDER_WAY
    arrival.users = 0
    arrival.first_waiter = arrival.last_waiter = -1
    arrival.next = to.first_arriving
    to.first_arriving = found


def end_arrival(w: Any, registry: int, repository: int, blob: int, state: int, at_s: float, idle_s: float) -> None:
    """A blob has come, or will not; those who wait go on with that."""
    found = find_arrival(w, registry, repository, blob)
    if found < 0:
        return
    to, arrival = w.registries[registry], w.arrivals[found]
    if to.first_arriving == found:
        to.first_arriving = arrival.next
    else:
        before = to.first_arriving
        while w.arrivals[before].next != found:
            before = w.arrivals[before].next
        w.arrivals[before].next = arrival.next
    arrival.state = state
    arrival.at_s = at_s
    arrival.idle_s = idle_s
    first = arrival.first_waiter
    arrival.first_waiter = arrival.last_waiter = -1
    if arrival.users == 0:
        arrival.next = w.g.free_arrival
        w.g.free_arrival = found
    let_go_all(w, first)


def break_off_arrival(w: Any, p: int, registry: int, repository: int, blob: int) -> None:
    """A pull has ended: a blob that it was fetching will not come. What another fetches is none of its business."""
    found = find_arrival(w, registry, repository, blob)
    if found >= 0 and w.arrivals[found].task == p:
        end_arrival(w, registry, repository, blob, BROKEN_OFF, 0.0, 0.0)


def join_arrival(w: Any, p: int, found: int) -> None:
    """A task will wait for a fetch under way, after those that it waits for already."""
    g, task = w.g, w.tasks[p]
    made = g.free_join
    if made >= 0:
        g.free_join = w.joins[made].next
    else:
        made = g.joins_used
        g.joins_used = made + 1
    w.joins[made].arrival = found
    w.joins[made].next = -1
    w.arrivals[found].users += 1
    if task.joins < 0:
        task.joins = made
        return
    last = task.joins
    while w.joins[last].next >= 0:
        last = w.joins[last].next
    w.joins[last].next = made


def wait_for_arrival(w: Any, p: int) -> bool:
    """Whether a task has to wait for the first of the fetches that it joined; it goes on when that has ended."""
    task = w.tasks[p]
    arrival = w.arrivals[w.joins[task.joins].arrival]
    if arrival.state != UNDER_WAY:
        return False
    task.next = -1
    if arrival.first_waiter < 0:
        arrival.first_waiter = p
    else:
        w.tasks[arrival.last_waiter].next = p
    arrival.last_waiter = p
    return True


def leave_join(w: Any, p: int) -> None:
    """A task has heard of the first of the fetches that it joined, or does not want to know."""
    g, task = w.g, w.tasks[p]
    made = task.joins
    found = w.joins[made].arrival
    task.joins = w.joins[made].next
    w.joins[made].next = g.free_join
    g.free_join = made
    arrival = w.arrivals[found]
    arrival.users -= 1
    if arrival.users == 0 and arrival.state != UNDER_WAY:
        arrival.next = g.free_arrival
        g.free_arrival = found
