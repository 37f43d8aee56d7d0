"""`regsim crossover`: where the better of two variants changes."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli import exit_codes, lazy, options, output

Metric = Annotated[
    str | None, typer.Option(metavar="METRIC", help="By which they are compared: deploy_latency_s.p50 unless given.")
]


def crossover(
    file: options.File,
    vary: options.VaryOne,
    metric: Metric = None,
    settings: options.Settings = None,
    policies: options.Policies = None,
    variant: options.Variant = None,
    runs: options.MostRuns = None,
    within: options.Within = None,
    seed: options.Seed = None,
    executor: options.Executor = "processes",
    engine: options.Engine = None,
    store: options.Store = None,
    allow_failures: options.AllowFailures = False,
    out: options.Out = None,
    as_json: options.Json = False,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Search for the value of a key at which the better of a variant and the baseline changes, as an interval."""
    scenario = options.load(file, options.overrides(settings, policies=policies), strict=strict, quiet=quiet)
    axis = lazy.axes.ranged(vary, scenario)
    known = options.warn_of_axes(scenario, [axis], variant, strict=strict, quiet=quiet)
    folder = output.writable(out)
    with lazy.progress.Progress(quiet=quiet) as progress, options.named("executor", "runs"):
        found = lazy.crossover.crossover(
            scenario, axis, metric or lazy.crossover.METRIC, variant=variant,
            runs=options.whole("--runs", runs, least=2) or lazy.bisection.RUNS,
            within=options.share("--within", within) or lazy.bisection.WITHIN,
            seed=options.whole("--seed", seed, least=0), executor=executor, progress=progress,
            store=options.kept(store),
            allow_failures=allow_failures, engine=options.engine(engine),
        )  # fmt: skip
    output.answer(found, "crossover", folder, as_json, quiet)
    output.warn((each for each in found.warnings if each not in known), strict=strict, quiet=quiet)
    if not found.decided:
        raise typer.Exit(exit_codes.UNDECIDED)
