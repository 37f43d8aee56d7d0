"""`regsim check`: whether scenarios are valid, every fault and every warning of every file at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import typer

import sim
from sim.cli import exit_codes, options, output
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.scenario.warnings.warning import ScenarioWarning


class _Found(NamedTuple):
    """What is wrong with a file, and what may be."""

    faults: tuple[InputError, ...]
    warnings: tuple[ScenarioWarning, ...]


def check(
    files: options.Files,
    settings: options.Settings = None,
    as_json: options.Json = False,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Say whether scenarios are valid. Every fault is named at once, with key, value and remedy, and every warning."""
    overrides = options.overrides(settings)
    found = {file: _found(file, overrides, strict) for file in files}
    for file, (faults, warnings) in found.items():
        for fault in faults:
            output.error(str(fault))
        output.warn(warnings, strict=False, quiet=quiet)
        if not faults and not as_json:
            output.line(f"{file}: valid")
    if as_json:
        every = [each.to_json() for _, warnings in found.values() for each in warnings]
        said = {file: _to_json(faults) for file, (faults, _) in found.items()}
        output.document({"schema": "regsim.check/1", "files": said, "warnings": every})
    if any(faults for faults, _ in found.values()):
        raise typer.Exit(exit_codes.BAD_USE)


def _found(file: str, overrides: dict[str, object], strict: bool) -> _Found:
    """Where warnings are errors they are among the faults."""
    try:
        warnings = sim.load(file, overrides).warnings
    except InputError as error:
        return _Found(error.errors, ())
    if strict:
        return _Found(tuple(InputError(each.where, each.text) for each in warnings), ())
    return _Found((), warnings)


def _to_json(faults: tuple[InputError, ...]) -> dict[str, object]:
    every = [{"where": fault.where, "problem": fault.problem, "remedy": fault.remedy} for fault in faults]
    return {"valid": not faults, "faults": every}
