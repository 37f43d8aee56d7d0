"""Figures with units: exact both ways, and every slip told with a figure that would be right."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim import units
from sim.units import UnitError


@pytest.mark.parametrize(
    ("parse", "text", "number"),
    [
        (units.bytes_of, "36 MiB", 37_748_736),
        (units.bytes_of, "1.3 MB", 1_300_000),
        (units.bytes_of, "2.55kB", 2550),
        (units.bytes_of, "10 Gbit", 1_250_000_000),
        (units.bytes_of, "8 b", 1),
        (units.bytes_of, "0.1 GB", 100_000_000),
        (units.bytes_of, "1_000 B", 1000),
        (units.bytes_of, "1e3 B", 1000),
        (units.seconds_of, "35 ms", 0.035),
        (units.seconds_of, "0.1 s", 0.1),
        (units.seconds_of, "24 h", 86_400),
        (units.seconds_of, "50 us", 5e-05),
        (units.seconds_of, "50 µs", 5e-05),
        (units.rate_Bps_of, "10 Gbit/s", 1.25e9),
        (units.rate_Bps_of, "10 Gb/s", 1.25e9),
        (units.rate_Bps_of, "10 GB/s", 1e10),
        (units.rate_Bps_of, "60 MB/min", 1e6),
        (units.price_of, "0.09 USD/GB", 9e-11),
        (units.capacity_price_of, "0.50 USD/Mbit/s", 4e-6),
        (units.capacity_price_of, "8 USD / MB/s", 8e-6),
        (units.per_second_of, "50000/day", 50_000 / 86_400),
        (units.per_second_of, "2 /s", 2),
        (units.fraction_of, "90 %", 0.9),
        (units.fraction_of, 0.9, 0.9),
        (units.fraction_of, 1, 1),
        (units.fraction_of, "0.9", 0.9),
    ],
)
def test_figures_are_read_exactly(parse: Callable[[object], float], text: object, number: float) -> None:
    """A figure is the number its decimal text says, in base units, without a rounding on the way."""
    assert parse(text) == number


@pytest.mark.parametrize(
    ("format_", "number", "text"),
    [
        (units.format_bytes, 0, "0 B"),
        (units.format_bytes, 37_748_736, "36 MiB"),
        (units.format_bytes, 1_300_000, "1.3 MB"),
        (units.format_bytes, 1_300_001, "1300001 B"),
        (units.format_seconds, 0.035, "35 ms"),
        (units.format_seconds, 90, "90 s"),
        (units.format_seconds, 86_400, "1 d"),
        (units.format_rate, 1.25e9, "10 Gbit/s"),
        (units.format_price, 9e-11, "0.09 USD/GB"),
        (units.format_capacity_price, 4e-6, "0.5 USD/Mbit/s"),
        (units.format_per_second, 50_000 / 86_400, "50000/day"),
        (units.format_fraction, 0.9, "90 %"),
    ],
)
def test_numbers_are_written_as_people_write_them(format_: Callable[[float], str], number: float, text: str) -> None:
    """The canonical text has the fewest digits that any unit allows."""
    assert format_(number) == text


PAIRS: list[tuple[Callable[[float], str], Callable[[object], float]]] = [
    (units.format_seconds, units.seconds_of),
    (units.format_rate, units.rate_Bps_of),
    (units.format_price, units.price_of),
    (units.format_capacity_price, units.capacity_price_of),
    (units.format_per_second, units.per_second_of),
    (units.format_fraction, units.fraction_of),
]


@pytest.mark.parametrize(("format_", "parse"), PAIRS)
@given(number=st.floats(allow_nan=False, allow_infinity=False))
@example(number=sys.float_info.max)
@example(number=5e-324)
@example(number=-0.0)
def test_floats_survive_the_round_trip(
    format_: Callable[[float], str], parse: Callable[[object], float], number: float
) -> None:
    """Any finite float that is formatted parses back to the very same float."""
    assert parse(format_(number)) == number


@given(size_bytes=st.integers(-(2**63) + 1, 2**63 - 1))
@example(size_bytes=2**63 - 1)
def test_sizes_survive_the_round_trip(size_bytes: int) -> None:
    """Any size that a column can hold parses back from its text."""
    assert units.bytes_of(units.format_bytes(size_bytes)) == size_bytes


@given(whole=st.integers(0, 10**6), thousandths=st.integers(0, 999))
def test_decimals_are_not_read_as_binary_floats(whole: int, thousandths: int) -> None:
    """A size in decimals is rounded once, from its exact value to the nearest byte."""
    exact = Fraction(whole * 1000 + thousandths, 1000) * 2**20
    assert units.bytes_of(f"{whole}.{thousandths:03} MiB") == round(exact)


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        (
            units.rate_Bps_of,
            "10 Gbit",
            'must be a rate, got "10 Gbit", which is a size; write a rate such as "10 Gbit/s"',
        ),
        (units.bytes_of, "3 s", 'must be a size, got "3 s", which is a time; write a size such as "36 MiB"'),
        (units.rate_Bps_of, 10, 'a rate needs its unit, got 10; write a rate such as "10 Gbit/s"'),
        (units.bytes_of, "36", 'a size needs its unit, got "36"; write a size such as "36 MiB"'),
        (units.seconds_of, True, 'must be a time, got true; write a time such as "35 ms"'),
        (units.seconds_of, [1], 'must be a time, got [1]; write a time such as "35 ms"'),
        (units.seconds_of, "nan s", 'must be a number and a unit, got "nan s"; write a time such as "35 ms"'),
        (units.seconds_of, "", 'must be a number and a unit, got ""; write a time such as "35 ms"'),
        (units.seconds_of, "1e999 s", 'is too large, got "1e999 s"; write a time such as "35 ms"'),
        (units.bytes_of, "9e18 GB", 'is too large, got "9e18 GB"; write a size such as "36 MiB"'),
        (
            units.bytes_of,
            "36 mib",
            'unknown unit "mib", got "36 mib"; did you mean "MiB"? write a size such as "36 MiB"',
        ),
        (
            units.rate_Bps_of,
            "10 Gbps",
            'unknown unit "Gbps", got "10 Gbps"; did you mean "Gbit/s"? write a rate such as "10 Gbit/s"',
        ),
        (
            units.price_of,
            "3 USD",
            'must be a price, got "3 USD", which is a cost; write a price such as "0.09 USD/GB"',
        ),
        (
            units.capacity_price_of,
            "3 USD/GB",
            'must be a price of capacity, got "3 USD/GB", which is a price; '
            'write a price of capacity such as "0.50 USD/Mbit/s"',
        ),
        (units.per_second_of, "5", 'a frequency needs its unit, got "5"; write a frequency such as "50000/day"'),
        (units.fraction_of, "x", 'must be a number and a unit, got "x"; write a fraction such as 0.9 or "90 %"'),
    ],
)
def test_slips_are_told_with_an_example(parse: Callable[[object], float], text: object, message: str) -> None:
    """A figure that cannot be read names the value and shows one that could."""
    with pytest.raises(UnitError) as caught:
        parse(text)
    assert str(caught.value) == message


PARSERS = [parse for _, parse in PAIRS] + [units.bytes_of]


@given(text=st.text() | st.from_regex(r"[0-9.eE+_-]{1,60} ?[a-zA-Z%]{0,5}/?[a-zA-Z]{0,4}", fullmatch=True))
def test_junk_is_refused_politely(text: str) -> None:
    """Whatever the text, a parser returns a number or raises UnitError."""
    for parse in PARSERS:
        try:
            assert isinstance(parse(text), int | float)
        except UnitError:
            continue


def test_a_frequency_may_be_of_each_host() -> None:
    """Per node and per client are read, told apart, and written back; anything else is one line."""
    assert units.frequency_of("86400/day per node") == units.PerHost(1.0, "node")
    assert units.frequency_of("2/s  per client ") == units.PerHost(2.0, "client")
    assert units.frequency_of("2/s") == 2.0
    for text in ("3/day per node", "5/h per client", "7/min"):
        assert units.frequency_of(units.format_frequency(units.frequency_of(text))) == units.frequency_of(text)
    assert units.format_frequency(units.PerHost(3 / 86400, "node")) == "3/day per node"
    with pytest.raises(UnitError, match='is per node or per client, got "3/day per site"'):
        units.frequency_of("3/day per site")
    with pytest.raises(UnitError, match="must be per node"):
        units.per_node_of("3/day per client")
