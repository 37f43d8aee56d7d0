"""Removal on request, and the garbage collection that frees its blobs.

Mark and sweep, as `registry garbage-collect` of distribution does it, but for one accident there: whether a repository
keeps a blob for another's manifest depends on which of the two is scanned first (registry/storage/garbagecollect.go);
here it never does. Manifests without a tag are kept, since a digest may pin them, unless they are to be dropped first
(its option `--delete-untagged`). While garbage is collected nothing is written.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import COLLECTED, GROW_ASKED, REMOVED
from sim.protocol.machine import ask_host, rows_are_low
from sim.protocol.ops.holdings import forget_held, forget_image, place_has_image, remove_tag, unlist_name
from sim.protocol.ops.places import IMAGE_KEY, entry_key, find_entry, find_place
from sim.protocol.ops.quotas import clear_quotas, count_to_account
from sim.protocol.ops.storage import record_drop
from sim.protocol.ops.storage_accounting import is_accounted, is_claimed, unaccount_image
from sim.records.hashing import set_find


def delete_image(w: Any, registry: int, repository: int, image: int) -> None:
    """An image's removal was asked for: its manifest and its tags go; blobs stay until garbage is collected.

    Copies elsewhere stay, too, and are no longer listed.
    """
    g = w.g
    place = find_place(w, registry, repository)
    if place < 0 or not place_has_image(w, place, image):
        return
    tag = w.places[place].first_tag
    while tag >= 0:
        row = w.tags[tag]
        following, name, publish = row.next, row.name, row.publish
        if w.publishes[publish].image == image:
            remove_tag(w, registry, name, g.now_s)
            unlist_name(w, name, publish)
        tag = following
    forget_image(w, place, image)
    if is_accounted(w, place, image):
        unaccount_image(w, registry, place, image)
    record_drop(w, registry, repository, image, REMOVED, 0, False, g.now_s + w.registries[registry].list_lag_s)


def collect_centrals_garbage(w: Any) -> None:
    """Collect central's garbage; what is pushed meanwhile waits."""
    g, central = w.g, w.registries[0]
    if central.bounded:
        central.paused_until_s = g.now_s + g.collect_pause_s
    collect_garbage(w, 0)


def collect_garbage(w: Any, registry: int) -> None:
    """Blobs of no manifest go, before that manifests without a tag if that is the rule; quotas count anew."""
    g = w.g
    before_bytes = stored_bytes(w, registry)
    at = w.registries[registry].first_place
    while at >= 0:
        if g.collects_untagged:
            _forget_untagged(w, registry, at)
        _mark_needed(w, at)
        at = w.places[at].next
    _sweep_unmarked(w, registry)
    if w.registries[registry].quota_bytes >= 0:
        _recount_quotas(w, registry)
    record_drop(w, registry, -1, -1, COLLECTED, before_bytes - stored_bytes(w, registry), False, g.now_s)


def _forget_untagged(w: Any, registry: int, at: int) -> None:
    """Manifests of a place that no tag means go."""
    place = w.places[at]
    tag = place.first_tag
    while tag >= 0:  # the entry of an image that a tag means is below 0 for now
        slot = find_entry(w, entry_key(IMAGE_KEY, at, w.publishes[w.tags[tag].publish].image))
        if slot >= 0 and w.entries[slot].value >= 0:
            w.entries[slot].value = -1 - w.entries[slot].value
        tag = w.tags[tag].next
    held = place.first_image
    while held >= 0:
        following, image = w.held_images[held].next, w.held_images[held].image
        slot = find_entry(w, entry_key(IMAGE_KEY, at, image))
        if w.entries[slot].value < 0:
            w.entries[slot].value = held
        else:
            forget_image(w, at, image)
            if is_accounted(w, at, image):
                unaccount_image(w, registry, at, image)
        held = following


def _mark_needed(w: Any, at: int) -> None:
    """The key of a blob that a place's manifests need is below 0 for now."""
    held = w.places[at].first_image
    while held >= 0:
        row = w.images[w.held_images[held].image]
        for position in range(row.first_blob, row.first_blob + row.blobs):
            slot = set_find(w.held, w.g.held_slots, ((at << 31) | w.image_blobs[position]) + 1)
            if slot >= 0:
                w.held[slot] = -abs(w.held[slot])
        held = w.held_images[held].next


def _sweep_unmarked(w: Any, registry: int) -> None:
    """Blobs of a registry go that are neither marked nor claimed; marks are taken off."""
    g = w.g
    slot = 0
    while slot < g.held_slots:
        key = w.held[slot] - 1
        if key >= 0 and w.places[key >> 31].registry == registry and not is_claimed(w, registry, key & ((1 << 31) - 1)):
            forget_held(w, slot)  # another may be there now
        else:
            slot += 1
    for other in range(g.held_slots):
        w.held[other] = abs(w.held[other])


def _recount_quotas(w: Any, registry: int) -> None:
    """What each account still has is what counts towards its quota."""
    clear_quotas(w)
    slot = 0
    while slot < w.g.held_slots:
        key = w.held[slot] - 1
        if key >= 0 and w.places[key >> 31].registry == registry:
            if rows_are_low(w):
                ask_host(w, GROW_ASKED, 0, 0, 0)
            count_to_account(w, w.repository_account[w.places[key >> 31].repository], key & ((1 << 31) - 1))
        slot += 1


def stored_bytes(w: Any, registry: int) -> int:
    """Bytes of distinct blobs in a whole registry, counted anew."""
    g = w.g
    g.blob_count += 1
    found = 0
    for slot in range(g.held_slots):
        key = w.held[slot] - 1
        if key >= 0 and w.places[key >> 31].registry == registry:
            blob = w.blobs[key & ((1 << 31) - 1)]
            if blob.counted != g.blob_count:
                blob.counted = g.blob_count
                found += int(blob.size_bytes)
    return found
