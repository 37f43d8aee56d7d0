"""When a stream of demand comes: its hours, weekdays, weights and ramp as a rate over the run, or its times of day.

Both are in a time zone, whose clocks may change during the run. A rate is by the minute; an hour that a zone's clocks
skip or repeat is skipped or repeated, while a time of day comes once a day (`datetime`: of two the first, and one that
is skipped at the offset before). Left out: seasons longer than a week, and holidays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from sim.scenario.model.demand import Stream
from sim.scenario.model.timeofweek import DAY_MINUTES, WEEK_MINUTES, minute_of, week_of
from sim.workload.synthetic.intensity import Intensity

_MINUTE_S = 60.0
#: Offsets from UTC change at quarters of an hour.
_QUARTER = 15
_EPOCH_WEEKDAY = 3  # 1 January 1970 was a Thursday


def shape(stream: Stream) -> NDArray[np.float64]:
    """How much comes in each minute of the week, local time, relative to the week's mean: (10080,)."""
    return np.array(week_of(stream.hours, stream.weekdays, stream.weights, stream.outside))


def intensity(
    stream: Stream, rate_per_s: float, ramp_to_per_s: float | None, zone: tzinfo, start_s: float, duration_s: float
) -> Intensity:
    """A stream's rate over a run that starts at an instant (s since 1970); `ramp_to_per_s` is its ramp's rate."""
    first = math.floor(start_s / _MINUTE_S)
    minutes = np.arange(first, math.ceil((start_s + duration_s) / _MINUTE_S))
    rates = rate_per_s * shape(stream)[_local(minutes, zone)]
    changed = np.flatnonzero(np.diff(rates, prepend=-1.0))
    edges_s = np.append(np.maximum(minutes[changed] * _MINUTE_S - start_s, 0.0), duration_s)
    rates = rates[changed]
    if stream.ramp is None or ramp_to_per_s is None:
        return Intensity(edges_s, rates, rates)
    begin_s, end_s = stream.ramp.at_s, stream.ramp.at_s + stream.ramp.over_s
    bends_s = [at_s for at_s in (begin_s, end_s) if 0 < at_s < duration_s]
    finer_s = np.union1d(edges_s, bends_s)
    rates = rates[np.searchsorted(edges_s, finer_s[:-1], side="right") - 1]
    times = 1 + (ramp_to_per_s / rate_per_s - 1) * np.clip((finer_s - begin_s) / (end_s - begin_s), 0.0, 1.0)
    return Intensity(finer_s, rates * times[:-1], rates * times[1:])


def moments(stream: Stream, zone: tzinfo, start_s: float, duration_s: float) -> list[float]:
    """When a stream that comes at times of the day does so, s from the start of the run, within its hours and days."""
    week, found = week_of(stream.hours, stream.weekdays, stream.weights, 0.0), []
    first = datetime.fromtimestamp(start_s, zone).date()
    last = datetime.fromtimestamp(start_s + duration_s, zone).date()
    for day in range((last - first).days + 1):
        date = first + timedelta(days=day)
        for minute in _times_of_day(stream):
            if week[date.weekday() * DAY_MINUTES + int(minute)] <= 0:
                continue
            midnight = datetime(date.year, date.month, date.day, tzinfo=zone)
            at_s = (midnight + timedelta(minutes=minute)).timestamp() - start_s
            if 0 <= at_s < duration_s:
                found.append(at_s)
    return sorted(found)


def _times_of_day(stream: Stream) -> Sequence[float]:
    """Minutes of the day."""
    if stream.at_times is not None:
        return [minute_of(clock) for clock in stream.at_times]
    assert stream.every_s is not None
    every = stream.every_s / _MINUTE_S
    return [at * every for at in range(round(DAY_MINUTES / every))]


def _local(minutes: NDArray[np.int64], zone: tzinfo) -> NDArray[np.int64]:
    """The minute of the week on clocks of a zone, for each minute since 1970 in UTC."""
    quarters = np.unique(minutes // _QUARTER)
    ahead = [_minutes_ahead(int(quarter) * _QUARTER, zone) for quarter in quarters.tolist()]
    local = minutes + np.array(ahead)[np.searchsorted(quarters, minutes // _QUARTER)]
    of_week: NDArray[np.int64] = (local + _EPOCH_WEEKDAY * DAY_MINUTES) % WEEK_MINUTES
    return of_week


def _minutes_ahead(minute: int, zone: tzinfo) -> int:
    ahead = datetime.fromtimestamp(minute * _MINUTE_S, UTC).astimezone(zone).utcoffset()
    return 0 if ahead is None else round(ahead.total_seconds() / _MINUTE_S)
