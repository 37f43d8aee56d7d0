"""`regsim published`: what others published beside what is simulated."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli import lazy, options, output


def published(
    folder: Annotated[
        str, typer.Argument(metavar="[FOLDER]", help="Scenarios with a published.csv; those that ship, by default.")
    ] = "published",
    only: Annotated[str | None, typer.Option(metavar="SCENARIO", help="This scenario alone.")] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Run the scenarios of published results and print simulated beside published, good or bad."""
    if not quiet:
        output.note(f"simulating what was published: {folder}")
    found = lazy.published.compare(str(lazy.shipped.folder_located(folder)), only)
    if as_json:
        output.document(lazy.published.to_json(found))
    else:
        output.line(lazy.published.to_text(found))
