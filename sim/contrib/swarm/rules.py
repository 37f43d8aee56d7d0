"""How peers of a swarm behave: the figures that its rules rest on."""

from __future__ import annotations

from typing import NamedTuple


class Rules(NamedTuple):
    """The figures of one kind of swarm, times in s, rates in bytes/s.

    A layer travels in pieces of `piece_bytes`. A peer opens at most `dials` connections for a layer and has at most
    `connections` in all, those that others opened included; over each it asks for `pipeline` pieces at a time, of a
    seed for `seed_pipeline`. Whoever opened a connection fetches over it, and the other end too if it is `mutual`.
    The tracker names `handout` peers at random; it is asked at once, then `first_announce_s` at most after that, then
    every `announce_s` while connections are wanting. A peer that refused, or whose connection closed, is left alone for
    `ban_s`. A node sends at `egress_Bps` and takes `ingress_Bps`, each after a burst of `burst_s` at any rate; seeds
    are as fast as their links. Upstream stands for `seeds` seeds. A piece that has not come within `timeout_s` is asked
    of others as well. Who gets no piece for `patience_s` gives up.
    """

    piece_bytes: int
    dials: int
    connections: int
    mutual: bool
    pipeline: int
    seed_pipeline: int
    handout: int
    first_announce_s: float
    announce_s: float
    ban_s: float
    egress_Bps: float
    ingress_Bps: float
    burst_s: float
    seeds: int
    timeout_s: float
    patience_s: float
