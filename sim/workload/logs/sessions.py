"""Requests put together again as what clients did: pushes and pulls of images, sorted by time, as a log is read.

A push is what one client asks and uploads in one repository until it puts a manifest by a tag: a blob that `HEAD`
finds and that is not uploaded is one that dedup saved. Manifests put by their digests before are parts of it, as of an
index. A pull is a manifest that a client gets and the blobs that it gets after it; manifests asked for one after
another (a tag's by `HEAD`, an index, then the image's own) are one pull. What stays quiet for `QUIET_S` has ended,
so memory holds what was under way in that time and what the registry has by then, however long the log is. Pushes
without an end and manifests alone (an index, a tag put on what is there) are counted and left out.

One rule says which requests count: those answered with success, and those sent elsewhere for the content (301 to 308),
since an object store then moves the bytes and the registry's log has its own few. A blob that comes in ranges (206), or
in a first part and the rest, is what its parts add up to. An upload is what it ended with: the offset in
distribution's state, else what its requests sent. Where the log has paths without queries, the end of an upload does
not say of which blob it is: then of the one that has been missing longest, by a size that a pull's answer overrules.
Several clients may stand behind one address: each manifest got by
a tag begins a pull of its own, and a blob goes to the first of them that is of its image and has not had it. Ranges
that such clients fetch at once of a blob whose size is not known can't be distinguished.

A blob's size may stand in a line after its push, so sizes are filled in when an operation is passed on.

The log says what an image is made of when it was pushed there. Of an image that was pushed before the log begins, a
pull shows only what its client fetched: such pulls are `known = False` and nothing about them is predicted.
"""

from __future__ import annotations

import heapq
import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Final, Literal

from sim.registry.reference import is_digest
from sim.workload.logs.operations import Blobs, Logged, Operation
from sim.workload.logs.request import Request
from sim.workload.logs.session import Session

#: Longer than any blob takes between its first and its last request.
QUIET_S: Final = 600.0
_SWEEP_EVERY_S: Final = 120.0
#: Uploads under way of which parts are remembered; those that are given up are never heard of again.
_UPLOADS: Final = 100_000
#: Pulls of one repository from one address that are under way at once; the oldest ends where there are more.
_PULLS: Final = 64
#: The content is elsewhere: the client gets it there.
_ELSEWHERE: Final = (301, 302, 303, 307, 308)
_UNCHANGED: Final = 304
_PARTIAL: Final = 206
#: nginx's word for a client that went away in the middle; it may come back for the rest.
_GONE: Final = 499


class Sessions:
    """Requests in, operations out; `logged` counts pushes that never ended."""

    def __init__(self, logged: Logged) -> None:
        self._logged = logged
        self._open: OrderedDict[int, Session] = OrderedDict()  # by id, the one heard of last at the end
        self._pushing: dict[tuple[str, str], Session] = {}
        self._pulling: dict[tuple[str, str], list[Session]] = {}
        self._ready: list[tuple[float, int, Operation]] = []
        self._number = count()
        self._sent: dict[str, float] = {}
        self._got: dict[str, float] = {}
        self._supposed: dict[str, float] = {}
        self._parts: OrderedDict[str, float] = OrderedDict()
        self._held: dict[str, set[str]] = {}
        self._images: dict[tuple[str, str], tuple[str, ...]] = {}
        self._manifests: dict[tuple[str, str], float] = {}
        self._now_s = self._swept_s = -math.inf

    @property
    def sizes(self) -> Mapping[str, float]:
        """Blobs' bytes by digest, as far as requests have said so far: what uploads sent before what pulls got."""
        return self._supposed | self._got | self._sent

    def operations(self, requests: Iterable[Request]) -> Iterator[Operation]:
        """Every operation that ended well, in the order in which they began."""
        for request in requests:
            self._now_s = max(self._now_s, request.at_s)
            self._take(request)
            if self._now_s - self._swept_s >= _SWEEP_EVERY_S:
                yield from self._sweep(self._now_s - QUIET_S)
        yield from self._sweep(math.inf)

    def _take(self, request: Request) -> None:
        kind, method = request.kind, request.method
        answered = 200 <= request.status < 300 or request.status in (*_ELSEWHERE, _UNCHANGED)
        if not request.repository or not answered:
            if kind == "blob" and method == "HEAD" and request.status == 404:
                session = self._push_of(request)
                session.touch(request.reference, travelled=False)
                session.missing[request.reference] = None
            elif kind == "blob" and method == "GET" and request.status == _GONE and request.written_bytes > 0:
                had = self._pull_of(request, request.reference).came_bytes
                had[request.reference] = max(had.get(request.reference, 0.0), request.written_bytes)
        elif kind in ("upload", "mount"):
            self._uploaded(request)
        elif kind == "blob" and method == "HEAD":
            self._push_of(request).touch(request.reference, travelled=False)
        elif kind == "blob" and method == "GET":
            self._blob(request)
        elif kind == "manifest" and method == "PUT":
            self._put(request)
        elif kind == "manifest" and method in ("GET", "HEAD"):
            self._manifest(request)

    def _uploaded(self, request: Request) -> None:
        session = self._push_of(request)
        if request.kind == "mount":
            if request.status == 201:
                session.touch(request.reference, travelled=False)  # it is there, from another repository
        elif request.method == "PATCH":
            self._part(request)
        elif request.method in ("PUT", "POST") and request.status == 201 and request.reference:
            told = request.reference != request.upload
            digest = request.reference if told else next(iter(session.missing), request.reference)
            session.missing.pop(digest, None)
            session.touch(digest, travelled=True)
            before_bytes = self._parts.pop(request.upload, math.nan)
            known = [each for each in (before_bytes, request.sent_bytes) if not math.isnan(each)]
            size_bytes = sum(known) if math.isnan(request.offset_bytes) else request.offset_bytes
            if size_bytes:
                (self._sent if told else self._supposed)[digest] = size_bytes

    def _part(self, request: Request) -> None:
        if request.upload and not math.isnan(request.sent_bytes):
            self._parts[request.upload] = self._parts.get(request.upload, 0.0) + request.sent_bytes
            if len(self._parts) > _UPLOADS:
                self._parts.popitem(last=False)

    def _blob(self, request: Request) -> None:
        digest, partial = request.reference, request.status == _PARTIAL
        session = self._pull_of(request, digest)
        session.touch(digest, travelled=True)
        here = 200 <= request.status < 300
        had_bytes = session.came(digest, request.written_bytes if here else math.nan, partial)
        if request.status == 200:
            had_bytes = request.written_bytes  # all of it, though a store may have been asked for it before
        if 0 < had_bytes < math.inf:
            self._got[digest] = max(had_bytes, self._got.get(digest, 0.0))

    def _pull_of(self, request: Request, digest: str) -> Session:
        """Whose blob this is: the first pull of an image with it that has not had it, else the newest pull."""
        pulls = self._pulling.get((request.client, request.repository), [])
        newest = next((one for one in reversed(pulls) if one.asked), None)
        for one in pulls:
            of_image = (
                digest in one.image
                if one.image is not None
                else (newest is not None and one.asked and one.reference == newest.reference)
            )
            if of_image and self._lacks(one, digest, request.status == _PARTIAL and one is newest):
                return self._heard(one, request)
        return self._heard(pulls[-1], request) if pulls else self._begin(request, "pull")

    def _lacks(self, session: Session, digest: str, goes_on: bool) -> bool:
        """Whether a pull has not had all of a blob; a range of unknown whole goes on where the newest pull is."""
        if not session.blobs.get(digest, False):
            return True
        size_bytes = self._size(digest, of_pulls=False)
        return goes_on if math.isnan(size_bytes) else session.came_bytes.get(digest, 0.0) < size_bytes

    def _put(self, request: Request) -> None:
        session = self._push_of(request)
        session.reference = request.reference
        if is_digest(request.reference):
            self._images[request.repository, request.reference] = tuple(session.part)
            session.part = {}
        else:
            self._end(session)

    def _manifest(self, request: Request) -> None:
        asked = request.reference
        if request.method == "HEAD":
            self._begin(request, "pull").reference = asked
            return
        session = self._asking(request)
        if not session.reference or not is_digest(asked):
            session.reference = asked
        self._means(request.repository, asked, session)
        session.asked.add(asked)
        if request.status != _UNCHANGED:
            session.manifest_bytes = self._manifests[request.repository, asked] = request.written_bytes

    def _asking(self, request: Request) -> Session:
        """Whose manifest this is: who looked the tag up last; for a digest, who got an index and no blob yet."""
        asked = request.reference
        pulls = self._pulling.get((request.client, request.repository), [])
        for one in reversed(pulls):
            if not one.asked and one.reference and (one.reference == asked or is_digest(asked)):
                return self._heard(one, request)
        if is_digest(asked):
            for one in pulls:
                if one.asked and not one.blobs and asked not in one.asked:
                    return self._heard(one, request)
        return self._begin(request, "pull")

    def _means(self, repository: str, asked: str, session: Session) -> None:
        """What a pull gets: the image of the manifest that it asked for last, else that of the tag before it."""
        own, tagged = (self._images.get((repository, name)) for name in (asked, session.reference))
        if own is not None and own != tagged:
            session.reference = asked  # one of several images behind a tag
        elif own is None and tagged is not None:
            self._images[repository, asked] = tagged
        session.image = own or tagged

    def _push_of(self, request: Request) -> Session:
        """The push that this client has under way in this repository, or a new one."""
        session = self._pushing.get((request.client, request.repository))
        return self._begin(request, "push") if session is None else self._heard(session, request)

    def _begin(self, request: Request, kind: Literal["push", "pull"]) -> Session:
        session = Session(kind, request.client, request.repository, request.at_s, request.at_s)
        whose = request.client, request.repository
        if kind == "push":
            self._pushing[whose] = session
        else:
            pulls = self._pulling.setdefault(whose, [])
            pulls.append(session)
        self._open[id(session)] = session
        if kind == "pull" and len(pulls) > _PULLS:
            self._end(pulls[0])
        return session

    def _heard(self, session: Session, request: Request) -> Session:
        session.began_s = min(session.began_s, request.at_s)
        session.last_s = max(session.last_s, request.at_s)
        self._open.move_to_end(id(session))
        return session

    def _close(self, session: Session) -> None:
        del self._open[id(session)]
        whose = session.client, session.repository
        if session.kind == "push":
            del self._pushing[whose]
            return
        pulls = self._pulling[whose]
        pulls.remove(session)
        if not pulls:
            del self._pulling[whose]

    def _end(self, session: Session) -> None:
        self._close(session)
        if session.kind == "pull" and not session.asked:
            return  # who only asked what a tag means has pulled nothing
        if not session.blobs and session.image is None:
            self._logged.bare += 1
            return
        moved = frozenset(digest for digest, travelled in session.blobs.items() if travelled)
        operation = self._push(session, moved) if session.kind == "push" else self._pull(session, moved)
        heapq.heappush(self._ready, (operation.at_s, next(self._number), operation))

    def _push(self, session: Session, moved: frozenset[str]) -> Operation:
        repository = session.repository
        held = self._held.setdefault(repository, set())
        found = frozenset(session.blobs) - moved - held
        held.update(session.blobs)
        self._images[repository, session.reference] = tuple(session.blobs)
        size = self._manifests.get((repository, session.reference), math.nan)
        return Operation(
            session.began_s, "push", session.client, repository, session.reference, _unsized(session.blobs), moved,
            found, size, True,
        )  # fmt: skip

    def _pull(self, session: Session, moved: frozenset[str]) -> Operation:
        image, known = session.image, session.image is not None
        blobs = _unsized(session.blobs if image is None else dict.fromkeys((*image, *session.blobs)))
        return Operation(
            session.began_s, "pull", session.client, session.repository, session.reference, blobs, moved, frozenset(),
            session.manifest_bytes, known,
        )  # fmt: skip

    def _size(self, digest: str, of_pulls: bool = True) -> float:
        """A blob's bytes by whatever said them first; NaN where nothing did, or only pulls and these do not count."""
        told_bytes = self._sent.get(digest, math.nan)
        if not of_pulls or not math.isnan(told_bytes):
            return told_bytes
        return self._got.get(digest, self._supposed.get(digest, math.nan))

    def _sized(self, operation: Operation) -> Operation:
        return operation._replace(blobs=tuple((digest, self._size(digest)) for digest, _ in operation.blobs))

    def _sweep(self, quiet_since_s: float) -> Iterator[Operation]:
        """End what is quiet, and let go what nothing that is still open can precede."""
        self._swept_s = self._now_s
        while self._open:
            session = next(iter(self._open.values()))
            if session.last_s > quiet_since_s:
                break
            if session.reference:
                self._end(session)
            else:
                self._logged.unended += session.kind == "push"
                self._close(session)
        limit_s = min(min((one.began_s for one in self._open.values()), default=math.inf), quiet_since_s)
        while self._ready and self._ready[0][0] <= limit_s:
            yield self._sized(heapq.heappop(self._ready)[2])


def _unsized(digests: Iterable[str]) -> Blobs:
    return tuple((digest, math.nan) for digest in digests)
