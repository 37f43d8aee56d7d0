"""Tables of texts fitted to a terminal: whatever the width, nothing is cut."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from sim.report.terminal.layout import Page


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
