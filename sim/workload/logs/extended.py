"""The extended log format of the W3C: IIS writes it, CloudFront, and others; directives say what stands where.

    #Software: Microsoft Internet Information Services 10.0
    #Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status sc-bytes cs-bytes time-taken

A directive holds for the lines behind it until the next one. Times are UTC and are those at which a request ended.
`time-taken` is in seconds, as the draft has it, but in IIS's logs in milliseconds. Left out: times of day without a
date, unless a `#Date:` stands above them.
Source: P. M. Hallam-Baker, B. Behlendorf, "Extended Log File Format", W3C WD-logfile-960323
(https://www.w3.org/TR/WD-logfile.html); Microsoft, "W3C Extended Log File Format (IIS 6.0)".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sim.workload.logs.endpoint import MalformedError, Parser, Values, instant_s, number, values_of
from sim.workload.logs.timestamps import iso_s

FORMAT: Final = "extended"
#: What must be named for a line to be a request.
_NEEDED: Final = ("cs-method", "sc-status", "time")
#: The client's own address first, where a proxy hands it on.
_CLIENTS: Final = ("x-forwarded-for", "cs(x-forwarded-for)", "c-ip")


class Extended:
    """Takes such lines apart by their directives, and leaves all others to another parser."""

    def __init__(self, beyond: Parser) -> None:
        self._beyond = beyond
        self._names: list[str] = []
        self._date = ""
        self._unit_s = 1.0

    def __call__(self, item: Any, chosen: str, stamp: float | str | None) -> tuple[str, Values] | None:
        """As `parsing.parse`."""
        if isinstance(item, str) and item.startswith("#"):
            self._directive(item)
            return None
        if not self._names or not isinstance(item, str):
            return self._beyond(item, chosen, stamp)
        words = item.rstrip("\r\n").split("\t") if "\t" in item else item.split()
        if len(words) != len(self._names):
            # Of a log that was cut, or another one's behind it, in which the directives mean nothing.
            return self._beyond(item, chosen, stamp)
        if chosen not in ("", FORMAT):
            return None
        return self._values(dict(zip(self._names, words, strict=True)))

    def _directive(self, text: str) -> None:
        name, _, value = text[1:].partition(":")
        if name == "Fields":
            named = value.lower().split()
            self._names = named if set(_NEEDED) <= set(named) else []
        elif name == "Software":
            self._unit_s = 1e-3 if "microsoft" in value.lower() else 1.0
        elif name == "Date":
            self._date = value.split()[0] if value.split() else ""

    def _values(self, said: Mapping[str, str]) -> tuple[str, Values] | None:
        query = said.get("cs-uri-query", "-")
        path = said.get("cs-uri-stem") or said.get("cs-uri", "")
        uri = path if query in ("-", "") else f"{path}?{query}"
        try:
            taken_s = number(said.get("time-taken")) * self._unit_s
            ended_s = instant_s(iso_s, f"{said.get('date', self._date)}T{said['time']}")
            began_s = ended_s - (taken_s if taken_s == taken_s and said["time"].find(".") > 0 else _whole(taken_s))
            client = next((said[name] for name in _CLIENTS if said.get(name, "-") != "-"), "-")
            values = values_of(
                began_s, said["cs-method"], uri, said["sc-status"], number(said.get("sc-bytes")), taken_s,
                client.split(",")[0], number(said.get("cs-bytes")),
            )  # fmt: skip
        except MalformedError:
            raise
        except ValueError as error:
            raise MalformedError(str(error)) from None
        return None if values is None else (FORMAT, values)


def _whole(taken_s: float) -> float:
    """Of a stamp in whole seconds only whole ones are taken off: so what began later never comes first."""
    return float(int(taken_s)) if taken_s == taken_s and abs(taken_s) < 1e9 else 0.0
