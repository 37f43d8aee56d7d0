"""`regsim docs`: the list, a page, and a topic that there is not."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from sim import cli
from sim.cli import docs, pages

Ask = Callable[..., Any]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Call with the words after `regsim docs`: exit code, what is printed, and what is said."""

    def asked(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["regsim", "docs", *words])
        code = cli.main()
        return code, *capsys.readouterr()

    return asked


def test_without_a_topic_every_page_is_listed(ask: Ask) -> None:
    """A line each, with its title, under its kind."""
    code, out, err = ask()
    lines = out.splitlines()
    assert (code, err) == (0, "")
    for page in pages.pages().values():
        assert [line for line in lines if line.split("  ")[1:2] == [page.topic] and line.endswith(page.title)], page
    assert all(about in lines for about in pages.KINDS.values())


@pytest.mark.parametrize("topic", ["glossary", "GLOSSARY", "explanation/glossary", "glossary.md"])
def test_a_page_is_printed_as_it_is_in_a_pipe(topic: str, ask: Ask) -> None:
    """Letter by letter, however its name is written."""
    assert ask(topic) == (0, (pages.FOLDER / "explanation/glossary.md").read_text(), "")


@pytest.mark.parametrize(
    ("topic", "remedy"),
    [
        ("glosary", 'did you mean "glossary"?'),
        ("slurm", '"many-machines" speaks of it'),
        ("xyzzy", "regsim docs lists all pages"),
        ("", "regsim docs lists all pages"),
    ],
)
def test_a_topic_that_there_is_not_is_one_line(topic: str, remedy: str, ask: Ask) -> None:
    """Near names, else pages that speak of it, else where all are; exit code 2."""
    code, out, err = ask(topic)
    assert (code, out) == (2, "")
    assert err == f'regsim docs: there is no page "{topic}"; {remedy}\n'


def test_a_terminal_gets_pages_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """No marks of Markdown, no line wider than the terminal, and links are the commands that print their pages."""

    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    for name, value in (("TERM", "xterm"), ("COLUMNS", "72"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", screen := Terminal())
    pages.print_page(pages.page("metros"))
    said = screen.getvalue()
    assert "**" not in said
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert "regsim docs byoc" in " ".join(plain.split())  # wherever its line ends
    assert max(len(line.rstrip()) for line in said.splitlines() if "\x1b" not in line) <= 72


def test_links_and_pictures_become_what_a_terminal_can_use(tmp_path: Path) -> None:
    """A page by its command, a heading by its words, a picture by its path; an address stays."""
    (tmp_path / "other.md").write_text("# Other\n")
    path = tmp_path / "page.md"
    path.write_text("[o](other.md#x) [h](#h) ![p](p.svg) [w](https://example.org)\n")
    told = pages.for_terminal(pages.Page("page", "howto", path))
    assert told == f"o (`regsim docs other`) h (p: `{tmp_path / 'p.svg'}`) [w](https://example.org)\n"


def test_documents_have_the_list_or_a_page(ask: Ask) -> None:
    """`regsim.docs/1`."""
    listed, one = (json.loads(ask(*words, "--json")[1]) for words in ((), ("glossary",)))
    assert listed["schema"] == one["schema"] == "regsim.docs/1"
    assert {page["topic"] for page in listed["pages"]} == set(pages.pages())
    assert one["text"].startswith("# Glossary")


def test_a_shell_is_offered_topics() -> None:
    """Those that begin as written, with their titles."""
    assert docs.offered("glo") == [("glossary", "Glossary")]
