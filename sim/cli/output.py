"""Where text goes: the answer to standard output, all else to standard error; and files to a directory.

A document is written whole at the end, so that standard output never holds half of one.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO
from warnings import simplefilter

from sim.cli import lazy
from sim.errors import InputError, InputErrors, one_line
from sim.files import folder, jsonable

if TYPE_CHECKING:
    from sim.report.renderers import Found
    from sim.scenario import Scenario
    from sim.scenario.warnings.warning import ScenarioWarning


#: Codes of warnings that are of an answer and no fault of its question: with `--strict` they stay warnings.
OF_THE_ANSWER: Final = frozenset({"no-contention", "flip"})


def text(answer: str) -> None:
    sys.stdout.write(answer)


def line(answer: str) -> None:
    text(f"{answer}\n")


def document(answer: Mapping[str, Any]) -> None:
    """The one JSON document that a verb prints; one that names no warnings has none."""
    whole = dict(answer)
    if "schema" in whole:
        whole.setdefault("warnings", [])
    line(json.dumps(jsonable(whole), indent=1, allow_nan=False))


def error(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def note(sentence: str) -> None:
    """What `--quiet` leaves out."""
    print(sentence, file=sys.stderr)


def show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: TextIO | None = None,
    line: str | None = None,
) -> None:  # fmt: skip
    """A line for one of Python's own warnings, in place of `warnings.showwarning`."""
    note(f"warning: {message}")


def ignore_warnings(quiet: bool) -> bool:
    """With `--quiet` Python's own warnings are left out, too, until `app.main` puts back what was shown before it."""
    if quiet:
        simplefilter("ignore")
    return quiet


def warn(warnings: Iterable[ScenarioWarning], *, strict: bool, quiet: bool = False) -> None:
    """A line for each warning; InputErrors of all those that are faults of the question, when they are errors."""
    every = tuple(warnings)
    faults = [InputError(each.where, each.text) for each in every if each.code not in OF_THE_ANSWER]
    if faults and strict:
        raise InputErrors(faults)
    for each in () if quiet else every:
        note(f"warning: {each}")


def named(scenario: Scenario) -> str:
    """`metros.toml, variant central`: what is simulated."""
    of = "" if scenario.variant_name is None else f", variant {scenario.variant_name}"
    return one_line(f"{scenario.name}{of}")


def answer(found: Found, kind: str, folder: Path | None, as_json: bool, quiet: bool) -> None:
    """What a search, a sweep or a selection found: a table and a few sentences or a document, and files."""
    if folder is not None:
        with writing(folder):
            lazy.saving.save(found, folder, kind)
    if as_json:
        document(found.to_json())
    else:
        lazy.answers.print_search(found, kind)
    if folder is not None and not quiet:
        note(f"wrote {folder}")


def writable(out: str | None, tables: bool = True) -> Path | None:
    """The directory of `--out`, made and tried before any work is done, as is what writes `tables`.

    InputError when it cannot be written to.
    """
    if out is None:
        return None
    if tables:
        lazy.parquet.require()
    directory = folder(out)
    with writing(directory), tempfile.TemporaryFile(dir=directory):
        return directory


@contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Files that cannot be written there are the directory's fault, which is one line."""
    try:
        yield
    except OSError as error:
        problem = f"cannot be written to ({error.strerror})"
        raise InputError(str(directory), problem, "make room or name another directory") from error
