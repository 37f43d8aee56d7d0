"""Deploys as traces for whoever reads OpenTelemetry's: OTLP in JSON (OpenTelemetry protocol 1.3, its JSON encoding).

What a node does has the names that containerd gives its own spans, so that a simulated pull can be laid beside a real
one: `pull.Pull` and `pull.fetch` (client/pull.go), `pkg.unpack.unpacker.fetchLayer` and `unpackLayer` for each layer
(pkg/unpack) and `remotes.docker.resolver.HTTPRequest` (remotes/docker) for metadata, of containerd 2.0. All else has
names of ours. Every host is a service. Times are the run's own clock, from `run.start`. Left out: requests one by one,
which rows do not have, and layers that another deploy's pull unpacked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from sim.report.why.answer import Why
from sim.tables.rows import PHASES
from sim.version import __version__

OF_PUSH: Final = PHASES[:4]
_LAYERS: Final = ("kernel", "rootfs")
PULL, FETCH = "pull.Pull", "pull.fetch"
LAYER, REQUEST = "pkg.unpack.unpacker.fetchLayer", "remotes.docker.resolver.HTTPRequest"
UNPACK = "pkg.unpack.unpacker.unpackLayer"
#: How the keys of pulls begin that no start had asked for: they have the times of their bodies.
AHEAD: Final = "ahead"


class Span(NamedTuple):
    """A stretch of time of one deploy at one host; `key` is unique in the deploy, `parent` is another's, or empty."""

    deploy: int
    host: str
    name: str
    key: str
    parent: str
    from_s: float
    until_s: float
    about: Mapping[str, str | int | float]


def spans(why: Why) -> Iterator[Span]:
    """Every span of the deploys in question, a deploy after another, parents before children."""
    rows = _Rows(why)
    for row in why.rows:
        yield from _deploy(why, row, rows)


class _Rows:
    """Which rows of the other tables are of which deploy."""

    def __init__(self, why: Why) -> None:
        self.tables = {name: why.result.tables[name] for name in ("transfers", "syncs", "starts", "unpacks")}
        wanted = why.result.tables["deploys"].column("deploy")[why.rows]
        self._at: dict[str, dict[int, list[int]]] = {name: {} for name in self.tables}
        self.columns = {
            name: {column.name: table.column(column.name) for column in table.columns}
            for name, table in self.tables.items()
        }
        for name, table in self.tables.items():
            numbers = table.column("deploy")
            for at in np.flatnonzero(np.isin(numbers, wanted)).tolist():
                self._at[name].setdefault(int(numbers[at]), []).append(at)

    def of(self, table: str, deploy: int) -> Iterator[tuple[int, dict[str, Any]]]:
        for at in self._at[table].get(deploy, ()):
            yield at, {name: values[at] for name, values in self.columns[table].items()}


def _deploy(why: Why, row: int, rows: _Rows) -> Iterator[Span]:
    of = why.of(row)
    number, client, asked_s = int(of["deploy"]), str(of["client"]), float(of["asked_s"])
    about = {"repository": str(of["repository"]), "image": str(of["image"]), "route": str(of["route"])}
    yield Span(number, client, "deploy", "deploy", "", asked_s, float(of["ended_s"]), about)
    begins_s = asked_s
    for phase in PHASES:
        lasts_s = float(of[f"{phase}_s"])
        if lasts_s > 0:
            waited = {"waited_s": float(of[f"{phase}_waited_s"])}
            yield Span(number, client, phase, phase, "deploy", begins_s, begins_s + lasts_s, waited)
        begins_s += lasts_s
    bodies = [*rows.of("transfers", number)]
    pushes = [each for each in bodies if each[1]["purpose"] == "push"]
    if pushes:
        ends_s = max(asked_s + sum(float(of[f"{phase}_s"]) for phase in OF_PUSH), *(b["ended_s"] for _, b in pushes))
        yield Span(number, client, "push", "push", "deploy", asked_s, ends_s, {})
        yield from (_body(number, at, body, client, "push.blob", "push") for at, body in pushes)
    for at, sync in rows.of("syncs", number):
        key = f"sync {at}"
        yield Span(number, sync["target"], "sync", key, "deploy", sync["started_s"], sync["committed_s"],
                   {"source": sync["source"], "size_bytes": int(sync["size_bytes"])})  # fmt: skip
        inside = [b for b in bodies if b[1]["purpose"] == "sync" and b[1]["target"] == sync["target"]
                  and sync["started_s"] <= b[1]["started_s"] and b[1]["ended_s"] <= sync["committed_s"]]  # fmt: skip
        yield from (_body(number, place, body, sync["target"], "sync.blob", key) for place, body in inside)
    of_starts: set[str] = set()
    for at, start in rows.of("starts", number):
        made = [*_start(number, at, start, bodies, [*rows.of("unpacks", number)])]
        of_starts |= {span.key for span in made}
        yield from made
    yield from _ahead(number, [(at, body) for at, body in bodies if f"body {at}" not in of_starts])


def _ahead(number: int, bodies: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[Span]:
    """What nodes fetched before they were asked for a start, as they do where a client polls; rows have its bodies."""
    pulled: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for at, body in bodies:
        if body["purpose"] == "pull":
            pulled.setdefault(str(body["target"]), []).append((at, body))
    for node, of in pulled.items():
        key = f"{AHEAD} {node}"
        from_s, until_s = min(body["started_s"] for _, body in of), max(body["ended_s"] for _, body in of)
        yield Span(number, node, PULL, key, "deploy", from_s, until_s, {})
        yield Span(number, node, FETCH, f"{key} fetch", key, from_s, until_s, {})
        for at, body in of:
            yield _body(number, at, body, node, LAYER if body["content"] in _LAYERS else REQUEST, f"{key} fetch")


def _start(
    number: int, at: int, start: Mapping[str, Any], bodies: list[tuple[int, dict[str, Any]]],
    layers: list[tuple[int, dict[str, Any]]],
) -> Iterator[Span]:  # fmt: skip
    """The start of an instance: its pull with what it fetched and unpacked, then its boot."""
    node, key = start["node"], f"start {at}"
    yield Span(number, node, "start", key, "deploy", start["asked_s"], start["ready_s"], {"kind": start["kind"]})
    pulled = [
        (place, body) for place, body in bodies
        if body["purpose"] == "pull" and body["target"] == node and start["asked_s"] <= body["started_s"]
        and body["ended_s"] <= start["pulled_s"] + 1e-9
    ]  # fmt: skip
    yield Span(number, node, PULL, f"{key} pull", key, start["asked_s"], start["pulled_s"], {})
    if pulled:
        from_s = min(body["started_s"] for _, body in pulled)
        yield Span(number, node, FETCH, f"{key} fetch", f"{key} pull", from_s, start["pulled_s"], {})
        for place, body in pulled:
            name = LAYER if body["content"] in _LAYERS else REQUEST
            yield _body(number, place, body, node, name, f"{key} fetch")
    for place, layer in layers:
        if layer["node"] == node and start["asked_s"] <= layer["started_s"] <= start["pulled_s"]:
            about: dict[str, str | int | float] = {
                "content": str(layer["content"]), "waited_s": float(layer["waited_s"]),
                "core_s": float(layer["core_s"]), "bound_by": str(layer["bound_by"]),
            }  # fmt: skip
            yield Span(
                number, node, UNPACK, f"unpack {place}", f"{key} pull", layer["started_s"], layer["ended_s"], about
            )
    if start["ready_s"] > start["pulled_s"] and not start["missed"]:
        yield Span(number, node, "boot", f"{key} boot", key, start["pulled_s"], start["ready_s"], {})


def _body(number: int, at: int, body: Mapping[str, Any], host: str, name: str, parent: str) -> Span:
    about: dict[str, str | int | float] = {
        "content": str(body["content"]), "source": str(body["source"]), "target": str(body["target"]),
        "layer.media.size" if name == LAYER else "size_bytes": int(body["size_bytes"]),
        "waited_s": float(body["waited_s"]), "bound_by": str(body["bound_by"]),
    }  # fmt: skip
    return Span(number, host, name, f"body {at}", parent, float(body["started_s"]), float(body["ended_s"]), about)


def otlp(whys: Iterable[Why]) -> dict[str, Any]:
    """The document, as a collector takes it at `/v1/traces` and viewers open it."""
    by_host: dict[str, list[dict[str, Any]]] = {}
    for why in whys:
        run = f"{why.variant} {why.result.seed} {why.result.run}"
        start_s = why.result.scenario.run.start_s
        for span in spans(why):
            trace = _digits(f"{run} {span.deploy}", 32)
            by_host.setdefault(span.host, []).append({
                "traceId": trace, "spanId": _digits(f"{run} {span.deploy} {span.key}", 16),
                "parentSpanId": _digits(f"{run} {span.deploy} {span.parent}", 16) if span.parent else "",
                "name": span.name, "kind": 1, "startTimeUnixNano": str(nanoseconds(start_s, span.from_s)),
                "endTimeUnixNano": str(nanoseconds(start_s, max(span.until_s, span.from_s))),
                "attributes": _attributes({"variant": why.variant, "deploy": span.deploy, **span.about}),
                "status": {},
            })  # fmt: skip
    scope = {"name": "regsim", "version": __version__}
    return {
        "resourceSpans": [
            {"resource": {"attributes": _attributes({"service.name": host})},
             "scopeSpans": [{"scope": scope, "spans": found}]}
            for host, found in by_host.items()
        ]
    }  # fmt: skip


def _digits(text: str, count: int) -> str:
    """An identifier that the same span has in every export."""
    return hashlib.sha256(text.encode()).hexdigest()[:count]


def nanoseconds(start_s: float, at_s: float) -> int:
    """A time of a run that begins at `start_s`, s since 1970: as floats their sum would be right to 0.2 us only."""
    return round(start_s * 1e9) + round(at_s * 1e9)


def _attributes(about: Mapping[str, str | int | float]) -> list[dict[str, Any]]:
    """Attributes as protobuf's JSON has them: 64-bit whole numbers are text."""
    kinds = {str: "stringValue", int: "intValue", float: "doubleValue"}
    return [
        {"key": key, "value": {kinds[type(value)]: str(value) if isinstance(value, int) else value}}
        for key, value in about.items()
    ]
