"""Sizes, times, rates, prices and shares: text with a unit to numbers in base units and back. Nothing else converts.

A figure is a decimal number and a unit, `36 MiB`, `10 Gbit/s`, `0.09 USD/GB`, `50000/day`; the unit is mandatory
wherever the figure has a dimension. `b` and `bit` are bits, `B` is bytes; k, M, G, T are powers of 1000 (SI) and Ki,
Mi, Gi, Ti powers of 1024 (IEC 80000-13). A unit is a numerator, a denominator, or both, so dimensions are checked, not
guessed: `10 Gbit` for a rate is an error that says it is a size.

Numbers are read as exact fractions and rounded once, to the nearest byte or float. Each `format_` function gives the
shortest text that its parser reads back as the very same number. Left out: dates and times of the week
(`scenario/model/timeofweek`), and money other than US dollars.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from functools import partial
from typing import Literal, NamedTuple

from sim.errors import near, shown

_SCALES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BINARY_SCALES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}

_SIZES = {
    **{scale + "B": Fraction(factor) for scale, factor in (_SCALES | _BINARY_SCALES).items()},
    **{scale + bit: Fraction(factor, 8) for bit in ("b", "bit") for scale, factor in _SCALES.items()},
}
_TIMES = {
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "µs": Fraction(1, 10**6),  # the micro sign is what people type
    "ms": Fraction(1, 10**3),
    "s": Fraction(1),
    "min": Fraction(60),
    "h": Fraction(3600),
    "d": Fraction(86400),
    "day": Fraction(86400),
}
_UNITS = {
    **{name: ("size", factor) for name, factor in _SIZES.items()},
    **{name: ("time", factor) for name, factor in _TIMES.items()},
    **{f"{name}/s": ("rate", factor) for name, factor in _SIZES.items()},  # below another stroke: USD/Mbit/s
    "USD": ("money", Fraction(1)),
    "%": ("fraction", Fraction(1, 100)),
    "": ("", Fraction(1)),
}
# (numerator, denominator) -> what such a figure is called
_DIMENSIONS = {
    ("size", ""): "size",
    ("time", ""): "time",
    ("size", "time"): "rate",
    ("money", "size"): "price",
    ("money", "rate"): "price of capacity",
    ("money", ""): "cost",
    ("", "time"): "frequency",
    ("fraction", ""): "fraction",
    ("", ""): "bare number",
}
_EXAMPLES = {
    "size": '"36 MiB"',
    "time": '"35 ms"',
    "rate": '"10 Gbit/s"',
    "price": '"0.09 USD/GB"',
    "price of capacity": '"0.50 USD/Mbit/s"',
    "cost": '"12 USD"',
    "frequency": '"50000/day"',
    "fraction": '0.9 or "90 %"',
}
# Digits are bounded, so that no text can ask for a number that takes gigabytes to write down.
_NUMBER = r"[+-]?(?:\d(?:_?\d){0,39}(?:\.\d{1,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?"
_FIGURE = re.compile(rf"\s*({_NUMBER})\s*([^\d\s/]*)\s*(?:/\s*([^\d\s/]+(?:/s)?))?\s*", re.ASCII)


_PER_HOST = re.compile(r"(.*\S)\s+per\s+(\S+)\s*")


class PerHost(NamedTuple):
    """A frequency of each node, or of each client."""

    per_s: float
    host: Literal["node", "client"]


class UnitError(ValueError):
    """A figure that cannot be read: what is wrong with it and how to write it instead."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}; {self.remedy}"


def bytes_of(text: object) -> int:
    """Bytes, to the nearest whole one: "36 MiB" is 37748736; at most 2^63 - 1, what a column holds."""
    size_bytes = round(_parse(text, "size"))
    if abs(size_bytes) >= 2**63:
        raise _too_large(text, "size")
    return size_bytes


def seconds_of(text: object) -> float:
    """Seconds: "35 ms" is 0.035."""
    return _float(_parse(text, "time"), text, "time")


def rate_Bps_of(text: object) -> float:
    """Bytes per second: "10 Gbit/s" is 1.25e9."""
    return _float(_parse(text, "rate"), text, "rate")


def price_of(text: object) -> float:
    """US dollars per byte: "0.09 USD/GB" is 9e-11."""
    return _float(_parse(text, "price"), text, "price")


def capacity_price_of(text: object) -> float:
    """US dollars per byte/s: "0.50 USD/Mbit/s" is 4e-6."""
    return _float(_parse(text, "price of capacity"), text, "price of capacity")


def usd_of(text: object) -> float:
    """US dollars: "12 USD" is 12."""
    return _float(_parse(text, "cost"), text, "cost")


def per_second_of(text: object) -> float:
    """Events per second: "50000/day" is 50000 / 86400."""
    return _float(_parse(text, "frequency"), text, "frequency")


def frequency_of(text: object) -> float | PerHost:
    """Events per second, of all together or of each host: "50000/day", "3/day per node", "5/h per client"."""
    found = _PER_HOST.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return per_second_of(text)
    if found[2] == "node":
        return PerHost(per_second_of(found[1]), "node")
    if found[2] == "client":
        return PerHost(per_second_of(found[1]), "client")
    raise UnitError(f"is per node or per client, got {shown(text)}", 'write for example "3/day per node"')


def per_node_of(text: object) -> float:
    """Events per second of each node: "3/day per node"."""
    return _per_host(text, "node")


def per_client_of(text: object) -> float:
    """Events per second of each client: "5/h per client"."""
    return _per_host(text, "client")


def _per_host(text: object, host: str) -> float:
    found = frequency_of(text)
    if isinstance(found, PerHost) and found.host == host:
        return found.per_s
    raise UnitError(f"must be per {host}, got {shown(text)}", f'write for example "3/day per {host}"')


def fraction_of(value: object) -> float:
    """A share of one, which has no dimension: "90 %" and 0.9 are both 0.9."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = repr(value)
    return _float(_parse(value, "fraction"), value, "fraction")


def format_bytes(size_bytes: int) -> str:
    units = _named(_SIZES, "B kB MB GB TB KiB MiB GiB TiB")
    return _shortest(Fraction(size_bytes), partial(_parse, wanted="size"), size_bytes, units)


def format_seconds(duration_s: float) -> str:
    return _shortest(_exact(duration_s), seconds_of, duration_s, _named(_TIMES, "s min h d ms us ns"))


def format_rate(rate_Bps: float) -> str:
    units = [(f"{name}/s", factor) for name, factor in _named(_SIZES, "bit kbit Mbit Gbit Tbit")]
    return _shortest(_exact(rate_Bps), rate_Bps_of, rate_Bps, units)


def format_price(price_usd_per_byte: float) -> str:
    units = [(" USD/GB", Fraction(1, 10**9))]
    return _shortest(_exact(price_usd_per_byte), price_of, price_usd_per_byte, units)


def format_capacity_price(price_usd_per_Bps: float) -> str:
    units = [(" USD/Mbit/s", Fraction(8, 10**6))]
    return _shortest(_exact(price_usd_per_Bps), capacity_price_of, price_usd_per_Bps, units)


def format_usd(cost_usd: float) -> str:
    return _shortest(_exact(cost_usd), usd_of, cost_usd, [(" USD", Fraction(1))])


def format_per_second(per_second: float) -> str:
    units = [(f"/{name}", 1 / _TIMES[name]) for name in ("s", "min", "h", "day")]
    return _shortest(_exact(per_second), per_second_of, per_second, units)


def format_frequency(frequency: float | PerHost) -> str:
    if isinstance(frequency, PerHost):
        return f"{format_per_second(frequency.per_s)} per {frequency.host}"
    return format_per_second(frequency)


def format_fraction(share: float) -> str:
    return _shortest(_exact(share), fraction_of, share, [(" %", Fraction(1, 100))])


def _parse(text: object, wanted: str) -> Fraction:
    remedy = f"write a {wanted} such as {_EXAMPLES[wanted]}"
    if isinstance(text, int | float) and not isinstance(text, bool):
        raise UnitError(f"a {wanted} needs its unit, got {text}", remedy)
    if not isinstance(text, str):
        raise UnitError(f"must be a {wanted}, got {shown(text)}", remedy)
    figure = _FIGURE.fullmatch(text)
    if figure is None:
        raise UnitError(f"must be a number and a unit, got {shown(text)}", remedy)
    number, numerator, denominator = figure[1], figure[2], figure[3] or ""
    for name in (numerator, denominator):
        if name not in _UNITS:
            raise UnitError(f'unknown unit "{name}", got {shown(text)}', f"{_near_unit(name)} {remedy}")
    (over, times), (under, per) = _UNITS[numerator], _UNITS[denominator]
    dimension = _DIMENSIONS.get((over, under))
    if wanted == "fraction" and dimension == "bare number":
        dimension = "fraction"
    if dimension == "bare number":
        raise UnitError(f"a {wanted} needs its unit, got {shown(text)}", remedy)
    if dimension != wanted:
        is_what = f"which is a {dimension}" if dimension else "which measures nothing known here"
        raise UnitError(f"must be a {wanted}, got {shown(text)}, {is_what}", remedy)
    return Fraction(number.replace("_", "")) * times / per


def _float(exact: Fraction, text: object, wanted: str) -> float:
    try:
        return float(exact)
    except OverflowError:
        raise _too_large(text, wanted) from None


def _too_large(text: object, wanted: str) -> UnitError:
    return UnitError(f"is too large, got {shown(text)}", f"write a {wanted} such as {_EXAMPLES[wanted]}")


def _near_unit(name: str) -> str:
    """What a mistyped unit was meant to be: `gbps` is Gbit/s in other words, case is the next likely slip."""
    if name[-3:].lower() == "bps" and (scale := name[:-3].upper().replace("K", "k")) in _SCALES:
        return f'did you mean "{scale}bit/s"?'
    same = [unit for unit in _UNITS if unit.lower() == name.lower()]
    if same:
        return f"did you mean {' or '.join(repr(unit) for unit in same)}?".replace("'", '"')
    found = near(name, [unit for unit in _UNITS if unit and unit.isascii()])
    return found if found.startswith("did") else "units are case-sensitive;"


def _named(table: dict[str, Fraction], names: str) -> list[tuple[str, Fraction]]:
    return [(f" {name}", table[name]) for name in names.split()]


def _exact(value: float) -> Fraction:
    return Fraction(repr(float(value)))


def _shortest(
    exact: Fraction, parse: Callable[[str], float | Fraction], value: float, units: Sequence[tuple[str, Fraction]]
) -> str:
    """The fewest digits in any unit that `parse` reads back as `value`; on a tie the earlier unit."""
    fitting = [unit for unit in units if abs(exact) >= unit[1]] or units[:1]
    texts = []
    for name, factor in fitting:
        for digits in range(1, 40):
            number = _decimal(exact / factor, digits)
            if _reads_as(parse, number + name, value):
                texts.append((len(number), number + name))
                break
    return min(texts, key=lambda pair: pair[0])[1]


def _reads_as(parse: Callable[[str], float | Fraction], text: str, value: float) -> bool:
    try:
        return parse(text) == value
    except UnitError:  # a number near the largest, rounded up
        return False


def _decimal(exact: Fraction, digits: int) -> str:
    context = Context(prec=digits)
    number = context.divide(Decimal(exact.numerator), Decimal(exact.denominator)).normalize(context)
    return format(number, "f") if -7 < number.adjusted() < 21 else str(number)
