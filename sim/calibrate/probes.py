"""What planners measure by hand: `ping`, `iperf3 -J`, k6's CSV and kubelet's "Pulled ... in".

Each reader says which of a scenario's figures its file tells, and what nothing in it can.
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from sim.calibrate.estimate import Estimate, Evidence, about, line, mean, median, values_of
from sim.errors import InputError
from sim.workload.logtime import go_duration_s

_REPLY: Final = re.compile(r"icmp_seq=(\d+).* time[=<]([\d.]+) ?ms")
_SENT: Final = re.compile(r"(\d+) packets transmitted, (\d+)(?: packets)? received")
_PULLED: Final = re.compile(r'Successfully pulled image \\?"([^"\\]+)\\?" in ([\d.hmsuµn]+)')
_WAITING: Final = re.compile(r"\(([\d.hmsuµn]+) including waiting\)")
_SIZE: Final = re.compile(r"Image size: (\d+) bytes")
#: The first seconds of a transfer are slow start's.
_RAMP_S: Final = 2.0


def ping(path: str, text: str) -> Evidence:
    """Round trips: their median is the client's `rtt`."""
    found = [(int(number), float(taken_ms) / 1e3) for number, taken_ms in _REPLY.findall(text)]
    values = values_of(path, [taken_s for _, taken_s in found], "replies")
    sent = _SENT.search(text)
    source = f"{path}: median of {len(values)} pings"
    lost = f"; {int(sent[1]) - int(sent[2])} of {sent[1]} were lost" if sent else ""
    rtt = median("round trip", "s", values, source + lost, "clients.CLIENT.rtt")
    told = (
        "a rate, a queue under load or a request's service time",
        f"why replies took from {values.min() * 1e3:.3g} to {values.max() * 1e3:.3g} ms: the model keeps the median",
    )
    seen = about("ping", "packet", [number for number, _ in found], values, rtt.value)
    return Evidence(path, "ping", (rtt,), told, (seen,))


def iperf3(path: str, document: dict[str, Any]) -> Evidence:
    """Goodput second by second: its mean is the client's `up`, or its `down` where the server sent."""
    try:
        test = document["start"]["test_start"]
        parts = [part["sum"] for part in document["intervals"] if part["sum"]["start"] >= _RAMP_S]
        rates = [part["bits_per_second"] / 8 for part in parts if part["seconds"] > 0.5 and not part["omitted"]]
        streams, down, asked = test["num_streams"], bool(test["reverse"]), test.get("target_bitrate", 0)
        trips_s = [one["sender"]["min_rtt"] / 1e6 for one in document["end"]["streams"] if "min_rtt" in one["sender"]]
    except (KeyError, TypeError) as error:
        raise InputError(path, f"is no result of iperf3: {error} is missing", "give the output of iperf3 -J") from None
    values = values_of(path, rates, "seconds after the first two")
    way = "down" if down else "up"
    source = f"{path}: mean of {len(values)} s after the first {_RAMP_S:g}, {streams} stream" + "s" * (streams > 1)
    rate = mean(f"goodput {way}", "bytes/s", values, source, f"clients.CLIENT.{way}")
    told = [f"the other direction: repeat {'without' if down else 'with'} -R", "what requests take"]
    if streams == 1:
        told.append("the line's rate from what one connection's window allows: repeat with -P 4")
    if asked:
        told.append(f"whether the line is faster than the {asked / 1e6:g} Mbit/s that the test was held to")
    estimates = [rate]
    if trips_s:
        low_s = min(trips_s)
        estimates.append(Estimate("lowest round trip, TCP's", "s", low_s, low_s, max(trips_s), len(trips_s), path))
    seen = about(f"iperf3 {way}", "second", [part["start"] for part in parts][: len(values)], values, rate.value)
    return Evidence(path, "iperf3", tuple(estimates), tuple(told), (seen,))


def k6(path: str, lines: Iterator[str]) -> Evidence:
    """Samples in ms by metric: connecting is a round trip, waiting a round trip and a request's service."""
    samples: dict[str, list[float]] = defaultdict(list)
    reader = csv.DictReader(lines)
    for row in reader:
        try:
            samples[row["metric_name"]].append(float(row["metric_value"]) / 1e3)
        except (KeyError, TypeError, ValueError):
            raise InputError(
                f"{path}:{reader.line_num}", "is no sample of k6", "give the file of k6 run --out csv=FILE"
            ) from None
    opened = [value for value in samples["http_req_connecting"] if value > 0]
    estimates, told, seen = [], [], []
    iterations = values_of(path, samples["iteration_duration"], "samples of iteration_duration")
    typical = median("iteration", "s", iterations, f"{path}: median of {len(iterations)} iterations")
    estimates.append(typical)
    seen.append(about("k6 iterations", "iteration", np.arange(float(len(iterations))), iterations, typical.value))
    trip = None
    if len(opened) >= 3:
        source = f"{path}: median of {len(opened)} connections opened, TCP's one round trip"
        trip = median("round trip", "s", np.array(opened), source, "clients.CLIENT.rtt")
        estimates.append(trip)
    if trip is not None and len(samples["http_req_waiting"]) >= 3:
        service = np.maximum(np.array(samples["http_req_waiting"]) - trip.value, 0.0)
        source = f"{path}: median of {len(service)} times to the first byte, less the round trip"
        estimates.append(median("request", "s", service, source, "REGISTRY.request_time"))
        told.append("a request's service from its wait for a worker: under load both are in it")
    else:
        told.append(
            "how iteration_duration splits into round trips, service and bytes: "
            "keep k6's http_req_connecting and http_req_waiting"
        )
    told.append("what a real client does before and between the requests that the script makes")
    return Evidence(path, "k6", tuple(estimates), tuple(told), tuple(seen))


def kubelet(path: str, text: str) -> Evidence:
    """Pulls with their time, and from newer kubelets their size: a fixed time and a rate, where sizes differ."""
    times_s, sizes, waits_s = [], [], []
    for number, words in enumerate(text.splitlines(), 1):
        found = _PULLED.search(words)
        if found is None:
            continue
        size, waiting = _SIZE.search(words), _WAITING.search(words)
        try:
            taken_s = go_duration_s(found[2])
            waits_s.append((go_duration_s(waiting[1]) if waiting else taken_s) - taken_s)
        except ValueError as error:
            raise InputError(f"{path}:{number}", str(error), "give kubelet's lines as they are") from None
        times_s.append(taken_s)
        sizes.append(float(size[1]) if size else np.nan)
    taken, known = values_of(path, times_s, "pulls"), ~np.isnan(np.array(sizes))
    source = f"{path}: {len(taken)} pulls"
    typical = median("pull", "s", taken, source)
    estimates = [typical, median("wait for other pulls of the node", "s", np.array(waits_s), source)]
    told = ["which layers nodes had already: sizes are the image's, not what travelled"]
    fitted: Any = typical.value
    if known.sum() >= 3 and len(set(np.array(sizes)[known])) >= 2:
        size_bytes = np.array(sizes)[known]
        told_by = line(size_bytes, taken[known], source)
        estimates.append(told_by.start)
        estimates.extend([told_by.rate] if told_by.rate else [])
        taken, fitted = taken[known], told_by.fitted_s
        along, x = "image, bytes", size_bytes
        told.append("whether central, the node's line, its disk or unpacking held the rate back")
        if told_by.rate is None:
            told.append("a rate: at 95 % the time does not grow with the size")
    else:
        along, x = "pull", np.arange(len(taken), dtype=np.float64)
        told.append("a rate: that needs three pulls or more whose lines have an `Image size`, and sizes that differ")
    keep = np.asarray(fitted * np.ones(len(taken))) > 0
    seen = about("pulls", along, x[keep], taken[keep], np.asarray(fitted * np.ones(len(taken)))[keep])
    return Evidence(path, "kubelet", tuple(estimates), tuple(told), (seen,))


def iperf3_document(text: str) -> dict[str, Any] | None:
    """The document, if the text is one that may be iperf3's."""
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) and "intervals" in document else None


def is_ping(text: str) -> bool:
    return _REPLY.search(text) is not None


def is_kubelet(text: str) -> bool:
    return _PULLED.search(text) is not None
