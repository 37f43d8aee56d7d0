"""`regsim check`: whether scenarios are valid, every fault of every file at once."""

from __future__ import annotations

import typer

import sim
from sim.cli import ending, options, output
from sim.errors import InputError


def check(
    files: options.Files,
    settings: options.Settings = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Say whether scenarios are valid. Every fault is told at once, with key, value and remedy."""
    overrides = options.overrides(settings)
    found = {file: _faults(file, overrides) for file in files}
    for file, faults in found.items():
        for fault in faults:
            output.error(str(fault))
        if not faults and not as_json:
            output.line(f"{file}: valid")
    if as_json:
        output.document({"schema": "regsim.check/1", "files": {file: _told(found[file]) for file in found}})
    if any(found.values()):
        raise typer.Exit(ending.BAD_USE)


def _faults(file: str, overrides: dict[str, object]) -> tuple[InputError, ...]:
    try:
        sim.load(file, overrides)
    except InputError as error:
        return error.errors
    return ()


def _told(faults: tuple[InputError, ...]) -> dict[str, object]:
    told = [{"where": fault.where, "problem": fault.problem, "remedy": fault.remedy} for fault in faults]
    return {"valid": not faults, "faults": told}
