"""A log's lines by the format string that its server was given: nginx's `log_format` or Apache's `LogFormat`.

    $remote_addr [$time_iso8601] "$request" $status $body_bytes_sent $request_length $request_time
    %h %{X-Forwarded-For}i %t "%r" %>s %B %D

Variables that mean nothing here match anything. Nothing else has to be learned to say by hand where a log has what.
Left out: conditions of Apache's (`%400,501{...}`) and nginx's JSON escapes, for records are found by their names
anyway.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sim.errors import InputError, shown
from sim.workload.logs import parsing
from sim.workload.logs.endpoint import MalformedError, Parser, Values, instant_s, number, values_of
from sim.workload.logs.timestamps import clf_s, iso_s

_VARIABLE: Final = re.compile(r"\$\{?(?P<nginx>[a-z_0-9]+)\}?|%[<>]?(?:\{(?P<of>[^}]*)\})?(?P<apache>[a-zA-Z])")
#: What nginx's variables and Apache's directives mean, and what their text looks like.
_MEANS: Final = {
    "remote_addr": "client", "http_x_forwarded_for": "client", "h": "client", "a": "client",
    "time_local": "clf", "t": "clf", "time_iso8601": "iso", "msec": "epoch",
    "request": "request", "r": "request", "request_method": "method", "m": "method",
    "request_uri": "uri", "uri": "uri", "U": "uri",
    "status": "status", "s": "status", "body_bytes_sent": "written", "bytes_sent": "written", "b": "written",
    "B": "written", "O": "written", "request_length": "received", "I": "received",
    "request_time": "s", "T": "s", "D": "us",
}  # fmt: skip
_LOOKS: Final = {
    "client": r"\S+", "clf": r"\[?\d{1,2}/\w{3}/\d{4}:[\d:]{8} [+-]\d{4}\]?", "iso": r"\d{4}-\d\d-\d\dT[\d:.,Z+-]+",
    "epoch": r"\d+(?:\.\d+)?", "request": r"[^\"]*", "method": r"[A-Z]+", "uri": r"\S+", "status": r"\d{3}",
    "written": r"\d+|-", "received": r"\d+|-", "s": r"\d+(?:\.\d+)?|-", "us": r"\d+|-",
}  # fmt: skip
_TIMES: Final[Mapping[str, Callable[[str], float]]] = {
    "clf": lambda text: clf_s(text.strip("[]")),
    "iso": iso_s,
    "epoch": float,
}


def parser(text: str) -> Parser:
    """What takes lines of this layout apart, as `parsing.parse` does. InputError where it names too little."""
    parts = list(_parts(text))
    means = [meaning for meaning, _ in parts if meaning]
    whole = ("request" in means or {"method", "uri"} <= set(means)) and "status" in means
    if not whole:
        problem = f"must name the request and the status, got {shown(text)}"
        raise InputError(
            "fields", problem, 'write it as the server has it: $remote_addr [$time_local] "$request" $status'
        )
    form = re.compile("".join(f"(?P<{meaning}>{part})" if meaning else part for meaning, part in parts))

    def parse(item: Any, chosen: str, stamp: float | str | None) -> tuple[str, Values] | None:
        found = form.match(item) if isinstance(item, str) else None
        if found is None:
            return parsing.other(str(item), "is not of the layout that was given")
        named = found.groupdict()
        at = next((instant_s(_TIMES[each], named[each]) for each in _TIMES if each in named), stamp)
        if at is None:
            raise MalformedError("has no time")
        method, uri = named.get("method", ""), named.get("uri", "")
        if "request" in named:
            method, uri = [*named["request"].split(" "), ""][:2]
        values = values_of(
            at, method, uri, named["status"], number(named.get("written")), parsing.taken_s(named),
            named.get("client", "-"), number(named.get("received")),
        )  # fmt: skip
        return None if values is None else ("layout", values)

    return parse


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """(meaning, pattern) of each piece; a meaning counts once, where it first stands."""
    seen: set[str] = set()
    at = 0
    text = text.replace('\\"', '"')
    for found in _VARIABLE.finditer(text):
        yield "", re.escape(text[at : found.start()])
        at = found.end()
        name = found["nginx"] or found["apache"]
        meaning = "" if found["of"] and name != "t" else _MEANS.get(name, "")
        if meaning and meaning not in seen:
            seen.add(meaning)
            yield meaning, _LOOKS[meaning]
        else:
            yield "", r".*?"
    yield "", re.escape(text[at:])
