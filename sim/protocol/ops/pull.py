"""A pull through a node's registry: resolve the reference, fetch what the node lacks, or join a fetch under way.

The node's registry is a pull-through cache. "A GET request to an existing manifest URL MUST provide the expected
manifest [...]. If the manifest is not found in the repository, the response code MUST be `404 Not Found`"
(https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests): here that is the failure
IMAGE_NOT_FOUND. Whether a tag is asked of upstream though the node has it is `policies.tags.check`, an assumption.

Left out: requests from the instance's runtime to its node's registry, which is on the same host.
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.codes import BLOCKED, FETCH_BROKE_OFF, FOR_PULL, GO, IMAGE_NOT_FOUND, WAIT
from sim.protocol.ops.blobs import IN_PARTS, is_trailing
from sim.protocol.ops.fetches import (
    BROKEN_OFF,
    FETCHED,
    break_off_blob_fetch,
    end_blob_fetch,
    find_blob_fetch,
    join_blob_fetch,
    leave_blob_fetch,
    start_blob_fetch,
    wait_for_blob_fetch,
)
from sim.protocol.ops.holdings import (
    add_blob,
    counts_as_held,
    expect,
    has_blob,
    has_image,
    hold_image,
    keep_image,
    newer_publish,
    tag_publish,
)
from sim.protocol.ops.lookups import asks_upstream_first, heeds_own_tags
from sim.protocol.ops.marks import take_marks
from sim.protocol.ops.platforms import own_begin, own_end
from sim.protocol.ops.rules import choose_parents, publish_wins
from sim.protocol.ops.storage import drop_expired, run_from, use_image
from sim.protocol.ops.unpacking import layer_arrives
from sim.protocol.ops.ways import way_of
from sim.protocol.tasks import begin_yield, branch, end_yield, enter_phase, fork_timeline, start_branches, wait_for
from sim.tables.rows import PULL

# Whether a node that has no image for a reference may ask another.
MAY_LACK: Final = 0
MUST_HAVE: Final = 1


def begin_pull(w: Any, p: int, a: int, b: int) -> int:
    """From here on the time is the pull's; where the node asks, it asks its upstream."""
    task = w.tasks[p]
    enter_phase(w, task.timeline, PULL)
    task.started_s = w.timelines[task.timeline].now_s
    task.machine, task.registry, task.profile = task.node, task.upstream, w.g.node_profile
    task.joins = -1
    return GO


def expire_images(w: Any, p: int, label: int, b: int) -> int:
    """Images on the node that are past their time are dropped."""
    task = w.tasks[p]
    if w.g.limited == 0 or w.registries[task.node].bounded == 0:
        return GO
    if task.stage == 0:
        task.stage = 1
        task.pc -= 1
        return WAIT
    task.stage = 0
    drop_expired(w, task.node)
    return GO


def checks_upstream(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` if a tag's meaning is asked of upstream whatever the node has."""
    if asks_upstream_first(w, p):
        w.tasks[p].pc = label
    return GO


def upstream_answers(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` if upstream answers nodes."""
    upstream = w.tasks[p].upstream
    if not (w.g.nodes_refuse and (upstream == 0 or w.registries[upstream].cache)):
        w.tasks[p].pc = label
    return GO


def look_up(w: Any, registry: int, name: int, digest: int) -> int:
    """What a reference means at a registry that has its image: a publish; -2 for a pinned image; -1 if it has none."""
    if digest >= 0:
        return -2 if has_image(w, registry, w.names[name].repository, digest) else -1
    found = tag_publish(w, registry, name)
    if found < 0 or not has_image(w, registry, w.names[name].repository, w.publishes[found].image):
        return -1
    return int(found)


def node_has_image(w: Any, p: int, label: int, must: int) -> int:
    """Go to `label` if the node has what the reference means. A failure if it has not, and must."""
    task = w.tasks[p]
    own = look_up(w, task.node, task.name, task.digest) if heeds_own_tags(w, p) else -1
    if own == -1:
        return IMAGE_NOT_FOUND if must else GO
    set_resolved(w, p, own)
    task.pc = label
    return GO


def set_resolved(w: Any, p: int, found: int) -> None:
    """What the reference was resolved to."""
    task = w.tasks[p]
    task.publish = found
    task.image = task.digest if found == -2 else w.publishes[found].image


def to_upstream(w: Any, p: int, a: int, b: int) -> int:
    """What follows is between the node and upstream."""
    task = w.tasks[p]
    task.way = way_of(w, task.node, task.upstream, 0)
    return GO


def resolve_both(w: Any, p: int, a: int, b: int) -> int:
    """Look what the reference means now, on the node and upstream; a cache has said it already."""
    task = w.tasks[p]
    task.own = look_up(w, task.node, task.name, task.digest) if heeds_own_tags(w, p) else -1
    if w.registries[task.upstream].cache == 0:
        task.theirs = look_up(w, task.upstream, task.name, task.digest)
    if not w.g.nodes_on_demand:
        expect(w, task.node, w.names[task.name].repository)  # a publish from now on is owed to this node, too
    return GO


def choose_newest(w: Any, p: int, a: int, b: int) -> int:
    """Of both take the newest publish; a failure if neither has the image."""
    task = w.tasks[p]
    own, theirs = task.own, task.theirs
    if theirs != -1 and (own == -1 or (theirs >= 0 and publish_wins(w, theirs, own))):
        set_resolved(w, p, theirs)
        return GO
    if own == -1:
        return IMAGE_NOT_FOUND
    set_resolved(w, p, own)
    return GO


def note_staleness(w: Any, p: int, a: int, b: int) -> int:
    """The reference is resolved: a start is stale if its tag meant something newer at any registry by then."""
    task = w.tasks[p]
    instance = w.tasks[task.parent]
    instance.booted = instance.meant = task.image
    instance.trailing_s = -1.0
    if task.digest < 0:
        newer = newer_publish(w, task.name, task.publish)
        if newer >= 0:
            w.deploys[task.deploy].stale_starts += 1 - w.deploys[task.deploy].recorded
            instance.meant = w.publishes[newer].image
            instance.trailing_s = w.g.now_s - w.publishes[newer].published_s
    return GO


def nothing_to_fetch(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` if the node has the image; its tag means that from now on."""
    task = w.tasks[p]
    if not has_image(w, task.node, w.names[task.name].repository, task.image):
        return GO
    if task.digest < 0 and tag_publish(w, task.node, task.name) != task.publish:
        # The tag went back to what it has.
        timeline = w.timelines[task.timeline]
        hold_image(w, task.node, task.name, task.image, task.publish, timeline.waited_s)
    task.pc = label
    return GO


def note_use(w: Any, p: int, a: int, b: int) -> int:
    """An instance is started from the image."""
    task = w.tasks[p]
    if w.g.limited and w.registries[task.node].bounded:
        repository = w.names[task.name].repository
        use_image(w, task.node, repository, task.image)
        run_from(w, task.node, repository, task.image)
    deploy = w.deploys[task.deploy]
    if deploy.recorded == 0:
        deploy.pull_s = max(deploy.pull_s, w.timelines[task.timeline].now_s - task.started_s)
    return GO


def begin_fetch(w: Any, p: int, a: int, b: int) -> int:
    """What is fetched from upstream from here on is counted by this task."""
    task = w.tasks[p]
    task.counter, task.purpose, task.joins, task.planned = p, FOR_PULL, -1, 0
    task.machine, task.registry, task.profile = task.node, task.upstream, w.g.node_profile
    task.way = way_of(w, task.node, task.upstream, 0)
    return GO


def at_clock_unless_merged(w: Any, p: int, a: int, b: int) -> int:
    """Wait for the clock, unless requests to upstream are one stretch of the timeline."""
    return GO if w.registries[w.tasks[p].upstream].merges else WAIT


def plan_fetch(w: Any, p: int, a: int, b: int) -> int:
    """Decide for each blob: it is held, or on its way and this pull waits for it, or it is fetched. Those for other
    architectures than the node's are none of these."""
    task = w.tasks[p]
    image, deploy = w.images[task.image], w.deploys[task.deploy]
    repository = w.names[task.name].repository
    first = take_marks(w, p, 2 * image.blobs)
    task.planned = 1
    task.group = task.group_end = 0
    task.connections = 1
    begin, end = own_begin(w, task.image, task.node), own_end(w, task.image, task.node)
    for at in range(begin, end):
        blob = w.image_blobs[image.first_blob + at]
        size = w.blobs[blob].size_bytes
        if counts_as_held(w, task.node, repository, blob):
            if deploy.recorded == 0:
                deploy.saved_bytes += size
            add_blob(w, task.node, repository, blob)
            continue
        found = find_blob_fetch(w, task.node, repository, blob) if w.g.coalesce else -1
        if found >= 0:
            if deploy.recorded == 0:
                deploy.coalesced_bytes += size
            join_blob_fetch(w, p, found)
        else:
            w.marks[first + at] = 1
    for at in range(begin, end):
        if w.marks[first + at] > 0:
            start_blob_fetch(w, p, task.node, repository, w.image_blobs[image.first_blob + at])
    return GO


def next_fetch_group(w: Any, p: int, done: int, b: int) -> int:
    """Take the next blobs that are fetched side by side; go to `done` if there are none. Where configs come first the
    image's last blob, its config, is a group of its own before the others."""
    task = w.tasks[p]
    profile, end = w.profiles[task.profile], own_end(w, task.image, task.node)
    if w.g.config_first:
        end -= 1
        if task.group_end == 0 and w.marks[task.marks + end] > 0:
            task.group, task.group_end = end, end + 1
            return GO
        if task.group_end > end:
            task.group_end = 0
    task.group = task.group_end
    left = profile.pulls_at_once
    while task.group_end < end and left > 0:
        left -= w.marks[task.marks + task.group_end] > 0
        task.group_end += 1
    while task.group < task.group_end and w.marks[task.marks + task.group] == 0:
        task.group += 1
    if task.group == task.group_end:
        task.pc = done
    return GO


def store_fetched(w: Any, p: int, a: int, b: int) -> int:
    """The node has a blob, or the last part of it, and before it what trailed along.

    Tasks that wait for one of them go on before the next is there.
    """
    task = w.tasks[p]
    aside = begin_yield(w, p)
    if task.trailing:
        above, first = w.tasks[task.parent], w.images[task.image].first_blob
        for at in range(above.group + task.stage, above.group_end):
            blob = w.image_blobs[first + at]
            if w.marks[above.marks + at] > 0 and is_trailing(w, task.parent, blob):
                store_part(w, p, blob, at)
                if w.g.ready_used > aside + 1:
                    task.stage = at + 1 - above.group
                    task.pc -= 1
                    return BLOCKED
    task.stage = 0
    at = 0
    while w.image_blobs[w.images[task.image].first_blob + at] != task.blob:
        at += 1
    store_part(w, p, task.blob, at)
    return end_yield(w, aside)


def store_part(w: Any, p: int, blob: int, at: int) -> None:
    """One part of a blob has come; with the last the node has the blob, and tasks that wait for it go on."""
    task = w.tasks[p]
    fetch = w.tasks[task.counter]
    count = w.images[task.image].blobs
    if w.marks[fetch.marks + count + at] > 1:
        w.marks[fetch.marks + count + at] -= 1
        return
    repository = w.names[task.name].repository
    add_blob(w, task.node, repository, blob)
    timeline = w.timelines[task.timeline]
    layer_arrives(w, task.node, blob, timeline.now_s, timeline.now_s - timeline.waited_s)
    end_blob_fetch(w, task.node, repository, blob, FETCHED, timeline.now_s, timeline.now_s - timeline.waited_s)


def upstream_alone(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` if everything is fetched from upstream."""
    if w.g.asks_holders == 0:
        w.tasks[p].pc = label
    return GO


def choose_peers(w: Any, p: int, entry: int, none: int) -> int:
    """Fetch each blob in equal parts from the nodes that the source rule chooses, or from upstream: a branch for each
    of them, at `entry`. Go to `none` if no blob is fetched."""
    task = w.tasks[p]
    image = w.images[task.image]
    count = image.blobs
    lookup_s = 0.0
    for at in range(count):
        if w.marks[task.marks + at] > 0:
            lookup_s = max(lookup_s, choose_peers_of(w, p, at))
    if task.child < 0:
        task.pc = none
        return GO
    w.timelines[task.timeline].now_s += lookup_s
    # Branches start together, once all of them are known.
    child, alone = task.child, w.tasks[task.child].sibling < 0
    while child >= 0:
        other = w.tasks[child]
        other.pc = entry
        if alone:
            other.timeline = task.timeline
        else:
            other.timeline = fork_timeline(w, task.timeline)
        child = other.sibling
    return start_branches(w, p)


def choose_peers_of(w: Any, p: int, at: int) -> float:
    """Which registries send a part of one blob, and how long it took to find out."""
    task = w.tasks[p]
    image = w.images[task.image]
    blob = w.image_blobs[image.first_blob + at]
    repository = w.names[task.name].repository
    g = w.g
    holders = 0
    for node in range(1, g.nodes + 1):
        if node != task.node and has_blob(w, node, repository, blob):
            w.holders[holders] = node
            w.holder_round_trips_s[holders] = w.ways[way_of(w, task.node, node, 0)].round_trip_s
            holders += 1
    upstream_s = w.ways[way_of(w, task.node, task.upstream, 0)].round_trip_s
    lookup_s = choose_parents(w, holders, upstream_s, w.deploys[task.deploy].draw)
    parts = max(g.chosen_used, 1)
    size = w.blobs[blob].size_bytes
    each, more = size // parts, size % parts
    w.marks[task.marks + image.blobs + at] = parts
    for part in range(parts):
        parent = w.holders[w.chosen[part]] if g.chosen_used else task.upstream
        child = branch_of_parent(w, p, parent)
        w.marks[w.tasks[child].marks + at] = each + (1 if part < more else 0)
    return float(lookup_s)


def branch_of_parent(w: Any, p: int, parent: int) -> int:
    """The branch that fetches from a registry."""
    child = w.tasks[p].child
    while child >= 0:
        if w.tasks[child].upstream == parent:
            return int(child)
        child = w.tasks[child].sibling
    made = branch(w, p, 0, True)
    w.tasks[made].upstream = w.tasks[made].registry = parent
    take_marks(w, made, w.images[w.tasks[p].image].blobs)
    return int(made)


def begin_parts(w: Any, p: int, a: int, b: int) -> int:
    """Parts of blobs are fetched from one registry."""
    task = w.tasks[p]
    task.way = way_of(w, task.node, task.upstream, 0)
    task.group = task.group_end = 0
    task.connections = 1
    task.planned = IN_PARTS
    return GO


def await_joined(w: Any, p: int, a: int, b: int) -> int:
    """Wait for the fetches under way that this pull joined, one after another."""
    task = w.tasks[p]
    while task.joins >= 0:
        if wait_for_blob_fetch(w, p):
            task.pc -= 1
            return BLOCKED
        fetch = w.blob_fetches[w.joins[task.joins].fetch]
        state, at_s, idle_s = fetch.state, fetch.at_s, fetch.idle_s
        leave_blob_fetch(w, p)
        if state == BROKEN_OFF:
            timeline = w.timelines[task.timeline]
            timeline.now_s = max(timeline.now_s, w.g.now_s)
            return FETCH_BROKE_OFF
        wait_for(w, task.timeline, at_s, idle_s)
    return GO


def end_fetch(w: Any, p: int, a: int, b: int) -> int:
    """The fetch has ended, or failed: what was moved counts; tasks that wait for what has not come hear of that."""
    task = w.tasks[p]
    aside = begin_yield(w, p)
    if task.stage == 0:
        if w.deploys[task.deploy].recorded == 0:
            w.deploys[task.deploy].pulled_bytes += task.moved_bytes
        while task.joins >= 0:
            leave_blob_fetch(w, p)
    image = w.images[task.image]
    repository = w.names[task.name].repository
    if task.planned and w.registries[task.node].first_fetch >= 0:
        for at in range(task.stage, image.blobs):
            if w.marks[task.marks + at] > 0:
                blob = w.image_blobs[image.first_blob + at]
                break_off_blob_fetch(w, p, task.node, repository, blob)
                if w.g.ready_used > aside + 1:
                    task.stage = at + 1
                    task.pc -= 1
                    return BLOCKED
    task.stage = 0
    return end_yield(w, aside)


def store_image(w: Any, p: int, a: int, b: int) -> int:
    """The node has the image, and its tag means it unless what it holds wins."""
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    if task.digest < 0:
        return int(hold_image(w, task.node, task.name, task.image, task.publish, timeline.waited_s))
    return int(keep_image(w, task.node, -1, task.name, task.image, -1, timeline.waited_s))
