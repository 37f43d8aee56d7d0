"""Every warning about a scenario: the doubts of all rules in all of its questions, each reported once.

A doubt that every variant raises is reported once for all, any other with its variant's name. A doubt that is `of_all`
says that something is there for nothing: what the file has is not there for nothing as long as one variant uses it, so
such a doubt is reported where all variants raise it, or where the variant itself wrote what it is about. Left out:
warnings about results, which those give who have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sim.figures import Figure
from sim.scenario.document import OVERRIDE, is_figure
from sim.scenario.keypath import KeyPath, dotted
from sim.scenario.warnings.rules import ACROSS, WARNINGS
from sim.scenario.warnings.warning import Doubt, Question, ScenarioWarning


def warnings_of(name: str, questions: Sequence[Question]) -> tuple[ScenarioWarning, ...]:
    """Every warning about the questions that the scenario of this name asks: itself alone, or its variants."""
    warnings: list[ScenarioWarning] = []
    for code, check in WARNINGS.items():
        raised: dict[KeyPath, list[tuple[Question, Doubt]]] = {}
        for question in questions:
            for doubt in check(question):
                raised.setdefault(doubt.path, []).append((question, doubt))
        for path, doubts in raised.items():
            if len(doubts) == len(questions):
                question, doubt = doubts[0]
                place = (
                    name if question.variant is None or len(questions) > 1 else f"{name}: variant {question.variant}"
                )
                warnings.append(ScenarioWarning(code, f"{place}: {dotted(path)}", doubt.text))
                continue
            warnings += [
                ScenarioWarning(code, f"{name}: variant {question.variant}: {dotted(path)}", doubt.text)
                for question, doubt in doubts
                if not doubt.of_all or question.writes(path)
            ]
    for code, across in ACROSS.items():
        warnings += [ScenarioWarning(code, f"{name}: {dotted(d.path)}", d.text) for d in across(questions)]
    return tuple(warnings)


def overruled(
    name: str, figures: Mapping[str, Figure], of_variants: Sequence[Mapping[str, Figure]]
) -> Iterator[ScenarioWarning]:
    """Overrides that no variant has, because each writes the key itself."""
    for path in (path for path, figure in figures.items() if figure.source == OVERRIDE):
        if of_variants and all(path in own and own[path].source != OVERRIDE for own in of_variants):
            text = f"is set, but each variant writes it itself and none has it; set variants.NAME.{path}"
            yield ScenarioWarning("overruled", f"{name}: {path}", text)


def written_paths(changes: Mapping[str, object], above: KeyPath = ()) -> Iterator[KeyPath]:
    """The paths of what a variant writes, in nested tables; figures and rules are one value each."""
    for key, value in changes.items():
        path = (*above, str(key))
        if isinstance(value, Mapping) and not is_figure(value) and not isinstance(value.get("name"), str):
            yield from written_paths(value, path)
        else:
            yield path
