"""Requests in the order of their times, and which of its bytes are what, whatever order a log's lines have.

Lines stand in the order in which requests ended, so times go back a little in any log. They go back by days where
replicas' logs stand one behind the other and where rotated files were put together the newest first. How much has to
be held back to sort a log is estimated from samples of its times. Left out: clocks of several servers that disagree.
"""

from __future__ import annotations

import heapq
import io
import math
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from sim.errors import InputError
from sim.workload.logs.endpoint import Parser
from sim.workload.logs.envelope import Envelopes
from sim.workload.logs.request import Reading, Request
from sim.workload.logs.textfile import opened
from sim.workload.logs.timestamps import syslog_s

#: Times that go back by less are a request's own duration, or two workers of one server.
_BACK_S: Final = 300.0
#: Samples of a file's times: one in so many characters, and no more than so many in all.
_STRIDE: Final = 1 << 16
_SAMPLES: Final = 20_000
#: No server answers in less: a log with whole durations below it has seconds or milliseconds instead of microseconds.
_LEAST_S: Final = 20e-6
#: No answer to an upload is as long: registries answer uploads with a header alone.
_ANSWER_BYTES: Final = 4096


def in_order(found: Iterator[Request], reading: Reading, held: int) -> Iterator[Request]:
    """The requests sorted by time as far as `held` of them allow, their sizes put right.

    Of one time they come as their lines do, or the other way where the whole log has its newest first. InputError for
    one that is far earlier than what has been passed on.
    """
    waiting: list[tuple[float, int, Request]] = []
    sizes, ways = _Sizes(reading), _Ways(reading)
    passed_s = -math.inf
    for request in found:
        reading.requests += 1
        sizes.see(request)
        ways.see(request.at_s)
        heapq.heappush(waiting, (request.at_s, reading.requests * ways.sign, request))
        if len(waiting) <= held:
            continue
        waiting = ways.turned(waiting)
        at_s, _, first = heapq.heappop(waiting)
        ended_s = at_s if math.isnan(first.duration_s) else at_s + first.duration_s
        if ended_s < passed_s - _BACK_S:
            problem = f"goes back by {passed_s - ended_s:,.0f} s, and the log is too large to be sorted here"
            raise InputError(f"{reading.path}:{first.line}", problem, "sort its lines by their times, oldest first")
        passed_s = max(passed_s, at_s)
        yield sizes.right(first)
    waiting = ways.turned(waiting)
    while waiting:
        yield sizes.right(heapq.heappop(waiting)[2])


class _Ways:
    """Whether a log's lines stand the newest first, by how often their times rise and fall before any is passed on."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._rises = self._falls = 0
        self._last_s, self._latest_s = math.nan, -math.inf
        self._decided = False
        self.sign = 1

    def see(self, at_s: float) -> None:
        self._rises += at_s > self._last_s
        self._falls += at_s < self._last_s
        self._last_s, self._latest_s = at_s, max(at_s, self._latest_s)
        if at_s < self._latest_s - _BACK_S:
            self._reading.sorted = True

    def turned(self, waiting: list[tuple[float, int, Request]]) -> list[tuple[float, int, Request]]:
        """What waits, its ties turned where nearly all times fall; decided once."""
        if self._decided:
            return waiting
        self._decided = True
        if self._falls <= 9 * self._rises or self._falls < 2:
            return waiting
        self.sign, self._reading.sorted = -1, True
        turned = [(at_s, -number, request) for at_s, number, request in waiting]
        heapq.heapify(turned)
        return turned


class _Sizes:
    """Which of a log's byte fields is what, by what requests that were seen so far can't be."""

    def __init__(self, reading: Reading) -> None:
        self._fields = reading.fields
        self._header_bytes = math.inf
        self._answer_bytes = math.inf
        self._answered = False
        self._asked = False
        self._least_s = math.inf

    def see(self, request: Request) -> None:
        if request.whole:
            self._least_s = min(self._least_s, request.duration_s)
        if not math.isnan(request.duration_s):
            self._fields["durations"] = None
        if not math.isnan(request.offset_bytes):
            self._fields["sizes of uploads"] = None
        bare = request.method == "HEAD" or (request.kind == "upload" and request.status in (201, 202))
        if bare and request.written_bytes < self._answer_bytes:
            self._answer_bytes = request.written_bytes
        self._answered = self._answered or (request.kind == "upload" and request.status == 202)
        if request.method in ("GET", "HEAD"):
            if request.sent_bytes < self._header_bytes:
                self._header_bytes = request.sent_bytes
        elif request.kind == "upload" and request.method in ("PUT", "PATCH"):
            if not math.isnan(request.sent_bytes):
                self._fields["sizes of uploads"] = None
            elif request.written_bytes > _ANSWER_BYTES:
                self._asked = True
                self._fields["bytes of requests, not of answers"] = None

    def right(self, request: Request) -> Request:
        """The request with what it sent and what it was answered kept apart, and no duration of an unknown unit."""
        if request.whole and self._least_s < _LEAST_S:
            self._fields.pop("durations", None)
            self._fields["durations of a unit that it does not say"] = None
            request = request._replace(duration_s=math.nan)
        if self._asked:
            return request._replace(sent_bytes=request.written_bytes, written_bytes=math.nan)
        if self._answered and 0 < self._answer_bytes < _ANSWER_BYTES:
            # Answers that have no body are written with bytes: those of the header, which all answers have.
            self._fields["bytes of answers with their headers"] = None
            request = request._replace(written_bytes=max(request.written_bytes - self._answer_bytes, 0.0))
        if math.isinf(self._header_bytes) or math.isnan(request.sent_bytes):
            return request
        return request._replace(sent_bytes=max(request.sent_bytes - self._header_bytes, 0.0))


def goes_back(reading: Reading, parse: Parser) -> bool:
    """Whether samples of a file's times go back by more than a request may take."""
    latest_s = last_s = -math.inf
    for text in _samples(reading.path):
        peeled = Envelopes().peel(text.strip())
        if peeled is None:
            continue
        with suppress(ValueError):
            found = parse(peeled.text, "", peeled.stamp)
            if found is None:
                continue
            at = found[1].at_s
            last_s = at if isinstance(at, float) else syslog_s(at, None if math.isinf(last_s) else last_s)
            latest_s = max(latest_s, last_s)
            if last_s < latest_s - _BACK_S:
                reading.sorted = True
                return True
    return False


def _samples(path: str) -> Iterator[str]:
    """Lines from all over a file; what cannot be sought in is read through."""
    with opened(path) as file:
        seekable = isinstance(file.buffer, io.BufferedReader) and file.encoding == "utf-8"
        stride = max(_STRIDE, os.stat(path).st_size // _SAMPLES)
        place = 0
        while True:
            for _ in range(3):
                line = file.readline(_STRIDE)
                if not line:
                    return
                yield line
            place += stride
            if seekable:
                file.seek(place)
            elif not file.read(stride):
                return
            file.readline(_STRIDE)  # what is left of a line
