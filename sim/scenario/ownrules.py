"""The rules of a user's own that a document may choose from: those in the folder that it names, and registered ones.

What is wrong with a folder is said of `run.policies_path`, and only there: a rule that nobody could find in it is no
fault of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sim.policies.outside import Known, rules_for
from sim.policies.userrule import Rules
from sim.scenario.diagnostics import Diagnostic
from sim.scenario.document import Document

#: Where a scenario says in which folder they are.
FOLDER: Final = ("run", "policies_path")


def rules_of(values: Document, folder: Path, known: Known, diagnostics: list[Diagnostic]) -> tuple[Known, Rules]:
    """All that is known of folders then, and the rules for these tables of a file in `folder`; faults are added."""
    run = values.get("run")
    named = run.get("policies_path") if isinstance(run, Mapping) else None
    own = folder / named if isinstance(named, str) else None
    found, faults = rules_for(own, known)
    diagnostics.extend(Diagnostic(FOLDER, f"{one.where}: {one.problem}", one.remedy, FOLDER) for one in faults)
    return found, {**found[""], **found.get(str(own), {})}


def without_strangers(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Where the folder is at fault, whoever names a rule of it is not to blame."""
    if not any(each.path == FOLDER for each in diagnostics):
        return diagnostics
    return [each for each in diagnostics if not each.problem.startswith("unknown choice")]
