"""`regsim report`: a result as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli import lazy, options, output
from sim.errors import InputError
from sim.files import folder, replacing

Result = Annotated[
    str,
    typer.Argument(
        metavar="RESULT", help="A directory that --out of any verb wrote, or a document of --json.", show_default=False
    ),
]  # fmt: skip
Page = Annotated[
    str | None,
    typer.Option("--out", metavar="PAGE.html", help="Where to; report.html beside the result unless given.",
                 show_default=False),
]  # fmt: skip


def report(result: Result, out: Page = None, policies: options.Policies = None, quiet: options.Quiet = False) -> None:
    """Write a result as one HTML page that needs nothing else: the answer, and what it rests on.

    Of run, compare, sweep, capacity, crossover, best, replay and score.
    """
    stored = lazy.stored.read(result, options.own_rules(policies))
    beside = stored.place if stored.place.is_dir() else stored.place.parent
    place = Path(out) if out is not None else beside / "report.html"
    write(place, lazy.page.page(stored))
    if not quiet:
        output.note(f"wrote {place}")


def write(place: Path, content: str | bytes) -> None:
    """A file, whole or not there; text as UTF-8. InputError where it cannot be."""
    if place.is_dir():
        raise InputError(str(place), "is a directory", f"name a file, such as {place / 'report.html'}")
    folder(place.parent)
    with output.writing(place), replacing(place) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
