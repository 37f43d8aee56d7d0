"""Which blobs must travel: the one place that decides what dedup saves.

A push asks the target repository about each blob and sends what is not there: that another repository of the registry
holds it is no help, unless the client asks to mount it from there by a request without bytes (distribution
specification, "Mounting a blob from another repository",
https://github.com/opencontainers/distribution-spec/blob/main/spec.md). It can ask only for what it knows of: containerd
labels a blob with the repositories it has met it in (core/remotes/docker/handler.go), and an account reads only its
own. Hence `mountable`; a client that never asks passes nothing. A pull fetches what the node's own registry lacks and
joins what is on its way already.

Plans take blobs rather than an image because clients ask about a few blobs at a time. The blobs of one plan are
distinct, and every part of a plan keeps the order given.

Left out: repositories that only a pull made known to the client; that containerd asks for one of several repositories,
the one with the longest path in common, where any that holds the blob serves here.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sim.registry.dedup import account_of
from sim.registry.oci import Digest, Layer

from .contents import Contents


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


@dataclass(frozen=True, slots=True)
class Mountable:
    """The blobs that a client may mount, for `digest in`: those held by any of `repositories` of one registry."""

    contents: Contents
    repositories: tuple[str, ...]

    def __contains__(self, digest: object) -> bool:
        return any(digest in self.contents.blobs(repository) for repository in self.repositories)


def mountable(contents: Contents, repository: str, pushed: Iterable[str]) -> Mountable:
    """What a client that has pushed to the repositories `pushed` of a registry may mount into `repository` there.

    Only repositories of the same account count. Each blob asked about costs a look-up in every one of them.
    """
    account = account_of(repository)
    return Mountable(contents, tuple(other for other in pushed if account_of(other) == account))


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
