"""`regsim run`: one seeded run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import sim
from sim import files
from sim.cli import lazy, options, output


def run(
    file: options.File,
    settings: options.Settings = None,
    policies: options.Policies = None,
    variant: options.Variant = None,
    seed: options.Seed = None,
    engine: options.Engine = None,
    detail: options.Detail = None,
    audit: options.Audit = False,
    by: options.By = None,
    gains: options.Gains = None,
    kwok: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write delays of pulls as KWOK's Stages there.", show_default=False),
    ] = None,
    out: options.Out = None,
    as_json: options.Json = False,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Run a scenario, or one variant of it, once."""
    seed_number, chosen = options.whole("--seed", seed, least=0), options.engine(engine)
    scenario = options.load(
        file, options.overrides(settings, detail, audit, policies), variant, strict=strict, quiet=quiet
    )
    split = options.dimensions(by)
    doubled = options.whole("--gains", gains, least=0) or 0
    folder = output.writable(out)
    if kwok is not None:
        output.writable(str(Path(kwok).parent), tables=False)
    if not quiet:
        output.note(f"simulating {output.named(scenario)}")
    result = sim.run(scenario, seed_number, engine=chosen)
    gained = lazy.doubling.doubled_run(result, doubled, chosen) if doubled else ()
    beside = {"gains": [gain.to_json() for gain in gained]} if doubled else {}
    if folder is not None:
        with output.writing(folder):
            lazy.plots.write(lazy.plots.run(result), folder, "run")
            result.write(folder, beside)
    if kwok is not None:
        with output.writing(Path(kwok)):
            files.write_json(Path(kwok), lazy.kwok.stages(result))
    if as_json:
        output.document(result.to_json(split) | beside)
    else:
        lazy.answers.print_run(result, split, gained)
    for written in (folder, kwok):
        if written is not None and not quiet:
            output.note(f"wrote {written}")
