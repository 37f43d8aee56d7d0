"""Accounting for a registry with a bounded disk: its images, what their layers take, and which may be evicted.

A layer's bytes are there once, however many images of the registry refer to it, and go with the last of them (reference
counts by layer, as containerd's garbage collection has them). Images that instances run from, one for each place, are
pinned, and images that are being sent or fetched are claimed; neither is dropped. An image may have a time to live,
counted from when it came, as the pull-through cache of distribution has it (`proxy.ttl`).

What is known of a layer is one entry: how many images refer to it, how many have claimed it, and whether space is
reserved for it while it comes. An image has each of its blobs once.

Left out: that a disk holds other things than images.
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.codes import NEVER
from sim.protocol.ops.places import (
    BLOB_KEY,
    IMAGE_KEY,
    IN_TRANSFER_KEY,
    STORED_KEY,
    add_entry,
    add_to_entry,
    entry_key,
    entry_value,
    find_entry,
    find_place,
    remove_entry,
)
from sim.protocol.ops.rules import eviction_worth

# The value of a layer's entry.
_RESERVED: Final = 1
_CLAIM: Final = 2
_REFERENCE: Final = 1 << 24
_CLAIMS: Final = _REFERENCE - _CLAIM


def claim_blobs(w: Any, registry: int, image: int) -> None:
    """An image is about to be sent or fetched: its layers stay until `release_blobs`, whatever images go."""
    row = w.images[image]
    for at in range(row.first_blob, row.first_blob + row.blobs):
        add_to_entry(w, entry_key(BLOB_KEY, registry, w.image_blobs[at]), _CLAIM)
    add_to_entry(w, entry_key(IN_TRANSFER_KEY, registry, image), 1)


def release_blobs(w: Any, registry: int, image: int) -> None:
    """The image has come, or will not; bytes that came for nothing are cleared away."""
    add_to_entry(w, entry_key(IN_TRANSFER_KEY, registry, image), -1)
    row = w.images[image]
    for at in range(row.first_blob, row.first_blob + row.blobs):
        blob = w.image_blobs[at]
        key = entry_key(BLOB_KEY, registry, blob)
        value = add_to_entry(w, key, -_CLAIM)
        if value & _CLAIMS == 0 and value & _RESERVED:
            add_to_entry(w, key, -_RESERVED)
            w.registries[registry].used_bytes -= w.blobs[blob].size_bytes


def is_claimed(w: Any, registry: int, blob: int) -> bool:
    """Whether a layer is claimed."""
    return (entry_value(w, entry_key(BLOB_KEY, registry, blob), 0) & _CLAIMS) != 0


def new_bytes(w: Any, registry: int, image: int) -> int:
    """What the layers of an image would add to a disk."""
    row = w.images[image]
    found = 0
    for at in range(row.first_blob, row.first_blob + row.blobs):
        blob = w.image_blobs[at]
        value = entry_value(w, entry_key(BLOB_KEY, registry, blob), 0)
        if value < _REFERENCE and value & _RESERVED == 0:
            found += int(w.blobs[blob].size_bytes)
    return found


def has_space(w: Any, registry: int, image: int) -> bool:
    """Whether an image's layers fit as things are."""
    row = w.registries[registry]
    return bool(row.capacity_bytes < 0 or row.used_bytes + new_bytes(w, registry, image) <= row.capacity_bytes)


def choose_victims(w: Any, registry: int, image: int, spares_unsynced: bool) -> int:
    """Which images must be dropped to have space for one that is claimed: the first, the others by `next_victim`.

    -1: none, -2: there is no way. Those that central lacks stay if it `spares_unsynced`.
    """
    row = w.registries[registry]
    if row.capacity_bytes < 0:
        return -1
    missing_bytes = row.used_bytes + new_bytes(w, registry, image) - row.capacity_bytes
    if missing_bytes <= 0:
        return -1
    at = row.first_stored
    while at >= 0:
        w.stored_images[at].is_evictable = is_evictable(w, registry, at, spares_unsynced)
        at = w.stored_images[at].next
    first = last = -1
    while missing_bytes > 0:
        victim = _least_worth(w, registry)
        if victim < 0:
            break
        stored = w.stored_images[victim]
        stored.is_evictable = 0
        stored.next_victim = -1
        missing_bytes -= freed_bytes(w, registry, stored.image)
        _count_references(w, registry, stored.image, -_REFERENCE)
        if first < 0:
            first = victim
        else:
            w.stored_images[last].next_victim = victim
        last = victim
    # Until they are dropped their layers are there.
    at = first
    while at >= 0:
        _count_references(w, registry, w.stored_images[at].image, _REFERENCE)
        at = w.stored_images[at].next_victim
    return -2 if missing_bytes > 0 else int(first)


def is_evictable(w: Any, registry: int, stored: int, spares_unsynced: bool) -> int:
    """Whether an image may be dropped, as a number: no instance runs from it, and it is not being sent or fetched."""
    row = w.stored_images[stored]
    place = w.places[row.place]
    if place.running == row.image or entry_value(w, entry_key(IN_TRANSFER_KEY, registry, row.image), 0) != 0:
        return 0
    if spares_unsynced:
        central = find_place(w, 0, place.repository)
        if central < 0 or find_entry(w, entry_key(IMAGE_KEY, central, row.image)) < 0:
            return 0
    return 1


def _least_worth(w: Any, registry: int) -> int:
    """Of the images that may go the one of least worth, of equal ones that which came first; -1 if none may."""
    found = -1
    first = second = third = 0.0
    at = w.registries[registry].first_stored
    while at >= 0:
        stored = w.stored_images[at]
        if stored.is_evictable:
            one, two, three = eviction_worth(
                w, stored.came_s, stored.used_s, stored.uses, freed_bytes(w, registry, stored.image)
            )
            if found < 0 or one < first or (one == first and (two < second or (two == second and three < third))):
                found, first, second, third = at, one, two, three
        at = stored.next
    return int(found)


def _count_references(w: Any, registry: int, image: int, change: int) -> None:
    """Images more or less that refer to each layer of an image; layers that none refers to stay known."""
    row = w.images[image]
    for at in range(row.first_blob, row.first_blob + row.blobs):
        w.entries[find_entry(w, entry_key(BLOB_KEY, registry, w.image_blobs[at]))].value += change


def reserve_space(w: Any, registry: int, image: int) -> None:
    """There is space for the layers of an image from now on, while they come."""
    row = w.images[image]
    for at in range(row.first_blob, row.first_blob + row.blobs):
        blob = w.image_blobs[at]
        key = entry_key(BLOB_KEY, registry, blob)
        value = entry_value(w, key, 0)
        if value < _REFERENCE and value & _RESERVED == 0:
            add_to_entry(w, key, _RESERVED)
            w.registries[registry].used_bytes += w.blobs[blob].size_bytes


def account_image(w: Any, registry: int, place: int, image: int, now_s: float) -> None:
    """An image has come; one that was there is used again."""
    key = entry_key(STORED_KEY, place, image)
    slot = find_entry(w, key)
    if slot >= 0:
        _touch(w, int(w.entries[slot].value), now_s)
        return
    made = _new_stored(w, registry, place, image, now_s)
    add_entry(w, key, made)
    row = w.images[image]
    for at in range(row.first_blob, row.first_blob + row.blobs):
        blob = w.image_blobs[at]
        key = entry_key(BLOB_KEY, registry, blob)
        value = entry_value(w, key, 0)
        if value & _RESERVED:
            add_to_entry(w, key, _REFERENCE - _RESERVED)
        else:
            if value < _REFERENCE:
                w.registries[registry].used_bytes += w.blobs[blob].size_bytes
            add_to_entry(w, key, _REFERENCE)


def _new_stored(w: Any, registry: int, place: int, image: int, now_s: float) -> int:
    """A row for an image that has come, after those that came before."""
    g, row = w.g, w.registries[registry]
    made = int(g.free_stored_image)
    if made >= 0:
        g.free_stored_image = w.stored_images[made].next
    else:
        made = int(g.stored_images_used)
        g.stored_images_used = made + 1
    stored = w.stored_images[made]
    stored.place, stored.image, stored.came_s, stored.used_s, stored.uses = place, image, now_s, now_s, 1
    stored.next, stored.before = -1, row.last_stored
    stored.is_evictable = 0
    if row.last_stored < 0:
        row.first_stored = made
    else:
        w.stored_images[row.last_stored].next = made
    row.last_stored = made
    return made


def touch_image(w: Any, place: int, image: int, now_s: float) -> None:
    """An image was started or fetched from here."""
    at = entry_value(w, entry_key(STORED_KEY, place, image), -1)
    if at >= 0:
        _touch(w, at, now_s)


def _touch(w: Any, stored: int, now_s: float) -> None:
    """An image is used now."""
    row = w.stored_images[stored]
    row.used_s = now_s
    row.uses += 1


def next_expired(w: Any, registry: int, stored: int, now_s: float) -> int:
    """The first image behind another, or of all (-1), that is past its time and not in use; -1 if none is."""
    row = w.registries[registry]
    if row.ttl_s == NEVER:
        return -1
    at = row.first_stored if stored < 0 else w.stored_images[stored].next
    # They are in the order in which they came.
    while at >= 0 and w.stored_images[at].came_s + row.ttl_s <= now_s:
        if is_evictable(w, registry, at, False):
            return int(at)
        at = w.stored_images[at].next
    return -1


def is_accounted(w: Any, place: int, image: int) -> bool:
    """Whether a registry accounts for an image."""
    return find_entry(w, entry_key(STORED_KEY, place, image)) >= 0


def unaccount_image(w: Any, registry: int, place: int, image: int) -> int:
    """A registry accounts for an image no longer; the bytes that this freed."""
    g = w.g
    slot = find_entry(w, entry_key(STORED_KEY, place, image))
    at = int(w.entries[slot].value)
    remove_entry(w, slot)
    stored, registry_row = w.stored_images[at], w.registries[registry]
    if stored.before < 0:
        registry_row.first_stored = stored.next
    else:
        w.stored_images[stored.before].next = stored.next
    if stored.next < 0:
        registry_row.last_stored = stored.before
    else:
        w.stored_images[stored.next].before = stored.before
    stored.next = g.free_stored_image
    g.free_stored_image = at
    freed = freed_bytes(w, registry, image)
    row = w.images[image]
    for position in range(row.first_blob, row.first_blob + row.blobs):
        key = entry_key(BLOB_KEY, registry, w.image_blobs[position])
        value = entry_value(w, key, 0) - _REFERENCE
        # What is claimed stays, as if it were coming.
        keeps_coming = value < _REFERENCE and value & _CLAIMS != 0 and value & _RESERVED == 0
        add_to_entry(w, key, _RESERVED - _REFERENCE if keeps_coming else -_REFERENCE)
    registry_row.used_bytes -= freed
    return freed


def freed_bytes(w: Any, registry: int, image: int) -> int:
    """Bytes of layers that no other image than this refers to and none has claimed."""
    row = w.images[image]
    found = 0
    for at in range(row.first_blob, row.first_blob + row.blobs):
        blob = w.image_blobs[at]
        value = entry_value(w, entry_key(BLOB_KEY, registry, blob), 0)
        if value >> 24 == 1 and value & _CLAIMS == 0:
            found += int(w.blobs[blob].size_bytes)
    return found
