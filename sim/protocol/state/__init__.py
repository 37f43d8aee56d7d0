"""The rows that a run's state is made of, by subject; this page has the tables.

References are numbers, -1 for none; times are in seconds, sizes in bytes. Registries are numbered: 0 is central's,
those of nodes follow; clients are machines numbered after them. A *name* is a tag of a repository, a *place* a
repository at a registry, a *publish* what a tag means, a *copy* one image that one registry owes another. A *way* leads
from a machine to a registry, and a *lane* carries bodies of bytes along it in one direction; a *flight* is a flow under
way on a lane.

Rows in lists refer to the next one by `next`, and to the one before by `before`. A table that grows counts its rows in
the global `TABLE_used`; rows that are free again are in a list that begins in `free_*`.
"""

from __future__ import annotations

from typing import Final

from sim.network.fairshare.state import ClassState, FlowState, Hop, LinkState, Node, Solver
from sim.protocol.codes import N_PHASES
from sim.protocol.state.deploys import Deploy, Fanout, Logged, LoggedDeploy, Operation, WarmPlace
from sim.protocol.state.faults import Downtime, Effect, LinkFault, Outage, ScheduleStep
from sim.protocol.state.network import Flight, HeldBack, Lane, LinkUse, Machine, Rerouted, Way, WayKey
from sim.protocol.state.observed import (
    Bin,
    CapacityChange,
    Drop,
    Load,
    PullBegun,
    Segment,
    Start,
    Sync,
    TagChange,
    Transfer,
    Unpack,
)
from sim.protocol.state.packets import PacketCall
from sim.protocol.state.registries import (
    Blob,
    BlobFetch,
    Bucket,
    Copy,
    CopyWorkers,
    Entry,
    Format,
    HeldImage,
    HeldTag,
    Image,
    Join,
    Limit,
    Name,
    Place,
    Profile,
    Publish,
    Pushed,
    Registry,
    StoredImage,
    Turns,
)
from sim.protocol.state.run import Globals
from sim.protocol.state.swarm import SwarmCall, SwarmEnded, SwarmShare
from sim.protocol.state.tasks import Task, Timeline
from sim.records import Layout
from sim.records.queue import Event

TABLES: dict[str, type] = {
    # programs and tasks
    "program": int,  # three numbers a step: op, a, b
    "events": Event,
    "ready": int,  # tasks that go on at this instant, a stack
    "tasks": Task,
    "timelines": Timeline,
    "phases_s": float,  # (timelines x phases): how long each took
    "waited_s": float,  # and how much of that was waiting
    "marks": int,  # of tasks, a number for each blob of an image: see ops/marks
    # machines and ways between them
    "machines": Machine,
    "ways": Way,
    "way_index": WayKey,
    "rerouted": Rerouted,
    "avoided": int,  # by link: routes go round it, as far as they can
    "has_detour": int,  # by link: whether another route leads from end to end
    # deploys, and operations of a log
    "deploys": Deploy,
    "deploy_nodes": int,
    "deploy_phases_s": float,  # (ended deploys x phases)
    "deploy_waited_s": float,
    "ended": int,  # deploys in the order in which they ended
    "fanouts": Fanout,
    "restarts_s": float,  # how long the platform waits before it starts an instance again
    "warm_places": WarmPlace,
    "operations": Operation,
    "found_blobs": int,
    "logged_bytes": int,  # of each of `image_blobs`, as its image has it
    "logged": Logged,
    "logged_deploys": LoggedDeploy,
    "logged_phases_s": float,  # (logged deploys x phases)
    "logged_waited_s": float,
    # faults and schedules
    "outages": Outage,
    "effects": Effect,  # two for each outage, as links have two directions
    "downtimes": Downtime,  # likewise
    "link_faults": LinkFault,
    "changes_s": float,  # a heap: when something breaks, comes back, or routing hears of it
    "schedule_steps": ScheduleStep,
    # registries and what they hold
    "registries": Registry,
    "registries_at_start": Registry,  # what they are without outages
    "free_s": float,  # heaps of the times at which workers are free
    "service_draws": float,
    "profiles": Profile,
    "request_counts": int,  # (profiles x lists of requests)
    "counts_as_pull": int,  # likewise: a bit for each request of the list that a pull is counted by
    "sent_again": int,  # likewise: for each that is sent again when it is refused
    "waits_s": float,
    "limits": Limit,
    "buckets": Bucket,
    "blobs": Blob,
    "formats": Format,
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
    # pulls and copies
    "turns": Turns,  # by registry
    "blob_fetches": BlobFetch,
    "joins": Join,
    "holders": int,  # of a layer, for the source rule to choose from
    "holder_round_trips_s": float,
    "chosen": int,  # those that it has chosen, by their places in `holders`
    "copies": Copy,
    "copy_workers": CopyWorkers,  # of all, then of each target
    "replica_moves": int,  # (states x events)
    "swarm": SwarmCall,
    "swarm_ended": SwarmEnded,
    "swarm_shares": SwarmShare,
    "unpacks": Unpack,
    "lazy_loads": Load,
    # flows
    "lanes": Lane,
    "lane_links": int,
    "flights": Flight,
    "packets": PacketCall,
    "links": LinkState,
    "classes": ClassState,
    "hops": Hop,
    "nodes": Node,
    "ranks": Node,
    "flows": FlowState,
    "solver": Solver,
    "nominal_Bps": float,  # by link: what it carries when unimpaired
    "residual": int,  # by link: see ops/lanes
    "alone_s": float,  # by link, the last for caps: see ops/flow_monitor
    "held_s": float,
    "link_uses": LinkUse,
    "held_back": HeldBack,
    "beside_later_s": float,  # blobs that travel side by side: see ops/lanes
    "beside_bytes": float,
    "beside_left_bytes": float,
    "beside_state": int,
    "picked": int,  # flights, by number
    # what is observed
    "transfers": Transfer,
    "starts": Start,
    "pulls_begun": PullBegun,
    "syncs": Sync,
    "drops": Drop,
    "tag_changes": TagChange,
    "bins": Bin,
    "segments": Segment,
    "capacity_changes": CapacityChange,
}

# A table that alone is to grow (`g.asked_a`), where more rows come at once than the margin has.
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
