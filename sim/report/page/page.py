"""The page: sections in the order in which somebody who has to decide reads them, in one HTML file.

It asks for nothing, not even an icon, and says so by a policy that browsers hold it to (W3C, Content Security Policy):
the one script it may run is the one beside this module, which sorts and filters tables and plays maps back, by its
digest. Whatever users
named is text: the template escapes it, elements of drawings escape it, and control characters are written out.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sim.errors import one_line
from sim.report.map.drawing import STYLE
from sim.report.page import svg
from sim.report.page.parts import Section
from sim.report.page.sections import (
    amounts,
    differences,
    held,
    latency,
    origin,
    playback,
    thresholds,
    topology,
    trouble,
    verdict,
    whose,
)
from sim.report.stored import Stored

#: In the order of the page.
SECTIONS: Final[tuple[Callable[[Stored], Section | None], ...]] = (
    verdict.section, thresholds.section, differences.section, latency.section, held.section, amounts.section,
    trouble.failures, trouble.faults, whose.by_site, topology.section, playback.section, whose.slowest,
    origin.scenario, origin.provenance,
)  # fmt: skip
#: Widths that drawings are made for: the page shows the one that fits.
WIDE, NARROW = 720, 340
#: A page is to be sent by mail: what is longer is left out of it, tables first.
MOST_BYTES: Final = 300_000
#: Rows that are left of tables, and whether the scenario's text is, each time that a page is too long.
_SHORTER: Final = ((60, False), (25, False), (10, False))
_HERE: Final = Path(__file__).parent


def page(stored: Stored) -> str:
    """The whole page, shortened where it would be longer than `MOST_BYTES`."""
    sections = [section for make in SECTIONS if (section := make(stored)) is not None]
    made = _rendered(stored, sections)
    for rows, texts in _SHORTER:
        if len(made.encode()) <= MOST_BYTES:
            break
        made = _rendered(stored, [_shorter(section, rows, texts) for section in sections])
    return made


@cache
def environment(folder: Path = _HERE) -> Environment:
    """What templates are rendered with: text is escaped, `parts.html` is at hand, and any template of a folder."""
    made = Environment(
        loader=FileSystemLoader([_HERE, folder]), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=_finalized,
    )  # fmt: skip
    made.globals |= {"marker": _marker, "WIDE": WIDE, "NARROW": NARROW}
    return made


def part(section: Section) -> Markup:
    """What stands in a section, to be put into a page."""
    module: Any = environment().get_template("parts.html").module
    return Markup(str(module.inside(section)))


def policy(script: str, more: str = "") -> str:
    """What a page may do, as browsers are told it: run this one script, and what `more` says."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'{more}"


def style() -> str:
    """The page's style, with that of maps."""
    return (_HERE / "page.css").read_text(encoding="utf-8") + STYLE


def _rendered(stored: Stored, sections: list[Section]) -> str:
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    return environment().get_template("page.html").render(
        stored=stored, sections=sections, style=Markup(style()), script=Markup(script), policy=policy(script),
        variants=list(stored.variants), made_by=_made_by(stored),
    )  # fmt: skip


def _made_by(stored: Stored) -> str:
    versions = {} if stored.record is None else stored.record.manifest.versions
    return f"regsim {versions.get('regsim', '')}".rstrip()


def _finalized(value: Any) -> Any:
    """What a template writes: text with its control characters written out, but for ends of lines."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return "\n".join(one_line(line) for line in value.split("\n"))


def _marker(number: int, mark: str) -> Markup:
    """A variant's marker, as legends show it; a phase's is a square."""
    return svg.element(
        "svg", svg.marker(8, 8, number, f"{mark} mark"), width=16, height=16, viewBox="0 0 16 16", aria_hidden="true"
    )


def _shorter(section: Section, rows: int, texts: bool) -> Section:
    """The section with so many rows a table at most, and without its long texts."""

    def cut(grid: Any) -> Any:
        if len(grid.rows) <= rows:
            return grid
        return replace(grid, rows=grid.rows[:rows], beyond=f"{len(grid.rows) - rows:,} more in the result's files.")

    return replace(
        section,
        drawings=[replace(each, grid=cut(each.grid)) for each in section.drawings],
        grids=[cut(grid) for grid in section.grids],
        texts=[each for each in section.texts if texts or len(each[1]) < 1000],
        playback=section.playback if texts or len(section.playback) < 40_000 else "",
    )
