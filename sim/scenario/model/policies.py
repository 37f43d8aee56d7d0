"""The table `[policies]`: the rules under comparison, and how registries copy, collect garbage and ask about tags.

Rules themselves are files in `sim/policies`; here are their keys and the figures that no rule decides. Left out: rules
that change during a run.
"""

from __future__ import annotations

from typing import Literal

from pydantic import StrictBool

from sim.figures import Count, Duration, Fraction, Period, Rate, Retries, Table, figure, setting
from sim.registry.dedup import Scope
from sim.scenario.model.choices import Chunking, Conflict, Eviction, Fanout, Placement, Routes, Source, Trigger
from sim.scenario.model.lazy import Lazy

_HARBOR = "goharbor/harbor, replication's retry of a blob: after 2, 4, 8 and 16 s"


class Sync(Table):
    """How registries copy from each other: when, to whom, how many at once, how fast, and what follows a break.

    `to_nodes` sends images to the `targets` without being asked: to nodes that hold their repository, or to all. In a
    `shared` queue a copy waits for its target with a worker in hand, so that a slow target holds up the others.
    `job_rate` caps each copy (of references in series), `target_rate` all copies to one registry, `leg_rate` all copies
    from one site to another. After a break a job goes back to the queue and begins again with the blobs that are
    missing; one that can `resume` keeps its worker and goes on where the blob broke off. A `client` that mounts takes
    what copies from the same registry have brought to others of the account's repositories by then.
    """

    to_central: Trigger = figure(
        "to_central", "on-push", assumption=True, about="When a copy of what was pushed to a node goes to central."
    )
    to_nodes: Trigger = figure(
        "to_nodes", "lazy", source="Unikraft Cloud docs: pulled upon starting the first time",
        about="When a copy of what was published goes to nodes that did not ask for it.",
    )  # fmt: skip
    targets: Literal["holders", "all"] = figure(
        "targets", "holders", assumption=True,
        about="Whether such copies go to the nodes that hold the repository, or to all.",
    )  # fmt: skip
    delay_s: Duration = figure(
        "delay", "5 s", assumption=True, range=("0 s", "120 s"),
        about="From a publish until the copying job that it causes may begin.",
    )  # fmt: skip
    workers: Count = figure(
        "workers", 10, source="Harbor replication, an analogue", about="How many copying jobs are under way at once."
    )
    target_workers: Count | None = setting(
        "target_workers", None, about="How many of them to one registry; without it there is no such limit."
    )
    queue: Literal["shared", "per-target"] = figure(
        "queue", "shared", source="goharbor/harbor issue 8665",
        about="Whether jobs wait for workers in one queue, where a slow target holds up the others, or one per target.",
    )  # fmt: skip
    references: Literal["series", "parallel"] = figure(
        "references", "parallel", assumption=True,
        about="Whether the blobs of an image are copied one after another or side by side.",
    )  # fmt: skip
    platforms: Literal["all", "node"] = figure(
        "platforms", "all",
        source="goharbor/harbor, replication/transfer/image/transfer.go: copyContent takes all that an index refers to",
        about="Whether a copy to a node brings an image for all its architectures, or for the node's alone.",
    )  # fmt: skip
    client: Literal["dregsy", "ocync", "regsync", "skopeo"] | None = setting(
        "client", None,
        about="The tool that copies, with its requests, mounts and blobs at once; without it, containerd's requests.",
    )  # fmt: skip
    job_Bps: Rate | None = setting(
        "job_rate", None, about="The most that one job copies with; without it there is no such limit."
    )
    target_Bps: Rate | None = setting(
        "target_rate", None,
        about="The most that all jobs together copy to one registry with; without it there is no such limit.",
    )  # fmt: skip
    leg_Bps: Rate | None = setting(
        "leg_rate", None,
        about="The most that all jobs together copy from one site to another with; without it there is no such limit.",
    )  # fmt: skip
    retries: Retries = figure(
        "retries", 4, source=_HARBOR, about="How often a job that broke off is tried again before it is given up."
    )
    backoff_s: Duration = figure(
        "backoff", "2 s", source=f"{_HARBOR}, doubled each time",
        about="The wait before the first such try, doubled for each that follows.",
    )  # fmt: skip
    resume: StrictBool = figure(
        "resume", False, assumption=True,
        about="Whether a job that broke off keeps its worker and goes on where the blob broke, or queues again.",
    )  # fmt: skip
    deletions: StrictBool = figure(
        "deletions", False, source="goharbor/harbor: deletions are replicated only if asked",
        about="Whether an image that is removed at one registry is removed at the others too.",
    )  # fmt: skip


class Garbage(Table):
    """When central collects garbage, whether images without a tag go, and how long pushes are refused meanwhile."""

    every_s: Period | None = setting("every", None, about="How often central collects garbage; without it, never.")
    untagged: StrictBool = figure(
        "untagged", False, source="distribution, registry garbage-collect --delete-untagged",
        about="Whether images without a tag are garbage.",
    )  # fmt: skip
    pause_s: Duration = figure(
        "pause", "0 s", assumption=True, range=("0 s", "15 min"), about="How long central refuses pushes each time."
    )


class Tags(Table):
    """When a node asks central what a tag means, and whether a reference's host says where it is looked up.

    By its host a reference at `central.host` is looked up at central alone, one at another host at the node's registry
    first.
    """

    check: Literal["upstream", "absent"] = figure(
        "check", "upstream", assumption=True,
        about="Whether a node asks central what a tag means every time, or only when it has no such tag.",
    )  # fmt: skip
    look: Literal["registries", "host"] = figure(
        "look", "registries", source="Unikraft Cloud docs, registries: pushing to a node or to central is the same",
        about="Whether a start looks at its node and at central, or where the reference's host says.",
    )  # fmt: skip


class Policies(Table):
    """The rules under comparison; `route` may be a mix of rules by share. `ttl` is that of nodes without their own.

    A start waits for its image to be where it looks for it, and a client polls, no longer than the `patience`.
    """

    route: Routes = figure(
        "route", "central", assumption=True, about="Where a push goes, by a rule or by a mix of rules with shares."
    )
    placement: Placement = figure("placement", "sticky", assumption=True, about="Which nodes run a deploy's instances.")
    elsewhere: Fraction = figure(
        "elsewhere", 0.0, assumption=True, range=(0.0, 0.5),
        about="Share of the deploys that the platform starts on another node than the one chosen to be pushed to.",
    )  # fmt: skip
    create: Literal["client", "at-once", "poll"] = figure(
        "create", "client", source="unikraft/kraftkit, cloud/deploy: KraftKit polls",
        about="Whether clients create the instance at once after a push, or poll until the platform has the image; "
        "client: as each does by its code.",
    )  # fmt: skip
    configs: Literal["first", "beside"] = figure(
        "configs", "first", source="containerd/containerd, core/unpack/unpacker.go",
        about="Whether a node gets an image's config before its layers, or beside them.",
    )  # fmt: skip
    patience_s: Period = figure(
        "patience", "60 s", source="kraftkit, cloud/deploy: gives up after 60 s",
        about="How long a start waits for its image, and a client that polls for the node to have it.",
    )  # fmt: skip
    fanout: Fanout = figure(
        "fanout", "sync-then-pull", assumption=True,
        about="How an image that was pushed to one node reaches the other nodes of its deploy.",
    )  # fmt: skip
    kernels: Literal["image", "node"] = figure(
        "kernels", "image", source="Unikraft Cloud docs: the platform kernel is for enterprise installations",
        about="Whether images bring their kernel, or boot on the one that their node has installed; a kernel's release "
        "is then a package for each node, and redeploys nothing.",
    )  # fmt: skip
    chunking: Chunking = figure(
        "chunking", "whole", source="OCI image specification: a layer is one blob",
        about="How a root filesystem is cut into what registries store as separate blobs.",
    )  # fmt: skip
    source: Source = figure(
        "source", "upstream", source="containerd without mirrors: the registry of the reference",
        about="Which registries a node fetches a layer from.",
    )  # fmt: skip
    eviction: Eviction = figure(
        "eviction", "lru", assumption=True, about="Which image a registry without room drops first."
    )
    ttl_s: Period | None = setting(
        "ttl", None, about="How long after it came an image goes from a node; without it, images stay."
    )
    keep_unsynced: StrictBool = figure(
        "keep_unsynced", False, source="Unikraft Cloud docs: node storage is temporary",
        about="Whether a node keeps an image that central does not have yet, whatever else says that it goes.",
    )  # fmt: skip
    conflict: Conflict = figure(
        "conflict", "last-writer", assumption=True,
        about="Which of two publishes of one tag wins where registries disagree.",
    )  # fmt: skip
    dedup: Scope = figure(
        "dedup", "repository", source="kraftkit and containerd's pusher, inferred",
        about="Within what a registry knows a layer again, so that it is not sent twice.",
    )  # fmt: skip
    coalesce: StrictBool = figure(
        "coalesce", True, assumption=True, about="Whether pulls of one image on one node that overlap are one fetch."
    )
    sync: Sync = setting("sync", {}, about="How registries copy from each other.")
    load: Literal["whole", "lazy"] = figure(
        "load", "whole", source="containerd, core/unpack/unpacker.go: an image is unpacked before it runs",
        about="Whether a node has all of an image's layers before an instance starts, or reads on demand.",
    )  # fmt: skip
    lazy: Lazy = setting("lazy", {}, about="How nodes start instances before layers are there, and load the rest.")
    garbage: Garbage = setting("garbage", {}, about="When central collects garbage.")
    tags: Tags = setting("tags", {}, about="When a node asks central what a tag means.")
