"""Files that are whole or not there: each is written beside its place under a temporary name, then renamed onto it.

A reader never meets half a file, and an interrupted write leaves the old one. JSON (RFC 8259) has no infinity and no
NaN: both are written as null. Left out: forcing files to the disk, which only the store of runs does
(`sim.experiment.execution.store`); after a loss of power the rest may lack what was last written.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import select
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import quote

from sim.errors import InputError

_CHUNK_BYTES = 1 << 16
#: Letters of a folder's name at most, and how many of a longer one stay.
_LONGEST = 200
_KEPT = 150
#: So long a pipe may have nothing to read: longer than a program takes that writes a scenario.
PATIENCE_S: Final = 5.0


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, renamed onto it when the block ends well and removed when it does not."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        temporary.chmod(0o666 & ~_umask())
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def folder(path: str | Path) -> Path:
    """The directory of that name, made with its parents if it is not there. InputError when it cannot be."""
    directory = Path(path)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"cannot be a directory to write to ({error.strerror})"
        raise InputError(str(directory), problem, "name another directory") from error
    return directory


def read_text(path: str | Path, most_bytes: int) -> str:
    """A file's text, UTF-8. OSError, UnicodeDecodeError, or InputError where it has more bytes, as a device may."""
    return _content(path, most_bytes).decode("utf-8-sig")


def read_bytes(path: Path, most_bytes: int) -> bytes:
    """What a file holds. OSError, also for a device or a pipe, or InputError where it has more bytes."""
    require_regular(path)
    return bytes(_content(path, most_bytes))


def _content(path: str | Path, most_bytes: int) -> bytearray:
    content = bytearray()
    with _opened(path) as file:
        while part := file.read(_CHUNK_BYTES):  # at once, a buffer of `most_bytes` would be made
            content += part
            if len(content) > most_bytes:
                raise InputError(str(path), f"is larger than {most_bytes >> 20} MiB", "name another file")
    return content


def _opened(path: str | Path) -> BinaryIO:
    """A file, or a pipe as shells make of `<(...)`. OSError where nothing comes out of a pipe for `PATIENCE_S`."""
    if not stat.S_ISFIFO(os.stat(path).st_mode):
        return open(path, "rb")
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # which else waits until somebody writes
    if not select.select([handle], [], [], PATIENCE_S)[0]:
        os.close(handle)
        raise OSError(errno.EAGAIN, f"nobody has written into this pipe for {PATIENCE_S:g} s")
    os.set_blocking(handle, True)
    return open(handle, "rb")


def read_json(path: Path, most_bytes: int, remedy: str) -> Any:
    """What a file of JSON holds. InputError where it can't be read, is no JSON, or more than Python reads of it."""
    try:
        require_regular(path)
        return parse_json(read_text(path, most_bytes))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise InputError(str(path), f"cannot be read ({why})", remedy) from None
    except json.JSONDecodeError as error:
        raise InputError(str(path), f"is not JSON ({error})", remedy) from None
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(str(path), f"cannot be read ({error})", remedy) from None


def parse_json(text: str | bytes) -> Any:
    """What JSON says, whoever wrote it. ValueError, also for what nests deeper than Python reads."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def require_regular(path: Path) -> os.stat_result:
    """What the system says of a file. OSError where there is none, and for a device or a pipe, which may never end."""
    about = path.stat()
    if not (stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode)):
        raise OSError(errno.EINVAL, "it is a device or a pipe")
    return about


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """A document as JSON, numbers that are not finite as null."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(jsonable(document), indent=1, allow_nan=False) + "\n", encoding="utf-8")


def jsonable(value: Any) -> Any:
    """The value as JSON can hold it: mappings and sequences rebuilt, numbers that are not finite as None."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def folder_name(called: str) -> str:
    """A name as a folder's: whatever could lead elsewhere is written as %XX; a long one is cut, with its digest.

    File systems take 255 bytes, of which a letter that is not ASCII's takes six or more.
    """
    name = quote(called, safe=" ")
    if len(name) > _LONGEST:
        return f"{name[:_KEPT].rstrip(' .')}~{hashlib.sha256(called.encode(errors='surrogatepass')).hexdigest()[:16]}"
    return name if name.strip(".") else name.replace(".", "%2E")
