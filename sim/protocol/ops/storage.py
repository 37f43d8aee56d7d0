"""Bounded registries: which images are dropped, why, and what is lost by that.

Space is made when a transfer begins. A task that is about to send or fetch an image claims it (`ops/admission`), so
that nothing it shares with others goes meanwhile, and other images are dropped until it fits. An image that a node
drops before any other registry has it is lost. Whatever is dropped is a row of `drops`.

What an image is worth is the eviction rule's to say (`sim/policies/eviction`); bytes are counted by
`ops/storage_accounting`.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import BROKEN, DISK_FULL, EVICTED, EXPIRED, GROW_ASKED
from sim.protocol.machine import ask_host
from sim.protocol.ops.holdings import drop_image, forget_held, has_image, remove_manifest
from sim.protocol.ops.places import place_of
from sim.protocol.ops.storage_accounting import (
    choose_victims,
    is_accounted,
    next_expired,
    reserve_space,
    touch_image,
    unaccount_image,
)
from sim.protocol.state import GROW_DROPS


def use_image(w: Any, registry: int, repository: int, image: int) -> None:
    """An image was started or fetched from a bounded registry."""
    touch_image(w, place_of(w, registry, repository), image, w.g.now_s)


def run_from(w: Any, registry: int, repository: int, image: int) -> None:
    """An instance runs from this image from now on, in place of the one that ran from this repository."""
    w.places[place_of(w, registry, repository)].running = image


def stop_running(w: Any, registry: int, repository: int) -> None:
    """The instance of this repository ends, if there is one."""
    w.places[place_of(w, registry, repository)].running = -1


def admit(w: Any, registry: int, image: int) -> int:
    """Have space for an image that is claimed, by dropping others. 0, or DISK_FULL and nothing changed."""
    victim = choose_victims(w, registry, image, w.g.keep_unsynced != 0 and 0 < registry <= w.g.nodes)
    if victim == -2:
        return DISK_FULL
    reserve_space(w, registry, image)
    while victim >= 0:
        stored = w.stored_images[victim]
        following = stored.next_victim
        drop_stored(w, registry, stored.place, stored.image, EVICTED)
        victim = following
    return 0


def drop_expired(w: Any, registry: int) -> None:
    """Drop images that are past their time."""
    if w.registries[registry].bounded == 0:
        return
    at = next_expired(w, registry, -1, w.g.now_s)
    while at >= 0:
        # Its row says what follows, as long as it is not dropped.
        following = next_expired(w, registry, at, w.g.now_s)
        stored = w.stored_images[at]
        drop_stored(w, registry, stored.place, stored.image, EXPIRED)
        at = following


def drop_stored(w: Any, registry: int, place: int, image: int, why: int) -> None:
    """An image is dropped from a bounded registry; it is lost if no other has it."""
    now_s, repository = w.g.now_s, w.places[place].repository
    freed = unaccount_image(w, registry, place, image)
    drop_image(w, registry, repository, image, now_s)
    lost = not is_anywhere(w, repository, image, registry)
    record_drop(w, registry, repository, image, why, freed, lost, now_s + w.registries[registry].list_lag_s)


def is_anywhere(w: Any, repository: int, image: int, but: int) -> bool:
    """Whether any registry but one has an image."""
    last = w.g.nodes
    registry = 0
    while registry <= last and (registry == but or not has_image(w, registry, repository, image)):
        registry += 1
    return bool(registry <= last)


def record_drop(
    w: Any, registry: int, repository: int, image: int, why: int, freed: int, lost: bool, shown_until_s: float
) -> None:
    """A row for what went from a registry now."""
    g = w.g
    if g.drops_used >= len(w.drops):
        ask_host(w, GROW_ASKED, GROW_DROPS, 0, 0)
    row = w.drops[g.drops_used]
    g.drops_used += 1
    row.registry, row.repository, row.image, row.dropped_s = registry, repository, image, g.now_s
    row.why, row.freed_bytes, row.lost, row.shown_until_s = why, freed, int(lost), shown_until_s


def lose_disk(w: Any, registry: int) -> None:
    """A disk is gone with everything on it; images that no other registry has are lost."""
    g = w.g
    at = w.registries[registry].first_place
    while at >= 0:
        place = w.places[at]
        while place.first_image >= 0:
            image = w.held_images[place.first_image].image
            remove_manifest(w, registry, place.repository, image, g.now_s)
            if is_accounted(w, at, image):
                unaccount_image(w, registry, at, image)
            lost = not is_anywhere(w, place.repository, image, registry)
            record_drop(w, registry, place.repository, image, BROKEN, 0, lost, g.now_s)
        at = place.next
    slot = 0
    while slot < g.held_slots:
        key = w.held[slot]
        if key != 0 and w.places[(key - 1) >> 31].registry == registry:
            forget_held(w, slot)  # another may be there now
        else:
            slot += 1
