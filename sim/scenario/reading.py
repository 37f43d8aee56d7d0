"""A scenario's files: TOML read into a raw document, over the files that it or its variants extend.

Whatever stands at a path is read to a bound, since a device may never end, and files may extend each other only so far.
Whoever waits for changes is told which files are read, or looked for (`told_of_files`). Left out: what overrides what,
which `document` knows.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path as FilePath
from typing import Final

from sim.errors import InputError, near, shown
from sim.files import read_text
from sim.scenario.document import Document, merge
from sim.scenario.shipped import base_located, names

#: No scenario is as large, and some devices never end.
_MOST_BYTES: Final = 1 << 24
#: Files that extend each other, one above the other.
_MOST_FILES: Final = 32

_TOLD: Final[ContextVar[Callable[[FilePath], None] | None]] = ContextVar("told", default=None)


@contextmanager
def told_of_files(tell: Callable[[FilePath], None]) -> Iterator[None]:
    """Within, `tell` gets every file just before it is read, and those that are named and not there."""
    before = _TOLD.set(tell)
    try:
        yield
    finally:
        _TOLD.reset(before)


def _note(path: FilePath) -> None:
    tell = _TOLD.get()
    if tell is not None:
        tell(path)


def read(path: str | FilePath) -> Document:
    """The document in a TOML file, over the one that it extends. InputError when there is none."""
    return _parsed(path, ())


def _elsewhere(path: str | FilePath) -> str:
    """What to do about the path of no file: a shipped scenario of nearly that name may have been meant."""
    close = near(FilePath(path).name.removesuffix(".toml"), names())
    return f"check the path; {close}" if close.startswith("did") else "check the path"


def _parsed(path: str | FilePath, above: tuple[FilePath, ...]) -> Document:
    where = str(path)
    _note(FilePath(path))
    try:
        text = read_text(path, _MOST_BYTES)
    except FileNotFoundError:
        raise InputError(where, "no such file", _elsewhere(path)) from None
    except IsADirectoryError:
        raise InputError(where, "is a directory", "name a scenario file in it") from None
    except UnicodeDecodeError as error:
        raise InputError(where, f"is not UTF-8 at byte {error.start}", "save it as UTF-8 text") from None
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(where, f"cannot be read ({error})", "check the path and its permissions") from None
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _syntax_error(where, text, error) from None
    if not document:
        raise InputError(where, "is empty", "write the tables of a scenario; scenarios/ has examples")
    return _extended(document, FilePath(path), "", above)


def _extended(document: Document, path: FilePath, within: str, above: tuple[FilePath, ...]) -> Document:
    """The document over those that it, or a variant of it, names by `extends`: by paths from its folder, or shipped."""
    own = {key: value for key, value in document.items() if key != "extends"}
    if not within and isinstance(own.get("variants"), dict):
        own["variants"] = {
            name: _extended(part, path, f"variants.{name}.", above) if isinstance(part, dict) else part
            for name, part in own["variants"].items()
        }
    if "extends" not in document:
        return own
    where, named = f"{path}: {within}extends", document["extends"]
    if not isinstance(named, str):
        raise InputError(where, f"must be a path, got {shown(named)}", 'write extends = "presets/harbor.toml"')
    base = _base(named, path.parent)
    if base is None:
        _note(path.parent / named)
        raise InputError(where, f"no such file, got {shown(named)}", "paths are from the folder of the file")
    if base.resolve() in {each.resolve() for each in (*above, path)}:
        raise InputError(where, f"leads back to itself, got {shown(named)}", "extend a file that does not extend this")
    if len(above) >= _MOST_FILES:
        raise InputError(where, f"is the {_MOST_FILES + 1}th file of a row, got {shown(named)}", "extend fewer files")
    made = _parsed(base, above=(*above, path))
    merge(made, own)
    return made


def _base(named: str, folder: FilePath) -> FilePath | None:
    """The file of that name in the folder, or else the shipped one; no folder or device, nor a name of no file."""
    try:
        base = base_located(named, folder)
        return base if base.is_file() else None
    except (OSError, ValueError):  # too long, or with a NUL
        return None


def _syntax_error(where: str, text: str, error: Exception) -> InputError:
    if isinstance(error, RecursionError):
        return InputError(where, "is nested too deeply", "a scenario needs a few levels of tables")
    message = str(error)
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if place is None:
        return InputError(where, f"is not TOML: {message}", "mend it")
    last = text.split("\n")
    line, column = (place[1], place[2]) if place[1] else (len(last), len(last[-1]) + 1)
    return InputError(f"{where}: line {line}, column {column}", f"is not TOML: {message[: place.start()]}", "mend it")
