"""Spans as OTLP's JSON has them, of containerd: how long pulls, requests and unpacking took, and layers' sizes.

    {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": ..., "startTimeUnixNano": "...", "attributes": [...]}]}]}]}

as an OpenTelemetry collector's file exporter writes it, one document a line, or as one document. Names are containerd's
own (core/unpack/unpacker.go, core/remotes/docker/resolver.go, client/pull.go, internal/cri): `PullImage` has
`image.ref`, `unpackLayer` has `layer.media.digest` and `layer.media.size`, `HTTPRequest` ends when a response's headers
are there. Spans of one trace are of one pull. Format: https://github.com/open-telemetry/opentelemetry-proto. Left out:
spans of other programs, and spans that failed, which are counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sim.calibrate.imports.documents import Json, number, size_bytes, table, tables, text
from sim.calibrate.imports.found import Blob, Found, Pictured, number_of, observed
from sim.calibrate.imports.kubernetes import normalised
from sim.calibrate.probes.estimate import Estimate, Evidence
from sim.errors import InputError

PULLS: Final = ("PullImage", "pull.Pull")
UNPACKED: Final = "unpackLayer"
REQUEST: Final = "HTTPRequest"
#: The attributes of a request's address and method, as OpenTelemetry named them then and now.
_URL: Final = ("url.full", "http.url", "http.target", "url.path")
_METHOD: Final = ("http.request.method", "http.method")
_FAILED: Final = (2, "STATUS_CODE_ERROR")


@dataclass(slots=True)
class _Spans:
    """What was read until now; layers by trace, in the order they were unpacked."""

    pulls: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    references: dict[str, str] = field(default_factory=dict)
    layers: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    unpacked: list[tuple[float, int]] = field(default_factory=list)
    manifests: list[float] = field(default_factory=list)
    blobs: list[float] = field(default_factory=list)
    failed: int = 0
    others: int = 0
    all: int = 0


def is_otlp(document: Any) -> bool:
    """Whether a JSON document, or the first of several, is spans."""
    first = next(tables(document), {}) if isinstance(document, list) else table(document)
    return "resourceSpans" in first


def otlp(path: str, document: Any) -> Found:
    """What containerd's spans say. InputError where there are none, and for times that are none."""
    seen = _Spans()
    for span in spans_of(document):
        seen.all += 1
        _read(seen, path, span)
    if not (seen.pulls or seen.unpacked or seen.manifests or seen.blobs):
        problem = f"has no pull, layer or request of containerd's among {number_of(seen.all, 'span')}"
        raise InputError(path, problem, "give those of its CRI plugin, with tracing on")
    open_ = ["what requests take at the registry: as nodes see them they hold the round trip and the network",
             "how fast a blob came: a request's span ends with the first byte of its answer"]  # fmt: skip
    if seen.unpacked:
        open_.append("unpacking from the wait for the layer's bytes: the span of a layer holds both")
    if seen.failed:
        open_.append(f"what {number_of(seen.failed, 'span')} that failed would have taken: they are left out")
    if seen.others:
        open_.append(f"what {number_of(seen.others, 'span')} of other names say")
    evidence = Evidence(path, "OTLP", tuple(_estimates(path, seen)), tuple(open_))
    return Found(evidence, number_of(seen.all, "span"), images=tuple(_images(seen)))


def spans_of(document: Any) -> Iterator[Json]:
    """The spans of a document, or of several."""
    for part in tables(document) if isinstance(document, list) else (table(document),):
        for resource in tables(part.get("resourceSpans")):
            for key in ("scopeSpans", "instrumentationLibrarySpans"):
                for scope in tables(resource.get(key)):
                    yield from tables(scope.get("spans"))


def has_failed(span: Json) -> bool:
    """Whether a span's status is an error."""
    return table(span.get("status")).get("code") in _FAILED


def url_of(attributes: Mapping[str, Any]) -> str:
    """The address of a request, by its span's attributes; empty where they have none."""
    return next((text(attributes[key]) for key in _URL if text(attributes.get(key))), "")


def _read(seen: _Spans, path: str, span: Json) -> None:
    name, attributes = text(span.get("name")), attributes_of(span)
    last = name.rpartition(".")[2]
    if not (name.endswith(PULLS) or last in (UNPACKED, REQUEST)):
        seen.others += 1
        return
    if has_failed(span):
        seen.failed += 1
        return
    taken_s, trace = _taken_s(path, span), text(span.get("traceId"))
    if name.endswith(PULLS):
        seen.pulls[trace][last] = max(taken_s, seen.pulls[trace].get(last, 0.0))
        if text(attributes.get("image.ref")):
            seen.references[trace] = normalised(text(attributes["image.ref"]))
    elif last == UNPACKED:
        digest = text(attributes.get("layer.media.digest"))
        size = size_bytes(path, whole_of(attributes.get("layer.media.size")), f"layer {digest[:19]}")
        seen.unpacked.append((taken_s, size))
        if digest:
            seen.layers[trace][digest] = size
    else:
        _request(seen, attributes, taken_s)


def _request(seen: _Spans, attributes: Mapping[str, Any], taken_s: float) -> None:
    url = url_of(attributes)
    method = next((text(attributes[key]) for key in _METHOD if text(attributes.get(key))), "GET")
    if "/manifests/" in url:
        seen.manifests.append(taken_s)
    elif "/blobs/" in url and method == "GET":
        seen.blobs.append(taken_s)
    else:
        seen.others += 1


def attributes_of(span: Json) -> dict[str, Any]:
    """A span's attributes by name, each as the first value that it has."""
    listed = tables(span.get("attributes"))
    return {text(one.get("key")): next(iter(table(one.get("value")).values()), None) for one in listed}


def whole_of(value: Any) -> Any:
    """A whole number, which JSON of protobuf has as text."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20 else value


def times_of(path: str, span: Json) -> tuple[int, int]:
    """When a span began and ended, ns since 1970. InputError where it has no times, or ends before it begins."""
    begun, ended = (whole_of(span.get(key)) for key in ("startTimeUnixNano", "endTimeUnixNano"))
    if number(begun) is None or number(ended) is None or not isinstance(begun, int) or not isinstance(ended, int):
        raise InputError(path, "a span has no times", "give whole spans, as the collector wrote them")
    if ended < begun:
        raise InputError(path, "a span ends before it begins", "give spans as the collector wrote them")
    return begun, ended


def _taken_s(path: str, span: Json) -> float:
    begun, ended = times_of(path, span)
    return (ended - begun) / 1e9


def _estimates(path: str, seen: _Spans) -> Iterator[Estimate]:
    # Of one trace the outer span counts: CRI's PullImage has the client's Pull within.
    taken = [of.get("PullImage", of.get("Pull", 0.0)) for of in seen.pulls.values()]
    for name, values in (
        ("pull", taken),
        ("unpacking of a layer", [taken_s for taken_s, _ in seen.unpacked]),
        ("request for a manifest, as a node sees it", seen.manifests),
        ("first byte of a blob, as a node sees it", seen.blobs),
    ):
        if values:
            yield observed(name, "s", values, f"{path}: {number_of(len(values), 'span')}")
    rates = [size / taken_s for taken_s, size in seen.unpacked if taken_s > 0 and size > 0]
    if rates:
        yield observed("layer's size over the time of its unpacking", "bytes/s", rates, f"{path}: spans of layers")


def _images(seen: _Spans) -> Iterator[Pictured]:
    """The images that were pulled, by the layers of their traces; one that was pulled twice, by what it had most of."""
    made: dict[str, tuple[Blob, ...]] = {}
    for trace, reference in seen.references.items():
        layers = tuple(Blob(digest, size) for digest, size in seen.layers.get(trace, {}).items())
        if layers and len(layers) >= len(made.get(reference, ())):
            made[reference] = layers
    yield from (Pictured(name, layers) for name, layers in made.items())
