"""What the rig measures beyond the first set: `python tests/rig/sets.py CONGESTION [SET]` prints a set as a RIG.json.

`more`: retagged and ROM-like images, several pushes of one kernel, clients behind one uplink, and contention at other
rates, delays, sizes and mixed round trips; a scenario's name begins with the group in which it is scored. `rest`: pulls
through a node's registry, and a link that breaks during an upload. `sync`: from registry to registry. `requests`:
images of tiny layers over a short and a long round trip, which tell how many round trips a client takes. `pulls`: how
far lone pulls scatter. `often`: lone pulls and fan-outs, so often that chance leaves little;
`fans`: those fan-outs more often still.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

MB = 10**6
Json = dict[str, Any]


def host(name: str, up: float, down: float, delay: float, **more: Any) -> Json:
    """A host's access link: Mbit/s and ms."""
    return {"name": name, "up": up, "down": down, "delay": delay, **more}


def push(at: str, to: str, image: str, *layers_mb: float, key: str = "a", kernel: str = "k", **more: Any) -> Json:
    """A push of a kernel and a root filesystem, or of the latter alone; `key` and `kernel` say which."""
    names = [f"r-{key}"] if len(layers_mb) == 1 else [f"{kernel}-{layers_mb[0]:g}", f"r-{key}"]
    layers = [[name, int(size_mb * MB)] for name, size_mb in zip(names, layers_mb, strict=True)]
    return {"op": "push", "at": at, "to": to, "image": image, "layers": layers, **more}


def pull(at: str, source: str, image: str = "org/app") -> Json:
    """A pull of the tag `latest`."""
    return {"op": "pull", "at": at, "from": source, "image": image}


def pairs(up: float, wan: float, down: float, kernel_mb: float, rootfs_mb: float) -> Json:
    """One laptop, central and a node, as in the first set, at other rates, delays and sizes."""
    hosts = [host("laptop", up, 200, 6), _central(down, wan), host("node1", down, down, 3, registry="plain")]
    steps = [
        [push("laptop", to, "org/app", kernel_mb, rootfs_mb, key=key)] for to in ("central", "node1") for key in "ab"
    ]
    return _scenario(f"pair-up{up:g}-wan{wan:g}-{rootfs_mb:g}mb", hosts, [*steps, [pull("node1", "central")]])


def retag() -> Json:
    """A push, the same image under another tag, an update under it."""
    hosts = [host("laptop", 40, 200, 6), _central(200, 20)]
    first, update = (push("laptop", "central", "org/app", 2, 8, key=key) for key in "ab")
    return _scenario(
        "pair-retag", hosts, [[first], [first | {"tag": "v1"}], [first | {"tag": "v2"}], [update | {"tag": "v1"}]]
    )


def rom(rootfs_mb: float) -> Json:
    """Images without a kernel layer."""
    hosts = [host("laptop", 50, 200, 6), _central(200, 20), host("node1", 200, 200, 3, registry="plain")]
    steps = [[push("laptop", to, "org/rom", rootfs_mb, key=key)] for to in ("central", "node1") for key in "ab"]
    return _scenario(f"pair-rom-{rootfs_mb:g}mb", hosts, [*steps, [pull("node1", "central", "org/rom")]])


def same_kernel(pushes: int, one_repository: bool) -> Json:
    """Pushes at once that carry the same kernel, to repositories of their own or under tags of one."""
    hosts = [host("laptop", 80, 200, 5), _central(250, 20)]
    step = [
        push("laptop", "central", "org/app" if one_repository else f"org/app{n}", 4, 6, key=str(n))
        | ({"tag": f"v{n}"} if one_repository else {})
        for n in range(pushes)
    ]
    return _scenario(f"crowd-kernel-{pushes}-{'one' if one_repository else 'own'}", hosts, [step], 3)


def crowd(name: str, hosts: list[Json], image_mb: tuple[float, float]) -> Json:
    """A push from each host but central, at once."""
    clients = [one["name"] for one in hosts if "registry" not in one]
    step = [push(at, "central", f"org/app{n}", *image_mb, key=str(n), kernel=f"k{n}") for n, at in enumerate(clients)]
    return _scenario(f"crowd-{name}", hosts, [step], 3)


def fanout(name: str, up: float, wan: float, delays: Sequence[float], image_mb: tuple[float, float]) -> Json:
    """A node at each delay pulls one image from central at once."""
    nodes = [host(f"node{n}", 300, 300, delay) for n, delay in enumerate(delays)]
    step = [pull(node["name"], "central") for node in nodes]
    first = push("laptop", "central", "org/app", *image_mb)
    return _scenario(f"fanout-{name}", [host("laptop", 150, 200, 2), _central(up, wan), *nodes], [[first], step], 3)


def behind_one_uplink(clients: int) -> Json:
    """Pushes at once from hosts that share an office's uplink."""
    office = host("office", 60, 200, 8)
    laptops = [host(f"laptop{n}", 300, 300, 1, via="office") for n in range(clients)]
    step = [
        push(one["name"], "central", f"org/app{n}", 1, 7, key=str(n), kernel=f"k{n}") for n, one in enumerate(laptops)
    ]
    return _scenario(f"crowd-uplink-{clients}", [office, *laptops, _central(250, 15)], [step], 3)


def through_proxy(name: str, up: float, wan: float, *image_mb: float) -> Json:
    """Pulls through a node's registry: the first finds nothing there, the second everything, the third all but an
    update's root filesystem."""
    hosts = [host("laptop", 100, 200, 4), _central(up, wan), host("node1", 300, 300, 2, registry="proxy:central")]
    hosts += [host("vm1", 300, 300, 1), host("vm2", 300, 300, 1)]
    first, update = (push("laptop", "central", "org/app", *image_mb, key=key) for key in "ab")
    steps = [first, pull("vm1", "node1"), pull("vm2", "node1"), update, pull("vm1", "node1")]
    return _scenario(f"proxy-{name}", hosts, [[step] for step in steps], 3)


def broken_link(for_s: float, up: float = 40, wan: float = 20) -> Json:
    """An upload whose link loses everything for a while."""
    hosts = [host("laptop", up, 200, 6), _central(200, wan)]
    steps = [[push("laptop", "central", "org/app", 2, 12, key=key)] for key in "ab"]
    cuts = [{"host": "laptop", "step": 1, "after_s": 1.5, "for_s": for_s}]
    return _scenario(f"cut-{for_s:g}s-up{up:g}-wan{wan:g}", hosts, steps, 3) | {"cuts": cuts}


def rest() -> list[Json]:
    """What runs alone, but not plainly."""
    return [
        through_proxy("mid", 150, 25, 3, 12), through_proxy("near", 100, 6, 2, 8), through_proxy("far", 200, 60, 2, 20),
        through_proxy("slow", 40, 15, 1, 6), through_proxy("rom", 150, 25, 15),
        broken_link(0.5), broken_link(1), broken_link(4), broken_link(2, 80, 45),
    ]  # fmt: skip


def copied(at: str, target: str, image: str, tag: str | None = None) -> Json:
    """A copy of a tag from central to a node, or a sync of all tags."""
    told = {"at": at, "from": "central", "to": target, "image": image}
    return {"op": "sync", **told} if tag is None else {"op": "copy", **told, "tag": tag}


def synced(name: str, rate: float, wan: float, kernel_mb: float, rootfs_mb: float) -> Json:
    """Copies from central to two nodes: `skopeo copy` of an image, and of an update whose kernel is there, beside
    central and beside the other node; `skopeo sync` of three images of one kernel, and again when a fourth has come."""
    hosts = [host("laptop", 150, 200, 1), _central(rate, wan)]
    hosts += [host(node, 300, 300, 2, registry="plain") for node in ("node1", "node2")]
    steps = []
    for key in "ab":
        steps += [push("laptop", "central", "org/app", kernel_mb, rootfs_mb, key=key, tag=key)]
        steps += [copied("central", "node1", "org/app", key), copied("node2", "node2", "org/app", key)]
    small_mb = rootfs_mb / 2
    steps += [push("laptop", "central", "org/many", kernel_mb, small_mb, key=f"m{tag}", tag=tag) for tag in "abc"]
    steps += [copied(at, node, "org/many") for at, node in (("central", "node1"), ("node2", "node2"))]
    steps += [push("laptop", "central", "org/many", kernel_mb, small_mb, key="md", tag="d")]
    steps += [copied(at, node, "org/many") for at, node in (("central", "node1"), ("node2", "node2"))]
    return _scenario(f"sync-{name}", hosts, [[step] for step in steps], 4)


def synced_at_once(nodes: int, rate: float, wan: float, kernel_mb: float, rootfs_mb: float) -> Json:
    """Copies of one image from central to several nodes at once, and of an update."""
    names = [f"node{n}" for n in range(nodes)]
    hosts = [host("laptop", 150, 200, 1), _central(rate, wan)]
    hosts += [host(node, 300, 300, 2, registry="plain") for node in names]
    steps = []
    for key in "ab":
        steps.append([push("laptop", "central", "org/app", kernel_mb, rootfs_mb, key=key, tag=key)])
        steps.append([copied("central", node, "org/app", key) for node in names])
    return _scenario(f"sync-at-once-{nodes}", hosts, steps, 4)


def many_through_proxy() -> Json:
    """Three images of one kernel, pulled one after another through a node's registry."""
    hosts = [host("laptop", 150, 200, 1), _central(150, 20), host("node1", 300, 300, 2, registry="proxy:central")]
    hosts += [host("vm1", 300, 300, 1)]
    images = [f"org/app{n}" for n in range(3)]
    steps = [push("laptop", "central", image, 3, 6, key=str(n)) for n, image in enumerate(images)]
    steps += [pull("vm1", "node1", image) for image in images]
    return _scenario("proxy-many", hosts, [[step] for step in steps], 4)


def sync() -> list[Json]:
    """From registry to registry."""
    return [
        synced("near", 200, 10, 2, 8), synced("mid", 100, 25, 3, 12), synced("far", 150, 60, 2, 10),
        synced("slow", 40, 15, 1, 5), synced_at_once(3, 120, 20, 2, 8), many_through_proxy(),
    ]  # fmt: skip


def more() -> list[Json]:
    """The second set."""
    return [
        pairs(10, 30, 100, 1, 3), pairs(40, 25, 150, 4, 12), pairs(90, 70, 200, 2, 20), retag(), rom(1.3), rom(20),
        same_kernel(3, False), same_kernel(3, True), behind_one_uplink(3), behind_one_uplink(5),
        crowd("near-3", [_central(120, 5), *_laptops(120, [4, 4, 4])], (1, 10)),
        crowd("mixed-4", [_central(100, 5), *_laptops(150, [2, 10, 30, 60])], (1, 8)),
        crowd("far-4", [_central(80, 50), *_laptops(100, [5, 5, 5, 5])], (1, 6)),
        fanout("slow-4", 60, 5, [2, 2, 2, 2], (2, 6)), fanout("mixed-5", 100, 5, [2, 5, 15, 30, 60], (2, 12)),
        fanout("far-3", 120, 60, [5, 5, 5], (3, 15)), fanout("wide-6", 200, 15, [2, 2, 2, 20, 20, 20], (2, 16)),
    ]  # fmt: skip


def requests(name: str, delay: float) -> Json:
    """Images of one to five layers of 1 kB: pushed, pushed again under another tag, pulled."""
    hosts = [host("laptop", 300, 300, delay), _central(300, delay), host("node1", 300, 300, delay)]
    steps = []
    for layers in (1, 2, 3, 5):
        image = [[f"l{layers}-{n}", 1000] for n in range(layers)]
        first = {"op": "push", "at": "laptop", "to": "central", "image": f"org/a{layers}", "layers": image}
        steps += [[first], [first | {"tag": "v2"}]]
    pulls = [[pull("node1", "central", f"org/a{layers}")] for layers in (1, 3)]
    return _scenario(f"pair-requests-{name}", hosts, [*steps, *pulls])


def _central(rate: float, delay: float) -> Json:
    return host("central", rate, rate, delay, registry="plain")


def _laptops(up: float, delays: Sequence[float]) -> list[Json]:
    return [host(f"laptop{n}", up, 200, delay) for n, delay in enumerate(delays)]


def _scenario(name: str, hosts: list[Json], steps: list[list[Json]], repeat: int = 2) -> Json:
    return {"name": name, "hosts": hosts, "repeat": repeat, "steps": steps}


def pulls(rate: float, wan: float, *layers_mb: float, delay: float = 2, number: int = 5, repeat: int = 2) -> Json:
    """The same lone pull by five nodes, one after another: how far it scatters. None has met central before."""
    nodes = [host(f"node{n}", rate, rate, delay) for n in range(number)]
    steps = [[push("laptop", "central", "org/app", *layers_mb)], *([pull(node["name"], "central")] for node in nodes)]
    name = f"pair-pulls-{rate:g}mbit-wan{wan:g}-{sum(layers_mb):g}mb"
    return _scenario(name, [host("laptop", 300, 300, 1), _central(rate, wan), *nodes], steps, repeat)


def lone_pulls() -> list[Json]:
    """The pulls of the first set, and others between and beyond them."""
    return [
        pulls(300, 10, 2, 5), pulls(300, 10, 3, 25), pulls(300, 45, 2, 5), pulls(300, 45, 3, 25),
        pulls(100, 18, 3, 10), pulls(150, 33, 2, 15), pulls(250, 68, 3, 18), pulls(200, 28, 20),
    ]  # fmt: skip


def often() -> list[Json]:
    """The fan-outs and the lone pulls of the first set and of the second, so often that chance leaves little."""
    fanouts = [fanout(f"{nodes}", 150, 20, [2] * nodes, (2, 20)) for nodes in (2, 3, 4, 8)]
    fanouts += [one for one in more() if one["name"].startswith("fanout")]
    first = [pulls(300, wan, *image_mb, number=8, repeat=5) for wan in (10, 45) for image_mb in ((2, 5), (3, 25))]
    second = [
        pulls(rate, wan, *image_mb, delay=3, number=8, repeat=5)
        for rate, wan, image_mb in (
            (100, 30, (1, 3)), (150, 25, (4, 12)), (200, 70, (2, 20)), (200, 20, (1.3,)), (200, 20, (20,))
        )
    ]  # fmt: skip
    return [*(one | {"repeat": 8} for one in fanouts), *first, *second]


def fanouts(one: Json, groups: int, repeat: int) -> Json:
    """The fan-out of a scenario by one group of its nodes after another. None has met central before."""
    others, nodes = ([h for h in one["hosts"] if h["name"].startswith("node") is own] for own in (False, True))
    named = [[node | {"name": f"{node['name']}-{group}"} for node in nodes] for group in range(groups)]
    (pushed, _) = one["steps"]
    steps = [pushed, *([pull(node["name"], "central") for node in group] for group in named)]
    return _scenario(one["name"], [*others, *(node for group in named for node in group)], steps, repeat)


def fans() -> list[Json]:
    """The fan-outs of `often`, each as often as its scatter asks for."""
    groups = {"fanout-8": 2, "fanout-4": 4, "fanout-mixed-5": 4, "fanout-slow-4": 4}
    return [fanouts(one, groups.get(one["name"], 6), 12) for one in often() if one["name"].startswith("fanout")]


#: What can be printed.
_SETS = {
    "more": more,
    "rest": rest,
    "sync": sync,
    "requests": lambda: [requests("near", 2.5), requests("far", 52.5)],
    "pulls": lone_pulls,
    "often": often,
    "fans": fans,
}


def main(congestion: str, which: str = "more") -> None:
    """A scenario a line."""
    scenarios = _SETS[which]()
    named = [{"name": one["name"], "congestion": congestion, **one} for one in scenarios]
    print("[\n" + ",\n".join(map(json.dumps, named)) + "\n]")


if __name__ == "__main__":
    main(*sys.argv[1:3])
