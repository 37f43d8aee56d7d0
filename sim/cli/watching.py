"""`--watch`: the same question again each time that a file which it was read from is saved.

    regsim compare mine.toml --watch

Watched are the scenario's file, what it extends, and what a run of it reads besides (a table, a log, rules of one's
own); by `check` as many scenarios as it is given, or a folder of rules. A file is looked at four times a second, by its
name: editors that write another file and give it the name are seen, and so are files on other machines' disks, of which
no system tells. What is broken gives the line that it always gives, and the next save is waited for; only an interrupt
ends it (exit code 130). Left out: edits while an answer is being made, which are seen when it is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

import typer

from sim.cli import exit_codes, lazy, output
from sim.errors import InputError, of_options, one_line

if TYPE_CHECKING:
    from sim.scenario import Scenario

#: Between one look at the files and the next, s.
LOOK_EVERY_S: Final = 0.25
#: Changed keys that are named.
_NAMED: Final = 3

#: What tells one state of a file from another; None where it is not there.
State = tuple[int, int, int] | None


class Answered(NamedTuple):
    """A question's answer: the scenarios that were asked about, and what came out, to hold beside another.

    `scenarios` are by the files that they were asked for by, but for those that are broken; `numbers` are amounts as
    they are read, by what they are of, None where none come out; `files` are what was read besides, folders among them.
    """

    scenarios: Mapping[str, Scenario]
    numbers: Mapping[str, str] | None = None
    files: Sequence[Path] = ()


def watch(ask: Callable[[], Answered], as_json: bool, quiet: bool) -> NoReturn:
    """Ask, and ask again whenever a file has changed that was read for it, until somebody interrupts.

    InputError when a document is wanted, of which there is one a command; and when there is no file to begin with.
    """
    if as_json:
        raise InputError("--watch", "gives an answer after each save, not one document", "leave out --json")
    last: Answered | None = None
    began = False
    while True:
        seen: dict[Path, State] = {}
        if last is not None:
            seen = {file: _state(file) for file in _beside(last)}
        answer = _asked(ask, seen, began)
        began = True
        if answer is not None:
            for file in _beside(answer):
                seen.setdefault(file, _state(file))
            if last is not None:
                _print_change(last, answer)
                answer = answer._replace(scenarios={**last.scenarios, **answer.scenarios})
            last = answer
        saved = _until_changed(seen, quiet)
        if not quiet:
            output.note(f"\n{time.strftime('%H:%M:%S')} {_named(saved)} changed")


def _asked(ask: Callable[[], Answered], seen: dict[Path, State], began: bool) -> Answered | None:
    """The answer, or None where the question is broken, which is said; `seen` gets the files as they are when read.

    Where there is no file and has not been one, this ends it: whoever has `began` knows its name to be right.
    """

    def note(file: Path) -> None:
        seen[file] = _state(file)

    try:
        with lazy.reading.told_of_files(note):
            answer = ask()
        if not began and not any(seen.values()) and not answer.files:
            raise typer.Exit(exit_codes.BAD_USE)
        return answer
    except InputError as error:
        if not began and not any(seen.values()):
            raise
        output.error(str(of_options(error)))
        return None


def _beside(answer: Answered) -> list[Path]:
    """The files that its scenarios' runs read, those of the rules that they ask, and what else was read for it."""
    found = [*answer.files]
    for whole in answer.scenarios.values():
        for scenario in (whole, *map(whole.variant, () if whole.variant_name else whole.variants)):
            found += map(Path, lazy.manifest.files_read(scenario))
            found += (Path(rule.path) for rule in lazy.manifest.rules_chosen(scenario).values())
    return [*dict.fromkeys(found)]


def _until_changed(seen: dict[Path, State], quiet: bool) -> list[Path]:
    """Wait until a file is otherwise than it was seen, and then stays so for one look, as editors write in steps."""
    if not quiet:
        output.note(f"watching {_named(seen)}; an interrupt ends it")
    before, now = None, {file: _state(file) for file in seen}
    while now == seen or now != before:
        before = now
        time.sleep(LOOK_EVERY_S)
        now = {file: _state(file) for file in seen}
    return [file for file in seen if now[file] != seen[file]]


def _named(files: Iterable[Path]) -> str:
    return ", ".join(one_line(str(file)) for file in files)


def _state(file: Path) -> State:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _print_change(last: Answered, now: Answered) -> None:
    """What was written otherwise, and what came out otherwise, each beside what it was."""
    changed = []
    for file, scenario in now.scenarios.items():
        of = f"{one_line(file)}: " if len(now.scenarios) > 1 else ""
        changed += [f"{of}{change}" for change in _changed(last.scenarios.get(file, scenario), scenario)]
    if changed:
        more = f", and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
        output.line(f"Changed: {'; '.join(changed[:_NAMED])}{more}.")
    if now.numbers is None:
        return
    before = last.numbers or {}
    moved = [
        (what, before.get(what, "none"), number) for what, number in now.numbers.items() if before.get(what) != number
    ]
    if not moved:
        output.line("Nothing came out otherwise than in the last answer.")
        return
    lazy.layout.Page().text_table(("beside the last answer", "was", "is"), moved)


def _changed(last: Scenario, now: Scenario) -> Iterator[str]:
    """`demand.rate was 500/day, is 600/day`: the values that are otherwise, the variants' own among them."""
    before, after = _values(last), _values(now)
    for key in dict.fromkeys([*after, *before]):
        if before.get(key) != after.get(key):
            yield one_line(f"{key} was {before.get(key, 'not there')}, is {after.get(key, 'not there')}")


def _values(scenario: Scenario) -> dict[str, str]:
    """Every value that counts as text, by its key; of a variant those that it has otherwise."""
    found = _resolved(scenario)
    for name in scenario.variants if scenario.variant_name is None else ():
        own = _resolved(scenario.variant(name))
        found |= {f"variants.{name}.{key}": text for key, text in own.items() if found.get(key) != text}
    return found


def _resolved(scenario: Scenario) -> dict[str, str]:
    return {lazy.keypath.dotted(value.path): value.text for value in lazy.show.resolved(scenario)}
