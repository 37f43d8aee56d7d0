"""`regsim import`: a scenario from a cluster's, a registry's or an inventory's own files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli import lazy, options, output
from sim.errors import InputError


def import_(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="kubectl get nodes,pods,events -o json, an OCI layout or manifests, Prometheus's query_range, "
            "containerd's OTLP JSON, nodes.csv, links.csv, and what calibrate reads; several together.",
        ),
    ],
    out: Annotated[
        str | None, typer.Option(metavar="FILE.toml", help="Write the scenario there.", show_default=False)
    ] = None,
    as_json: options.Json = False,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Write a scenario from what systems say of themselves, with sources, ranges, and what the data cannot tell."""
    if out is not None and Path(out).exists():
        raise InputError(out, "is there already, and nothing is overwritten", "name another file")
    made = lazy.sources.imported(sources)
    warnings = made.checked(out or "imported")
    output.warn(warnings, strict=strict, quiet=quiet)
    if out is not None:
        _write(Path(out), made.text)
    if as_json:
        output.document(made.to_json() | {"file": out, "warnings": [each.to_json() for each in warnings]})
    elif out is None:
        output.text(made.text)
    elif not quiet:
        output.note(f"wrote {out}; see what it assumes at its end, then run it by regsim compare {out}")


import_.__name__ = "import"  # as users call it; in Python that is a word of the language


def _write(file: Path, text: str) -> None:
    """The text into a new file; one that came meanwhile stays as it is."""
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        problem = f"cannot be written ({error.strerror})"
        raise InputError(str(file), problem, "name a file in a directory of yours") from None
