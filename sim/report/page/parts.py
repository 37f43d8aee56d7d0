"""What a page is made of, as data: sections of sentences, drawings and tables; nothing here knows HTML.

Behind each drawing stands a table of what it shows, so that whoever cannot see it, or wants the numbers, has them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup

from sim.report.formatting import amount

#: Rows of a table at most; a sentence says how many more there are.
MOST_ROWS: Final = 60
#: Letters of a text that stays on one line.
_SHORT: Final = 40


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says, the number to sort it by, and how it is marked: `good`, `bad`, `open`, or a variant's class."""

    text: str
    number: float | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with a caption; columns from `text_columns` on are numbers. `beyond` says what is left out."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    text_columns: int = 1
    beyond: str = ""
    filtered: bool = False

    @property
    def short(self) -> bool:
        """Whether no text needs a second line, so that none is broken: a wide table is moved under its window."""
        return all(len(cell.text) <= _SHORT for row in self.rows for cell in row)


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a legend: the class that has the colour, the marker's number, and what it means."""

    mark: str
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing by its width, in pixels; its caption, what it says to whoever cannot see it, and its table.

    One that `scrolls` is as wide on a narrow page as on a wide one, and is moved under it.
    """

    caption: str
    says: str
    draw: Callable[[int], Markup]
    grid: Grid
    legend: Sequence[Key] = ()
    notes: Sequence[str] = ()
    scrolls: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: its key, its heading, sentences, drawings, tables, and texts to copy, each with its heading.

    `playback` is JSON that the page's script plays back on the maps (`sections.playback`).
    """

    key: str
    title: str
    says: Sequence[str] = ()
    drawings: Sequence[Drawing] = ()
    grids: Sequence[Grid] = ()
    texts: Sequence[tuple[str, str]] = ()
    lead: str = field(default="")
    playback: str = field(default="")


def cell(value: float | None, unit: str, mark: str = "") -> Cell:
    """An amount; what has no value says so."""
    if value is None:
        return Cell("none", None, mark)
    return Cell(amount(value, unit), value if math.isfinite(value) else None, mark)


def texts(*texts: object) -> list[Cell]:
    """Cells of text."""
    return [Cell(str(text)) for text in texts]


def variant_class(at: int) -> str:
    """The class that has a variant's colour, by its place among the variants."""
    return f"v{at % 10}"


def legend(variants: Iterable[str]) -> list[Key]:
    """An entry a variant."""
    return [Key(variant_class(at), at, name) for at, name in enumerate(variants)]
