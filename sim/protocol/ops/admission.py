"""Admission of images to bounded registries: an image is claimed and admitted before it comes, its blobs are charged.

Where a registry is not bounded these ops do nothing. Left out: which images are dropped for it (`ops/storage`), and how
accounts' quotas are counted (`ops/quotas`).
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.codes import GO, WAIT
from sim.protocol.ops.blobs import NEAR, TRAVEL, is_trailing
from sim.protocol.ops.quotas import charge_all, charge_blob
from sim.protocol.ops.storage import admit, drop_expired
from sim.protocol.ops.storage_accounting import claim_blobs, has_space, release_blobs
from sim.protocol.tasks import add_waiting

# Which registry an op is about.
ANSWERING: Final = 0  # the task's `registry`
OWN_NODE: Final = 1  # its `node`
ASKING: Final = 2  # its `machine`: where a copy comes from

# Which blobs are charged.
CHARGE_IMAGE: Final = 0
CHARGE_UPLOAD: Final = 1  # the task's blob, and what trailed along with it
CHARGE_MOUNTS: Final = 2


def bounded_registry(w: Any, p: int, whose: int) -> int:
    """The registry that an op is about, if it is bounded; else -1."""
    if w.g.limited == 0:
        return -1
    task = w.tasks[p]
    registry = task.registry
    if whose == OWN_NODE:
        registry = task.node
    elif whose == ASKING:
        registry = task.machine
    return int(registry) if w.registries[registry].bounded else -1


def claim_image(w: Any, p: int, whose: int, b: int) -> int:
    """What a registry has of the task's image stays from here until `release_image`, whatever else goes."""
    registry = bounded_registry(w, p, whose)
    if registry >= 0:
        claim_blobs(w, registry, w.tasks[p].image)
    return GO


def release_image(w: Any, p: int, whose: int, b: int) -> int:
    """The image has come, or will not."""
    registry = bounded_registry(w, p, whose)
    if registry >= 0:
        release_blobs(w, registry, w.tasks[p].image)
    return GO


def admit_image(w: Any, p: int, whose: int, b: int) -> int:
    """Have space for the image that is claimed; while garbage is collected, wait. A failure if the disk is full."""
    registry = bounded_registry(w, p, whose)
    if registry < 0:
        return GO
    task = w.tasks[p]
    timeline, paused_until_s = w.timelines[task.timeline], w.registries[registry].paused_until_s
    if task.stage == 0 or (task.stage == 1 and paused_until_s > timeline.now_s):
        if task.stage == 1:
            add_waiting(w, task.timeline, paused_until_s - timeline.now_s)
            timeline.now_s = paused_until_s
        task.stage += 1
        task.pc -= 1
        return WAIT
    task.stage = 0
    drop_expired(w, registry)
    failure = admit(w, registry, task.image)
    return failure if failure else GO


def fits(w: Any, registry: int, repository: int, image: int) -> bool:
    """Whether a registry has space for an image without dropping another; if so, its account is charged."""
    row = w.registries[registry]
    if row.bounded == 0:
        return True
    if not has_space(w, registry, image):
        return False
    return bool(row.quota_bytes < 0 or charge_all(w, registry, repository, image))


def charge_account(w: Any, p: int, which: int) -> bool:
    """Count blobs to the account of the task's repository, one after another; False at the first that is refused."""
    task = w.tasks[p]
    registry, repository = task.registry, w.names[task.name].repository
    first = w.images[task.image].first_blob
    if which == CHARGE_UPLOAD:
        if not charge_blob(w, registry, repository, task.blob):
            return False
        above = w.tasks[task.parent]
        for at in range(above.group, above.group_end):
            blob = w.image_blobs[first + at]
            trails_along = task.trailing and w.marks[above.marks + at] == TRAVEL and is_trailing(w, task.parent, blob)
            if trails_along and not charge_blob(w, registry, repository, blob):
                return False
        return True
    begin, end = first, first + w.images[task.image].blobs
    if which == CHARGE_MOUNTS:
        begin, end = first + task.group, first + task.group_end
    for position in range(begin, end):
        counts = which == CHARGE_IMAGE or w.marks[task.marks + position - first] == NEAR
        if counts and not charge_blob(w, registry, repository, w.image_blobs[position]):
            return False
    return True
