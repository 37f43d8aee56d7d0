"""What a scenario's demand asks for, whether it is drawn or listed: which clients, which images, on how many nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.scenario.effects import summary as demands
from sim.scenario.model.deploylist import Pushes, clients_meant, read_table
from sim.scenario.model.images import Image, SizesError
from sim.scenario.model.root import Tables
from sim.scenario.model.shares import client_shares, image_shares


def listed(tables: Tables) -> Pushes | None:
    """The table of deploys, None where there is none or it can't be read, which a check says."""
    if tables.demand.table is None:
        return None
    try:
        read = read_table(tables.demand.table, tables.folder)
    except (OSError, UnicodeDecodeError):
        return None
    return None if read.slips else read


def as_logged(tables: Tables) -> bool:
    """Whether a log says where pushes go and who pulls."""
    return tables.demand.replay is not None and tables.demand.replay.route == "logged"


def most_nodes(tables: Tables) -> int:
    """On how many nodes a deploy starts at most."""
    read = listed(tables)
    if read is None:
        return max([stream.nodes for _, stream in tables.demand.pushed_to()], default=1)
    return max(tables.demand.nodes if count is None else count for count in read.column("nodes"))


def clients(tables: Tables) -> frozenset[str]:
    """The groups of clients, by key, of which any deploys; in a log any may."""
    if tables.demand.replay is not None:
        return frozenset(tables.clients)
    read = listed(tables)
    if read is None:
        streams = [one for one in tables.demand.named().values() if one.kind != "replacements"]
        return frozenset(key for stream in streams for key in client_shares(tables, stream))
    drawn = frozenset(key for key, group in tables.clients.items() if group.share)
    words = set(read.column("client"))
    hosts = {host for word in words if word is not None for names in clients_meant(tables, word) for host in names}
    named = {key for key in tables.clients if hosts & set(tables.host_names.of("clients", key))}
    return drawn | named if None in words else frozenset(named)


def images(tables: Tables) -> Sequence[tuple[int, int]]:
    """(rootfs, kernel) of each kind of image that is deployed, in bytes; no kernel is 0.

    Of a kind whose sizes vary or are listed, the smallest and the largest; of what a log pushes only the bounds are
    known, from one byte to more than anybody asks about.
    """
    if tables.demand.replay is not None:
        return [(1, 0), (1 << 62, 0)]
    read = listed(tables)
    found: dict[tuple[int, int], None] = {}
    if read is None:
        for _, stream in tables.demand.pushed_to():
            for key in image_shares(tables, stream):
                image = tables.images[key]
                for rootfs_bytes in spanned_bytes(image):
                    found[rootfs_bytes, image.kernel_bytes or 0] = None
        return list(found)
    sizes: dict[str | None, list[int | None]] = {}
    for word, own_bytes in set(zip(read.column("image"), read.column("rootfs"), strict=True)):
        sizes.setdefault(word, []).append(own_bytes)
    for word, listed_bytes in sizes.items():
        told = [own_bytes for own_bytes in listed_bytes if own_bytes is not None]
        for kind in tables.images.values() if word is None else [tables.images[word]]:
            spanned = spanned_bytes(kind) if None in listed_bytes else ()
            for rootfs_bytes in (*spanned, *((min(told), max(told)) if told else ())):
                found[rootfs_bytes, kind.kernel_bytes or 0] = None
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


class Asks(NamedTuple):
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


def asks(tables: Tables) -> Asks:
    """What a scenario's streams ask for together."""
    demand = tables.demand
    if demand.replay is not None:
        most = demands.most_nodes(tables)
        return Asks(most, most, True, demand.removals > 0, demand.reference == "digest", starts=False, pushes=True)
    streams = [*tables.demand.named().values()]
    owners = [stream for _, stream in tables.demand.pushed_to()]
    read, most = demands.listed(tables), demands.most_nodes(tables)
    if read is not None:
        starts = False in read.column("push")
        more = max((count or 0 for count in read.column("beside")), default=0)
        return Asks(most, most + more, True, demand.removals > 0, demand.reference == "digest", starts, pushes=True)
    beside = [1 if one.kind == "replacements" else one.nodes for one in streams if one.kind != "deploys"]
    return Asks(
        most=most,
        reach=most + max(beside, default=0),
        known=any(stream.apps for stream in owners),
        removes=any(stream.removals for stream in streams if stream.kind == "deploys"),
        by_digest=all(stream.reference == "digest" for stream in streams),
        starts=any(stream.kind != "deploys" for stream in streams),
        pushes=any(stream.kind == "deploys" for stream in streams),
    )
