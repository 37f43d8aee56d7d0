"""Programs under way, and where their time goes."""

from __future__ import annotations

from sim.records.layout import Int32


class Task:
    """A program under way. A task that is called shares its caller's timeline; branches have their own.

    Most fields are scratch of the ops that a comment names: what an op keeps from one call to the next is in its task.
    """

    # control: see machine, tasks
    pc: Int32  # the next step
    generation: Int32  # how often this row was taken: an event for an earlier one is void
    parent: Int32
    left: Int32  # branches that have not ended
    child: Int32  # the first of its branches, in their order
    sibling: Int32
    failure: Int32  # why it has failed, or a branch of it
    handler: Int32  # where it goes on after a failure; -1: nowhere, it ends
    timeline: Int32
    next: Int32  # in a list of tasks that wait for the same
    stage: Int32  # how far an op is that is called several times
    keeps_timeline: Int32  # it goes on from its own timeline, whatever its branches did
    # what it is about
    deploy: Int32  # or the operation of a log
    machine: Int32  # which asks
    registry: Int32  # which answers
    way: Int32
    profile: Int32
    name: Int32
    image: Int32
    blob: Int32
    size_bytes: int  # of its blob, or of the part of it that it moves
    publish: Int32
    copy: Int32
    node: Int32
    upstream: Int32
    digest: Int32  # the image that its reference pins, or -1
    # what it moves
    counter: Int32  # the task that counts what is moved
    purpose: Int32
    moved_bytes: int
    saved_bytes: int
    saved_blobs: Int32
    metadata_bytes: int
    # requests under way: see ops/requests, ops/request_retries
    requests: Int32
    beside: Int32
    retries: Int32
    opens: Int32
    done: Int32
    done_idle_s: float
    # requests that are refused: see ops/rate_limits
    refusals: Int32
    refused_by: Int32
    retry_after_s: float
    refused_idle_s: float
    has_turn: Int32  # of its node's pulls: see ops/turns
    # one blob, tried again: see ops/retries, ops/blob_retries
    attempt: Int32 = -1
    tries: Int32
    tries_left: Int32
    idle_s: float
    sent_bytes: int
    got_bytes: int
    found: Int32
    opened: Int32
    # a connection that is being opened: see ops/request_retries
    idle_ready_s: float
    connection: Int32
    first_waiter: Int32
    last_waiter: Int32
    wait_s: float
    began_s: float
    # packets through outages: see ops/retransmission
    delivery: Int32
    lost_since_s: float
    try_s: float
    timeout_s: float
    limit_s: float
    opening: Int32
    syn_sent_s: float
    trip_s: float
    # a body under way: see ops/transfers
    flight: Int32 = -1
    lane: Int32
    left_bytes: int
    from_s: float
    since_s: float
    ramp_delay_s: float
    rate_Bps: float
    window: float
    threshold: float
    slow_starting: Int32
    curve: Int32
    window_before: float
    starting: Int32
    ramp_trip_s: float
    ramp_windows: Int32
    # groups of blobs: see ops/blobs, ops/marks
    group: Int32
    group_end: Int32
    trailing: Int32
    connections: Int32  # that it has opened for blobs side by side, the one that it began with included
    late_s: float  # how much later than its group it began, for its connection
    mounts: Int32
    marks: Int32
    marks_size: Int32
    begin: Int32  # positions in its image, from the first that it sends: see ops/platforms
    stop: Int32
    manifests: Int32  # that it has yet to put before the last
    planned: Int32  # its `marks` say what it fetches: 1 which blobs, 2 how much of each
    # a push: see ops/push
    token_until_s: float
    pushed_before: Int32  # of `pushed`, so many rows count for it
    # a pull: see ops/pull
    started_s: float
    own: Int32  # what its reference means at its node, and upstream
    theirs: Int32
    joins: Int32 = -1
    fetch: Int32 = -1  # of what comes to a cache by this task: see ops/caches
    booted: Int32  # the image that an instance runs, what its reference meant, and for how long that was newer
    meant: Int32
    trailing_s: float
    unpack: Int32  # the row of `unpacks` that it is about
    load: Int32  # the row of `lazy_loads`: see ops/rest
    burst: Int32  # how many parts of the rest it has asked for
    # a deploy and its instances: see ops/deploys
    each_s: float  # what a poll takes
    asked_s: float
    image_wait: Int32  # 1 while it waits for an image, 2 once that has come, 3 when it has waited long enough
    at_node: Int32
    until_s: float
    waits: Int32
    wakes: Int32
    restarts: Int32
    opens_s: float
    # a copy: see ops/sync
    state: Int32
    attempts: Int32
    # an operation of a log: see ops/logged
    client: Int32
    by_digest: Int32
    known: Int32
    update: Int32
    fetched: Int32  # blobs
    took_s: float


class Timeline:
    """A deploy's local virtual time: consecutive phases from `started_s` to `now_s`, which add up to the difference.

    It runs ahead of the clock while its task does what nobody else can see or change. Of it `waited_s` was waiting: on
    idle, unimpaired links and registries the same steps would be that much earlier.
    """

    started_s: float
    now_s: float
    mark_s: float  # when the present phase began
    waited_s: float
    phase: Int32
    next: Int32
