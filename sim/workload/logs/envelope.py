"""What log shippers put around a line, peeled off before anybody reads the line itself.

    Mar  4 09:00:00 host proxy[1003]: LINE           syslog (RFC 3164), journalctl, Harbor's files
    2025-03-04T09:00:00+00:00 host proxy[1003]: LINE rsyslog's and journalctl's ISO stamps
    <134>1 2025-03-04T09:00:00Z host app 7 ID - LINE syslog (RFC 5424), its length in front as RFC 6587 has it
    Tue 2025-03-04 09:00:00 UTC host proxy[1003]: LINE journalctl -o short-full
    1741078800.004000 host proxy[1003]: LINE         journalctl -o short-unix
    2025-03-04T09:00:00.004Z stdout F LINE           CRI: containerd's and CRI-O's container logs
    2025-03-04T09:00:00.004Z LINE                    kubectl logs --timestamps, docker logs -t
    registry-1  | LINE                               docker compose, docker service logs (registry.1.id@host)
    [pod/registry-7f/registry] LINE                  kubectl logs --prefix
    pod-7f registry time="..." ...                    stern
    {"log": "LINE\\n", "time": ...}                   Docker's json-file, fluentd
    {"MESSAGE": "LINE", ...}                         journalctl -o json, also with its bytes as numbers
    MESSAGE=LINE                                     journalctl -o export, among lines of other fields
    {"message": "LINE", "@timestamp": ...}           filebeat
    {"line": "LINE", "timestamp": ...}               logcli -o jsonl
    2025/03/04 09:00:00.004<TAB>INFO<TAB>...<TAB>{...} zap's console, as Caddy writes it

Colours come off first. Wrappers nest, so peeling goes on until nothing is recognised. A stamp outside dates a line that
has no time of its own. Lines that Docker or CRI cut at 16 KiB are put together again, each of its stream. Left out:
parts of a line between which other lines of the same stream stand; UTC offsets of journalctl's names of time zones.
"""

from __future__ import annotations

import json
import re
from typing import Final, NamedTuple

from sim.workload.logs.timestamps import iso_s

_ISO: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)"
#: Behind the stamp of syslog's older form, and of the ISO stamps that replaced it: host, program, perhaps its number.
_PROGRAM: Final = r"(?: \S+)? [^\s:\[\]\"|]+(?:\[\d+\])?: "
_NAME: Final = r"[a-z0-9][a-z0-9.-]*"
_WRAPPERS: Final = (
    ("syslog", re.compile(rf"(?:<\d+>)?(?P<bsd>[A-Z][a-z]{{2}} [ \d]\d \d\d:\d\d:\d\d)(?:\.\d+)?{_PROGRAM}")),
    ("syslog", re.compile(rf"(?:<\d+>)?(?P<iso>{_ISO}){_PROGRAM}")),
    (
        "syslog",
        re.compile(rf"(?:\d+ )?<\d+>1 (?:-|(?P<iso>{_ISO})) \S+ \S+ \S+ \S+ (?:-|(?:\[(?:[^\]\\]|\\.)*\])+) \ufeff?"),
    ),
    ("syslog", re.compile(rf"[A-Z][a-z]{{2}} (?P<full>\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) UTC{_PROGRAM}")),
    ("syslog", re.compile(rf"(?P<unix>\d{{9,}}\.\d{{6}}){_PROGRAM}")),
    ("CRI", re.compile(rf"(?P<iso>{_ISO}) (?P<stream>stdout|stderr) (?P<cut>[FP])(?::\S*)? ")),
    ("time stamps", re.compile(rf"(?P<iso>{_ISO}) (?=\S)")),
    ("compose", re.compile(r"[A-Za-z0-9][\w.@-]* +\| ")),
    ("kubectl", re.compile(r"\[pod/[^\]\s]+\] ")),
    ("stern", re.compile(rf"(?:{_NAME} ){{2,3}}(?=time=\"|\{{\"|{_ISO} )")),
    ("journald", re.compile(r"MESSAGE=")),
    ("console", re.compile(r"(?P<console>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)?|\S{20,35})\t[^{]{1,200}\t(?=\{)")),
)
_DEEPEST: Final = 6
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
#: By the name of its text, a shipper's record and the names of its time.
_RECORDS: Final = (
    ("message", "filebeat", ("@timestamp", "timestamp")),
    ("line", "loki", ("timestamp", "ts")),
    ("textPayload", "Cloud Logging", ("timestamp",)),
)
#: The keys of Docker's own records, and digits that a count of microseconds never has.
_DOCKERS: Final = {"log", "stream", "time", "attrs"}
_DIGITS: Final = 20
#: What a record's text has if that is a request's line, and not a program's word about the record's other fields.
_ASKED: Final = re.compile(r"\b(?:GET|HEAD|PUT|POST|PATCH|DELETE) |http\.request\.")


class Line(NamedTuple):
    """A line without its wrappers.

    `stamp` is what the wrappers say of when it was written: s since 1970, or text of a syslog stamp, which has no year,
    or None. `wrappers` are their names, outermost first.
    """

    text: str
    stamp: float | str | None
    wrappers: tuple[str, ...]


class Envelopes:
    """Peels lines one after another; keeps what a wrapper says goes on in the next line."""

    def __init__(self) -> None:
        self._begun: dict[str, str] = {}  # by stream, the parts of a line that has not ended

    def peel(self, text: str) -> Line | None:
        """The line inside; None while only a part of it has come."""
        stamp: float | str | None = None
        wrappers: list[str] = []
        whole, stream = True, ""
        text = _COLOUR.sub("", text) if "\x1b" in text else text
        for _ in range(_DEEPEST):
            peeled = _json(text) if text[:1] == "{" else _prefixed(text)
            if peeled is None:
                break
            wrappers.append(peeled.name)
            text, whole, stream = peeled.text, whole and peeled.ends, stream or peeled.stream
            if peeled.stamp is not None and not isinstance(stamp, float):
                stamp = peeled.stamp
        begun = self._begun.pop(stream, "") + text
        if not whole:
            self._begun[stream] = begun
            return None
        return Line(begun, stamp, tuple(wrappers))


class _Peeled(NamedTuple):
    """One wrapper off: its name, what was inside and when it was written, whether the line ends here, its stream."""

    name: str
    text: str
    stamp: float | str | None
    ends: bool = True
    stream: str = ""


def _prefixed(text: str) -> _Peeled | None:
    """What is behind a wrapper that stands in front."""
    for name, form in _WRAPPERS:
        found = form.match(text)
        if found is None:
            continue
        named = found.groupdict()
        console, unix = named.get("console"), named.get("unix")
        iso = console.replace("/", "-") if console else named.get("iso") or named.get("full")
        stamp = named.get("bsd") or (float(unix) if unix else _iso_s(iso))
        return _Peeled(name, text[found.end() :], stamp, named.get("cut") != "P", named.get("stream") or "")
    return None


def _json(text: str) -> _Peeled | None:
    """What is in a JSON record that holds the line as text and no field of a request."""
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    if isinstance(record.get("log"), str):
        inner = record["log"]
        # Only Docker's own records lack the line's end where it goes on; shippers take the end off.
        ends = inner.endswith("\n") or not _DOCKERS >= set(record) >= {"time", "stream"}
        return _Peeled("json-file", inner.rstrip("\r\n"), _iso_s(record.get("time")), ends, str(record.get("stream")))
    message = record.get("MESSAGE")
    if isinstance(message, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in message):
        message = bytes(message).decode(errors="replace")  # not printable, as with colours
    if isinstance(message, str):
        written = str(record.get("__REALTIME_TIMESTAMP", ""))
        stamp = float(written) / 1e6 if written.isdecimal() and len(written) < _DIGITS else None
        return _Peeled("journald", _COLOUR.sub("", message), stamp)
    for key, name, times in _RECORDS:
        if isinstance(record.get(key), str) and _ASKED.search(record[key]):
            at = next((record[time] for time in times if isinstance(record.get(time), str)), None)
            return _Peeled(name, record[key].rstrip("\r\n"), _iso_s(at))
    return None


def _iso_s(text: object) -> float | None:
    try:
        return None if text is None else iso_s(text)
    except (ValueError, OverflowError):
        return None
