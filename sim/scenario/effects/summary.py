"""What a scenario's demand comes to, whether it is synthetic, listed or replayed: which clients deploy which images,
on how many nodes, and whether anything is removed or started without a push.

Only what a scenario's text says before any draw is made: bounds, not counts. Left out: when anything is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.registry.clients import PROFILES, Profile
from sim.scenario.model.demand import Stream
from sim.scenario.model.deploylist import DeployList, clients_meant, read_list
from sim.scenario.model.images import Image, SizesError
from sim.scenario.model.root import Model
from sim.scenario.model.shares import client_shares, image_shares


def listed(model: Model) -> DeployList | None:
    """The table of deploys, None where there is none or it can't be read, which a check says."""
    if model.demand.table is None:
        return None
    try:
        read = read_list(model.demand.table, model.folder)
    except (OSError, UnicodeDecodeError):
        return None
    return None if read.problems else read


def as_logged(model: Model) -> bool:
    """Whether a log says where pushes go and who pulls."""
    return model.demand.replay is not None and model.demand.replay.route == "logged"


def packaged_bytes(model: Model) -> frozenset[int]:
    """The sizes of the packages that bring a new kernel to every node, where nodes have it installed; bytes."""
    demand = model.demand
    if model.policies.kernels != "node" or demand.kernel_release is None or demand.replay is not None:
        return frozenset()
    kinds = {key for _, stream in demand.pushed_to() for key in image_shares(model, stream)}
    return frozenset(size_bytes for key in kinds if (size_bytes := model.images[key].kernel_bytes))


def most_nodes(model: Model) -> int:
    """On how many nodes a deploy starts at most."""
    read = listed(model)
    if read is None:
        packages = [sum(group.count for group in model.nodes.values())] if packaged_bytes(model) else []
        return max([stream.nodes for _, stream in model.demand.pushed_to()] + packages, default=1)
    return max(model.demand.nodes if count is None else count for count in read.column("nodes"))


def clients(model: Model) -> frozenset[str]:
    """The groups of clients, by key, of which any deploys; in a log any may."""
    if model.demand.replay is not None:
        return frozenset(model.clients)
    read = listed(model)
    if read is None:
        streams = [one for one in model.demand.named().values() if one.kind != "replacements"]
        return frozenset(key for stream in streams for key in client_shares(model, stream))
    drawn = frozenset(key for key, group in model.clients.items() if group.share)
    words = set(read.column("client"))
    hosts = {host for word in words if word is not None for names in clients_meant(model, word) for host in names}
    named = {key for key in model.clients if hosts & set(model.host_names.of("clients", key))}
    return drawn | named if None in words else frozenset(named)


def images(model: Model) -> Sequence[tuple[int, int]]:
    """(rootfs, kernel) of each kind of image that is deployed, in bytes; 0 is no kernel, or one that nodes have.

    Of a kind whose sizes vary or are listed, the smallest and the largest; of what a log pushes only the bounds are
    known, from one byte to more than anybody asks about.
    """
    if model.demand.replay is not None:
        return [(1, 0), (1 << 62, 0)]
    read = listed(model)
    found: dict[tuple[int, int], None] = dict.fromkeys((size_bytes, 0) for size_bytes in packaged_bytes(model))
    brings = model.policies.kernels == "image"
    if read is None:
        for _, stream in model.demand.pushed_to():
            for key in image_shares(model, stream):
                image = model.images[key]
                for rootfs_bytes in spanned_bytes(image):
                    found[rootfs_bytes, (brings and image.kernel_bytes) or 0] = None
        return list(found)
    sizes: dict[str | None, list[int | None]] = {}
    for word, own_bytes in set(zip(read.column("image"), read.column("rootfs"), strict=True)):
        sizes.setdefault(word, []).append(own_bytes)
    for word, listed_bytes in sizes.items():
        written = [own_bytes for own_bytes in listed_bytes if own_bytes is not None]
        for kind in model.images.values() if word is None else [model.images[word]]:
            spanned = spanned_bytes(kind) if None in listed_bytes else ()
            for rootfs_bytes in (*spanned, *((min(written), max(written)) if written else ())):
                found[rootfs_bytes, (brings and kind.kernel_bytes) or 0] = None
    return list(found)


def spanned_bytes(image: Image) -> tuple[int, ...]:
    """The root filesystem's size; where sizes vary, the least and the most that is worth asking about."""
    if image.sizes is None:
        return (image.rootfs_bytes,)
    try:
        given = image.sizes.given_bytes()
    except SizesError:  # a check says so
        given = None
    return (min(given), max(given)) if given else (1, 2**62)


class DemandSummary(NamedTuple):
    """What the streams of a scenario ask for together.

    `most` is on how many nodes a deploy starts, `reach` on how many an app may be, with those beside its own; `known`
    says whether apps are there at the start, `removes` whether an image is removed, `by_digest` whether every instance
    names its image by digest, `starts` whether instances start without a push, `pushes` whether any are pushed.
    """

    most: int
    reach: int
    known: bool
    removes: bool
    by_digest: bool
    starts: bool
    pushes: bool


def demand_summary(model: Model) -> DemandSummary:
    """What a scenario's streams ask for together."""
    demand = model.demand
    if demand.replay is not None:
        most = most_nodes(model)
        return DemandSummary(
            most, most, True, demand.removals > 0, pins(model, demand.reference), starts=False, pushes=True
        )
    streams = [*model.demand.named().values()]
    owners = [stream for _, stream in model.demand.pushed_to()]
    read, most = listed(model), most_nodes(model)
    if read is not None:
        starts = False in read.column("push")
        more = max((count or 0 for count in read.column("beside")), default=0)
        named = all(one.digest for one in model.references.values())
        by_digest = named or (not starts and pins(model, demand.reference)) or demand.reference == "digest"
        return DemandSummary(most, most + more, True, demand.removals > 0, by_digest, starts, pushes=True)
    beside = [1 if one.kind == "replacements" else one.nodes for one in streams if one.kind != "deploys"]
    return DemandSummary(
        most=most,
        reach=most + max(beside, default=0),
        known=any(stream.apps for stream in owners),
        removes=any(stream.removals for stream in streams if stream.kind == "deploys"),
        by_digest=all(_by_digest(model, stream) for stream in streams),
        starts=any(stream.kind != "deploys" for stream in streams),
        pushes=bool(packaged_bytes(model)) or any(stream.kind == "deploys" for stream in streams),
    )


def pins(model: Model, reference: str) -> bool:
    """Whether what any client pushes is started by its digest, under `demand.reference` or a stream's own."""
    return reference == "digest" or (reference == "client" and all(one.pins for one in _profiles(model)))


def polls(model: Model) -> bool:
    """Whether any client polls, after a push to central, until the platform has the image."""
    create = model.policies.create
    return create == "poll" or (create == "client" and any(one.polls for one in _profiles(model)))


def _profiles(model: Model) -> list[Profile]:
    """The clients that deploy; one that is not known is another check's to name."""
    asking = clients(model)
    named = [group.profile for key, group in model.clients.items() if key in asking]
    return [PROFILES[name] for name in named if name in PROFILES]


def _by_digest(model: Model, stream: Stream) -> bool:
    """Whether all that a stream deploys is named by digest: by the stream, or by the names of all of its images."""
    if stream.reference == "digest" or (stream.kind == "deploys" and pins(model, stream.reference)):
        return True
    return (
        stream.kind != "replacements"
        and stream.of is None
        and all(model.references[key].digest for key in image_shares(model, stream))
    )
