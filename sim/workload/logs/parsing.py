"""One line or record of a registry's log, taken apart: `parse` gives its format and the values of a request.

Fields are found by what they mean, not by one program's order of them. A line of text has its request in quotes (`"GET
/v2/... HTTP/1.1"`), or between bars; what stands around it is known by its shape. A record's fields are known by their
names, of which `record` has a table. `accesslog` describes the formats.

What is no request to a registry gives None: other paths, a server's own messages, TLS sent to a plain port, a probe
that sends nothing. Malformed is what says that it is such a request and cannot be read. Left out: binary formats, and
lines of programs that no registry, proxy or load balancer writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from sim.workload.logs.endpoint import MalformedError, Values, instant_s, number, registry_path, values_of
from sim.workload.logs.record import Record, recognised
from sim.workload.logs.timestamps import clf_s, go_duration_s, iso_s

_NAN = float("nan")
_METHODS: Final = "GET|HEAD|PUT|POST|PATCH|DELETE|OPTIONS"
_REQUEST: Final = re.compile(rf'"(?P<method>{_METHODS}) (?P<uri>[^\s"]+)[^"]*"')
#: What says that a line is about a registry's request, though it may not be read as one.
_ABOUT: Final = re.compile(rf"\b(?:{_METHODS})\b.{{0,80}}?\bv2/")
_CLF_TIME: Final = re.compile(r"\[(\d{1,2}/\w{3}/\d{4}:[\d:]{8} [+-]\d{4})\]")
_ISO_TIME: Final = re.compile(r"\[(\d{4}-\d\d-\d\dT[^\]\s]+)\]")
#: nginx's and Go's error lines quote the request that went wrong; its own line stands elsewhere.
_ERROR: Final = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ")
#: A logger's line for a terminal says how long its server has been up, and not when that was.
_TERMINAL: Final = re.compile(r"[A-Z]{4}\[\d+\] ")
#: In Quay's container a request is logged by gunicorn, too, behind nginx, whose line counts.
_BEHIND: Final = "[gunicorn.access]"
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_PAIR: Final = re.compile(r'([\w.]+)=("(?:[^"\\]|\\.)*"|\S*)')
_MORE_QUOTED: Final = re.compile(r'^(?: "(?:[^"\\]|\\.)*")+')
_COMPLETED = "response completed"

#: Application load balancers: type, time, balancer, client, target, three durations, two statuses, bytes in and out.
#: Classic ones have no type, and their time, when the request came, is taken for a wrapper's.
_ALB: Final = re.compile(
    r"(?:(?:h2|https?|wss?|grpcs?) (?P<time>\S+) )?\S+ (?P<client>\S+:\d+) \S+ (?P<taken>-?[\d.]+ -?[\d.]+ -?[\d.]+)"
    r" (?P<status>\d{3}) (?:\d{3}|-) (?P<received>\d+) (?P<written>\d+) "
)
#: HAProxy's lines: client, time in no zone, frontend, backend, five times in ms of which the last is the whole.
_HAPROXY: Final = re.compile(
    r"(?P<client>\S+):\d+ \[(?P<time>\d{1,2}/\w{3}/\d{4}:[\d:]{8})(?P<part>\.\d+)?\] \S+ \S+ [-\d/]+/\+?(?P<ms>-?\d+)"
    r" (?P<status>\d{3}) \+?(?P<written>\d+) "
)
#: Squid's own lines, which have the request without quotes.
_SQUID: Final = re.compile(
    rf"(?P<time>\d{{9,}}\.\d{{3}}) +(?P<ms>\d+) (?P<client>\S+) \w+/(?P<status>\d{{3}}) (?P<written>\d+)"
    rf" (?P<method>{_METHODS}) (?P<uri>\S+) "
)
#: Behind the request in the lines of: Envoy; Nexus (Jetty); all others.
_ENVOY: Final = re.compile(
    r' (?P<status>\d{3}) [\w,-]+(?: \S+ \S+ "[^"]*")? (?P<received>\d+) (?P<written>\d+) (?P<ms>\d+) (?:\d+|-) '
)
#: An address of IPv4, or of IPv6 with `::` or all of its parts, so that it is no time of day; perhaps with a port.
_ADDRESS: Final = re.compile(
    r"(?<![\w.:])(?:(?:::ffff:)?\d{1,3}(?:\.\d{1,3}){3}"
    r"|\[?(?=[0-9a-fA-F:]*::|(?:[0-9a-fA-F]{1,4}:){7})[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:%\w+)?\]?)"
    r"(?::\d+)?(?![\w.])"
)
#: What a proxy says of whom it asks for: the real address in brackets, or all addresses in quotes behind the agent.
_REAL: Final = re.compile(rf" \[({_ADDRESS.pattern})(?:, [^\]]*)?\] ")
_FORWARDED: Final = re.compile(rf'"({_ADDRESS.pattern})(?:, ?{_ADDRESS.pattern})*"')
_NEXUS: Final = re.compile(r' (?P<status>\d{3}) (?P<received>\d+|-) (?P<written>\d+|-) (?P<ms>\d+) (?=")')
_COMMON: Final = re.compile(r"\s(?P<status>\d{3})\s(?P<written>\d+|-)(?=\s|$)")
#: Behind the agent, and what else is quoted there, in the lines of: ingress-nginx; Quay's nginx; labelled; nginx and
#: Harbor; nginx's with other fields before, known by its three decimals; Traefik; Apache's %D.
_TAILS: Final = (
    re.compile(r" (?P<received>\d+) (?P<s>\d+\.\d+) \["),
    re.compile(r" \((?P<s>\d+\.\d+) (?P<received>\d+) "),
    re.compile(r'.*?\b(?:rt|reqtime|request_time)[=:] ?"?(?P<s>\d+(?:\.\d+)?)"?'),
    re.compile(r" (?P<s>\d+\.\d+)(?: |$)"),
    re.compile(r"[^=:]*? (?P<s>\d+\.\d{3})(?: |$)"),
    re.compile(r".* (?P<go>\d+(?:\.\d+)?(?:ns|µs|μs|us|ms|s))$"),
    re.compile(r" (?:\d+/)?(?P<us>\d+)$"),
)


def parse(item: Any, chosen: str, stamp: float | str | None = None) -> tuple[str, Values] | None:
    """The format and the values of a request; None for what a log holds beside requests, or another format's lines.

    `stamp` dates a line that has no time of its own. MalformedError for a request that cannot be read.
    """
    if not isinstance(item, str):
        return _record(item, chosen, stamp)
    text = item.strip()
    if text.startswith("{"):
        try:
            record = json.loads(text.rstrip(","))
        except (ValueError, RecursionError):
            return other(text, "is no JSON")
        return _record(record, chosen, stamp)
    if re.match(r"\w+=", text):
        return _record({key: _unquoted(value) for key, value in _PAIR.findall(text)}, chosen, stamp)
    if text.count("|") >= 9 and '"' not in text.split("|", 1)[0]:
        return _barred(text.split("|"), chosen)
    return _line(text, chosen, stamp)


def _unquoted(value: str) -> str:
    """A value of `key=value` without its quotes; one whose escapes are none stands as it is, as of an agent's name."""
    if value[:1] != '"':
        return value
    try:
        return str(json.loads(value))
    except ValueError:
        return value[1:-1]


def other(text: str, problem: str) -> tuple[str, Values] | None:
    """Nothing, where a line says nothing of a registry's request. MalformedError where it does."""
    if _ABOUT.search(text):
        raise MalformedError(problem)
    return None


def _line(text: str, chosen: str, stamp: float | str | None) -> tuple[str, Values] | None:
    text = text.replace("\t", " ")
    if _ERROR.match(text) or _TERMINAL.match(text) or _BEHIND in text:
        return None
    asked = _REQUEST.search(text) or _SQUID.match(text)
    if asked is None:
        return other(text, "is no line of a known log")
    if chosen not in ("", "combined"):
        return None
    before, after = text[: asked.start()], text[asked.end() :]
    at: float | str | None
    balanced = _ALB.match(text)
    if balanced is not None:
        spent_s = sum(max(float(each), 0.0) for each in balanced["taken"].split())
        fields = {**balanced.groupdict(), "s": str(spent_s)}
        ended = balanced["time"]
        at = stamp if ended is None else instant_s(iso_s, ended) - spent_s
        return _combined(asked, fields, balanced["client"], at)
    proxied = _HAPROXY.match(text) or _SQUID.match(text)
    if proxied is not None:
        return _proxied(asked, proxied.groupdict())
    fields = _fields(after)
    if not fields:
        return other(text, "is no line of a known log")
    clf, iso = _CLF_TIME.search(before), _ISO_TIME.search(before)
    at = stamp if iso is None else instant_s(iso_s, iso[1])
    at = at if clf is None else instant_s(clf_s, clf[1])
    if at is None and "[" in before and clf is None and registry_path(asked["uri"]) is not None:
        raise MalformedError("its time is none")
    stands = clf or iso
    return _combined(asked, fields, _client(before if stands is None else before[: stands.start()], after), at)


def _fields(after: str) -> dict[str, str]:
    """What stands behind the request: the status, the bytes, and behind the agent sizes and durations."""
    for form in (_ENVOY, _NEXUS):
        found = form.match(after)
        if found is not None:
            return found.groupdict()
    found = _COMMON.match(after)
    if found is None:
        return {}
    quoted = [match.end() for match in _QUOTED.finditer(after)][:2]
    rest = _MORE_QUOTED.sub("", after[quoted[-1] :] if quoted else after[found.end() :])
    tail = next((match for form in _TAILS if (match := form.match(rest.rstrip()))), None)
    return {**found.groupdict(), **(tail.groupdict() if tail else {})}


def _proxied(asked: re.Match[str], found: dict[str, str | None]) -> tuple[str, Values] | None:
    """A line of HAProxy's, dated when the request came, or of Squid's, dated when its answer had gone."""
    written, taken = str(found["time"]), max(float(found["ms"] or 0), 0.0) / 1e3
    if "/" in written:
        at_s = instant_s(clf_s, f"{written} +0000") + float(found["part"] or 0)
    else:
        at_s = float(written) - taken
    return _combined(asked, {**found, "ms": str(1e3 * taken)}, str(found["client"]), at_s)


def _client(before: str, after: str) -> str:
    """Who asked: whom a proxy says it asks for, else the first address of the line, else its first word, as of a name.

    In front of it may stand the host that was asked, or what a log shipper adds. Envoy's lines begin with the time and
    have the client behind the agent, or last.
    """
    if before.strip():
        real = _REAL.search(before) or _FORWARDED.search(after)
        found = _ADDRESS.search(before)
        return real[1] if real is not None else before.split(None, 1)[0] if found is None else found[0]
    forwarded = next((match[0].strip('"') for match in _QUOTED.finditer(after) if match[0] != '"-"'), "-")
    if _ADDRESS.search(forwarded) is not None:
        return forwarded.split(",")[0].strip()
    addresses = [match[0] for match in _ADDRESS.finditer(_QUOTED.sub("", after))]
    return addresses[-1] if addresses else forwarded.split(",")[0].strip()


def _combined(
    asked: re.Match[str], fields: Mapping[str, str | None], client: str, at: float | str | None
) -> tuple[str, Values] | None:
    if registry_path(asked["uri"]) is None:
        return None
    if at is None:
        raise MalformedError("has no time")
    values = values_of(
        at, asked["method"], asked["uri"], fields["status"], number(fields.get("written")), taken_s(fields), client,
        number(fields.get("received")),
    )  # fmt: skip
    return None if values is None else ("combined", values._replace(whole=bool(fields.get("us"))))


def taken_s(fields: Mapping[str, str | None]) -> float:
    """A duration, s, from whichever unit the line has it in; NaN where it has none."""
    for name, unit_s in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if fields.get(name):
            return float(str(fields[name])) * unit_s
    return go_duration_s(str(fields["go"])) if fields.get("go") else _NAN


def _barred(parts: list[str], chosen: str) -> tuple[str, Values] | None:
    """Artifactory's request log: `time|trace|client|user|METHOD|path|status|bytes in|bytes out|ms|agent`.

    Until its version 6 it was `time|ms|REQUEST|client|user|METHOD|path|protocol|status|bytes`, of the body that there
    is, the time when it began.
    """
    methods = _METHODS.split("|")
    at = next((place for place, part in enumerate(parts) if part in methods), -1)
    old = at == 5 and parts[2] == "REQUEST" and len(parts) == 10
    if at < 3 or not (old or len(parts) >= at + 6) or registry_path(parts[at + 1]) is None:
        return other(" ".join(parts), "is no line of a known log")
    if chosen not in ("", "combined"):
        return None
    status, received, written, ms = parts[at + 2 : at + 6] if not old else (parts[8], "-", "-", parts[1])
    if old and parts[at] in ("PUT", "PATCH", "POST"):
        received = parts[9]
    elif old:
        written = parts[9]
    try:
        at_s = instant_s(iso_s, f"{parts[0][:8]}T{parts[0][8:]}" if old else parts[0])
        values = values_of(
            at_s, parts[at], parts[at + 1], status, number(written), number(ms) / 1e3, parts[at - 2], number(received)
        )  # fmt: skip
    except ValueError as error:
        raise MalformedError(str(error)) from None
    return None if values is None else ("combined", values)


def _record(record: Any, chosen: str, stamp: float | str | None) -> tuple[str, Values] | None:
    if not isinstance(record, Mapping):
        raise MalformedError("is no record")
    message = str(record.get("msg", record.get("message", "")))
    logger = any(str(key).startswith("http.request") for key in record)
    own = "distribution" if logger and message else "fast18" if logger else "json"
    if chosen not in ("", own) or (own == "distribution" and not message.startswith(_COMPLETED)):
        return None
    try:
        found = _study(record) if own == "fast18" else recognised(record, stamp)
        if found is None:
            return None
        values = values_of(
            found.at, found.method, found.uri, found.status, found.written_bytes, found.taken_s, found.client,
            found.received_bytes,
        )  # fmt: skip
    except KeyError as missing:
        raise MalformedError(f"lacks {missing.args[0]}") from None
    except MalformedError:
        raise
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise MalformedError(str(error) or type(error).__name__) from None
    if values is None:
        return None
    return own, _sized(values) if own == "fast18" else values


def _study(record: Mapping[str, Any]) -> Record:
    """A record of FAST'18, whose names are distribution's and whose durations are seconds."""
    return Record(
        at=iso_s(record["timestamp"]), method=record["http.request.method"], uri=record["http.request.uri"],
        status=record["http.response.status"], written_bytes=float(record.get("http.response.written", "nan")),
        taken_s=float(record["http.request.duration"]), client=record["http.request.remoteaddr"],
    )  # fmt: skip


def _sized(values: Values) -> Values:
    """In the FAST'18 records an upload's `written` is what was sent."""
    sent = values.written_bytes if values.kind == "upload" and values.method == "PUT" else _NAN
    return values._replace(sent_bytes=sent)
