"""Machine code on disk: whether what is there may be read, which is whether nobody else could have put it there.

Numba keeps an index and the code by pickle, and whoever writes a pickle says what its reader does. So the folder and
its files are the user's own or root's, nobody else may write to them, and nobody may put another folder in its place.
Beside the files stands their SHA-256, written last: what was cut short or damaged is made anew. Left out: whoever can
write as this user.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

try:
    import grp
    import pwd
except ImportError:  # not on Windows
    grp = pwd = None  # type: ignore[assignment]
try:
    import fcntl
except ImportError:  # nor there
    fcntl = None  # type: ignore[assignment]

BITCODE: Final = ".bc"
"""How the name of a file with LLVM's bitcode ends."""
_SEAL: Final = ".sha256"
_ENDINGS: Final = (".nbi", ".nbc", BITCODE)


def is_private(folder: Path) -> bool:
    """Whether nobody but this user and root can write to a folder, or put another in its place."""
    if pwd is None:
        return True
    place = folder.absolute()
    try:
        while not place.exists():  # it will be made, by this user
            place = place.parent
        if place == folder.absolute() and not all(_is_own(path.stat()) for path in (place, *_files(place))):
            return False
        return all(_stays(parent.stat()) for parent in place.resolve().parents)
    except OSError:
        return False


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.suffix in _ENDINGS)


def _is_own(about: os.stat_result) -> bool:
    """Whether it is this user's or root's, and no one else may write to it."""
    if about.st_uid not in (os.getuid(), 0) or about.st_mode & stat.S_IWOTH:
        return False
    return not about.st_mode & stat.S_IWGRP or _is_group_of_one(about)


def _is_group_of_one(about: os.stat_result) -> bool:
    """Whether a group is its user's own, as many systems make one for each."""
    try:
        group = grp.getgrgid(about.st_gid)
        return group.gr_name == pwd.getpwuid(about.st_uid).pw_name and not group.gr_mem
    except KeyError:
        return False


def _stays(about: os.stat_result) -> bool:
    """Whether what is in a folder can't be replaced by everybody, as in one that is open to all and not sticky."""
    return not about.st_mode & stat.S_IWOTH or bool(about.st_mode & stat.S_ISVTX)


def is_whole(folder: Path, prefix: str) -> bool:
    """Whether the files whose names begin so are as they were when they were sealed."""
    try:
        return (folder / f"{prefix}{_SEAL}").read_text(encoding="ascii") == _digest(folder, prefix)
    except (OSError, UnicodeDecodeError):
        return False


def seal(folder: Path, prefix: str) -> None:
    """These files are whole. OSError where that can't be written."""
    write(folder / f"{prefix}{_SEAL}", _digest(folder, prefix).encode("ascii"))


def write(path: Path, content: bytes) -> None:
    """Have a file that is whole or not there. OSError where it can't be written."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove(folder: Path, prefix: str) -> None:
    """Take away what is not whole, as far as that can be done."""
    for path in (*_named(folder, prefix), folder / f"{prefix}{_SEAL}"):
        try:
            path.unlink(missing_ok=True)
        except OSError:
            continue


def _named(folder: Path, prefix: str) -> list[Path]:
    """Files of all versions of Python and all kinds of processors."""
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if path.name.startswith(f"{prefix}.") and path.suffix in _ENDINGS)


def _digest(folder: Path, prefix: str) -> str:
    seen = hashlib.sha256()
    for path in _named(folder, prefix):
        seen.update(path.name.encode() + b"\0" + path.read_bytes())
    return seen.hexdigest()


@contextmanager
def alone(path: Path, meanwhile: Callable[[], object] = lambda: None) -> Iterator[None]:
    """While this is held, no other process holds it; where there are no locks, nobody waits.

    Whoever would have to wait does something else first.
    """
    if fcntl is None:
        yield
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError:  # a full disk, or a folder to read from alone
        yield
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            meanwhile()
            fcntl.flock(file, fcntl.LOCK_EX)  # given up when the process ends, however it does
        yield
