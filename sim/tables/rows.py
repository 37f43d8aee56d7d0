"""Everything a run observes: the tables' columns, and the metrics made from them, with units and meaning.

Statistics read these tables and never look inside a run's state. What the digest of a run is made of is said here, too.
Left out: how metrics are made (`sim.accounting.metrics`), and their names by group and by fault (`metric_names`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from sim.tables.codes import Codes, LazyTexts
from sim.tables.columns import Column, Table
from sim.tables.lanes import BESIDE
from sim.tables.registry_rows import DROPS, LIMITS, LISTS, REGISTRIES, TURNS

#: The consecutive parts of a deploy's latency, in the order in which they are first entered.
PHASES: Final = ("login", "checks", "upload", "commit", "sync_wait", "pull", "boot")
LOGIN, CHECKS, UPLOAD, COMMIT, SYNC_WAIT, PULL, BOOT = range(len(PHASES))

#: The route of a deploy that pushes nothing and starts an image that is there.
START: Final = "start"

PHASE_MEANINGS: Final[Mapping[str, str]] = {
    "login": "fetching a kernel to build with where none is, opening the connection, the version check, and the token",
    "checks": "asking which tags and blobs the registry has",
    "upload": "packing the blobs that the registry lacks, where that takes a client time, opening uploads, sending the "
    "blobs, and closing the uploads",
    "commit": "the manifest and the index, until the registry has published the tag",
    "sync_wait": "from the publish until the node looks for the image: its answer's way back, the request that creates "
    "the instance, and waiting until the image is where it is needed",
    "pull": "resolving the reference and fetching what the node lacks, or joining a fetch under way; and unpacking it, "
    "where the image's format asks for that",
    "boot": "reading the image on the node and booting the instance",
}

#: What counts as waiting, in a phase.
WAITING: Final = "all that the same steps would not have taken on idle, whole links and registries"

DEPLOYS: Final = (
    Column("deploy", "int", "number of the deploy in the demand, from 0"),
    Column("asked_s", "float", "when the client started it"),
    Column("ended_s", "float", "when its last instance was ready, or when it failed"),
    Column("client", "text", "host that pushed, or that asked for the start"),
    Column("site", "text", "site of that client"),
    Column("repository", "text", "repository of the image"),
    Column("image", "text", "kind of image, a key of [images]"),
    Column("route", "text", "where the push went: central, node-direct or both; start where nothing was pushed"),
    Column("update", "bool", "whether the repository existed before"),
    Column("kernel", "int", "number of its kernel's release, from 0"),
    Column("nodes", "int", "nodes it starts instances on"),
    Column("failed", "bool", "whether any part of it failed"),
    Column("reason", "text", "why it failed, empty if it did not"),
    Column("latency_s", "float", "from the client's start to the last instance ready; infinite when failed"),
    Column("client_latency_s", "float", "from the client's start until creating the instance is accepted, or never"),
    Column(
        "push_s",
        "float",
        "from the client's start until it knows that the push is published, or never; NaN for a start",
    ),
    Column("longest_pull_s", "float", "longest pull among its nodes; infinite if one of them never had the image"),
    *(Column(f"{phase}_s", "float", PHASE_MEANINGS[phase]) for phase in PHASES),
    *(Column(f"{phase}_waited_s", "float", f"the part of {phase}_s that was waiting: {WAITING}") for phase in PHASES),
    Column("pushed_bytes", "int", "bytes its push sent, metadata included"),
    Column("pulled_bytes", "int", "bytes its nodes fetched, metadata included"),
    Column("saved_bytes", "int", "layer bytes skipped or mounted because the receiver had them"),
    Column("coalesced_bytes", "int", "layer bytes its pulls did not fetch because a fetch was under way"),
    Column("stale_starts", "int", "instances that booted an older digest than their tag then meant"),
    Column(
        "fleet_lag_s", "float", "from its publish until the last of its nodes had the image, or never; NaN for a start"
    ),
)

TRANSFERS: Final = (
    Column("deploy", "int", "number of the deploy that caused it"),
    Column("purpose", "text", "push, pull or sync"),
    Column("content", "text", "kernel, rootfs or metadata"),
    Column("source", "text", "host that sent it"),
    Column("target", "text", "host that received it"),
    Column("wan", "bool", "whether it crossed between sites"),
    Column("started_s", "float", "when its first byte could leave"),
    Column("ended_s", "float", "when its last byte had left"),
    Column("size_bytes", "int", "bytes of the blob, or of the metadata sent together"),
    Column(
        "waited_s",
        "float",
        "its duration less what it takes on idle, whole links, beside its image's other blobs alone",
    ),
    Column("shared", "bool", "whether it had to share a link's capacity on its way, or that changed under it"),
    Column("lane", "int", "number of its lane: transfers of one lane crossed the same links"),
    Column("bound_by", "text", "what held it back the longest: a link, a disk, its own cap; empty for small bodies"),
    Column("bound_s", "float", "for how long that did"),
)

LINKS: Final = (
    Column("link", "text", "name of one direction of a link, NAME-up or NAME-down"),
    Column("tail", "text", "where it starts"),
    Column("head", "text", "where it ends"),
    Column("capacity_Bps", "float", "capacity at the start of the run, bytes per second"),
    Column("wan", "bool", "whether it joins two sites"),
    Column("push_bytes", "int", "bytes carried for pushes"),
    Column("pull_bytes", "int", "bytes carried for pulls"),
    Column("sync_bytes", "int", "bytes carried for syncs"),
    Column("kernel_bytes", "int", "bytes of kernels among them"),
    Column("rootfs_bytes", "int", "bytes of root filesystems among them"),
    Column("metadata_bytes", "int", "bytes of configs, manifests and indexes among them"),
    Column("mean_utilisation", "float", "share used of what it could carry over the run"),
    Column("peak_utilisation", "float", "the same in its busiest minute"),
    Column("full_s", "float", "how long some transfer would have taken more of it"),
    Column("bound_s", "float", "how long it held transfers back, summed over transfers"),
    Column("cost_usd", "float", "bytes carried times the link's price"),
)

UTILISATION: Final = (
    Column("link", "text", "name of one direction of a link, of a registry's disk, or of a cap on copies"),
    Column("from_s", "float", "when the minute begins; minutes in which nothing was carried have no row"),
    Column("carried_bytes", "int", "bytes carried in it; of a node's cores, NODE-cpu, nanoseconds of one core"),
    Column("mean_utilisation", "float", "share used of what it could carry in it"),
)

SYNCS: Final = (
    Column("deploy", "int", "number of the deploy that published the image"),
    Column("repository", "text", "repository of the image"),
    Column("source", "text", "registry it was pushed to"),
    Column("target", "text", "registry it was copied to"),
    Column("published_s", "float", "when the source published it"),
    Column("started_s", "float", "when the copying began"),
    Column("committed_s", "float", "when the target published it, or the job gave up"),
    Column("lag_s", "float", "from one publish to the other; infinite if the job gave up, NaN if it was there already"),
    Column("size_bytes", "int", "bytes copied, metadata included"),
    Column("saved_bytes", "int", "layer bytes not copied because the target had them"),
    Column("state", "text", "what became of it: committed, stale (another publish has the tag) or failed"),
    Column("attempts", "int", "how often the job was tried"),
)

STARTS: Final = (
    Column("deploy", "int", "number of the deploy whose instance it is"),
    Column("node", "text", "where it starts"),
    Column("kind", "text", "deploy, or wake where it had been scaled to zero"),
    Column("asked_s", "float", "when the node was asked for it"),
    Column("pulled_s", "float", "when its image was there, or was given up"),
    Column("ready_s", "float", "when it was ready, or had failed"),
    Column("waited_s", "float", "from being asked until the image was there"),
    Column("missed", "bool", "whether its image was not to be had"),
    Column("digest", "text", "image that it runs; empty where it was missed"),
    Column("meant", "text", "image that its tag then meant at the registry that had it newest, or that pinned it"),
    Column("stale", "bool", "whether its tag meant something newer at some registry when it was resolved"),
    Column("trailing_s", "float", "for how long it had meant that; 0 if it did not"),
)

STREAMS: Final = (
    Column("deploy", "int", "number of the deploy in the demand, from 0"),
    Column("stream", "text", "stream that it is of, a key of [demand.streams]; without such the table is empty"),
)

UNPACKS: Final = (
    Column("deploy", "int", "number of the deploy whose pull had it unpacked"),
    Column("node", "text", "where"),
    Column("content", "text", "kernel or rootfs"),
    Column("arrived_s", "float", "when its last byte was there, or its first where layers are unpacked as they come"),
    Column("started_s", "float", "when the node began to unpack it"),
    Column("ended_s", "float", "when it was unpacked"),
    Column("waited_s", "float", "how much later that was than on a node that unpacks nothing else at the time"),
    Column("core_s", "float", "seconds of one core that decompressing it took"),
    Column("written_bytes", "int", "bytes that unpacking it wrote"),
    Column("bound_by", "text", "what held that back the longest: the cores, the disk, or cap: the cores a layer uses"),
    Column("bound_s", "float", "for how long that did"),
)

LOADS: Final = (
    Column("deploy", "int", "number of the deploy whose pull read a part of its layers before the start"),
    Column("node", "text", "where"),
    Column("started_s", "float", "when it had read what a start needs"),
    Column("read_bytes", "int", "bytes of layers that it had read by then"),
    Column("rest_bytes", "int", "bytes that were to come later, in the background or on demand"),
    Column("loaded_bytes", "int", "bytes that came of those, what was sent twice included"),
    Column("whole_s", "float", "when the last of them came; infinite if some did not"),
    Column("stalled_s", "float", "how long the instance stood still for them: for each read on demand; in the "
           "background while its way was down"),
    Column("down_s", "float", "how long its way was down while it waited for them"),
    Column("broken", "bool", "whether its client gave up, which the instance sees as an error"),
)  # fmt: skip

TABLES: Final[Mapping[str, tuple[Column, ...]]] = {
    "deploys": DEPLOYS, "transfers": TRANSFERS, "links": LINKS, "registries": REGISTRIES, "syncs": SYNCS,
    "starts": STARTS, "drops": DROPS, "utilisation": UTILISATION, "lists": LISTS, "streams": STREAMS,
    "unpacks": UNPACKS, "loads": LOADS, "limits": LIMITS, "turns": TURNS,
}  # fmt: skip

#: Where rows stand in the order in which they ended: the column that says when.
ENDS: Final[Mapping[str, str]] = {
    "deploys": "ended_s", "transfers": "ended_s", "syncs": "committed_s", "starts": "ready_s", "drops": "dropped_s",
    "unpacks": "ended_s", "loads": "whole_s",
}  # fmt: skip

_AT_A_TIME: Final = 1 << 16  # texts that go into a digest


def new_tables(on_disk: bool = False) -> dict[str, Table]:
    """An empty table for each name in `TABLES` and `BESIDE`; `on_disk` for a run that leaves many rows."""
    return {name: Table(columns, on_disk) for name, columns in (*TABLES.items(), *BESIDE.items())}


def digest(tables: Mapping[str, Table]) -> str:
    """SHA-256 of all columns in their declared order: numbers little-endian, text as UTF-8 ended by a NUL."""
    seen = hashlib.sha256()
    for name in TABLES:
        table = tables[name]
        for column in table.columns:
            if column.kind == "text":
                for part in _utf8(*table.codes(column.name)):
                    seen.update(part)
            else:
                seen.update(table.column(column.name).tobytes())
    return seen.hexdigest()


def _utf8(codes: Codes, entries: Sequence[str]) -> Iterator[bytes]:
    """The entries of these codes, a NUL after each; some of them at a time."""
    if len(entries) > _AT_A_TIME or isinstance(entries, LazyTexts):
        for at in range(0, len(codes), _AT_A_TIME):
            some = codes[at : at + _AT_A_TIME]
            made = entries.utf8(some) if isinstance(entries, LazyTexts) else None
            yield made or "\0".join((*map(entries.__getitem__, some.tolist()), "")).encode()
        return
    ended = np.empty(len(entries), object)
    ended[:] = [f"{entry}\0".encode() for entry in entries]
    for at in range(0, len(codes), _AT_A_TIME):
        yield b"".join(ended[codes[at : at + _AT_A_TIME]].tolist())


Unit = Literal["s", "bytes", "", "USD"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One number that a run is reduced to. `lower_is_better` is None where neither direction is good in itself."""

    name: str
    unit: Unit
    meaning: str
    lower_is_better: bool | None = True


#: When what a row is about began, by which a warm-up is left out.
BEGINS: Final[Mapping[str, str]] = {"deploys": "asked_s", "syncs": "published_s"}

#: Metrics that are distributions over deploys (or syncs): table, column; each has `.mean .p50 .p95 .p99 .max`.
DISTRIBUTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "deploy_latency_s": ("deploys", "latency_s"),
    "client_latency_s": ("deploys", "client_latency_s"),
    "push_s": ("deploys", "push_s"),
    "pull_s": ("deploys", "longest_pull_s"),
    "sync_lag_s": ("syncs", "lag_s"),
    "central_lag_s": ("syncs", "lag_s"),
    "node_lag_s": ("syncs", "lag_s"),
    "fleet_lag_s": ("deploys", "fleet_lag_s"),
}
#: Of these only the copies that go to central, or only those that do not.
TO_CENTRAL: Final[Mapping[str, bool]] = {"central_lag_s": True, "node_lag_s": False}
STATISTICS: Final = ("mean", "p50", "p95", "p99", "max")

_DISTRIBUTION_MEANINGS: Final[Mapping[str, str]] = {
    "deploy_latency_s": "from the client's start to the last instance ready",
    "client_latency_s": "from the client's start until creating the instance is accepted",
    "push_s": "from the client's start until it knows that the push is published",
    "pull_s": "longest pull of a deploy",
    "sync_lag_s": "from a publish at one registry to the same at another",
    "central_lag_s": "from a publish at a node until central published it, too",
    "node_lag_s": "from a publish until a node that the platform copies it to had it; lazy nodes pull instead",
    "fleet_lag_s": "from a publish until the last of the deploy's nodes had the image",
}

TOTALS: Final = (
    Metric("deploys", "", "deploys that ended, ready or failed", None),
    Metric("wan_bytes", "bytes", "bytes that cross between sites, once a transfer"),
    Metric("central_egress_bytes", "bytes", "bytes that central sends"),
    Metric("central_ingress_bytes", "bytes", "bytes that central receives"),
    Metric("push_bytes", "bytes", "bytes that pushes send"),
    Metric("pull_bytes", "bytes", "bytes that pulls fetch"),
    Metric("sync_bytes", "bytes", "bytes that syncs copy"),
    Metric("dedup_saved_bytes", "bytes", "layer bytes skipped or mounted because the receiver had them", False),
    Metric("coalesced_bytes", "bytes", "layer bytes not fetched because a fetch of them was under way", False),
    Metric("stale_starts", "", "instances that booted an older digest than their tag then meant"),
    Metric("missed_starts", "", "instances whose image was not to be had"),
    Metric("failed_deploys", "", "deploys that did not get ready"),
    Metric("refused_requests", "", "requests beyond a registry's limits, refused by the answer 429"),
    Metric("lost_images", "", "images whose only copy was dropped"),
    Metric("fleet_convergence_s", "s", "from a kernel's release until the last application it redeployed was ready"),
    Metric(
        "cost_usd", "USD", "price of traffic, of capacity and hosts, and of what nodes keep, for the run's duration"
    ),
    Metric("cost_usd_per_month", "USD", "the same for 30 days, if they go on like the run"),
)

METRICS: Final[Mapping[str, Metric]] = {
    metric.name: metric
    for metric in (
        *(
            Metric(f"{name}.{statistic}", "s", _DISTRIBUTION_MEANINGS[name])
            for name in DISTRIBUTIONS
            for statistic in STATISTICS
        ),
        *TOTALS,
    )
}


def metric(name: str) -> Metric:
    """The metric of that name, links' utilisation (`link_utilisation.NAME.mean`, `.peak`) included.

    KeyError if none.
    """
    if name.startswith("link_utilisation.") and name.endswith((".mean", ".peak")):
        return Metric(name, "", "share of the link's capacity used", None)
    return METRICS[name]
