"""Rules of a user's own: found in a folder of the form of this package, or registered by a program.

In the folder `placement/warmest.py` is the placement `warmest`. A rule is one file that says in its docstring what it
does, has the function of its kind (`sim.policies.FUNCTIONS`) and, where a scenario may give it something, a class
`Parameters`. A file that begins with `_` is none. A name that ships is refused: whoever reads `sticky` is to know which
rule that is.

What rules are, and what they may not do, `userrule` says; how a program registers one, `registered`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from sim import policies
from sim.errors import InputError, near, shown
from sim.policies.userrule import Rules, UserRule, functions_in

_NAME: Final = re.compile("[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")


class Folder(NamedTuple):
    """What is in a folder: rules, and what is wrong with files that can't be any."""

    rules: dict[tuple[str, str], UserRule]
    faults: tuple[InputError, ...]


def read_folder(folder: Path) -> Folder:
    """The rules in a folder. InputError when there is none."""
    if not folder.exists():
        raise InputError(str(folder), "no such folder", "name one that has KIND/NAME.py, such as placement/warmest.py")
    if not folder.is_dir():
        raise InputError(str(folder), "is no folder", "name the folder that has KIND/NAME.py, not a file in it")
    rules: dict[tuple[str, str], UserRule] = {}
    faults: list[InputError] = []
    for path in sorted(path for kind in policies.KINDS for path in (folder / kind).glob("*.py")):
        if path.name.startswith("_"):
            continue
        try:
            rule = _read(path)
            if (rule.kind, rule.name) in rules:
                other = Path(rules[rule.kind, rule.name].path).name
                raise rule.fault(f"is the {rule.kind} {rule.name}, as {other} is", "give one of them another name")
        except InputError as error:
            faults.append(error)
        else:
            rules[rule.kind, rule.name] = rule
    return Folder(rules, tuple(faults))


def _read(path: Path) -> UserRule:
    kind, name = path.parent.name, path.stem.replace("_", "-")
    try:
        rule = UserRule(kind, name, str(path), path.read_bytes().decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(str(path), f"is not UTF-8 at byte {error.start}", "save it as UTF-8 text") from None
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})", "check its permissions") from None
    check_name(rule)
    return rule


def check_name(rule: UserRule) -> None:
    """InputError for a name that is none, or that a rule of its kind that ships has."""
    if not _NAME.fullmatch(rule.name):
        raise rule.fault(f"is no name for a rule, got {shown(rule.name)}", "use small letters, digits and -, as in a-b")
    if rule.name in policies.names(rule.kind):
        raise rule.fault(f"the {rule.kind} {rule.name} ships with regsim", "give yours another name")


def strays(folder: Path) -> Iterator[InputError]:
    """Files in a folder that look like rules and are in no place for one."""
    for path in sorted(folder.glob("*.py")):
        if not path.name.startswith("_"):
            yield InputError(str(path), "is in no folder of a kind", _home_of(path))
    for path in sorted(folder.glob("*/*.py")):
        kind = path.parent.name
        if kind not in policies.KINDS and not path.name.startswith("_"):
            yield InputError(str(path), f"there is no kind of rules {shown(kind)}", near(kind, policies.KINDS))


def _home_of(path: Path) -> str:
    """Where a file belongs, by its function."""
    try:
        functions = functions_in(ast.parse(path.read_bytes()))
    except (OSError, SyntaxError, ValueError):
        functions = {}
    kinds = [kind for kind, name in policies.FUNCTIONS.items() if name in functions]
    return f"move it to {kinds[0] if len(kinds) == 1 else 'KIND'}/{path.name}" + (
        "" if len(kinds) == 1 else f"; KIND is one of {', '.join(policies.KINDS)}"
    )


_REGISTERED: dict[tuple[str, str], UserRule] = {}


def register(rule: UserRule) -> None:
    """Have scenarios that are loaded from now on know a rule; one of its kind and name gives way to it."""
    check_name(rule)
    rule.module()
    _REGISTERED[rule.kind, rule.name] = rule


def registered() -> dict[tuple[str, str], UserRule]:
    """The rules that are registered now."""
    return dict(_REGISTERED)


#: Of a scenario: what there was to choose from when it was loaded, by folder, and under "" what was registered.
Known = Mapping[str, Rules]


def rules_for(folder: Path | None, known: Known) -> tuple[dict[str, Rules], list[InputError]]:
    """What a scenario may choose from that names this folder, or none; and what is wrong with it.

    What is `known` is not looked for again.
    """
    found: dict[str, Rules] = {**known}
    faults: list[InputError] = []
    found.setdefault("", registered())
    if folder is not None and str(folder) not in found:
        try:
            read = read_folder(folder)
        except InputError as error:
            return found, [error]
        faults += read.faults
        found[str(folder)] = read.rules
    if folder is not None:
        for both in sorted(found[str(folder)].keys() & found[""].keys()):
            rule, other = found[str(folder)][both], found[""][both]
            problem = f"the {rule.kind} {rule.name} is registered, too, by {other.path}"
            faults.append(rule.fault(problem, "give one of them another name"))
    return found, faults
