"""Tasks that wait until a registry has an image: a queue for each image at each place.

Left out: why the image should come (`ops/sync`, `ops/pull`), and for how long a task waits (`ops/deploys`).
"""

from __future__ import annotations

from typing import Any

from sim.protocol.ops.places import WAITERS_KEY, add_entry, entry_key, find_entry, find_place, place_of, remove_entry
from sim.protocol.tasks import wait_until


def add_waiter(w: Any, p: int, registry: int, repository: int, image: int) -> None:
    """A task waits until a registry has an image, behind those that wait already."""
    key = entry_key(WAITERS_KEY, place_of(w, registry, repository), image)
    task = w.tasks[p]
    task.next = -1
    at = find_entry(w, key)
    if at < 0:
        w.g.awaited_images += 1
        add_entry(w, key, p)
        return
    last = int(w.entries[at].value)
    while w.tasks[last].next >= 0:
        last = int(w.tasks[last].next)
    w.tasks[last].next = p


def remove_waiter(w: Any, p: int, registry: int, repository: int, image: int) -> None:
    """A task waits no longer."""
    at = find_entry(w, entry_key(WAITERS_KEY, place_of(w, registry, repository), image))
    if at < 0:
        return
    following = int(w.tasks[p].next)
    w.tasks[p].next = -1
    other = int(w.entries[at].value)
    if other == p:
        if following < 0:
            w.g.awaited_images -= 1
            remove_entry(w, at)
        else:
            w.entries[at].value = following
        return
    while other >= 0:
        if w.tasks[other].next == p:
            w.tasks[other].next = following
            return
        other = int(w.tasks[other].next)


def wake_waiters(w: Any, registry: int, repository: int, image: int, idle_s: float) -> None:
    """A registry has an image: its waiters go on, behind what else is due at this instant.

    On idle, unimpaired links it would have it at `idle_s`: each waiter has that as its `wait_s`, and 2 as its
    `image_wait`.
    """
    if w.g.awaited_images == 0:
        return
    place = find_place(w, registry, repository)
    if place < 0:
        return
    at = find_entry(w, entry_key(WAITERS_KEY, place, image))
    if at < 0:
        return
    first = int(w.entries[at].value)
    w.g.awaited_images -= 1
    remove_entry(w, at)
    p = first
    while p >= 0:
        task = w.tasks[p]
        following = int(task.next)
        task.next = -1
        task.wait_s = idle_s
        task.image_wait = 2
        wait_until(w, p, w.g.now_s)
        p = following
