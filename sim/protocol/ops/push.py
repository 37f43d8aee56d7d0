"""A push: log in, ask what the registry has, upload what it lacks, publish. A copy does the same from CHECKS on.

"Pushing an object typically works in the opposite order as a pull: the blobs making up the object are uploaded first,
and the manifest last" (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push).

Left out: pushes that a client cancels, and registries that verify content.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import GO, QUOTA_EXCEEDED, TOKEN_REFUSED, WAIT
from sim.protocol.ops.admission import charge_account
from sim.protocol.ops.blobs import NEAR, TRAVEL, is_trailing, lane_of, record_metadata
from sim.protocol.ops.holdings import add_blob, counts_as_held, may_mount, note_pushed, publish_image
from sim.protocol.ops.lanes import UP
from sim.protocol.ops.marks import take_marks


def check_token(w: Any, p: int, a: int, b: int) -> int:
    """A failure if the registry refuses tokens just now; trying again with the same one is no use."""
    return TOKEN_REFUSED if w.registries[w.tasks[p].registry].refuses_tokens else GO


def keep_token(w: Any, p: int, a: int, b: int) -> int:
    """The token is valid for a while from here; what the client may mount is what it has pushed by now."""
    task = w.tasks[p]
    task.pushed_before = w.g.pushed_used
    task.token_until_s = w.timelines[task.timeline].now_s + w.registries[task.registry].token_life_s
    return GO


def plan_push(w: Any, p: int, a: int, b: int) -> int:
    """Decide for each blob of the group, by what the registry holds now: it is held, or may be mounted, or travels.

    "If a necessary blob exists already in another repository within the same registry, it can be mounted"
    (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#mounting-a-blob-from-another-repository).
    """
    task = w.tasks[p]
    repository = w.names[task.name].repository
    image = w.images[task.image]
    if task.group == task.begin:
        take_marks(w, p, image.blobs)
    mounts = w.profiles[task.profile].mounts
    for at in range(task.group, task.group_end):
        blob = w.image_blobs[image.first_blob + at]
        if not counts_as_held(w, task.registry, repository, blob):
            near = mounts and may_mount(w, task.machine, task.registry, repository, blob, task.pushed_before)
            w.marks[task.marks + at] = NEAR if near else TRAVEL
    return GO


def save_blob(w: Any, p: int, blob: int) -> None:
    """A blob is not sent: it counts as saved, and its task's repository has it from now on."""
    task = w.tasks[p]
    counter = w.tasks[task.counter]
    counter.saved_bytes += w.blobs[blob].size_bytes
    counter.saved_blobs += 1
    add_blob(w, task.registry, w.names[task.name].repository, blob)


def count_held(w: Any, p: int, a: int, b: int) -> int:
    """Blobs that the registry has are not sent: they count as saved, and as held by this repository."""
    task = w.tasks[p]
    image = w.images[task.image]
    for at in range(task.group, task.group_end):
        if w.marks[task.marks + at] == 0:
            blob = w.image_blobs[image.first_blob + at]
            save_blob(w, p, blob)  # under some scopes it was another repository's
    return GO


def nothing_to_mount(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` if no blob of the group is to be mounted."""
    task = w.tasks[p]
    task.mounts = 0
    for at in range(task.group, task.group_end):
        task.mounts += w.marks[task.marks + at] == NEAR
    if task.mounts == 0:
        task.pc = label
    return GO


def mount_blobs(w: Any, p: int, a: int, b: int) -> int:
    """Blobs of other repositories are this repository's from now on, and no byte was sent."""
    task = w.tasks[p]
    image = w.images[task.image]
    for at in range(task.group, task.group_end):
        if w.marks[task.marks + at] == NEAR:
            blob = w.image_blobs[image.first_blob + at]
            save_blob(w, p, blob)
            w.marks[task.marks + at] = 0
    return GO


def nothing_to_send(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` if no blob of the group is to be sent."""
    task = w.tasks[p]
    for at in range(task.group, task.group_end):
        if w.marks[task.marks + at] == TRAVEL:
            return GO
    task.pc = label
    return GO


def pack_blobs(w: Any, p: int, a: int, b: int) -> int:
    """The client packs the layers of the group that are to be sent, where it has cores for that: side by side on all of
    them, and each on as many as a layer uses at once (work that is spread as it likes: McNaughton, "Scheduling with
    deadlines and loss functions", Management Science 1959)."""
    task = w.tasks[p]
    cores = w.machines[task.machine].cores
    if cores == 0.0:
        return GO
    image, total_ns, longest_ns = w.images[task.image], 0.0, 0.0
    for at in range(task.group, task.group_end):
        if w.marks[task.marks + at] == TRAVEL:
            blob = w.blobs[w.image_blobs[image.first_blob + at]]
            work = w.formats[blob.format]
            own_ns = blob.size_bytes * work.compress_ns
            total_ns += own_ns
            longest_ns = max(longest_ns, own_ns / work.cores)
    w.timelines[task.timeline].now_s += max(longest_ns, total_ns / cores) / 1e9
    return GO


def first_byte(w: Any, p: int, a: int, b: int) -> int:
    """The registry takes a while before it sends a blob; a cache none for what it passes on."""
    task = w.tasks[p]
    if task.joins >= 0:
        return GO
    w.timelines[task.timeline].now_s += w.registries[task.registry].first_byte_s
    return GO


def blob_is_kept(w: Any, p: int, a: int, b: int) -> int:
    """The registry takes a while until it keeps a blob whose last byte has come."""
    task = w.tasks[p]
    w.timelines[task.timeline].now_s += w.registries[task.registry].store_s
    return GO


def store_blob(w: Any, p: int, a: int, b: int) -> int:
    """The registry has a blob, and those that trailed along."""
    task = w.tasks[p]
    store_trailing(w, p)
    add_blob(w, task.registry, w.names[task.name].repository, task.blob)
    return GO


def store_trailing(w: Any, p: int) -> None:
    """The registry has the blobs that trailed along with one."""
    task = w.tasks[p]
    repository = w.names[task.name].repository
    if task.trailing:
        above, first = w.tasks[task.parent], w.images[task.image].first_blob
        for at in range(above.group, above.group_end):
            blob = w.image_blobs[first + at]
            if w.marks[above.marks + at] == TRAVEL and is_trailing(w, task.parent, blob):
                add_blob(w, task.registry, repository, blob)


def charge_blobs(w: Any, p: int, a: int, b: int) -> int:
    """Count blobs to their account; a failure, once the client hears, if they are more than its quota.

    The request that would have a registry keep a blob is refused: the one that closes an upload, when the bytes have
    been sent, that which mounts it, or that which puts the manifest (goharbor/harbor, src/server/middleware/quota:
    put_blob_upload.go, post_initiate_blob_upload.go, put_manifest.go).
    """
    task = w.tasks[p]
    if w.g.limited == 0 or w.registries[task.registry].quota_bytes < 0:
        return GO
    if task.stage == 0:
        task.stage = 1
        task.pc -= 1
        return WAIT
    task.stage = 0
    if not charge_account(w, p, a):
        w.timelines[task.timeline].now_s += w.ways[task.way].back_s
        return QUOTA_EXCEEDED
    return GO


def token_is_valid(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` if the token is still valid, or none is asked for."""
    task = w.tasks[p]
    if w.timelines[task.timeline].now_s <= task.token_until_s or not w.profiles[task.profile].renews:
        task.pc = label
    return GO


def publish(w: Any, p: int, a: int, b: int) -> int:
    """The registry has the manifest: the tag means this push from now on."""
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    repository = w.names[task.name].repository
    if w.profiles[task.profile].mounts:
        note_pushed(w, task.machine, task.registry, repository)
    record_metadata(w, p, lane_of(w, p, UP))
    made = publish_image(w, task.registry, task.name, task.image, timeline.now_s, timeline.waited_s)
    if made < 0:
        return -int(made)
    task.publish = made
    # The tasks that called this push go on from what it published; of several pushes, from what the first did.
    above = task.parent
    while above >= 0 and w.tasks[above].child == p:
        w.tasks[above].publish = made
        p = above
        above = w.tasks[above].parent
    return GO
