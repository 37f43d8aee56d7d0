"""Requests to a registry as its log has them, read line by line: a log may be larger than memory.

Formats, distinguished by the first request:

- `combined`: a line of text with the request in it. Apache's combined lines, as distribution writes them; nginx's,
  ingress-nginx's, Harbor's, Quay's, Traefik's, Envoy's, HAProxy's, Squid's, Nexus's, Artifactory's and load balancers'
  with what they add.
- `distribution`: its logger's lines, JSON or `key=value`; a request is "response completed", written when it ended.
- `fast18`: records of A. Anwar et al., "Improving Docker registry design based on production workload analysis",
  FAST'18, an array or one a line.
- `json`: records of any other program, their fields found by name (`record`): GitLab, zot, Caddy, Traefik, Kong; and
  lines whose fields are named apart (`columns`): CloudFront, IIS, LTSV.

What shippers put around lines comes off first (`envelope`); a line layout that is none of these can be given as the
server's own format string (`formatstring`). A log that says nothing about a size or a duration gives NaN. What an
upload sent is in distribution's own `_state`, which its last request carries, or in a request's length, of which the
least length of a request without a body is taken off. Where uploads are "answered" with kilobytes the log's byte field
is the request's, for a registry answers them with none; where every such answer has a few, these are its header.

Lines that are no request to a registry are counted as other lines; requests that cannot be read, as malformed.

Requests come in the order of their times. A file up to `SMALL` characters is sorted whole, a larger one within `HELD`
requests; where a look at samples finds that its times go back, as in replicas' logs one behind the other and in
rotated files the newest first, within `MOST` requests. What goes back further is refused by name. Left out: what a
proxy's log says of the client behind another proxy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any, Final, Literal

from sim.errors import InputError
from sim.workload.logs import formatstring as formatstring
from sim.workload.logs import parsing
from sim.workload.logs.columns import Columns
from sim.workload.logs.endpoint import Parser
from sim.workload.logs.envelope import Envelopes
from sim.workload.logs.ordering import goes_back, in_order
from sim.workload.logs.request import Reading, Request
from sim.workload.logs.textfile import opened
from sim.workload.logs.timestamps import syslog_s

Format = Literal["combined", "distribution", "fast18", "json"]
FORMATS: Final = ("combined", "distribution", "fast18", "json")
_CHUNK = 1 << 16
_BETWEEN = " \t\r\n,"
#: Characters of a file that is sorted whole; requests that are held back to sort others, and the most of them.
SMALL: Final = 1 << 21
HELD: Final = 500
MOST: Final = 1_000_000
#: Characters of the longest line, or of the longest record of an array, that may be a request.
LONGEST: Final = 1 << 22


def requests(reading: Reading, chosen: Format | None = None) -> Iterator[Request]:
    """The requests of a log in the order of their times.

    InputError when too large a share of them is malformed, when there is none, and when the times of a log too large to
    be sorted go back.
    """
    path, reading.format = reading.path, chosen or ""
    parse = _parser(reading)
    held = MOST if goes_back(reading, parse) or _is_small(path) else HELD
    with opened(path) as file:
        yield from in_order(_read(file, reading, parse), reading, held)
    if not reading.requests and not reading.malformed:
        remedy = f"give a log, one of {', '.join(FORMATS)}, or its format string by --fields or demand.replay.fields"
        raise InputError(path, "has no request to a registry", remedy)
    reading.check()


def _is_small(path: str) -> bool:
    with opened(path) as file:
        return all(file.read(_CHUNK) for _ in range(SMALL // _CHUNK)) is False


def _read(file: IO[str], reading: Reading, parse: Parser) -> Iterator[Request]:
    """Requests of either layout: a line each, or an array of records."""
    start = file.read(_CHUNK)
    if start.lstrip()[:1] == "[" and start.lstrip()[1:].lstrip()[:1] in ("{", "]", ""):
        items: Iterator[tuple[int, Any]] = _array(file, start, reading)
    else:
        items = _lines(file, start, reading)
    envelopes, columns = Envelopes(), Columns()
    last_s: float | None = None
    for number, item in items:
        stamp: float | str | None = None
        if isinstance(item, str):
            if not item.strip():
                continue
            peeled = envelopes.peel(item.lstrip().rstrip("\r\n"))  # a line that was cut may end with a space
            if peeled is None:
                continue
            item, stamp, wrappers = peeled
            reading.wrappers.update(dict.fromkeys(wrappers))
            record = columns.record(item) if reading.fields_given is None else None
            if record is not None:
                item = record
        try:
            found = parse(item, reading.format, stamp)
            if found is None:
                reading.others += 1
                continue
            known, values = found
            last_s = values.at_s if isinstance(values.at_s, float) else syslog_s(values.at_s, last_s)
        except ValueError as error:
            reading.reject(number, str(error))
            continue
        reading.format = reading.format or known
        yield Request(number, last_s, *values[1:])


def _parser(reading: Reading) -> Parser:
    """How lines are taken apart: by the layout that was given, else by what is known."""
    return parsing.parse if reading.fields_given is None else formatstring.parser(reading.fields_given)


def _lines(file: IO[str], start: str, reading: Reading) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers; `start` is what was read of it."""
    begun: list[str] = []  # the parts of a line that has not ended
    more = start
    while more:
        first, *others = more.split("\n")
        begun.append(first)
        for line in others:
            reading.lines += 1
            yield reading.lines, "".join(begun)
            begun = [line]
        _check_length(sum(map(len, begun)), reading)
        more = file.read(_CHUNK)
    if any(begun):
        reading.lines += 1
        yield reading.lines, "".join(begun)


def _array(file: IO[str], text: str, reading: Reading) -> Iterator[tuple[int, Any]]:
    """The records of one JSON array, each with the line it begins on. Records are flat: none holds another brace."""
    decoder = json.JSONDecoder()
    at = text.index("[") + 1
    reading.lines = 1 + text.count("\n", 0, at)
    while True:
        begin = text.find("{", at)
        try:
            item, end = (None, -1) if begin < 0 else decoder.raw_decode(text, begin)
        except (ValueError, RecursionError):  # none, or a number or a nesting that Python refuses
            item, end = None, text.find("{", begin + 1)
        if end < 0:  # what is there does not end yet
            more = file.read(_CHUNK)
            if more:
                text, at = text[at:] + more, 0
                _check_length(len(text), reading)
                continue
            if begin >= 0 or text[at:].strip(_BETWEEN) != "]":
                reading.reject(reading.lines, "the array does not end")
            return
        reading.lines += text.count("\n", at, begin)
        if item is None:
            reading.reject(reading.lines, "is no JSON")
        elif text[at:begin].strip(_BETWEEN):
            reading.reject(reading.lines, "is no record")
        if item is not None:
            yield reading.lines, item
        reading.lines += text.count("\n", begin, end)
        at = end


def _check_length(characters: int, reading: Reading) -> None:
    """InputError where a line, or a record of an array, does not end within any length that a request may have."""
    if characters > LONGEST:
        problem = f"has a line of more than {LONGEST >> 20} Mi characters"
        raise InputError(f"{reading.path}:{reading.lines + 1}", problem, "give a registry's log")
