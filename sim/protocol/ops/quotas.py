"""Quotas: the bytes that each account may store in central's registry.

An account's layers count once, garbage too: what a removal leaves counts until garbage is collected, as in Harbor,
whose quota follows its blobs.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.ops.places import (
    CHARGED_KEY,
    QUOTA_KEY,
    add_entry,
    add_to_entry,
    entry_key,
    entry_value,
    find_entry,
    remove_entry,
)


def charge_all(w: Any, registry: int, repository: int, image: int) -> bool:
    """Count all blobs of an image to its account; False, and nothing counted, if that is more than it may have."""
    account, row = w.repository_account[repository], w.images[image]
    more_bytes = 0
    for at in range(row.first_blob, row.first_blob + row.blobs):
        blob = w.image_blobs[at]
        if find_entry(w, entry_key(CHARGED_KEY, account, blob)) < 0:
            more_bytes += int(w.blobs[blob].size_bytes)
    if entry_value(w, entry_key(QUOTA_KEY, account, 0), 0) + more_bytes > w.registries[registry].quota_bytes:
        return False
    for at in range(row.first_blob, row.first_blob + row.blobs):
        count_to_account(w, account, w.image_blobs[at])
    return True


def charge_blob(w: Any, registry: int, repository: int, blob: int) -> bool:
    """Count a blob to its account; False, and nothing counted, if that would be more than it may have."""
    account = w.repository_account[repository]
    is_new = find_entry(w, entry_key(CHARGED_KEY, account, blob)) < 0
    more_bytes = int(w.blobs[blob].size_bytes) if is_new else 0
    if entry_value(w, entry_key(QUOTA_KEY, account, 0), 0) + more_bytes > w.registries[registry].quota_bytes:
        return False
    count_to_account(w, account, blob)
    return True


def count_to_account(w: Any, account: int, blob: int) -> None:
    """A blob counts towards an account's quota from now on, once."""
    key = entry_key(CHARGED_KEY, account, blob)
    if find_entry(w, key) < 0:
        add_entry(w, key, 1)
        add_to_entry(w, entry_key(QUOTA_KEY, account, 0), w.blobs[blob].size_bytes)


def clear_quotas(w: Any) -> None:
    """Nothing counts any more."""
    slot = 0
    while slot < w.g.entries_slots:
        kind = w.entries[slot].key >> 58
        if kind in (CHARGED_KEY, QUOTA_KEY):
            remove_entry(w, slot)  # another may be there now
        else:
            slot += 1
