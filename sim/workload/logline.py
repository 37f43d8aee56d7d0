"""One line or record of a registry's log, taken apart: `parse` gives its format and the values of a request.

`accesslog` describes the formats. Times are seconds since 1970. Syslog's stamp has no year and Harbor's lines no other,
so theirs count from 2000: only differences between them mean anything.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, unquote

_NAN = float("nan")
#: Apache's and nginx's combined line; Harbor's has no time in brackets and syslog's stamp in front.
_COMBINED: Final = re.compile(
    r'^(?:(?P<stamp>[A-Z][a-z]{2} +\d+ [\d:]{8}) \S+ \S+: )?(?P<client>\S+) -(?: \S+)?(?: \[(?P<time>[^\]]+)\])?'
    r' "(?P<method>[A-Z]+) (?P<uri>\S+)[^"]*" (?P<status>\d{3}) (?P<written>\d+|-)'
    r'(?: "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"(?: (?P<taken>\d+\.\d+))?)?'
)  # fmt: skip
_PAIR: Final = re.compile(r'([\w.]+)=("(?:[^"\\]|\\.)*"|\S*)')
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_COMPLETED = "response completed"
#: distribution signs the state of an upload: 32 bytes, then JSON (registry/handlers/hmac.go).
_SIGNED_BYTES = 32

#: at_s, method, repository, kind, reference, status, written_bytes, sent_bytes, duration_s, client.
Values = tuple[float, str, str, str, str, int, float, float, float, str]


class MalformedError(ValueError):
    """Says in a few words why a line is no line of a known log."""


def parse(item: Any, chosen: str) -> tuple[str, Values] | None:
    """The format and the values of a request; None for what a log holds beside requests, or another format's lines."""
    if not isinstance(item, str):
        return _record(item, chosen)
    text = item.strip()
    if text.startswith("{"):
        try:
            return _record(json.loads(text.rstrip(",")), chosen)
        except json.JSONDecodeError:
            raise MalformedError("is no JSON") from None
    if text.startswith("time="):
        try:
            pairs = {key: json.loads(value) if value[:1] == '"' else value for key, value in _PAIR.findall(text)}
        except json.JSONDecodeError:
            raise MalformedError("has a value that is no text") from None
        return _record(pairs, chosen)
    found = _COMBINED.match(text)
    if found is None:
        raise MalformedError("is no line of a known log")
    if chosen not in ("", "combined"):
        return None
    values = _values(
        _stamp(found["time"], found["stamp"]), found["method"], found["uri"], found["status"],
        "nan" if found["written"] == "-" else found["written"], float(found["taken"] or "nan"), found["client"],
    )  # fmt: skip
    return None if values is None else ("combined", values)


def _record(record: Any, chosen: str) -> tuple[str, Values] | None:
    if not isinstance(record, Mapping):
        raise MalformedError("is no record")
    own = "distribution" if "msg" in record else "fast18"
    if chosen not in ("", own) or (own == "distribution" and not str(record["msg"]).startswith(_COMPLETED)):
        return None
    try:
        if own == "distribution":
            taken_s = go_duration_s(str(record["http.response.duration"]))
            at_s = _iso_s(record["time"]) - taken_s
        else:
            taken_s, at_s = float(record["http.request.duration"]), _iso_s(record["timestamp"])
        values = _values(
            at_s, record["http.request.method"], record["http.request.uri"], record["http.response.status"],
            record.get("http.response.written", "nan"), taken_s, record["http.request.remoteaddr"],
        )  # fmt: skip
    except KeyError as missing:
        raise MalformedError(f"lacks {missing.args[0]}") from None
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise MalformedError(str(error) or type(error).__name__) from None
    return None if values is None else (own, _sized(values) if own == "fast18" else values)


def _sized(values: Values) -> Values:
    """In the FAST'18 records an upload's `written` is what was sent."""
    *head, method_written, _, taken_s, client = values
    sent = method_written if values[3] == "upload" and values[1] in ("PUT", "PATCH") else _NAN
    return (*head, method_written, sent, taken_s, client)  # type: ignore[return-value]


def _values(
    at_s: float, method: str, uri: str, status: Any, written: Any, taken_s: float, client: str
) -> Values | None:
    path, _, query = uri.partition("?")
    parts = path.strip("/").split("/")
    if parts[0] != "v2":
        return None
    repository, kind, reference, sent_bytes = "", "other", "", _NAN
    if len(parts) > 3 and parts[-2] in ("manifests", "blobs") and parts[-1] != "uploads":
        repository, kind, reference = "/".join(parts[1:-2]), parts[-2][:-1], unquote(parts[-1])
    elif "uploads" in parts[-2:] and "blobs" in parts[-3:]:
        named = parse_qs(query)
        repository, kind = "/".join(parts[1 : parts.index("blobs", 1)]), "upload"
        reference = (named.get("digest") or named.get("mount") or [parts[-1] if parts[-1] != "uploads" else ""])[0]
        sent_bytes = _offset(named["_state"][0]) if "_state" in named and "digest" in named else _NAN
    written_bytes = float(written)
    if written_bytes < 0 or taken_s < 0 or math.inf in (written_bytes, taken_s):
        raise MalformedError("has a size or a duration that cannot be")
    return (
        at_s, str(method), repository, kind, reference, int(status), written_bytes, sent_bytes, taken_s,
        _address(client),
    )  # fmt: skip


def _offset(state: str) -> float:
    """The bytes that an upload had received, in the state that distribution hands to the client between requests."""
    try:
        content = base64.urlsafe_b64decode(state + "=" * (-len(state) % 4))
        offset = float(json.loads(content[_SIGNED_BYTES:])["Offset"])
        return offset if 0 < offset < math.inf else _NAN
    except (ValueError, KeyError, TypeError):
        return _NAN


def _address(client: str) -> str:
    """The address without its port."""
    host, colon, port = client.rpartition(":")
    return host.strip("[]") if colon and port.isdigit() and (host.count(":") == 0 or host.endswith("]")) else client


def go_duration_s(text: str) -> float:
    """Go's `1m2.5s`, `826.933µs`, in seconds. ValueError for anything else."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is no duration")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _iso_s(text: Any) -> float:
    at = datetime.fromisoformat(str(text))
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _stamp(time: str | None, syslog: str | None) -> float:
    try:
        if time is not None:
            return datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z").timestamp()
        if syslog is not None:
            return datetime.strptime(f"2000 {syslog}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        pass
    if time is None and syslog is None:
        raise MalformedError("has no time")
    raise MalformedError("its time is none")
