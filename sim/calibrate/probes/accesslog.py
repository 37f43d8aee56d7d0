"""What a registry's access log shows of the registry and of its demand.

Requests that move no blob show a registry's service time, where the log has durations: distribution's own lines have
them and nginx's, the combined format has none. Pushes and pulls, put together by `workload.sessions`, show how often
images come and how many are updates. Left out: how popular single repositories are, and when of the day they are asked
for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sim.calibrate.probes.estimate import Estimate, Evidence, Residuals, about, line, mean, poisson, share, spread
from sim.workload.logs.accesslog import requests
from sim.workload.logs.operations import Logged
from sim.workload.logs.request import Reading, Request
from sim.workload.logs.sessions import Sessions

#: Durations kept for fitting: enough for any interval, and little memory.
MOST: Final = 200_000


@dataclass(slots=True)
class _Seen:
    """What is kept of a log while it is read; lists end at `MOST`."""

    first_s: float = math.inf
    last_s: float = -math.inf
    service_s: list[float] = field(default_factory=list)
    at_s: list[float] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)
    got_s: list[float] = field(default_factory=list)

    def watch(self, found: Iterator[Request]) -> Iterator[Request]:
        """The requests as they come, looked at."""
        for request in found:
            self.first_s, self.last_s = min(self.first_s, request.at_s), max(self.last_s, request.at_s)
            if not math.isnan(request.duration_s) and len(self.service_s) + len(self.got_s) < MOST:
                self._timed(request)
            yield request

    def _timed(self, request: Request) -> None:
        if request.kind == "blob" and request.method == "GET" and request.status == 200:
            self.sizes.append(request.written_bytes)
            self.got_s.append(request.duration_s)
        elif (
            request.method in ("HEAD", "GET") and request.kind in ("manifest", "blob") and request.status in (200, 404)
        ):
            self.service_s.append(request.duration_s)
            self.at_s.append(request.at_s)


def access_log(path: str, fields: str | None = None) -> Evidence:
    """A log of any size, its lines of the layout `fields` where one is given. InputError when it is none."""
    seen, logged, reading = _Seen(), Logged(), Reading(path, fields_given=fields)
    known: set[str] = set()
    updates = firsts = 0
    for operation in Sessions(logged).operations(seen.watch(requests(reading))):
        logged.add(operation, 0.0)
        if operation.kind == "push":
            updates += operation.repository in known
            firsts += operation.repository not in known
            known.add(operation.repository)
    over_s = max(seen.last_s - seen.first_s, 1.0)
    estimates = list(_demand(path, logged, updates, over_s))
    open_ = [
        "what was pushed before it begins: a repository's first push counts as new, so updates are a lower bound",
        "the round trips and lines of clients: ping and iperf3 do",
    ]
    residuals: list[Residuals] = []
    if len(seen.service_s) >= 3:
        estimates.extend(_service(path, seen, residuals))
        open_.append("service from the wait for a worker: durations hold both")
    else:
        open_.append(f"a service time: {reading.format} lines have no durations, or too few")
    estimates.extend(_gets(path, seen, open_, residuals))
    if reading.malformed:
        open_.append(f"what its {reading.malformed} malformed lines say: {reading.malformed_lines()}")
    return Evidence(path, f"access log ({reading.found})", tuple(estimates), tuple(open_), tuple(residuals))


def _demand(path: str, logged: Logged, updates: int, over_s: float) -> Iterator[Estimate]:
    span = f"{path}: {logged.pushes} pushes and {logged.pulls} pulls in {over_s:.0f} s"
    if logged.pushes:
        yield poisson("pushes", logged.pushes, over_s, span, "demand.rate")
        yield share("updates among pushes", updates, logged.pushes, span, "demand.updates")
        asked = logged.sent_blobs + logged.saved_blobs
        if asked:
            yield share("blobs that dedup saved", logged.saved_blobs, asked, span)
    if logged.pulls:
        yield poisson("pulls", logged.pulls, over_s, span)


def _service(path: str, seen: _Seen, residuals: list[Residuals]) -> Iterator[Estimate]:
    values = np.array(seen.service_s)
    source = f"{path}: mean of {len(values)} requests that move no blob"
    found = mean("request", "s", values, source, "REGISTRY.request_time")
    residuals.append(about("requests", "s into the log", np.array(seen.at_s) - seen.first_s, values, found.value))
    yield found
    yield spread("request, spread over mean (fixed 0, exponential 1)", values, path)


def _gets(path: str, seen: _Seen, open_: list[str], residuals: list[Residuals]) -> Iterator[Estimate]:
    large = [(size, taken_s) for size, taken_s in zip(seen.sizes, seen.got_s, strict=True) if size > 0]
    if len(large) < 3 or len({size for size, _ in large}) < 2:
        return
    size_bytes, taken_s = (np.array(column) for column in zip(*large, strict=True))
    fitted = line(size_bytes, taken_s, f"{path}: {len(large)} blobs got")
    open_.append("whether a client's line or the disk held back the blobs that were got")
    if fitted.rate is None:
        open_.append("a rate of blobs: at 95 % the time does not grow with the size")
        return
    yield Estimate("rate of blobs got", "bytes/s", *_bounds(fitted.rate), len(large), fitted.rate.source)
    keep = fitted.fitted_s > 0
    residuals.append(about("blobs got", "bytes", size_bytes[keep], taken_s[keep], fitted.fitted_s[keep]))


def _bounds(found: Estimate) -> tuple[float, float, float]:
    return found.value, found.low, found.high
