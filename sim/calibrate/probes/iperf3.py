"""Goodput from what `iperf3 -J` or `--json-stream` printed: one test or several, one way or both.

Intervals shorter than a second are averaged to seconds. A test of both directions has two sums an interval: under two
names in newer versions, and under one name twice in iperf3 3.7 to 3.9, of which a JSON reader keeps the last unless it
is made to do otherwise. Left out: tests by UDP, whose rate is what was asked for.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sim.calibrate.probes.estimate import Estimate, Evidence, about, mean, sensible, values_of
from sim.errors import InputError

#: The first seconds of a transfer are slow start's.
_RAMP_S: Final = 2.0
#: The least length of an interval, or of what is averaged to one, that counts as a second.
_SECOND_S: Final = 0.5
_REMEDY: Final = "give all that iperf3 -J prints"


@dataclass(slots=True)
class _Way:
    """What was seen of one direction: goodput, bytes/s, by the second it began in."""

    rates_Bps: list[float] = field(default_factory=list)
    at_s: list[float] = field(default_factory=list)


def is_iperf3(text: str) -> bool:
    """Whether a file's beginning looks like iperf3's JSON."""
    start = text.lstrip()[:4096]
    if start.startswith("{") and '"event"' in start.split("\n", 1)[0] and '"data"' in start:
        return True
    return start.startswith("{") and '"start"' in start and '"connected"' in start


def iperf3(path: str, text: str) -> Evidence:
    """The mean rate a second as the client's `up`, or `down` where the server sent. InputError where there is none."""
    tests = list(_tests(path, text))
    ways: dict[str, _Way] = {"up": _Way(), "down": _Way()}
    troubles = [str(test["error"]) for test in tests if "error" in test]
    asked = {_asked(path, test, troubles) for test in tests if test.get("intervals") or "error" not in test}
    for test in tests:
        for way, seconds in _seconds(path, test).items():
            ways[way].rates_Bps += [rate for _, rate in seconds]
            ways[way].at_s += [at for at, _ in seconds]
    seen_ways = {way: seen for way, seen in ways.items() if seen.rates_Bps}
    if not seen_ways:
        raise InputError(path, *_nothing(tests, troubles))
    streams = max(count for count, _ in asked)
    estimates, residuals = [], []
    for way, seen in seen_ways.items():
        values = values_of(path, seen.rates_Bps, "seconds after the first two")
        if not values.any():
            raise InputError(path, f"says that nothing travelled {way}", "measure a line that carries something")
        source = f"{path}: mean of {len(values)} s after the first {_RAMP_S:g}, {streams} stream" + "s" * (streams > 1)
        rate = mean(f"goodput {way}", "bytes/s", values, source, f"clients.CLIENT.{way}")
        estimates.append(rate)
        residuals.append(about(f"iperf3 {way}", "second", seen.at_s, values, rate.value))
    trips_s = [trip for test in tests for trip in _trips_s(test)]
    if trips_s:
        low_s = min(trips_s)
        estimates.append(Estimate("lowest round trip, TCP's", "s", low_s, low_s, max(trips_s), len(trips_s), path))
    open_ = tuple(_open(set(seen_ways), streams, max(rate for _, rate in asked), troubles))
    return Evidence(path, "iperf3", tuple(estimates), open_, tuple(residuals))


def _open(seen_ways: set[str], streams: int, asked_bits: float, troubles: Sequence[str]) -> Iterator[str]:
    if len(seen_ways) == 1:
        yield f"the other direction: repeat {'without' if 'down' in seen_ways else 'with'} -R"
    yield "what requests take"
    if streams == 1:
        yield "the line's rate from what one connection's window allows: repeat with -P 4"
    if asked_bits:
        yield f"whether the line is faster than the {asked_bits / 1e6:g} Mbit/s that the test was held to"
    for trouble in troubles:
        yield f"what came after iperf3 said: {trouble}"


def _nothing(tests: Sequence[Mapping[str, Any]], troubles: Sequence[str]) -> tuple[str, str]:
    """What is wrong with tests that have no second to use, and the remedy."""
    if troubles:
        return f"iperf3 says: {troubles[0]}", "measure again"
    spans = [float(one["seconds"]) for test in tests for each in test.get("intervals", []) for one in _sums(each)]
    if spans and len(spans) <= 2 and max(spans) > 2 * _RAMP_S:
        return f"has one interval of {max(spans):g} s, which slow start is part of", "measure with -i 1"
    return f"has no second after the first {_RAMP_S:g}", "measure longer"


def _asked(path: str, test: Mapping[str, Any], troubles: Sequence[str]) -> tuple[int, float]:
    """Streams and the rate that the test was held to, bit/s. InputError for a test by UDP, or of something else."""
    try:
        about_it = test["start"]["test_start"]
        protocol, asked = about_it["protocol"], (int(about_it["num_streams"]), float(about_it.get("target_bitrate", 0)))
    except (KeyError, TypeError, ValueError) as error:
        problem = f"iperf3 says: {troubles[0]}" if troubles else f"is no result of iperf3: {error} is missing"
        raise InputError(path, problem, "measure again" if troubles else _REMEDY) from None
    if protocol != "TCP":
        problem = f"is a test by {protocol}, whose rate is what was asked for"
        raise InputError(path, problem, "repeat with TCP, without -u")
    return asked


def _seconds(path: str, test: Mapping[str, Any]) -> Mapping[str, list[tuple[float, float]]]:
    """(start, bytes/s) of each second after the ramp, by direction, as the client sees it."""
    try:
        found: dict[tuple[str, int], list[tuple[float, float, float]]] = defaultdict(list)
        reverse = bool(test.get("start", {}).get("test_start", {}).get("reverse"))
        for interval in test.get("intervals", []):
            sums = list(_sums(interval))
            for one in sums:
                sent = one.get("sender", not reverse) if len(sums) > 1 else not reverse
                start_s, span_s = float(one["start"]), float(one["seconds"])
                if start_s >= _RAMP_S and not one.get("omitted", False):
                    bytes_sent = sensible(float(one["bits_per_second"]) / 8) * span_s
                    found["up" if sent else "down", int(start_s)].append((start_s, span_s, bytes_sent))
        made: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for (way, _), parts in found.items():
            span_s = math.fsum(part[1] for part in parts)
            if span_s > _SECOND_S:
                made[way].append((parts[0][0], math.fsum(part[2] for part in parts) / span_s))
        return made
    except (ValueError, OverflowError) as error:
        raise InputError(path, f"is no result of iperf3: {error}", _REMEDY) from None
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(path, f"is no result of iperf3: {error} is missing or none", _REMEDY) from None


def _sums(interval: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The sums of an interval: one for each direction."""
    for key in ("sum", "sum_bidir_reverse"):
        value = interval.get(key)
        yield from value if isinstance(value, list) else [value] if value is not None else []


def _trips_s(test: Mapping[str, Any]) -> Iterator[float]:
    end = test.get("end")
    for one in end.get("streams", []) if isinstance(end, Mapping) else []:
        sender = one.get("sender") if isinstance(one, Mapping) else None
        if isinstance(sender, Mapping) and "min_rtt" in sender:
            yield sensible(float(sender["min_rtt"]) / 1e6)


def _tests(path: str, text: str) -> Iterator[dict[str, Any]]:
    """The tests in a file: one JSON document each, or events a line; what stands behind the last is no JSON."""
    decoder = json.JSONDecoder(object_pairs_hook=_pairs)
    at, any_yet = text.find("{"), False
    events: list[dict[str, Any]] = []
    while at >= 0:
        try:
            found, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            if any_yet:
                break
            line = text.count("\n", 0, getattr(error, "pos", 0)) + 1
            raise InputError(f"{path}:{line}", f"is no JSON: {getattr(error, 'msg', error)}", _REMEDY) from None
        any_yet = True
        at = text.find("{", at)
        if "event" in found:
            events.append(found)
        else:
            yield found
    yield from _streamed(events)


def _streamed(events: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Tests from `--json-stream`: each begins with a start and ends with an end."""
    test: dict[str, Any] = {}
    for event in events:
        kind, data = event["event"], event.get("data")
        if kind == "interval":
            test.setdefault("intervals", []).append(data)
        elif kind in ("start", "error"):
            test[kind] = data
        elif kind == "end":
            yield {**test, "end": data}
            test = {}
    if test:
        yield test


def _pairs(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object that keeps what stands twice under one key, as a list."""
    made: dict[str, Any] = {}
    for key, value in pairs:
        made[key] = [made[key], value] if key in made and not isinstance(made[key], list) else value
    return made
