"""`regsim compare`: a scenario's variants against its baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

import sim
from sim.cli import exit_codes, lazy, options, output
from sim.errors import InputError

Assumptions = Annotated[
    bool, typer.Option("--assumptions", help="Say which assumed figure could flip the verdict within its range.")
]

Keep = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Write what bench and diff need into one small file, FILE.json or FILE.json.gz.",
        show_default=False,
    ),
]  # fmt: skip
Fast = Annotated[bool, typer.Option("--speed", help="Measure for --keep how fast runs go, by six runs more.")]


def compare(
    file: options.File,
    settings: options.Settings = None,
    policies: options.Policies = None,
    runs: options.Runs = None,
    precision: options.Precision = None,
    seed: options.Seed = None,
    executor: options.Executor = "processes",
    engine: options.Engine = None,
    detail: options.Detail = None,
    audit: options.Audit = False,
    store: options.Store = None,
    until: options.Until = None,
    by: options.By = None,
    gains: options.Gains = None,
    assumptions: Assumptions = False,
    allow_failures: options.AllowFailures = False,
    out: options.Out = None,
    keep: Keep = None,
    fast: Fast = False,
    as_json: options.Json = False,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Compare the variants with the baseline. Run by run they share their random numbers, so differences are paired."""
    seed_number = options.whole("--seed", seed, least=0)
    n_runs = options.whole("--runs", runs, least=1)
    chosen = options.engine(engine)
    narrow = options.share("--precision", precision)
    scenario = options.load(file, options.overrides(settings, detail, audit, policies), strict=strict, quiet=quiet)
    folder = output.writable(out)
    wanted = options.thresholds(scenario, until)
    split = options.dimensions(by)
    doubled = options.whole("--gains", gains, least=0)
    if fast and keep is None:
        raise InputError("--speed", "is kept in no file", "name one with --keep FILE")
    with lazy.progress.Progress(quiet=quiet) as progress, options.named("executor"):
        kept = options.kept(store)
        outcome = sim.compare(
            scenario, n_runs, seed_number, executor, progress, kept,
            precision=narrow, most_runs=n_runs or lazy.compare.MOST_RUNS, allow_failures=allow_failures,
            gains=lazy.doubling.MOST if doubled is None else doubled, by=(*split, *options.split_by(wanted)),
            engine=chosen, turns=not assumptions,
        )  # fmt: skip
        if assumptions:
            examined = lazy.examination.examine(
                scenario, outcome.runs, outcome.seed, executor, progress, kept, allow_failures, chosen
            )
            outcome = replace(outcome, examined=examined)
    # With whole runs `examine` has asked the same. Asked first, since the verdict names them.
    turns = () if assumptions else outcome.flips
    judgements = lazy.thresholds.judged(outcome, wanted, allow_failures)
    warnings = [*outcome.warnings, *(flip.warning(scenario.name) for flip in turns)]
    beside: dict[str, Any] = {"thresholds": [judgement.to_json() for judgement in judgements]} if wanted else {}
    beside |= {} if outcome.examined is None else {"assumptions": outcome.examined.to_json()}
    beside |= {"warnings": [each.to_json() for each in warnings]}
    if folder is not None:
        with output.writing(folder):
            lazy.plots.write(outcome.plot(), folder, "comparison")
            outcome.write(folder, beside)
    if keep is not None:
        fast_as = lazy.speed.speed(lazy.gate.one_variant(scenario), outcome.seed, chosen) if fast else None
        lazy.kept.keep(outcome, keep, fast_as)
    if as_json:
        output.document(outcome.to_json() | beside)
    else:
        lazy.answers.print_comparison(outcome, split, judgements)
    if folder is not None and not quiet:
        output.note(f"wrote {folder}")
    output.warn(warnings[len(scenario.warnings) :], strict=strict, quiet=quiet)
    outcomes = {judgement.outcome for judgement in judgements}
    if "missed" in outcomes:
        raise typer.Exit(exit_codes.MISSED)
    if "undecided" in outcomes:
        raise typer.Exit(exit_codes.UNDECIDED)
