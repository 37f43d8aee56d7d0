"""A scenario's tables as types, to write one in Python with completion and a checker; `sim.load` takes them.

    from sim.document import Document, Link, Site
    asked = Document(sites={"was": Site(), "fra": Site()}, links={"wan": Link(between=["was", "fra"])})

Each is a `dict` that knows its keys: `sim.load` checks it as it checks a file. A value is as in a file, or a `Figure`
that says what it rests on; times may be `timedelta`. Left out: the parameters of rules and of shapes, which a mapping
holds, as in `{"name": "nearest", ...}`.

Written by `python -m sim.docs` from the schema; a test holds that it still says the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Generic, Literal, Required, TypedDict, TypeVar, Union

# fmt: off

T = TypeVar("T")
#: An amount with its unit, "36 MiB", "10 Gbit/s", "35 ms"; times may be `timedelta`.
Quantity = str | timedelta
#: A rule by its name, with parameters, or a mix of such by their shares.
Rule = str | Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Figure(TypedDict, Generic[T], total=False):
    """A value that says what it rests on."""

    value: Required[T]
    source: str
    assumption: bool
    range: Sequence[T]


#: A value alone, or with what it rests on.
Value = Union[T, Figure[T]]  # noqa: UP007 - a type variable takes no `|` with a class that is generic


class Cache(TypedDict, total=False):
    """A registry that fetches what it lacks from its upstream, for whoever asks it; a `cold` one starts empty."""

    #: The site that the host is at, a key of [sites].
    site: Value[str]
    #: What the host's line carries each way.
    capacity: Value[Quantity]
    #: What it carries from its first end to its second, of a host from the host to its site.
    up: Value[Quantity]
    #: What it carries the other way.
    down: Value[Quantity]
    #: What a month of its capacity costs, of the mean of both directions.
    capacity_month: Value[Quantity]
    #: The round trip between the host and its site.
    rtt: Value[Quantity]
    #: The delay over it one way.
    delay: Value[Quantity]
    #: The most that one TCP connection to or from the host has under way.
    window: Value[Quantity]
    #: How many requests the registry serves at once; further ones queue.
    workers: Value[int]
    #: How long a worker takes for one request, waits and bytes apart.
    request_time: Value[Quantity]
    #: Whether each request takes the request time, or an exponential time of that mean.
    service: Value[Literal["fixed", "exponential"]]
    #: How fast the registry's disk moves bytes, reads and writes together.
    disk: Value[Quantity]
    #: How fast the registry commits a blob that has come, before it answers; without it, at once.
    commit_rate: Value[Quantity]
    #: How long after a tag came or went the registry's list of images shows it.
    list_lag: Value[Quantity]
    #: Within what this registry knows a layer again; without it, as policies.dedup says. zot: registry, since it
    #: answers for a blob that any of its repositories holds.
    dedup: Value[Literal["none", "repository", "account", "registry"]]
    #: Whether nodes pull from the registry without a token; else each pull is refused first and gets one.
    anonymous: Value[bool]
    #: How long the registry's blob store takes to keep a blob whose last byte has come.
    store: Value[Quantity]
    #: Whether connections to the registry open with a TLS handshake.
    tls: Value[bool]
    #: How long a token that the registry gave is good.
    token_life: Value[Quantity]
    #: The most that the registry keeps; without it, all there is.
    storage: Value[Quantity]
    #: How many requests, or pulls, it answers before it says 429.
    limits: RateLimits
    #: What each of these hosts costs a month.
    month: Value[Quantity]
    #: Whom the cache asks for what it lacks: central, or another cache by its key.
    upstream: Value[str]
    #: Whether whoever asks for what the cache is fetching already is sent that, or has it fetched once more.
    coalesce: Value[bool]
    #: Whether the cache asks what a tag means every time, or only when it has no such tag.
    check: Value[Literal["upstream", "absent"]]
    #: How long the cache's blob store takes until a blob's first byte.
    first_byte: Value[Quantity]
    #: How long after it came an image goes from the cache; without it, images stay.
    ttl: Value[Quantity]
    #: Whether the cache starts empty while the rest of the world is warm.
    cold: Value[bool]


class Central(TypedDict, total=False):
    """The central registry, the host named `central`."""

    #: The site that the host is at, a key of [sites].
    site: Value[str]
    #: What central's line carries each way.
    capacity: Value[Quantity]
    #: What it carries from its first end to its second, of a host from the host to its site.
    up: Value[Quantity]
    #: What it carries the other way.
    down: Value[Quantity]
    #: What a month of its capacity costs, of the mean of both directions.
    capacity_month: Value[Quantity]
    #: The round trip between the host and its site.
    rtt: Value[Quantity]
    #: The delay over it one way.
    delay: Value[Quantity]
    #: The most that one TCP connection to or from the host has under way.
    window: Value[Quantity]
    #: How many requests the registry serves at once; further ones queue.
    workers: Value[int]
    #: How long a worker takes for one request, waits and bytes apart.
    request_time: Value[Quantity]
    #: Whether each request takes the request time, or an exponential time of that mean.
    service: Value[Literal["fixed", "exponential"]]
    #: How fast the registry's disk moves bytes, reads and writes together.
    disk: Value[Quantity]
    #: How fast the registry commits a blob that has come, before it answers; without it, at once.
    commit_rate: Value[Quantity]
    #: How long after a tag came or went the registry's list of images shows it.
    list_lag: Value[Quantity]
    #: Within what this registry knows a layer again; without it, as policies.dedup says. zot: registry, since it
    #: answers for a blob that any of its repositories holds.
    dedup: Value[Literal["none", "repository", "account", "registry"]]
    #: Whether nodes pull from the registry without a token; else each pull is refused first and gets one.
    anonymous: Value[bool]
    #: How long the registry's blob store takes to keep a blob whose last byte has come.
    store: Value[Quantity]
    #: Whether connections to the registry open with a TLS handshake.
    tls: Value[bool]
    #: How long a token that the registry gave is good.
    token_life: Value[Quantity]
    #: The most that the registry keeps; without it, all there is.
    storage: Value[Quantity]
    #: How many requests, or pulls, it answers before it says 429.
    limits: RateLimits
    #: What each of these hosts costs a month.
    month: Value[Quantity]
    #: The host in references by which images are named at central; a name without a host means it, too.
    host: Value[Quantity]
    #: How long central's blob store takes until a blob's first byte.
    first_byte: Value[Quantity]
    #: How long after a push to central the platform knows that the image is there.
    propagation: Value[Quantity]
    #: The most that each account may store at central; without it there is no limit.
    quota: Value[Quantity]


class ClientGroup(TypedDict, total=False):
    """Machines that deploy, alike; `share` is their part of the demand, relative to the other groups."""

    #: The site that the host is at, a key of [sites].
    site: Value[str]
    #: What it carries each way.
    capacity: Value[Quantity]
    #: What each machine's line carries towards its site.
    up: Value[Quantity]
    #: What each machine's line carries from its site.
    down: Value[Quantity]
    #: What a month of its capacity costs, of the mean of both directions.
    capacity_month: Value[Quantity]
    #: The round trip between each machine and its site.
    rtt: Value[Quantity]
    #: The delay over it one way.
    delay: Value[Quantity]
    #: The most that one TCP connection to or from the host has under way.
    window: Value[Quantity]
    #: How many machines the group has.
    count: Value[int]
    #: The client whose requests are made, such as kraftkit, docker or skopeo.
    profile: Value[str]
    #: How long each machine waits for the answer to a blob that it has sent; without it, as its profile does.
    answer_timeout: Value[Quantity]
    #: The account whose repositories all machines of the group push to; without it each has its own.
    account: Value[str]
    #: How many cores each machine packs the layers with that it pushes, where their format takes time for that; without
    #: it packing takes none.
    cores: Value[int]
    #: Whether each machine has the kernels that it builds with, or fetches each from central when it first pushes with
    #: it, or for every push, as a machine does that keeps nothing.
    kernels: Value[Literal["cached", "once", "always"]]
    #: The site whose nodes the group deploys to; without it, its own site's.
    metro: Value[str]
    #: The group's part of the deploys, relative to the other groups' shares.
    share: Value[float]


class Demand(TypedDict, total=False):
    """What is asked of the registries: one stream, or several `streams` for which its own keys are defaults."""

    #: Whether it pushes and starts images, starts images that are there, or replaces nodes, whose instances start
    #: elsewhere.
    kind: Value[Literal["deploys", "starts", "replacements"]]
    #: Deploys a second, or replaced nodes, the mean over a week; "3/day per node" and "5/h per client" count the nodes
    #: there are, or the stream's clients.
    rate: Value[Quantity]
    #: Whether deploys come at random (poisson) or one after another at even times.
    arrivals: Value[Literal["poisson", "even"]]
    #: The groups of clients that it comes from, by their own shares or with others; else all.
    clients: Value[str]
    #: The kinds of images that it is about, by their own shares or with others; else all.
    images: Value[str]
    #: When it comes, in the time zone of each client's site: "09:00-18:00", or several.
    hours: Value[Quantity]
    #: On which days it comes, such as "Mon-Fri"; else all.
    weekdays: Value[Quantity]
    #: How much comes in each hour relative to others: 24 of the day, or 168 of the week from Monday on, in the time
    #: zone of each client's site.
    weights: Sequence[float]
    #: How much comes outside of the hours and weekdays, as a share of what comes within them.
    outside: Value[float]
    #: A rate that changes over the run.
    ramp: Ramp
    #: How many deploys come at once, each of an app of its own.
    batch: Value[int]
    #: Times of day at which it comes instead of at a rate, in each client's site's zone: "02:00".
    at: Value[Quantity]
    #: A part of the day after which it comes again, from midnight on, instead of at a rate.
    every: Value[Quantity]
    #: Over how long a batch that comes at a time or every so long is spread at random.
    spread: Value[Quantity]
    #: The part of the deploys that update an app that is there; the others are of new ones.
    updates: Value[float]
    #: How many apps there are at the start.
    apps: Value[int]
    #: The exponent of Zipf's law by which apps are chosen for updates: 0 is all alike.
    popularity: Value[float]
    #: How many nodes each deploy starts an instance on.
    nodes: Value[int]
    #: Whether nodes pull by a tag, which may have moved on, or by the digest that was pushed; client: as each client
    #: asks by its code.
    reference: Value[Literal["client", "tag", "digest"]]
    #: The share of updates that go back to an older image.
    rollbacks: Value[float]
    #: The part of the deploys whose image is removed from where it was pushed to.
    removals: Value[float]
    #: The streams whose apps are started; else starts have apps of their own.
    of: Value[str]
    #: Whether starts are on more nodes than an app has, as a scale-out, or on those where its deploys start.
    starts_on: Value[Literal["more-nodes", "same-nodes"]]
    #: Whether starts clone a template of their app, so that they pull nothing.
    clones: Value[bool]
    #: Several streams of demand by name, each with keys of its own; else [demand] is the only one.
    streams: Mapping[str, NamedStream]
    #: Whether registries hold at the start the images of the apps that are there.
    warm: Value[bool]
    #: After how long an instance is scaled to zero; without it, it runs until its app is deployed again.
    runs_for: Value[Quantity]
    #: How long an instance that was scaled to zero sleeps until it wakes.
    sleeps_for: Value[Quantity]
    #: How often an instance that was scaled to zero wakes.
    wakes: Value[int]
    #: How long after its deploy ended such an image is removed.
    removed_after: Value[Quantity]
    #: A new kernel with which every app redeploys once.
    kernel_release: KernelRelease
    #: A CSV file of deploys, or its text, instead of drawn ones: a row each, with the column time and, as wanted,
    #: client, app, image, rootfs, nodes, update, push and beside.
    table: Value[str]
    #: Pushes and pulls taken from a log instead of drawn.
    replay: Replay


class Fault(TypedDict, total=False):
    """One thing that breaks: once `at` a time, or again and again with a mean time `between`; it `lasts` so long."""

    #: What breaks: a link, a registry, a node's disk, a clock, or tokens.
    kind: Required[Value[Literal["link-down", "link-degraded", "registry-down", "registry-slow", "node-lost",
        "clock-skew", "swizzle", "tokens-refused"]]]
    #: The links or registries that break, by name.
    target: Required[str | Sequence[str]]
    #: When it breaks, once.
    at: Value[Quantity]
    #: The mean time from one break to the next, instead of a given time.
    between: Value[Quantity]
    #: For how long; of breaks that are drawn, the mean.
    lasts: Value[Quantity]
    #: The part of its capacity that a degraded or swizzled link keeps.
    to: Value[float]
    #: How many times longer a slow registry takes for a request.
    times: Value[float]
    #: How far a skewed clock is ahead.
    ahead: Value[Quantity]
    #: How far a skewed clock is behind.
    behind: Value[Quantity]


class FormatTable(TypedDict, total=False):
    """One format of layers. What is not said is as the format of that name that ships has it, or as of `tar`."""

    #: How many bytes travel for a byte of content.
    wire: Value[float]
    #: How much content one core decompresses; without it nothing is decompressed.
    rate: Value[Quantity]
    #: How many cores one layer that is decompressed uses at once.
    cores: Value[float]
    #: How many bytes unpacking writes for a byte of content.
    written: Value[float]
    #: What a boot takes longer for each GiB of the root filesystem's content.
    boot: Value[Quantity]
    #: How much content one core of a client packs, where clients have `cores`.
    compress: Value[Quantity]
    #: Whether every layer is packed, or the root filesystem and no kernel.
    packs: Value[Literal["all", "rootfs"]]


class Garbage(TypedDict, total=False):
    """When central collects garbage, whether images without a tag go, and how long pushes are refused meanwhile."""

    #: How often central collects garbage; without it, never.
    every: Value[Quantity]
    #: Whether images without a tag are garbage.
    untagged: Value[bool]
    #: How long central refuses pushes each time.
    pause: Value[Quantity]


class Image(TypedDict, total=False):
    """A kind of image; without a kernel it is a ROM. `share` is relative to the other images."""

    #: The part of the apps that are of this kind, relative to the other images' shares.
    share: Value[float]
    #: The size of the kernel, the layer that apps of this kind share; without one the image is a ROM.
    kernel: Value[Quantity]
    #: The size of the root filesystem, the layer that is each app's own.
    rootfs: Required[Value[Quantity]]
    #: In how many layers of equal size the root filesystem is, all of which are new with an update.
    layers: Value[int]
    #: The architectures that it is built for, such as ["amd64", "arm64"], under one index: pushes send all of it, a
    #: node pulls what its own architecture needs. Without it the image runs on every node.
    architectures: Sequence[Quantity]
    #: How root filesystems differ from app to app and from update to update.
    sizes: Sizes
    #: The format in which its layers travel, such as gzip, zstd or erofs; sizes are then those of their content.
    #: Without it layers travel as they are, and nodes unpack nothing.
    format: Value[str]
    #: Whether it has no kernel; said by leaving the kernel out, and here only for readers.
    rom: Value[bool]
    #: From the image on the node until the instance answers.
    boot: Value[Quantity]
    #: The size of the image's config.
    config: Value[Quantity]
    #: The size of the image's manifest.
    manifest: Value[Quantity]
    #: The size of the image's index.
    index: Value[Quantity]


class KernelRelease(TypedDict, total=False):
    """Every app redeploys once with a new kernel, at an instant of its own drawn between `at` and `over` later."""

    #: When the first app redeploys with the new kernel.
    at: Required[Value[Quantity]]
    #: Within what time after that all apps have redeployed.
    over: Value[Quantity]


class Lazy(TypedDict, total=False):
    """How nodes load layers where `policies.load` is lazy."""

    #: Which part of each layer a start reads.
    read_share: Value[float]
    #: How much one read brings: each is a request of its own.
    read: Value[Quantity]
    #: How many reads of a layer are under way at once.
    at_once: Value[int]
    #: Layers that are smaller are fetched whole.
    least: Value[Quantity]
    #: Whether the rest comes in the background, or what the instance reads of it on demand.
    rest: Value[Literal["background", "on-demand"]]
    #: How long after the start is possible the rest begins to come.
    rest_after: Value[Quantity]
    #: No more of the rest is asked for in the background than that; without it, all at once.
    pace: Value[Quantity]
    #: Which part of each layer an instance reads later, on demand.
    later_share: Value[float]
    #: Over what time it reads that.
    later_for: Value[Quantity]
    #: In how many parts the rest is read, on demand or at a pace, evenly over the time.
    bursts: Value[int]


class Link(TypedDict, total=False):
    """A link between two sites or hosts; or, without `between`, what overrides the generated link of its name."""

    #: The sites or hosts that it joins; without them it overrides the generated link of its name.
    between: Sequence[str]
    #: What it carries each way.
    capacity: Value[Quantity]
    #: What it carries from its first end to its second, of a host from the host to its site.
    up: Value[Quantity]
    #: What it carries the other way.
    down: Value[Quantity]
    #: What a month of its capacity costs, of the mean of both directions.
    capacity_month: Value[Quantity]
    #: The round trip over it, twice the delay.
    rtt: Value[Quantity]
    #: The delay over it one way.
    delay: Value[Quantity]
    #: What each byte that crosses it costs, either way.
    price: Value[Quantity]
    #: What the link costs a month, whatever it carries.
    month: Value[Quantity]
    #: Parts of the day, by name, in which it carries other rates.
    schedule: Mapping[str, Window]


class NamedStream(TypedDict, total=False):
    """A stream beside others; the keys that it does not write are those of `[demand]`."""

    #: Whether it pushes and starts images, starts images that are there, or replaces nodes, whose instances start
    #: elsewhere.
    kind: Value[Literal["deploys", "starts", "replacements"]]
    #: Deploys a second, or replaced nodes, the mean over a week; "3/day per node" and "5/h per client" count the nodes
    #: there are, or the stream's clients.
    rate: Value[Quantity]
    #: Whether deploys come at random (poisson) or one after another at even times.
    arrivals: Value[Literal["poisson", "even"]]
    #: The groups of clients that it comes from, by their own shares or with others; else all.
    clients: Value[str]
    #: The kinds of images that it is about, by their own shares or with others; else all.
    images: Value[str]
    #: When it comes, in the time zone of each client's site: "09:00-18:00", or several.
    hours: Value[Quantity]
    #: On which days it comes, such as "Mon-Fri"; else all.
    weekdays: Value[Quantity]
    #: How much comes in each hour relative to others: 24 of the day, or 168 of the week from Monday on, in the time
    #: zone of each client's site.
    weights: Sequence[float]
    #: How much comes outside of the hours and weekdays, as a share of what comes within them.
    outside: Value[float]
    #: A rate that changes over the run.
    ramp: Ramp
    #: How many deploys come at once, each of an app of its own.
    batch: Value[int]
    #: Times of day at which it comes instead of at a rate, in each client's site's zone: "02:00".
    at: Value[Quantity]
    #: A part of the day after which it comes again, from midnight on, instead of at a rate.
    every: Value[Quantity]
    #: Over how long a batch that comes at a time or every so long is spread at random.
    spread: Value[Quantity]
    #: The part of the deploys that update an app that is there; the others are of new ones.
    updates: Value[float]
    #: How many apps there are at the start.
    apps: Value[int]
    #: The exponent of Zipf's law by which apps are chosen for updates: 0 is all alike.
    popularity: Value[float]
    #: How many nodes each deploy starts an instance on.
    nodes: Value[int]
    #: Whether nodes pull by a tag, which may have moved on, or by the digest that was pushed; client: as each client
    #: asks by its code.
    reference: Value[Literal["client", "tag", "digest"]]
    #: The share of updates that go back to an older image.
    rollbacks: Value[float]
    #: The part of the deploys whose image is removed from where it was pushed to.
    removals: Value[float]
    #: The streams whose apps are started; else starts have apps of their own.
    of: Value[str]
    #: Whether starts are on more nodes than an app has, as a scale-out, or on those where its deploys start.
    starts_on: Value[Literal["more-nodes", "same-nodes"]]
    #: Whether starts clone a template of their app, so that they pull nothing.
    clones: Value[bool]


class NodeGroup(TypedDict, total=False):
    """Nodes that are alike: each a host with its own registry and instances; a `cold` one starts empty."""

    #: The site that the host is at, a key of [sites].
    site: Value[str]
    #: What the host's line carries each way.
    capacity: Value[Quantity]
    #: What it carries from its first end to its second, of a host from the host to its site.
    up: Value[Quantity]
    #: What it carries the other way.
    down: Value[Quantity]
    #: What a month of its capacity costs, of the mean of both directions.
    capacity_month: Value[Quantity]
    #: The round trip between the host and its site.
    rtt: Value[Quantity]
    #: The delay over it one way.
    delay: Value[Quantity]
    #: The most that one TCP connection to or from the host has under way.
    window: Value[Quantity]
    #: How many requests the registry serves at once; further ones queue.
    workers: Value[int]
    #: How long a worker takes for one request, waits and bytes apart.
    request_time: Value[Quantity]
    #: Whether each request takes the request time, or an exponential time of that mean.
    service: Value[Literal["fixed", "exponential"]]
    #: How fast the registry's disk moves bytes, reads and writes together.
    disk: Value[Quantity]
    #: How fast the registry commits a blob that has come, before it answers; without it, at once.
    commit_rate: Value[Quantity]
    #: How long after a tag came or went the registry's list of images shows it.
    list_lag: Value[Quantity]
    #: Within what this registry knows a layer again; without it, as policies.dedup says. zot: registry, since it
    #: answers for a blob that any of its repositories holds.
    dedup: Value[Literal["none", "repository", "account", "registry"]]
    #: Whether nodes pull from the registry without a token; else each pull is refused first and gets one.
    anonymous: Value[bool]
    #: How long the registry's blob store takes to keep a blob whose last byte has come.
    store: Value[Quantity]
    #: Whether connections to the registry open with a TLS handshake.
    tls: Value[bool]
    #: How long a token that the registry gave is good.
    token_life: Value[Quantity]
    #: The most that the registry keeps; without it, all there is.
    storage: Value[Quantity]
    #: How many requests, or pulls, it answers before it says 429.
    limits: RateLimits
    #: What each of these hosts costs a month.
    month: Value[Quantity]
    #: How many nodes the group has.
    count: Value[int]
    #: How long a node's blob store takes until a blob's first byte.
    first_byte: Value[Quantity]
    #: How many pulls a node makes at once, further ones wait; without it, all. kubelet makes one, unless
    #: serializeImagePulls is false, then maxParallelImagePulls.
    parallel_pulls: Value[int]
    #: How many pulls a node may begin, further ones fail and are started again; without it, all. kubelet's
    #: registryPullQPS, 5/s by default.
    pull_rate: Value[Quantity]
    #: How many of them it may begin at once.
    pull_burst: Value[int]
    #: How long after it came an image goes from a node of this group; without it, as policies.ttl says.
    ttl: Value[Quantity]
    #: Whom the nodes pull from: central, or a cache by its key in [caches].
    upstream: Value[str]
    #: The nodes' architecture: what they pull of images that are built for several.
    architecture: Value[str]
    #: Whether the nodes start empty while the rest of the world is warm.
    cold: Value[bool]
    #: How many cores a node has for unpacking layers, where an image's format has them unpacked.
    cores: Value[int]
    #: Whether a node unpacks layers one after another, each once it is fetched, or each as soon as it is fetched, or
    #: each while it is fetched.
    unpack: Value[Literal["in-order", "parallel", "streamed"]]
    #: In how many parts, over a connection each, a node fetches a layer from its upstream.
    ranges: Value[int]
    #: What each of these nodes counts in the placement weighted, beside the other nodes' weights.
    weight: Value[float]


class Origin(TypedDict, total=False):
    """Clients whose address in the log begins with `addresses` are the hosts of `group`, a key of nodes or clients."""

    #: How the addresses of these clients begin in the log.
    addresses: Required[Value[str]]
    #: The group whose hosts they are: a key of nodes or clients, or nodes/KEY or clients/KEY.
    group: Required[Value[str]]


class Policies(TypedDict, total=False):
    """The rules under comparison; `route` may be a mix of rules by share. `ttl` is that of nodes without their own."""

    #: Where a push goes, by a rule or by a mix of rules with shares.
    route: Rule
    #: Which nodes run a deploy's instances.
    placement: Rule
    #: Share of the deploys that the platform starts on another node than the one chosen to be pushed to.
    elsewhere: Value[float]
    #: Whether clients create the instance at once after a push, or poll until the platform has the image; client: as
    #: each does by its code.
    create: Value[Literal["client", "at-once", "poll"]]
    #: Whether a node gets an image's config before its layers, or beside them.
    configs: Value[Literal["first", "beside"]]
    #: How long a start waits for its image, and a client that polls for the node to have it.
    patience: Value[Quantity]
    #: How an image that was pushed to one node reaches the other nodes of its deploy.
    fanout: Rule
    #: Whether images bring their kernel, or boot on the one that their node has installed; a kernel's release is then a
    #: package for each node, and redeploys nothing.
    kernels: Value[Literal["image", "node"]]
    #: How a root filesystem is cut into what registries store as separate blobs.
    chunking: Rule
    #: Which registries a node fetches a layer from.
    source: Rule
    #: Which image a registry without room drops first.
    eviction: Rule
    #: How long after it came an image goes from a node; without it, images stay.
    ttl: Value[Quantity]
    #: Whether a node keeps an image that central does not have yet, whatever else says that it goes.
    keep_unsynced: Value[bool]
    #: Which of two publishes of one tag wins where registries disagree.
    conflict: Rule
    #: Within what a registry knows a layer again, so that it is not sent twice.
    dedup: Value[Literal["none", "repository", "account", "registry", "fleet"]]
    #: Whether pulls of one image on one node that overlap are one fetch.
    coalesce: Value[bool]
    #: How registries copy from each other.
    sync: Sync
    #: Whether a node has all of an image's layers before an instance starts, or reads on demand.
    load: Value[Literal["whole", "lazy"]]
    #: How nodes start instances before layers are there, and load the rest.
    lazy: Lazy
    #: When central collects garbage.
    garbage: Garbage
    #: When a node asks central what a tag means.
    tags: Tags


class Prices(TypedDict, total=False):
    """For each registry, central's included, and hour of `run.duration`; for what nodes keep at the end, and month."""

    #: What each registry costs for an hour, central's included.
    registry_hour: Value[Quantity]
    #: What a month of what nodes keep costs.
    disk_month: Value[Quantity]
    #: What a month of capacity costs on each link between sites that names no price of its own.
    wan_capacity_month: Value[Quantity]
    #: What a month of capacity costs on the line of central and of each node that names no price of its own.
    registry_capacity_month: Value[Quantity]
    #: What a month of capacity costs on the line of each client that names no price of its own.
    client_capacity_month: Value[Quantity]
    #: What central costs a month if it names no price of its own.
    central_month: Value[Quantity]
    #: What each node or cache costs a month that names no price of its own.
    node_month: Value[Quantity]
    #: Prices of traffic by direction and purpose, by any name.
    traffic: Mapping[str, Tariff]


class Ramp(TypedDict, total=False):
    """A rate that goes evenly `to` another over some time, and stays there."""

    #: The rate in the end.
    to: Required[Value[Quantity]]
    #: When the rate begins to change, from the start of the run.
    at: Value[Quantity]
    #: How long it takes from the stream's rate to the one in the end.
    over: Required[Value[Quantity]]


class RateLimit(TypedDict, total=False):
    """A token bucket: `burst` tokens at most, that come back at `rate`."""

    #: How many tokens come back, such as 20/s or 400/day.
    rate: Required[Value[Quantity]]
    #: How many tokens the bucket holds at most, and at the start.
    burst: Required[Value[int]]
    #: Whether every request takes a token, or only the one for a manifest, once a pull, as at Docker Hub.
    counts: Value[Literal["requests", "pulls"]]


class RateLimits(TypedDict, total=False):
    """What a registry limits, each with a bucket of its own for everybody whom it tells apart."""

    #: Of all who ask it together.
    registry: RateLimit
    #: Of each account, by the repository that is asked for.
    account: RateLimit
    #: Of each machine that asks.
    address: RateLimit
    #: Of all machines of a site, as behind one address.
    site: RateLimit


class Replay(TypedDict, total=False):
    """Pushes and pulls as they were logged, `speed` times as fast, from `since` until before `until`."""

    #: The log's file, from the scenario's folder.
    log: Required[Value[str]]
    #: The log's format; without it, its first lines decide.
    format: Value[Literal["combined", "distribution", "fast18", "json", "operations"]]
    #: The server's own format string of the log, for lines that are not recognised.
    fields: Value[str]
    #: How many times as fast as it was logged demand comes.
    speed: Value[float]
    #: The time at which the replay begins; what was pushed before is in the registry at its start.
    since: Value[str]
    #: The time before which the replay ends.
    until: Value[str]
    #: The part of the requests that may be unreadable before the log is refused.
    malformed: Value[float]
    #: Which of the log's clients are which hosts, by any name.
    origins: Mapping[str, Origin]
    #: Whether pushes and pulls go as they were logged, or pushes are deploys that go by the policies.
    route: Value[Literal["logged", "policies"]]
    #: How long an instance of a logged image takes to boot where pushes go by the policies.
    boot: Value[Quantity]
    #: Whether clients keep the blobs that they pulled.
    cache: Value[bool]
    #: Whether clients get an image's config again with each pull.
    configs: Value[bool]
    #: How long a client takes before its first request.
    start: Value[Quantity]
    #: The size of a blob whose size the log does not say.
    unknown: Value[Quantity]


class Run(TypedDict, total=False):
    """What is asked of the simulator: how long, from which seed, how often, against which variant."""

    #: The question in a few words, which heads tables and figures.
    title: Value[str]
    #: For how long deploys are asked for; the run goes on until the last of them has ended.
    duration: Value[Quantity]
    #: When the run begins, in UTC: a weekday with a time, or a date with a time.
    start: Value[Quantity]
    #: The number from which all random draws come: the same one gives the same rows.
    seed: Value[int]
    #: How many runs, each with draws of its own, stand behind a mean and its interval.
    runs: Value[int]
    #: The variant that the others are compared with; the first one unless it is named.
    baseline: Value[str]
    #: Whether requests in a row with nothing to decide between them are one wait (phases), or each one.
    detail: Value[Literal["phases", "requests"]]
    #: How bodies of bytes cross links: as flows that share them, or packet by packet, which takes far longer.
    wire: Value[Literal["fluid", "packets"]]
    #: The packets that a run on packets may take by an estimate; a larger one is refused before it begins.
    max_packets: Value[int]
    #: The memory that a run may take by an estimate; a larger one is refused before it begins.
    memory: Value[Quantity]
    #: A folder with rules of your own, KIND/NAME.py, from the scenario's folder; without it, those that ship.
    policies_path: Value[str]
    #: Whether the world's invariants are checked while it runs.
    audit: Value[bool]
    #: Deploys asked for before this time count in no latency.
    warm_up: Value[Quantity]
    #: Whether the question is about a steady state, so that more of the beginning is left out as MSER-5 says.
    steady_state: Value[bool]


class Site(TypedDict, total=False):
    """A place on the network, where hosts are; its position serves drawing and latency from distance."""

    #: Degrees north of the equator, south is negative.
    latitude: Value[float]
    #: Degrees east of Greenwich, west is negative.
    longitude: Value[float]
    #: The time zone by which its clients keep hours: "Europe/Berlin", or an offset from UTC such as "+05:30".
    timezone: Value[Quantity]


class Sizes(TypedDict, total=False):
    """How the root filesystems of one kind of image differ."""

    #: What 95 % of the root filesystems are below, if lognormal.
    p95: Value[Quantity]
    #: The sizes that root filesystems have, each as often.
    list: Sequence[Quantity]
    #: A CSV file of sizes, from the scenario's folder.
    file: Value[str]
    #: The heading of that file's column.
    column: Value[str]
    #: Whether an app keeps its size, or each of its images has another.
    per: Value[Literal["app", "update"]]
    #: What 95 % of updates are below, as a multiple of their app's size.
    update_p95: Value[float]
    #: What no root filesystem is larger than, if they are lognormal.
    most: Value[Quantity]


class Sync(TypedDict, total=False):
    """How registries copy from each other: when, to whom, how many at once, how fast, and what follows a break."""

    #: When a copy of what was pushed to a node goes to central.
    to_central: Rule
    #: When a copy of what was published goes to nodes that did not ask for it.
    to_nodes: Rule
    #: Whether such copies go to the nodes that hold the repository, or to all.
    targets: Value[Literal["holders", "all"]]
    #: From a publish until the copying job that it causes may begin.
    delay: Value[Quantity]
    #: How many copying jobs are under way at once.
    workers: Value[int]
    #: How many of them to one registry; without it there is no such limit.
    target_workers: Value[int]
    #: Whether jobs wait for workers in one queue, where a slow target holds up the others, or one per target.
    queue: Value[Literal["shared", "per-target"]]
    #: Whether the blobs of an image are copied one after another or side by side.
    references: Value[Literal["series", "parallel"]]
    #: Whether a copy to a node brings an image for all its architectures, or for the node's alone.
    platforms: Value[Literal["all", "node"]]
    #: The tool that copies, with its requests, mounts and blobs at once; without it, containerd's requests.
    client: Value[Literal["dregsy", "ocync", "regsync", "skopeo"]]
    #: The most that one job copies with; without it there is no such limit.
    job_rate: Value[Quantity]
    #: The most that all jobs together copy to one registry with; without it there is no such limit.
    target_rate: Value[Quantity]
    #: The most that all jobs together copy from one site to another with; without it there is no such limit.
    leg_rate: Value[Quantity]
    #: How often a job that broke off is tried again before it is given up.
    retries: Value[int]
    #: The wait before the first such try, doubled for each that follows.
    backoff: Value[Quantity]
    #: Whether a job that broke off keeps its worker and goes on where the blob broke, or queues again.
    resume: Value[bool]
    #: Whether an image that is removed at one registry is removed at the others too.
    deletions: Value[bool]


class Tags(TypedDict, total=False):
    """When a node asks central what a tag means, and whether a reference's host says where it is looked up."""

    #: Whether a node asks central what a tag means every time, or only when it has no such tag.
    check: Value[Literal["upstream", "absent"]]
    #: Whether a start looks at its node and at central, or where the reference's host says.
    look: Value[Literal["registries", "host"]]


class Tariff(TypedDict, total=False):
    """What some traffic costs: where it is counted, in which direction, for what, and its price or tiers."""

    #: Who pays: central, or a group of nodes or clients.
    hosts: Value[str]
    #: The site whose border the traffic crosses.
    site: Value[str]
    #: The link that carries the traffic.
    link: Value[str]
    #: The two sites that it goes between, "*" for any.
    between: Sequence[str]
    #: Which way counts: egress leaves the hosts, the site or the first end.
    direction: Required[Value[Literal["egress", "ingress", "both"]]]
    #: Whether pushes, pulls or syncs count.
    purpose: Sequence[Literal["push", "pull", "sync"]]
    #: What each byte costs, where there are no tiers.
    price: Value[Quantity]
    #: Prices that change with a month's bytes, lowest first.
    tiers: Sequence[Tier]


class Tcp(TypedDict, total=False):
    """What hosts' TCP does on links that others use, too, and about an outage on each connection that it interrupts."""

    #: How connections share a full link: evenly, or as large as their congestion windows are.
    shares: Value[Literal["even", "windows"]]
    #: The congestion control by which connections share, and come back after an outage.
    congestion: Value[Literal["cubic", "bbr"]]
    #: Whether bodies side by side find their connections open, open each but the first when they need it, or share one
    #: connection with one window, as over HTTP/2.
    parallel: Value[Literal["open", "opened", "shared"]]
    #: How long packets wait before a link that a flow fills, which retransmission time-outs allow for; what comes to a
    #: full queue is dropped.
    queue: Value[Quantity]
    #: How often a connection in use times out before its host gives it up.
    retries: Value[int]
    #: How often a host tries again to open a connection before it gives up.
    syn_retries: Value[int]


class Tier(TypedDict, total=False):
    """The price of a month's bytes beyond the tiers before, `upto` so many; the last tier has no end."""

    #: Up to how many bytes a month this price holds.
    upto: Value[Quantity]
    #: What each further byte costs.
    price: Required[Value[Quantity]]


_WindowWords = TypedDict("_WindowWords", {"from": Required[Value[Quantity]]}, total=False)


class Window(_WindowWords, total=False):
    """A part of every day, `from` one time `until` another, in which a link carries other rates than its own."""

    #: What it carries each way.
    capacity: Value[Quantity]
    #: What it carries from its first end to its second, of a host from the host to its site.
    up: Value[Quantity]
    #: What it carries the other way.
    down: Value[Quantity]
    #: The time of day, in UTC, at which it ends; earlier is the next day's.
    until: Required[Value[Quantity]]


class Document(TypedDict, total=False):
    """A whole scenario."""

    #: What is asked of the simulator: how long, from which seed, how often.
    run: Run
    #: The shape of the network between hosts and sites, and its parameters.
    topology: Mapping[str, Any]
    #: Places on the network, by name, where hosts are.
    sites: Mapping[str, Site]
    #: Links that join two ends, and what overrides links that the shape generates, by name.
    links: Mapping[str, Link]
    #: The central registry and the host that it is on.
    central: Central
    #: Groups of nodes that are alike, by name; each node has its own registry and instances.
    nodes: Mapping[str, NodeGroup]
    #: Registries that nodes pull through on the way to central, by name.
    caches: Mapping[str, Cache]
    #: Groups of machines that deploy, by name.
    clients: Mapping[str, ClientGroup]
    #: Kinds of image that are deployed, by reference, such as app or "registry.example/app:1.2".
    images: Mapping[str, Image]
    #: Formats of layers, by name, where their figures are not those that ship.
    formats: Mapping[str, FormatTable]
    #: What is asked of the registries: how many deploys, of which apps, on how many nodes.
    demand: Demand
    #: The rules under comparison: where pushes go, how images spread, what registries keep.
    policies: Policies
    #: What breaks, by name, at a time that is given or drawn.
    faults: Mapping[str, Fault]
    #: How connections share links, and outlast those that are down.
    tcp: Tcp
    #: What registries and traffic cost.
    prices: Prices
    #: What must hold of every answer, by name, as `--until` has it: METRIC < LIMIT.
    thresholds: Mapping[str, str]
    #: What is compared, by name: each a table of overrides, with dotted keys or tables within.
    variants: Mapping[str, Any]
