"""What a comparison of variants means, in a few sentences that a planner can act on.

Failures come first: a variant that fails more than another is ruled out, and nothing it is faster or cheaper in is said
of it, unless failures are allowed. Then who deploys fastest, at p50, what a deploy usually takes, and at p95, what
people remember; p99 is in the table, where its wide interval can be seen. Then at what bytes, cost and stale starts:
where central's egress falls, what moved instead stands beside it. Last what this rests on, and what could flip it.

Amounts are means over runs; differences and their intervals are paired. A difference whose interval spans zero is
called undecided, whatever its mean; so is one without an interval, as after a single run or when deploys fail at that
quantile. One that is zero in every run of several is called the same. Of three variants or more all are ranked.
Left out: all other metrics, which tables and documents have.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from typing import Final

from sim.errors import one_line
from sim.experiment.comparison import Comparison
from sim.report.assumptions import summary
from sim.report.formatting import (
    amount,
    bounds,
    failed_of,
    failed_why,
    few_runs,
    per_cent,
    reasons,
    signed_amount,
)
from sim.scenario.model.prices import MONTH_S
from sim.stats.intervals import CONFIDENCE, Interval
from sim.tables import metric_names
from sim.units import format_seconds

_SPEED: Final = {"p50": "deploy_latency_s.p50", "p95": "deploy_latency_s.p95"}
#: By the month, as prices of capacity and tiers are.
_COST: Final = "cost_usd_per_month"
_AMOUNTS: Final = {
    "bytes between sites": "wan_bytes",
    "central egress": "central_egress_bytes",
    "cost a month": _COST,
    "stale starts": "stale_starts",
}
#: Said where there is any.
_IF_ANY: Final = (_COST,)
#: Where the bytes may be that central no longer sends.
_INSTEAD: Final = {"syncs": "sync_bytes", "pushes": "push_bytes", "pulls": "pull_bytes"}
#: How much of what central sends less makes something else worth naming.
_PART: Final = 0.1


def verdict(outcome: Comparison) -> str:
    """The sentences, one below the other; control characters in names are written out."""
    return "\n".join(map(one_line, _sentences(outcome)))


def answer(outcome: Comparison) -> list[str]:
    """The sentences without the last ones: what runs show, and not what that rests on."""
    return [*map(one_line, _answer(outcome))]


def _sentences(outcome: Comparison) -> Iterator[str]:
    chosen = yield from _answer(outcome)
    if chosen:
        yield from _rests_on(outcome)


def _answer(outcome: Comparison) -> Generator[str, None, bool]:
    """What is said, and whether there was anything to choose from."""
    if not any(outcome.failures(name).deploys for name in outcome.variants):
        yield "Nothing to choose from: no run has a deploy."
        return False
    yield from _failures(outcome)
    left = [name for name in outcome.variants if name not in outcome.ruled_out]
    if all(outcome.failures(name).share == 1 for name in left):
        return False
    if not any(_measured(outcome, name, metric) for name in left for metric in _SPEED.values()):
        yield "Nobody is the fastest: no run has a deploy whose latency counts."
    if len(left) == 1:
        yield from _alone(outcome, left[0])
    elif len(left) == 2:
        base = outcome.baseline if outcome.baseline in left else left[0]
        yield from _two(outcome, left[1] if base == left[0] else left[0], base)
    else:
        yield from _ranked(outcome, left)
    if len(left) > 1 and any(metric == _COST for _, metric in _shown(outcome)):
        lasts = format_seconds(outcome.scenario.run.duration_s)
        yield f"A month is {format_seconds(MONTH_S)} that go on like the {lasts} of a run."
    return True


def _failures(outcome: Comparison) -> Iterator[str]:
    """Who is ruled out, against the one that fails least; and of the others how many failed, if any."""
    failures = {name: outcome.failures(name) for name in outcome.variants}
    if all(each.deploys and each.share == 1 for each in failures.values()):
        yield f"Nothing to choose from: {_each_failed(outcome, outcome.variants)}."
        return
    out = outcome.ruled_out
    left = [name for name in outcome.variants if name not in out]
    if out:
        spared = ", ".join(f"of {name} {failed_of(failures[name])}" for name in left)
        are = "are" if len(out) > 1 else "is"
        failed = "; ".join(f"{name} {failed_of(failures[name])} ({reasons(failures[name])})" for name in out)
        yield f"{' and '.join(out)} {are} ruled out by failed deploys: of {failed}; {spared}."
        yield "--allow-failures compares all the same."
        left = [name for name in left if failures[name].failed]
    elif any(each.failed for each in failures.values()):
        left = list(outcome.variants)
    else:
        left = []
    if left:
        apart = "; this tells none of them apart" if len(left) > 1 and not outcome.allow_failures else ""
        yield f"Failures: {_each_failed(outcome, left)}{apart}."


def _each_failed(outcome: Comparison, names: Sequence[str]) -> str:
    return "; ".join(f"{name}: {failed_why(outcome.failures(name)) or 'none failed'}" for name in names)


def _alone(outcome: Comparison, name: str) -> Iterator[str]:
    parts = []
    for label, metric in _SPEED.items():
        found = outcome.interval(name, metric)
        within = f" ({amount(found.low, 's')} to {amount(found.high, 's')})" if found.known else ""
        parts.append(f"{label} {amount(found.mean, 's')}{within}")
    rest = "nothing else is left to compare it with" if outcome.others else "there is no variant to compare it with"
    yield f"{name} deploys within {' and '.join(parts)}; {rest}."


def _two(outcome: Comparison, name: str, base: str) -> Iterator[str]:
    """One against the other: the speed in a sentence, the amounts in another."""
    known = {label: metric for label, metric in _SPEED.items() if _measured(outcome, name, metric)}
    speeds = [_speed(outcome.difference(name, metric, base)) for metric in known.values()]
    quantiles = [_quantile(outcome, name, base, label, metric) for label, metric in known.items()]
    if len(set(speeds)) == 1:
        both = ", ".join(quantiles)
        if speeds[0] == "undecided":
            yield f"Whether {name} deploys faster than {base} is undecided: {both}."
        elif speeds[0] == "the same":
            yield f"{name} deploys as fast as {base}: {both}."
        else:
            yield f"{name} deploys {speeds[0]} than {base}: {both}."
    elif speeds:
        each = " but ".join(f"{speed} at {quantile}" for speed, quantile in zip(speeds, quantiles, strict=True))
        yield f"{name} against {base} is {each}."
    amounts = [_amount(outcome, name, base, label, metric) for label, metric in _shown(outcome)]
    yield f"A run of {name} against {base}: {'; '.join(amounts)}."


def _ranked(outcome: Comparison, names: Sequence[str]) -> Iterator[str]:
    """All of them, the fastest first, a sentence for each metric, with what each is against the baseline."""
    order = sorted(names, key=lambda name: outcome.interval(name, _SPEED["p50"]).mean)
    for label, metric in _SPEED.items():
        if not any(_measured(outcome, name, metric) for name in names):
            continue
        mine = sorted(order, key=lambda name: outcome.interval(name, metric).mean)
        lead = "Fastest first" if label == "p50" else "In the same order" if mine == order else "In another order"
        yield f"{lead}, {label}: {_each(outcome, mine, metric, first=mine[0])}."
    for label, metric in _shown(outcome):
        of = "" if metric == _COST else " a run"
        yield f"{label[0].upper()}{label[1:]}{of}: {_each(outcome, order, metric)}."


def _each(outcome: Comparison, names: Sequence[str], metric: str, first: str | None = None) -> str:
    """`direct 1.00 s (-50 %), mixed 1.50 s (-25 %, not told apart from direct), central 2.00 s (the baseline)`."""
    unit = metric_names.unit_of(metric)
    if all(_same(outcome.difference(name, metric, names[0])) for name in names):
        return f"{amount(outcome.interval(names[0], metric).mean, unit)} with each"
    return ", ".join(
        f"{name} {amount(outcome.interval(name, metric).mean, unit)} "
        f"({', '.join(_beside(outcome, name, metric, None if name == first else first))})"
        for name in names
    )


def _beside(outcome: Comparison, name: str, metric: str, first: str | None) -> Iterator[str]:
    """What a variant is against the baseline, and whether it may be level with the first."""
    if name == outcome.baseline:
        yield "the baseline"
    else:
        found, share = outcome.difference(name, metric, outcome.baseline), outcome.relative(name, metric)
        if _same(found):
            yield f"as {outcome.baseline}"
        else:
            yield per_cent(share) if share == share else signed_amount(found.mean, metric_names.unit_of(metric))
            if found.known and not found.decided:
                yield "undecided"
        yield from _instead(outcome, name, outcome.baseline, metric)
    if first is not None and not outcome.difference(name, metric, first).decided:
        yield f"not told apart from {first}"


def _shown(outcome: Comparison) -> list[tuple[str, str]]:
    """What is said after the speed, by label."""
    return [
        (label, metric) for label, metric in _AMOUNTS.items()
        if metric not in _IF_ANY or any(outcome.interval(name, metric).mean for name in outcome.variants)
    ]  # fmt: skip


def _same(found: Interval) -> bool:
    """Whether it is zero in every run."""
    return found.low == found.high == 0 or (found.n == 1 and found.mean == 0)


def _measured(outcome: Comparison, name: str, metric: str) -> bool:
    """Whether there is anything of it, be it infinite."""
    mean = outcome.interval(name, metric).mean
    return mean == mean


def _speed(found: Interval) -> str:
    if found.low == found.high == 0:
        return "the same"
    return ("faster" if found.mean < 0 else "slower") if found.decided else "undecided"


def _quantile(outcome: Comparison, name: str, base: str, label: str, metric: str) -> str:
    """`p50 1.16 s against 2.4 s (-52 %, -1.3 s to -1.2 s)`."""
    unit = metric_names.unit_of(metric)
    mine, other = (outcome.interval(variant, metric).mean for variant in (name, base))
    found = outcome.difference(name, metric, base)
    if found.low == found.high == 0:
        return f"{label} {amount(mine, unit)}"
    return f"{label} {amount(mine, unit)} against {amount(other, unit)} ({_difference(outcome, found, other, unit)})"


def _difference(outcome: Comparison, found: Interval, base: float, unit: str) -> str:
    share = found.mean / abs(base) if base and abs(base) != float("inf") else float("nan")
    parts = [per_cent(share)] if share == share and abs(share) != float("inf") else [signed_amount(found.mean, unit)]
    if found.known:
        parts.append(bounds(found, unit))
    elif outcome.runs > 1:
        why = "deploys fail" if math.isinf(found.mean) or math.isinf(base) else "a run has nothing to measure"
        parts.append(f"no interval, as {why}")
    return ", ".join(parts)


def _amount(outcome: Comparison, name: str, base: str, label: str, metric: str) -> str:
    """`central egress 0 B against 2.00 GB (-100 %), instead syncs moved 2.00 GB (none before)`."""
    unit = metric_names.unit_of(metric)
    mine, other = (outcome.interval(variant, metric).mean for variant in (name, base))
    found = outcome.difference(name, metric, base)
    if found.mean == 0 and (found.n == 1 or found.low == found.high):
        return f"{label} the same" if other else f"no {label}"
    parts = [per_cent(found.mean / abs(other))] if other else [signed_amount(found.mean, unit)]
    parts += ["undecided"] if found.known and not found.decided else []
    against = f"{label} {amount(mine, unit)} against {amount(other, unit)} ({', '.join(parts)})"
    return ", ".join([against, *_instead(outcome, name, base, metric)])


def _instead(outcome: Comparison, name: str, base: str, metric: str) -> list[str]:
    """What moved in place of what central no longer sends; nothing of other metrics, nor where it sends no less."""
    less = -outcome.difference(name, metric, base).mean
    if metric != "central_egress_bytes" or not less > 0:
        return []
    parts = []
    for label, of in _INSTEAD.items():
        if outcome.difference(name, of, base).mean >= _PART * less:
            mine, other = (outcome.interval(variant, of).mean for variant in (name, base))
            before = f"{amount(other, 'bytes')} before" if other else "none before"
            parts.append(f"{amount(mine, 'bytes')} of {label} ({before})")
    return [f"instead {' and '.join(parts)}" if parts else "and nothing else moved more instead"]


def _rests_on(outcome: Comparison) -> Iterator[str]:
    """On how many runs, on which assumption, what could flip it; how to ask where that is not known."""
    spared = "" if any(outcome.failures(name).failed for name in outcome.variants) else " in which no deploy failed"
    if outcome.runs == 1:
        yield f"This rests on one run{spared}, which gives no interval: take 10 or more with --runs."
    else:
        paired = "paired runs" if outcome.others else "runs"
        level = f"intervals are at {100 * CONFIDENCE:g} %"
        yield f"This rests on {outcome.runs} {paired}{spared}; {level}."
        yield from few_runs(outcome.runs)
    if not outcome.others:
        return
    if outcome.examined is not None:
        yield summary(outcome.examined)
    elif not outcome.known_flips:
        yield "Which assumed figure could flip it is not asked yet: add --assumptions."
    else:
        turns = dict.fromkeys(f"{one.assumption.name} of about {one.value}" for one in outcome.known_flips)
        yield f"On idle links it turns at {', '.join(turns)}; --assumptions tries every assumed figure by whole runs."
