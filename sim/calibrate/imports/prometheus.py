"""Prometheus's answers to `query` and `query_range`, as its API gives them: histograms of a registry and of kubelets.

    registry_http_request_duration_seconds_{bucket,sum,count}{handler="manifest", method="get", le="0.1"}
    kubelet_image_pull_duration_seconds_{bucket,sum,count}{image_size_in_bytes="10MB-100MB", le="20"}

The first are distribution's (and Harbor's), the second Kubernetes 1.28's and later, which include the wait in kubelet's
queue (pkg/kubelet/metrics/metrics.go). A counter's growth is added up over its samples; where it falls, the process
began anew and counts from 0. With one sample it is all since the process began. Quantiles are interpolated within
buckets as Prometheus's `histogram_quantile` does, and are no finer than these. Left out: results of expressions, which
have no names, native histograms, and the text that an exporter itself serves.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sim.calibrate.imports.documents import Json, number, table, tables, text
from sim.calibrate.imports.found import HIGH_PERCENT, LOW_PERCENT, Found, number_of, shown_text
from sim.calibrate.probes.estimate import Estimate, Evidence, poisson
from sim.errors import InputError

REQUESTS: Final = "registry_http_request_duration_seconds"
PULLS: Final = "kubelet_image_pull_duration_seconds"
#: By metric, the labels that tell one kind from another.
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {REQUESTS: ("handler", "method"), PULLS: ("image_size_in_bytes",)}
#: Requests that move no blob: (handler, method) of distribution's routes; None is any method.
_METADATA: Final = (("manifest", None), ("tags", None), ("base", None), ("blob", "head"), ("blob_upload", "post"))
#: No counter of a registry or a kubelet goes so far; beyond, sums are no whole numbers any more.
_MOST: Final = 1e12


@dataclass(slots=True)
class Histogram:
    """Samples by upper bound of their bucket, each bucket with those below; their sum; and how many there are."""

    below: dict[float, float] = field(default_factory=lambda: defaultdict(float))
    total: float = 0.0
    sum_s: float | None = None

    @property
    def count(self) -> float:
        return self.total or self.below.get(math.inf, 0.0) or max(self.below.values(), default=0.0)

    def quantile_s(self, percent: float) -> float | None:
        """The quantile at `percent`, by a straight line within its bucket; None without buckets or samples."""
        bounds = sorted(self.below)
        of = self.below[bounds[-1]] if bounds else 0.0
        if of <= 0:
            return None
        wanted, lower, before = of * percent / 100, 0.0, 0.0
        for bound in bounds:
            if self.below[bound] >= wanted and self.below[bound] > before:
                if math.isinf(bound):
                    return lower
                return lower + (bound - lower) * (wanted - before) / (self.below[bound] - before)
            if not math.isinf(bound):
                lower, before = bound, max(before, self.below[bound])
        return lower

    def mean_s(self) -> float | None:
        return self.sum_s / self.count if self.sum_s is not None and self.count > 0 else None

    def add(self, other: Histogram) -> None:
        """The samples of another, whose buckets must be the same."""
        for bound, count in other.below.items():
            self.below[bound] += count
        self.total += other.total
        if other.sum_s is not None:
            self.sum_s = (self.sum_s or 0.0) + other.sum_s


def is_prometheus(document: Any) -> bool:
    """Whether a JSON document is an answer of Prometheus's HTTP API, or its result alone."""
    found = table(document)
    return "resultType" in table(found.get("data")) or "resultType" in found


def prometheus(path: str, document: Any) -> Found:
    """What the histograms say. InputError for an error of the server, and where no series is known here."""
    found = table(document)
    if found.get("status") == "error":
        raise InputError(path, f"is an error: {shown_text(text(found.get('error')))}", "ask Prometheus again")
    data = table(found.get("data")) or found
    unknown: Counter[str] = Counter()
    histograms, over_s, series = _histograms(path, data, unknown)
    if not histograms:
        named = ", ".join(shown_text(name or "series without a name") for name in list(unknown)[:5]) or "no series"
        remedy = f"query {REQUESTS}_bucket, _sum and _count themselves, no expression of them"
        raise InputError(path, f"has no histogram of a registry or kubelet, but {named}", remedy)
    estimates = [*_requests(path, histograms, over_s), *_pulls(path, histograms)]
    open_ = ["which request was whose, and how requests of one push hang together: histograms have no names",
             "values between a histogram's buckets: quantiles are read off straight lines"]  # fmt: skip
    if any(metric == REQUESTS for metric, _ in histograms):
        open_.append("service from the wait for a worker: durations hold both")
    if any(metric == PULLS for metric, _ in histograms):
        open_.append("pulls from the wait in kubelet's queue, and fixed times from rates: durations hold all")
    if unknown:
        open_.append(f"what {number_of(sum(unknown.values()), 'series', 'series')} of other names say")
    return Found(Evidence(path, "Prometheus", tuple(estimates), tuple(open_)), number_of(series, "series", "series"))


def _histograms(
    path: str, data: Json, unknown: Counter[str]
) -> tuple[dict[tuple[str, tuple[str, ...]], Histogram], float, int]:  # fmt: skip
    """By metric and the labels of its kind the growth of all series; how long they were watched, s; how many they are.

    `unknown` counts the series of other names.
    """
    made: dict[tuple[str, tuple[str, ...]], Histogram] = defaultdict(Histogram)
    first, last, series = math.inf, -math.inf, 0
    for one in tables(data.get("result")):
        labels = table(one.get("metric"))
        name = text(labels.get("__name__"))
        metric, _, part = name.rpartition("_")
        if metric not in _KINDS or part not in ("bucket", "sum", "count"):
            unknown[name] += 1
            continue
        if "histograms" in one or "histogram" in one:
            raise InputError(path, f"{metric} is a native histogram", "query its classic buckets, _bucket")
        samples = list(_samples(path, one))
        if not samples:
            continue
        series += 1
        first, last = min(first, samples[0][0]), max(last, samples[-1][0])
        into = made[metric, tuple(text(labels.get(label)).lower() for label in _KINDS[metric])]
        growth = _growth(value for _, value in samples)
        if part == "bucket":
            bound = _bound(path, labels)
            into.below[bound] += growth
        elif part == "count":
            into.total += growth
        else:
            into.sum_s = (into.sum_s or 0.0) + growth
    return {key: one for key, one in made.items() if one.count >= 1}, max(last - first, 0.0), series


def _samples(path: str, one: Json) -> Iterator[tuple[float, float]]:
    """(time, value) of a series, of a range or of an instant; values that are no numbers are left out."""
    listed = one.get("values") if "values" in one else [one.get("value")]
    for pair in listed if isinstance(listed, list) else ():
        if not isinstance(pair, list) or len(pair) != 2:
            raise InputError(path, f"has a sample that is none, got {shown_text(repr(pair)[:60])}", "give it whole")
        at, value = number(pair[0]), number(pair[1])
        if at is None or value is None:
            continue
        if not 0 <= value <= _MOST:
            problem = f"a counter must be from 0 to {_MOST:.0e}, got {shown_text(repr(pair[1])[:60])}"
            raise InputError(path, problem, "query counters themselves")
        yield at, value


def _growth(values: Iterable[float]) -> float:
    """How much a counter grew over its samples, restarts from 0 included; of a single sample, all that it has."""
    grown, before, n = 0.0, 0.0, 0
    for value in values:
        if n:
            grown += value - before if value >= before else value
        before, n = value, n + 1
    return before if n == 1 else grown


def _bound(path: str, labels: Json) -> float:
    written = text(labels.get("le"))
    if written.lower().lstrip("+") == "inf":
        return math.inf
    bound = number(written)
    if bound is None or bound < 0:
        raise InputError(path, f'a bucket has no bound, got "{shown_text(written)}"', "keep the label le")
    return bound


def _requests(
    path: str, histograms: Mapping[tuple[str, tuple[str, ...]], Histogram], over_s: float
) -> Iterator[Estimate]:  # fmt: skip
    """A request's time, of those that move no blob; pushes, which are manifests that were put; and blobs' times."""
    metadata, blobs, puts = Histogram(), Histogram(), 0.0
    for (metric, kind), histogram in histograms.items():
        if metric != REQUESTS:
            continue
        handler, method = kind
        if any(handler == one and verb in (None, method) for one, verb in _METADATA):
            metadata.add(histogram)
        if (handler, method) == ("blob", "get"):
            blobs.add(histogram)
        if (handler, method) == ("manifest", "put"):
            puts += histogram.count
    about = f"{path}: {REQUESTS}"
    yield from _typical(metadata, "request", f"{about}, requests that move no blob", "central.request_time")
    yield from _typical(blobs, "request that answers with a blob", f"{about}, handler blob, method get", None)
    if puts >= 2 and over_s >= 60:
        source = (
            f"{about}, {round(puts):,} manifests put in {over_s / 3600:.3g} h; one for several platforms counts more"
        )
        yield poisson("pushes", round(puts), over_s, source, "demand.rate")


def _pulls(path: str, histograms: Mapping[tuple[str, tuple[str, ...]], Histogram]) -> Iterator[Estimate]:
    for (metric, kind), histogram in sorted(histograms.items(), key=lambda pair: pair[0][1]):
        if metric == PULLS:
            of = f" of images of {shown_text(kind[0].upper())}" if kind[0] else ""
            yield from _typical(histogram, f"pull{of}, wait included", f"{path}: {PULLS}", None)


def _typical(histogram: Histogram, name: str, source: str, key: str | None) -> Iterator[Estimate]:
    """The mean where there is a sum, else the median; ranged by quantiles where there are buckets."""
    quantiles = [histogram.quantile_s(percent) for percent in (LOW_PERCENT, 50, HIGH_PERCENT)]
    mean_s = histogram.mean_s()
    low, middle, high = (mean_s if each is None else each for each in quantiles)
    value = middle if mean_s is None else mean_s
    if value is None or low is None or high is None or value <= 0:
        return
    kind = "median" if mean_s is None else "mean"
    if quantiles[0] is None:
        source = f"{source} (no buckets, so that the range is not known)"
    yield Estimate(
        name, "s", value, min(low, value), max(high, value), round(histogram.count), f"{source}, {kind}", key
    )
