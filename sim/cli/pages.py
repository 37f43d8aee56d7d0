"""The pages that ship with the package: which there are, and how one is printed.

A page is a Markdown file in a folder of `sim/docs/`, whose name is its kind; its own name is its topic, and its first
line its title. A terminal gets it laid out, anybody else the file as it is.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markdown import Markdown

from sim.errors import InputError, shown

FOLDER: Final = Path(__file__).parents[1] / "docs"
#: The folders, in the order in which pages are listed, and what they are for.
KINDS: Final[Mapping[str, str]] = {
    "tutorial": "Begin here",
    "questions": "Questions that ship: what each scenario asks, and what comes out",
    "howto": "How to",
    "reference": "Reference, written from the code",
    "explanation": "What the model is, and how far to trust it",
}
#: No line of a page is wider than this on a terminal, however wide that is.
WIDEST: Final = 100
_OFFERED: Final = 3
_LINK: Final = re.compile(r"(?P<picture>!?)\[(?P<label>[^\]]*)\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True)
class Page:
    """One page: its topic, its kind and where it is."""

    topic: str
    kind: str
    path: Path

    @cached_property
    def text(self) -> str:
        """The file as it is."""
        return self.path.read_text(encoding="utf-8")

    @property
    def title(self) -> str:
        """The words of its first line."""
        return self.text.partition("\n")[0].removeprefix("# ")


def pages() -> dict[str, Page]:
    """All pages by topic, in the order in which they are listed."""
    found = ((kind, path) for kind in KINDS for path in sorted((FOLDER / kind).glob("*.md")))
    return {path.stem: Page(path.stem, kind, path) for kind, path in found}


def page(topic: str) -> Page:
    """The page of a topic. InputError when there is none, with those that may be meant."""
    known = pages()
    name = topic.lower().removesuffix(".md").rpartition("/")[2]
    if name not in known:
        raise InputError("regsim docs", f"there is no page {shown(topic)}", _near(name, known))
    return known[name]


def _near(topic: str, known: Mapping[str, Page]) -> str:
    """Pages whose names are near, else those that speak of it the most."""
    if not topic:
        return "regsim docs lists all pages"
    close = difflib.get_close_matches(topic[:100], known, n=_OFFERED) or [name for name in known if topic in name]
    if close:
        return f"did you mean {_or(close[:_OFFERED])}?"
    word = re.compile(rf"\b{re.escape(topic)}", re.IGNORECASE)
    times = {name: len(word.findall(each.text)) for name, each in known.items()}
    most = sorted((name for name, count in times.items() if count), key=lambda name: -times[name])
    return f"{_or(most[:_OFFERED])} speaks of it" if most else "regsim docs lists all pages"


def _or(names: list[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return " or ".join((", ".join(quoted[:-1]), quoted[-1])) if len(quoted) > 1 else quoted[0]


def listed() -> Iterator[str]:
    """The lines of the list of all pages."""
    known = pages()
    width = max(map(len, known))
    yield "A page each: regsim docs TOPIC"
    for kind, about in KINDS.items():
        yield ""
        yield about
        yield from (f"  {each.topic:{width}}  {each.title}" for each in known.values() if each.kind == kind)


def print_page(wanted: Page) -> None:
    """The page on standard output."""
    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        sys.stdout.write(wanted.text)
        return
    console.print(Markdown(for_terminal(wanted)), width=min(console.width, WIDEST))


def for_terminal(wanted: Page) -> str:
    """A page's text in which links to other pages are the commands that print them, and pictures where they are."""

    def as_text(link: re.Match[str]) -> str:
        label, target = link["label"], link["target"]
        file = (wanted.path.parent / target.partition("#")[0]).resolve()
        if link["picture"]:
            return f"({label}: `{file}`)"
        if target.startswith("#"):
            return label
        return f"{label} (`regsim docs {file.stem}`)" if file.suffix == ".md" and file.is_file() else link[0]

    return _LINK.sub(as_text, wanted.text)


def to_json(wanted: Page | None) -> dict[str, object]:
    """The document `regsim.docs/1`: all pages, or one with its text."""
    if wanted is None:
        every = [{"topic": each.topic, "kind": each.kind, "title": each.title} for each in pages().values()]
        return {"schema": "regsim.docs/1", "pages": every}
    one = {"topic": wanted.topic, "kind": wanted.kind, "title": wanted.title, "text": wanted.text}
    return {"schema": "regsim.docs/1", **one}
