"""`regsim capacity`: the smallest link or registry that meets a target."""

from __future__ import annotations

import typer

from sim.cli import exit_codes, lazy, options, output
from sim.errors import InputError


def capacity(
    file: options.File,
    vary: options.VaryOne,
    until: options.Until = None,
    settings: options.Settings = None,
    policies: options.Policies = None,
    variant: options.Variant = None,
    by: options.By = None,
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
    """Search for the smallest, or largest, value of a key that meets every threshold, as an interval."""
    scenario = options.load(file, options.overrides(settings, policies=policies), strict=strict, quiet=quiet)
    wanted = options.thresholds(scenario, until)
    if not wanted:
        raise InputError("--until", "is missing, and the scenario has no thresholds", options.UNTIL)
    axis = lazy.axes.ranged(vary, scenario)
    known = options.warn_of_axes(scenario, [axis], variant, strict=strict, quiet=quiet)
    folder = output.writable(out)
    with lazy.progress.Progress(quiet=quiet) as progress, options.named("executor", "runs"):
        found = lazy.capacity.capacity(
            scenario, axis, wanted, variant=variant, runs=options.whole("--runs", runs, least=2) or lazy.bisection.RUNS,
            within=options.share("--within", within) or lazy.bisection.WITHIN,
            seed=options.whole("--seed", seed, least=0), executor=executor, progress=progress,
            store=options.kept(store), by=options.dimensions(by), allow_failures=allow_failures,
            engine=options.engine(engine),
        )  # fmt: skip
    output.answer(found, "capacity", folder, as_json, quiet)
    output.warn((each for each in found.warnings if each not in known), strict=strict, quiet=quiet)
    if found.answer == "missed everywhere":
        raise typer.Exit(exit_codes.MISSED)
    if found.answer == "undecided":
        raise typer.Exit(exit_codes.UNDECIDED)
