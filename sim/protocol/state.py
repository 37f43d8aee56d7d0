"""The rows that a run's state is made of. References are numbers, -1 for none; times in seconds, sizes in bytes.

Numbers of registries: 0 is central's, those of nodes follow; clients are machines numbered after them. A *name* is a
tag of a repository. A *place* is a repository at a registry. A *publish* is what a tag means. A *copy* is one image
that one registry owes another.
"""

from __future__ import annotations

from typing import Final

from sim.network.fairshare.state import ClassState, FlowState, Hop, LinkState, Node, Solver
from sim.records import Layout
from sim.records.layout import Int8, Int32
from sim.records.queue import Event, QueueGlobals
from sim.registry.replication import Event as ReplicaEvent
from sim.registry.replication import State
from sim.tables.rows import PHASES

N_PHASES: Final = len(PHASES)
KEEP_OPEN_S: Final = 90.0
"""How long a kept connection stays open unused, as `sim.registry.clients` has it."""
NEVER: Final = 1e308
"""Later than anything that happens; finite, so that sums with it stay ordered."""
INF: Final = float("inf")

# What an op says: what its task does next. A number from FAILED on is a failure, and why.
GO: Final = 0  # on with the next op
WAIT: Final = 1  # the next op when the clock is where the timeline is
BLOCKED: Final = 2  # the next op when somebody lets it go on
ENDED: Final = 3  # its program has ended
FAILED: Final = 16
CONNECTION_LOST: Final = 16  # up to LAST_UNREACHABLE: what broke may be over later
CONNECTION_TIMED_OUT: Final = 17
REGISTRY_DOWN: Final = 18
FETCH_BROKE_OFF: Final = 19
BLOB_GONE: Final = 20
LAST_UNREACHABLE: Final = 20
NOT_AT_CENTRAL: Final = 21
NOT_ON_ITS_NODE: Final = 22
IMAGE_NOT_FOUND: Final = 23
DISK_FULL: Final = 24
QUOTA_EXCEEDED: Final = 25
TOKEN_REFUSED: Final = 26

# What an event is, by `Event.kind`; `what` is its subject.
TASK_DUE: Final = 0  # a task goes on
ARRIVAL: Final = 1  # the next deploy is asked for
LONE_DUE: Final = 2  # a flow that has its links to itself has ended
PS_DUE: Final = 3  # the first of a lane's own flows has ended
FAIR_DUE: Final = 4  # the first flow that shares links has ended
OUTAGE_BEGINS: Final = 5
OUTAGE_ENDS: Final = 6
CONVERGED: Final = 7  # routing has heard of a link's change
SCHEDULE_STEP: Final = 8  # a link's schedule has its next step
GARBAGE_COLLECTION: Final = 9  # central's garbage is collected
AUDIT_DUE: Final = 10  # the audit looks
WAIT_TIMED_OUT: Final = 11  # a task has waited for an image as long as it may
LOG_OPERATION_DUE: Final = 12  # the next operation of a log begins
SWARM_DUE: Final = 13  # a swarm goes on, or somebody in it has a layer

# What an engine does when it is asked, by `g.asked`.
ROUTE_ASKED: Final = 1  # a way from machine `asked_a` to registry `asked_b` (`asked_c`: as copies go)
ROUTES_CHANGED: Final = 2  # routes avoid links from now on
AUDIT_ASKED: Final = 3
GROW_ASKED: Final = 4  # a table is nearly full
SWARM_ASKED: Final = 5
DRAWS_ASKED: Final = 6  # service times of registry `asked_a`
OPERATIONS_ASKED: Final = 7  # the next operations of a log, in `operations`
DECISION_ASKED: Final = 8  # where deploy `asked_a` starts, or by which route it is pushed: `Deploy.undecided`

# What a swarm is asked, by `g.asked_a`; `swarm` has more.
SWARM_FINDS: Final = 1  # whether anybody fetches this layer
SWARM_JOINS: Final = 2  # a task fetches it from now on; `asked_b` holders have it if nobody did before
SWARM_RUNS: Final = 3  # until the run's next event, or somebody ends
SWARM_REPORTS: Final = 4  # who has ended
SWARM_LEAVES: Final = 5  # registry `asked_b` is down, with its disk if `asked_c`
SWARM_CAPACITY: Final = 6  # link `asked_b` carries something else

# Purposes and contents of transfers, in the order of the words that rows have for them.
PUSH: Final = 0
PULL_: Final = 1
SYNC: Final = 2
KERNEL: Final = 0
ROOTFS: Final = 1
METADATA: Final = 2
CONFIG: Final = 3

WAY_HASH: Final = 2654435769
"""2^32 over the golden ratio (Knuth, "The art of computer programming", vol. 3, 6.4): where a way is in `way_index`."""

# How far dedup looks, in the order of `registry.dedup.SCOPES`.
NO_SCOPE: Final = 0
REPOSITORY_SCOPE: Final = 1
ACCOUNT_SCOPE: Final = 2
REGISTRY_SCOPE: Final = 3
FLEET_SCOPE: Final = 4

# Routes of a deploy.
CENTRAL: Final = 0
NODE_DIRECT: Final = 1
BOTH: Final = 2
START_ONLY: Final = 3

# What of a deploy is decided as it begins, by rules that look at what nodes hold; both may be.
NODES_UNDECIDED: Final = 1
ROUTE_UNDECIDED: Final = 2

# Why something was dropped, by `Drop.why`.
EVICTED: Final = 0
EXPIRED: Final = 1
REMOVED: Final = 2
COLLECTED: Final = 3
BROKEN: Final = 4

# States of a reference at a registry and what may happen to it, by their places in `registry.replication`.
_STATES = list(State)
_MOVES = list(ReplicaEvent)
N_MOVES: Final = len(_MOVES)
STATE_ABSENT: Final = _STATES.index(State.ABSENT)
STATE_COMMITTED: Final = _STATES.index(State.COMMITTED)
STATE_BACKING_OFF: Final = _STATES.index(State.BACKING_OFF)
MOVE_OWED: Final = _MOVES.index(ReplicaEvent.OWED)
MOVE_BEGUN: Final = _MOVES.index(ReplicaEvent.BEGUN)
MOVE_CHECKED: Final = _MOVES.index(ReplicaEvent.CHECKED)
MOVE_PUT: Final = _MOVES.index(ReplicaEvent.PUT)
MOVE_BROKE: Final = _MOVES.index(ReplicaEvent.BROKE)
MOVE_GAVE_UP: Final = _MOVES.index(ReplicaEvent.GAVE_UP)
MOVE_VANISHED: Final = _MOVES.index(ReplicaEvent.VANISHED)
MOVE_LOST: Final = _MOVES.index(ReplicaEvent.LOST)

# What held a flow back: a link's number, its own cap, or nothing.
OWN_CAP: Final = -1
UNBOUND: Final = -2


class Globals(QueueGlobals):
    """What there is one of."""

    now_s: float
    lasts_s: float  # something goes on until then that nobody waits for
    host: int  # where compiled text calls the engine
    stopped: int  # what the engine did for the text failed: the run ends
    rule_broke: int  # a rule of a user's own, in machine code, decided what can't be carried out
    scheduled: int  # events in the queue that happen whatever becomes of others: see ops/scheduling
    margin: int = 64  # rows that a task may add to a table while it goes on
    node_margin: int = 64  # the same of tables to which it adds some for each node
    tasks_per_growth: int = 12  # for so many tasks room is made at once
    tasks_until_growth: int  # for how many of these there still is room, and until when
    growth_due_s: float
    deploys: int
    deploy_entry: int  # where programs begin that ops set going
    when_due_entry: int
    job_entry: int
    checks: int  # of the audit, over the run
    run_s: float
    illegal_moves: int  # events that the replication table has no place for
    asked: int  # what the engine is to do, and for whom
    asked_a: int
    asked_b: int
    asked_c: int
    arrived: int  # deploys that have been asked for
    nodes: int  # how many there are
    lane_numbers: int  # lanes that have been crossed
    longest_lane: int  # links of the longest of these
    copies_capped: int  # copies have ways of their own
    clients: int
    ready: int  # tasks on the stack of those that go on at this instant
    rounds: int  # of garbage collection that are still to come
    free_task: int = -1
    free_timeline: int = -1
    free_flight: int = -1
    free_flow: int = -1
    free_copy: int = -1
    free_blob_fetch: int = -1
    free_join: int = -1
    # rows in use of tables that grow
    tasks_used: int
    timelines_used: int
    ready_used: int
    flights_used: int
    flows_used: int
    classes_used: int
    hops_used: int
    nodes_used: int  # a node for each link, then one for each class
    held_back_used: int
    lanes_used: int
    rerouted_used: int
    lane_links_used: int
    ways_used: int
    transfers_used: int
    starts_used: int
    syncs_used: int
    drops_used: int
    tag_changes_used: int
    segments_used: int
    capacity_changes_used: int
    bins_used: int
    publishes_used: int
    copies_used: int
    ended_used: int
    marks_used: int
    blob_fetches_used: int
    joins_used: int
    chosen_used: int
    places_used: int
    held_used: int  # slots that `held_blobs` keys want of `held`: see ops/holdings
    held_slots: int = 1
    held_blobs: int
    entries_used: int  # the same of `entries`
    entries_slots: int = 1
    entries_keys: int
    held_images_used: int
    free_held_image: int = -1
    tags_used: int
    free_tag: int = -1
    stored_images_used: int
    free_stored_image: int = -1
    pushed_used: int
    awaited_images: int  # images at registries that tasks wait for
    parts: int  # of registries, for dedup
    blob_count: int  # the number of the last count of distinct blobs
    # rules and switches
    dedup: int = 1  # REPOSITORY_SCOPE
    by_digest: int
    check_upstream: int
    coalesce: int
    keep_unsynced: int
    runs: int  # whether instances end some day
    runs_for_s: float
    sleeps_for_s: float
    wakes: int
    removed_after_s: float
    polls: int
    patience_s: float
    conflict: int  # number of the rule among those of its kind
    to_central: int
    to_nodes: int
    source: int
    eviction: int
    conflict_values: int  # where its parameters begin in `rule_values`
    to_central_values: int
    to_nodes_values: int
    source_values: int
    eviction_values: int
    asks_holders: int  # the source rule wants to know who holds a layer
    swarm: int  # nodes fetch layers in pieces from each other
    central_on_demand: int
    nodes_on_demand: int
    nodes_refuse: int
    targets_all: int
    sync_delay_s: float
    sync_retries: int
    sync_backoff_s: float
    sync_deletions: int
    sync_profile: int
    node_profile: int
    jobs_free: int  # workers that make copies
    jobs_each: int  # at most so many for one target; 0: as many as there are
    jobs_shared: int  # a copy keeps its worker while it waits for its target
    collects_untagged: int
    collect_pause_s: float
    collect_every_s: float
    limited: int  # some registry has limits
    # faults
    faults: int
    next_change_s: float = NEVER
    changes: int  # rows of `changes_s` in use
    tries_for_s: float
    opens_for_s: float
    queue_s: float
    bbr: int
    converges_s: float = -1.0
    # flows
    flow_number: int
    fair_armed_s: float = NEVER
    fair_generation: int
    first_lone: int = -1
    last_lone: int = -1
    first_ps_lane: int = -1
    last_ps_lane: int = -1
    sharing: int  # flows in the fair-share engine
    stamp: int  # of lanes or links that were looked for last
    settle_stage: int
    first_open: int = -1  # links that carried something in the open bin
    # rows that tables should have, once `flow_rows_are_low`
    segments_wanted: int
    bins_wanted: int
    flows_wanted: int
    classes_wanted: int
    nodes_wanted: int
    hops_wanted: int
    bins_closed: int
    monitored_s: float
    # a log that is replayed
    logged: int
    logged_deploys_used: int
    operation: int  # the next one, and how many of them are known
    operations_end: int
    log_starts_s: float  # what a client takes before its first request
    log_cache: int  # clients keep the blobs that they pulled
    log_configs: int  # but get configs again
    push_logged_entry: int
    pull_logged_entry: int


class Task:
    """A program under way. A task that is called shares its caller's timeline; branches have their own."""

    pc: Int32
    generation: Int32  # how often this row was taken: an event for an earlier one is void
    parent: Int32
    left: Int32  # branches that have not ended
    child: Int32  # the first of its branches, in their order
    sibling: Int32
    failure: Int32  # why it has failed, or a branch of it
    handler: Int32  # where it goes on after a failure; -1: nowhere, it ends
    timeline: Int32
    next: Int32  # in a list of tasks that wait for the same
    deploy: Int32
    counter: Int32  # the task that counts what is moved
    # what it is about
    machine: Int32  # who asks
    registry: Int32  # who answers
    way: Int32
    profile: Int32
    name: Int32
    place: Int32
    image: Int32
    blob: Int32
    publish: Int32
    copy: Int32
    node: Int32
    upstream: Int32
    digest: Int32  # the image that its reference pins, or -1
    # requests under way: see ops/requests
    requests: Int32
    beside: Int32
    served: Int32
    # trying again: see ops/retries
    attempt: Int32 = -1
    tries: Int32
    tries_left: Int32
    idle_s: float
    sent_bytes: int
    got_bytes: int
    found: Int32
    opened: Int32
    stage: Int32
    wait_s: float
    # outlasting: see ops/retransmission, ops/request_retries, ops/transfers
    delivery: Int32
    lost_since_s: float
    try_s: float
    timeout_s: float
    limit_s: float
    opening: Int32
    sent_s: float
    trip_s: float
    retries: Int32
    opens: Int32
    done: Int32
    done_idle_s: float
    idle_ready_s: float
    connection: Int32  # which of its way's it opens
    first_waiter: Int32
    last_waiter: Int32
    left_bytes: int
    began_s: float
    curve: Int32
    before: float
    starting: Int32
    ramp_trip_s: float
    ramp_windows: Int32
    # groups of blobs: see ops/blobs
    group: Int32
    group_end: Int32
    first_blob: Int32
    blobs: int  # a bit for each blob of the image that travels
    leading: Int32
    trailing: Int32
    mounts: Int32
    joins: Int32
    flight: Int32 = -1
    lag_s: float
    from_s: float
    since_s: float
    rate_Bps: float
    window: float
    slow_starting: Int32
    token_until_s: float
    pushed_before: Int32  # so many rows of `pushed` it knows of
    each_s: float  # what a poll takes
    asked_s: float
    started_s: float
    published_s: float
    # what it moved
    purpose: Int32
    moved_bytes: int
    saved_bytes: int
    metadata_bytes: int
    attempts: Int32
    state: Int32
    size_bytes: int  # of its blob, or of the part of it that it moves
    lane: Int32  # that it sends over
    planned: Int32  # its `marks` say what it fetches: 1 which blobs, 2 how much of each
    image_wait: Int32  # 1 while it waits for an image, 2 once that has come, 3 when its patience is over
    at_node: Int32
    until_s: float
    waits: Int32
    wakes: Int32
    restarts: Int32
    opens_s: float
    own: Int32  # what its reference means at its node, and upstream: see ops/pull
    theirs: Int32
    saved_blobs: Int32
    keeps_timeline: Int32  # it goes on from its own timeline, whatever its branches did
    marks: Int32  # where its own `marks` begin, a number for each blob of an image, and how many it may have
    marks_room: Int32
    booted: Int32  # the image that an instance runs, what its reference meant, and for how long that was newer
    meant: Int32
    trailing_s: float
    # an operation of a log: see ops/logged
    client: Int32
    by_digest: Int32
    known: Int32
    update: Int32
    fetched: Int32  # blobs
    took_s: float


class Timeline:
    """Consecutive marks from `started_s` to `now_s`; the phases between them add up to the difference.

    A timeline runs ahead of the clock while it does things that nobody else can see or change. `lag_s` is how much of
    it was waiting: on idle, whole links and registries the same steps would be as far `lag_s` before.
    """

    started_s: float
    now_s: float
    mark_s: float
    lag_s: float
    phase: Int32
    next: Int32


class Machine:
    trips: float
    ramp: float
    window_bytes: int
    profile: int  # the client that runs on it
    access_up: int = -1  # the only links that join it to a place, if there are no others
    access_down: int = -1


class Way:
    """From machine `source` to registry `target`; its lanes are numbered when they are first crossed."""

    source: Int32
    target: Int32
    forth_s: float
    back_s: float
    round_trip_s: float
    open_s: float
    up: Int32
    down: Int32
    up_known: Int32  # whether anybody has asked for its lanes: see ops/ways
    down_known: Int32
    plain: Int32 = -1  # of a copy's way with caps: the way that it goes along
    up_round_trip_s: float
    down_round_trip_s: float
    ramp_up: float
    ramp_down: float
    run_began_s: float  # copies from one registry to the other: when the run of the latest began
    run_under_way: Int32
    ready_s: float  # a connection that is kept: from when on it can be used
    until_s: float = -1.0  # until when it stays open unused; below 0: there is none
    opening: Int32 = -1  # the task that opens it, where it is not known when that will be
    connection: Int32  # how many connections there have been, or were reset


class WayKey:
    """A cell of the table of ways by machine, registry and purpose; 0 is a free one."""

    key: int
    way: int


class Rerouted:
    """A direction of a way that leads over another lane from now on."""

    way: int
    down: int
    lane: int
    round_trip_s: float


class Registry:
    workers: int
    first_worker: int  # in `free_s`
    all_free_s: float
    requests: int
    busy_s: float
    waited_s: float
    request_s: float
    first_byte_s: float
    list_lag_s: float
    tls: int
    merges: int
    drawn: int  # its service times are drawn: exponential
    next_draw: int  # in `service_draws`: those drawn and not yet used
    end_draw: int
    token_life_s: float
    skew_s: float
    slowness: float
    refuses_tokens: int
    disk: int  # its link
    paused_until_s: float
    first_effect: int = -1  # the outages in force, but for those of its disk: see ops/faults
    first_fetch: int = -1  # blobs that are being fetched to here
    first_place: int = -1  # the repositories that it knows, in the order in which it came to know them
    last_place: int = -1
    more_bytes: int
    # what bounds it: see ops/storage
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
    renews: int
    pushes_at_once: int
    pulls_at_once: int
    mounts: int
    config_last: int
    first_wait: int  # in `waits_s`
    waits: int
    resumes: int
    repeats: int  # of an upload that breaks: 0 all that it does for the blob, 1 the bytes, 2 nothing
    dial_s: float
    handshake_s: float
    quiet_s: float


class Blob:
    size_bytes: int
    content: Int32  # KERNEL, ROOTFS or CONFIG
    counted: Int32  # in which count of distinct blobs it was counted last


class Image:
    first_blob: Int32  # in `image_blobs`
    blobs: Int32
    manifest_bytes: Int32
    index_bytes: Int32
    rom: Int32
    rank: int  # of its digest among all
    owed: Int32 = -1  # the first of the copies of it that wait until somebody asks for them


class Name:
    """A tag of a repository, and what it means at the registry that has it newest."""

    repository: Int32
    newest: Int32  # publish, or -1
    removed: Int32  # the latest publish whose removal was asked for, or -1


class Publish:
    """What a tag means: as `registry.contents.Publish`."""

    image: Int32
    published_s: float
    skew_s: float
    origin: Int32
    generation: Int32


class Entry:
    """A key and its value in the one map of everything that is looked up: see ops/holdings."""

    key: int
    value: int


class Place:
    """A repository at a registry."""

    registry: Int32
    repository: Int32
    known: Int32  # something was put there or is expected; else nobody counts it in
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
    """An image on the books of a registry that is limited."""

    place: int
    image: int
    came_s: float
    used_s: float
    uses: int
    next: int
    before: int
    is_evictable: int  # to make room, while that is decided
    next_victim: int


class Pushed:
    """A repository that a client has pushed to in a registry."""

    repository: int
    next: int


class Deploy:
    """What a client asks for, and what becomes of it."""

    at_s: float
    name: Int32
    client: Int32  # its machine
    kind: Int32
    image: Int32
    route: Int8
    update: Int32
    kernel: Int32
    by_digest: Int8
    removed: Int32
    draw: float
    boot_s: float
    pushed_to: Int32
    first_node: Int32  # in `deploy_nodes`
    nodes: Int32
    undecided: Int8  # NODES_UNDECIDED, ROUTE_UNDECIDED or both, until it begins
    digest: Int32
    # what becomes of it
    over: Int8  # its row is written: what its instances do later does not count
    reason: Int8
    missing: Int32
    ended_s: float
    to_central_s: float = INF
    client_latency_s: float = INF  # a part that is never come to keeps this
    push_s: float = INF
    pull_s: float
    pushed_bytes: int
    pulled_bytes: int
    saved_bytes: int
    pushed_saved_bytes: int
    coalesced_bytes: int
    stale_starts: Int32


class Fanout:
    """How an image that goes straight to so many nodes as the row's number reaches all of them."""

    pushed: int  # the client pushes to the first so many; 0: nobody asks
    peers: int  # the rest pull from the first, not from central


class Operation:
    """A push or a pull as it was logged, and what it needs to know."""

    at_s: float  # below 0: it came before the window
    number: int
    pushes: int
    client: int  # whose address it is
    machine: int
    profile: int  # of the client that runs there; for a pull, that with the log's time to start
    name: int
    image: int
    by_digest: int  # the image itself is asked for, whatever its tag means
    known: int  # something in the log brought what it pulls
    first_found: int  # in `found_blobs`: what it finds though nothing in the log brought it
    found: int


class Logged:
    """What replaying a log came to, added up: as `sim.workload.logs.operations.Logged`."""

    pushes: int
    pulls: int
    sent_blobs: int
    sent_bytes: int
    saved_blobs: int
    saved_bytes: int
    fetched_blobs: int
    fetched_bytes: int
    unknown_pulls: int
    found_blobs: int


class LoggedDeploy:
    """A push or a pull of a log that has ended."""

    number: int
    at_s: float
    ended_s: float
    pushes: int
    client: int  # its machine
    name: int
    update: int
    reason: int
    missing: int
    took_s: float  # INF: it failed
    moved_bytes: int
    saved_bytes: int


class WarmPlace:
    """A registry that has an image at the start, if there is room."""

    registry: Int32
    name: Int32
    image: Int32


class Outage:
    """From when until when something is not as it should be, in the order in which they begin."""

    from_s: float
    until_s: float  # INF: it stays so
    kind: int  # in `ops.faults.KINDS`
    registry: int  # -1: a link
    link_up: int
    link_down: int
    factor: float


class Effect:
    """What an outage does, among others that do the same to the same, in the order in which they began."""

    kind: int
    factor: float
    next: int = -1


class Downtime:
    """A time in which a link carried nothing."""

    from_s: float
    until_s: float  # INF: it does still
    before: int  # the link's cut before this one, or -1


class LinkFault:
    """What breaks a link just now, and broke it before; a disk carries nothing while its registry is down."""

    is_disk: int  # of a registry that is down, or was
    first_effect: int = -1
    last_downtime: int = -1


class ScheduleStep:
    """At this time of every day of a run a link's schedule has a step."""

    from_s: float
    link: int
    capacity_Bps: float


class Jobs:
    """Places for work that takes an unknown time, at one registry: the rest waits in the order in which it came."""

    free: int
    first: int = -1
    last: int = -1


class BlobFetch:
    """A blob that is being fetched to a registry, for those who wait for it; kept until the last of them has looked."""

    place: Int32  # registry and repository
    blob: Int32
    task: Int32  # the pull that fetches it
    state: Int32  # 0 under way, 1 there, 2 broken off
    at_s: float
    idle_s: float
    first_waiter: Int32 = -1
    last_waiter: Int32 = -1
    users: Int32
    next: Int32


class Join:
    """A pull that waits for a fetch under way."""

    fetch: Int32
    next: Int32


class SwarmCall:
    """What text and a swarm tell each other: see ops/swarms."""

    # who joins, and what it fetches
    task: int
    host: int
    upstream: int
    repository: int
    blob: int
    size_bytes: int
    tracker_s: float  # a round trip to the tracker
    known: int  # somebody fetches it already
    driven: int  # its next event is in the queue
    until_s: float
    at_s: float  # when that is
    capacity_Bps: float
    ended: int  # how many are told of
    current: int  # which of them goes on just now


class SwarmEnded:
    """A task whose node has all of a layer, or has given up."""

    task: int
    at_s: float
    failed: int
    first_share: int
    shares: int


class SwarmShare:
    """What a node had of a layer from one registry, and from when to when."""

    source: int
    carried_bytes: int
    first_s: float
    last_s: float


class Copy:
    """One published image that `source` owes `target`."""

    deploy: Int32
    source: Int32
    target: Int32
    name: Int32
    image: Int32
    publish: Int32
    lag_s: float
    idle_s: float
    due_s: float
    exclusive: Int32
    next: Int32


class Transfer:
    deploy: int
    purpose: int
    content: int
    lane: int
    started_s: float
    ended_s: float
    size_bytes: int
    waited_s: float
    shared: int
    bound_by: int
    bound_s: float


class Start:
    deploy: int
    node: int
    wake: int
    asked_s: float
    pulled_s: float
    ready_s: float
    digest: int  # image that it runs, -1 where there was none
    meant: int
    trailing_s: float  # below 0: it did not


class Sync:
    deploy: int
    name: int
    source: int
    target: int
    published_s: float
    started_s: float
    committed_s: float
    lag_s: float
    size_bytes: int
    saved_bytes: int
    state: int
    attempts: int


class Drop:
    registry: int
    repository: int  # -1 where garbage was collected
    image: int
    dropped_s: float
    why: int
    freed_bytes: int
    lost: int
    shown_until_s: float


class TagChange:
    """When a tag came to a registry or went, and whether what it meant was a ROM."""

    registry: int
    name: int
    changed_s: float
    exists: int
    rom: int


class Lane:
    """From one machine to another for bodies of bytes; what each field means is said at `ops/flows`."""

    number: Int32 = -1
    source: Int32
    target: Int32
    first_link: Int32  # in `lane_links`
    end_link: Int32
    own_cap_Bps: float
    cap_Bps: float
    narrowest_Bps: float
    whole_Bps: float
    rate_Bps: float
    limit: Int32
    bound: int
    flying: Int32
    alone: Int32 = -1
    like: Int32  # the first lane of the same route and cap: their flows share a class
    along: Int32  # the first lane of the same route, whatever its cap
    left: Int32  # a way that led over it leads elsewhere from now on: what flies on it breaks off
    capped_class: Int32 = -1
    open_class: Int32 = -1
    shaded: Int32
    crossing: Int32
    was_rate_Bps: float
    was_cap_Bps: float
    was_limit: Int32
    free_held_back: Int32 = -1
    ps_flights: Int32  # how many share it with each other alone
    ps_first: Int32 = -1
    ps_served_bytes: float
    ps_since_s: float
    ps_generation: Int32
    ps_next: Int32 = -1
    ps_before: Int32 = -1


class Flight:
    """A flow under way."""

    lane: Int32
    number: Int32
    size_bytes: float
    started_s: float
    shared: Int32
    task: Int32 = -1
    flow: Int32 = -1
    generation: Int32
    next: Int32
    before: Int32
    over: Int32
    broken: Int32
    sent_bytes: float
    bound_by: Int32
    bound_s: float
    left_bytes: float
    first_held_back: Int32 = -1  # in `held_back`
    held_keys: Int32
    seen_keys: Int32
    # in a convoy: a list by the mark at which it ends
    virtual_finish_bytes: float
    ps_joined_bytes: float
    booked_bytes: int


class LinkUse:
    """What `ops/flows` and its neighbours know of a link beside the network's own row."""

    overfilled: int
    common_class: int = -1  # the first class that crossed it, and a bit for each of its hops that all others cross, too
    common: int
    open_bytes: int
    opened: int
    next_open: int = -1
    load_Bps: float


class HeldBack:
    """How long a flight was held back by its own cap, or by one link of its route; see `ops/flow_monitor`."""

    held_s: float
    rank: Int32
    seen_s: float
    seen_rank: Int32
    mark_s: float
    next: Int32 = -1


class Bin:
    """Bytes that flows of the fair-share engine carried over a link in one bin."""

    number: int
    link: int
    carried_bytes: int


class Segment:
    lane: int
    started_s: float
    ended_s: float
    carried_bytes: int


class CapacityChange:
    link: int
    at_s: float
    capacity_Bps: float


TABLES: dict[str, type] = {
    "program": int,  # three numbers a cell: op, a, b
    "events": Event,
    "ready": int,
    "tasks": Task,
    "timelines": Timeline,
    "phases_s": float,  # (timelines x phases)
    "waited_s": float,
    "machines": Machine,
    "ways": Way,
    "way_index": WayKey,
    "rerouted": Rerouted,
    "avoided": int,  # by link: routes go round it, as far as they can
    "has_detour": int,  # by link: whether another way leads from end to end
    "fanouts": Fanout,
    "warm_places": WarmPlace,
    "operations": Operation,
    "found_blobs": int,
    "logged_bytes": int,  # of each of `image_blobs`, as its image has it
    "logged": Logged,
    "logged_deploys": LoggedDeploy,
    "logged_phases_s": float,  # (logged deploys x phases)
    "logged_waited_s": float,
    "outages": Outage,
    "effects": Effect,  # two for each outage, for both directions of a link
    "downtimes": Downtime,  # likewise
    "link_faults": LinkFault,
    "changes_s": float,  # a heap: when something breaks, comes back, or is heard of
    "schedule_steps": ScheduleStep,
    "registries": Registry,
    "registries_at_start": Registry,  # what they are without outages
    "free_s": float,  # heaps of the times at which workers are free
    "service_draws": float,
    "profiles": Profile,
    "request_counts": int,  # (profiles x lists of requests)
    "waits_s": float,
    "blobs": Blob,
    "image_blobs": int,
    "images": Image,
    "names": Name,
    "publishes": Publish,
    "repository_account": int,
    "places": Place,
    "held": int,  # a set of (place, blob)
    "entries": Entry,
    "held_images": HeldImage,
    "tags": HeldTag,
    "stored_images": StoredImage,
    "pushed": Pushed,
    "rule_values": float,  # the rules' parameters, as numbers
    "holder_round_trips_s": float,  # of those that have a layer: what a source rule looks at
    "chosen": int,  # the holders that it has chosen, by position
    "deploys": Deploy,
    "deploy_nodes": int,
    "deploy_phases_s": float,  # (ended deploys x phases)
    "deploy_waited_s": float,
    "copies": Copy,
    "marks": int,
    "blob_fetches": BlobFetch,
    "joins": Join,
    "swarm": SwarmCall,
    "swarm_ended": SwarmEnded,
    "swarm_shares": SwarmShare,
    "target_jobs": Jobs,
    "holders": int,
    "restarts_s": float,  # how long the platform waits before it starts an instance again
    "replica_moves": int,  # (states x events)
    "transfers": Transfer,
    "starts": Start,
    "syncs": Sync,
    "drops": Drop,
    "tag_changes": TagChange,
    "ended": int,  # deploys in the order in which they ended
    # flows
    "lanes": Lane,
    "lane_links": int,
    "flights": Flight,
    "links": LinkState,
    "classes": ClassState,
    "hops": Hop,
    "nodes": Node,
    "ranks": Node,
    "flows": FlowState,
    "solver": Solver,
    "nominal_Bps": float,
    "residual": int,
    "alone_s": float,
    "held_s": float,
    "link_uses": LinkUse,
    "held_back": HeldBack,
    "beside_later_s": float,
    "beside_bytes": float,
    "beside_left_bytes": float,
    "beside_state": int,
    "picked": int,  # flights, by number
    "bins": Bin,
    "segments": Segment,
    "capacity_changes": CapacityChange,
}

# What alone is to grow, by `g.asked_a`, where more rows come at once than the margin has; 0: whatever is nearly full.
GROW_TAG_CHANGES: Final = 1 + list(TABLES).index("tag_changes")
GROW_DROPS: Final = 1 + list(TABLES).index("drops")
GROW_TRANSFERS: Final = 1 + list(TABLES).index("transfers")

#: Tables that grow along with others.
ALONG: dict[str, tuple[str, int]] = {
    "phases_s": ("timelines", N_PHASES), "waited_s": ("timelines", N_PHASES),
    "picked": ("flights", 1), "ranks": ("nodes", 1),
    "deploy_phases_s": ("ended", N_PHASES), "deploy_waited_s": ("ended", N_PHASES),
    "logged_phases_s": ("logged_deploys", N_PHASES), "logged_waited_s": ("logged_deploys", N_PHASES),
}  # fmt: skip

LAYOUT: Final = Layout(Globals, TABLES, ALONG)
