"""`regsim map`: the topology of a scenario, or of a result with what was used of it, as an SVG drawing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli import completion, lazy, options, output
from sim.cli.report import write
from sim.errors import InputError, near

if TYPE_CHECKING:
    from sim.report.map.network import Network

What = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO-or-RESULT", help="A scenario, or a directory that --out of run or compare wrote.",
        show_default=False, autocompletion=completion.files,
    ),
]  # fmt: skip
Drawing = Annotated[
    str | None,
    typer.Option("--out", metavar="MAP.svg", help="Where to; standard output unless given.", show_default=False),
]


def map(
    what: What,
    out: Drawing = None,
    settings: options.Settings = None,
    policies: options.Policies = None,
    variant: options.Variant = None,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Draw the topology: of a scenario as it is written, of a result with how much of each link was used.

    Lines are as wide as their capacity and coloured by their use; what held transfers back the longest has a ring.
    """
    network = _of_result(what, variant, policies) if os.path.isdir(what) else None
    if network is None:
        scenario = options.load(
            what, options.overrides(settings, policies=policies), variant, strict=strict, quiet=quiet
        )
        network = lazy.network.network(scenario)
    elif settings:
        raise InputError("--set", "changes a scenario, and this is a result", "leave it out, or name a scenario")
    made = lazy.drawing.standalone(network)
    if out is None:
        output.text(made)
        return
    write(Path(out), made)
    if not quiet:
        output.note(f"wrote {out}")


def _of_result(place: str, variant: str | None, policies: str | None) -> Network:
    """The first run of a variant; unless one is named of the first that there is. A search's scenario alone."""
    stored = lazy.stored.read(place, options.own_rules(policies))
    if stored.scenario is None:
        raise InputError(place, "has no scenario", "name a result of run, compare or a search, or a scenario")
    samples = stored.samples
    if variant is not None and variant not in samples:
        raise InputError("--variant", f'has no run in this result, got "{variant}"', near(variant, samples))
    if not samples:
        drawn: Network = lazy.network.network(stored.scenario)
        return drawn
    result = samples[variant or next(iter(samples))]
    made: Network = lazy.network.network(result.scenario, result)
    return made
