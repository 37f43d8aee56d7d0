"""`regsim score`: the model against what a rig measured."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli import lazy, options, output
from sim.files import write_json

Out = Annotated[
    str | None, typer.Option("--out", metavar="DIR", help="Write score.json there.", show_default=False)
]  # fmt: skip


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
    out: Out = None,
    as_json: options.Json = False,
) -> None:
    """Simulate a rig's scenarios and print how far they are from what was measured, group by group."""
    folder = output.writable(out, tables=False)
    with options.named("wire"):
        found = lazy.score.score(rig, measured, parameters, wire)
    if folder is not None:
        with output.writing(folder):
            about = {"rig": rig, "measured": measured, "parameters": parameters}
            write_json(folder / "score.json", {**found.to_json(), **about, "scored": found.wires[found.wire].rows()})
    if as_json:
        output.document(found.to_json())
    else:
        output.line(found.to_text())
