"""Fetches of blobs to a registry, coalesced: a pull that wants a blob which another is fetching waits for that fetch.

Each registry has a list of its fetches under way. A pull that joins one keeps a list of these (`joins`) and waits for
them one after another. A fetch that breaks off fails the pulls that joined it.

Source: containerd locks a blob that is being written, by its reference (core/content, plugins/content/local).
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.ops.places import place_of
from sim.protocol.tasks import make_all_ready

FETCHING: Final = 0
FETCHED: Final = 1
BROKEN_OFF: Final = 2


def find_blob_fetch(w: Any, registry: int, repository: int, blob: int) -> int:
    """The fetch of a blob to a registry's repository that is under way, or -1."""
    found = w.registries[registry].first_fetch
    if found < 0:
        return -1
    place = place_of(w, registry, repository)
    while found >= 0:
        fetch = w.blob_fetches[found]
        if fetch.blob == blob and fetch.place == place:
            return int(found)
        found = fetch.next
    return -1


def start_blob_fetch(w: Any, p: int, registry: int, repository: int, blob: int) -> None:
    """A pull fetches a blob from now on. Where pulls are not coalesced two may do so, and it is the first one's."""
    if find_blob_fetch(w, registry, repository, blob) < 0:
        add_blob_fetch(w, p, registry, repository, blob)


def add_blob_fetch(w: Any, p: int, registry: int, repository: int, blob: int) -> int:
    """A task fetches a blob from now on, whoever else does; the fetch."""
    g, to = w.g, w.registries[registry]
    found = g.free_blob_fetch
    if found >= 0:
        g.free_blob_fetch = w.blob_fetches[found].next
    else:
        found = g.blob_fetches_used
        g.blob_fetches_used = found + 1
    fetch = w.blob_fetches[found]
    fetch.place = place_of(w, registry, repository)
    fetch.blob = blob
    fetch.task = p
    fetch.state = FETCHING
    fetch.users = 0
    fetch.first_s = -1.0
    fetch.first_waiter = fetch.last_waiter = -1
    fetch.next = to.first_fetch
    to.first_fetch = found
    return int(found)


def end_blob_fetch(w: Any, registry: int, repository: int, blob: int, state: int, at_s: float, idle_s: float) -> None:
    """A blob has come, or will not; tasks that wait for it go on."""
    found = find_blob_fetch(w, registry, repository, blob)
    if found >= 0:
        close_blob_fetch(w, registry, found, state, at_s, idle_s)


def close_blob_fetch(w: Any, registry: int, found: int, state: int, at_s: float, idle_s: float) -> None:
    """The same of one fetch of a registry."""
    to, fetch = w.registries[registry], w.blob_fetches[found]
    if to.first_fetch == found:
        to.first_fetch = fetch.next
    else:
        before = to.first_fetch
        while w.blob_fetches[before].next != found:
            before = w.blob_fetches[before].next
        w.blob_fetches[before].next = fetch.next
    fetch.state = state
    fetch.at_s = at_s
    fetch.idle_s = idle_s
    first = fetch.first_waiter
    fetch.first_waiter = fetch.last_waiter = -1
    if fetch.users == 0:
        fetch.next = w.g.free_blob_fetch
        w.g.free_blob_fetch = found
    make_all_ready(w, first)


def break_off_blob_fetch(w: Any, p: int, registry: int, repository: int, blob: int) -> None:
    """A pull has ended: a blob that it was fetching will not come. Fetches of other pulls go on."""
    found = find_blob_fetch(w, registry, repository, blob)
    if found >= 0 and w.blob_fetches[found].task == p:
        end_blob_fetch(w, registry, repository, blob, BROKEN_OFF, 0.0, 0.0)


def join_blob_fetch(w: Any, p: int, found: int) -> None:
    """A task will wait for a fetch under way, after those that it has joined before."""
    g, task = w.g, w.tasks[p]
    made = g.free_join
    if made >= 0:
        g.free_join = w.joins[made].next
    else:
        made = g.joins_used
        g.joins_used = made + 1
    w.joins[made].fetch = found
    w.joins[made].next = -1
    w.blob_fetches[found].users += 1
    if task.joins < 0:
        task.joins = made
        return
    last = task.joins
    while w.joins[last].next >= 0:
        last = w.joins[last].next
    w.joins[last].next = made


def wait_for_blob_fetch(w: Any, p: int) -> bool:
    """Whether a task has to wait for the first of the fetches that it joined; it is ready when that has ended."""
    found = w.joins[w.tasks[p].joins].fetch
    if w.blob_fetches[found].state != FETCHING:
        return False
    wait_for_fetch(w, p, found)
    return True


def wait_for_fetch(w: Any, p: int, found: int) -> None:
    """A task is ready when something new is known of a fetch."""
    fetch = w.blob_fetches[found]
    w.tasks[p].next = -1
    if fetch.first_waiter < 0:
        fetch.first_waiter = p
    else:
        w.tasks[fetch.last_waiter].next = p
    fetch.last_waiter = p


def leave_blob_fetch(w: Any, p: int) -> None:
    """A task knows how the first of the fetches that it joined ended, or needs to know no more."""
    g, task = w.g, w.tasks[p]
    made = task.joins
    found = w.joins[made].fetch
    task.joins = w.joins[made].next
    w.joins[made].next = g.free_join
    g.free_join = made
    fetch = w.blob_fetches[found]
    fetch.users -= 1
    if fetch.users == 0 and fetch.state != FETCHING:
        fetch.next = g.free_blob_fetch
        g.free_blob_fetch = found
