"""Sites and hosts: where the central registry, nodes and clients are, how they are joined, what their registries can
do.

Attribute names carry units, keys do not (`request_time_s` is read from `request_time`). A default is written as a user
would write it. Sources are public pages, repositories and papers; "assumption" marks what nobody has measured: sweep
it. How groups become single hosts is in `root`, what these are called in `naming`. Left out: processors and memory of
hosts, and disks that read and write at two speeds.
"""

from __future__ import annotations

from typing import Annotated, Literal, cast

from pydantic import PlainValidator, StrictBool, StrictStr, WithJsonSchema

from sim.errors import InputError, shown
from sim.figures import (
    Cost,
    Count,
    Delay,
    Duration,
    Frequency,
    Latitude,
    Longitude,
    Parts,
    Period,
    Rate,
    Size,
    Table,
    Weight,
    figure,
    invalid,
    setting,
)
from sim.registry.reference import DEFAULT_HOST, Reference
from sim.scenario.model.limits import RateLimits
from sim.scenario.model.links import LinkParameters
from sim.scenario.model.timeofweek import Zone

_ZONE = "ibm-cloud-docs/vpc network-latency, inside a zone"
LAMBDA = "AWS Lambda, ATC'23, median"
_WINDOW = "Linux tcp(7): default maximum of tcp_rmem, the most that one connection has under way"
_LIST_LAG = 'Unikraft Cloud docs: "a few minutes"'


class Site(Table):
    """A place on the network, where hosts are; its position serves drawing and latency from distance."""

    latitude: Latitude | None = setting("latitude", None, about="Degrees north of the equator, south is negative.")
    longitude: Longitude | None = setting("longitude", None, about="Degrees east of Greenwich, west is negative.")
    timezone: Zone = figure(
        "timezone", "UTC", assumption=True,
        about='The time zone by which its clients keep hours: "Europe/Berlin", or an offset from UTC such as "+05:30".',
    )  # fmt: skip


class _Placed(Table):
    site: StrictStr | None = setting("site", None, about="The site that the host is at, a key of [sites].")


class Host(LinkParameters, _Placed):
    """What central, nodes and clients have in common: a site, and the line that joins the host to it."""

    rtt_s: Delay = figure("rtt", "0.1 ms", source=_ZONE, about="The round trip between the host and its site.")
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

    capacity_Bps: Rate = figure(
        "capacity", "10 Gbit/s", assumption=True, range=("1 Gbit/s", "25 Gbit/s"),
        about="What the host's line carries each way.",
    )  # fmt: skip
    workers: Count = figure(
        "workers", 32, assumption=True, range=(4, 256),
        about="How many requests the registry serves at once; further ones queue.",
    )  # fmt: skip
    request_time_s: Duration = figure(
        "request_time", "5 ms", assumption=True, range=("1 ms", "50 ms"),
        about="How long a worker takes for one request, waits and bytes apart.",
    )  # fmt: skip
    service: Literal["fixed", "exponential"] = figure(
        "service", "fixed", assumption=True,
        about="Whether each request takes the request time, or an exponential time of that mean.",
    )  # fmt: skip
    disk_Bps: Rate = figure(
        "disk", "1 GB/s", assumption=True, range=("0.2 GB/s", "5 GB/s"),
        about="How fast the registry's disk moves bytes, reads and writes together.",
    )  # fmt: skip
    commit_Bps: Rate | None = setting(
        "commit_rate", None,
        about="How fast the registry commits a blob that has come, before it answers; without it, at once.",
    )  # fmt: skip
    list_lag_s: Duration = figure(
        "list_lag", "120 s", source=_LIST_LAG, range=("0 s", "300 s"),
        about="How long after a tag came or went the registry's list of images shows it.",
    )  # fmt: skip
    dedup: Literal["none", "repository", "account", "registry"] | None = setting(
        "dedup", None,
        about="Within what this registry knows a layer again; without it, as policies.dedup says. zot: registry, since "
        "it answers for a blob that any of its repositories holds.",
    )  # fmt: skip
    anonymous: StrictBool = figure(
        "anonymous", False, source="containerd/containerd, core/remotes/docker/authorizer.go: 401 first, then a token",
        about="Whether nodes pull from the registry without a token; else each pull is refused first and gets one.",
    )  # fmt: skip
    store_s: Duration = figure(
        "store", "0 s", assumption=True, range=("0 s", "100 ms"),
        about="How long the registry's blob store takes to keep a blob whose last byte has come.",
    )  # fmt: skip
    tls: StrictBool = figure(
        "tls", True, assumption=True, about="Whether connections to the registry open with a TLS handshake."
    )
    token_life_s: Period = figure(
        "token_life", "30 min", source="goharbor/harbor, token_expiration",
        about="How long a token that the registry gave is good.",
    )  # fmt: skip
    storage_bytes: Size | None = setting(
        "storage", None, about="The most that the registry keeps; without it, all there is."
    )
    limits: RateLimits = setting("limits", {}, about="How many requests, or pulls, it answers before it says 429.")
    month_usd: Cost | None = setting("month", None, about="What each of these hosts costs a month.")


def _registry_host(value: object) -> str:
    """The host of references, as `sim.registry.reference` reads it."""
    try:
        if isinstance(value, str):
            Reference.parse("app", default_host=value)
            return value
    except InputError as error:
        raise invalid(error.problem, error.remedy) from None
    raise invalid(f"must be a host's name, got {shown(value)}", f'write one such as "{DEFAULT_HOST}"')


RegistryHost = Annotated[
    str, PlainValidator(_registry_host), WithJsonSchema({"type": "string", "examples": [DEFAULT_HOST]})
]


class Central(Registry):
    """The central registry, the host named `central`."""

    host: RegistryHost = figure(
        "host", DEFAULT_HOST, source="Unikraft Cloud docs, registries",
        about="The host in references by which images are named at central; a name without a host means it, too.",
    )  # fmt: skip

    capacity_Bps: Rate = figure(
        "capacity", "10 Gbit/s", assumption=True, range=("1 Gbit/s", "100 Gbit/s"),
        about="What central's line carries each way.",
    )  # fmt: skip
    first_byte_s: Duration = figure(
        "first_byte", "36 ms", source=f"{LAMBDA} of the object store, second-hand",
        about="How long central's blob store takes until a blob's first byte.",
    )  # fmt: skip
    propagation_s: Duration = figure(
        "propagation", "0 s", source="unikraft/kraftkit issue 2916: over 60 s for an image of 398 MB", assumption=True,
        range=("0 s", "60 s"), about="How long after a push to central the platform knows that the image is there.",
    )  # fmt: skip
    quota_bytes: Size | None = setting(
        "quota", None, about="The most that each account may store at central; without it there is no limit."
    )


class NodeGroup(Registry):
    """Nodes that are alike: each a host with its own registry and instances; a `cold` one starts empty."""

    count: Count = setting("count", 1, about="How many nodes the group has.")
    first_byte_s: Duration = figure(
        "first_byte", "0.55 ms", source=f"{LAMBDA} of the cache in a zone, second-hand",
        about="How long a node's blob store takes until a blob's first byte.",
    )  # fmt: skip
    parallel_pulls: Count | None = setting(
        "parallel_pulls", None,
        about="How many pulls a node makes at once, further ones wait; without it, all. kubelet makes one, unless "
        "serializeImagePulls is false, then maxParallelImagePulls.",
    )  # fmt: skip
    pull_rate_per_s: Frequency | None = setting(
        "pull_rate", None,
        about="How many pulls a node may begin, further ones fail and are started again; without it, all. kubelet's "
        "registryPullQPS, 5/s by default.",
    )  # fmt: skip
    pull_burst: Count = figure(
        "pull_burst", 10, source="kubernetes, KubeletConfiguration: registryBurst",
        about="How many of them it may begin at once.",
    )  # fmt: skip
    ttl_s: Period | None = setting(
        "ttl", None,
        about="How long after it came an image goes from a node of this group; without it, as policies.ttl says.",
    )  # fmt: skip
    upstream: StrictStr = figure(
        "upstream", "central", source="containerd without mirrors: the registry of the reference",
        about="Whom the nodes pull from: central, or a cache by its key in [caches].",
    )  # fmt: skip
    architecture: StrictStr = figure(
        "architecture", "amd64", source="Go, GOARCH, by which the OCI image specification names architectures",
        about="The nodes' architecture: what they pull of images that are built for several.",
    )  # fmt: skip
    cold: StrictBool = figure(
        "cold", False, assumption=True, about="Whether the nodes start empty while the rest of the world is warm."
    )
    cores: Count = figure(
        "cores", 8, assumption=True, range=(2, 64),
        about="How many cores a node has for unpacking layers, where an image's format has them unpacked.",
    )  # fmt: skip
    unpack: Literal["in-order", "parallel", "streamed"] = figure(
        "unpack", "in-order", source="containerd/containerd, core/unpack/unpacker.go",
        about="Whether a node unpacks layers one after another, each once it is fetched, or each as soon as it is "
        "fetched, or each while it is fetched.",
    )  # fmt: skip
    ranges: Parts = figure(
        "ranges", 1, source="containerd/containerd issue 10177: one request a layer",
        about="In how many parts, over a connection each, a node fetches a layer from its upstream.",
    )  # fmt: skip
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

    count: Count = setting("count", 1, about="How many machines the group has.")
    own_up_Bps: Rate = figure(
        "up", "50 Mbit/s", assumption=True, range=("10 Mbit/s", "1000 Mbit/s"),
        about="What each machine's line carries towards its site.",
    )  # fmt: skip
    own_down_Bps: Rate = figure(
        "down", "200 Mbit/s", assumption=True, range=("10 Mbit/s", "1000 Mbit/s"),
        about="What each machine's line carries from its site.",
    )  # fmt: skip
    rtt_s: Delay = figure(
        "rtt", "15 ms", assumption=True, range=("5 ms", "30 ms"),
        about="The round trip between each machine and its site.",
    )  # fmt: skip
    profile: StrictStr = setting(
        "profile", "kraftkit", about="The client whose requests are made, such as kraftkit, docker or skopeo."
    )
    answer_timeout_s: Period | None = setting(
        "answer_timeout", None,
        about="How long each machine waits for the answer to a blob that it has sent; without it, as its profile does.",
    )  # fmt: skip
    account: StrictStr | None = setting(
        "account", None,
        about="The account whose repositories all machines of the group push to; without it each has its own.",
    )  # fmt: skip
    cores: Count | None = setting(
        "cores", None,
        about="How many cores each machine packs the layers with that it pushes, where their format takes time for "
        "that; without it packing takes none.",
    )  # fmt: skip
    kernels: Literal["cached", "once", "always"] = figure(
        "kernels", "cached", assumption=True,
        about="Whether each machine has the kernels that it builds with, or fetches each from central when it first "
        "pushes with it, or for every push, as a machine does that keeps nothing.",
    )  # fmt: skip
    metro: StrictStr | None = setting(
        "metro", None, about="The site whose nodes the group deploys to; without it, its own site's."
    )
    share: Weight = setting(
        "share", 1.0, about="The group's part of the deploys, relative to the other groups' shares."
    )
