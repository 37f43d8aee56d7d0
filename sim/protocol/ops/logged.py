"""Replay of a registry's log: its pushes and pulls, with what travels decided anew.

A push goes to central by its client's requests, whatever the route policy says: the log says where it went. A pull
fetches from central what its client does not keep. What travels is decided by what the simulated registry and clients
hold, and never taken over from the log. Operations come from the engine a chunk at a time, for a log may be larger than
memory; images, names and blobs that they are about have rows by then.

Left out: deletions, pulls that were refused, and pushes that broke off. A blob has the size and kind that the image
last begun with says: a log may say something else in another image, and where both travel at once the later counts for
both.
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.codes import (
    CONFIG,
    FOR_PULL,
    FOR_PUSH,
    GO,
    GROW_ASKED,
    IMAGE_NOT_FOUND,
    INF,
    LOG_OPERATION_DUE,
    N_PHASES,
    OPERATIONS_ASKED,
    ROOTFS,
)
from sim.protocol.machine import ask_host, rows_are_low, run_ready_tasks
from sim.protocol.ops.holdings import add_blob, counts_as_held, has_image, publish_image, tag_publish
from sim.protocol.ops.marks import take_marks
from sim.protocol.ops.places import add_entry, entry_key, find_entry, knows
from sim.protocol.ops.scheduling import schedule
from sim.protocol.ops.ways import way_of
from sim.protocol.tasks import end_timeline, make_ready, new_task, new_timeline

CLIENT_KEY: Final = 14  # client of a log, blob: it keeps that. Beside the kinds of keys of ops/places.


def next_operation(w: Any) -> None:
    """Have the next operation begin when it was logged; what came before the run's start is there at once."""
    g = w.g
    while True:
        if g.operation == g.operations_end:
            ask_host(w, OPERATIONS_ASKED, 0, 0, 0)
            if g.operations_end == 0 or g.stopped:
                return
        if rows_are_low(w):
            ask_host(w, GROW_ASKED, 0, 0, 0)
        at_s = w.operations[g.operation].at_s
        if at_s >= 0.0:
            schedule(w, at_s, LOG_OPERATION_DUE, 0, 0)
            return
        _was_there(w, w.operations[g.operation])
        g.operation += 1


def begin_operation(w: Any) -> None:
    """An operation begins now, and schedules the next one."""
    g = w.g
    if rows_are_low(w):
        ask_host(w, GROW_ASKED, 0, 0, 0)
    operation = w.operations[g.operation]
    _find_logged(w, operation)
    p = new_task(
        w, g.push_logged_entry if operation.pushes else g.pull_logged_entry, new_timeline(w, operation.at_s, 0.0)
    )
    task = w.tasks[p]
    task.deploy, task.name, task.image = operation.number, operation.name, operation.image
    task.machine, task.registry, task.profile = operation.machine, 0, operation.profile
    task.node = operation.machine
    task.purpose = FOR_PUSH if operation.pushes else FOR_PULL
    task.client, task.by_digest, task.known = operation.client, operation.by_digest, operation.known
    task.update = 1 if knows(w, 0, w.names[operation.name].repository) else 0
    task.group, task.saved_blobs, task.digest = 0, 0, -1
    task.joins, task.fetched = -1, 0
    task.took_s = INF
    g.operation += 1
    make_ready(w, p)
    run_ready_tasks(w)
    next_operation(w)


def _find_logged(w: Any, operation: Any) -> None:
    """Blobs that a push found though nothing in the log brought them are in the repository from before it."""
    w.logged[0].found_blobs += operation.found
    if operation.found == 0:
        return
    _mean_image(w, operation.image)
    repository = w.names[operation.name].repository
    for at in range(operation.first_found, operation.first_found + operation.found):
        add_blob(w, 0, repository, w.found_blobs[at])


def _was_there(w: Any, operation: Any) -> None:
    """Before the run's start an image was pushed, or a client came to have its blobs."""
    image = w.images[operation.image]
    _mean_image(w, operation.image)
    if operation.pushes == 0:
        _keep_logged(w, operation.client, operation.image)
        return
    for at in range(image.first_blob, image.first_blob + image.blobs):
        add_blob(w, 0, w.names[operation.name].repository, w.image_blobs[at])
    publish_image(w, 0, operation.name, operation.image, 0.0, 0.0)


def _mean_image(w: Any, image: int) -> None:
    """Blobs of an image have the sizes that this image says; the last is its config."""
    row = w.images[image]
    end = row.first_blob + row.blobs
    for at in range(row.first_blob, end):
        blob = w.blobs[w.image_blobs[at]]
        blob.size_bytes = w.logged_bytes[at]
        blob.content = ROOTFS if at < end - 1 else CONFIG


def _keep_logged(w: Any, client: int, image: int) -> None:
    """A client keeps all blobs of an image."""
    if w.g.log_cache == 0:
        return
    row = w.images[image]
    for at in range(row.first_blob, row.first_blob + row.blobs):
        key = entry_key(CLIENT_KEY, client, w.image_blobs[at])
        if find_entry(w, key) < 0:
            add_entry(w, key, 1)


def begin_logged_push(w: Any, p: int, a: int, b: int) -> int:
    """The client begins to push to central."""
    task = w.tasks[p]
    _mean_image(w, task.image)
    w.timelines[task.timeline].now_s += w.g.log_starts_s
    task.way = way_of(w, task.machine, 0, 0)
    return GO


def logged_pushed(w: Any, p: int, a: int, b: int) -> int:
    """The client has heard that its push is done."""
    task, logged = w.tasks[p], w.logged[0]
    timeline, image = w.timelines[task.timeline], w.images[task.image]
    task.took_s = timeline.now_s - timeline.started_s
    logged.pushes += 1
    logged.saved_blobs += task.saved_blobs
    logged.saved_bytes += task.saved_bytes
    logged.sent_blobs += image.blobs - task.saved_blobs
    logged.sent_bytes += task.moved_bytes - image.manifest_bytes
    return GO


def begin_logged_pull(w: Any, p: int, a: int, b: int) -> int:
    """The client begins to pull from central; its profile has the time that it takes to start."""
    task = w.tasks[p]
    task.way = way_of(w, task.machine, 0, 0)
    return GO


def resolve_logged(w: Any, p: int, a: int, b: int) -> int:
    """Look what the reference means at central now; an image from before the log is what its client fetched."""
    task = w.tasks[p]
    repository = w.names[task.name].repository
    if task.known == 0:
        w.logged[0].unknown_pulls += 1
    elif task.by_digest:
        row = w.images[task.image]
        for at in range(row.first_blob, row.first_blob + row.blobs):
            if not counts_as_held(w, 0, repository, w.image_blobs[at]):
                return IMAGE_NOT_FOUND
    else:
        found = tag_publish(w, 0, task.name)
        if found < 0 or not has_image(w, 0, repository, w.publishes[found].image):
            return IMAGE_NOT_FOUND
        task.image = w.publishes[found].image
    _mean_image(w, task.image)
    return GO


def plan_logged_pull(w: Any, p: int, a: int, b: int) -> int:
    """Decide for each blob: it is fetched unless its client keeps it; configs may be in any case."""
    task, g = w.tasks[p], w.g
    row = w.images[task.image]
    first = take_marks(w, p, row.blobs)
    task.group = task.group_end = 0
    task.connections = 1
    config = w.image_blobs[row.first_blob + row.blobs - 1]
    for at in range(row.blobs):
        blob = w.image_blobs[row.first_blob + at]
        again = g.log_configs and blob == config
        if g.log_cache and not again and find_entry(w, entry_key(CLIENT_KEY, task.client, blob)) >= 0:
            task.saved_bytes += w.blobs[blob].size_bytes
        else:
            w.marks[first + at] = 1
            task.fetched += 1
    return GO


def next_logged_group(w: Any, p: int, done: int, b: int) -> int:
    """Take the next blobs that the client fetches side by side; go to `done` if there are none."""
    task = w.tasks[p]
    profile, row = w.profiles[task.profile], w.images[task.image]
    task.group = task.group_end
    left = profile.pulls_at_once
    layers = 0
    while task.group_end < row.blobs and left > 0:
        if w.marks[task.marks + task.group_end] > 0:
            # Where configs come last, each is of a group after those of the layers.
            if profile.config_last and task.group_end == row.blobs - 1 and layers > 0:
                break
            layers += 1
            left -= 1
        task.group_end += 1
    if layers == 0:
        task.pc = done
    return GO


def logged_pulled(w: Any, p: int, a: int, b: int) -> int:
    """The client has the image, and keeps its blobs."""
    task, logged = w.tasks[p], w.logged[0]
    timeline = w.timelines[task.timeline]
    _keep_logged(w, task.client, task.image)
    task.took_s = timeline.now_s - timeline.started_s
    logged.pulls += 1
    logged.fetched_blobs += task.fetched
    logged.fetched_bytes += task.moved_bytes - w.images[task.image].manifest_bytes
    return GO


def end_logged(w: Any, p: int, a: int, b: int) -> int:
    """A row for the operation. Of a pull that failed nothing counts as moved or saved."""
    g, task = w.g, w.tasks[p]
    t = task.timeline
    end_timeline(w, t)
    timeline, at = w.timelines[t], g.logged_deploys_used
    g.logged_deploys_used = at + 1
    row = w.logged_deploys[at]
    row.number, row.at_s, row.ended_s, row.client = task.deploy, timeline.started_s, timeline.now_s, task.machine
    row.pushes = 1 if task.purpose == FOR_PUSH else 0
    row.name, row.update, row.reason, row.took_s = task.name, task.update, task.failure, task.took_s
    row.missing = 1 if task.failure and task.purpose == FOR_PULL else 0
    counts = task.failure == 0 or task.purpose == FOR_PUSH
    row.moved_bytes = task.moved_bytes if counts else 0
    row.saved_bytes = task.saved_bytes if counts else 0
    for phase in range(N_PHASES):
        w.logged_phases_s[at * N_PHASES + phase] = w.phases_s[t * N_PHASES + phase]
        w.logged_waited_s[at * N_PHASES + phase] = w.waited_s[t * N_PHASES + phase]
    task.failure = 0
    return GO
