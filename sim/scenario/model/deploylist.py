"""Deploys as somebody listed them, instead of synthetic ones: CSV, a row for each deploy, its columns in any order.

    time,client,app,image,rootfs,nodes
    0,dal-dev1,shop,http,1.3 MB,2
    90 s,dal-dev,shop,http,1.4 MB,2
    2 min,was-dev,,node,,

`[demand] table` names such a file, beside the scenario's, or is the text itself; `demand=` of `sim.run` takes it as a
DataFrame. Only `time` is needed. A cell that is empty, and a column that is missing, leave the matter to the scenario:

| column | says | otherwise |
|---|---|---|
| `time` | when it is asked for: seconds from the start of the run, a time such as `90 s`, or a date and time | needed |
| `client` | who deploys: a client's host, or a group of which an application keeps one | by the groups' shares |
| `app` | which application, any text: a row's deploy updates what the rows above it deployed | as `[demand]` says |
| `image` | what kind of image, a key of `[images]` | that of the application's first row, else by shares |
| `rootfs` | the size of the root filesystem, bytes or a size such as `1.3 MB` | that of the kind of image |
| `nodes` | on how many nodes it starts | `demand.nodes` |
| `update` | in an application's first row, whether the application was there before the run | `demand.warm` |
| `push` | no for what starts without a push, from the application's newest image | yes |
| `beside` | without a push, beside how many nodes that the application has | 0 |

A line that begins with # is a comment. Dates count from midnight, UTC, of the day of the earliest. Rows need not be
sorted. What comes at the end of `run.duration` or after it is left out.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from sim.errors import near, shown
from sim.figures import LARGEST_IMAGE_BYTES
from sim.files import require_regular
from sim.scenario.model.root import Model
from sim.units import UnitError, bytes_of, seconds_of


class CellProblem(NamedTuple):
    """What is wrong in one cell, or with a row: the line in the text, the column, the problem and its remedy."""

    line: int
    column: str
    problem: str
    remedy: str


class CellError(ValueError):
    """A cell that cannot be read: what is wrong with it, and the remedy."""


@dataclass(frozen=True, slots=True)
class DeployList:
    """The rows of a list, column by column, each (n_rows,) with None where a cell is empty; and their lines."""

    lines: Sequence[int]
    columns: Mapping[str, Sequence[Any]]
    problems: Sequence[CellProblem] = field(default=())

    def column(self, name: str) -> Sequence[Any]:
        """The values of a column, None throughout where the list has no such column."""
        return self.columns.get(name) or (None,) * len(self.lines)


def _time(text: str) -> float | datetime:
    """Seconds, or a point in time."""
    try:
        at: float | datetime = float(text)
    except ValueError:
        try:
            at = seconds_of(text)
        except UnitError:
            at = _instant(text)
    if isinstance(at, float) and not 0 <= at < math.inf:
        raise CellError(f"must be 0 or later, got {shown(text)}", "write seconds from the start of the run")
    return at


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        remedy = "write seconds, a time such as 90 s, or a date and time such as 2026-03-02T09:30:00Z"
        raise CellError(f"must be a time, got {shown(text)}", remedy) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _size(text: str) -> int:
    """Bytes; whole numbers may come as 1300000.0 from a frame that has gaps."""
    try:
        size_bytes = _whole(text) if text.replace(".", "", 1).isdigit() else bytes_of(text)
    except UnitError as error:
        raise CellError(error.problem, error.remedy) from None
    if size_bytes <= 0:
        raise CellError(f"must be above 0, got {shown(text)}", "write bytes, or a size such as 1.3 MB")
    if size_bytes > LARGEST_IMAGE_BYTES:
        raise CellError(f"must be at most 1 TiB, got {shown(text)}", "write what an image has")
    return size_bytes


def _whole(text: str) -> int:
    number = float(text) if text.replace(".", "", 1).isdigit() else math.nan
    if not number.is_integer():
        raise CellError(f"must be a whole number, got {shown(text)}", "write for example 2")
    return int(number)


def _count(text: str) -> int:
    count = _whole(text)
    if count < 1:
        raise CellError(f"must be at least 1, got {shown(text)}", "write for example 2")
    return count


def _truth(text: str) -> bool:
    word = text.lower()
    if word not in _WORDS:
        raise CellError(f"must be yes or no, got {shown(text)}", "write yes or no")
    return _WORDS[word]


_WORDS: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "time": _time, "client": str, "app": str, "image": str, "rootfs": _size, "nodes": _count, "update": _truth,
    "push": _truth, "beside": _whole,
}  # fmt: skip


@lru_cache(maxsize=16)
def parsed(text: str) -> DeployList:
    """The rows of a text, times as seconds, and all that is wrong with it by itself."""
    rows = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    numbered = ((rows.line_num, [cell.strip() for cell in row]) for row in rows)
    filled = ((line, row) for line, row in numbered if any(row) and not row[0].startswith("#"))
    line, head = next(filled, (1, [""]))
    problems = list(_headed(line, head))
    if problems:
        return DeployList((), {}, problems)
    lines: list[int] = []
    columns: dict[str, list[Any]] = {name: [] for name in head}
    for line, row in filled:
        if len(row) != len(head):
            problems.append(CellProblem(line, "", f"must have {len(head)} cells, got {len(row)}", ",".join(head)))
            continue
        lines.append(line)
        for name, cell in zip(head, row, strict=True):
            columns[name].append(_cell(line, name, cell, problems))
    if not lines and not problems:
        problems.append(CellProblem(line, "", "has no row", "write a row for each deploy"))
    columns["time"] = _seconds(lines, columns["time"], problems)
    problems.extend(_apps_are_there(lines, columns))
    return DeployList(lines, columns, sorted(problems))


def _headed(line: int, head: Sequence[str]) -> Iterator[CellProblem]:
    """The first line has known columns, each once, and the time."""
    for name in dict.fromkeys(head):
        if name not in _READ:
            yield CellProblem(line, "", f"unknown column, got {shown(name)}", near(name, _READ))
        elif head.count(name) > 1:
            yield CellProblem(line, "", f"names column {name} twice", "keep one of them")
    if "time" not in head:
        yield CellProblem(line, "", "has no column time", f"begin the table with a line such as {','.join(_READ)}")


def _cell(line: int, name: str, text: str, problems: list[CellProblem]) -> Any:
    if not text:
        if name == "time":
            problems.append(CellProblem(line, name, "is missing", "write when it is asked for"))
        return None
    try:
        return _READ[name](text)
    except CellError as error:
        problems.append(CellProblem(line, name, *error.args))
        return None


def _seconds(lines: Sequence[int], times: Sequence[Any], problems: list[CellProblem]) -> list[float | None]:
    """Times in seconds: dates from the midnight before the earliest. All are of one kind."""
    dates = [at for at in times if isinstance(at, datetime)]
    numbers = sum(isinstance(at, float) for at in times)
    if dates and numbers:
        other = float if len(dates) > numbers else datetime
        line, at = next((line, at) for line, at in zip(lines, times, strict=True) if isinstance(at, other))
        problems.append(
            CellProblem(line, "time", f"is of another kind than in other rows, got {at}", "write all times alike")
        )
        return [None for _ in times]
    if not dates:
        return list(times)
    first = min(dates).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return [None if at is None else (at - first) / timedelta(seconds=1) for at in times]


def _apps_are_there(lines: Sequence[int], columns: Mapping[str, Sequence[Any]]) -> Iterator[CellProblem]:
    """What starts without a push names an application that somebody has pushed."""
    pushes = columns.get("push", ())
    if all(push is not False for push in pushes):
        return
    nobody = (None,) * len(lines)
    apps, updates, times = columns.get("app", nobody), columns.get("update", nobody), columns["time"]
    there: set[str] = set()
    order = sorted(range(len(lines)), key=lambda at: math.inf if times[at] is None else times[at])
    for at in order:
        app = apps[at]
        if pushes[at] is not False:
            there.add(app)
        elif app is None:
            yield CellProblem(lines[at], "app", "is missing", "what starts without a push is some application's")
        elif updates[at] is False and app not in there:
            yield CellProblem(
                lines[at], "push", "starts what nobody has pushed, got no", "push it first, or write update yes"
            )


def is_file_name(table: str) -> bool:
    """Whether `demand.table` is the name of a file, and not itself the text."""
    return "\n" not in table


def read_list(table: str, folder: Path) -> DeployList:
    """The rows of a list that is named or written; OSError or UnicodeDecodeError when its file can't be read."""
    if not is_file_name(table):
        return parsed(table)
    path = folder / table
    about = require_regular(path)
    return _of_file(path, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=16)
def _of_file(path: Path, written_ns: int, size_bytes: int) -> DeployList:
    """The rows of a file, kept until it is written anew: every variant, warning and run asks."""
    return parsed(path.read_bytes().decode("utf-8-sig"))


def clients_meant(model: Model, word: str) -> Sequence[Sequence[str]]:
    """The hosts that a cell may mean: those of one group, or one alone, in every way that it may be read."""
    key = word.removeprefix("clients/")
    if key in model.clients:
        return [model.host_names.of("clients", key)]
    return [(name,) for name in model.host_names.meant(word, "clients")]
