"""What is valid and still may be the wrong question, said in a line each before anything runs.

A warning is no fault: the scenario runs as it is written. Each kind is a small function over one question (the plain
scenario or one variant of it) that gives doubts, and stands in `WARNINGS` under its code; those that need all variants
side by side stand in `ACROSS`. Of a scenario with variants, a doubt that all of them raise is told once, any other
names its variant. A doubt that is `of_all` says that something is there for nothing. What the file has is not there for
nothing as long as one variant uses it, so that is told where all raise it, or where the variant wrote it itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sim.scenario.document import Document, is_figure
from sim.scenario.faults import Path, dotted
from sim.scenario.leaves import deciding
from sim.scenario.model import Tables


class ScenarioWarning(NamedTuple):
    """One doubt about what is asked: its kind, where a reader finds it, and what it is, in words."""

    code: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"

    def to_json(self) -> dict[str, str]:
        """`code`, `where` and `text`."""
        return self._asdict()


class Doubt(NamedTuple):
    """What a check of one question finds: about which key, in words, and whether every variant must raise it."""

    path: Path
    text: str
    of_all: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: its tables, the values as they were written, and the paths that its variant writes itself."""

    tables: Tables
    values: Document
    variant: str | None = None
    own: tuple[Path, ...] = ()

    def writes(self, path: Path) -> bool:
        """Whether the variant itself, and not the file, has put there what stands at a path."""
        at = tuple(map(str, path))
        return any(at[: len(mine)] == mine or mine[: len(at)] == at for mine in self.own)


def roms_have_no_kernel(asked: Asked) -> Iterator[Doubt]:
    """An image that is called a ROM has a kernel, so that it is none."""
    for key, image in asked.tables.images.items():
        if not image.is_rom and "rom" in key.lower().replace("_", "-").split("-"):
            yield Doubt(
                ("images", key, "kernel"), "is called a ROM and has a kernel; drop the kernel or rename the image"
            )


def variants_differ(questions: Sequence[Asked]) -> Iterator[Doubt]:
    """No two variants ask the same."""
    asked: dict[tuple[object, ...], str] = {}
    for question in questions:
        name = str(question.variant)
        decides = tuple((leaf.path, repr(leaf.value)) for leaf in deciding(question.tables))
        same = asked.setdefault(decides, name)
        if same != name:
            yield Doubt(("variants", name), f"asks the same as variant {same}; change a key that counts or drop one")


#: Of one question, by code.
WARNINGS: Final[Mapping[str, Callable[[Asked], Iterator[Doubt]]]] = {
    "rom-with-kernel": roms_have_no_kernel,
}
#: Of all variants together.
ACROSS: Final[Mapping[str, Callable[[Sequence[Asked]], Iterator[Doubt]]]] = {
    "same-variants": variants_differ,
}


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


def paths(changes: Mapping[str, object], above: Path = ()) -> Iterator[Path]:
    """The paths of what a variant writes: its dotted keys and tables apart, figures and rules whole."""
    for key, value in changes.items():
        path = (*above, *str(key).split("."))
        if isinstance(value, Mapping) and not is_figure(value) and not isinstance(value.get("name"), str):
            yield from paths(value, path)
        else:
            yield path
