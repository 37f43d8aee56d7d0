"""Amounts, intervals and failures as people read them."""

from __future__ import annotations

import math

import pytest

from sim.accounting.failures import Failures
from sim.report.formatting import (
    amount,
    failed_of,
    failed_why,
    failure_sentences,
    interval_text,
    mean_and_bounds,
    per_cent,
    signed_amount,
)
from sim.stats.intervals import Interval

NAN = math.nan


@pytest.mark.parametrize(
    ("interval", "unit", "texts"),
    [
        (Interval(1.1604, 1.1, 1.2208, 10), "s", ("1.16 s", "[1.10, 1.22]")),
        (Interval(0.5, 0.25, 0.75, 10), "s", ("500 ms", "[250, 750]")),
        (Interval(0.9996, 0.9, 1.1, 10), "s", ("1.00 s", "[0.90, 1.10]")),
        (Interval(7200, 7000, 7400, 10), "s", ("120 min", "[117, 123]")),
        (Interval(25.8e9, 19.7e9, 31.9e9, 10), "bytes", ("25.8 GB", "[19.7, 31.9]")),
        (Interval(-2.5e6, -3e6, -2e6, 10), "bytes", ("-2.50 MB", "[-3.00, -2.00]")),
        (Interval(0.0, 0.0, 0.0, 10), "bytes", ("0 B", "[0, 0]")),
        (Interval(0.0, -2.5e6, 2.5e6, 10), "bytes", ("0.00 MB", "[-2.50, 2.50]")),
        (Interval(12, 12, 12, 10), "", ("12", "[12, 12]")),
        (Interval(1234567, NAN, NAN, 1), "", ("1,234,567", "")),
        (Interval(2.5, 1.5, 3.5, 10), "", ("2.50", "[1.50, 3.50]")),
        (Interval(0.25, 0.125, 0.375, 10), "USD", ("0.250 USD", "[0.125, 0.375]")),
        (Interval(math.inf, NAN, NAN, 10), "s", ("infinite", "")),
        (Interval(NAN, NAN, NAN, 10), "s", ("none", "")),
    ],
)
def test_a_mean_and_its_bounds_share_a_unit(interval: Interval, unit: str, texts: tuple[str, str]) -> None:
    """Three digits of the mean decide the unit and the decimals of its bounds."""
    assert mean_and_bounds(interval, unit) == texts


def test_a_difference_says_which_way_it_goes() -> None:
    """A rise has a plus sign; what rounds to zero has no minus sign."""
    assert mean_and_bounds(Interval(1.5, -0.001, 3.001, 5), "s", signed=True) == ("+1.50 s", "[0.00, 3.00]")


@pytest.mark.parametrize("unit", ["s", "bytes", "USD", ""])
def test_single_amounts(unit: str) -> None:
    """One value is written as a mean without bounds."""
    assert amount(2.0, unit) == mean_and_bounds(Interval(2.0, NAN, NAN, 1), unit)[0]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.15639, "s", "1.16 s"),
        (0.0446, "s", "44.6 ms"),
        (-0.5, "s", "-500 ms"),
        (18.2290e9, "bytes", "18.2 GB"),
        (0.0, "bytes", "0 B"),
        (12.0, "", "12"),
        (12345.0, "", "12,345"),
        (0.75, "USD", "0.750 USD"),
        (math.inf, "s", "infinite"),
        (math.nan, "s", "none"),
        (-0.0, "s", "0 s"),
    ],
)
def test_amounts_have_three_digits_and_a_unit_and_counts_are_whole(value: float, unit: str, text: str) -> None:
    """Amounts are written as people say them."""
    assert amount(value, unit) == text


def test_differences_are_signed() -> None:
    """More is +, less is -, and neither is 0."""
    assert (signed_amount(2.0, "s"), signed_amount(-2.0, "s"), signed_amount(0.0, "s")) == ("+2.00 s", "-2.00 s", "0 s")
    assert (per_cent(0.5), per_cent(-0.0312), per_cent(12.0), per_cent(math.nan)) == (
        "+50 %",
        "-3.1 %",
        "+1,200 %",
        "none",
    )


def test_an_interval_stands_behind_its_mean_where_there_is_one() -> None:
    """One run has a mean alone, with nothing behind it."""
    assert interval_text(Interval(1.5, 1.0, 2.0, 5), "s", signed=True) == "+1.50 s [1.00, 2.00]"
    assert interval_text(Interval(1.5, NAN, NAN, 1), "s") == "1.50 s"


def test_failures_are_counted_with_their_reasons_the_most_frequent_first() -> None:
    """One reason needs no number of its own; where some failed, those without failures are named, too."""
    none, one, two = Failures(1000, {}), Failures(1000, {"too late": 3}), Failures(10, {"link down": 2, "too late": 1})
    assert (failed_of(none), failed_of(one)) == ("0 of 1,000", "3 of 1,000")
    assert (failed_why(none), failed_why(one)) == ("", "3 of 1,000 deploys failed: too late")
    assert failed_why(two) == "3 of 10 deploys failed: link down (2), too late (1)"
    assert failure_sentences({"a": none, "b": none}) == []
    assert failure_sentences({"a": none, "b": one}) == [
        "a: 0 of 1,000 deploys failed", "b: 3 of 1,000 deploys failed: too late",
    ]  # fmt: skip
