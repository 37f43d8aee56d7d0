"""`regsim rerun`, `regsim bench` and `regsim diff`: a stored result made again, bit for bit; and two results compared.

A gate passes (exit code 0) or something moved (99).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli import completion, exit_codes, lazy, options, output
from sim.errors import InputError, near, shown

if TYPE_CHECKING:
    from sim.experiment.gate import Gate
    from sim.experiment.judging import How

Directory = Annotated[str, typer.Argument(metavar="RESULT", help="A directory that --out wrote.", show_default=False)]
Result = Annotated[
    str,
    typer.Argument(
        metavar="RESULT", help="A directory that --out wrote, or a file that --keep wrote.", show_default=False
    ),
]
Other = Annotated[str, typer.Argument(metavar="OTHER", help="The result that is held against it.", show_default=False)]
Within = Annotated[
    str | None, typer.Option(metavar="SHARE", help="How far a metric may move.", show_default="1 %")
]  # fmt: skip
Judge = Annotated[
    str, typer.Option(metavar="exact|statistical|tolerance", help="By what it is judged whether a metric moved.")
]
Tolerances = Annotated[
    list[str] | None,
    typer.Option(
        "--tolerance", metavar="METRIC=HOW", show_default=False,
        help="How far metrics of that name may move, as in 'deploy_latency_s.*=5 % or 10 ms'. Repeatable.",
    ),
]  # fmt: skip
Counts = Annotated[
    bool, typer.Option("--counts", help="Let no count move either: deploys, events, flows, solver calls a deploy.")
]
Slower = Annotated[
    str | None,
    typer.Option(
        metavar="SHARE", show_default=False,
        help="Judge speed, too: how many more loops of the same process a run may take, as in '50 %'.",
    ),
]  # fmt: skip
Format = Annotated[
    str | None,
    typer.Option(
        "--format", metavar="github|junit|markdown|bmf|benchmark-action", help="Print it as CI systems read it.",
        show_default=False,
    ),
]  # fmt: skip
Asked = Annotated[
    str | None,
    typer.Option(
        "--scenario", metavar="FILE", help="Ask this scenario instead of the one that the result was made from.",
        show_default=False, autocompletion=completion.files,
    ),
]  # fmt: skip


def rerun(
    result: Directory,
    policies: options.Policies = None,
    executor: options.Executor = "processes",
    engine: options.Engine = None,
    as_json: options.Json = False,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Make a result's runs again: equal bit for bit, or what differs (exit code 99)."""
    recorded = lazy.recorded.recorded(result, options.own_rules(policies))
    output.warn(recorded.scenario.warnings, strict=strict, quiet=quiet)
    with lazy.progress.Progress(quiet=quiet) as progress, options.named("executor"):
        found = lazy.rerun.rerun(recorded, executor, progress, engine=options.engine(engine))
    if as_json:
        output.document(found.to_json())
    else:
        for sentence in lazy.reruns.sentences(found):
            output.line(sentence)
    if found.differing:
        raise typer.Exit(exit_codes.MISSED)


def bench(
    result: Result,
    asked: Asked = None,
    settings: options.Settings = None,
    judge: Judge = "tolerance",
    within: Within = None,
    tolerances: Tolerances = None,
    counts: Counts = False,
    slower: Slower = None,
    policies: options.Policies = None,
    executor: options.Executor = "processes",
    engine: options.Engine = None,
    formatted: Format = None,
    as_json: options.Json = False,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Make a stored comparison again, or a changed one of the same seed: what moved in its metrics (exit code 99)."""
    how, written = _how(judge, within, tolerances), _format(formatted, as_json)
    own = options.overrides(settings, policies=policies)
    kept = lazy.kept.read(result, options.own_rules(policies))
    share = _slower(slower, kept.speed is None)
    scenario = kept.recorded.scenario
    if asked is not None:
        scenario = options.load(asked, own, kept.manifest.variant, strict=strict, quiet=quiet)
    else:
        scenario = scenario.with_(own) if settings else scenario
        output.warn(scenario.warnings, strict=strict, quiet=quiet)
    with lazy.progress.Progress(quiet=quiet) as progress, options.named("executor"):
        found = lazy.gate.gate(
            result, how.within, executor, progress, options.engine(engine), how=how, kept=kept, slower=share,
            counts=counts, scenario=scenario if asked is not None or settings else None,
        )  # fmt: skip
    _answer(found, written, as_json)


def diff(
    result: Result,
    other: Other,
    judge: Judge = "tolerance",
    within: Within = None,
    tolerances: Tolerances = None,
    counts: Counts = False,
    slower: Slower = None,
    policies: options.Policies = None,
    formatted: Format = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Hold a second stored comparison against a first, without a run: what moved in its metrics (exit code 99)."""
    how, written = _how(judge, within, tolerances), _format(formatted, as_json)
    one, two = (lazy.kept.read(each, options.own_rules(policies)) for each in (result, other))
    share = _slower(slower, one.speed is None or two.speed is None)
    _answer(lazy.gate.diff(one, two, how, counts=counts, slower=share), written, as_json)


def _how(judge: str, within: str | None, tolerances: list[str] | None) -> How:
    named = lazy.judging.judge_of(judge)
    if named != "tolerance" and (within is not None or tolerances):
        raise InputError("--within" if within else "--tolerance", f"is not asked by --judge {named}", "leave one out")
    share = 0.0 if within is not None and within.strip().rstrip("%").strip() == "0" else None
    share = options.share("--within", within) if share is None else share
    every = tuple(lazy.judging.tolerance_of(text) for text in tolerances or ())
    return lazy.judging.How(named, lazy.judging.WITHIN if share is None else share, every)


def _slower(text: str | None, unknown: bool) -> float | None:
    share = options.share("--slower", text)
    if share is not None and unknown:
        raise InputError("--slower", "the result has no speed", "keep one that has: compare --keep FILE --speed")
    return share


def _format(name: str | None, as_json: bool) -> str | None:
    if name is not None and name not in lazy.gates.FORMATS:
        raise InputError("--format", f"unknown format, got {shown(name)}", near(name, lazy.gates.FORMATS))
    if name is not None and as_json:
        raise InputError("--format", "is another answer than --json", "leave one out")
    return name


def _answer(found: Gate, written: str | None, as_json: bool) -> None:
    if as_json:
        output.document(found.to_json())
    elif written is not None:
        output.text(lazy.gates.FORMATS[written](found))
    else:
        lazy.answers.print_gate(found)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if written == "github" and summary:
        with output.writing(Path(summary)), open(summary, "a", encoding="utf-8") as file:
            file.write(lazy.gates.markdown(found))
    if not found.passed:
        raise typer.Exit(exit_codes.MISSED)
