"""Requests put together again as what clients did: pushes and pulls of images, sorted by time, as a log is read.

A push is what one client asks and uploads in one repository until it puts a manifest by a tag: a blob that `HEAD`
finds and that is not uploaded is one that dedup saved. Manifests put by their digests before are parts of it, as of an
index. A pull is a manifest that a client gets and the blobs that it gets after it; manifests asked for one after
another (a tag's by `HEAD`, an index, then the image's own) are one pull. What stays quiet for `QUIET_S` has ended,
so memory holds what was under way in that time and what the registry has by then, however long the log is. Pushes
without an end and manifests alone (an index, a tag put on what is there) are counted and left out.

The log tells what an image is made of when it was pushed there. Of an image that was pushed before the log begins, a
pull shows only what its client fetched: such pulls are `known = False` and nothing about them is predicted.
"""

from __future__ import annotations

import heapq
import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final, Literal, NamedTuple

from sim.workload.accesslog import Request

#: Longer than any blob takes between its first and its last request.
QUIET_S: Final = 600.0
_SWEEP_EVERY_S: Final = 120.0

Blobs = tuple[tuple[str, float], ...]


class Operation(NamedTuple):
    """One push or pull as it was logged.

    `blobs` are the image's, digest and bytes (NaN where the log never says), in the order in which they were asked for;
    `moved` are those of them that travelled. `found` are blobs of a push that were there before the log could know.
    """

    at_s: float
    kind: Literal["push", "pull"]
    client: str
    repository: str
    reference: str
    blobs: Blobs
    moved: frozenset[str]
    found: frozenset[str]
    manifest_bytes: float
    known: bool


@dataclass(slots=True)
class Logged:
    """What a registry's log says was done, added up: blobs and bytes sent, saved and fetched."""

    pushes: int = 0
    pulls: int = 0
    sent_blobs: int = 0
    sent_bytes: float = 0.0
    saved_blobs: int = 0
    saved_bytes: float = 0.0
    fetched_blobs: int = 0
    fetched_bytes: float = 0.0
    unknown_pulls: int = 0
    found_blobs: int = 0
    unended: int = 0
    bare: int = 0
    guessed_blobs: int = 0

    def add(self, operation: Operation, unknown_bytes: float) -> None:
        """Count one; a blob of unknown size as `unknown_bytes`, and as guessed."""
        self.guessed_blobs += sum(math.isnan(size) for _, size in operation.blobs)
        moved = [sized(size, unknown_bytes) for digest, size in operation.blobs if digest in operation.moved]
        kept = [sized(size, unknown_bytes) for digest, size in operation.blobs if digest not in operation.moved]
        if operation.kind == "push":
            self.pushes += 1
            self.sent_blobs += len(moved)
            self.sent_bytes += sum(moved)
            self.saved_blobs += len(kept)
            self.saved_bytes += sum(kept)
            self.found_blobs += len(operation.found)
        else:
            self.pulls += 1
            self.unknown_pulls += not operation.known
            self.fetched_blobs += len(moved)
            self.fetched_bytes += sum(moved)


def is_digest(reference: str) -> bool:
    """Whether a manifest is asked for by its digest and not by a tag."""
    return reference.startswith("sha256:")


def sized(size_bytes: float, unknown_bytes: float) -> int:
    """A blob's bytes, or those that stand for a blob whose size no log says."""
    return int(unknown_bytes if math.isnan(size_bytes) else size_bytes)


class Sizes(dict[str, float]):
    """Bytes of blobs by their digests, as requests tell them: what an upload sent, or the most that anybody got."""

    def learn(self, request: Request) -> None:
        """Take what a request that went well says of the size of its blob, if it says anything."""
        blob, told = request.reference, request.sent_bytes if request.kind == "upload" else request.written_bytes
        if blob and not math.isnan(told):
            self[blob] = told if request.kind == "upload" else max(told, self.get(blob, 0.0))

    def all(self, requests: Iterable[Request]) -> Sizes:
        """The same of all requests."""
        for request in requests:
            if _uploads(request) or (request.kind == "blob" and request.method == "GET" and _went_well(request)):
                self.learn(request)
        return self


def _went_well(request: Request) -> bool:
    return 200 <= request.status < 300


def _uploads(request: Request) -> bool:
    """Whether it ended the upload of a blob."""
    return request.kind == "upload" and request.method in ("PUT", "POST") and request.status == 201


@dataclass(slots=True)
class _Session:
    """A push or a pull under way."""

    kind: Literal["push", "pull"]
    began_s: float
    last_s: float
    reference: str = ""
    blobs: dict[str, bool] = field(default_factory=dict)  # digest -> whether its bytes travelled
    part: dict[str, None] = field(default_factory=dict)  # those since the last manifest that was put by its digest
    image: tuple[str, ...] | None = None  # what the manifest meant when a pull got it
    got: bool = False
    manifest_bytes: float = math.nan

    def touch(self, digest: str, travelled: bool) -> None:
        """This blob is of the image; once it has travelled it stays so."""
        self.part[digest] = None
        self.blobs[digest] = travelled or self.blobs.get(digest, False)


class Sessions:
    """Requests in, operations out; `logged` counts pushes that never ended."""

    def __init__(self, logged: Logged) -> None:
        self._logged = logged
        self._open: OrderedDict[tuple[str, str, str], _Session] = OrderedDict()
        self._ready: list[tuple[float, int, Operation]] = []
        self._number = count()
        self._sizes = Sizes()
        self._held: dict[str, set[str]] = {}
        self._images: dict[tuple[str, str], tuple[str, ...]] = {}
        self._manifests: dict[tuple[str, str], float] = {}
        self._now_s = self._swept_s = -math.inf

    def operations(self, requests: Iterable[Request]) -> Iterator[Operation]:
        """Every operation that ended well, in the order in which they began."""
        for request in requests:
            self._now_s = max(self._now_s, request.at_s)
            self._take(request)
            if self._now_s - self._swept_s >= _SWEEP_EVERY_S:
                yield from self._sweep(self._now_s - QUIET_S)
        yield from self._sweep(math.inf)

    def _take(self, request: Request) -> None:
        if not request.repository or not _went_well(request):
            if request.kind == "blob" and request.method == "HEAD" and request.status == 404:
                self._at(request, "push").touch(request.reference, travelled=False)
            return
        if request.kind == "upload":
            self._uploaded(request)
        elif request.kind == "blob":
            self._blob(request)
        elif request.kind == "manifest" and request.method == "PUT":
            self._put(request)
        elif request.kind == "manifest" and request.method in ("GET", "HEAD"):
            self._manifest(request)

    def _uploaded(self, request: Request) -> None:
        session = self._at(request, "push")
        if request.method == "POST" and request.status == 201 and request.reference:
            session.touch(request.reference, travelled=False)  # mounted from another repository
        elif _uploads(request) and request.reference:
            session.touch(request.reference, travelled=True)
            self._sizes.learn(request)

    def _blob(self, request: Request) -> None:
        if request.method == "HEAD":
            self._at(request, "push").touch(request.reference, travelled=False)
        elif request.method == "GET":
            self._at(request, "pull").touch(request.reference, travelled=True)
            self._sizes.learn(request)

    def _put(self, request: Request) -> None:
        session = self._at(request, "push")
        if is_digest(request.reference):
            self._images[request.repository, request.reference] = tuple(session.part)
            session.part = {}
            session.reference = request.reference
        else:
            session.reference = request.reference
            self._end(self._key(request, "push"))

    def _manifest(self, request: Request) -> None:
        key, asked = self._key(request, "pull"), request.reference
        under_way = self._open.get(key)
        if request.method == "HEAD":
            if under_way is not None:
                self._end(key)
            self._at(request, "pull").reference = asked
            return
        if under_way is not None and under_way.got:
            another = not is_digest(under_way.reference) and not is_digest(asked)
            if under_way.blobs or another:
                self._end(key)
        session = self._at(request, "pull")
        if not session.reference or not is_digest(asked):
            session.reference = asked
        self._means(request.repository, asked, session)
        session.got, session.manifest_bytes = True, request.written_bytes
        self._manifests[request.repository, asked] = request.written_bytes

    def _means(self, repository: str, asked: str, session: _Session) -> None:
        """What a pull gets: the image of the manifest that it asked for last, else that of the tag before it."""
        own, tagged = (self._images.get((repository, name)) for name in (asked, session.reference))
        if own is not None and own != tagged:
            session.reference = asked  # one of several images behind a tag
        elif own is None and tagged is not None:
            self._images[repository, asked] = tagged
        session.image = own or tagged

    def _key(self, request: Request, kind: str) -> tuple[str, str, str]:
        return kind, request.client, request.repository

    def _at(self, request: Request, kind: Literal["push", "pull"]) -> _Session:
        key = self._key(request, kind)
        session = self._open.get(key)
        if session is None:
            session = self._open[key] = _Session(kind, request.at_s, request.at_s)
        session.began_s = min(session.began_s, request.at_s)
        session.last_s = max(session.last_s, request.at_s)
        self._open.move_to_end(key)
        return session

    def _end(self, key: tuple[str, str, str]) -> None:
        kind, client, repository = key
        session = self._open.pop(key)
        if kind == "pull" and not session.got:
            return  # who only asked what a tag means has pulled nothing
        if not session.blobs and session.image is None:
            self._logged.bare += 1
            return
        moved = frozenset(digest for digest, travelled in session.blobs.items() if travelled)
        if kind == "push":
            operation = self._push(session, client, repository, moved)
        else:
            operation = self._pull(session, client, repository, moved)
        heapq.heappush(self._ready, (operation.at_s, next(self._number), operation))

    def _push(self, session: _Session, client: str, repository: str, moved: frozenset[str]) -> Operation:
        held = self._held.setdefault(repository, set())
        found = frozenset(session.blobs) - moved - held
        held.update(session.blobs)
        self._images[repository, session.reference] = tuple(session.blobs)
        size = self._manifests.get((repository, session.reference), math.nan)
        blobs = self._blobs(session.blobs)
        return Operation(
            session.began_s, "push", client, repository, session.reference, blobs, moved, found, size, True
        )  # fmt: skip

    def _pull(self, session: _Session, client: str, repository: str, moved: frozenset[str]) -> Operation:
        image, known = session.image, session.image is not None
        blobs = self._blobs(session.blobs if image is None else dict.fromkeys((*image, *session.blobs)))
        return Operation(
            session.began_s, "pull", client, repository, session.reference, blobs, moved, frozenset(),
            session.manifest_bytes, known,
        )  # fmt: skip

    def _blobs(self, digests: Iterable[str]) -> Blobs:
        return tuple((digest, self._sizes.get(digest, math.nan)) for digest in digests)

    def _sweep(self, quiet_since_s: float) -> Iterator[Operation]:
        """End what is quiet, and let go what nothing that is still open can precede."""
        self._swept_s = self._now_s
        while self._open:
            key, session = next(iter(self._open.items()))
            if session.last_s > quiet_since_s:
                break
            if session.reference:
                self._end(key)
            else:
                self._logged.unended += session.kind == "push"
                del self._open[key]
        limit_s = min(min((one.began_s for one in self._open.values()), default=math.inf), quiet_since_s)
        while self._ready and self._ready[0][0] <= limit_s:
            yield heapq.heappop(self._ready)[2]
