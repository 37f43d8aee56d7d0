"""What registries hold, counted anew from rows: for tests to hold against what ops keep count of.

Written as ops are, so that it runs compiled, too.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.ops.places import BLOB_KEY, QUOTA_KEY, entry_key, entry_value
from sim.protocol.ops.storage_accounting import _RESERVED
from sim.records.hashing import set_has


def counted_bytes(w: Any, registry: int) -> int:
    """What `used_bytes` must be: the layers of all images here, and those that are coming, each once."""
    g = w.g
    g.blob_count += 1
    found = 0
    at = w.registries[registry].first_stored
    while at >= 0:
        row = w.images[w.stored_images[at].image]
        for position in range(row.first_blob, row.first_blob + row.blobs):
            found += _count_once(w, w.image_blobs[position])
        at = w.stored_images[at].next
    first_key = entry_key(BLOB_KEY, registry, 0)
    for slot in range(g.entries_slots):
        entry = w.entries[slot]
        if entry.key >= first_key and entry.key - first_key < 1 << 31 and entry.value & _RESERVED:
            found += _count_once(w, entry.key - first_key)
    return found


def _count_once(w: Any, blob: int) -> int:
    """The size of a blob, or 0 if it was counted in this count."""
    row = w.blobs[blob]
    if row.counted == w.g.blob_count:
        return 0
    row.counted = w.g.blob_count
    return int(row.size_bytes)


def missing_blob(w: Any, registry: int) -> tuple[int, int]:
    """A repository here, and a blob that one of its manifests refers to and it lacks; there must be none: (-1, -1)."""
    at = w.registries[registry].first_place
    while at >= 0:
        place = w.places[at]
        held = place.first_image
        while held >= 0:
            row = w.images[w.held_images[held].image]
            for position in range(row.first_blob, row.first_blob + row.blobs):
                if not place_has_blob(w, at, w.image_blobs[position]):
                    return int(place.repository), int(w.image_blobs[position])
            held = w.held_images[held].next
        at = place.next
    return -1, -1


def place_has_blob(w: Any, place: int, blob: int) -> bool:
    """Whether a repository at a registry holds a blob."""
    return set_has(w.held, w.g.held_slots, ((place << 31) | blob) + 1)


def quota_used(w: Any, account: int) -> int:
    """What an account takes of its quota, bytes."""
    return entry_value(w, entry_key(QUOTA_KEY, account, 0), 0)
