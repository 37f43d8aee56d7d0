"""The page with the sliders: one HTML file that asks its own server alone, and a policy that holds it to that.

Whatever a file names is text: the template escapes it, and values reach the script as JSON in an attribute. The script
moves sliders, asks, and puts what it is answered into its place; it computes nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from markupsafe import Markup

from sim.explore.question import Question
from sim.explore.sliders import Slider
from sim.report.page import page as result

FOLDER: Final = Path(__file__).parent


def read(name: str) -> str:
    """The text of a file beside this module."""
    return (FOLDER / name).read_text(encoding="utf-8")


def script() -> str:
    """The page's script."""
    return read("sliders.js") + read("live.js")


def policy() -> str:
    """What the page may do: run its own script, and ask its own server."""
    return result.policy(script(), "; connect-src 'self'; base-uri 'none'; form-action 'none'")


def style() -> str:
    """A result's page's style, and what sliders need beside it."""
    return result.style() + read("explore.css")


def page(question: Question) -> str:
    """The page of a question, with no answer yet."""
    template = result.environment(FOLDER).get_template("explore.html")
    return template.render(
        title=title(question), variants=list(question.variants), baseline=question.baseline, groups=groups(question),
        style=Markup(style()), script=Markup(script()), json=_json, runs=question.runs,
    )  # fmt: skip


def title(question: Question) -> str:
    """The question in a few words, or the file's name."""
    return question.scenario.run.title or Path(question.scenario.name).stem


def groups(question: Question) -> list[tuple[str, list[tuple[int, Slider]]]]:
    """Sliders with their numbers, those that the file writes first, then those of the model, each with its heading."""
    numbered = [*enumerate(question.sliders)]
    written = [(at, slider) for at, slider in numbered if slider.written]
    assumed = [(at, slider) for at, slider in numbered if not slider.written]
    found = [("Figures of this scenario", written), ("What the model assumes", assumed)]
    return [(name, members) for name, members in found if members]


def _json(value: object) -> str:
    return json.dumps(value)
