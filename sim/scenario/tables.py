"""The tables of a scenario as typed, frozen models: keys, units, defaults and what these rest on.

Attribute names carry units, keys do not (`request_time_s` is read from `request_time`). A default is written
as a user would write it. Sources are public pages, repositories and papers; "assumption" marks what nobody has
measured: sweep it. What one table cannot see alone (names of other tables, sums of shares) is in `checks`;
how groups become hosts is in `model`.
"""

from __future__ import annotations

from typing import Literal, cast

from pydantic import StrictBool, StrictStr

from sim.figures import (
    Cost,
    Count,
    Duration,
    Fraction,
    Frequency,
    Latitude,
    Longitude,
    Rate,
    Size,
    Span,
    Table,
    Tally,
    Weight,
    figure,
    setting,
)
from sim.registry.dedup import Scope
from sim.scenario.choices import Chunking, Conflict, Eviction, Fanout, Placement, Routes, Source, Trigger
from sim.scenario.lines import Line
from sim.scenario.replay import Replay

_ZONE = "ibm-cloud-docs/vpc network-latency, inside a zone"
_LAMBDA = "AWS Lambda, ATC'23, median"
_KRAFTKIT = "kraftkit oci/README.md"
_WINDOW = "Linux tcp(7): default maximum of tcp_rmem, the most that one connection has under way"
_HARBOR = "goharbor/harbor, replication's retry of a blob: after 2, 4, 8 and 16 s"
_LIST_LAG = 'Unikraft Cloud docs: "a few minutes"'


class Run(Table):
    """What is asked of the simulator: how long, from which seed, how often, against which variant.

    An `audit` checks the world's invariants while it runs. Deploys asked for within `warm_up` count in no latency; for
    a question about a steady state as much more is left out as MSER-5 says. Bytes, counts and costs are of all of it.
    """

    title: StrictStr = setting("title", "")
    duration_s: Span = setting("duration", "24 h")
    seed: Tally = setting("seed", 1)
    runs: Count = setting("runs", 10)
    baseline: StrictStr | None = setting("baseline", None)
    detail: Literal["phases", "requests"] = setting("detail", "phases")
    audit: StrictBool = setting("audit", False)
    warm_up_s: Duration = setting("warm_up", "0 s")
    steady_state: StrictBool = setting("steady_state", False)


class Site(Table):
    """A place on the network, where hosts are; its position serves drawing and latency from distance."""

    latitude: Latitude | None = setting("latitude", None, about="Degrees north of the equator, south is negative.")
    longitude: Longitude | None = setting("longitude", None, about="Degrees east of Greenwich, west is negative.")


class _Placed(Table):
    site: StrictStr | None = setting("site", None, about="The site that the host is at, a key of [sites].")


class Host(Line, _Placed):
    """What central, nodes and clients have in common: a site, and the line that joins the host to it."""

    rtt_s: Duration = figure("rtt", "0.1 ms", source=_ZONE)
    window_bytes: Size = figure(
        "window", "6 MiB", source=_WINDOW, range=("64 KiB", "64 MiB"),
        about="The most that one TCP connection to or from the host has under way.",
    )  # fmt: skip

    @property
    def up_Bps(self) -> float:
        """From the host to its site."""
        return cast(float, self._rate_Bps(self.own_up_Bps))

    @property
    def down_Bps(self) -> float:
        return cast(float, self._rate_Bps(self.own_down_Bps))

    @property
    def delay_s(self) -> float:
        """One way."""
        return cast(float, self._one_way_s())


class Registry(Host):
    """A host with a registry: bounded workers serve requests, a blob store answers and a disk moves bytes.

    `storage` bounds what its disk keeps, of central `quota` what each account stores, and on a node an image goes a
    `ttl` after it came; without them everything stays.
    """

    capacity_Bps: Rate = figure("capacity", "10 Gbit/s", assumption=True, range=("1 Gbit/s", "25 Gbit/s"))
    workers: Count = figure("workers", 32, assumption=True, range=(4, 256))
    request_time_s: Duration = figure("request_time", "5 ms", assumption=True, range=("1 ms", "50 ms"))
    service: Literal["fixed", "exponential"] = figure("service", "fixed", assumption=True)
    disk_Bps: Rate = figure("disk", "1 GB/s", assumption=True, range=("0.2 GB/s", "5 GB/s"))
    list_lag_s: Duration = figure("list_lag", "120 s", source=_LIST_LAG, range=("0 s", "300 s"))
    tls: StrictBool = figure("tls", True, assumption=True)
    token_life_s: Span = figure("token_life", "30 min", source="goharbor/harbor, token_expiration")
    storage_bytes: Size | None = setting("storage", None)
    month_usd: Cost | None = setting("month", None, about="What each of these hosts costs a month.")


class Central(Registry):
    """The central registry, the host named `central`."""

    capacity_Bps: Rate = figure("capacity", "10 Gbit/s", assumption=True, range=("1 Gbit/s", "100 Gbit/s"))
    first_byte_s: Duration = figure("first_byte", "36 ms", source=f"{_LAMBDA} of the object store, second-hand")
    quota_bytes: Size | None = setting("quota", None)


class NodeGroup(Registry):
    """Nodes that are alike: each a host with its own registry and instances; a `cold` one starts empty."""

    count: Count = setting("count", 1)
    first_byte_s: Duration = figure("first_byte", "0.55 ms", source=f"{_LAMBDA} of the cache in a zone, second-hand")
    ttl_s: Span | None = setting("ttl", None)
    cold: StrictBool = figure("cold", False, assumption=True)
    weight: Weight = setting(
        "weight",
        1.0,
        about="What each of these nodes counts in the placement weighted, beside the other nodes' weights.",
    )


class ClientGroup(Host):
    """Machines that deploy, alike; `share` is their part of the demand, relative to the other groups.

    Each has an account of its own unless they share an `account` (UKC_TOKEN), and deploys to the nodes of its site
    unless a `metro` is named (UKC_METRO).
    """

    count: Count = setting("count", 1)
    own_up_Bps: Rate = figure("up", "50 Mbit/s", assumption=True, range=("10 Mbit/s", "1000 Mbit/s"))
    own_down_Bps: Rate = figure("down", "200 Mbit/s", assumption=True, range=("10 Mbit/s", "1000 Mbit/s"))
    rtt_s: Duration = figure("rtt", "15 ms", assumption=True, range=("5 ms", "30 ms"))
    profile: StrictStr = setting("profile", "kraftkit")
    account: StrictStr | None = setting("account", None)
    metro: StrictStr | None = setting("metro", None)
    share: Weight = setting("share", 1.0)


class Image(Table):
    """A kind of image; without a kernel it is a ROM. `share` is relative to the other images."""

    share: Weight = setting("share", 1.0)
    kernel_bytes: Size | None = setting("kernel", None)
    rootfs_bytes: Size = setting("rootfs")
    written_rom: StrictBool | None = setting("rom", None)
    boot_s: Duration = figure(
        "boot", "4 ms", source="Unikraft blog, nginx; docs, rootfs-compression, playwright", range=("4 ms", "1152 ms")
    )
    config_bytes: Size = figure("config", "1.9 kB", source=_KRAFTKIT, range=("1.8 kB", "2 kB"))
    manifest_bytes: Size = figure("manifest", "2.55 kB", source=_KRAFTKIT, range=("2.5 kB", "2.6 kB"))
    index_bytes: Size = figure("index", "4.8 kB", source=_KRAFTKIT)

    @property
    def is_rom(self) -> bool:
        return self.kernel_bytes is None


class KernelRelease(Table):
    """Every app redeploys once with a new kernel, at an instant of its own drawn between `at` and `over` later."""

    at_s: Duration = setting("at")
    over_s: Duration = figure("over", "1 h", assumption=True)


class Demand(Table):
    """What is asked of the registries: deploys a second, of which apps, on how many nodes.

    An instance that `runs_for` so long is scaled to zero, `sleeps_for` a while, and `wakes` so many times; without it
    it runs until another deploy of its app takes its place. A share of updates, `rollbacks`, goes back to the image
    before the last. Of a share of the deploys, `removals`, the image is removed
    where it was pushed to, a while after the deploy ended.
    """

    rate_per_s: Frequency = figure("rate", "50000/day", assumption=True, range=("1000/day", "1000000/day"))
    arrivals: Literal["poisson", "even"] = figure("arrivals", "poisson", assumption=True)
    updates: Fraction = figure("updates", 0.9, assumption=True)
    apps: Tally = figure("apps", 5000, assumption=True)
    popularity: Weight = figure("popularity", 0.8, assumption=True, range=(0.0, 1.2))
    warm: StrictBool = figure("warm", True, assumption=True)
    nodes: Count = figure("nodes", 1, assumption=True, range=(1, 10))
    reference: Literal["tag", "digest"] = figure("reference", "tag", assumption=True)
    runs_for_s: Span | None = setting("runs_for", None)
    sleeps_for_s: Duration = figure("sleeps_for", "1 h", assumption=True)
    wakes: Tally = figure("wakes", 0, assumption=True, range=(0, 100))
    rollbacks: Fraction = figure("rollbacks", 0.0, assumption=True, range=(0.0, 0.2))
    removals: Fraction = figure("removals", 0.0, assumption=True, range=(0.0, 0.5))
    removed_after_s: Duration = figure("removed_after", "1 h", assumption=True)
    kernel_release: KernelRelease | None = setting("kernel_release", None)
    replay: Replay | None = setting("replay", None)


class Sync(Table):
    """How registries copy from each other: when, to whom, how many at once, how fast, and what follows a break.

    `to_nodes` sends images to the `targets` without being asked: to nodes that hold their repository, or to all. In a
    `shared` queue a copy waits for its target with a worker in hand, so that a slow target holds up the others.
    `job_rate` caps each copy (of references in series), `target_rate` all copies to one registry, `leg_rate` all copies
    from one site to another. After a break a job goes back to the queue and begins again with the blobs that are
    missing; one that can `resume` keeps its worker and goes on where the blob broke off.
    """

    to_central: Trigger = figure("to_central", "on-push", assumption=True)
    to_nodes: Trigger = figure("to_nodes", "lazy", source="Unikraft Cloud docs: pulled upon starting the first time")
    targets: Literal["holders", "all"] = figure("targets", "holders", assumption=True)
    delay_s: Duration = figure("delay", "5 s", assumption=True, range=("0 s", "120 s"))
    workers: Count = figure("workers", 10, source="Harbor replication, an analogue")
    target_workers: Count | None = setting("target_workers", None)
    queue: Literal["shared", "per-target"] = figure("queue", "shared", source="goharbor/harbor issue 8665")
    references: Literal["series", "parallel"] = figure("references", "parallel", assumption=True)
    job_Bps: Rate | None = setting("job_rate", None)
    target_Bps: Rate | None = setting("target_rate", None)
    leg_Bps: Rate | None = setting("leg_rate", None)
    retries: Tally = figure("retries", 4, source=_HARBOR)
    backoff_s: Duration = figure("backoff", "2 s", source=f"{_HARBOR}, doubled each time")
    resume: StrictBool = figure("resume", False, assumption=True)
    deletions: StrictBool = figure("deletions", False, source="goharbor/harbor: deletions are replicated only if asked")


class Garbage(Table):
    """When central collects garbage, whether images without a tag go, and how long pushes are refused meanwhile."""

    every_s: Span | None = setting("every", None)
    untagged: StrictBool = figure("untagged", False, source="distribution, registry garbage-collect --delete-untagged")
    pause_s: Duration = figure("pause", "0 s", assumption=True, range=("0 s", "15 min"))


class Tags(Table):
    """When a node asks central what a tag means."""

    check: Literal["upstream", "absent"] = figure("check", "upstream", assumption=True)


class Policies(Table):
    """The rules under comparison; `route` may be a mix of rules by share. `ttl` is that of nodes without their own.

    A start waits for its image to be where it looks for it, and a client polls, no longer than the `patience`.
    """

    route: Routes = figure("route", "central", assumption=True)
    placement: Placement = figure("placement", "sticky", assumption=True)
    elsewhere: Fraction = figure(
        "elsewhere", 0.0, assumption=True, range=(0.0, 0.5),
        about="Share of the deploys that the platform starts on another node than the one chosen to be pushed to.",
    )  # fmt: skip
    create: Literal["at-once", "poll"] = figure("create", "at-once", source="kraftkit, cloud/deploy (poll: legacy)")
    patience_s: Span = figure("patience", "60 s", source="kraftkit, cloud/deploy: gives up after 60 s")
    fanout: Fanout = figure("fanout", "sync-then-pull", assumption=True)
    chunking: Chunking = figure("chunking", "whole", source="OCI image specification: a layer is one blob")
    source: Source = figure("source", "upstream", source="containerd without mirrors: the registry of the reference")
    eviction: Eviction = figure("eviction", "lru", assumption=True)
    ttl_s: Span | None = setting("ttl", None)
    keep_unsynced: StrictBool = figure("keep_unsynced", False, source="Unikraft Cloud docs: node storage is temporary")
    conflict: Conflict = figure("conflict", "last-writer", assumption=True)
    dedup: Scope = figure("dedup", "repository", source="kraftkit and containerd's pusher, inferred")
    coalesce: StrictBool = figure("coalesce", True, assumption=True)
    sync: Sync = setting("sync", {})
    garbage: Garbage = setting("garbage", {})
    tags: Tags = setting("tags", {})
