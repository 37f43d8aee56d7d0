"""`regsim best`: the best of several variants, with a promise."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli import exit_codes, lazy, options, output

Metric = Annotated[str, typer.Option(metavar="METRIC", help="By which they are compared.")]
Indifference = Annotated[
    str | None,
    typer.Option(
        metavar="AMOUNT", help="A difference not worth acting on, in the metric's unit: 5 % of the baseline's unless "
        "given.", show_default=False,
    ),
]  # fmt: skip
Runs = Annotated[str | None, typer.Option("--runs", metavar="N", help="Runs of a variant at most.", show_default="400")]


def best(
    file: options.File,
    metric: Metric = "deploy_latency_s.p50",
    indifference: Indifference = None,
    settings: options.Settings = None,
    policies: options.Policies = None,
    runs: Runs = None,
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
    """Choose the best of several variants: those that cannot be it drop out, runs are added until one is left."""
    scenario = options.load(file, options.overrides(settings, policies=policies), strict=strict, quiet=quiet)
    folder = output.writable(out)
    zone = None if indifference is None else options.amount("--indifference", indifference, metric)
    with lazy.progress.Progress(quiet=quiet) as progress, options.named("executor"):
        found = lazy.best.best(
            scenario, metric, zone, most_runs=options.whole("--runs", runs, least=10) or lazy.best.MOST_RUNS,
            seed=options.whole("--seed", seed, least=0), executor=executor, progress=progress,
            store=options.kept(store), allow_failures=allow_failures, engine=options.engine(engine),
        )  # fmt: skip
    output.answer(found, "best", folder, as_json, quiet)
    if found.chosen is None:
        raise typer.Exit(exit_codes.UNDECIDED)
