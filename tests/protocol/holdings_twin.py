"""A small world of registries that is kept twice: by plain objects and as rows; for tests to compare."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

from sim import policies
from sim.policies.snapshot import Publish, Rivals
from sim.protocol.codes import DISK_FULL, NEVER, QUOTA_EXCEEDED
from sim.protocol.ops import garbage, holdings, places, platforms, quotas, storage, storage_accounting, waiters
from sim.protocol.rules import number_of
from sim.protocol.state import LAYOUT
from sim.records import ObjectState
from sim.records.layout import used
from sim.records.scope import scope_of
from sim.registry.dedup import SCOPES
from sim.registry.oci import Image, Layer, numbered_digest
from tests.protocol.growth import make_room

from ..oracle.contents import Contents
from ..oracle.plan import mountable
from ..oracle.pools import pools
from ..oracle.storage import Full, Quota, Storage
from . import naive, recount
from .naive import Limits, Registry, World

HOLDING = (places, platforms, waiters, storage_accounting, holdings, storage, quotas, garbage, recount)
WHY = ("evicted", "expired", "removed", "collected", "broken")
N_REGISTRIES, N_REPOSITORIES, TAGS, N_IMAGES, N_CLIENTS = 4, 5, ("latest", "old"), 40, 2
ACCOUNTS = (0, 0, 1, 1, 1)


def rows_are_low(w: Any) -> bool:
    """There is always room enough here."""
    return False


def ask_host(w: Any, what: int, a: int, b: int, c: int) -> None:
    """More rows for the one table that is asked for."""
    name = list(LAYOUT.tables)[a - 1]
    w.grow(name, len(getattr(w, name)) + 1)


def interpreted() -> dict[str, Any]:
    """All functions in one scope, as an engine has them."""
    scope = scope_of(HOLDING) | {"rows_are_low": rows_are_low, "ask_host": ask_host}
    here = {module.__name__ for module in HOLDING}
    for name, function in list(scope.items()):
        if isinstance(function, FunctionType) and function.__module__ in here:
            scope[name] = FunctionType(function.__code__, scope, name)
    return scope


INTERPRETED = interpreted()


def named(repository: int) -> str:
    return f"org{ACCOUNTS[repository]}/app{repository}"


class Twin:
    """The same operations on both; `call` calls a function on the rows, by its name."""

    def __init__(
        self, seed: int, dedup: str = "repository", bounded: bool = False, eviction: str = "lru",
        keep_unsynced: bool = False, untagged: bool = False, conflict: str = "last-writer",
        state: Callable[[Any, Any], Any] = ObjectState, call: Callable[..., Any] | None = None,
    ) -> None:  # fmt: skip
        self.draw = random.Random(seed)
        self._make_images()
        skews_s = [self.draw.choice((0.0, 3.0, -2.0)) for _ in range(N_REGISTRIES)]
        capacities = [self.draw.choice((None, 900, 2500)) if bounded else None for _ in range(N_REGISTRIES)]
        ttls_s = [self.draw.choice((None, 40.0)) if bounded and n else None for n in range(N_REGISTRIES)]
        quota_bytes = 3000 if bounded else None
        self._make_world(dedup, bounded, eviction, keep_unsynced, conflict, skews_s, capacities, ttls_s, quota_bytes)
        self.untagged = untagged
        rows = LAYOUT.rows("registries", N_REGISTRIES)
        rows["bounded"], rows["skew_s"], rows["list_lag_s"] = bounded, skews_s, range(N_REGISTRIES)
        rows["capacity_bytes"] = [-1 if one is None else one for one in capacities]
        rows["ttl_s"] = [NEVER if one is None else one for one in ttls_s]
        rows["quota_bytes"][0] = -1 if quota_bytes is None else quota_bytes
        self.w = state(LAYOUT, self._tables() | {"registries": rows})
        self.set(
            nodes=N_REGISTRIES - 1, limited=int(bounded), dedup=SCOPES.index(dedup), collects_untagged=int(untagged),
            keep_unsynced=int(keep_unsynced), eviction=number_of("eviction", eviction),
            conflict=number_of("conflict", conflict),
        )  # fmt: skip
        self._call = call or (lambda w, name, *args: INTERPRETED[name](w, *args))
        self.publishes: list[Publish] = []
        self.named: list[int] = []
        self.anything = Publish(self.images[0].digest, 0.0)
        self.claims: list[tuple[int, int]] = []
        self.pushed: dict[tuple[int, int], dict[str, None]] = {}
        self.now_s = 0.0
        self._rows: dict[str, Any] = {}

    def _make_images(self) -> None:
        draw = self.draw
        self.blobs: list[Layer] = []

        def blob(kind: str) -> int:
            number = len(self.blobs)
            self.blobs.append(Layer(numbered_digest(7, number), draw.randint(1, 200), kind))  # type: ignore[arg-type]
            return number

        kernels = [blob("kernel") for _ in range(2)]
        stable = [blob("rootfs") for _ in range(N_REPOSITORIES)]
        self.image_blobs, self.images, self.ranks = [], [], draw.sample(range(N_IMAGES), N_IMAGES)
        for number in range(N_IMAGES):
            made = [stable[number % N_REPOSITORIES], blob("rootfs"), blob("config")]
            if draw.random() < 0.7:
                made.insert(0, draw.choice(kernels))
            layers = [self.blobs[at] for at in made]
            self.image_blobs.append(made)
            self.images.append(Image(numbered_digest(3, self.ranks[number]), tuple(layers[:-1]), layers[-1], 10, 0))
        self.number = {image.digest: number for number, image in enumerate(self.images)}
        self.blob_number = {blob.digest: number for number, blob in enumerate(self.blobs)}

    def _make_world(
        self, dedup: str, bounded: bool, eviction: str, keep_unsynced: bool, conflict: str, skews_s: Any,
        capacities: Any, ttls_s: Any, quota_bytes: int | None,
    ) -> None:  # fmt: skip
        pool = pools(dedup)  # type: ignore[arg-type]
        worth, wins = policies.rule("eviction", eviction).worth, policies.rule("conflict", conflict).wins
        registries = []
        for n in range(N_REGISTRIES):
            bounds = None
            if bounded:
                quota = Quota(quota_bytes) if n == 0 and quota_bytes is not None else None
                bounds = Limits(Storage(capacities[n], ttls_s[n], lambda kept: worth(kept, ())), quota)
            registries.append(
                Registry(f"r{n}", n, Contents(pool()), list_lag_s=float(n), skew_s=skews_s[n], limits=bounds)
            )
        self.registries = registries
        self.drops: list[Any] = []
        rules: Any = SimpleNamespace(wins=lambda one, two: wins(Rivals(one, two), ()), keep_unsynced=keep_unsynced)
        self.world = World(rules, registries[0], registries[1:], self.drops)

    def _tables(self) -> dict[str, Any]:
        blobs = LAYOUT.rows("blobs", len(self.blobs))
        blobs["size_bytes"] = [blob.size_bytes for blob in self.blobs]
        images = LAYOUT.rows("images", N_IMAGES)
        images["blobs"] = [len(each) for each in self.image_blobs]
        images["first_blob"] = np.cumsum([0, *images["blobs"]])[:-1]
        images["rank"], images["rom"] = self.ranks, [image.is_rom for image in self.images]
        names = LAYOUT.rows("names", N_REPOSITORIES * len(TAGS))
        names["repository"] = np.arange(len(names)) // len(TAGS)
        names["newest"] = names["removed"] = -1
        return {
            "blobs": blobs, "images": images, "names": names,
            "image_blobs": np.array([blob for each in self.image_blobs for blob in each], np.int64),
            "repository_account": np.array(ACCOUNTS, np.int64), "rule_values": np.zeros(8),
        }  # fmt: skip

    # Both states of rows have the same interface but for the globals.

    def set(self, **values: Any) -> None:
        for name, value in values.items():
            if isinstance(self.w, ObjectState):
                setattr(self.w.g, name, value)
            else:
                self.w.g[name] = value

    def get(self, name: str) -> Any:
        return getattr(self.w.g, name) if isinstance(self.w, ObjectState) else self.w.g[name].item()

    def call(self, name: str, *args: Any) -> Any:
        return self._call(self.w, name, *args)

    def at(self, now_s: float) -> None:
        """It is that time now, and there is room for what may happen."""
        self.now_s = self.world.now_s = now_s
        make_room(self.w, 24)
        self.set(now_s=now_s)

    # One operation each, done on both; they say the same.

    def step(self) -> None:
        """One operation that is drawn."""
        draw = self.draw
        self.at(self.now_s + draw.choice((0.0, 0.5, 7.0)))
        doing = draw.choices(
            ("push", "copy", "keep", "discard", "use", "stop", "sweep", "collect", "lose", "untag", "expect", "blob",
             "claim", "release", "mount", "put", "warm"),
            (30, 30, 5, 6, 10, 5, 8, 1, 1, 3, 4, 10, 5, 6, 8, 4, 5),
        )[0]  # fmt: skip
        image = draw.randrange(N_IMAGES)
        repository = image % N_REPOSITORIES if draw.random() < 0.9 else draw.randrange(N_REPOSITORIES)
        getattr(self, doing)(draw.randrange(N_REGISTRIES), repository, image)

    def bring(self, n: int, repository: int, image: int, charges: bool) -> int:
        """Have an image's blobs somewhere, within limits; 0, or a failure. It is claimed then."""
        registry, bounds = self.registries[n], self.registries[n].limits
        whole = self.images[image]
        if bounds is not None:
            bounds.storage.claim(whole)
            self.call("claim_blobs", n, image)
            naive.sweep(self.world, registry)
            self.call("drop_expired", n)
            failure = 0
            try:
                for key in bounds.storage.make_room(whole.blobs, naive.spared(self.world, registry)):
                    naive.drop(self.world, registry, key, "evicted")
            except Full:
                failure = DISK_FULL
            assert self.call("admit", n, image) == failure
            if failure == 0 and charges and bounds.quota is not None:
                for at, blob in enumerate(whole.blobs):
                    taken = bounds.quota.charge(f"org{ACCOUNTS[repository]}", (blob,))
                    assert self.call("charge_blob", n, repository, self.image_blobs[image][at]) == taken
                    if not taken:
                        failure = QUOTA_EXCEEDED
                        break
            if failure:
                self.release_claim(n, image)
                return failure
        for at, blob in enumerate(whole.blobs):
            registry.contents.add_blob(named(repository), blob)
            self.call("add_blob", n, repository, self.image_blobs[image][at])
        return 0

    def release_claim(self, n: int, image: int) -> None:
        bounds = self.registries[n].limits
        if bounds is not None:
            bounds.storage.release(self.images[image])
            self.call("release_blobs", n, image)

    def push(self, n: int, repository: int, image: int) -> None:
        if self.bring(n, repository, image, True):
            return
        tag = self.draw.randrange(len(TAGS))
        name = repository * len(TAGS) + tag
        made = self.world.publish(self.registries[n], named(repository), TAGS[tag], self.images[image], self.now_s)
        assert self.call("publish_image", n, name, image, self.now_s, 0.0) == len(self.publishes)
        self.publishes.append(made)
        self.named.append(name)
        self.release_claim(n, image)

    def warm(self, n: int, repository: int, image: int) -> None:
        """What is there at the start comes if it has room, and nothing is dropped for it."""
        fits = naive.fits(self.registries[n], named(repository), self.images[image])
        if self.registries[n].limits is not None:
            found = self.call("has_space", n, image)
            if found and n == 0:
                found = self.call("charge_all", n, repository, image)
            assert found == fits
        if fits:
            for at, blob in enumerate(self.images[image].blobs):
                self.registries[n].contents.add_blob(named(repository), blob)
                self.call("add_blob", n, repository, self.image_blobs[image][at])
            self.world.keep(self.registries[n], named(repository), None, self.images[image], self.anything)
            assert self.call("keep_image", n, -1, repository, image, -1, 0.0) == 0

    def copy(self, n: int, repository: int, image: int) -> None:
        if not self.publishes:
            return
        publish = self.draw.randrange(len(self.publishes))
        name, meant = self.named[publish], self.publishes[publish]
        repository, image = name // len(TAGS), self.number[meant.digest]
        if self.bring(n, repository, image, False):
            return
        tag = TAGS[name % len(TAGS)]
        self.world.hold(self.registries[n], named(repository), tag, self.images[image], meant)
        assert self.call("hold_image", n, name, image, publish, 0.0) == 0
        self.release_claim(n, image)

    def keep(self, n: int, repository: int, image: int) -> None:
        if self.bring(n, repository, image, False):
            return
        self.world.keep(self.registries[n], named(repository), None, self.images[image], self.anything)
        assert self.call("keep_image", n, -1, repository, image, -1, 0.0) == 0
        self.release_claim(n, image)

    def put(self, n: int, repository: int, image: int) -> None:
        """A manifest whose blobs may be there or not."""
        came_s = self.draw.choice((None, self.now_s))
        publish = [at for at, one in enumerate(self.publishes) if one.digest == self.images[image].digest]
        if not publish or self.registries[n].limits is not None:
            return
        name, failure = self.named[publish[0]], 0
        repository = name // len(TAGS)
        try:
            self.world.put(
                self.registries[n], named(repository), TAGS[name % len(TAGS)], self.images[image],
                self.publishes[publish[0]], came_s,
            )  # fmt: skip
        except naive.Gone:
            failure = 20
        came = -1.0 if came_s is None else came_s
        assert self.call("put_image", n, name, repository, image, publish[0], came) == failure

    def discard(self, n: int, repository: int, image: int) -> None:
        naive.discard(self.world, self.registries[n], named(repository), self.images[image].digest)
        self.call("delete_image", n, repository, image)

    def use(self, n: int, repository: int, image: int) -> None:
        """An instance starts from an image that is there, or was."""
        bounds = self.registries[n].limits
        held = self.registries[n].contents.repository(named(repository))
        if bounds is None:
            return
        if held is not None and held.images:
            image = self.number[self.draw.choice(list(held.images))]
        bounds.storage.use(named(repository), self.images[image].digest, self.now_s)
        self.call("use_image", n, repository, image)
        if self.draw.random() < 0.4:
            bounds.run_from(named(repository), self.images[image].digest)
            self.call("run_from", n, repository, image)

    def stop(self, n: int, repository: int, image: int) -> None:
        bounds = self.registries[n].limits
        if bounds is not None:
            bounds.stop(named(repository))
            self.call("stop_running", n, repository)

    def sweep(self, n: int, repository: int, image: int) -> None:
        naive.sweep(self.world, self.registries[n])
        self.call("drop_expired", n)

    def collect(self, n: int, repository: int, image: int) -> None:
        naive.collect_garbage(self.world, self.registries[0], self.untagged)
        self.call("collect_garbage", 0)

    def lose(self, n: int, repository: int, image: int) -> None:
        naive.lose_all(self.world, self.registries[n])
        self.call("lose_disk", n)

    def untag(self, n: int, repository: int, image: int) -> None:
        tag = self.draw.randrange(len(TAGS))
        gone = self.registries[n].contents.remove_tag(named(repository), TAGS[tag], self.now_s)
        assert self.call("remove_tag", n, repository * len(TAGS) + tag, self.now_s) == gone

    def expect(self, n: int, repository: int, image: int) -> None:
        self.registries[n].contents.expect(named(repository))
        self.call("expect", n, repository)

    def blob(self, n: int, repository: int, image: int) -> None:
        at = self.draw.randrange(len(self.image_blobs[image]))
        self.registries[n].contents.add_blob(named(repository), self.images[image].blobs[at])
        self.call("add_blob", n, repository, self.image_blobs[image][at])

    def claim(self, n: int, repository: int, image: int) -> None:
        bounds = self.registries[n].limits
        if bounds is not None:
            bounds.storage.claim(self.images[image])
            self.call("claim_blobs", n, image)
            self.claims.append((n, image))

    def release(self, n: int, repository: int, image: int) -> None:
        if self.claims:
            self.release_claim(*self.claims.pop(self.draw.randrange(len(self.claims))))

    def mount(self, n: int, repository: int, image: int) -> None:
        client = self.draw.randrange(N_CLIENTS)
        pushed = self.pushed.setdefault((client, n), {})
        there = mountable(self.registries[n].contents, named(repository), pushed)
        for at, blob in enumerate(self.images[image].blobs):
            found = self.call("may_mount", 10 + client, n, repository, self.image_blobs[image][at], 10**9)
            assert found == (blob.digest in there)
        if self.draw.random() < 0.5:
            pushed[named(repository)] = None
            self.call("note_pushed", 10 + client, n, repository)

    # Everything that both know.

    def rows(self, name: str) -> Any:
        """A table as it was when the comparison began: reading one of objects makes an array of all of it."""
        if name not in self._rows:
            self._rows[name] = self.w[name]
        return self._rows[name]

    def as_publish(self, publish: int) -> Publish | None:
        if publish < 0:
            return None
        row = self.rows("publishes")[publish].tolist()
        return Publish(self.images[row[0]].digest, *row[1:])

    def compare(self) -> None:
        """Both hold the same, and have said the same."""
        make_room(self.w, 64)  # asking makes places
        self._rows.clear()
        for n, registry in enumerate(self.registries):
            for repository in range(N_REPOSITORIES):
                self._compare_repository(n, repository)
            assert self.call("stored_bytes", n) == registry.contents.stored_bytes
            missing = [(int(name[-1]), self.blob_number[digest]) for name, digest in registry.contents.missing()]
            assert tuple(self.call("missing_blob", n)) == (missing[0] if missing else (-1, -1))
            if registry.limits is not None:
                self._compare_storage(n)
        self._compare_rows()

    def _compare_repository(self, n: int, repository: int) -> None:
        contents, where = self.registries[n].contents, (n, repository)
        held = contents.repository(named(repository))
        assert self.call("knows", *where) == (held is not None)
        place = self.call("find_place", *where)
        tags, images = [], []
        if place >= 0:
            row = self.rows("places")[place]
            at = int(row["first_tag"])
            while at >= 0:
                tag = self.rows("tags")[at]
                publish = self.as_publish(int(tag["publish"]))
                tags.append((TAGS[tag["name"] % len(TAGS)], publish, bool(tag["unlisted"])))
                at = int(tag["next"])
            at = int(row["first_image"])
            while at >= 0:
                image = self.rows("held_images")[at]
                images.append(self.images[image["image"]].digest)
                at = int(image["next"])
        if held is None:
            assert (tags, images) == ([], [])
        else:
            assert tags == [(tag, publish, tag in held.unlisted) for tag, publish in held.tags.items()]
            assert images == list(held.images)
        counted = contents.blobs(named(repository))
        for number, blob in enumerate(self.blobs):
            assert self.call("has_blob", *where, number) == contents.has_blob(named(repository), blob.digest)
            assert self.call("counts_as_held", *where, number) == (blob.digest in counted)
        for number, one in enumerate(self.images):
            there = contents.image(named(repository), one.digest) is not None
            assert self.call("has_image", *where, number) == there

    def _compare_storage(self, n: int) -> None:
        bounds = self.registries[n].limits
        assert bounds is not None
        row = self.rows("registries")[n]
        assert row["used_bytes"] == bounds.storage.used_bytes
        assert self.call("counted_bytes", n) == bounds.storage.counted_bytes()
        kept, at = [], int(row["first_stored"])
        while at >= 0:
            one = self.rows("stored_images")[at]
            repository = int(self.rows("places")[one["place"]]["repository"])
            kept.append((named(repository), self.images[one["image"]].digest))
            entry = bounds.storage._images[kept[-1]]
            assert (one["came_s"], one["used_s"], one["uses"]) == (entry.came_s, entry.used_s, entry.uses)
            at = int(one["next"])
        assert kept == bounds.storage.held()
        for number, blob in enumerate(self.blobs):
            assert self.call("is_claimed", n, number) == (blob.digest in bounds.storage.claimed)
        if bounds.quota is not None:
            for account in range(2):
                assert self.call("quota_used", account) == bounds.quota.used_bytes(f"org{account}")

    def _compare_rows(self) -> None:
        for name in range(N_REPOSITORIES * len(TAGS)):
            key = named(name // len(TAGS)), TAGS[name % len(TAGS)]
            assert self.as_publish(self.call("newest_publish", name)) == self.world.newest(*key)
            for publish in range(0, len(self.publishes), 7):
                newer = self.world.newer(*key, self.publishes[publish])
                assert self.as_publish(self.call("newer_publish", name, publish)) == newer
        made = used(self.w, "drops").tolist()
        assert self.drops == [
            (f"r{n}", "" if repository < 0 else named(repository), "" if image < 0 else self.images[image].digest,
             at_s, WHY[why], freed, bool(lost), until_s)
            for n, repository, image, at_s, why, freed, lost, until_s in made[: len(self.drops)]
        ] + self.drops[len(made):]  # fmt: skip
        assert len(made) == len(self.drops)
        changes: dict[tuple[int, str], list[Any]] = {}
        for n, name, at_s, exists, rom in used(self.w, "tag_changes").tolist():
            changed = (at_s, TAGS[name % len(TAGS)], bool(exists), bool(rom))
            changes.setdefault((n, named(name // len(TAGS))), []).append(changed)
        for n, registry in enumerate(self.registries):
            theirs: dict[tuple[int, str], list[Any]] = {}
            for repository, change in registry.contents.changes():
                theirs.setdefault((n, repository), []).append(tuple(change))
            assert {key: value for key, value in changes.items() if key[0] == n} == theirs
