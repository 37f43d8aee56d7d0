"""`regsim compare`: a scenario's variants against its baseline."""

from __future__ import annotations

from typing import Annotated

import typer

import sim
from sim.cli import late, options, output
from sim.errors import InputError

Runs = Annotated[
    str | None, typer.Option(metavar="N", help="Runs of each variant, instead of the scenario's.", show_default=False)
]
Executor = Annotated[str, typer.Option(metavar="serial|processes[:N]", help="Where runs are made.")]


def compare(
    file: options.File,
    settings: options.Settings = None,
    runs: Runs = None,
    seed: options.Seed = None,
    executor: Executor = "processes",
    detail: options.Detail = None,
    audit: options.Audit = False,
    out: options.Out = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Compare the variants with the baseline. Run by run they share their random numbers, so differences are paired."""
    seed_number = options.whole("--seed", seed, least=0)
    n_runs = options.whole("--runs", runs, least=1)
    scenario = sim.load(file, options.overrides(settings, detail, audit))
    folder = output.writable(out)
    with late.progress.Progress(quiet=quiet) as progress:
        try:
            outcome = sim.compare(scenario, n_runs, seed_number, executor, progress)
        except InputError as error:
            if error.where == "executor":
                raise InputError("--executor", error.problem, error.remedy) from error
            raise
    if folder is not None:
        with output.writing(folder):
            late.plots.write(outcome.plot(), folder, "comparison")
            outcome.write(folder)
    if as_json:
        output.document(outcome.to_json())
    else:
        late.tables.print_comparison(outcome)
    if folder is not None and not quiet:
        output.note(f"wrote {folder}")
