"""What a gate found, for those who read it: sentences, and the formats of CI systems.

- `github`: workflow commands of GitHub Actions, one `::error` a metric that moved, and `::notice` for what is undecided
  (docs.github.com, "Workflow commands for GitHub Actions"); where `GITHUB_STEP_SUMMARY` names a file, the Markdown too.
- `junit`: a test case a metric, as CI systems read it (testmoapp/junitxml); what is undecided is skipped.
- `markdown`: a table for a comment.
- `bmf`: Bencher Metric Format (bencher.dev, "Bencher Metric Format"), every metric that was judged.
- `benchmark-action`: github-action-benchmark's `customSmallerIsBetter`, of metrics of which less is better.

Names come from users: each format has its own way to escape them. Left out: sending any of it anywhere.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from sim.errors import one_line
from sim.experiment.gate import Gate
from sim.experiment.judging import Judged
from sim.files import jsonable
from sim.report.formatting import amount, interval_text, signed_amount
from sim.tables import metric_names

#: Of runs and keys that differ so many are listed.
_LISTED: Final = 20


def cells(each: Judged) -> list[str]:
    """A metric's line: variant, name, what it was, by how much it moved, in %, and which way that is."""
    unit = metric_names.unit_of(each.metric)
    side = each.side if each.verdict == "moved" else f"{each.side}, undecided".removeprefix(", ")
    return [one_line(each.variant), one_line(each.metric), amount(each.was, unit),
            interval_text(each.apart, unit, signed=True), percent(each), side]  # fmt: skip


def percent(each: Judged) -> str:
    """`+12.3 %`; nothing of what was 0 or has no value."""
    share = 100 * each.share
    if math.isnan(share):
        return ""
    return f"{share:+,.0f} %" if abs(share) >= 10 or not share else f"{share:+.2g} %"


def sentences(found: Gate) -> Iterator[str]:
    """All but the metrics that moved; whether it passed comes last."""
    yield f"{found.deploys:,} deploys in {amount(found.wall_s, 's')}, {amount(found.wall_before_s, 's')} then"
    if found.differing:
        yield f"{len(found.differing)} of {found.runs} runs came out otherwise: {_some(found.differing, '; ')}"
    else:
        yield f"equal bit for bit: {found.runs} of {found.runs} runs"
    yield from (f"asked otherwise: {one_line(each)}" for each in found.question[:_LISTED])
    if len(found.question) > _LISTED:
        yield f"asked otherwise: {len(found.question) - _LISTED} keys more"
    yield from (f"now otherwise: {one_line(each)}" for each in found.about)
    yield from (f"was not there: {one_line(each)}" for each in found.came)
    yield from (f"is not there any more: {one_line(each)}" for each in found.went)
    for each in found.counted:
        a_deploy = "" if each.what == "deploys" else " a deploy"
        yield f"{one_line(each.variant)}: {each.now:,.6g} {each.what.replace('_', ' ')}{a_deploy}, was {each.was:,.6g}"
    if found.speeds is not None:
        was, now = found.speeds
        slowed = "slower than it may be" if found.slowed else "no slower than it may be"
        yield (
            f"a run takes {now.ratio:.3g} loops of the same process, was {was.ratio:.3g}: {slowed}, "
            f"{100 * found.slower:g} %; {amount(now.compiled_s, 's')} to compile and load, apart"
        )
    yield found.how.sentence(found.metrics)
    yield verdict(found)


def verdict(found: Gate) -> str:
    """How many metrics moved, and how many can't be told."""
    undecided = f", {len(found.undecided)} undecided" if found.undecided else ""
    return f"{len(found.moved)} of {found.metrics} metrics moved{undecided}"


def _some(names: tuple[str, ...], between: str) -> str:
    listed = between.join(map(one_line, names[:_LISTED]))
    return listed if len(names) <= _LISTED else f"{listed}{between}{len(names) - _LISTED} more"


def _said(each: Judged) -> str:
    """`central: deploy_latency_s.p95 worse, 1.90 s to 2.10 s, +200 ms [150, 250], +11 %`."""
    unit = metric_names.unit_of(each.metric)
    moved = f"{each.variant}: {each.metric} {each.side or 'otherwise'}".rstrip()
    parts = [moved, f"{amount(each.was, unit)} to {amount(each.now.mean, unit)}", signed_amount(each.apart.mean, unit)]
    return one_line(", ".join([*parts, *filter(None, [percent(each)])]))


def _beside(found: Gate) -> Iterator[str]:
    """What fails the gate beside metrics."""
    yield from (f"is not there any more: {each}" for each in found.went)
    if found.count_gated or found.how.judge == "exact":
        yield from (f"{each.variant}: {each.what} {each.now:,.6g}, was {each.was:,.6g}" for each in found.counted)
    if found.how.judge == "exact" and found.differing:
        yield f"{len(found.differing)} of {found.runs} runs have other rows"
    if found.slowed and found.speeds is not None:
        yield f"a run takes {found.speeds[1].ratio:.3g} loops, was {found.speeds[0].ratio:.3g}"


def github(found: Gate) -> str:
    """Workflow commands; a line each."""
    lines = [f"::error title=regsim {found.kind}::{_command(_said(each))}" for each in found.moved]
    lines += [f"::error title=regsim {found.kind}::{_command(one_line(each))}" for each in _beside(found)]
    lines += [f"::notice title=regsim {found.kind} undecided::{_command(_said(each))}" for each in found.undecided]
    lines += [_command(line) for line in (found.how.sentence(found.metrics), verdict(found))]
    return "\n".join(lines) + "\n"


def _command(text: str) -> str:
    """Data of a workflow command: `%`, and what ends a line; no line of ours begins as a command by itself."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A").removeprefix("::")


def markdown(found: Gate) -> str:
    """A heading, a table of what moved, and the sentences."""
    lines = [f"### regsim {found.kind}: {'passed' if found.passed else 'missed'}", ""]
    shown = [*found.moved, *found.undecided]
    if shown:
        lines += ["| variant | metric | was | moved by | in % | |", "|---|---|--:|--:|--:|---|"]
        lines += [f"| {' | '.join(map(_cell, cells(each)))} |" for each in shown]
        lines.append("")
    return "\n".join([*lines, *(f"- {_cell(line)}" for line in sentences(found))]) + "\n"


def _cell(text: str) -> str:
    """Text that stays in its cell and is no mark-up of Markdown or HTML."""
    shown = escape(one_line(text))
    for mark in ("\\", "`", "*", "_", "[", "]", "|", "~", "@", "#"):
        shown = shown.replace(mark, f"&#{ord(mark)};" if mark in "@#" else f"\\{mark}")
    return shown.replace("\\&#35;", "&#35;")


def junit(found: Gate) -> str:
    """A suite of one test case a metric, with what fails beside as cases of their own."""
    beside = list(_beside(found))
    cases = [_case(f"{each.variant}: {each.metric}", _outcome(each)) for each in found.judged]
    cases += [_case(each, "failure", each) for each in beside]
    counts = f'tests="{len(cases)}" failures="{len(found.moved) + len(beside)}" skipped="{len(found.undecided)}"'
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites {counts}>\n'
    time = f' time="{found.wall_s:.3f}"' if math.isfinite(found.wall_s) else ""
    suite = f'<testsuite name="regsim {found.kind}" {counts}{time}>\n'
    return f"{head}{suite}{''.join(cases)}</testsuite>\n</testsuites>\n"


def _outcome(each: Judged) -> tuple[str, str] | None:
    kinds = {"moved": "failure", "undecided": "skipped"}
    return (kinds[each.verdict], _said(each)) if each.verdict in kinds else None


def _case(name: str, *outcome: Any) -> str:
    """`_case(name, None)`, `_case(name, (kind, message))` or `_case(name, kind, message)`."""
    kind, message = outcome if len(outcome) == 2 else outcome[0] or (None, "")
    head = f'<testcase classname="regsim" name={quoteattr(one_line(name))}'
    return f"{head}/>\n" if kind is None else f"{head}><{kind} message={quoteattr(one_line(message))}/></testcase>\n"


def bmf(found: Gate) -> str:
    """By `VARIANT/METRIC`, the measure that its unit is: value, and bounds where there are any."""
    document: dict[str, Any] = {}
    for each in found.judged:
        if math.isfinite(each.now.mean):
            bounds = {"lower_value": each.now.low, "upper_value": each.now.high} if each.now.known else {}
            measure = metric_names.unit_of(each.metric) or "number"
            document[f"{each.variant}/{each.metric}"] = {measure: {"value": each.now.mean, **bounds}}
    return _json(document)


def benchmark_action(found: Gate) -> str:
    """A list of metrics of which less is better: name, unit, value, range."""
    listed = []
    for each in found.judged:
        if math.isfinite(each.now.mean) and _less_is_better(each.metric):
            half = f"± {(each.now.high - each.now.low) / 2:.3g}" if each.now.known else ""
            listed.append({"name": f"{each.variant}/{each.metric}", "unit": metric_names.unit_of(each.metric) or "1",
                           "value": each.now.mean, "range": half, "extra": each.verdict})  # fmt: skip
    return _json(listed)


def _less_is_better(metric: str) -> bool:
    try:
        return metric_names.metric(metric).lower_is_better is True
    except KeyError:
        return False


def _json(document: Any) -> str:
    return json.dumps(jsonable(document), indent=1, allow_nan=False) + "\n"


#: By what `--format` says.
FORMATS: Final[Mapping[str, Callable[[Gate], str]]] = {
    "github": github,
    "junit": junit,
    "markdown": markdown,
    "bmf": bmf,
    "benchmark-action": benchmark_action,
}
