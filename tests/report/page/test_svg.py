"""Drawings: ticks are round, texts stay within their room, and what is drawn is escaped."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sim.report.page import svg
from sim.report.page.xycharts import limits


def test_ticks_are_round_in_the_unit_that_is_written() -> None:
    """Of two hours they are at full minutes, not at thousands of seconds."""
    scale = svg.Scale(0.0, 7200.0, 0.0, 700.0, unit="s")
    found = scale.ticks(8)
    assert [svg.tick_text(each, "s") for each in found] == ["0 s", "20 min", "40 min", "60 min", "80 min", "100 min",
                                                             "120 min"]  # fmt: skip


def test_ticks_by_ratios_are_ones_twos_and_fives() -> None:
    """From 1 to 100 with room for seven: 1, 2, 5, 10, 20, 50, 100."""
    assert svg.Scale(1.0, 100.0, 0, 100, ratios=True).ticks(7) == pytest.approx([1, 2, 5, 10, 20, 50, 100])


def test_a_scale_ends_where_it_ends() -> None:
    """The lowest number is at one end, the highest at the other, and what is beyond stays there."""
    scale = svg.Scale(10.0, 30.0, 100.0, 200.0)
    assert [scale(number) for number in (10, 20, 30, 99)] == [100.0, 150.0, 200.0, 200.0]
    assert svg.Scale(1.0, 100.0, 0.0, 10.0, ratios=True)(10.0) == pytest.approx(5.0)


def test_texts_never_meet_on_an_axis() -> None:
    """Each label has its own room: labels of an axis this narrow are fewer, not upon each other."""
    scale = svg.Scale(0.0, 1e6, 0.0, 150.0)
    made = svg.bottom_axis(scale, 100, 0, lambda number: f"{number:,.0f} things")
    places = [float(part.split('"')[1]) for part in str(made).split("<text")[1:] for part in [part[part.index("x=") :]]]
    width = svg.wide("1,000,000 things")
    assert all(after - before >= width / 2 for before, after in pairwise(places))


def test_a_long_text_ends_in_dots_and_is_whole_in_its_title() -> None:
    """Nothing runs out of its room, and nothing is lost."""
    made = str(svg.text(0, 0, "a name of forty letters that has no room", most=80))
    assert "<title>a name of forty letters that has no room</title>" in made
    assert "\u2026</text>" in made


def test_texts_and_attributes_are_escaped() -> None:
    """A name with marks in it neither ends an attribute nor opens an element; a control character is written out."""
    made = str(svg.element("text", "</svg><b>\x1b", class_='"><script>'))
    assert made == '<text class="&#34;&gt;&lt;script&gt;">&lt;/svg&gt;&lt;b&gt;\\x1b</text>'


def test_limits_begin_at_zero_where_it_is_near() -> None:
    """From 1 to 10 an axis begins at zero; from 9 to 10 it does not."""
    assert limits([1.0, 10.0])[0] == 0.0
    assert 8.5 < limits([9.0, 10.0])[0] < 9.0
