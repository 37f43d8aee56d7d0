"""What registries hold: blobs and manifests by repository, and the tags that point at them.

Blobs and manifests belong to a repository, as every endpoint of the OCI distribution specification has it
(https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints). A tag that moves leaves its
manifest behind, to be had by its digest. Removing a tag removes a name; of a manifest, "once deleted, a `GET` to
`/v2/<name>/manifests/<digest>` and any tag pointing to that digest will return a 404" (deleting manifests); blobs stay
until garbage is collected (`ops/garbage`). Each tag that comes or goes is a row of `tag_changes`; lists trail those by
their lag.

How far dedup looks for a blob is the registry's own scope, or `g.dedup`: `sim.registry.dedup` has the scopes. A client
may mount blobs from repositories of the same account that it has pushed to in that registry.

A held blob is a key of the set `held`, which is two thirds full at most. Images and tags of a place are lists in the
order in which they came.

Left out: which digest a trailing list shows, hence it lists names alone; a copy that reaches a registry some time after
its original was published is listed from the original's time; repositories that only a pull made known to a client.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import BLOB_GONE, FLEET_SCOPE, GROW_ASKED, NO_SCOPE, REPOSITORY_SCOPE
from sim.protocol.machine import ask_host
from sim.protocol.ops.places import (
    IMAGE_KEY,
    POOL_KEY,
    PUSHED_KEY,
    PUSHER_KEY,
    TAG_KEY,
    UNPACKED_KEY,
    add_entry,
    add_to_entry,
    dedup_of,
    entry_key,
    entry_value,
    find_entry,
    find_place,
    know_place,
    place_of,
    remove_entry,
)
from sim.protocol.ops.places import (
    expect as expect,
)
from sim.protocol.ops.places import (
    knows as knows,
)
from sim.protocol.ops.platforms import own_begin, own_end
from sim.protocol.ops.rules import publish_wins
from sim.protocol.ops.storage_accounting import account_image, is_claimed
from sim.protocol.ops.waiters import wake_waiters
from sim.protocol.state import GROW_TAG_CHANGES
from sim.records.hashing import map_find, rehash_set, set_add, set_delete, set_find, set_has


def place_has_blobs(w: Any, place: int, image: int) -> bool:
    """Whether a repository at a registry holds all blobs of an image, or of its platform's."""
    row, registry = w.images[image], w.places[place].registry
    for at in range(row.first_blob + own_begin(w, image, registry), row.first_blob + own_end(w, image, registry)):
        if not set_has(w.held, w.g.held_slots, ((place << 31) | w.image_blobs[at]) + 1):
            return False
    return True


def has_blob(w: Any, registry: int, repository: int, blob: int) -> bool:
    """Whether a repository at a registry holds a blob, itself."""
    place = find_place(w, registry, repository)
    return place >= 0 and set_has(w.held, w.g.held_slots, ((place << 31) | blob) + 1)


def counts_as_held(w: Any, registry: int, repository: int, blob: int) -> bool:
    """Whether a blob counts as held when a repository is asked."""
    scope = dedup_of(w, registry)
    if scope == REPOSITORY_SCOPE:
        return has_blob(w, registry, repository, blob)
    if scope == NO_SCOPE:
        return False
    part = 0
    if scope != FLEET_SCOPE:
        part = w.places[place_of(w, registry, repository)].part
    return find_entry(w, entry_key(POOL_KEY, part, blob)) >= 0


def add_blob(w: Any, registry: int, repository: int, blob: int) -> None:
    """Store a blob in a repository; one that is there already changes nothing."""
    add_blob_at(w, place_of(w, registry, repository), blob)


def add_blob_at(w: Any, place: int, blob: int) -> None:
    """The same by place."""
    if w.places[place].known == 0:
        know_place(w, place)
    g = w.g
    if len(w.held) > g.held_slots:
        g.held_slots = rehash_set(w.held, g.held_slots)
    if not set_add(w.held, g.held_slots, ((place << 31) | blob) + 1):
        return
    g.held_blobs += 1
    # Two thirds full at most: so many rows the keys need.
    g.held_used = g.held_blobs + (g.held_blobs >> 1) + 1
    if dedup_of(w, w.places[place].registry) > REPOSITORY_SCOPE:
        add_to_entry(w, entry_key(POOL_KEY, w.places[place].part, blob), 1)


def forget_blob(w: Any, place: int, blob: int) -> None:
    """A repository no longer holds a blob, if it did."""
    slot = set_find(w.held, w.g.held_slots, ((place << 31) | blob) + 1)
    if slot >= 0:
        forget_held(w, slot)


def forget_held(w: Any, slot: int) -> None:
    """The same of the blob in a slot of `held`; another may be in that slot then."""
    g = w.g
    key = abs(w.held[slot]) - 1
    set_delete(w.held, g.held_slots, slot)
    g.held_blobs -= 1
    g.held_used = g.held_blobs + (g.held_blobs >> 1) + 1
    if dedup_of(w, w.places[key >> 31].registry) > REPOSITORY_SCOPE:
        add_to_entry(w, entry_key(POOL_KEY, w.places[key >> 31].part, key & ((1 << 31) - 1)), -1)
    if g.unpacking:
        at = find_entry(w, entry_key(UNPACKED_KEY, w.places[key >> 31].registry, key & ((1 << 31) - 1)))
        if at >= 0:
            remove_entry(w, at)


def note_pushed(w: Any, machine: int, registry: int, repository: int) -> None:
    """A client that mounts has pushed to a repository of a registry."""
    g = w.g
    key = entry_key(PUSHED_KEY, machine, place_of(w, registry, repository))
    if find_entry(w, key) >= 0:
        return
    add_entry(w, key, 1)
    made = int(g.pushed_used)
    g.pushed_used = made + 1
    row = w.pushed[made]
    row.repository = repository
    row.next = -1
    key = entry_key(PUSHER_KEY, machine, registry)
    slot = find_entry(w, key)
    if slot < 0:
        add_entry(w, key, made)
    else:
        row.next = w.entries[slot].value
        w.entries[slot].value = made


def may_mount(w: Any, machine: int, registry: int, repository: int, blob: int, before: int) -> bool:
    """Whether a repository that a client has pushed to, of the same account, counts as holding a blob; of `pushed` the
    rows before that one count."""
    at = entry_value(w, entry_key(PUSHER_KEY, machine, registry), -1)
    account = w.repository_account[repository]
    while at >= 0:
        row = w.pushed[at]
        other = row.repository
        if at < before and w.repository_account[other] == account and counts_as_held(w, registry, other, blob):
            return True
        at = row.next
    return False


def place_has_image(w: Any, place: int, image: int) -> bool:
    """Whether a repository at a registry has a manifest, tagged or not."""
    return find_entry(w, entry_key(IMAGE_KEY, place, image)) >= 0


def has_image(w: Any, registry: int, repository: int, image: int) -> bool:
    """The same, by registry and repository."""
    place = find_place(w, registry, repository)
    return place >= 0 and find_entry(w, entry_key(IMAGE_KEY, place, image)) >= 0


def find_tag(w: Any, registry: int, name: int) -> int:
    """The row of a tag at a registry, or -1."""
    at = map_find(w.entries, w.g.entries_slots, (TAG_KEY << 58) | (registry << 31) | name)
    return -1 if at < 0 else int(w.entries[at].value)


def tag_publish(w: Any, registry: int, name: int) -> int:
    """What a tag means at a registry now; -1 if there is no such tag."""
    tag = find_tag(w, registry, name)
    return -1 if tag < 0 else int(w.tags[tag].publish)


def published_later(w: Any, publish: int, other: int) -> bool:
    """Whether a publish was made later in truth, whatever clocks say and whichever wins; at one instant, by the
    digests."""
    one, two = w.publishes[publish], w.publishes[other]
    if one.published_s != two.published_s:
        return bool(one.published_s > two.published_s)
    return bool(w.images[one.image].rank > w.images[two.image].rank)


def put_image(w: Any, registry: int, name: int, repository: int, image: int, publish: int, came_s: float) -> int:
    """Store a manifest, and point a tag at it unless that is -1. 0, or BLOB_GONE and nothing changed if a blob is not
    there; a cache may lack some.

    A copy of what was published elsewhere says when it came here (below 0: as published): lists trail that.
    """
    place = place_of(w, registry, repository)
    if w.registries[registry].cache == 0 and not place_has_blobs(w, place, image):
        return BLOB_GONE
    _put_at(w, place, name, -1 if name < 0 else find_tag(w, registry, name), image, publish, came_s)
    return 0


def _put_at(w: Any, place: int, name: int, tag: int, image: int, publish: int, came_s: float) -> None:
    """The same where all blobs are there and the tag's row, or -1, is known."""
    if find_entry(w, entry_key(IMAGE_KEY, place, image)) < 0:
        _add_image(w, place, image)
    if name < 0:
        return
    registry = w.places[place].registry
    if tag < 0 or w.tags[tag].unlisted:
        changed_s = w.publishes[publish].published_s if came_s < 0 else came_s
        _change_tag(w, registry, name, changed_s, 1, w.images[image].rom)
    if tag < 0:
        tag = _add_tag(w, place, name)
    row = w.tags[tag]
    row.unlisted = 0
    row.publish = publish
    removed = w.names[name].removed
    if removed >= 0 and not published_later(w, publish, removed):
        unlist_tag(w, registry, name, w.g.now_s)


def _add_image(w: Any, place: int, image: int) -> None:
    """A manifest is at a place, behind those that came before."""
    g, row = w.g, w.places[place]
    made = int(g.free_held_image)
    if made >= 0:
        g.free_held_image = w.held_images[made].next
    else:
        made = int(g.held_images_used)
        g.held_images_used = made + 1
    held = w.held_images[made]
    held.image, held.next, held.before = image, -1, row.last_image
    if row.last_image < 0:
        row.first_image = made
    else:
        w.held_images[row.last_image].next = made
    row.last_image = made
    add_entry(w, entry_key(IMAGE_KEY, place, image), made)


def _add_tag(w: Any, place: int, name: int) -> int:
    """A tag is at a place, behind those that came before; its row."""
    g, row = w.g, w.places[place]
    made = int(g.free_tag)
    if made >= 0:
        g.free_tag = w.tags[made].next
    else:
        made = int(g.tags_used)
        g.tags_used = made + 1
    tag = w.tags[made]
    tag.name, tag.next, tag.before = name, -1, row.last_tag
    if row.last_tag < 0:
        row.first_tag = made
    else:
        w.tags[row.last_tag].next = made
    row.last_tag = made
    add_entry(w, entry_key(TAG_KEY, row.registry, name), made)
    return made


def _change_tag(w: Any, registry: int, name: int, changed_s: float, exists: int, rom: int) -> None:
    """A row: a tag came to a registry, or went."""
    g = w.g
    if g.tag_changes_used >= len(w.tag_changes):
        ask_host(w, GROW_ASKED, GROW_TAG_CHANGES, 0, 0)
    row = w.tag_changes[g.tag_changes_used]
    g.tag_changes_used += 1
    row.registry, row.name, row.changed_s, row.exists, row.rom = registry, name, changed_s, exists, rom


def publish_image(w: Any, registry: int, name: int, image: int, published_s: float, waited_s: float) -> int:
    """A client's push has put an image: the tag means it from now on, and older copies are stale. The publish; a
    failure is below 0.

    Without waiting it would be there `waited_s` earlier.
    """
    place = place_of(w, registry, w.names[name].repository)
    if not place_has_blobs(w, place, image):
        return -BLOB_GONE
    made = publish_at(w, place, name, image, published_s)
    wake_waiters(w, registry, w.places[place].repository, image, w.g.now_s - waited_s)
    return made


def publish_at(w: Any, place: int, name: int, image: int, published_s: float) -> int:
    """The same where all blobs are there and nobody waits for them."""
    g, registry = w.g, w.places[place].registry
    tag = find_tag(w, registry, name)
    made = int(g.publishes_used)
    g.publishes_used = made + 1
    row = w.publishes[made]
    row.image, row.published_s, row.skew_s = image, published_s, w.registries[registry].skew_s
    row.origin = registry
    row.generation = 1 if tag < 0 else w.publishes[w.tags[tag].publish].generation + 1
    _put_at(w, place, name, tag, image, made, -1.0)
    if g.limited and w.registries[registry].bounded:
        account_image(w, registry, place, image, published_s)
    meant = w.names[name]
    if meant.newest < 0 or published_later(w, made, meant.newest):
        meant.newest = made
    return made


def hold_image(w: Any, registry: int, name: int, image: int, publish: int, waited_s: float) -> int:
    """Have a copy of what was published elsewhere; its tag points there unless what it holds wins. 0, or a failure."""
    held = tag_publish(w, registry, name)
    wins = held < 0 or publish_wins(w, publish, held)
    return keep_image(w, registry, name if wins else -1, w.names[name].repository, image, publish, waited_s)


def keep_image(w: Any, registry: int, name: int, repository: int, image: int, publish: int, waited_s: float) -> int:
    """Have an image in a registry from now on, under a tag unless that is -1. 0, or a failure."""
    g = w.g
    failure = put_image(w, registry, name, repository, image, publish, g.now_s)
    if failure:
        return failure
    if g.limited and w.registries[registry].bounded:
        account_image(w, registry, place_of(w, registry, repository), image, g.now_s)
    wake_waiters(w, registry, repository, image, g.now_s - waited_s)
    return 0


def newest_publish(w: Any, name: int) -> int:
    """What a tag means at the registry that has it newest; -1 if it was never published."""
    return int(w.names[name].newest)


def newer_publish(w: Any, name: int, seen: int) -> int:
    """The same if that is later than what was seen, and another image; else -1."""
    newest = int(w.names[name].newest)
    if newest < 0 or w.publishes[newest].image == w.publishes[seen].image or not published_later(w, newest, seen):
        return -1
    return newest


def remove_tag(w: Any, registry: int, name: int, removed_s: float) -> bool:
    """Remove a tag and nothing else: the image is still to be had by its digest. False if there is no such tag."""
    at = find_tag(w, registry, name)
    if at < 0:
        return False
    g, tag = w.g, w.tags[at]
    if not tag.unlisted:
        _change_tag(w, registry, name, removed_s, 0, _means_rom(w, registry, at))
    place = w.places[find_place(w, registry, w.names[name].repository)]
    if tag.before < 0:
        place.first_tag = tag.next
    else:
        w.tags[tag.before].next = tag.next
    if tag.next < 0:
        place.last_tag = tag.before
    else:
        w.tags[tag.next].before = tag.before
    tag.next = g.free_tag
    tag.unlisted = 0
    g.free_tag = at
    remove_entry(w, find_entry(w, entry_key(TAG_KEY, registry, name)))
    return True


def _means_rom(w: Any, registry: int, tag: int) -> int:
    """Whether what a tag means is a ROM that is there."""
    row = w.tags[tag]
    image = w.publishes[row.publish].image
    return int(has_image(w, registry, w.names[row.name].repository, image) and w.images[image].rom != 0)


def unlist_tag(w: Any, registry: int, name: int, removed_s: float) -> None:
    """Lists do not show a tag that is there, until it moves: what it means was removed elsewhere."""
    at = find_tag(w, registry, name)
    if w.tags[at].unlisted == 0:
        _change_tag(w, registry, name, removed_s, 0, _means_rom(w, registry, at))
        w.tags[at].unlisted = 1


def unlist_name(w: Any, name: int, removed: int) -> None:
    """The removal of what a tag meant was asked for: no list shows that, or anything older, by that tag.

    Registries may go on having copies, and start instances from them.
    """
    g, row = w.g, w.names[name]
    if row.removed < 0 or published_later(w, removed, row.removed):
        row.removed = removed
    for registry in range(g.nodes + 1):
        held = tag_publish(w, registry, name)
        if held >= 0 and not published_later(w, held, removed):
            unlist_tag(w, registry, name, g.now_s)


def remove_manifest(w: Any, registry: int, repository: int, image: int, removed_s: float) -> bool:
    """Remove a manifest, and with it every tag to it; blobs stay. False if there is no such manifest."""
    at = find_place(w, registry, repository)
    if at < 0 or not place_has_image(w, at, image):
        return False
    tag = w.places[at].first_tag
    while tag >= 0:
        following = w.tags[tag].next
        if w.publishes[w.tags[tag].publish].image == image:
            remove_tag(w, registry, w.tags[tag].name, removed_s)
        tag = following
    forget_image(w, at, image)
    return True


def forget_image(w: Any, place: int, image: int) -> None:
    """A repository no longer has a manifest that it had; tags that mean it stay."""
    g, row = w.g, w.places[place]
    slot = find_entry(w, entry_key(IMAGE_KEY, place, image))
    at = int(w.entries[slot].value)
    remove_entry(w, slot)
    held = w.held_images[at]
    if held.before < 0:
        row.first_image = held.next
    else:
        w.held_images[held.before].next = held.next
    if held.next < 0:
        row.last_image = held.before
    else:
        w.held_images[held.next].before = held.before
    held.next = g.free_held_image
    g.free_held_image = at


def drop_image(w: Any, registry: int, repository: int, image: int, dropped_s: float) -> None:
    """Remove a manifest and, at once, those of its blobs that no other there needs and none has claimed."""
    remove_manifest(w, registry, repository, image, dropped_s)
    place = find_place(w, registry, repository)
    row = w.images[image]
    for at in range(row.first_blob, row.first_blob + row.blobs):
        blob = w.image_blobs[at]
        if not _is_needed(w, place, blob) and not is_claimed(w, registry, blob):
            forget_blob(w, place, blob)


def _is_needed(w: Any, place: int, blob: int) -> bool:
    """Whether an image of a repository has a blob."""
    at = w.places[place].first_image
    while at >= 0:
        row = w.images[w.held_images[at].image]
        for position in range(row.first_blob, row.first_blob + row.blobs):
            if w.image_blobs[position] == blob:
                return True
        at = w.held_images[at].next
    return False
