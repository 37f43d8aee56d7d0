"""Caches: registries between nodes and central that fetch what they lack from their upstream, for whoever asks them.

A cache has no instances and takes no pushes. It is asked as central is: what a tag means, for manifests, for blobs.

- What a tag means it asks its own upstream each time, or only when it has no such tag (`caches.NAME.check`); it answers
  with what it has when its upstream has no answer (distribution, registry/proxy: proxyTagService.Get).
- Manifests and blobs that it has it sends from its own disk. What it lacks it gets by requests of its own, one for
  each blob that is asked for, and keeps. Bytes are passed on as they come: what goes to the node flows from when the
  first byte is at the cache, beside what comes, and ends no sooner than that has come.
- Where it coalesces, whoever asks for what is on its way is sent that; else each gets a fetch of its own (distribution,
  proxyBlobStore.ServeBlob; goharbor/harbor issue 22570).

Where its upstream is a cache, too, these are the same steps once more. On a bounded disk an image counts whole from
the first request for its manifests, whichever of its blobs follow, and stays while a node pulls it. A cache whose disk
can't take an image refuses it.

Left out: a second copy that some proxies fetch for their own disk (distribution 2.8); a client that goes to central
when its cache fails; ranges, in place of which a cache fetches the whole layer; answers of 404 that a cache keeps; that
bytes which are passed on faster than they come arrive evenly spread over the time that they take.
"""

from __future__ import annotations

from typing import Any, Final

from sim.protocol.codes import BLOCKED, FETCH_BROKE_OFF, FOR_PULL, GO, WAIT
from sim.protocol.ops.blobs import is_trailing
from sim.protocol.ops.fetches import (
    BROKEN_OFF,
    FETCHED,
    FETCHING,
    add_blob_fetch,
    close_blob_fetch,
    find_blob_fetch,
    join_blob_fetch,
    leave_blob_fetch,
    wait_for_fetch,
)
from sim.protocol.ops.holdings import (
    add_blob,
    counts_as_held,
    has_blob,
    has_image,
    hold_image,
    keep_image,
    tag_publish,
)
from sim.protocol.ops.pull import look_up
from sim.protocol.ops.rules import publish_wins
from sim.protocol.ops.storage import admit, drop_expired, use_image
from sim.protocol.ops.storage_accounting import claim_blobs, release_blobs
from sim.protocol.ops.ways import way_of
from sim.protocol.tasks import (
    begin_yield,
    end_yield,
    inherit,
    make_all_ready,
    make_ready,
    new_task,
    new_timeline,
    wait_for,
)

# What the caches on the way of a pull do with its image.
CLAIM: Final = 0
RELEASE: Final = 1


def is_no_cache(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` unless the registry that is asked is a cache."""
    task = w.tasks[p]
    if w.registries[task.registry].cache == 0:
        task.pc = label
    return GO


def reserve_on_way(w: Any, p: int, what: int, b: int) -> int:
    """What the caches between a node and central have of its image stays from here on, or no longer has to."""
    if w.g.caches == 0 or w.g.limited == 0:
        return GO
    task = w.tasks[p]
    registry = task.upstream
    while w.registries[registry].cache:
        if w.registries[registry].bounded:
            if what == CLAIM:
                claim_blobs(w, registry, task.image)
            else:
                release_blobs(w, registry, task.image)
        registry = w.registries[registry].upstream
    return GO


def knows_meaning(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` if the cache that is asked need not ask what the reference means."""
    task = w.tasks[p]
    cache = w.registries[task.registry]
    if w.g.limited and cache.bounded:
        drop_expired(w, task.registry)
    own = look_up(w, task.registry, task.name, task.digest)
    if own != -1 and (task.digest >= 0 or cache.checks == 0):
        w.tasks[task.parent].theirs = own
        task.pc = label
    return GO


def ask_upstream(w: Any, p: int, a: int, b: int) -> int:
    """What follows is between the cache that was asked and its upstream."""
    task = w.tasks[p]
    task.machine = task.registry
    task.registry = w.registries[task.machine].upstream
    task.way = way_of(w, task.machine, task.registry, 0)
    task.theirs = -1
    return GO


def look_upstream(w: Any, p: int, a: int, b: int) -> int:
    """Look what the reference means at central; a cache has said it already."""
    task = w.tasks[p]
    if w.registries[task.registry].cache == 0:
        task.theirs = look_up(w, task.registry, task.name, task.digest)
    return GO


def take_meaning(w: Any, p: int, a: int, b: int) -> int:
    """The cache knows what the reference means, by its upstream or else by itself, and answers that; a failure if it
    can't."""
    task = w.tasks[p]
    why, task.failure = task.failure, 0
    theirs = -1 if why else task.theirs
    own = look_up(w, task.machine, task.name, task.digest)
    found = own
    if theirs != -1 and (own == -1 or (theirs >= 0 and publish_wins(w, theirs, own))):
        found = theirs
    w.tasks[task.parent].theirs = found
    if found >= 0 and tag_publish(w, task.machine, task.name) != found:
        image = w.publishes[found].image
        if has_image(w, task.machine, w.names[task.name].repository, image):
            # The tag went back to what it has.
            hold_image(w, task.machine, task.name, image, found, w.timelines[task.timeline].waited_s)
    return GO if found != -1 else int(why)


def obtain_manifests(w: Any, p: int, entry: int, b: int) -> int:
    """The cache that is asked has the image's manifests, or gets them by a task at `entry`, which this one joins."""
    task = w.tasks[p]
    cache = w.registries[task.registry]
    if cache.cache == 0:
        return GO
    if task.stage == 0:
        task.stage = 1
        task.pc -= 1
        return WAIT
    task.stage = 0
    repository = w.names[task.name].repository
    bounded = w.g.limited != 0 and cache.bounded != 0
    if bounded:
        drop_expired(w, task.registry)
    if has_image(w, task.registry, repository, task.image):
        if bounded:
            use_image(w, task.registry, repository, task.image)
        return GO
    found = find_blob_fetch(w, task.registry, repository, manifests_of(task.image)) if cache.coalesces else -1
    if found < 0 and bounded:
        failure = admit(w, task.registry, task.image)
        if failure:
            return int(failure)
    aside = begin_yield(w, p)
    if found < 0:
        found = fetch_to_cache(w, p, entry, manifests_of(task.image))
    join_blob_fetch(w, p, found)
    return end_yield(w, aside)


def manifests_of(image: int) -> int:
    """In the place of a blob's number, the manifests of an image: below -1."""
    return -2 - image


def obtain_blobs(w: Any, p: int, entry: int, b: int) -> int:
    """The cache that is asked has a blob and those that trail along, or gets each by a task at `entry`, which this one
    joins."""
    task = w.tasks[p]
    if w.registries[task.registry].cache == 0:
        return GO
    if task.stage == 0:
        leave_fetches(w, p, 0, 0)  # of a try before
        task.stage = 1
        task.pc -= 1
        return WAIT
    task.stage = 0
    aside = begin_yield(w, p)
    obtain_blob(w, p, entry, task.blob)
    if task.trailing:
        above, first = w.tasks[task.parent], w.images[task.image].first_blob
        for at in range(above.group, above.group_end):
            blob = w.image_blobs[first + at]
            if w.marks[above.marks + at] > 0 and is_trailing(w, task.parent, blob):
                obtain_blob(w, p, entry, blob)
    return end_yield(w, aside)


def obtain_blob(w: Any, p: int, entry: int, blob: int) -> None:
    """The same of one blob."""
    task = w.tasks[p]
    cache, repository = w.registries[task.registry], w.names[task.name].repository
    if has_blob(w, task.registry, repository, blob):
        return
    if counts_as_held(w, task.registry, repository, blob):
        add_blob(w, task.registry, repository, blob)
        return
    found = find_blob_fetch(w, task.registry, repository, blob) if cache.coalesces else -1
    if found < 0:
        found = fetch_to_cache(w, p, entry, blob)
    join_blob_fetch(w, p, found)


def fetch_to_cache(w: Any, p: int, entry: int, blob: int) -> int:
    """A task at `entry` gets a blob, or manifests, to the cache that a task asks; the fetch."""
    task = w.tasks[p]
    cache, timeline = task.registry, w.timelines[task.timeline]
    child = new_task(w, entry, new_timeline(w, timeline.now_s, timeline.waited_s))
    inherit(w, p, child)
    found = add_blob_fetch(w, child, cache, w.names[task.name].repository, blob)
    other = w.tasks[child]
    other.counter, other.purpose, other.fetch, other.trailing = child, FOR_PULL, found, 0
    other.machine, other.registry = cache, w.registries[cache].upstream
    other.way = way_of(w, other.machine, other.registry, 0)
    if blob >= 0:
        other.blob, other.size_bytes = blob, w.blobs[blob].size_bytes
    make_ready(w, child)
    return found


def await_first_byte(w: Any, p: int, a: int, b: int) -> int:
    """What the cache lacked is sent on from when the first byte of it is there; of several blobs, of all of them."""
    task = w.tasks[p]
    at = task.joins
    while at >= 0:
        fetch = w.blob_fetches[w.joins[at].fetch]
        if fetch.state == BROKEN_OFF:
            timeline = w.timelines[task.timeline]
            timeline.now_s = max(timeline.now_s, w.g.now_s)
            return FETCH_BROKE_OFF
        if fetch.state == FETCHING and fetch.first_s < 0.0:
            wait_for_fetch(w, p, w.joins[at].fetch)
            task.pc -= 1
            return BLOCKED
        at = w.joins[at].next
    at = task.joins
    while at >= 0:
        fetch = w.blob_fetches[w.joins[at].fetch]
        wait_for(w, task.timeline, fetch.first_s, fetch.first_idle_s)
        at = w.joins[at].next
    return GO


def pass_on(w: Any, p: int, a: int, b: int) -> int:
    """The first byte of what a cache gets is on its way there: whoever has asked for it is sent it from then on."""
    task = w.tasks[p]
    if task.fetch < 0:
        return GO
    timeline, fetch = w.timelines[task.timeline], w.blob_fetches[task.fetch]
    fetch.first_s = timeline.now_s + w.ways[task.way].back_s
    fetch.first_idle_s = fetch.first_s - timeline.waited_s
    aside = begin_yield(w, p)
    first = fetch.first_waiter
    fetch.first_waiter = fetch.last_waiter = -1
    make_all_ready(w, first)
    return end_yield(w, aside)


def keep_manifests(w: Any, p: int, a: int, b: int) -> int:
    """The cache has the image's manifests, and its tag means it unless what it has wins."""
    task, waited_s = w.tasks[p], w.timelines[w.tasks[p].timeline].waited_s
    aside = begin_yield(w, p)
    if task.digest < 0:
        hold_image(w, task.machine, task.name, task.image, task.publish, waited_s)
    else:
        keep_image(w, task.machine, -1, w.names[task.name].repository, task.image, -1, waited_s)
    end_fetch_to_cache(w, p, FETCHED)
    return end_yield(w, aside)


def keep_blob(w: Any, p: int, a: int, b: int) -> int:
    """The cache has a blob, if it still has its image."""
    task, repository = w.tasks[p], w.names[w.tasks[p].name].repository
    aside = begin_yield(w, p)
    if has_image(w, task.machine, repository, task.image):
        add_blob(w, task.machine, repository, task.blob)
    end_fetch_to_cache(w, p, FETCHED)
    return end_yield(w, aside)


def give_up_fetch(w: Any, p: int, a: int, b: int) -> int:
    """What was to come to the cache has not: whoever waits for it hears of that."""
    aside = begin_yield(w, p)
    leave_fetches(w, p, 0, 0)
    if w.tasks[p].fetch >= 0:
        end_fetch_to_cache(w, p, BROKEN_OFF)
    return end_yield(w, aside)


def end_fetch_to_cache(w: Any, p: int, state: int) -> None:
    """A fetch to a cache has ended, one way or the other."""
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    close_blob_fetch(w, task.machine, task.fetch, state, timeline.now_s, timeline.now_s - timeline.waited_s)
    task.fetch = -1


def leave_fetches(w: Any, p: int, a: int, b: int) -> int:
    """Of fetches that it joined a task needs to know no more."""
    while w.tasks[p].joins >= 0:
        leave_blob_fetch(w, p)
    return GO
