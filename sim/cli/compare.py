"""`regsim compare`: a scenario's variants against its baseline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

import sim
from sim.cli import ending, late, options, output

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison

Assumptions = Annotated[
    bool, typer.Option("--assumptions", help="Say which assumed figure could flip the verdict within its range.")
]


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
    with late.progress.Progress(quiet=quiet) as progress, options.named("executor"):
        kept = options.kept(store)
        outcome = sim.compare(
            scenario, n_runs, seed_number, executor, progress, kept,
            precision=narrow, most_runs=n_runs or late.compare.MOST_RUNS, allow_failures=allow_failures,
            gains=late.doubling.MOST if doubled is None else doubled, by=(*split, *options.split_by(wanted)),
            engine=chosen,
        )  # fmt: skip
        if assumptions:
            examined = late.assumptions.examine(
                scenario, outcome.runs, outcome.seed, executor, progress, kept, allow_failures, chosen
            )
            outcome = replace(outcome, examined=examined)
    # With whole runs `examine` has asked the same. Asked first, for the verdict tells them.
    turns = () if assumptions else outcome.flips
    if folder is not None:
        with output.writing(folder):
            late.plots.write(outcome.plot(), folder, "comparison")
            outcome.write(folder)
    judgements = late.thresholds.judged(outcome, wanted, allow_failures)
    warnings = [*outcome.warnings, *(flip.warning(scenario.name) for flip in turns)]
    if as_json:
        told: dict[str, Any] = {"thresholds": [judgement.to_json() for judgement in judgements]} if wanted else {}
        told |= {} if outcome.examined is None else {"assumptions": outcome.examined.to_json()}
        told |= {"warnings": [each.to_json() for each in warnings]}
        output.document(outcome.to_json() | told)
    else:
        held, groups = late.holding.comparison_blocks(outcome), late.grouped.comparison_blocks(outcome, split)
        late.tables.print_comparison(outcome, [*late.faulting.comparison_blocks(outcome), *held, *groups])
        late.tables.say(*_beside(outcome, precision), *(judgement.line() for judgement in judgements))
        late.tables.say(*(() if outcome.examined is None else outcome.examined.lines()))
    if folder is not None and not quiet:
        output.note(f"wrote {folder}")
    output.warn(warnings[len(scenario.warnings) :], strict=strict, quiet=quiet)
    outcomes = {judgement.outcome for judgement in judgements}
    if "missed" in outcomes:
        raise typer.Exit(ending.MISSED)
    if "undecided" in outcomes:
        raise typer.Exit(ending.UNDECIDED)


def _beside(outcome: Comparison, precision: str | None) -> Iterator[str]:
    """What is said after the verdict."""
    if outcome.tradeoff:
        worth = " and ".join(choice.variant for choice in outcome.tradeoff if choice.member)
        yield f"by cost against p99 worth having: {worth}"
    if outcome.too_short:
        yield f"{outcome.too_short} runs are too short to tell a steady state; raise run.duration"
    if outcome.precision is not None and not outcome.precision.reached:
        yield f"the precision of {precision} is not reached after {outcome.runs} runs; allow more with --runs"
