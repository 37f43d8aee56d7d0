"""Every switch of a scenario beside every other, in worlds so small that a deploy's latency is worked out by hand.

No blob exceeds TCP's first window, so that nothing starts slowly and nobody shares a link; one client deploys one app
twice, 80 s apart. `Reckoning` adds up round trips, requests and bytes over the slowest link as the docs and the
clients' table have the protocol, and knows nothing of the simulator. Any two values of any two switches meet in some
world.

Left out: swarms, whose pieces follow from who meets whom; service times that are drawn; placements by site, for there
is one.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any, Final, NamedTuple

import numpy as np
import pytest

from .small import App, Deploy, demand, exactly, play, scenario

#: From each host to the hub, s; what its line carries, bytes/s; what a request takes there and the first byte, s.
LEG_S: Final = {"dev": 0.010, "n": 0.030, "central": 0.050}
LINE_BPS: Final = {"dev": 100e3, "n": 200e3, "central": 400e3}
REQUEST_S: Final = {"n": 0.004, "central": 0.010}
FIRST_BYTE_S: Final = {"n": 0.020, "central": 0.050}
BOOT_S, KEEP_OPEN_S, PATIENCE_S, SYNC_DELAY_S, NODES = 0.1, 90.0, 60.0, 3.0, 4
SIZES: Final = {"kernel": 12_000, "stable": 6_100, "rootfs": 9_000, "config": 1_000}


class Client(NamedTuple):
    """How many requests a client makes for what, and how many blobs it sends at once."""

    login: int
    tags: int
    opens: int
    closes: int
    publish: int
    at_once: int
    config_last: bool = False
    config_opens: int = 1


CLIENTS: Final = {
    "kraftkit": Client(2, 2, 1, 2, 2, 4),
    "docker": Client(2, 2, 1, 2, 2, 5),
    "oras": Client(2, 2, 1, 1, 2, 3),
    "skopeo": Client(1, 0, 2, 2, 1, 1, config_last=True),
    "unikraft": Client(2, 0, 1, 1, 4, 1000, config_last=True),
}

SWITCHES: Final[Mapping[str, tuple[Any, ...]]] = {
    "policies.route": ("central", "node-direct", "both", "direct-below"),
    "demand.nodes": (1, 2, 3),
    "policies.create": ("at-once", "poll"),
    "policies.fanout": ("sync-then-pull", "push-each", "peer"),
    "policies.sync.to_central": ("on-push", "poll", "window", "lazy", "never"),
    "policies.sync.to_nodes": ("lazy", "on-push", "poll", "never"),
    "policies.sync.targets": ("holders", "all"),
    "policies.sync.references": ("parallel", "series"),
    "demand.reference": ("tag", "digest"),
    "policies.tags.check": ("upstream", "absent"),
    "policies.coalesce": (True, False),
    "policies.dedup": ("repository", "none", "account", "registry", "fleet"),
    "policies.chunking": ("whole", "content-defined"),
    "policies.source": ("upstream", "peers-first", "pieces"),
    "policies.placement": ("sticky", "spread"),
    "policies.conflict": ("last-writer", "central-wins", "registry-order"),
    "policies.eviction": ("lru", "lfu", "size-aware"),
    "clients.dev.profile": tuple(CLIENTS),
    "nodes.n.storage": (None, "1 MB"),
    "central.storage": (None, "1 MB"),
    "tls": (False, True),
    "warm": (False, True),
    "rom": (False, True),
    "run.detail": ("phases", "requests"),
}

#: What a value is in the scenario, where that is more than its name.
SPELT: Final[Mapping[tuple[str, str], Any]] = {
    ("policies.route", "direct-below"): {"name": "direct-below", "size": "15 kB"},
    ("policies.sync.to_central", "poll"): {"name": "poll", "every": "10 s", "offset": "7 s"},
    ("policies.sync.to_nodes", "poll"): {"name": "poll", "every": "10 s", "offset": "7 s"},
    ("policies.sync.to_central", "window"): {"name": "window", "opens": "8 s", "lasts": "2 s", "every": "60 s"},
    ("policies.chunking", "content-defined"): {
        "name": "content-defined", "changed": 0.1, "places": 1, "chunk": "2 kB",
    },
}  # fmt: skip

Switches = Mapping[str, Any]


class Failed(Exception):  # noqa: N818 - what happens to a deploy
    """Why a deploy does not get ready."""


class Published(NamedTuple):
    """What a tag means: the deploy whose image it is (-1: what was there before), when, where, of which generation."""

    deploy: int
    at_s: float
    origin: int
    generation: int


class Reckoning:
    """What each registry has and since when, and which connections are open, as deploys go by. Node `i` is `n{i}`."""

    def __init__(self, switches: Switches) -> None:
        self.of = switches
        self.client = CLIENTS[switches["clients.dev.profile"]]
        self.nodes = [f"n{number}" for number in range(1, NODES + 1)]
        self.since_s: dict[tuple[str, str], float] = {}  # host and blob, or image
        self.known_s: dict[str, float] = {}
        self.tags: dict[str, list[tuple[float, Published]]] = {host: [] for host in ("central", *self.nodes)}
        self.open: dict[tuple[str, str], list[float]] = {}
        if switches["warm"]:
            for host in ("central", *self.nodes[: switches["demand.nodes"]]):
                self.has(host, self.blobs(-1), -1, 0.0)
                self.tags[host].append((0.0, Published(-1, 0.0, self.rank(host), 1)))

    # The wire.

    @staticmethod
    def kind(host: str) -> str:
        return "n" if host.startswith("n") else host

    def forth_s(self, a: str, b: str) -> float:
        return LEG_S[self.kind(a)] + LEG_S[self.kind(b)]

    def trip_s(self, a: str, b: str) -> float:
        """A request to `b`, and its answer."""
        return 2 * self.forth_s(a, b) + REQUEST_S[self.kind(b)]

    def opening_s(self, a: str, b: str) -> float:
        tls = self.of["tls"]
        return 2 * self.forth_s(a, b) * (2 if tls else 1)

    def bytes_s(self, a: str, b: str, size_bytes: float) -> float:
        return size_bytes / min(LINE_BPS[self.kind(a)], LINE_BPS[self.kind(b)])

    def connected_s(self, a: str, b: str, at_s: float) -> float:
        """From when on there is a connection between registries."""
        kept = self.open.get((a, b))
        if kept is None or kept[1] < at_s:
            at_s += self.opening_s(a, b)
            kept = self.open[a, b] = [at_s, at_s]
        at_s = max(at_s, kept[0])
        self.used(a, b, at_s)
        return at_s

    def used(self, a: str, b: str, at_s: float) -> None:
        self.open[a, b][1] = max(self.open[a, b][1], at_s + KEEP_OPEN_S)

    # Registries.

    def rank(self, host: str) -> int:
        return 0 if host == "central" else 1 + self.nodes.index(host)

    def blobs(self, deploy: int) -> list[tuple[str, int]]:
        """An image's blobs in their order: name and bytes."""
        found = [] if self.of["rom"] else [("kernel", SIZES["kernel"])]
        if self.of["policies.chunking"] == "whole":
            found.append((f"rootfs {deploy}", SIZES["rootfs"]))
        else:
            found += [("stable", SIZES["stable"]), (f"rootfs {deploy}", SIZES["rootfs"] - SIZES["stable"])]
        return [*found, (f"config {deploy}", SIZES["config"])]

    def has(self, host: str, blobs: Iterable[tuple[str, int]], deploy: int | None, at_s: float) -> None:
        """From then on a registry has these blobs, and the image if one is given."""
        names = [name for name, _ in blobs] + ([] if deploy is None else [f"image {deploy}"])
        for name in names:
            self.since_s.setdefault((host, name), at_s)
        self.known_s[host] = min(self.known_s.get(host, math.inf), at_s)

    def there(self, host: str, name: str, at_s: float) -> bool:
        return self.since_s.get((host, name), math.inf) <= at_s

    def held(self, host: str, name: str, at_s: float) -> bool:
        """Whether a blob need not be sent to a registry."""
        scope = self.of["policies.dedup"]
        hosts = {"none": (), "fleet": ("central", *self.nodes)}.get(scope, (host,))
        return any(self.there(other, name, at_s) for other in hosts)

    def meant(self, host: str, at_s: float) -> Published | None:
        """What the tag means at a registry at a time."""
        found = [publish for since_s, publish in self.tags[host] if since_s <= at_s]
        return found[-1] if found else None

    def wins(self, publish: Published, held: Published) -> bool:
        rule = self.of["policies.conflict"]

        def place(one: Published) -> tuple[Any, ...]:
            if rule == "central-wins":
                return one.generation, one.origin == 0, one.at_s
            if rule == "registry-order":
                return one.generation, -one.origin, one.at_s
            return one.at_s, one.generation

        return place(publish) > place(held)

    def tagged(self, host: str, publish: Published, at_s: float) -> None:
        """A copy has come to a registry: the tag is its unless what it means wins."""
        held = self.meant(host, at_s)
        if held is None or self.wins(publish, held):
            self.tags[host].append((at_s, publish))

    # Sending.

    def sent_s(self, a: str, b: str, client: Client, deploy: int, at_s: float) -> float:
        """When all blobs of an image are at `b`, and its answer has come back."""
        blobs, layers = self.blobs(deploy), self.blobs(deploy)[:-1]
        parts = [layers, blobs[-1:]] if client.config_last else [blobs]
        groups = [part[i : i + client.at_once] for part in parts for i in range(0, len(part), client.at_once)]
        trip_s, tags = self.trip_s(a, b), client.tags
        for group in groups:
            at_s += (tags + 1) * trip_s
            tags = 0
            lacking = [blob for blob in group if not self.held(b, blob[0], at_s - self.forth_s(a, b))]
            self.has(b, [blob for blob in group if blob not in lacking], None, at_s)
            if lacking:
                name, size_bytes = max(lacking, key=lambda blob: blob[1])  # the others trail along
                opens = client.config_opens if name.startswith("config") else client.opens
                at_s += opens * trip_s + self.bytes_s(a, b, size_bytes) + client.closes * trip_s
                at_s += FIRST_BYTE_S[self.kind(b)]
                self.has(b, lacking, None, at_s - self.forth_s(a, b))
        return at_s

    def put_s(self, a: str, b: str, client: Client, at_s: float) -> float:
        """When the last of the requests that publish has been served."""
        return at_s + client.publish * self.trip_s(a, b) - self.forth_s(a, b)

    def pushed(self, host: str, deploy: int, at_s: float) -> Published:
        """A client's push to a registry."""
        at_s += self.opening_s("dev", host) + self.client.login * self.trip_s("dev", host)
        at_s = self.put_s("dev", host, self.client, self.sent_s("dev", host, self.client, deploy, at_s))
        before = self.meant(host, at_s)
        publish = Published(deploy, at_s, self.rank(host), 1 if before is None else before.generation + 1)
        self.has(host, [], deploy, at_s)
        self.tags[host].append((at_s, publish))
        return publish

    def copied(self, a: str, b: str, publish: Published, at_s: float) -> float:
        """A copy from registry to registry that begins then: when it is there."""
        client = Client(0, 1, 1, 2, 2, 1 if self.of["policies.sync.references"] == "series" else 3)
        at_s = self.connected_s(a, b, at_s)
        at_s = self.put_s(a, b, client, self.sent_s(a, b, client, publish.deploy, at_s))
        self.used(a, b, at_s)
        self.has(b, [], publish.deploy, at_s)
        self.tagged(b, publish, at_s)
        return at_s

    def due_s(self, trigger: str, at_s: float) -> float:
        """When a copy begins that is owed from then on."""
        if trigger == "on-push":
            return at_s + SYNC_DELAY_S
        if trigger == "poll":
            return 7 + 10 * (math.floor((at_s - 7) / 10) + 1)
        assert trigger == "window"
        ready_s = at_s + SYNC_DELAY_S
        opened_s = 8 + 60 * math.floor((ready_s - 8) / 60)
        return ready_s if ready_s < opened_s + 2 else opened_s + 60

    def to_nodes(self, publish: Published, source: str, at_s: float) -> None:
        """Central sends to nodes what it has from then on."""
        trigger = self.of["policies.sync.to_nodes"]
        if trigger in ("lazy", "never"):
            return
        for node in self.nodes:
            holder = self.known_s.get(node, math.inf) <= at_s
            if node != source and (holder or self.of["policies.sync.targets"] == "all"):
                self.copied("central", node, publish, self.due_s(trigger, at_s))

    # Starting.

    def resolved(self, node: str, upstream: str, deploy: int, at_s: float) -> tuple[Published, float]:
        """What a node starts, and when it knows."""
        by_tag, switches = self.of["demand.reference"] == "tag", self.of

        def own(host: str, then_s: float) -> Published | None:
            if by_tag:
                return self.meant(host, then_s)
            return Published(deploy, 0.0, 0, 0) if self.there(host, f"image {deploy}", then_s) else None

        found = own(node, at_s)
        if found is not None and not (by_tag and switches["policies.tags.check"] == "upstream"):
            return found, at_s
        if switches["policies.sync.to_nodes"] == "never" and upstream == "central":
            if found is None:
                raise Failed("image not found")
            return found, at_s
        at_s = self.connected_s(node, upstream, at_s) + self.trip_s(node, upstream)
        self.used(node, upstream, at_s)
        looked_s = at_s - self.forth_s(node, upstream)
        if switches["policies.sync.to_nodes"] in ("on-push", "poll"):  # what comes from now on is owed to it
            self.known_s[node] = min(self.known_s.get(node, math.inf), looked_s)
        found, theirs = own(node, looked_s), own(upstream, looked_s)
        if theirs is not None and (found is None or self.wins(theirs, found)):
            return theirs, at_s
        if found is None:
            raise Failed("image not found")
        return found, at_s

    def parents(self, node: str, upstream: str, name: str, draw: float, at_s: float) -> list[str]:
        """Who sends a blob to a node."""
        holders = [other for other in self.nodes if other != node and self.there(other, name, at_s)]
        if not holders:
            return [upstream]
        first = int(draw * len(holders))
        if self.of["policies.source"] == "peers-first":
            return [holders[first]]  # all nodes are nearer than central, and equally near
        return [holders[(first + at) % len(holders)] for at in range(min(3, len(holders)))]

    def fetched_s(
        self, node: str, upstream: str, publish: Published, draw: float, at_s: float, held_s: float
    ) -> float:  # fmt: skip
        """When a node has an image whose manifests it has; what it has already was looked up at `held_s`."""
        lacking = [blob for blob in self.blobs(publish.deploy) if not self.held(node, blob[0], held_s)]
        if self.of["policies.source"] == "upstream":
            sources = {upstream: lacking}
        else:
            at_s += 0.02 if lacking and self.of["policies.source"] == "peers-first" else 0.0
            sources = {}
            looked_s = at_s - (0.02 if self.of["policies.source"] == "peers-first" else 0.0)
            for name, size_bytes in lacking:
                chosen = self.parents(node, upstream, name, draw, looked_s)
                each, more = divmod(size_bytes, len(chosen))
                for number, parent in enumerate(chosen):
                    sources.setdefault(parent, []).append((name, each + (number < more)))
        ended_s = at_s
        for parent, parts in sources.items():
            then_s = at_s if self.of["policies.source"] == "upstream" else self.connected_s(node, parent, at_s)
            for first in range(0, len(parts), 3):
                largest = max(size for _, size in parts[first : first + 3])
                then_s += self.trip_s(node, parent) + FIRST_BYTE_S[self.kind(parent)]
                then_s += self.bytes_s(parent, node, largest)
                self.has(node, parts[first : first + 3], None, then_s)
            self.used(node, parent, then_s)
            ended_s = max(ended_s, then_s)
        self.used(node, upstream, ended_s)
        self.has(node, self.blobs(publish.deploy), publish.deploy, ended_s)
        self.tagged(node, publish, ended_s)
        return ended_s

    def started_s(self, starts: list[tuple[str, str, float]], deploy: int, draw: float) -> float:
        """When instances are ready: node, from where it pulls, and when it is asked."""
        ended_s, found = [], []
        for node, upstream, at_s in starts:
            publish, at_s = self.resolved(node, upstream, deploy, at_s)
            looked_s = at_s - self.forth_s(node, upstream)
            if self.there(node, f"image {publish.deploy}", looked_s):
                ended_s.append(at_s)
            else:
                found.append((at_s + 2 * self.trip_s(node, upstream), node, upstream, publish, looked_s))
        for at_s, node, upstream, publish, looked_s in sorted(found, key=lambda one: one[0]):
            ended_s.append(self.fetched_s(node, upstream, publish, draw, at_s, looked_s))
        return max(ended_s) + BOOT_S

    # Deploys.

    def deploy(self, number: int, at_s: float, draw: float) -> float:
        """When a deploy is ready. Failed, with the reason, if it does not get so."""
        switches, count = self.of, self.of["demand.nodes"]
        first = int(draw * NODES) if switches["policies.placement"] == "spread" else 0
        nodes = [self.nodes[(first + at) % NODES] for at in range(count)]
        route = switches["policies.route"]
        if route == "direct-below":
            update = number > 0 or switches["warm"]
            expected = SIZES["rootfs"] + (0 if update or switches["rom"] else SIZES["kernel"])
            route = "node-direct" if expected < 15_000 else "central"
        if route == "central":
            return self._through_central(nodes, number, at_s, draw)
        pushes = count if switches["policies.fanout"] == "push-each" else 1
        published = [self.pushed(node, number, at_s) for node in nodes[:pushes]]
        last_s = max(publish.at_s for publish in published)
        if route == "both":
            self.pushed("central", number, at_s)
        asked_s = last_s + self.forth_s("dev", nodes[0]) + self._asking_s(nodes[0])
        if switches["policies.create"] == "poll":
            asked_s += self.trip_s("dev", nodes[0])  # one poll, which finds it
        own = [(node, "central", asked_s) for node in nodes[:pushes]]
        ready_s = self.started_s(own, number, draw)
        if route != "both":
            self._to_central(published[0], nodes[0], last_s, asked_s, count > pushes)
        if count == pushes:
            return ready_s
        if switches["policies.fanout"] == "peer":
            others = [(node, nodes[0], asked_s) for node in nodes[pushes:]]
        else:
            there_s = self.since_s.get(("central", f"image {number}"), math.inf)
            if there_s > asked_s + PATIENCE_S:
                raise Failed("not at central within 60 s")
            others = [(node, "central", max(asked_s, there_s)) for node in nodes[pushes:]]
        return max(ready_s, self.started_s(others, number, draw))

    def _asking_s(self, node: str) -> float:
        """A client asks for an instance over a new connection: until the node hears of it."""
        return self.opening_s("dev", node) + self.forth_s("dev", node)

    def _to_central(self, publish: Published, node: str, at_s: float, asked_s: float, asks: bool) -> None:
        """What a node has from `at_s` on is copied to central, and further; `asks` is whether others wait for it."""
        trigger = self.of["policies.sync.to_central"]
        asks = asks and self.of["policies.fanout"] == "sync-then-pull"
        if trigger == "never" or (trigger == "lazy" and not asks):
            return
        due_s = asked_s if trigger == "lazy" else self.due_s(trigger, at_s)
        there_s = self.copied(node, "central", publish, due_s)
        if self.meant("central", there_s) == publish:
            self.to_nodes(publish, node, there_s)

    def _through_central(self, nodes: list[str], number: int, at_s: float, draw: float) -> float:
        publish = self.pushed("central", number, at_s)
        asked_s = publish.at_s + self.forth_s("dev", "central") + self._asking_s(nodes[0])
        if self.of["policies.create"] == "poll":
            asked_s = self._polled_s(publish, nodes[0], asked_s, draw)
            return self.started_s([(node, "central", asked_s) for node in nodes], number, draw)
        # Copies begin when nodes have long asked.
        ready_s = self._or_failed([(node, "central", asked_s) for node in nodes], number, draw)
        self.to_nodes(publish, "central", publish.at_s)
        if isinstance(ready_s, Failed):
            raise ready_s
        return ready_s

    def _or_failed(self, starts: list[tuple[str, str, float]], number: int, draw: float) -> float | Failed:
        try:
            return self.started_s(starts, number, draw)
        except Failed as why:
            return why

    def _polled_s(self, publish: Published, node: str, first_s: float, draw: float) -> float:
        """When a node is asked for an instance by a client that polled it from `first_s` on until it had the image."""
        if self.of["policies.sync.to_nodes"] == "lazy":
            self._or_failed([(node, "central", first_s)], publish.deploy, draw)
        else:
            self.to_nodes(publish, "central", publish.at_s)
        came_s = self.since_s.get((node, f"image {publish.deploy}"), math.inf)
        if came_s > first_s + PATIENCE_S:
            raise Failed("not on its node within 60 s")
        each_s = self.trip_s("dev", node)
        polls = math.ceil(max(0.0, came_s - REQUEST_S["n"] - first_s) / each_s)
        return first_s + polls * each_s + each_s  # the answer to the last, and the client asks for the instance


def world(switches: Switches) -> Any:
    """The scenario of these switches."""
    host = {name: {"delay": f"{LEG_S[name]} s", "capacity": f"{LINE_BPS[name] / 1e3:g} kB/s"} for name in LEG_S}
    served = {
        name: {
            "request_time": f"{REQUEST_S[name]} s",
            "first_byte": f"{FIRST_BYTE_S[name]} s",
            "store": f"{FIRST_BYTE_S[name]} s",
            "tls": switches["tls"],
        }
        for name in REQUEST_S
    }
    changes: dict[str, Any] = {"policies.sync.delay": f"{SYNC_DELAY_S} s", "images.app.boot": f"{BOOT_S} s"}
    changes["images.rom.boot"] = changes["images.app.boot"]
    for kind in ("app", "rom"):
        changes[f"images.{kind}.rootfs"] = f"{SIZES['rootfs']} B"
        changes[f"images.{kind}.config"] = f"{SIZES['config']} B"
    changes["images.app.kernel"] = f"{SIZES['kernel']} B"
    for name, group in (("central", "central"), ("n", "nodes.n"), ("dev", "clients.dev")):
        for key, value in {**host[name], **served.get(name, {})}.items():
            changes[f"{group}.{key}"] = value
    for key, value in switches.items():
        if "." in key and value is not None:
            changes[key] = SPELT.get((key, value), value) if isinstance(value, str) else value
    return scenario(nodes=NODES, **{key.replace(".", "__"): value for key, value in changes.items()})


def covering() -> list[dict[str, Any]]:
    """Worlds in which any two values of any two switches meet: the greedy best of fifty drawn ones, again and again."""
    draw = random.Random(1)
    pairs = combinations(SWITCHES, 2)
    left = {(a, x, b, y) for a, b in pairs for x in SWITCHES[a] for y in SWITCHES[b]}
    found = []
    while left:
        a, x, b, y = min(left, key=str)
        best: tuple[int, dict[str, Any]] = (-1, {})
        for _ in range(50):
            one = {name: draw.choice(values) for name, values in SWITCHES.items()} | {a: x, b: y}
            new = sum((c, one[c], d, one[d]) in left for c, d in combinations(SWITCHES, 2))
            best = max(best, (new, one), key=lambda scored: scored[0])
        found.append(best[1])
        left -= {(c, best[1][c], d, best[1][d]) for c, d in combinations(SWITCHES, 2)}
    return found


WORLDS: Final = covering()


def test_any_two_values_of_any_two_switches_meet() -> None:
    """In one of the worlds at least."""
    for a, b in combinations(SWITCHES, 2):
        assert {(one[a], one[b]) for one in WORLDS} == {(x, y) for x in SWITCHES[a] for y in SWITCHES[b]}


@pytest.mark.parametrize("switches", WORLDS, ids=[str(number) for number in range(len(WORLDS))])
def test_a_deploy_and_the_next_take_what_is_worked_out_by_hand(switches: Switches) -> None:
    """To the nanosecond, or they fail for the reason that they must."""
    asks, draws = [Deploy(0.0), Deploy(80.0)], [0.0, 0.5]
    asked = demand(asks, [App(kind=int(switches["rom"]))], known_apps=int(switches["warm"]))
    rows = play(world(switches), replace(asked, place_draw=np.array(draws))).deploys()
    reckoning = Reckoning(switches)
    for number, (row, draw) in enumerate(zip(rows, draws, strict=True)):
        reason, latency_s = "", math.inf
        try:
            latency_s = reckoning.deploy(number, asks[number].at_s, draw) - asks[number].at_s
        except Failed as why:
            reason = str(why)
        assert (row["reason"], row["latency_s"]) == (reason, exactly(latency_s))
