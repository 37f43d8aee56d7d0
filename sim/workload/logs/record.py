"""A record of a log as a request, its fields found by what their names mean.

Programs agree on what a request's fields are and on nothing else: `http.request.method` is distribution's,
`RequestMethod` Traefik's, `request.method` Caddy's. Names are compared in lower case without `_` and `-`, nested ones
joined by dots, first whole and then by their last part. A duration's unit is in its name (`duration_ms`), in its text
(`"4ms"`), or is its program's: nanoseconds in Traefik's `Duration`, milliseconds in Envoy's and Kong's, seconds
elsewhere. Method and path may stand in one field, as nginx's `$request` does, and the query in one of its own. Left
out: lists within a record.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from sim.workload.logs.timestamps import clf_s, go_duration_s, iso_s

_NAN = float("nan")

#: The names of each field, the surest first.
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "method": ("http.request.method", "request.method", "requestmethod", "httpmethod", "method", "verb"),
    "uri": (
        "http.request.uri", "request.uri", "requesturi", "requestpath", "uri", "xenvoyoriginalpath", "requesturl",
        "path", "url",
    ),
    "query": ("requestquery", "querystring", "query", "args"),
    "line": ("request", "requestline", "requestfirstline", "httprequest"),
    "status": (
        "http.response.status", "downstreamstatus", "statuscode", "responsecode", "httpstatus", "originstatus",
        "status",
    ),
    "written": (
        "http.response.written", "writtenbytes", "downstreamcontentsize", "bodybytessent", "bytessent", "bodysize",
        "responsesize", "responsecontentlength", "sentbytes", "response.size", "size", "bytes",
    ),
    "received": (
        "bytesread", "requestlength", "bytesreceived", "requestcontentsize", "requestsize", "requestcontentlength",
        "receivedbytes", "request.size",
    ),
    "taken": (
        "http.response.duration", "durationms", "latencies.request", "timetaken", "requesttime", "reqtime",
        "responsetime", "latency", "elapsedms", "elapsed", "duration",
    ),
    "began": ("startutc", "starttime", "startlocal", "requestcreationtime", "startedat"),
    "ended": ("time", "timestamp", "@timestamp", "ts", "timeiso8601", "timelocal", "msec", "date"),
    "client": (
        "http.request.remoteaddr", "request.clientip", "clientip", "remoteip", "clienthost", "request.remoteip",
        "remoteaddr", "clientaddr", "downstreamremoteaddress", "xforwardedfor", "forwardedfor", "client", "remote",
        "ip", "host",
    ),
}  # fmt: skip
_SURE: Final = ("method", "uri", "status")


class Record(NamedTuple):
    """A request as its record says it; `at` is when it came, s since 1970, or a syslog stamp."""

    at: float | str
    method: str
    uri: str
    status: Any
    written_bytes: float
    taken_s: float
    client: str
    received_bytes: float = _NAN


def recognised(record: Mapping[str, Any], stamp: float | str | None) -> Record | None:
    """The request in a record; None where it has no method, path and status, so that it is about something else.

    `stamp` dates a record without a time. KeyError names what a request lacks; ValueError or TypeError where a value
    is none.
    """
    fields = dict(_flat(record, ""))
    found = {name: value for name in NAMES if (value := _named(fields, name)) is not None}
    _split(found)
    if any(name not in found for name in _SURE):
        return None
    taken_s = _seconds(*found["taken"], fields) if "taken" in found else _NAN
    began, ended = found.get("began"), found.get("ended")
    at: float | str
    if began is not None:
        at = _instant_s(began[1])
    elif ended is not None:
        at = _instant_s(ended[1])
        if taken_s == taken_s:
            # Of a stamp in whole seconds only whole ones are taken off: so what began later never comes first.
            at -= taken_s if at % 1 else math.floor(taken_s)
    elif stamp is not None:
        at = stamp
    else:
        raise KeyError("a time")
    return Record(
        at, str(found["method"][1]), str(found["uri"][1]), found["status"][1], _size(found.get("written")), taken_s,
        str(found["client"][1]) if "client" in found else "-", _size(found.get("received")),
    )  # fmt: skip


def _split(found: dict[str, tuple[str, Any]]) -> None:
    """A request line as method and path, and a query that stands apart as a part of the path."""
    words = str(found["line"][1]).split(" ") if "line" in found else []
    if len(words) in (2, 3) and words[0].isupper() and "method" not in found:
        found["method"], found["uri"] = ("request", words[0]), ("request", words[1])
    query = str(found["query"][1]).lstrip("?") if "query" in found else ""
    if query not in ("", "-") and "uri" in found and "?" not in str(found["uri"][1]):
        found["uri"] = (found["uri"][0], f"{found['uri'][1]}?{query}")


def _flat(record: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        name = prefix + str(key).lower().replace("_", "").replace("-", "")
        if isinstance(value, Mapping) and name.count(".") < 3:
            yield from _flat(value, f"{name}.")
        elif not isinstance(value, Mapping | list):
            yield name, value


def _named(fields: Mapping[str, Any], meaning: str) -> tuple[str, Any] | None:
    """The name and the value of a field, by its whole name or by the last part of one."""
    for name in NAMES[meaning]:
        if fields.get(name) is not None and fields[name] != "":
            return name, fields[name]
    for name in NAMES[meaning]:
        for field, value in fields.items():
            if field.endswith(f".{name}") and not field.startswith("respheaders") and value not in (None, ""):
                return name, value
    return None


def _seconds(name: str, value: Any, fields: Mapping[str, Any]) -> float:
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        return go_duration_s(value)
    number = float(value)
    if name.endswith("ms") or name.startswith("latencies.") or (name == "duration" and "responsecode" in fields):
        return number / 1e3
    return number / 1e9 if name == "duration" and "downstreamstatus" in fields else number


def _size(found: tuple[str, Any] | None) -> float:
    return _NAN if found is None or found[1] in ("-", "", -1, "-1") else float(found[1])


def _instant_s(value: Any) -> float:
    if isinstance(value, int | float) or str(value).replace(".", "", 1).isdigit():
        number = float(value)
        # Seconds until the year 5138; what is larger counts thousandths, millionths or billionths of one.
        for _ in range(3):
            if number >= 1e11:
                number /= 1e3
        return number
    text = str(value).strip("[]")
    if text[4:5] == "/":  # zap's, as Caddy writes it: 2025/03/04 09:00:00.004
        return iso_s(text.replace("/", "-"))
    return clf_s(text) if "/" in text else iso_s(text)
