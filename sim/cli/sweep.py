"""`regsim sweep`: every variant at every point of a design."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli import completion, lazy, options, output

Vary = Annotated[
    list[str],
    typer.Option(
        "--vary", metavar="KEY=VALUES", help="Values to take: a,b,c or LOW..HIGH:N or LOW..HIGH:log:N. Repeatable.",
        show_default=False, autocompletion=completion.settings,
    ),
]  # fmt: skip
Design = Annotated[
    str,
    typer.Option(
        metavar="grid|latin:N|sobol:N|morris:N|saltelli:N",
        help="Every combination, points that fill the space, or those that sensitivities need.",
    ),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option("--metric", metavar="METRIC", help="What to show; the first has sentences, too. Repeatable."),
]


def sweep(
    file: options.File,
    vary: Vary,
    design: Design = "grid",
    metric: Metrics = None,
    settings: options.Settings = None,
    policies: options.Policies = None,
    variant: options.Variant = None,
    by: options.By = None,
    runs: options.Runs = None,
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
    """Run the variants at every combination of values, or at the points of a design, and say what matters."""
    scenario = options.load(file, options.overrides(settings, policies=policies), strict=strict, quiet=quiet)
    axes = [lazy.axes.axis(text, scenario) for text in vary]
    options.warn_of_axes(scenario, axes, variant, strict=strict, quiet=quiet)
    folder = output.writable(out)
    with lazy.progress.Progress(quiet=quiet) as progress, options.named("executor"):
        found = lazy.sweep.sweep(
            scenario, axes, kind=design, metrics=metric or lazy.sweep.METRICS, by=options.dimensions(by),
            variant=variant, runs=options.whole("--runs", runs, least=1), seed=options.whole("--seed", seed, least=0),
            executor=executor, progress=progress, store=options.kept(store),
            allow_failures=allow_failures, engine=options.engine(engine),
        )  # fmt: skip
    output.answer(found, "sweep", folder, as_json, quiet)
