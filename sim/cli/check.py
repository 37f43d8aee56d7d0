"""`regsim check`: whether scenarios are valid, every fault and every warning of every file at once; and rules.

Without a FILE, `--policies DIR` puts every rule in a folder to the conformance suite (`sim.policies.conformance`), and
says of those that runs ask while they go on whether there is machine code for them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

import sim
from sim.cli import exit_codes, lazy, options, output, watching
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.policies.userrule import UserRule
    from sim.scenario import Scenario
    from sim.scenario.warnings.warning import ScenarioWarning


class _Found(NamedTuple):
    """What is wrong with a file, and what may be; and the scenario in it, where it is one."""

    faults: tuple[InputError, ...] = ()
    warnings: tuple[ScenarioWarning, ...] = ()
    scenario: Scenario | None = None


def check(
    files: options.Files = None,
    settings: options.Settings = None,
    policies: options.Policies = None,
    watch: options.Watch = False,
    as_json: options.Json = False,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Say whether scenarios are valid, or without FILE whether the rules of --policies are.

    Every fault is named at once, with key, value and remedy, and every warning.
    """
    if not files and policies is None:
        raise InputError("regsim check: FILE", "is missing", "name a scenario, or a folder of rules by --policies")
    if not files and settings:
        raise InputError("--set", "has no scenario to change", "name one before it")
    overrides = options.overrides(settings, policies=policies)

    def asked() -> tuple[dict[str, _Found], tuple[Path, ...]]:
        """What is found, once it is said; and the folder of rules with what is in it, where that was asked about."""
        if files:
            found = {file: _found(file, overrides, strict) for file in files}
            _report(found, {file: f"{file}: valid" for file in files}, as_json, quiet)
            return found, ()
        folder = Path(policies or "")
        found, valid = _rules(folder)
        _report(found, valid, as_json, quiet)
        return found, (folder, *folder.glob("*"), *folder.glob("*/*.py"))

    def answered() -> watching.Answered:
        found, beside = asked()
        return watching.Answered({name: each.scenario for name, each in found.items() if each.scenario}, files=beside)

    if watch:
        watching.watch(answered, as_json, quiet)
    if any(each.faults for each in asked()[0].values()):
        raise typer.Exit(exit_codes.BAD_USE)


def _report(found: dict[str, _Found], valid: dict[str, str], as_json: bool, quiet: bool) -> None:
    """Every fault and warning, and the line of each that is `valid`."""
    for file, (faults, warnings, _) in found.items():
        for fault in faults:
            output.error(str(fault))
        output.warn(warnings, strict=False, quiet=quiet)
        if not faults and not as_json:
            output.line(valid[file])
    if as_json:
        every = [each.to_json() for one in found.values() for each in one.warnings]
        said = {file: _to_json(one.faults) for file, one in found.items()}
        output.document({"schema": "regsim.check/1", "files": said, "warnings": every})


def _found(file: str, overrides: dict[str, object], strict: bool) -> _Found:
    """Where warnings are errors they are among the faults."""
    try:
        scenario = sim.load(file, overrides)
    except InputError as error:
        return _Found(error.errors)
    if strict:
        return _Found(tuple(InputError(each.where, each.text) for each in scenario.warnings), scenario=scenario)
    return _Found((), scenario.warnings, scenario)


def _rules(folder: Path) -> tuple[dict[str, _Found], dict[str, str]]:
    """What is wrong with each file in a folder of rules, and a line for each that is valid."""
    rules, faults = lazy.outside.read_folder(folder)
    wrong = [*faults, *lazy.outside.strays(folder)]
    if not rules and not wrong:
        wrong = [InputError(str(folder), "has no rules", "write one into KIND/NAME.py, such as placement/warmest.py")]
    found = {fault.where: _Found((fault,)) for fault in wrong}
    found |= {rule.path: _Found(lazy.conformance.faults(rule)) for rule in rules.values()}
    valid = {
        rule.path: f"{rule.path}: {rule.kind} {rule.name} is valid{_of_engines(rule)}"
        for rule in rules.values()
        if not found[rule.path].faults
    }
    return dict(sorted(found.items())), valid


def _of_engines(rule: UserRule) -> str:
    """Whether there is machine code for a rule that is asked there."""
    if rule.kind not in lazy.rules.FUNCTIONS:
        return ""
    compiles = lazy.rules_native.compiles(rule.kind, rule.module())
    return ", as machine code, too" if compiles else ", on the reference engine alone"


def _to_json(faults: tuple[InputError, ...]) -> dict[str, object]:
    every = [{"where": fault.where, "problem": fault.problem, "remedy": fault.remedy} for fault in faults]
    return {"valid": not faults, "faults": every}
