"""The state that deploys share: what stands where, the clock, the network, the log, and the scenario's rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from simpy import Event

from sim.policies.snapshot import Due, Fanout, Holders, Owed, Parents, PushView, Route
from sim.registry.clients import Profile, Requests
from sim.registry.contents import Publish
from sim.registry.oci import Digest, Image, Layer, numbered_digest
from sim.rows import SYNC_WAIT
from sim.world.clock import Clock, Failure, Steps, Unreachable
from sim.world.faults import Faults
from sim.world.jobs import Backlog
from sim.world.log import Log
from sim.world.network import Network
from sim.world.path import Path
from sim.world.places import Client, ImageKind, Registry
from sim.world.placing import Placing
from sim.world.torrents import Torrents
from sim.world.wire import Wire


@dataclass(frozen=True, slots=True)
class Trigger:
    """When copies in one direction begin; `on_demand` if whoever asks sets one going, `refuses` if nobody may ask."""

    due: Callable[[Owed], Due | None]
    on_demand: bool = False
    refuses: bool = False


@dataclass(frozen=True, slots=True)
class SyncRules:
    """How registries copy from each other: when, to whom, by which requests, and what happens when a copy breaks."""

    to_central: Trigger
    to_nodes: Trigger
    targets: Literal["holders", "all"]
    delay_s: float
    profile: Profile
    retries: int
    backoff_s: float
    deletions: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """The scenario's rules, bound to their parameters, and its switches."""

    route: Callable[[PushView, float], Route]
    fanout: Callable[[int], Fanout]
    wins: Callable[[Publish, Publish], bool]
    parents: Callable[[Holders], Parents] | None
    sync: SyncRules
    nodes_per_deploy: int
    by_digest: bool
    check_upstream: bool
    coalesce: bool
    keep_unsynced: bool
    runs_for_s: float | None
    sleeps_for_s: float
    wakes: int
    removed_after_s: float
    polls: bool
    patience_s: float


@dataclass(slots=True, eq=False)
class World:
    """Everything in one run. `watch`, if set, is told of every request: tests read the protocol from it.
    `faults` is None where nothing ever breaks, `torrents` where nodes form no swarm; `pushed` has the repositories that
    each client has pushed to in each registry, if it mounts.

    `stable_bytes` are, by application, those of its images that are the same in all; None where the kind says so.
    """

    clock: Clock
    network: Network
    wire: Wire
    log: Log
    rules: Rules
    central: Registry
    nodes: Sequence[Registry]
    placing: Placing
    clients: Sequence[Client]
    kinds: Sequence[ImageKind]
    backlog: Backlog
    app_draw: Sequence[float]
    app_client: Sequence[int]
    stable_bytes: Sequence[int] | None = None
    images: Sequence[Image] | None = None
    watch: Callable[[Path, Registry, Requests], None] | None = None
    faults: Faults | None = None
    torrents: Torrents | None = None
    pushed: dict[tuple[int, int], dict[str, None]] = field(default_factory=dict)
    _names: dict[int, str] = field(default_factory=dict)
    _newest: dict[tuple[str, str], Publish] = field(default_factory=dict)
    _removed: dict[tuple[str, str], Publish] = field(default_factory=dict)
    _awaited: dict[tuple[int, str, Digest], Event] = field(default_factory=dict)

    def name_repositories(self, names: Sequence[str]) -> None:
        """Give the first applications these names."""
        self._names.update(enumerate(names))

    def repository(self, app: int) -> str:
        """The repository of an application: its account's and its own name."""
        # The same text every time: tables of registries find it faster than one that is only equal.
        name = self._names.get(app)
        if name is None:
            name = self._names[app] = f"{self.clients[self.app_client[app]].account}/app{app}"
        return name

    def image(self, made: ImageKind, kernel: int, number: int, app: int, rootfs_bytes: int | None = None) -> Image:
        """Image `number` of the run, of an application: the kernel that its release shares, and a rootfs of its own.

        Its size is the kind's unless one is given. A log has images of its own.
        """
        if self.images is not None:
            return self.images[number]
        kernel_layer = made.kernels[kernel]
        stable_bytes = made.stable_bytes if self.stable_bytes is None else self.stable_bytes[app]
        size_bytes = made.rootfs_bytes if rootfs_bytes is None else rootfs_bytes
        rootfs = Layer(numbered_digest(1, number), size_bytes - stable_bytes, "rootfs")
        config = Layer(numbered_digest(2, number), made.config_bytes, "config")
        layers = (rootfs,) if kernel_layer is None else (kernel_layer, rootfs)
        if stable_bytes:
            layers = (*layers[:-1], Layer(numbered_digest(4, app), stable_bytes, "rootfs"), rootfs)
        return Image(numbered_digest(3, number), layers, config, made.manifest_bytes, made.index_bytes)

    def place(self, client: Client, app: int, draw: float, count: int | None = None, beside: int = 0) -> list[Registry]:
        """The nodes that a deploy of `app` starts on, first the one that is pushed to.

        So many, or as many as the scenario says; past those that it would have if it started `beside` alone. Where
        there are not enough nodes for that some are among these.
        """
        wanted = self.rules.nodes_per_deploy if count is None else count
        chosen = self.placing.place(client, min(beside + wanted, len(self.nodes)), self.app_draw[app], draw)
        if not beside:
            return chosen
        has_already = self.placing.place(client, min(beside, len(self.nodes)), self.app_draw[app], draw)
        others = [node for node in chosen if node not in has_already]
        return (others + has_already)[:wanted]

    def publish(
        self, registry: Registry, repository: str, tag: str, image: Image, published_s: float, lag_s: float = 0.0
    ) -> Publish:
        """A client's push has put an image: the tag is its from now on, and older copies are stale.

        On idle, whole links it would have `lag_s` before.
        """
        held = registry.contents.resolve(repository, tag)
        publish = Publish(
            image.digest, published_s, registry.skew_s, registry.number, 1 if held is None else held.generation + 1
        )
        self.put(registry, repository, tag, image, publish)
        if registry.limits is not None:
            registry.limits.storage.keep(repository, image, published_s)
        newest = self._newest.get((repository, tag))
        if newest is None or _later(publish, newest):
            self._newest[repository, tag] = publish
        self._arrived(registry, repository, image.digest, lag_s)
        return publish

    def hold(
        self, registry: Registry, repository: str, tag: str, image: Image, publish: Publish, lag_s: float = 0.0
    ) -> None:
        """Have a copy of what was published elsewhere; its tag points there unless what it holds wins."""
        held = registry.contents.resolve(repository, tag)
        wins = held is None or self.rules.wins(publish, held)
        self.keep(registry, repository, tag if wins else None, image, publish, lag_s)

    def keep(
        self, registry: Registry, repository: str, tag: str | None, image: Image, publish: Publish, lag_s: float = 0.0
    ) -> None:
        """Have an image in a registry from now on, under a tag if one is given."""
        self.put(registry, repository, tag, image, publish, self.clock.now)
        if registry.limits is not None:
            registry.limits.storage.keep(repository, image, self.clock.now)
        self._arrived(registry, repository, image.digest, lag_s)

    def put(
        self, registry: Registry, repository: str, tag: str | None, image: Image, publish: Publish,
        came_s: float | None = None,
    ) -> None:  # fmt: skip
        """Put a manifest; Unreachable if a disk died since its blobs were there (MANIFEST_BLOB_UNKNOWN)."""
        try:
            registry.contents.put(repository, tag, image, publish, came_s)
        except ValueError:
            raise Unreachable("a blob is gone") from None
        if self._removed and tag is not None:
            removed = self._removed.get((repository, tag))
            if removed is not None and not _later(publish, removed):
                registry.contents.unlist(repository, tag, self.clock.now)

    def unlist(self, repository: str, tag: str, removed: Publish) -> None:
        """Somebody has asked for the removal of what a tag meant: no list shows that, or anything older, by that tag.

        Registries may go on having copies, and start instances from them.
        """
        known = self._removed.get((repository, tag))
        if known is None or _later(removed, known):
            self._removed[repository, tag] = removed
        for registry in (self.central, *self.nodes):
            held = registry.contents.resolve(repository, tag)
            if held is not None and not _later(held, removed):
                registry.contents.unlist(repository, tag, self.clock.now)

    def _arrived(self, registry: Registry, repository: str, digest: Digest, lag_s: float) -> None:
        """Starts may be waiting for it."""
        if self._awaited:
            awaited = self._awaited.pop((registry.number, repository, digest), None)
            if awaited is not None:
                self.clock.deliver(awaited, self.clock.now - lag_s)

    def registry(self, number: int) -> Registry:
        """The registry of that number: central's is 0."""
        return self.nodes[number - 1] if number else self.central

    def newest(self, repository: str, tag: str) -> Publish | None:
        """What the tag means at the registry that has it newest; None if it was never published."""
        return self._newest.get((repository, tag))

    def newer(self, repository: str, tag: str, seen: Publish) -> Publish | None:
        """What the tag means, at the registry that has it newest, if that is later than what was seen."""
        newest = self._newest.get((repository, tag))
        if newest is None or newest.digest == seen.digest or not _later(newest, seen):
            return None
        return newest

    def until_has(self, path: Path, registry: Registry, repository: str, digest: Digest) -> Steps:
        """Wait until a registry has an image; a failure when the platform's patience is over."""
        path.enter(SYNC_WAIT)
        yield path.now_s
        if registry.contents.image(repository, digest) is not None:
            return
        owed = self.backlog.on_demand.pop((registry.number, repository, digest), None)
        if owed is not None:
            self.clock.start(owed(path.idle_s))
        awaited = self._awaited.setdefault((registry.number, repository, digest), Event(self.clock))
        yield self.clock.any_of((awaited, self.clock.at(path.now_s + self.rules.patience_s)))
        if awaited.callbacks is None:
            path.meet(self.clock.now, awaited._value)
        if registry.contents.image(repository, digest) is None:
            path.waited(self.clock.now - path.now_s)
            path.now_s = self.clock.now
            where = "at central" if registry is self.central else "on its node"
            raise Failure(f"not {where} within {self.rules.patience_s:g} s")

    def dissolve(self) -> None:
        """Part the machines of a world that has ended.

        Ways lead from machine to machine and back. Without them what is left is freed at once; with them it would wait
        for the garbage collector, which takes seconds to walk through a large one.
        """
        for machine in (self.central, *self.nodes, *self.clients):
            machine.ways.clear()


def _later(publish: Publish, other: Publish) -> bool:
    """Whether it was made later in truth, whatever clocks say and whoever wins; at one instant, by the digests."""
    if publish.published_s != other.published_s:
        return publish.published_s > other.published_s
    return publish.digest > other.digest
