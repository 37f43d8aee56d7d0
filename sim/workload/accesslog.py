"""Requests to a registry as its log has them, read line by line: a log may be larger than memory.

Formats, told apart by the first request:

- `combined`: Apache's combined lines, as distribution writes them, nginx's with `$request_time` behind, and Harbor's,
  which have no time of their own but syslog's in front (goharbor/harbor, make/photon/prepare: `timed_combined`).
- `distribution`: its logger's lines, JSON or `key=value`; a request is "response completed", written when it ended.
- `fast18`: records of A. Anwar et al., "Improving Docker registry design based on production workload analysis",
  FAST'18, an array or one a line.

A log that says nothing about a size or a duration gives NaN. What an upload sent is in distribution's own `_state`,
which its last request carries. Lines that are no request to a registry are counted as other lines; those that are
nothing known, as malformed. Left out: what a proxy's log says of the client behind another proxy.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final, Literal, NamedTuple

from sim.errors import InputError
from sim.workload import logline

Format = Literal["combined", "distribution", "fast18"]
FORMATS: Final = ("combined", "distribution", "fast18")
#: How many malformed lines are named, and after how many lines their share is looked at for the first time.
NAMED: Final = 20
_EARLY = 1_000
_CHUNK = 1 << 16
_BETWEEN = " \t\r\n,"


class Request(NamedTuple):
    """One request: when it came (s since 1970), what it asked of which repository, and what it was answered.

    `kind` is manifest, blob, upload (of a blob) or other; `reference` is a tag or a digest, empty where there is none.
    `sent_bytes` is what an upload sent, `written_bytes` the response's body; NaN where the log does not say.
    """

    line: int
    at_s: float
    method: str
    repository: str
    kind: str
    reference: str
    status: int
    written_bytes: float
    sent_bytes: float
    duration_s: float
    client: str


@dataclass(slots=True)
class Reading:
    """What reading a log has met so far, and the share of malformed requests that is still no error."""

    path: str
    most_malformed: float = 0.01
    format: str = ""
    lines: int = 0
    requests: int = 0
    others: int = 0
    malformed: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Malformed lines as a share of those that should be requests."""
        seen = self.requests + self.malformed
        return self.malformed / seen if seen else 0.0

    def reject(self, line: int, problem: str) -> None:
        """Count a malformed line. InputError when there are too many among the first thousand requests or more."""
        self.malformed += 1
        if len(self.first) < NAMED:
            self.first.append((line, problem))
        if self.requests + self.malformed >= _EARLY:
            self.check()

    def check(self) -> None:
        """InputError when the malformed are more than the share allowed."""
        if self.share > self.most_malformed:
            counted = f"{self.malformed} of {self.requests + self.malformed} requests are malformed"
            problem = f"{counted}, more than {100 * self.most_malformed:g} %: lines {self.told()}"
            raise InputError(self.path, problem, "mend them, or allow more by demand.replay.malformed")

    def told(self) -> str:
        """Which lines are malformed, as far as they are named."""
        lines: dict[str, list[str]] = {}
        for line, problem in self.first:
            lines.setdefault(problem, []).append(str(line))
        named = "; ".join(f"{', '.join(places)} ({problem})" for problem, places in lines.items())
        return named + (f" and {self.malformed - NAMED} more" if self.malformed > NAMED else "")


def requests(reading: Reading, chosen: Format | None = None) -> Iterator[Request]:
    """The requests of a log in the order of its lines. InputError when too large a share of them is malformed."""
    path, reading.format = reading.path, chosen or ""
    with _opened(path) as file:
        try:
            for found in _read(file, reading):
                reading.requests += 1
                yield found
        except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
            raise InputError(f"{path}:{reading.lines + 1}", f"can't be read: {error}", "give a whole log") from None
    if not reading.requests and not reading.malformed:
        raise InputError(path, "has no request to a registry", f"give a log, one of {', '.join(FORMATS)}")
    reading.check()


def _opened(path: str) -> IO[str]:
    try:
        with open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        return gzip.open(path, "rt", encoding="utf-8") if packed else open(path, encoding="utf-8")
    except FileNotFoundError:
        raise InputError(path, "no such file", "check the path") from None
    except OSError as error:
        raise InputError(path, f"can't be read: {error.strerror}", "name a file that can be read") from None


def _read(file: IO[str], reading: Reading) -> Iterator[Request]:
    """Requests of either layout: a line each, or an array of records."""
    start = file.read(_CHUNK)
    if start.lstrip()[:1] == "[":
        reading.format = reading.format or "fast18"
        items: Iterator[tuple[int, Any]] = _array(file, start, reading)
    else:
        items = _lines(file, start, reading)
    for number, item in items:
        if isinstance(item, str) and not item.strip():
            continue
        try:
            found = logline.parse(item, reading.format)
        except logline.MalformedError as error:
            reading.reject(number, str(error))
            continue
        if found is None:
            reading.others += 1
            continue
        known, values = found
        reading.format = reading.format or known
        yield Request(number, *values)


def _lines(file: IO[str], start: str, reading: Reading) -> Iterator[tuple[int, str]]:
    rest = start
    while rest:
        *whole, rest = rest.split("\n")
        for line in whole:
            reading.lines += 1
            yield reading.lines, line
        more = file.read(_CHUNK)
        if not more:
            break
        rest += more
    if rest:
        reading.lines += 1
        yield reading.lines, rest


def _array(file: IO[str], text: str, reading: Reading) -> Iterator[tuple[int, Any]]:
    """The records of one JSON array, each with the line it begins on. Records are flat: none holds another brace."""
    decoder = json.JSONDecoder()
    at = text.index("[") + 1
    reading.lines = 1 + text.count("\n", 0, at)
    while True:
        begin = text.find("{", at)
        try:
            item, end = (None, -1) if begin < 0 else decoder.raw_decode(text, begin)
        except json.JSONDecodeError:
            item, end = None, text.find("{", begin + 1)
        if end < 0:  # what is there does not end yet
            more = file.read(_CHUNK)
            if more:
                text, at = text[at:] + more, 0
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
