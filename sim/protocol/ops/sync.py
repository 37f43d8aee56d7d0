"""Copies from registry to registry, made by the platform: what was published at one is brought to those that it is owed
to.

A copy is owed from a publish on. Its trigger (`sim/policies/trigger`) says when its job is due. The job takes a worker,
asks the target what it lacks, sends that and puts the manifest; after a failure it backs off and tries again. The
states that it passes are those of `sim.registry.replication`.

Left out: copies that are interrupted for more urgent ones.
"""

from __future__ import annotations

import math
from typing import Any, Final

from sim.protocol.codes import (
    BLOB_GONE,
    BLOCKED,
    FOR_SYNC,
    GO,
    INF,
    MOVE_BEGUN,
    MOVE_BROKE,
    MOVE_CHECKED,
    MOVE_GAVE_UP,
    MOVE_LOST,
    MOVE_OWED,
    MOVE_PUT,
    MOVE_VANISHED,
    N_MOVES,
    NEVER,
    STATE_ABSENT,
    STATE_BACKING_OFF,
    STATE_COMMITTED,
    WAIT,
)
from sim.protocol.ops.holdings import (
    has_blob,
    has_image,
    hold_image,
    knows,
    note_pushed,
    place_has_blobs,
    put_image,
    remove_tag,
    tag_publish,
)
from sim.protocol.ops.places import place_of
from sim.protocol.ops.platforms import ALL_PLATFORMS, platform_of
from sim.protocol.ops.rules import due, publish_wins
from sim.protocol.ops.ways import way_of
from sim.protocol.tasks import begin_yield, end_yield, make_ready, new_task, new_timeline

# Which workers a copy needs.
OF_ALL: Final = 0
OF_TARGET: Final = 1
EVERY_PUSH: Final = (1 << 31) - 1
"""In `Task.pushed_before`: what a copy may mount is what has been copied from its source by then."""


def move_replica(w: Any, p: int, event: int) -> None:
    """An event moves the reference that a job brings to its target to its next state; the job's task keeps that."""
    task = w.tasks[w.tasks[p].counter]
    following = w.replica_moves[task.state * N_MOVES + event]
    if following < 0:
        w.g.illegal_moves += 1
    else:
        task.state = following


def new_copy(
    w: Any, deploy: int, source: int, target: int, name: int, image: int, publish: int, waited_s: float
) -> int:
    """One published image that `source` owes `target`."""
    g = w.g
    c = g.free_copy
    if c >= 0:
        g.free_copy = w.copies[c].next
    else:
        c = g.copies_used
        g.copies_used = c + 1
    copy = w.copies[c]
    copy.deploy, copy.source, copy.target, copy.name, copy.image = deploy, source, target, name, image
    copy.publish, copy.waited_s, copy.next, copy.again = publish, waited_s, -1, 0
    return int(c)


def owe(w: Any, c: int) -> None:
    """Have what was just published copied when its trigger says; on demand, when it is asked for."""
    g, copy = w.g, w.copies[c]
    to_central = copy.target == 0
    if g.central_on_demand if to_central else g.nodes_on_demand:
        copy.next = w.images[copy.image].owed
        w.images[copy.image].owed = c
        return
    direction = 0 if to_central else 1
    at_s, exclusive = due(w, direction, g.now_s)
    if at_s >= NEVER:
        copy.next = g.free_copy
        g.free_copy = c
        return
    idle_s = at_s
    if copy.waited_s:
        idle_s, _ = due(w, direction, g.now_s - copy.waited_s)
        if idle_s >= NEVER:
            idle_s = at_s
    copy.due_s, copy.exclusive, copy.idle_s = at_s, exclusive, idle_s
    start_job(w, c, g.when_due_entry, at_s)


def start_job(w: Any, c: int, entry: int, at_s: float) -> int:
    """Start a task that makes a copy, from then on."""
    p = new_task(w, entry, new_timeline(w, at_s, 0.0))
    task, copy = w.tasks[p], w.copies[c]
    task.copy, task.deploy, task.name, task.image = c, copy.deploy, copy.name, copy.image
    task.machine, task.registry, task.publish = copy.source, copy.target, copy.publish
    task.profile, task.purpose = w.g.sync_profile, FOR_SYNC
    task.saved_blobs = task.state = task.attempts = task.digest = 0
    make_ready(w, p)
    return p


def owe_nodes(w: Any, deploy: int, except_node: int, name: int, image: int, publish: int, waited_s: float) -> None:
    """Central owes what it has just taken to each node that is to have it without asking."""
    g = w.g
    if g.nodes_on_demand:  # nodes pull for themselves
        return
    repository = w.names[name].repository
    first = g.ready_used
    for node in range(1, g.nodes + 1):
        if node != except_node and (g.targets_all or knows(w, node, repository)):
            owe(w, new_copy(w, deploy, 0, node, name, image, publish, waited_s))
    reverse_ready(w, first)


def reverse_ready(w: Any, first: int) -> None:
    """Tasks that were made ready since run in the order in which that was."""
    last = w.g.ready_used - 1
    while first < last:
        w.ready[first], w.ready[last] = w.ready[last], w.ready[first]
        first += 1
        last -= 1


def start_owed(w: Any, p: int) -> bool:
    """Whether the copy that a task needs at central is owed: then its job begins now."""
    task = w.tasks[p]
    image = w.images[w.deploys[task.deploy].digest]
    before, c = -1, image.owed
    repository = w.names[task.name].repository
    while c >= 0:
        copy = w.copies[c]
        if w.names[copy.name].repository == repository:
            if before < 0:
                image.owed = copy.next
            else:
                w.copies[before].next = copy.next
            timeline = w.timelines[task.timeline]
            copy.idle_s = timeline.now_s - timeline.waited_s
            start_job(w, c, w.g.job_entry, w.g.now_s)
            return True
        before, c = c, copy.next
    return False


def join_run(w: Any, p: int, again: int, b: int) -> int:
    """The copy begins with those that are due now, unless it has to wait while those of a run before are under way. Go
    to `again` if it is never due, or is done."""
    task = w.tasks[p]
    copy = w.copies[task.copy]
    if copy.again and not is_missing(w, task.copy):
        copy.next = w.g.free_copy
        w.g.free_copy = task.copy
        task.pc = again
        return GO
    pair = w.ways[way_of(w, copy.source, copy.target, 0)]
    if copy.exclusive and pair.run_under_way > 0 and pair.run_began_s != copy.due_s:
        at_s, exclusive = due(w, 0 if copy.target == 0 else 1, copy.due_s)
        if at_s >= NEVER:
            task.pc = again
            return GO
        copy.due_s, copy.exclusive = at_s, exclusive
        w.timelines[task.timeline].now_s = at_s
        task.pc -= 1
        return WAIT
    pair.run_began_s = copy.due_s
    pair.run_under_way += 1
    return GO


def is_missing(w: Any, c: int) -> bool:
    """Whether a copy's target lacks the image, and its source has it."""
    copy, repository = w.copies[c], w.names[w.copies[c].name].repository
    return has_image(w, copy.source, repository, copy.image) and not has_image(w, copy.target, repository, copy.image)


def repeat_run(w: Any, p: int, entry: int, b: int) -> int:
    """The next run, at its time, looks whether the copy has come, and if not makes it, too: by a task at `entry`."""
    g, task = w.g, w.tasks[p]
    copy = w.copies[task.copy]
    to_central = copy.target == 0
    if not (g.to_central_again if to_central else g.to_nodes_again):
        return GO
    at_s, exclusive = due(w, 0 if to_central else 1, copy.due_s)
    if at_s > g.run_s:
        return GO
    aside = begin_yield(w, p)
    c = new_copy(w, copy.deploy, copy.source, copy.target, copy.name, copy.image, copy.publish, 0.0)
    other = w.copies[c]
    other.due_s, other.exclusive, other.idle_s, other.again = at_s, exclusive, at_s, 1
    start_job(w, c, entry, at_s)
    return end_yield(w, aside)


def leave_run(w: Any, p: int, a: int, b: int) -> int:
    """One copy of its run less is under way."""
    copy = w.copies[w.tasks[p].copy]
    w.ways[way_of(w, copy.source, copy.target, 0)].run_under_way -= 1
    return GO


def begin_job(w: Any, p: int, a: int, b: int) -> int:
    """The copy is owed from here, and its task counts what it moves."""
    task = w.tasks[p]
    task.counter = p
    task.state = STATE_ABSENT
    task.attempts = 0
    move_replica(w, p, MOVE_OWED)
    return GO


def acquire_worker(w: Any, p: int, of_target: int, b: int) -> int:
    """Take a worker, of all or of those for the target, when one is free.

    In a shared queue a copy that has a worker keeps it while it waits for its target. With a queue for each target it
    waits there first and takes no worker until its target has one.
    """
    g, task = w.g, w.tasks[p]
    if of_target and g.workers_each == 0:
        return GO
    workers = w.copy_workers[task.registry + 1 if of_target else 0]
    if workers.free > 0:
        workers.free -= 1
        return GO
    task.next = -1
    if workers.first < 0:
        workers.first = p
    else:
        w.tasks[workers.last].next = p
    workers.last = p
    return BLOCKED


def release_worker(w: Any, p: int, of_target: int, b: int) -> int:
    """The worker takes the next copy, if one waits."""
    g, task = w.g, w.tasks[p]
    if of_target and g.workers_each == 0:
        return GO
    aside = begin_yield(w, p)
    workers = w.copy_workers[task.registry + 1 if of_target else 0]
    following = workers.first
    if following < 0:
        workers.free += 1
    else:
        workers.first = w.tasks[following].next
        w.tasks[following].next = -1
        make_ready(w, following)
    return end_yield(w, aside)


def queues_by_target(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` where each target has a queue of its own."""
    if w.g.workers_shared == 0:
        w.tasks[p].pc = label
    return GO


def begin_attempt(w: Any, p: int, a: int, b: int) -> int:
    """An attempt begins now; the time in queues, and all that was spent in vain, is waiting."""
    task = w.tasks[p]
    timeline, now_s = w.timelines[task.timeline], w.g.now_s
    timeline.started_s = timeline.now_s = timeline.mark_s = now_s
    timeline.waited_s = now_s - w.copies[task.copy].idle_s
    if task.attempts == 0:
        task.started_s = now_s
    task.attempts += 1
    return GO


def source_lacks_image(w: Any, p: int, gone: int, b: int) -> int:
    """The job begins; go to `gone` if its source no longer has the image, or never had all platforms of it."""
    task = w.tasks[p]
    move_replica(w, p, MOVE_BEGUN)
    if not has_whole_image(w, task.machine, w.names[task.name].repository, task.image):
        move_replica(w, p, MOVE_VANISHED)
        task.pc = gone
        return GO
    task.way = way_of(w, task.machine, task.registry, 1)
    task.pushed_before = EVERY_PUSH
    return GO


def has_whole_image(w: Any, registry: int, repository: int, image: int) -> bool:
    """Whether a repository at a registry has a manifest, and all blobs where a node may have those of its own platform
    alone."""
    if not has_image(w, registry, repository, image):
        return False
    if platform_of(w, image, registry) == ALL_PLATFORMS:
        return True
    row = w.images[image]
    for at in range(row.first_blob, row.first_blob + row.blobs):
        if not has_blob(w, registry, repository, w.image_blobs[at]):
            return False
    return True


def blobs_copied(w: Any, p: int, a: int, b: int) -> int:
    """All that the target lacked has been sent."""
    move_replica(w, p, MOVE_CHECKED)
    return GO


def put_copied_manifest(w: Any, p: int, a: int, b: int) -> int:
    """The target has the manifest; a failure if its disk has died since its blobs were there.

    "A registry MAY reject a manifest [...] that reference[s] a manifest or blob that does not exist in the registry.
    When a manifest is rejected for this reason, it MUST result in one or more `MANIFEST_BLOB_UNKNOWN` errors"
    (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push).
    """
    task = w.tasks[p]
    place = place_of(w, task.registry, w.names[task.name].repository)
    if not place_has_blobs(w, place, task.image):
        return BLOB_GONE
    if w.profiles[task.profile].mounts:
        note_pushed(w, task.machine, task.registry, w.names[task.name].repository)
    move_replica(w, p, MOVE_PUT)
    return GO


def attempt_failed(w: Any, p: int, a: int, b: int) -> int:
    """A link or a registry failed the attempt."""
    w.tasks[p].failure = 0
    move_replica(w, p, MOVE_BROKE)
    return GO


def back_off(w: Any, p: int, again: int, b: int) -> int:
    """Go to `again` after a while, as often as the rules allow; after that the copy is given up."""
    task, g = w.tasks[p], w.g
    if task.stage == 1:
        task.stage = 0
        task.pc = again
        return GO
    if task.state != STATE_BACKING_OFF:
        return GO
    if task.attempts > g.sync_retries:
        move_replica(w, p, MOVE_GAVE_UP)
        return GO
    w.timelines[task.timeline].now_s += g.sync_backoff_s * 2.0 ** (task.attempts - 1)
    task.stage = 1
    task.pc -= 1
    return WAIT


def end_job(w: Any, p: int, a: int, b: int) -> int:
    """A row for the copy that has been made, or given up.

    Which publish its tag means from now on is the conflict rule's to say. A source whose tag loses to that, be it by
    this publish or one that came since, takes the winner if it has that image, and otherwise gives the tag up, so that
    its next start asks. Whatever central's tag means from then on it owes to nodes.
    """
    g, task = w.g, w.tasks[p]
    aside = begin_yield(w, p)
    timeline, copy = w.timelines[task.timeline], w.copies[task.copy]
    committed = task.state == STATE_COMMITTED
    copy.waited_s = timeline.waited_s
    repeats = g.to_central_again if copy.target == 0 else g.to_nodes_again
    was_there = repeats != 0 and has_image(w, copy.target, w.names[copy.name].repository, copy.image)
    if committed:
        take_copy(w, p, was_there)
    row = w.syncs[g.syncs_used]
    g.syncs_used += 1
    row.deploy, row.name, row.source, row.target = copy.deploy, copy.name, copy.source, copy.target
    row.published_s = w.publishes[copy.publish].published_s
    row.started_s, row.committed_s = task.started_s, timeline.now_s
    row.lag_s = timeline.now_s - row.published_s if committed else INF
    if was_there:
        row.lag_s = math.nan
    row.size_bytes, row.saved_bytes, row.state = task.moved_bytes, task.saved_bytes, task.state
    row.attempts = task.attempts
    copy.next = g.free_copy
    g.free_copy = task.copy
    return end_yield(w, aside)


def take_copy(w: Any, p: int, was_there: bool) -> None:
    """The target has the image from now on, and its source learns what the tag means. What `was_there` is owed to none
    once more."""
    task = w.tasks[p]
    copy = w.copies[task.copy]
    source, target, name, image, waited_s = copy.source, copy.target, copy.name, copy.image, copy.waited_s
    repository, deploy = w.names[name].repository, copy.deploy
    # Its blobs are there: nothing has happened since the manifest was put, at this instant.
    w.g.illegal_moves += hold_image(w, target, name, image, copy.publish, waited_s) != 0
    held = tag_publish(w, target, name)
    if held >= 0 and w.publishes[held].image != image:
        move_replica(w, p, MOVE_LOST)
    elif target == 0 and not was_there:
        owe_nodes(w, deploy, source, name, image, copy.publish, waited_s)
    meant = tag_publish(w, source, name)
    if held < 0 or meant < 0 or meant == held or not publish_wins(w, held, meant):
        return
    winner = w.publishes[held].image
    if not has_image(w, source, repository, winner):
        remove_tag(w, source, name, w.g.now_s)
        return
    put_image(w, source, name, repository, winner, held, w.g.now_s)
    if source == 0:
        owe_nodes(w, deploy, source, name, winner, held, waited_s)
