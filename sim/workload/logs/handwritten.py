"""Pushes and pulls written by hand: CSV with a header, for demand that no log has yet.

    at_s,op,client,count,repository,tag,blobs
    0,push,builder,1,library/app,v1,kernel=37748736 rootfs-1=1300000 config-1=2000
    60,pull,edge,10,library/app,v1,

`count` clients, `edge-1` to `edge-10`, do it at once. A push names its image's blobs, the config last, with their
bytes; one name is one blob wherever it is pushed. A pull names none: it means what was pushed. Lines that begin with #
are comments. Rows are in the order of their times. Without a tag it is `latest`; instead of one a digest may stand.
What a repository is called here is free: no registry is asked. Left out: removals, and pulls of what nobody has
pushed.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, Literal, cast

from sim.errors import InputError, near, shown
from sim.registry.reference import DEFAULT_TAG, is_digest, is_tag
from sim.workload.logs.operations import Blobs, Operation
from sim.workload.logs.textfile import opened

#: No line of a header is as long.
_LONGEST: Final = 1 << 16
COLUMNS: Final = ("at_s", "op", "client", "count", "repository", "tag", "blobs")


def is_operations(path: str) -> bool:
    """Whether a file's first line that is no comment is the header."""
    with suppress(InputError), opened(path) as file:  # who opens it next says why it can't
        lines = iter(lambda: file.readline(_LONGEST), "")
        return next((line for line in lines if not line.startswith("#")), "").strip() == ",".join(COLUMNS)
    return False


def operations(path: str) -> Iterator[Operation]:
    """The operations of a file, a row at a time. InputError with the line of the first that is wrong."""
    images: dict[tuple[str, str], Blobs] = {}
    last_s = -math.inf
    with opened(path) as file:
        numbered = ((number, line) for number, line in enumerate(file, 1) if line.strip() and line[0] != "#")
        next(numbered)
        for number, line in numbered:
            where = f"{path}:{number}"
            row = next(csv.reader([line]))
            if len(row) != len(COLUMNS):
                raise InputError(where, f"must have {len(COLUMNS)} fields, got {len(row)}", ",".join(COLUMNS))
            at, op, client, many, repository, tag, blobs_text = (field.strip() for field in row)
            at_s, count = _number(where, "at_s", at), int(_number(where, "count", many or "1"))
            if at_s < last_s:
                raise InputError(f"{where}: at_s", f"must not be before the row above, got {at}", "sort the rows")
            last_s = at_s
            tag = tag or DEFAULT_TAG
            if not (is_tag(tag) or is_digest(tag)):
                remedy = "write letters, digits, _, . and -, or sha256: and 64 hex digits"
                raise InputError(f"{where}: tag", f"must be a tag or a digest, got {shown(tag)}", remedy)
            if op not in ("push", "pull"):
                raise InputError(f"{where}: op", f"unknown operation, got {shown(op)}", near(op, ("push", "pull")))
            image = _blobs(where, blobs_text) if op == "push" else images.get((repository, tag))
            if not image:
                problem = "a push needs blobs" if op == "push" else f"no row above pushes {repository}:{tag}"
                raise InputError(f"{where}: blobs", problem, "write NAME=BYTES, separated by spaces, in the push")
            images[repository, tag] = image
            kind = cast(Literal["push", "pull"], op)
            for at_once in range(1, count + 1):
                name = f"{client}-{at_once}"
                yield Operation(at_s, kind, name, repository, tag, image, frozenset(), frozenset(), math.nan, True)


def _number(where: str, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise InputError(f"{where}: {column}", f"must be a number of 0 or more, got {shown(text)}")
    return value


def _blobs(where: str, blobs_text: str) -> Blobs:
    found = []
    for part in blobs_text.split():
        name, _, size = part.partition("=")
        found.append((name, _number(where, f"blobs.{name}", size)))
    return tuple(dict(found).items())
