"""Round trips and service from k6's samples: `k6 run --out csv=FILE` or `--out json=FILE`, packed or not.

Connecting is a round trip, waiting a round trip and a request's service. Samples of requests that failed say how long
it took to fail: they are left out, and their number is reported. A summary (`--summary-export FILE`, `handleSummary`)
has no samples: its medians are reported with the least and the most, and give no figure.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sim.calibrate.probes.estimate import Estimate, Evidence, about, median, sensible, values_of
from sim.errors import InputError

_REQUEST: Final = "http_req_"
#: Metrics that are read, each of which is a duration; a script's own may be anything.
_TIMED: Final = ("http_req", "iteration_duration")
#: What a summary is read for.
_SUMMARISED: Final = {"http_req_waiting": "time to the first byte", "http_req_duration": "request, bytes included"}
_REMEDY: Final = "give the file of k6 run --out csv=FILE or json=FILE"


@dataclass(slots=True)
class _Samples:
    """Seconds by metric, and how many requests there were and failed."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    requests: int = 0
    failed: int = 0

    def add(self, metric: str, value: float, tags: Mapping[str, str | None]) -> None:
        """Count a sample, ms, unless its request failed."""
        failed = bool(tags.get("error") or tags.get("error_code")) or tags.get("expected_response") == "false"
        failed = failed or tags.get("status") == "0"
        if metric == "http_reqs":
            self.requests += 1
            self.failed += failed
        if not (failed and metric.startswith(_REQUEST)):
            self.seconds[metric].append(sensible(value / 1e3) if metric.startswith(_TIMED) else value / 1e3)


def is_k6(text: str) -> bool:
    """Whether a file's beginning looks like k6's."""
    start = text.lstrip()[:400]
    return start.startswith("metric_name,") or (start.startswith('{"') and '"metric"' in start and '"type"' in start)


def k6(path: str, lines: Iterable[str]) -> Evidence:
    """Round trip, service and iterations. InputError where a line is no sample, or every request failed."""
    samples = _read(path, iter(lines))
    seconds = samples.seconds
    if samples.failed and samples.failed == samples.requests:
        raise InputError(path, f"all {samples.requests} requests failed", "measure a registry that answers")
    opened = [value for value in seconds["http_req_connecting"] if value > 0]
    estimates, open_, seen = [], [], []
    if seconds["iteration_duration"]:
        iterations = values_of(path, seconds["iteration_duration"], "samples of iteration_duration")
        typical = median("iteration", "s", iterations, f"{path}: median of {len(iterations)} iterations")
        estimates.append(typical)
        seen.append(about("k6 iterations", "iteration", np.arange(float(len(iterations))), iterations, typical.value))
    trip = None
    if len(opened) >= 3:
        source = f"{path}: median of {len(opened)} connections opened, TCP's one round trip"
        trip = median("round trip", "s", np.array(opened), source, "clients.CLIENT.rtt")
        estimates.append(trip)
    if trip is not None and len(seconds["http_req_waiting"]) >= 3:
        service = np.maximum(np.array(seconds["http_req_waiting"]) - trip.value, 0.0)
        source = f"{path}: median of {len(service)} times to the first byte, less the round trip"
        estimates.append(median("request", "s", service, source, "REGISTRY.request_time"))
        open_.append("a request's service from its wait for a worker: under load both are in it")
    else:
        open_.append(
            "how iteration_duration splits into round trips, service and bytes: "
            "keep k6's http_req_connecting and http_req_waiting"
        )
    if samples.failed:
        open_.append(f"what the {samples.failed} of {samples.requests} requests that failed would have taken")
    if not estimates:
        raise InputError(path, "has too few samples of anything: an interval needs 3", "measure longer")
    open_.append("what a real client does before and between the requests that the script makes")
    return Evidence(path, "k6", tuple(estimates), tuple(open_), tuple(seen))


def is_summary(text: str) -> bool:
    """Whether a file's beginning looks like a summary of k6's."""
    start = text.lstrip()
    return start.startswith("{") and '"metrics"' in start and '"http_req' in start and not is_k6(text)


def summary(path: str, text: str) -> Evidence:
    """What a summary says of requests. InputError where it is none, or says nothing of them."""
    try:
        metrics = json.loads(text)["metrics"]
        trends = {name: metrics[name].get("values", metrics[name]) for name in metrics if name in _SUMMARISED}
        asked = metrics["http_reqs"].get("values", metrics["http_reqs"])
        count = int(asked["count"])
        source = f"{path}: median, least and most of {count} requests"
        estimates = []
        for name, trend in trends.items():
            middle, low, high = (sensible(float(trend[key]) / 1e3) for key in ("med", "min", "max"))
            estimates.append(Estimate(_SUMMARISED[name], "s", middle, low, high, count, source))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        raise InputError(path, "is no summary of k6's that has med, min and max of requests", _REMEDY) from None
    if not estimates:
        raise InputError(path, "is a summary that says nothing of requests", _REMEDY)
    open_ = (
        "round trips and service apart, nor how far they scatter: a summary has no samples; repeat with --out csv=FILE",
        "what requests that failed would have taken: a summary's times hold them, too",
    )
    return Evidence(path, "k6 summary", tuple(estimates), open_)


def _read(path: str, lines: Iterator[str]) -> _Samples:
    samples, number = _Samples(), 0
    first = next(lines, "")
    if first.lstrip().startswith("{"):
        for number, line in enumerate((first, *lines), 1):
            if line.strip():
                _point(f"{path}:{number}", line, samples)
        return samples
    reader = csv.DictReader((first, *lines))
    try:
        for row in reader:
            samples.add(row["metric_name"], float(row["metric_value"]), row)
    except (KeyError, TypeError, ValueError, csv.Error):
        raise InputError(f"{path}:{reader.line_num}", "is no sample of k6", _REMEDY) from None
    return samples


def _point(where: str, line: str, samples: _Samples) -> None:
    """A line of `--out json`: what a metric is, or a sample of one."""
    try:
        record = json.loads(line)
        if record["type"] == "Point":
            data = record["data"]
            samples.add(record["metric"], float(data["value"]), data.get("tags") or {})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(where, "is no sample of k6", _REMEDY) from None
