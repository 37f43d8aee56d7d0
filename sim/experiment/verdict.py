"""A comparison as one plain sentence that a planner can act on.

Which variant deploys faster is said at p50, what a deploy usually takes, and at p95, what people remember; p99 is in
the table, where its wide interval can be seen. Then what it saves, WAN bytes and central's egress, and what it costs,
stale starts and failures. A difference whose interval spans zero is called undecided, whatever its mean; so is one
without an interval, as after a single run or when deploys fail at that quantile. One that is zero in every run of
several is called that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sim import metric_names
from sim.experiment.words import amount, bounds, change, per_cent
from sim.stats.intervals import CONFIDENCE, Interval

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison

_SPEED: Final = {"p50": "deploy_latency_s.p50", "p95": "deploy_latency_s.p95"}
_AMOUNTS: Final = {
    "WAN bytes": "wan_bytes",
    "central egress": "central_egress_bytes",
    "stale starts": "stale_starts",
    "failed deploys": "failed_deploys",
}


def verdict(outcome: Comparison) -> str:
    """The sentence. Amounts are means over runs; differences and their intervals are paired."""
    if not outcome.others:
        return _alone(outcome)
    clauses = [_against(outcome, name) for name in outcome.others]
    if len(clauses) > 1:
        clauses.append(_lowest(outcome))
    runs = f"{outcome.runs} paired runs" if outcome.runs > 1 else "one run, which gives no interval"
    return f"{'; '.join(clauses)} (over {runs}; intervals at {100 * CONFIDENCE:g} %)."


def _alone(outcome: Comparison) -> str:
    name = outcome.baseline
    parts = []
    for label, metric in _SPEED.items():
        found = outcome.interval(name, metric)
        within = f" ({amount(found.low, 's')} to {amount(found.high, 's')})" if found.known else ""
        parts.append(f"{label} {amount(found.mean, 's')}{within}")
    return f"{name} deploys within {' and '.join(parts)}; there is no variant to compare it with."


def _against(outcome: Comparison, name: str) -> str:
    speeds = [_speed(outcome.difference(name, metric)) for metric in _SPEED.values()]
    figures = [_figures(outcome, name, label, metric) for label, metric in _SPEED.items()]
    base = outcome.baseline
    if speeds[0] == speeds[1]:
        both = " and ".join(figures)
        if speeds[0] == "undecided":
            lead = f"whether {name} deploys faster than {base} is undecided: {both}"
        elif speeds[0] == "the same":
            lead = f"{name} deploys as fast as {base}: {both}"
        else:
            lead = f"{name} deploys {speeds[0]} than {base}: {both}"
    else:
        lead = f"{name} against {base} is " + " but ".join(
            f"{speed} at {figure}" for speed, figure in zip(speeds, figures, strict=True)
        )
    amounts = [_amount(outcome, name, label, metric) for label, metric in _AMOUNTS.items()]
    return ", ".join([lead, *amounts])


def _speed(found: Interval) -> str:
    if found.low == found.high == 0:
        return "the same"
    return ("faster" if found.mean < 0 else "slower") if found.decided else "undecided"


def _figures(outcome: Comparison, name: str, label: str, metric: str) -> str:
    """`p50 1.16 s against 2.4 s (-1.24 s, -52 %, between -1.3 s and -1.2 s)`."""
    unit = metric_names.unit_of(metric)
    mine, base = (outcome.interval(variant, metric).mean for variant in (name, outcome.baseline))
    found = outcome.difference(name, metric)
    return f"{label} {amount(mine, unit)} against {amount(base, unit)} ({_difference(outcome, name, metric, found)})"


def _amount(outcome: Comparison, name: str, label: str, metric: str) -> str:
    found = outcome.difference(name, metric)
    base = outcome.interval(outcome.baseline, metric).mean
    if found.mean == 0 and (found.n == 1 or found.low == found.high):
        return f"{label} the same" if base else f"no {label} in either"
    undecided = "" if found.decided or not found.known else ", undecided"
    unit = metric_names.unit_of(metric)
    mine = outcome.interval(name, metric).mean
    inside = _difference(outcome, name, metric, found)
    return f"{label} {amount(mine, unit)} against {amount(base, unit)} a run ({inside}{undecided})"


def _difference(outcome: Comparison, name: str, metric: str, found: Interval) -> str:
    unit = metric_names.unit_of(metric)
    share = outcome.relative(name, metric)
    parts = [change(found.mean, unit)]
    if share == share:
        parts.append(per_cent(share))
    if found.known:
        parts.append(f"from {bounds(found, unit)}")
    elif outcome.runs > 1:
        parts.append("no interval, as deploys fail")
    return ", ".join(parts)


def _lowest(outcome: Comparison) -> str:
    """`lowest p50: node-direct; lowest p95: ...`, with every variant that cannot be told from the lowest."""
    parts = []
    for label, metric in _SPEED.items():
        means = {name: outcome.interval(name, metric).mean for name in outcome.variants}
        best = min(means, key=lambda name: means[name])
        level = [name for name in means if name != best and not outcome.difference(best, metric, than=name).decided]
        parts.append(f"lowest {label}: {best}" + (f", not told apart from {' and '.join(level)}" if level else ""))
    return ", ".join(parts)
