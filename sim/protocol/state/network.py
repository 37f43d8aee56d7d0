"""Machines, the ways between them, and flows under way. What the network's own solver knows is its own.

(`sim.network.fairshare.state`.)
"""

from __future__ import annotations

from sim.protocol.codes import INF
from sim.records.layout import Int32


class Machine:
    """A host of a registry, or of a client."""

    trips: float  # round trips that each of its requests takes
    ramp: float  # how much its slow start is stretched
    window_bytes: int
    profile: int  # the client that runs on it
    kernels: int  # of a client: HAS_KERNELS, FETCHES_ONCE or FETCHES_ALWAYS, see ops/building
    cores: float  # of a client that packs what it pushes; 0: that takes no time
    site: int
    answers_within_s: float = INF  # so long it waits for an answer
    access_up: int = -1  # the links that join it to a site, if there are no others
    access_down: int = -1


class Way:
    """From machine `source` to registry `target`: its round trip, and the lanes that bodies take. See ops/ways."""

    source: Int32
    target: Int32
    forth_s: float  # what a request takes, and its answer
    back_s: float
    round_trip_s: float
    open_s: float  # what it takes to open a connection
    up: Int32  # lanes: of what the machine sends, and of what it fetches
    down: Int32
    up_known: Int32  # whether they have been asked for
    down_known: Int32
    plain: Int32 = -1  # of a copy's way with caps: the way that it goes along
    up_round_trip_s: float
    down_round_trip_s: float
    ramp_up: float
    ramp_down: float
    # copies from one registry to the other: see ops/sync
    run_began_s: float
    run_under_way: Int32
    # the connection that is kept: see ops/connections
    ready_s: float  # from when on it can be used
    until_s: float = -1.0  # until when it stays open unused; below 0: there is none
    opening: Int32 = -1  # the task that opens it, where it is not known when that will be
    connection: Int32  # how many there have been, or were reset


class WayKey:
    """A cell of the hash table of ways by machine, registry and purpose; 0 is a free one."""

    key: int
    way: int


class Rerouted:
    """A direction of a way that leads over another lane from now on."""

    way: int
    down: int
    lane: int
    round_trip_s: float


class Lane:
    """From one machine to another, for bodies of bytes. See ops/lanes, and what a comment names."""

    number: Int32 = -1
    source: Int32
    target: Int32
    first_link: Int32  # in `lane_links`
    end_link: Int32
    own_cap_Bps: float
    cap_Bps: float
    narrowest_Bps: float
    nominal_Bps: float
    rate_Bps: float
    limit: Int32
    bound: int
    flights: Int32  # how many are on it
    alone: Int32 = -1  # the one that has all its links to itself
    like: Int32  # the first lane of the same route and cap: their flights share a class
    along: Int32  # the first lane of the same route, whatever its cap
    abandoned: Int32  # ways that led over it lead elsewhere from now on: flights on it break off
    free_held_back: Int32 = -1
    last_flight: Int32 = -1  # that began on it with a window
    # ops/fair_sharing
    capped_class: Int32 = -1
    open_class: Int32 = -1
    shaded: Int32
    # ops/capacities
    crossing: Int32
    was_rate_Bps: float
    was_cap_Bps: float
    was_limit: Int32
    # ops/processor_sharing
    ps_flights: Int32
    ps_first: Int32 = -1
    ps_served_bytes: float
    ps_since_s: float
    ps_generation: Int32
    ps_next: Int32 = -1
    ps_before: Int32 = -1


class Flight:
    """A flow under way; `number` counts all flows of a run in the order in which they started."""

    lane: Int32
    number: Int32
    task: Int32 = -1
    generation: Int32
    next: Int32
    before: Int32
    started_s: float
    size_bytes: float
    left_bytes: float
    shared: Int32
    flow: Int32 = -1  # its row in the solver
    # once it has ended
    ended: Int32
    broken: Int32
    sent_bytes: float
    bound_by: Int32
    bound_s: float
    # ops/flow_monitor
    first_held_back: Int32 = -1
    held_keys: Int32
    seen_keys: Int32
    counted_bytes: int
    # ops/processor_sharing
    virtual_finish_bytes: float
    ps_joined_bytes: float
    # ops/congestion
    window: float  # segments
    last_window: float  # what that was when it ended
    threshold: float  # where slow start ends after a time-out; 0: where HyStart or a loss end it
    growth: Int32
    trip_s: float  # without queues
    w_max: float
    w_est: float
    lost_s: float  # when it last lost a packet
    ahead_s: float  # what others take on a link for a segment each of their bursts, which are ahead of its own,
    ahead_left: float  # what part of these still waits when they have come, and how long before it the first began
    ahead_lag_s: float
    burst_link: Int32  # where most of its own bursts waits, and how fast they come there
    burst_Bps: float
    grew: float  # by how many segments in its last round
    overflows: Int32  # what its burst has lost is known a round later
    least_delay_s: float  # of a round's that it has seen


class LinkUse:
    """What ops know of a link beside the solver's own row."""

    overfilled: int  # a stamp: see ops/lanes
    common_class: int = -1  # see ops/fair_sharing
    common: int
    open_bytes: int  # see ops/flow_monitor
    opened: int
    next_open: int = -1
    load_Bps: float  # see `flows.sum_loads`
    # of the flights with windows that cross it: see ops/congestion
    queue_s: float  # how long a full queue before it is; infinite for what has none, as disks
    windows: int
    windows_bytes: float
    steady_Bps: float  # what those beyond slow start send without a queue, and those of them that began together last
    group_steady_Bps: float
    bursts_bytes: float  # what slow start has added to these in this round
    windows_weight: float
    weighed_trips_s: float
    group: int  # those that began together last, and when the first of them did
    group_began_s: float
    full_since_s: float  # windows that were there then and grow before this ends lose packets
    full_until_s: float
    full_of_burst: int  # 1: by a burst, which comes after what is ahead of it
    full_losses: float  # how many for each byte of these
    grown: float  # segments that windows have grown by in their last rounds


class HeldBack:
    """How long a flight was held back by its own cap, or by one link of its route. See ops/flow_monitor."""

    held_s: float
    rank: Int32
    seen_s: float
    seen_rank: Int32
    mark_s: float
    next: Int32 = -1
    own_class: Int32 = -1  # of a flight's first row: its class where it has a window
