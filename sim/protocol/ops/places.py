"""The hash table of everything that is found by numbers, and places: repositories at registries.

A key of `entries` is what it is about and two numbers, below 2^27 and 2^31; the table is two thirds full at most. A
place has a row from when it is first looked up to be used. It is *known* from when something was put there or is
expected: copies of what is published in the repository are owed to registries that know it.
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.codes import ACCOUNT_SCOPE, REGISTRY_SCOPE
from sim.records.hashing import map_delete, map_find, map_insert, rehash_map

# What an entry is about: its key's two numbers, and its value.
PLACE_KEY: Final = 1  # registry, repository: place
TAG_KEY: Final = 2  # registry, name: held tag
IMAGE_KEY: Final = 3  # place, image: held image
WAITERS_KEY: Final = 4  # place, image: the first task that waits for it
POOL_KEY: Final = 5  # part of the registries, blob: how many of its repositories hold it
PART_KEY: Final = 6  # registry, account: part of the registries
BLOB_KEY: Final = 7  # registry, blob: see ops/storage
IN_TRANSFER_KEY: Final = 8  # registry, image: how many are bringing it, or taking it from there
STORED_KEY: Final = 9  # place, image: kept image
CHARGED_KEY: Final = 10  # account, blob: it counts towards the account's quota
QUOTA_KEY: Final = 11  # account, 0: bytes that count towards it
PUSHER_KEY: Final = 12  # machine, registry: the last repository that it pushed to for the first time, in `pushed`
PUSHED_KEY: Final = 13  # machine, place: it has pushed there
UNPACKED_KEY: Final = 14  # registry, blob: see ops/unpacking
BUCKET_KEY: Final = 15  # limit, account or machine or site: bucket
KERNEL_KEY: Final = 16  # machine, blob: it has fetched the kernel, see ops/building


def entry_key(kind: int, a: int, b: int) -> int:
    """The key of an entry."""
    return (kind << 58) | (a << 31) | b


def find_entry(w: Any, key: int) -> int:
    """The slot of an entry until one is added or removed; -1 if there is none."""
    return map_find(w.entries, w.g.entries_slots, key)


def entry_value(w: Any, key: int, otherwise: int) -> int:
    """The value of an entry; `otherwise` if there is none."""
    at = map_find(w.entries, w.g.entries_slots, key)
    return otherwise if at < 0 else int(w.entries[at].value)


def add_entry(w: Any, key: int, value: int) -> None:
    """Add an entry that is not there yet."""
    g = w.g
    if len(w.entries) > g.entries_slots:
        g.entries_slots = rehash_map(w.entries, g.entries_slots)
    map_insert(w.entries, g.entries_slots, key, value)
    g.entries_keys += 1
    # Two thirds full at most: so many rows the keys need.
    g.entries_used = g.entries_keys + (g.entries_keys >> 1) + 1


def remove_entry(w: Any, slot: int) -> None:
    """Remove the entry in a slot."""
    g = w.g
    map_delete(w.entries, g.entries_slots, slot)
    g.entries_keys -= 1
    g.entries_used = g.entries_keys + (g.entries_keys >> 1) + 1


def add_to_entry(w: Any, key: int, change: int) -> int:
    """Change a count, which has an entry while it is not 0; what it is then."""
    at = find_entry(w, key)
    if at < 0:
        if change != 0:
            add_entry(w, key, change)
        return change
    count = int(w.entries[at].value) + change
    w.entries[at].value = count
    if count == 0:
        remove_entry(w, at)
    return count


def find_place(w: Any, registry: int, repository: int) -> int:
    """The place of a repository at a registry; -1 if there is no row for it."""
    at = map_find(w.entries, w.g.entries_slots, (PLACE_KEY << 58) | (registry << 31) | repository)
    return -1 if at < 0 else int(w.entries[at].value)


def place_of(w: Any, registry: int, repository: int) -> int:
    """The same; made if there is none, which does not make it known."""
    key = (PLACE_KEY << 58) | (registry << 31) | repository
    at = map_find(w.entries, w.g.entries_slots, key)
    if at >= 0:
        return int(w.entries[at].value)
    g = w.g
    made = int(g.places_used)
    g.places_used = made + 1
    add_entry(w, key, made)
    place = w.places[made]
    place.registry = registry
    place.repository = repository
    place.part = part_of(w, registry, repository)
    return made


def dedup_of(w: Any, registry: int) -> int:
    """How far dedup looks at a registry: as its own key says, or else the policies'."""
    own = w.registries[registry].dedup
    return int(own if own >= 0 else w.g.dedup)


def part_of(w: Any, registry: int, repository: int) -> int:
    """The part of the registries that shares blobs with a repository for dedup, under scopes that have such: 0 is the
    fleet, then each registry, then accounts at registries, from the first of `g.parts` on."""
    g, scope = w.g, dedup_of(w, registry)
    if scope == REGISTRY_SCOPE:
        return registry + 1
    if scope != ACCOUNT_SCOPE:
        return 0
    key = entry_key(PART_KEY, registry, w.repository_account[repository])
    part = entry_value(w, key, -1)
    if part < 0:
        part = int(g.parts)
        g.parts = part + 1
        add_entry(w, key, part)
    return part


def know_place(w: Any, place: int) -> None:
    """Something was put there, or is expected: the registry knows the repository from now on."""
    row = w.places[place]
    if row.known:
        return
    row.known = 1
    registry = w.registries[row.registry]
    if registry.last_place < 0:
        registry.first_place = place
    else:
        w.places[registry.last_place].next = place
    registry.last_place = place


def expect(w: Any, registry: int, repository: int) -> None:
    """Something of a repository is about to come: the registry knows it from now on."""
    know_place(w, place_of(w, registry, repository))


def knows(w: Any, registry: int, repository: int) -> bool:
    """Whether anything was ever put into a repository here, or is expected."""
    place = find_place(w, registry, repository)
    return place >= 0 and w.places[place].known != 0
