"""Deploys as an archive of HTTP: HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), each request an entry.

A deploy is a page, and has its requests and those of its copies. The timings of an entry are the format's, in ms: a
connection that it opened, its body's bytes leaving, the wait for the first byte of the answer, and the rest of that;
they add up to its time. What the format has no name for stands under names that begin with `_`: who sent it and what
for, how long it waited for one of the registry's workers, and how long that took. Requests are seen in the run, made
again (`sim.runner.look`), and one by one only where they were simulated so (`run.detail`).

Left out: headers and cookies, which are not simulated; and how much of opening a connection is TLS. A blob has no bytes
and so no digest: its address has what it is and its number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from sim.engines import Request
from sim.errors import InputError
from sim.registry.clients import TOKEN
from sim.report.why.answer import Why
from sim.report.why.spans import nanoseconds
from sim.runner import look
from sim.scenario import Scenario
from sim.scenario.model.naming import CENTRAL
from sim.version import __version__

_MS: Final = 1e3
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_THERE: Final = -1
_TYPES: Final[Mapping[str, str]] = {
    "manifest": "application/vnd.oci.image.manifest.v1+json", "index": "application/vnd.oci.image.index.v1+json",
    "blob": "application/octet-stream",
}  # fmt: skip


def har(whys: Iterable[Why]) -> dict[str, Any]:
    """The document. InputError where requests that follow one another were simulated as one."""
    pages: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    for why in whys:
        detail = why.result.scenario.run.detail
        if detail != "requests":
            problem = f"is {detail}, in which requests that follow one another are one"
            raise InputError("run.detail", problem, "make the run with --detail requests")
        pages += _pages(why)
        entries += _entries(why)
    creator = {"name": "regsim", "version": __version__}
    return {"log": {"version": "1.2", "creator": creator, "pages": pages, "entries": entries}}


def _pages(why: Why) -> Iterator[dict[str, Any]]:
    start_s = why.result.scenario.run.start_s
    for row in why.rows:
        of = why.of(row)
        yield {
            "startedDateTime": _date(start_s, float(of["asked_s"])), "id": _page(why, int(of["deploy"])),
            "title": f"{why.variant}: deploy {of['deploy']}: {of['repository']} by {of['route']}",
            "pageTimings": {"onContentLoad": _NOT_THERE, "onLoad": _MS * float(of["latency_s"])},
        }  # fmt: skip


def _entries(why: Why) -> Iterator[dict[str, Any]]:
    scenario = why.result.scenario
    deploys = frozenset(int(why.of(row)["deploy"]) for row in why.rows)
    secure = {name for name, group in ((CENTRAL, scenario.central), *scenario.node_hosts()) if group.tls}
    seen = look(why.result, deploys, 0.0, 0.0)
    for one in sorted(seen.requests, key=lambda one: one.sent_s - one.connect_s):
        yield {"pageref": _page(why, one.deploy), **_entry(one, scenario, one.registry in secure)}


def _entry(one: Request, scenario: Scenario, secure: bool) -> dict[str, Any]:
    timings = {
        "connect": _MS * one.connect_s if one.connect_s > 0 else _NOT_THERE,
        "send": _MS * (one.left_s - one.sent_s), "wait": _MS * (one.answered_s - one.left_s),
        "receive": _MS * (one.ended_s - one.answered_s),
    }  # fmt: skip
    # Differences of sums of floats may come out a hair below 0.
    timings |= {name: max(of, 0.0) for name, of in timings.items() if of != _NOT_THERE}
    bare: dict[str, Any] = {"httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "headersSize": _NOT_THERE}
    kind = _TYPES.get(one.name.split()[1], "") if one.received_bytes else ""
    return {
        "startedDateTime": _date(scenario.run.start_s, one.sent_s - one.connect_s),
        "time": sum(of for of in timings.values() if of != _NOT_THERE),
        "request": {
            "method": one.method, "url": _url(one, secure), "queryString": [], "bodySize": one.sent_bytes, **bare,
        },
        "response": {
            "status": one.status, "statusText": HTTPStatus(one.status).phrase if one.status else "", "redirectURL": "",
            "content": {"size": one.received_bytes, "mimeType": kind}, "bodySize": one.received_bytes, **bare,
        },
        "cache": {},
        "timings": timings,
        "_client": one.client, "_purpose": one.purpose, "_queued": _MS * (one.began_s - one.arrived_s),
        "_served": _MS * (one.served_s - one.began_s),
    }  # fmt: skip


def _url(one: Request, secure: bool) -> str:
    """An address as the distribution specification has them; names that people gave are escaped."""
    base = f"{'https' if secure else 'http'}://{quote(one.registry, safe='')}"
    what, of = one.name.partition(" ")[2], f"{base}/v2/{quote(one.repository)}"
    if one.name == TOKEN:
        return f"{base}/token"
    if what.startswith("/"):
        return f"{base}{what}"
    if what.startswith(("manifest", "index")):
        return f"{of}/manifests/{quote(one.reference)}"
    return f"{of}/blobs/{'uploads/' if what.startswith('upload') else ''}{one.blob}"


def _page(why: Why, deploy: int) -> str:
    return f"{why.variant} {deploy}"


def _date(start_s: float, at_s: float) -> str:
    """A time of the run as ISO 8601 has it, to the microsecond."""
    at = _EPOCH + timedelta(microseconds=nanoseconds(start_s, at_s) // 1000)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
