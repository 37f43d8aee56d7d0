"""Every warning about what a scenario asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sim.figures import Figure
from sim.scenario.document import OVERRIDE, is_figure
from sim.scenario.keypath import Path, dotted
from sim.scenario.warnings.rules import ACROSS, WARNINGS
from sim.scenario.warnings.warning import Asked, Doubt, ScenarioWarning


def found(name: str, questions: Sequence[Asked]) -> tuple[ScenarioWarning, ...]:
    """Every warning about the questions that the scenario of this name asks: itself alone, or its variants."""
    warnings: list[ScenarioWarning] = []
    for code, check in WARNINGS.items():
        raised: dict[Path, list[tuple[Asked, Doubt]]] = {}
        for question in questions:
            for doubt in check(question):
                raised.setdefault(doubt.path, []).append((question, doubt))
        for path, doubts in raised.items():
            if len(doubts) == len(questions):
                asked, doubt = doubts[0]
                place = name if asked.variant is None or len(questions) > 1 else f"{name}: variant {asked.variant}"
                warnings.append(ScenarioWarning(code, f"{place}: {dotted(path)}", doubt.text))
                continue
            warnings += [
                ScenarioWarning(code, f"{name}: variant {asked.variant}: {dotted(path)}", doubt.text)
                for asked, doubt in doubts
                if not doubt.of_all or asked.writes(path)
            ]
    for code, across in ACROSS.items():
        warnings += [ScenarioWarning(code, f"{name}: {dotted(d.path)}", d.text) for d in across(questions)]
    return tuple(warnings)


def overruled(
    name: str, figures: Mapping[str, Figure], of_variants: Sequence[Mapping[str, Figure]]
) -> Iterator[ScenarioWarning]:
    """Overrides that no variant has, because each writes the key itself; the plain scenario alone has them."""
    for path in (path for path, figure in figures.items() if figure.source == OVERRIDE):
        if of_variants and all(path in own and own[path].source != OVERRIDE for own in of_variants):
            text = f"is set, but each variant writes it itself and none has it; set variants.NAME.{path}"
            yield ScenarioWarning("overruled", f"{name}: {path}", text)


def paths(changes: Mapping[str, object], above: Path = ()) -> Iterator[Path]:
    """The paths of what a variant writes: its dotted keys and tables apart, figures and rules whole."""
    for key, value in changes.items():
        path = (*above, *str(key).split("."))
        if isinstance(value, Mapping) and not is_figure(value) and not isinstance(value.get("name"), str):
            yield from paths(value, path)
        else:
            yield path
