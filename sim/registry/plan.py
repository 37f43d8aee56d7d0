"""Which blobs must travel: the one place that decides what dedup saves.

A push asks the target repository about each blob and sends what is not there. A blob that another repository of the
same registry holds may be mounted instead, by a request without bytes (distribution specification, "Mounting a blob
from another repository", https://github.com/opencontainers/distribution-spec/blob/main/spec.md); which repositories
count is the caller's to say, and a client that never asks passes none. A pull fetches what the node's own registry
lacks and joins what is on its way already.

Plans take blobs rather than an image because clients ask about a few blobs at a time. The blobs of one plan are
distinct, and every part of a plan keeps the order given.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import NamedTuple

from sim.registry.oci import Digest, Layer


class PushPlan(NamedTuple):
    """What a push does with each blob: send its bytes, skip it as held, or mount it from another repository."""

    send: tuple[Layer, ...]
    skip: tuple[Layer, ...]
    mount: tuple[Layer, ...]


class PullPlan(NamedTuple):
    """What a pull does with each blob: fetch its bytes, skip it as held, or join the fetch that is under way."""

    fetch: tuple[Layer, ...]
    skip: tuple[Layer, ...]
    join: tuple[Layer, ...]


def plan_push(blobs: Iterable[Layer], held: Container[Digest], mountable: Container[Digest] = ()) -> PushPlan:
    """The plan for blobs if the target repository holds `held` and could mount `mountable`; held ones are skipped."""
    return PushPlan(*_sorted_out(blobs, held, mountable))


def plan_pull(blobs: Iterable[Layer], held: Container[Digest], arriving: Container[Digest] = ()) -> PullPlan:
    """The plan for blobs if the puller holds `held` and is fetching `arriving` already; held ones are skipped."""
    return PullPlan(*_sorted_out(blobs, held, arriving))


def _sorted_out(
    blobs: Iterable[Layer], held: Container[Digest], nearby: Container[Digest]
) -> tuple[tuple[Layer, ...], tuple[Layer, ...], tuple[Layer, ...]]:
    """The blobs that must travel, those held, and those not held but nearby."""
    travel, there, near = [], [], []
    for blob in blobs:
        if blob.digest in held:
            there.append(blob)
        elif blob.digest in nearby:
            near.append(blob)
        else:
            travel.append(blob)
    return tuple(travel), tuple(there), tuple(near)
