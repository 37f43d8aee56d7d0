"""Registries and their clients, what images are made of, what registries hold, and what is on its way to them."""

from __future__ import annotations

from sim.protocol.codes import INF, NEVER
from sim.records.layout import Int8, Int32


class Registry:
    """Its workers, its delays, and what bounds it."""

    # ops/service
    workers: int
    first_worker: int  # in `free_s`
    all_free_s: float
    request_s: float
    slowness: float  # the part of a request's time that an outage adds
    merges: int  # requests to it may be one stretch of a timeline
    drawn: int  # its service times are exponential
    next_draw: int  # in `service_draws`: those drawn and not yet used
    end_draw: int
    requests: int
    busy_s: float
    waited_s: float
    # what else requests find
    first_byte_s: float
    commit_Bps: float  # how fast it commits a blob that has come; 0: at once
    store_s: float
    anonymous: int
    tls: int
    token_life_s: float
    refuses_tokens: int
    list_lag_s: float
    skew_s: float  # how far its clock is ahead
    disk: int  # its link
    architecture: int  # of a node, from 1; 0: it keeps images for all
    # ops/unpacking
    unpack: int  # IN_ORDER, PARALLEL or STREAMED
    ranges: int  # in so many parts it fetches a layer
    first_lane: int = -1  # of its disk as unpacking writes; those of its cores, by format, follow
    dedup: int = -1  # how far that looks here; -1: as far as `g.dedup`
    paused_until_s: float  # while garbage is collected
    upstream: int  # of a node or a cache, whom it asks
    # ops/caches
    cache: int  # it is one
    checks: int  # it asks its upstream what a tag means each time
    coalesces: int
    # how many requests it answers: see ops/rate_limits
    first_limit: int  # in `limits`
    limits: int
    # lists
    first_effect: int = -1  # the outages in force, but for those of its disk: see ops/faults
    first_fetch: int = -1  # blobs that are being fetched to here: see ops/fetches
    first_place: int = -1  # the repositories that it knows, in the order in which it came to know them
    last_place: int = -1
    # what bounds it: see ops/storage_accounting, ops/quotas
    bounded: int  # anything does
    capacity_bytes: int = -1  # -1: nothing
    quota_bytes: int = -1  # of each account; -1: none
    ttl_s: float = NEVER
    used_bytes: int
    first_stored: int = -1  # its images, in the order in which they came
    last_stored: int = -1


class Profile:
    """A client on the wire, as `sim.registry.clients` has it; its requests are counted in `request_counts`."""

    start_s: float
    renews: int  # whether it asks for tokens
    pushes_at_once: int
    pulls_at_once: int
    mounts: int
    config_last: int
    polls: int  # until its node has what it pushed to central
    first_wait: int  # in `waits_s`
    waits: int
    resumes: int
    repeats: int  # of an upload that breaks: see ops/retries
    dial_s: float
    handshake_s: float
    quiet_s: float
    first_throttle: int  # in `waits_s`: what it waits when it has made too many requests
    throttles: int
    heeds_s: float  # the longest Retry-After that it waits for in their place


class Limit:
    """A limit of a registry, with a bucket for each who asks it: see ops/rate_limits."""

    registry: int
    scope: int  # whose requests share a bucket: its place in `sim.scenario.model.limits.SCOPES`
    pulls: int  # it counts pulls, not requests
    rate_per_s: float
    burst: float


class Bucket:
    """The tokens that one of those has left, as of `at_s`."""

    limit: int
    whose: int  # account, machine or site by number
    tokens: float
    at_s: float
    passed: int
    refused: int
    first_refused_s: float = INF


class Blob:
    """A layer, or a config."""

    size_bytes: int
    content: Int8  # KERNEL, ROOTFS or CONFIG
    format: Int8  # its row in `formats`
    counted: Int32  # in which count of distinct blobs it was counted last


class Format:
    """What a node does with a layer, by byte of the blob; nothing in row 0. See ops/unpacking."""

    core_ns: float  # nanoseconds of one core
    written: float  # bytes
    compress_ns: float  # the same of a client that packs it
    cores: float  # that one layer uses at once


class Image:
    """A manifest."""

    first_blob: Int32  # in `image_blobs`
    blobs: Int32
    manifest_bytes: int
    index_bytes: int
    platforms: Int32 = 1  # under its index, whose blobs follow each other: see ops/platforms
    architectures: Int32  # whose those are: bit n - 1 for `Registry.architecture` n
    rom: Int32
    rank: int  # of its digest among all
    owed: Int32 = -1  # the first of the copies of it that are made on demand


class Name:
    """A tag of a repository, and what it means at the registry that has it newest."""

    repository: Int32
    newest: Int32  # publish, or -1
    removed: Int32  # the latest publish whose removal was asked for, or -1


class Publish:
    """What a tag means: as `sim.policies.snapshot.Publish`."""

    image: Int32
    published_s: float
    skew_s: float
    origin: Int32
    generation: Int32


class Entry:
    """A key and its value in the one hash table of everything that is looked up: see ops/places."""

    key: int
    value: int


class Place:
    """A repository at a registry."""

    registry: Int32
    repository: Int32
    known: Int32  # something was put there or is expected
    next: Int32 = -1  # that the registry knows
    first_image: Int32 = -1  # in `held_images`
    last_image: Int32 = -1
    first_tag: Int32 = -1  # in `tags`
    last_tag: Int32 = -1
    running: Int32 = -1  # the image that an instance runs from
    part: Int32 = -1  # of the registries, for dedup


class HeldImage:
    """A manifest at a place."""

    image: Int32
    next: Int32
    before: Int32


class HeldTag:
    """A tag at a place, and what it means there; one that is `unlisted` is in no list."""

    name: Int32
    publish: Int32
    unlisted: Int32
    next: Int32
    before: Int32


class StoredImage:
    """An image that a bounded registry accounts for: see ops/storage_accounting."""

    place: int
    image: int
    came_s: float
    used_s: float
    uses: int
    next: int
    before: int
    is_evictable: int  # while that is decided
    next_victim: int


class Pushed:
    """A repository that a client has pushed to in a registry."""

    repository: int
    next: int


class Turns:
    """The pulls of a node, as far as it bounds them: see ops/turns."""

    bounded: int
    free: int = -1  # so many more may be under way; -1: any number
    first: int = -1  # tasks that wait for their turn
    last: int = -1
    rate_per_s: float  # of the bucket of pulls; 0: there is none
    burst: float
    tokens: float
    at_s: float


class BlobFetch:
    """A blob that is being fetched to a registry, for tasks that wait for it; kept until the last has looked."""

    place: Int32  # registry and repository
    blob: Int32  # or an image's manifests: see ops/caches
    task: Int32  # the pull that fetches it
    state: Int32  # see ops/fetches
    at_s: float
    idle_s: float
    first_s: float  # of what comes to a cache, when its first byte is there; below 0: nobody knows yet
    first_idle_s: float
    first_waiter: Int32 = -1
    last_waiter: Int32 = -1
    users: Int32
    next: Int32


class Join:
    """A fetch under way that a pull waits for."""

    fetch: Int32
    next: Int32


class Copy:
    """One published image that `source` owes `target`."""

    deploy: Int32
    source: Int32
    target: Int32
    name: Int32
    image: Int32
    publish: Int32
    waited_s: float
    idle_s: float
    due_s: float
    exclusive: Int32
    again: Int32  # a run before this one brings it, too
    next: Int32


class CopyWorkers:
    """Workers for work of unknown length; tasks wait for one in the order in which they came."""

    free: int
    first: int = -1
    last: int = -1
