"""What a run has one of."""

from __future__ import annotations

from sim.protocol.codes import NEVER
from sim.records.queue import QueueGlobals


class Globals(QueueGlobals):
    """Clock, queue and engine; rows in use; the scenario's rules and switches; faults, flows, and a log."""

    now_s: float
    runs_until_s: float  # something goes on until then though no event says so
    scheduled: int  # events in the queue that keep the run going: see ops/scheduling
    run_s: float
    deploys: int
    nodes: int
    deploy_entry: int  # where programs begin that ops start
    when_due_entry: int
    job_entry: int
    # what the engine is asked for
    host: int  # where compiled ops call it
    asked: int  # what, and about whom
    asked_a: int
    asked_b: int
    asked_c: int
    stopped: int  # it failed: the run ends
    rule_broke: int  # a rule of a user's own, in machine code, decided what can't be carried out
    # growth of tables: see `machine.ensure_rows`
    margin: int = 64  # rows that a task may add to a table while it goes on
    node_margin: int = 64  # the same of tables to which it adds some for each node
    tasks_per_growth: int = 12  # for so many tasks tables get rows at once
    tasks_until_growth: int  # for so many of these there still are rows, and until when
    growth_due_s: float
    # the audit
    checks: int
    illegal_moves: int  # events for which the replication table has no place
    # rows that are free again, by table
    free_task: int = -1
    free_timeline: int = -1
    free_flight: int = -1
    free_flow: int = -1
    free_copy: int = -1
    free_blob_fetch: int = -1
    free_join: int = -1
    free_held_image: int = -1
    free_tag: int = -1
    free_stored_image: int = -1
    # rows in use, by table
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
    unpacks_used: int
    lazy_loads_used: int
    chosen_used: int
    places_used: int
    held_images_used: int
    tags_used: int
    stored_images_used: int
    pushed_used: int
    logged_deploys_used: int
    buckets_used: int
    pulls_begun_used: int
    # the hash tables: rows that their keys want, slots that they use, keys
    held_used: int
    held_slots: int = 1
    held_blobs: int
    entries_used: int
    entries_slots: int = 1
    entries_keys: int
    # registries
    awaited_images: int  # images at registries that tasks wait for
    parts: int  # of registries, for dedup
    blob_count: int  # the number of the last count of distinct blobs
    limited: int  # some registry is bounded
    throttles: int  # some registry limits how many requests it answers, or a node how many pulls it begins
    answers_time_out: int  # some client gives up when it hears nothing
    takes_turns: int  # some node bounds its pulls
    caches: int  # there are so many
    # rules of deploys
    dedup: int = 1  # REPOSITORY_SCOPE
    check_upstream: int
    coalesce: int
    keep_unsynced: int
    runs: int  # whether instances are scaled to zero
    runs_for_s: float
    sleeps_for_s: float
    wakes: int
    removed_after_s: float
    unpacking: int  # nodes have something to unpack
    ranging: int  # some node fetches layers in parts
    unpack_entry: int
    # layers that are read on demand: see ops/lazy, ops/rest
    lazy_loading: int
    lazy_share: float
    lazy_read_bytes: int
    lazy_at_once: int
    lazy_least_bytes: int
    lazy_background: int
    lazy_spreads: int  # the rest comes in several bursts
    lazy_bursts: int
    lazy_after_s: float
    lazy_pace_Bps: float
    lazy_later: float
    lazy_later_s: float
    patience_s: float
    propagation_s: float  # from a push to central until the platform knows of it
    node_profile: int
    # rules by name: the number of each among those of its kind, and where its parameters begin in `rule_values`
    conflict: int
    conflict_values: int
    to_central: int
    to_central_values: int
    to_central_again: int  # each of its runs copies what one before is still bringing
    to_nodes: int
    to_nodes_values: int
    to_nodes_again: int
    source: int
    source_values: int
    eviction: int
    eviction_values: int
    central_on_demand: int
    nodes_on_demand: int
    nodes_refuse: int
    asks_holders: int  # the source rule wants to know who holds a layer
    swarm: int  # nodes fetch layers in pieces from each other
    # rules of copies
    targets_all: int
    sync_delay_s: float
    sync_retries: int
    sync_backoff_s: float
    sync_deletions: int
    sync_profile: int
    config_first: int
    handshakes: int  # bodies side by side open connections of their own
    one_connection: int  # or share one: see ops/lanes
    copies_capped: int  # copies have ways of their own
    copies_platform: int  # a copy brings a node what its platform needs: see ops/platforms
    workers_each: int  # at most so many for one target; 0: as many as there are
    workers_shared: int  # a copy keeps its worker while it waits for its target
    # garbage collection
    collections: int
    collects_untagged: int
    collect_pause_s: float
    collect_every_s: float
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
    windows: int  # they share by their congestion windows
    packets: int  # they go packet by packet: see ops/packets
    queues: int  # requests wait in the queues that bodies fill
    window_random: int  # pseudo-random numbers: see ops/congestion
    flow_number: int
    lane_numbers: int  # lanes that have been used
    longest_lane: int  # links of the longest of these
    fair_armed_s: float = NEVER
    fair_generation: int
    first_lone: int = -1  # flights that have their links to themselves
    last_lone: int = -1
    first_ps_lane: int = -1  # lanes whose flights share among themselves
    last_ps_lane: int = -1
    sharing: int  # flights in the max-min solver
    solver_calls: int  # how often it was asked
    stamp: int  # of lanes or links that were marked last
    settle_stage: int
    # the flow monitor
    first_open: int = -1  # links that carried something in the open bin
    bins_closed: int
    monitored_s: float
    # rows that tables should have, once `flow_rows_are_low`
    segments_wanted: int
    bins_wanted: int
    flows_wanted: int
    classes_wanted: int
    nodes_wanted: int
    hops_wanted: int
    # a log that is replayed
    logged: int
    operation: int  # the next one, and how many of them are known
    operations_end: int
    log_starts_s: float  # what a client takes before its first request
    log_cache: int  # clients keep the blobs that they pulled
    log_configs: int  # but get configs again
    push_logged_entry: int
    pull_logged_entry: int
