"""Times and durations as logs write them: ISO 8601, Apache's and syslog's stamps, Go's durations.

Left out: month names in other languages than English, which none of these programs writes.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
#: A stamp of syslog's older form, which has no year, counts from a leap year, so that 29 February is a day.
_NO_YEAR: Final = 2000
_YEAR_S: Final = 365.25 * 86_400


def go_duration_s(text: str) -> float:
    """Go's `1m2.5s`, `826.933µs`, in seconds. ValueError for anything else."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is no duration")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def iso_s(text: object) -> float:
    """Seconds since 1970 of an ISO time, UTC where it names no zone. ValueError for anything else."""
    at = datetime.fromisoformat(str(text).replace(",", "."))
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def clf_s(text: str) -> float:
    """Seconds since 1970 of `04/Mar/2025:09:00:00 +0000`. ValueError for anything else."""
    return datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z").timestamp()


def syslog_s(text: str, near_s: float | None) -> float:
    """Seconds since 1970 of `Mar  4 09:00:00`, in the year in which it lies nearest to a time; from 2000 without one.

    So a log goes on at New Year, whichever way it is read. ValueError where the text is no such stamp.
    """
    at = datetime.strptime(f"{_NO_YEAR} {text}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
    if near_s is None:
        return at.timestamp()
    year = _NO_YEAR + round((near_s - at.timestamp()) / _YEAR_S)
    try:
        return at.replace(year=year).timestamp()
    except ValueError:  # 29 February of a year that has none
        return at.replace(year=year, month=3, day=1).timestamp()
