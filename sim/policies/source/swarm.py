"""Nodes fetch a layer's pieces from each other while they are still fetching it, as Kraken and Dragonfly do.

Whom a node meets, which pieces it asks for and how fast they travel is worked out in `sim/contrib/swarm`, from the
parameters here, which default to Kraken's. Upstream takes part as seeds, and so does any node that has all of a layer.
"""

from __future__ import annotations

from pydantic import StrictBool

from sim.contrib.swarm.rules import Rules
from sim.figures import Count, Duration, Period, Rate, Size, Table, figure
from sim.policies.snapshot import Holders, Parents, neighbours


class Parameters(Table):
    """The figures of a swarm; what each means is said at `sim.contrib.swarm.Rules`."""

    piece_bytes: Size = figure(
        "piece", "4 MB", source="uber/kraken, config/origin/base.yaml: piece_lengths",
        about="The size of the pieces in which a layer travels.",
    )  # fmt: skip
    dials: Count = figure(
        "dials", 10, source="uber/kraken, connstate/config.go: max_open_conn",
        about="How many connections a peer opens for a layer at most.",
    )  # fmt: skip
    connections: Count = figure(
        "connections", 10, source="uber/kraken, connstate/config.go: max_open_conn",
        about="How many connections a peer has for a layer at most, whoever opened them.",
    )  # fmt: skip
    mutual: StrictBool = figure(
        "mutual", True, source="uber/kraken, dispatch/dispatcher.go: both ends ask",
        about="Whether both ends of a connection fetch over it, or only the one that opened it.",
    )  # fmt: skip
    pipeline: Count = figure(
        "pipeline", 3, source="uber/kraken, dispatch/config.go: AgentPipelineLimit",
        about="How many pieces at a time a peer asks another peer for.",
    )  # fmt: skip
    seed_pipeline: Count = figure(
        "seed_pipeline", 5, source="uber/kraken, dispatch/config.go: OriginPipelineLimit",
        about="How many pieces at a time a peer asks a seed for.",
    )  # fmt: skip
    handout: Count = figure(
        "handout", 50, source="uber/kraken, tracker/trackerserver/config.go: announce_limit",
        about="How many peers the tracker names at random.",
    )  # fmt: skip
    first_announce_s: Duration = figure(
        "first_announce", "5 s", source="uber/kraken, announcer.go: DefaultInterval",
        about="After what time at most a peer asks the tracker for the second time.",
    )  # fmt: skip
    announce_s: Period = figure(
        "announce", "3 s", source="uber/kraken, tracker/trackerserver/config.go",
        about="How often a peer asks the tracker after that, while it wants connections.",
    )  # fmt: skip
    ban_s: Duration = figure(
        "ban", "30 s", source="uber/kraken, connstate/config.go: BlacklistDuration",
        about="How long a peer that refused or hung up is left alone.",
    )  # fmt: skip
    egress_Bps: Rate = figure(
        "egress", "200 MB/s", source="uber/kraken, conn/config.go: EgressBitsPerSec",
        about="How fast a node sends pieces at most.",
    )  # fmt: skip
    ingress_Bps: Rate = figure(
        "ingress", "300 MB/s", source="uber/kraken, conn/config.go: IngressBitsPerSec",
        about="How fast a node takes pieces at most.",
    )  # fmt: skip
    burst_s: Duration = figure(
        "burst", "1 s", source="uber/kraken, utils/bandwidth/limiter.go: a second's tokens",
        about="For how long a node may send or take faster than that.",
    )  # fmt: skip
    seeds: Count = figure(
        "seeds", 3, source="uber/kraken, lib/hashring/config.go: MaxReplica",
        about="How many seeds upstream stands for.",
    )  # fmt: skip
    timeout_s: Duration = figure(
        "timeout", "16 s", source="uber/kraken, dispatch/config.go: 4 s for each MB of a piece",
        about="After what time a piece that has not come is asked of others as well.",
    )  # fmt: skip
    patience_s: Period = figure(
        "patience", "300 s", source="uber/kraken, scheduler/config.go: LeecherTTI",
        about="After what time without a piece a node gives up.",
    )  # fmt: skip


def parents(view: Holders, parameters: Parameters) -> Parents:
    """All who have the layer, at once: the tracker names them."""
    count = len(view.round_trips_s)
    return Parents(neighbours(0, count, count), 0.0)


def swarm(parameters: Parameters) -> Rules:
    """The figures of the swarm."""
    return Rules(**{name: getattr(parameters, name) for name in Rules._fields})
