"""Text as files hold it: packed or not, in whatever encoding shells and editors write.

gzip, bzip2 and xz are unpacked as they are read. A byte order mark says UTF-8 or UTF-16 (PowerShell's `>` writes the
latter); without one it is UTF-8, in which a byte that is none becomes U+FFFD instead of an error: one odd byte in a
user agent must not cost a log. zstd is refused by name, since Python 3.11 to 3.13 cannot unpack it. Left out:
encodings that no byte order mark names, but for UTF-8.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sim.errors import InputError
from sim.files import require_regular

#: What can go wrong while a file is read or unpacked.
BROKEN: Final = (OSError, EOFError, zlib.error, lzma.LZMAError, UnicodeError)
_PACKED: Final = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\x00", lzma.open))
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_REMEDY: Final = "name a file that can be read"


@contextmanager
def opened(path: str) -> Iterator[io.TextIOWrapper]:
    """The file as text. InputError naming the path where there is none, or it cannot be read or unpacked.

    A log is read more than once, for its order and for sizes, so that devices and pipes are none.
    """
    try:
        require_regular(Path(path))
        with open(path, "rb") as file:
            first = file.read(6)
    except FileNotFoundError:
        raise InputError(path, "no such file", "check the path") from None
    except (OSError, ValueError) as error:  # a name with a NUL, too
        problem = error.strerror if isinstance(error, OSError) else error
        raise InputError(path, f"can't be read: {problem}", _REMEDY) from None
    if first.startswith(_ZSTD):
        raise InputError(path, "is packed by zstd", "unpack it first: zstd -d")
    unpack = next((opener for mark, opener in _PACKED if first.startswith(mark)), None)
    try:
        with open(path, "rb") if unpack is None else unpack(path, "rb") as raw:
            buffered = io.BufferedReader(raw) if isinstance(raw, io.RawIOBase) else raw
            start = buffered.peek(4)[:4]
            encoding = next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")
            with io.TextIOWrapper(buffered, encoding=encoding, errors="replace") as text:
                yield text
    except BROKEN as error:
        raise InputError(path, f"can't be read: {error}", "give a whole file") from None


def beginning(path: str, characters: int) -> str:
    """The first so many characters of a file, unpacked. InputError as `opened`."""
    with opened(path) as file:
        return file.read(characters)


def whole(path: str, most_characters: int) -> str:
    """All of a file, unpacked. InputError as `opened`, and where there are more than so many characters."""
    text = beginning(path, most_characters + 1)
    if len(text) > most_characters:
        raise InputError(path, f"is larger than {most_characters >> 20} MiB", "give a part of it")
    return text
