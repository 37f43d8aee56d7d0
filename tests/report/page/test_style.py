"""The page's colours: enough contrast in light, in dark and on paper (WCAG 2.2, 1.4.3 and 1.4.11), and all apart."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

from sim.report.page import page

STYLE = (Path(page.__file__).parent / "page.css").read_text()
THEMES = {
    name: dict(re.findall(r"--([a-z]+\d?): (#[0-9a-f]{3,6});", block))
    for name, block in zip(("light", "dark", "print"), re.findall(r":root \{(.*?)\}", STYLE, re.S), strict=True)
}
TEXTS = ("ink", "soft", "link", "good", "bad", "open")
VARIANTS = [f"v{at}" for at in range(10)]
PHASES = [f"p{at}" for at in range(7)]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2's definition."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_what_the_standard_says() -> None:
    """Black on white has 21 to 1, and a colour on itself 1 to 1."""
    assert contrast("#000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777", "#777777") == pytest.approx(1.0)


@pytest.mark.parametrize("theme", THEMES)
def test_texts_can_be_read(theme: str) -> None:
    """Every colour of text has 4.5 to 1 against the page and against boxes on it."""
    colours = THEMES[theme]
    assert all(contrast(colours[text], colours[paper]) >= 4.5 for text in TEXTS for paper in ("paper", "box"))


@pytest.mark.parametrize("theme", THEMES)
def test_variants_can_be_seen(theme: str) -> None:
    """Every variant's colour has 3 to 1 against the page, as graphics need."""
    colours = THEMES[theme]
    assert all(contrast(colours[name], colours["paper"]) >= 3 for name in VARIANTS)


@pytest.mark.parametrize("theme", THEMES)
def test_no_colour_stands_for_two_things(theme: str) -> None:
    """Ten variants and seven phases have colours of their own, no two of them the same."""
    colours = THEMES[theme]
    assert all(colours[one] != colours[other] for one, other in combinations([*VARIANTS, *PHASES], 2))
