"""`regsim selftest`: the model against theory, and the statistics' own audit."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli import exit_codes, lazy, options, output
from sim.errors import InputError

_DEFAULT_SEED = 1


def selftest(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="Hold the laws in a run of this scenario.")
    ] = None,
    settings: options.Settings = None,
    policies: options.Policies = None,
    seed: options.Seed = None,
    as_json: options.Json = False,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Put simulated queues, links and caches beside theory; exit code 1 where they disagree."""
    number = options.whole("--seed", seed, least=0)
    for option, given in (("--set", settings), ("--policies", policies)):
        if file is None and given:
            raise InputError(option, "has no scenario to change", "name one before it")
    scenario = (
        None
        if file is None
        else options.load(file, options.overrides(settings, policies=policies), strict=strict, quiet=quiet)
    )
    if not quiet:
        output.note("simulating queues, links and caches")
    found = lazy.selftest.selftest(_DEFAULT_SEED if number is None else number, scenario)
    if as_json:
        warnings = () if scenario is None else scenario.warnings
        output.document(found.to_json() | {"warnings": [each.to_json() for each in warnings]})
    else:
        output.line(found.to_text())
    if not found.holds:
        raise typer.Exit(exit_codes.BUG)
