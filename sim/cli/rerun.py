"""`regsim rerun` and `regsim bench`: a stored result made again, bit for bit, and within what a user would see."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli import exit_codes, lazy, options, output

Directory = Annotated[str, typer.Argument(metavar="RESULT", help="A directory that --out wrote.", show_default=False)]
Within = Annotated[
    str | None, typer.Option(metavar="SHARE", help="How far a metric may move.", show_default="1 %")
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
    result: Directory,
    within: Within = None,
    policies: options.Policies = None,
    executor: options.Executor = "processes",
    engine: options.Engine = None,
    as_json: options.Json = False,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Make a stored comparison again: what moved in its metrics (exit code 99), and how fast it went here."""
    recorded = lazy.recorded.recorded(result, options.own_rules(policies))
    output.warn(recorded.scenario.warnings, strict=strict, quiet=quiet)
    with lazy.progress.Progress(quiet=quiet) as progress, options.named("executor"):
        share = options.share("--within", within) or lazy.gate.WITHIN
        found = lazy.gate.gate(result, share, executor, progress, options.engine(engine), recorded)
    if as_json:
        output.document(found.to_json())
    else:
        lazy.answers.print_gate(found)
    if not found.passed:
        raise typer.Exit(exit_codes.MISSED)
