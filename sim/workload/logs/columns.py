"""Lines whose fields are named apart: W3C's extended logs, as CloudFront and IIS write them, and LTSV.

    #Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status sc-bytes time-taken
    2025-03-04 09:00:00 10.2.0.1 GET /v2/team/app/manifests/1.0 - 200 735 4

W3C's fields are separated by spaces or tabs, and a `#Fields` line names those that follow it (W3C, "Extended Log File
Format", 1996). `time-taken` is milliseconds where it is whole, as IIS writes it, and seconds where it has a fraction,
as CloudFront does. LTSV has `name:value` between tabs. Each line becomes a record, its fields found by names. Left
out: times in another zone than UTC, which W3C's fields do not have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_LABELLED: Final = re.compile(r"[\w.-]+:[^\t]*\t[\w.-]+:")
#: The names that W3C gives to what `record` knows by others; `c` is the client, `s` the server, `x` the application.
_MEANS: Final[Mapping[str, str]] = {
    "c-ip": "client_ip", "cs-method": "method", "cs-uri-stem": "uri", "cs-uri-query": "query", "cs-uri": "uri",
    "sc-status": "status", "sc-bytes": "bytes_sent", "cs-bytes": "bytes_received",
}  # fmt: skip


class Columns:
    """Makes records of lines, by the last line that named their fields."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def record(self, text: str) -> Mapping[str, str] | None:
        """A line's fields by their names; nothing of a directive; None where the line is of no such kind."""
        if text.startswith("#"):
            directive, _, rest = text.partition(":")
            if directive.lower() == "#fields":
                self._names = rest.split()
            return {}
        if self._names:
            values = text.split("\t") if "\t" in text else text.split()
            return self._named(dict(zip(self._names, values, strict=True))) if len(values) == len(self._names) else None
        if _LABELLED.match(text):
            return dict(part.partition(":")[::2] for part in text.split("\t"))
        return None

    def _named(self, values: Mapping[str, str]) -> dict[str, str]:
        fields = {_MEANS[name]: value for name, value in values.items() if name in _MEANS and value != "-"}
        if "date" in values and "time" in values:
            fields["time"] = f"{values['date']}T{values['time']}Z"
        taken = values.get("time-taken", "-")
        if taken != "-":
            fields["request_time" if "." in taken else "duration_ms"] = taken
        return fields
