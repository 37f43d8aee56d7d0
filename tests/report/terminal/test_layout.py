"""Tables of texts fitted to a terminal: whatever the width, nothing is cut."""

from __future__ import annotations

import io
import re
import tomllib

import pytest
from rich.console import Console

import sim
from sim.report.terminal.layout import Page
from sim.scenario import Scenario


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_table_of_texts_cuts_no_word_at_a_terminal(width: int) -> None:
    """What is too wide goes on below, beside the columns that name a line; intervals have lines of their own."""
    heads = ["links.*.capacity", "variant", "deploy_latency_s.p99", "cost_usd", "deploy_latency_s.p99[site=lon]"]
    lines = [["100Mbit/s", "node-direct", "43.1 s [1.1, 1,730.7]", "26.9 USD [26.5, 27.4]", "42.1 s [0.1, 17,066.7]"]]
    written = io.StringIO()
    Page(Console(file=written, width=width, force_terminal=True, no_color=True)).text_table(heads, lines)
    text = re.sub(r"\x1b\[[0-9;]*m", "", written.getvalue())
    assert all(len(line) <= width for line in text.splitlines())
    parts = [part for cell in lines[0][2:] for part in re.split(r" (?=\[)", cell)]
    assert [
        part for part in ("links.*.capacity", "deploy_latency_s.p99", "[site=lon]", *parts) if part not in text
    ] == []
    assert text.count("node-direct") == text.count("100Mbit/s") == {60: 3, 80: 2, 200: 1}[width]


@pytest.mark.parametrize("width", [None, 40, 80])
def test_controls_in_names_move_no_cursor(width: int | None) -> None:
    """Escapes, line breaks and marks that turn text round are written out in tables, heads and sentences."""
    name = "red\x1b[31m\r\nnew\u202e"
    written = io.StringIO()
    console = Console(file=written, width=width, force_terminal=width is not None, color_system=None)
    page = Page(console)
    page.table(name, [name], {name: [(name, name)], "other": [(name,)]})
    page.text_table(["what", name], [[name, name]])
    page.say(name)
    text = written.getvalue()
    assert [letter for letter in set(text) if not letter.isprintable() and letter != "\n"] == []
    assert r"red\x1b[31m\r\nnew\u202e" in "".join(text.split())


def test_the_verdict_has_no_controls(small_text: str) -> None:
    """A variant's name breaks none of its sentences, in an answer or in a document."""
    name = "one\x1b[31m\ntwo"
    document = tomllib.loads(small_text) | {"variants": {name: {}, "plain": {"policies": {"route": "central"}}}}
    found = sim.compare(Scenario.from_document(document, "small"), runs=1, executor="serial", engine="reference")
    assert r"one\x1b[31m\ntwo" in found.verdict
    assert all(sentence.isprintable() and sentence.endswith(".") for sentence in found.verdict.split("\n"))
