"""Tables and sentences fitted to a terminal: nothing is cut short, whatever the width.

A cell stands on one line where the terminal is wide enough, else on two; columns that still do not fit go on as a
further table below, beside the columns that name its lines. A pipe has no width: there a sentence is one line, and so
is each line of a table, since what comes out of a pipe is searched line by line. Names are other people's text: control
characters in them are written out, so that none moves a cursor or colours what follows.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.errors import one_line
from sim.report.terminal.blocks import Block, Cell

_UNLIMITED: Final = 100_000
#: Heads of columns that say what a line is about, as those left of them do.
_NAMING: Final = ("variant", "metric")

#: The columns chosen, and whether cells have several lines: a table.
_Make = Callable[[list[str], bool], Table]


class Page:
    """Where an answer is printed: standard output, as wide as the terminal is."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stdout, highlight=False)

    def say(self, *sentences: str) -> None:
        """Each in a line of its own, that a terminal wraps between words."""
        for sentence in sentences:
            self._say(sentence)

    def blocks(self, blocks: Iterable[Block]) -> None:
        """Each table, and its notes under it."""
        for block in blocks:
            self.table(block.title, block.labels, block.columns)
            self.say(*block.notes)
            if block.notes:
                self._console.print()

    def table(self, title: str, labels: Sequence[str], columns: Mapping[str, Sequence[Cell]]) -> None:
        """A line for each label, a cell of it in each column; only the title where there are no lines."""
        if not labels:  # the notes say why
            self._say(title, style="bold")
            return
        for table in self.fitted(labels, columns):
            if title:
                self._say(title, style="bold")
                title = ""
            self._console.print(table)
            self._console.print()

    def fitted(self, labels: Sequence[str], columns: Mapping[str, Sequence[Cell]]) -> list[Table]:
        """Such a table, or those that it is cut into."""
        return [*self._fitting(lambda names, broken: _labelled(labels, columns, names, broken), list(columns))]

    def text_table(self, heads: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
        """A table of texts; if too wide for a terminal, several, each with the columns that name a line.

        These are the first one and all up to `variant` and `metric`.
        """
        named = max((heads.index(head) + 1 for head in _NAMING if head in heads), default=1)

        def make(some: list[str], broken: bool) -> Table:
            return _of_texts(heads, lines, [at for at, head in enumerate(heads) if at < named or head in some], broken)

        if not self._console.is_terminal:
            self._console.width = max(self._console.width, self._width(make([*heads[named:]], False)))
        for table in self._fitting(make, [*heads[named:]]):
            self._console.print(table)
            self._console.print()

    def _say(self, sentence: str, style: str = "") -> None:
        self._console.print(_text(sentence, style), soft_wrap=not self._console.is_terminal)

    def _fitting(self, make: _Make, names: list[str]) -> Iterator[Table]:
        """The columns as tables that each fit the console, with one-line cells where all of them do."""
        for broken in (False, True):
            if self._width(make(names, broken)) <= self._console.width:
                yield make(names, broken)
                return
        while names:
            count = len(names)
            while count > 1 and self._width(make(names[:count], True)) > self._console.width:
                count -= 1
            yield make(names[:count], True)
            names = names[count:]

    def _width(self, table: Table) -> int:
        unlimited = self._console.options.update(max_width=_UNLIMITED)
        return self._console.measure(table, options=unlimited).maximum


def _text(content: str, style: str = "") -> Text:
    return Text(one_line(content), style=style)


def _empty() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0))


def _labelled(
    labels: Sequence[str], columns: Mapping[str, Sequence[Cell]], names: list[str], broken: bool
) -> Table:  # fmt: skip
    table = _empty()
    table.add_column("")
    for name in names:
        table.add_column(_text(name), justify="right", overflow="fold", no_wrap=False)
    between = Text("\n" if broken else " ")
    for at, label in enumerate(labels):
        cells = [between.join(_text(part) for part in columns[name][at] if part) for name in names]
        table.add_row(_text(label), *cells)
    return table


def _of_texts(heads: Sequence[str], lines: Sequence[Sequence[str]], chosen: Sequence[int], broken: bool) -> Table:
    table = _empty()
    for at in chosen:
        parts = one_line(heads[at])
        head = parts.replace(": ", ":\n").replace("[", "\n[") if broken else parts
        table.add_column(Text(head), justify="right" if at else "left", overflow="fold")
    for line in lines:
        texts = [one_line(line[at]) for at in chosen]
        table.add_row(*(Text(text.replace(" [", "\n[") if broken else text) for text in texts))
    return table
