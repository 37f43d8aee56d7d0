"""A cluster as `kubectl get nodes,pods,events -o json` prints it: zones, nodes, images, and how long pulls took.

    Node    metadata.labels "topology.kubernetes.io/zone" and ".../region"; status.images, names and sizeBytes
    Pod     spec.containers and spec.initContainers, image: what runs, and how often
    Event   reason Pulled, message `Successfully pulled image "x" in 1.2s (3s including waiting). Image size: 9 bytes.`

Formats: Kubernetes API reference, core/v1; well-known labels; pkg/kubelet/images/image_manager.go for the messages. An
image is called as container runtimes normalise it (`docker.io/library/nginx:latest`). A node tells its 50 largest
images unless `nodeStatusMaxImages` says otherwise. Left out: where control planes and registries are, node pools that
grow, and what a pod waits for besides its image.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from sim.calibrate.imports.documents import MOST_BYTES, Json, number, table, tables, text
from sim.calibrate.imports.found import Found, Nodes, Pictured, Place, number_of, observed, shown_text
from sim.calibrate.probes.estimate import Estimate, Evidence, poisson, share
from sim.calibrate.probes.pulls import Pull, kubelet_pull
from sim.errors import InputError
from sim.workload.logs.timestamps import iso_s

#: Well-known labels, and what they were until Kubernetes 1.17.
_ZONE: Final = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
_REGION: Final = ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")
_CONTROL: Final = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_KINDS: Final = ("Node", "Pod", "Event")
#: kubelet's nodeStatusMaxImages.
_LISTED: Final = 50
_PRESENT: Final = re.compile(r'Container image "[^"]+" already present')
#: Where nodes have no zone.
UNZONED: Final = "cluster"


@dataclass(slots=True)
class _Cluster:
    """What was read until now."""

    nodes: Counter[tuple[str, str]] = field(default_factory=Counter)
    control: Counter[tuple[str, str]] = field(default_factory=Counter)
    sizes: dict[str, list[int]] = field(default_factory=dict)
    uses: Counter[str] = field(default_factory=Counter)
    runtimes: Counter[str] = field(default_factory=Counter)
    pulls: list[Pull] = field(default_factory=list)
    pulled_at: list[float] = field(default_factory=list)
    pulled: int = 0
    present: int = 0
    times: list[float] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    apps: set[tuple[str, str, str]] = field(default_factory=set)
    full: int = 0
    unzoned: int = 0


def is_kubernetes(document: Any) -> bool:
    """Whether a JSON document is objects of the API that are read here, or a list of such."""
    items = list(_items(document))
    return any(text(item.get("kind")) in _KINDS for item in items[:1000]) or (
        bool(items) and text(table(document).get("kind")).removesuffix("List") in _KINDS
    )


def _items(document: Any) -> Iterable[Json]:
    """The objects: of a list, of lists in a file of one document a line, or the one that it is."""
    for part in tables(document) if isinstance(document, list) else (table(document),):
        if isinstance(part.get("items"), list):
            kind = text(part.get("kind")).removesuffix("List")
            yield from ({"kind": kind} | dict(item) for item in tables(part["items"]))
        elif part:
            yield part


def kubernetes(path: str, document: Any) -> Found:
    """All that the objects show. InputError where they have no node, pod or event."""
    cluster = _Cluster()
    for item in _items(document):
        kind = text(item.get("kind"))
        if kind in _KINDS:
            cluster.kinds[kind] += 1
            {"Node": _node, "Pod": _pod, "Event": _event}[kind](cluster, path, item)
    if not cluster.kinds:
        raise InputError(path, "has no node, pod or event", "give kubectl get nodes,pods,events -A -o json")
    workers = cluster.nodes or cluster.control
    places = dict(list(workers))
    counted = ", ".join(number_of(cluster.kinds[kind], kind.lower()) for kind in _KINDS if cluster.kinds[kind])
    names = dict.fromkeys([*cluster.uses, *cluster.sizes])
    return Found(
        Evidence(path, "Kubernetes", tuple(_estimates(path, cluster)), tuple(_open(cluster))),
        counted,
        places=tuple(Place(zone, region) for zone, region in places.items()),
        nodes=tuple(Nodes(zone, count) for (zone, _), count in workers.items()),
        images=tuple(
            Pictured(name, sizes=tuple(cluster.sizes.get(name, ())), uses=cluster.uses[name]) for name in names
        ),
        apps=len(cluster.apps) or None,
    )


def _node(cluster: _Cluster, path: str, node: Json) -> None:
    """Its zone, and the images that it tells of."""
    labels = table(table(node.get("metadata")).get("labels"))
    zone = next((text(labels[key]) for key in _ZONE if text(labels.get(key))), "")
    region = next((text(labels[key]) for key in _REGION if text(labels.get(key))), "")
    cluster.unzoned += not zone
    is_control = any(key in labels for key in _CONTROL)
    (cluster.control if is_control else cluster.nodes)[(zone or UNZONED, region)] += 1
    status = table(node.get("status"))
    runtime = text(table(status.get("nodeInfo")).get("containerRuntimeVersion")).partition("://")[0]
    cluster.runtimes[runtime] += bool(runtime)
    images = list(tables(status.get("images")))
    cluster.full += len(images) == _LISTED
    for image in images:
        names = [text(name) for name in image["names"]] if isinstance(image.get("names"), list) else []
        size = image.get("sizeBytes")
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= MOST_BYTES:
            problem = f"sizeBytes must be bytes from 0 to {MOST_BYTES:,}, got {shown_text(repr(size)[:60])}"
            raise InputError(path, problem, "give what kubectl printed")
        named = [name for name in names if name and "@" not in name] or [name for name in names if name]
        if named and size:
            cluster.sizes.setdefault(normalised(named[0]), []).append(size)


def _pod(cluster: _Cluster, path: str, pod: Json) -> None:
    """The images that its containers run, once each a container; and what made it, which is an app.

    Of a deployment each version has a ReplicaSet of its own, whose name ends with the hash of its template.
    """
    metadata, spec = table(pod.get("metadata")), table(pod.get("spec"))
    owner = next(tables(metadata.get("ownerReferences")), {"kind": "Pod", "name": metadata.get("name")})
    version = text(table(metadata.get("labels")).get("pod-template-hash"))
    name = text(owner.get("name"))
    cluster.apps.add((text(metadata.get("namespace")), text(owner.get("kind")), name.removesuffix(f"-{version}")))
    for key in ("containers", "initContainers"):
        for container in tables(spec.get(key)):
            if text(container.get("image")):
                cluster.uses[normalised(text(container["image"]))] += 1


def _event(cluster: _Cluster, path: str, event: Json) -> None:
    """A pull that ended, or a start that needed none; an event that stands for several has the last one's words."""
    times = [text(event.get(key)) for key in ("firstTimestamp", "lastTimestamp", "eventTime")]
    times.append(text(table(event.get("metadata")).get("creationTimestamp")))
    seen_s = [at for at in map(_instant_s, times) if at is not None]
    cluster.times += seen_s
    if event.get("reason") != "Pulled":
        return
    words = text(event.get("message")) or text(event.get("note"))
    count = number(event.get("count")) or number(table(event.get("series")).get("count")) or 1.0
    times_seen = int(count) if 1 <= count <= 1e6 else 1
    if _PRESENT.search(words):
        cluster.present += times_seen
        return
    try:
        pull = kubelet_pull(words)
    except ValueError as error:
        raise InputError(path, f"an event's message: {shown_text(str(error))}", "give what kubectl printed") from None
    if pull is None:
        return
    cluster.pulls.append(pull)
    cluster.pulled += times_seen
    cluster.pulled_at += seen_s[:1]
    if 0 < pull.size_bytes <= MOST_BYTES:
        cluster.sizes.setdefault(normalised(pull.image), []).append(int(pull.size_bytes))


def _instant_s(written: str) -> float | None:
    try:
        return iso_s(written) if written else None
    except ValueError:
        return None


def _estimates(path: str, cluster: _Cluster) -> Iterable[Estimate]:
    """How long pulls took and waited, how often they come, and how often none was needed."""
    pulls = cluster.pulls
    if pulls:
        source = f"{path}: {number_of(len(pulls), 'event')} of a pull"
        yield observed("pull", "s", [pull.taken_s for pull in pulls], source)
        waited = [pull.waited_s for pull in pulls if pull.waited_s >= 0]
        if waited:
            yield observed("wait for other pulls of the node", "s", waited, source)
        sized = [pull.size_bytes / pull.taken_s for pull in pulls if pull.size_bytes > 0 and pull.taken_s > 0]
        if sized:
            yield observed("image's size over the time of its pull", "bytes/s", sized, source)
    if cluster.present + cluster.pulled:
        source = f"{path}: events"
        yield share("starts whose image was there", cluster.present, cluster.present + cluster.pulled, source)
    over_s = max(cluster.times) - min(cluster.times) if cluster.times else 0.0
    if cluster.pulled >= 2 and over_s >= 60:
        source = f"{path}: {cluster.pulled:,} pulls in {over_s / 3600:.3g} h, each counted as a deploy: an upper bound"
        yield poisson("pulls", cluster.pulled, over_s, source, "demand.rate")


def _open(cluster: _Cluster) -> Iterable[str]:
    if cluster.kinds["Node"]:
        yield "what joins zones: round trips and rates, which ping and iperf3 between nodes tell"
        yield "whether nodes have registries of their own"
    if cluster.unzoned:
        yield f"where {number_of(cluster.unzoned, 'node')} without a zone label are: they make the site {UNZONED}"
    if cluster.nodes and cluster.control:
        yield f"how the control plane pulls: {number_of(sum(cluster.control.values()), 'node')} of it left out"
    if cluster.sizes:
        yield "which layers images share: give their manifests or an OCI layout beside it"
        others = [runtime for runtime in cluster.runtimes if runtime != "containerd"]
        if others or not cluster.runtimes:
            known = f" ({', '.join(map(shown_text, others))})" if others else ""
            yield f"whether sizes are of what travels or of what is unpacked: that depends on the runtime{known}"
        else:
            yield "what images weigh unpacked: containerd reports its content as it travelled"
    if cluster.full:
        yield f"images beyond the {_LISTED} largest of {number_of(cluster.full, 'node')} (nodeStatusMaxImages)"
    if cluster.kinds["Event"]:
        yield "how often images are pushed: events are of pulls, and the API keeps them for an hour by default"
    else:
        yield "how long pulls take: no events (they go after an hour); repeat with events soon after a roll-out"


def normalised(name: str) -> str:
    """An image's name in full, as container runtimes have it: `nginx` is `docker.io/library/nginx:latest`.

    >>> normalised("nginx"), normalised("quay.io/a/b:1")
    ('docker.io/library/nginx:latest', 'quay.io/a/b:1')
    """
    first, slash, rest = name.partition("/")
    if not slash:
        name = f"docker.io/library/{name}"
    elif not ("." in first or ":" in first or first == "localhost"):
        name = f"docker.io/{name}"
    elif first in ("index.docker.io", "docker.io"):
        name = f"docker.io/{rest if '/' in rest else f'library/{rest}'}"
    return name if "@" in name or ":" in name.rpartition("/")[2] else f"{name}:latest"
