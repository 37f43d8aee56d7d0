"""`regsim score`: the model against what a rig measured."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli import lazy, options, output


def score(
    rig: Annotated[str, typer.Argument(metavar="RIG.json", help="The rig's scenarios.")],
    measured: Annotated[str, typer.Argument(metavar="MEASURED.csv", help="What it measured.")],
    parameters: Annotated[
        str | None, typer.Option("--parameters", metavar="FILE", help="Use these instead of the shipped ones.")
    ] = None,
    wire: Annotated[
        str,
        typer.Option(
            "--wire",
            metavar="fluid|even|packets",
            help='Whose errors are "groups" in the JSON: flows by their windows, by even shares, or packets.',
        ),
    ] = "packets",
    as_json: options.Json = False,
) -> None:
    """Simulate a rig's scenarios and print how far they are from what was measured, group by group."""
    with options.named("wire"):
        found = lazy.score.score(rig, measured, parameters, wire)
    if as_json:
        output.document(found.to_json())
    else:
        output.line(found.to_text())
