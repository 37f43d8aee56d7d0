"""Times of the week as a scenario writes them: when a run starts, time zones, hours, weekdays, and weights by the hour.

A run starts at an instant: a date with a time, or a weekday with a time. A weekday is that of the week that begins on
Monday, 5 January 2026, an arbitrary winter week in which no zone in wide use changes its clocks; who asks about
summer time writes the date. Zones are those of the IANA database (by `zoneinfo`), or fixed offsets from UTC. Left out:
holidays, and seconds within a minute.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import PlainValidator, WithJsonSchema

from sim.errors import near, shown
from sim.figures import Quantity, invalid
from sim.units import UnitError

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY_MINUTES: Final = 24 * 60
WEEK_MINUTES: Final = 7 * DAY_MINUTES
WEEK_HOURS: Final = 7 * 24

_MONDAY: Final = datetime(2026, 1, 5, tzinfo=UTC)
_START: Final = re.compile(r"\s*([A-Za-z]+)\s+(\d{1,2}):(\d\d)\s*")
_CLOCK: Final = re.compile(r"\s*(\d{1,2}):(\d\d)\s*")
_OFFSET: Final = re.compile(r"([+-])(\d\d):(\d\d)")


def start_of(value: object) -> float:
    """The instant at which a run starts, s since 1970: of "Mon 09:00" in UTC, or of an ISO date and time.

    >>> start_of("2026-01-05T09:00") - start_of("Mon 00:00")
    32400.0
    """
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    text = value if isinstance(value, str) else ""
    weekday = _START.fullmatch(text)
    if weekday is not None and weekday[1].title() in DAYS and int(weekday[2]) < 24 and int(weekday[3]) < 60:
        passed = timedelta(days=DAYS.index(weekday[1].title()), hours=int(weekday[2]), minutes=int(weekday[3]))
        return (_MONDAY + passed).timestamp()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UnitError(
            f"must be a weekday or a date with a time, got {shown(value)}", 'write "Mon 09:00" or "2026-03-30T09:00"'
        ) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def format_start(at_s: float) -> str:
    """The shortest text that reads as that instant."""
    at = datetime.fromtimestamp(at_s, UTC)
    passed = at - _MONDAY
    if timedelta() <= passed < timedelta(days=7) and not passed % timedelta(minutes=1):
        return f"{DAYS[at.weekday()]} {at:%H:%M}"
    return at.isoformat().replace("+00:00", "Z")


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    """The zone of that name: `Europe/Berlin`, `UTC`, or an offset such as `+05:30`. ValueError when there is none."""
    offset = _OFFSET.fullmatch(name)
    if offset is not None and int(offset[2]) < 24 and int(offset[3]) < 60:
        ahead = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(ahead if offset[1] == "+" else -ahead)
    if name == "UTC":
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:  # no such zone, a folder of zones, a path out of them
        raise ValueError(f"unknown time zone {name!r}") from error


def _zone(value: object) -> str:
    if isinstance(value, str):
        try:
            zone_of(value)
        except ValueError:
            remedy = near(value, zoneinfo.available_timezones())
            remedy = remedy if remedy.startswith("did") else 'write one such as "Europe/Berlin" or "+05:30"'
            raise invalid(f"unknown time zone, got {shown(value)}", remedy) from None
        return value
    raise invalid(f"must be a time zone, got {shown(value)}", 'write one such as "Europe/Berlin" or "+05:30"')


def minute_of(clock: str) -> int:
    """The minute of the day of "HH:MM", up to 24:00. ValueError when it is none."""
    found = _CLOCK.fullmatch(clock)
    minute = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else -1
    if not 0 <= minute <= DAY_MINUTES:
        raise ValueError(f"no time of day: {clock!r}")
    return minute


def window_of(hours: str) -> tuple[int, int]:
    """The first minute of the day of "09:00-18:00" and the minute that ends it, past midnight if it spans that."""
    first, dash, last = hours.partition("-")
    begin, end = minute_of(first), minute_of(last)
    if not dash or begin == DAY_MINUTES:
        raise ValueError(f"no hours: {hours!r}")
    return begin, end if end > begin else end + DAY_MINUTES


def _listed(value: object, read: Callable[[str], object], what: str, example: str) -> tuple[str, ...]:
    """Text, or a list of it, of which `read` understands each."""
    parts = [value] if isinstance(value, str) else value
    try:
        if isinstance(parts, list | tuple) and parts:
            for part in parts:
                read(part if isinstance(part, str) else "")
            return tuple(part.strip() for part in parts)
    except ValueError:
        pass
    raise invalid(f"must be {what}, got {shown(value)}", f"write {example}")


def _weekdays(value: object) -> tuple[str, ...]:
    """Names of weekdays, or "Mon-Fri", as names in the order of the week."""
    parts = [value] if isinstance(value, str) else value
    chosen: set[int] = set()
    for part in parts if isinstance(parts, list | tuple) else [None]:
        first, dash, last = (word.strip().title() for word in str(part).partition("-"))
        if first not in DAYS or (dash and last not in DAYS):
            chosen.clear()
            break
        begin, end = DAYS.index(first), DAYS.index(last or first)
        chosen |= {day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)}
    if not chosen:
        raise invalid(f"must be weekdays, got {shown(value)}", 'write "Mon-Fri", or a list such as ["Mon", "Thu"]')
    return tuple(DAYS[day] for day in sorted(chosen))


def _weights(value: object) -> tuple[float, ...]:
    """24 weights, one an hour of the day, or 168, one an hour of the week from Monday's first on."""
    parts = value if isinstance(value, list | tuple) else ()
    good = all(isinstance(part, int | float) and not isinstance(part, bool) and 0 <= part < 1e300 for part in parts)
    if len(parts) not in (24, WEEK_HOURS) or not good or not any(parts):
        what = f"a list of {len(parts)}" if parts else shown(value)
        problem = f"must be 24 or {WEEK_HOURS} numbers from 0 on, not all of them 0, got {what}"
        raise invalid(problem, "write one for each hour of the day, or of the week from Monday on")
    return tuple(float(part) for part in parts)


def _schema(**one: Any) -> WithJsonSchema:
    """Of text or a list of it."""
    return WithJsonSchema({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]})


RunStart = Annotated[float, Quantity("time", start_of, format_start, "Mon 09:00")]
Zone = Annotated[str, PlainValidator(_zone), WithJsonSchema({"type": "string", "examples": ["Europe/Berlin"]})]
Hours = Annotated[
    tuple[str, ...],
    PlainValidator(lambda value: _listed(value, window_of, "hours of the day", '"09:00-18:00" or a list of such')),
    _schema(type="string", examples=["09:00-18:00"]),
]
ClockTimes = Annotated[
    tuple[str, ...],
    PlainValidator(lambda value: _listed(value, _before_midnight, "times of day", '"02:00" or a list of such')),
    _schema(type="string", examples=["02:00"]),
]
Weekdays = Annotated[tuple[str, ...], PlainValidator(_weekdays), _schema(type="string", examples=["Mon-Fri"])]
Weights = Annotated[
    tuple[float, ...],
    PlainValidator(_weights),
    WithJsonSchema({"type": "array", "items": {"type": "number", "minimum": 0}, "minItems": 24, "maxItems": 168}),
]


def _before_midnight(clock: str) -> int:
    minute = minute_of(clock)
    if minute == DAY_MINUTES:
        raise ValueError("that is the next day")
    return minute


def week_of(
    hours: Sequence[str] | None, weekdays: Sequence[str] | None, weights: Sequence[float] | None, outside: float
) -> list[float]:
    """For each minute of the week from Monday on, (10080,), how much is asked for, relative to the week's mean.

    What lies outside the hours, or on other weekdays, is a share `outside` of what it would be inside. Hours that
    span midnight belong to the weekday on which they begin. Without any of these it is 1 throughout.
    """
    inside = [False] * WEEK_MINUTES
    for day in range(7):
        if weekdays is not None and DAYS[day] not in weekdays:
            continue
        for begin, end in map(window_of, hours or ("00:00-24:00",)):
            for minute in range(day * DAY_MINUTES + begin, day * DAY_MINUTES + end):
                inside[minute % WEEK_MINUTES] = True
    by_hour = [1.0] * 24 if weights is None else [*weights]
    shape = [
        by_hour[minute // 60 % len(by_hour)] * (1.0 if inside[minute] else outside) for minute in range(WEEK_MINUTES)
    ]
    mean = sum(shape) / WEEK_MINUTES
    return [part / mean for part in shape] if mean else shape
