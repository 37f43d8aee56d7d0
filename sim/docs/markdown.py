"""Pieces of Markdown: lists of terms, tables, sections, and the line that says where a page comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

#: What the next part of a page begins with.
NEXT: Final = "\n## "
#: Ends every generated page.
WRITTEN: Final = "*Written from the code by `python -m sim.docs`; a test holds that it still says the same.*"


def page(title: str, introduction: str, parts: Iterable[str]) -> str:
    """A whole page: its title, what it is, and its parts, with an empty line between any two."""
    return "\n\n".join((f"# {title}", introduction, *(part for part in parts if part), WRITTEN)) + "\n"


def term(name: str, *sentences: str) -> str:
    """An entry of a list of terms."""
    return f"- `{name}`: " + " ".join(sentence for sentence in sentences if sentence)


def entries(of: Iterable[str]) -> str:
    """A list, an entry a line."""
    return "\n".join(of)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, of texts without line breaks."""
    return "\n".join(_lines(heads, rows))


def _lines(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(heads)
    yield _row(["---"] * len(heads))
    yield from map(_row, rows)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def code(value: str) -> str:
    """As it is written, in a line; nothing for nothing."""
    return f"`{value}`" if value else ""


def sentence(words: str) -> str:
    """With a capital at its start and a full stop at its end."""
    words = words.strip()
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "?", ")", ":")) else ".") if words else ""


def section(text: str, heading: str) -> str:
    """The part of a page from a heading of the second rank on, up to the next; nothing where it has none such."""
    _, found, after = f"\n{text}".partition(f"\n## {heading}\n")
    return f"## {heading}\n{after.partition(NEXT)[0]}".rstrip() + "\n" if found else ""


def with_section(text: str, part: str) -> str:
    """A page with one of its parts in the place of that of the same heading, or at its end."""
    part = part.strip() + "\n"
    before = section(text, part.partition("\n")[0].removeprefix("## "))
    return text.replace(before, part) if before else f"{text.rstrip()}\n\n{part}"
