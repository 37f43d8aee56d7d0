"""A scenario: its tables, where they came from, and its variants.

A document is checked whole: what one value spoils is set aside and the rest is still looked at, so that every fault is
reported at once. Every variant is checked when a scenario is loaded, and its faults name it. Left out: demand, and all
that is drawn: a scenario is the same whatever its seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any, Self

from pydantic import PrivateAttr, ValidationError, ValidationInfo, model_validator

from sim.errors import InputError, InputErrors, near, one_line, shown
from sim.figures import Figure
from sim.policies.outside import Known
from sim.rendering import render
from sim.scenario.checks.every import CHECKS, ranges_hold_values
from sim.scenario.checks.memory import run_fits_into_memory
from sim.scenario.diagnostics import Diagnostic, consequential, diagnostics_of, of_variants, position, repair
from sim.scenario.document import OVERRIDE, Document, nested, of_variant, overridden, without_figures
from sim.scenario.keypath import dotted, shortened, split
from sim.scenario.model.root import Model
from sim.scenario.ownrules import rules_of, without_strangers
from sim.scenario.reading import read
from sim.scenario.shipped import located
from sim.scenario.starred import has_stars, without_stars
from sim.scenario.warnings.collected import overruled, warnings_of, written_paths
from sim.scenario.warnings.warning import Question, ScenarioWarning

# More rounds than any document has levels: each repairs at least the outermost of the diagnostics left.
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a scenario's tables came from: a name for errors, the raw document, and the figures in it.

    `rules` are those of a user's own that there were to choose from (`sim.policies.outside`).
    """

    name: str = "scenario"
    document: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    variant: str | None = None
    rules: Known = field(default_factory=dict)


class Scenario(Model):
    """One question to the simulator, resolved and checked.

    There is one way to make one, `sim.load` of a file or a document (`from_document` is its second half), and one way
    to change one, `with_`: both look at all tables and variants together, and what they give can be made again from a
    manifest. The ways of pydantic, which look at single fields or at none, are closed.

    Its tables are read by their names, quantities in base units: `scenario.run.duration_s`, `scenario.links["wan"]`.

    >>> import sim
    >>> scenario = sim.load("metros")
    >>> scenario
    <Scenario metros.toml, variants central, node-direct>
    >>> scenario.with_({"nodes.*.count": 3}).nodes["dal"].count
    3
    """

    _origin: Provenance = PrivateAttr(default_factory=Provenance)

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, values: object, info: ValidationInfo) -> object:
        if not isinstance(info.context, Mapping) or not info.context.get("whole"):
            raise TypeError(f"{cls.__name__}(...) would leave out the checks across tables; use sim.load(...)")
        return values

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        """TypeError: it would check nothing."""
        raise TypeError("model_construct would check nothing; use sim.load(...)")

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """TypeError if anything is to change: variants would not have it, and nothing would be checked."""
        if update:
            keys = ", ".join(map(str, update))
            raise TypeError(f"model_copy would change {keys} unchecked and in no variant; use scenario.with_({{...}})")
        return super().model_copy(deep=deep)

    def copy(self, **changes: Any) -> Self:
        """TypeError if anything is to change or be left out; see `model_copy`."""
        if changes:
            raise TypeError("copy would change fields unchecked and in no variant; use scenario.with_({...})")
        return self.model_copy()

    @classmethod
    def from_document(
        cls,
        document: Mapping[str, Any],
        name: str = "scenario",
        overrides: Mapping[str, Any] | None = None,
        variant: str | None = None,
        rules: Known | None = None,
    ) -> Self:
        """The scenario in a document of values as TOML or Python has them. InputErrors with every fault.

        A user's own rules are read anew unless they are among `rules`, another scenario's.
        """
        if not isinstance(document, Mapping):
            raise InputError(name, f"must be a table of tables, got {shown(document)}", "see scenarios/ for examples")
        try:
            if overrides and has_stars(overrides):
                plain = cls.from_document(document, name, rules=rules)
                with naming(name):
                    overrides = without_stars(overrides, plain)
            base, errors = cls._checked(_overridden(document, overrides or {}, name), name, None, rules or {})
            reported = {(error.where.removeprefix(name), error.problem) for error in errors}
            for other in base.variants:
                made, more = cls._checked(base._origin.document, name, other, base.rules)
                base._origin = replace(base._origin, rules=made.rules)  # a variant may name a folder of its own
                place = f"{name}: variant {other}"
                errors += [e for e in more if (e.where.removeprefix(place), e.problem) not in reported]
        except RecursionError:
            raise InputError(name, "is nested too deeply", "a scenario needs a few levels of tables") from None
        if errors:
            raise InputErrors(errors)
        return base if variant is None else base.variant(variant)

    def with_(self, changes: Mapping[str, Any], rules: Known | None = None) -> Self:
        """The same question with some values changed, whole and checked anew: its variants have the changes too.

        Keys and values are those of `overrides`: dotted paths or tables; text as in a file or Python's own
        values; None takes out what is written, and a star in a dotted path stands for any name. A variant that
        writes a key itself keeps its own value. Of one variant, as `variant` gives it, that variant's own
        values change, and the others stay as they are. InputErrors with every fault. Rules of a user's own are
        read anew unless they are among `rules`.

            scenario.with_({"demand.rate": "2000/day", "nodes.*.count": 3, "run.duration": timedelta(hours=2)})
        """
        if self.variant_name is None:
            return self.from_document(self._origin.document, self.name, changes, rules=rules)
        with naming(self.name):
            changes = without_stars(changes, self)
            document = of_variant(self._origin.document, self.variant_name, changes)
        return self.from_document(document, self.name, variant=self.variant_name, rules=rules)

    def __repr__(self) -> str:
        told = {"variant": self.variant_name, "variants": ", ".join(self.variants)}
        about = "".join(f", {what} {name}" for what, name in told.items() if name)
        return one_line(f"<Scenario {FilePath(self.name).name}{about}>")

    __str__ = __repr__

    def _repr_html_(self) -> str:
        page: str = render("faces.html", self)
        return page

    @property
    def name(self) -> str:
        """What errors call it: its file, or the name it was given."""
        return self._origin.name

    @property
    def document(self) -> Mapping[str, Any]:
        """A copy of the raw document with its overrides, before any variant's; `load` takes it too."""
        return deepcopy(dict(self._origin.document))

    @property
    def figures(self) -> Mapping[str, Figure]:
        """By dotted path, the figures that say what they rest on; those of the model's defaults are in `show`."""
        return self._origin.figures

    @property
    def rules(self) -> Known:
        """The rules of a user's own that there were to choose from when the scenario was loaded, by their folders."""
        return self._origin.rules

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants' names, in the file's order."""
        named = self._origin.document.get("variants", {})
        return tuple(named) if isinstance(named, Mapping) else ()

    @property
    def variant_name(self) -> str | None:
        return self._origin.variant

    @property
    def baseline(self) -> str | None:
        """The variant that the others are compared with."""
        return self.run.baseline or next(iter(self.variants), None)

    def variant(self, name: str) -> Self:
        """The scenario with one variant's overrides. InputError when there is no such variant."""
        if name not in self.variants:
            raise InputError(self.name, f"unknown variant, got {shown(name)}", near(name, self.variants))
        scenario, errors = self._checked(self._origin.document, self.name, name, self.rules)
        if errors:
            raise InputErrors(errors)
        return scenario

    def with_its_variants(self) -> tuple[Self, ...]:
        """The scenario itself, and with each variant's overrides."""
        return (self, *map(self.variant, self.variants))

    @cached_property
    def warnings(self) -> tuple[ScenarioWarning, ...]:
        """What is valid and still may be the wrong question; of a scenario with variants, what they ask."""
        named = [self.variant(one) for one in self.variants] if self.variant_name is None else []
        found = warnings_of(self.name, [one._asked() for one in named] or [self._asked()])
        return (*found, *overruled(self.name, self.figures, [one.figures for one in named]))

    def _asked(self) -> Question:
        """The question that the scenario is, with what it wrote."""
        variant = self.variant_name
        changes = {} if variant is None else self._origin.document["variants"][variant]
        tables = {key: part for key, part in self._origin.document.items() if key != "variants"}
        values, _ = without_figures(overridden(tables, changes, ""), [])
        changed = {key for key, each in self.figures.items() if each.source in ("override", f"variant {variant}")}
        return Question(
            self, values, variant, tuple(written_paths(nested(changes))), frozenset(split(key) for key in changed)
        )

    @classmethod
    def _checked(
        cls, document: Mapping[str, Any], name: str, variant: str | None, known: Known
    ) -> tuple[Self, list[InputError]]:
        """The tables of a document or of one variant of it, what is faulty left out; and the faults."""
        diagnostics: list[Diagnostic] = []
        changes = {} if variant is None else document["variants"][variant]
        tables = {key: part for key, part in document.items() if key != "variants"}
        if variant is None:
            diagnostics.extend(of_variants(document))
        elif isinstance(changes, Mapping):
            tables = overridden(tables, changes, f"variant {variant}")
        values, figures = without_figures(tables, diagnostics)
        folder = FilePath(name).parent
        rules, own = rules_of(values, folder, known, diagnostics)
        scenario = cls._repaired(values, diagnostics, {"folder": folder, "whole": True, "rules": own})
        diagnostics = without_strangers(diagnostics)
        set_aside = [each.path for each in diagnostics]
        reported = list(set_aside)
        too_large = [*run_fits_into_memory(scenario)]  # for the other checks, too, which name every host
        checks = () if too_large else (*(check(scenario) for check in CHECKS), ranges_hold_values(scenario, figures))
        for found in (too_large, *checks):
            new = [each for each in found if not consequential(each, set_aside, reported)]
            diagnostics.extend(new)
            reported.extend(each.path for each in new)
        diagnostics.sort(key=lambda each: position(tables, each.path))
        scenario._origin = Provenance(
            name, document, {dotted(path): figure for path, figure in figures.items()}, variant, rules
        )
        place = name if variant is None else f"{name}: variant {variant}"
        return scenario, [
            InputError(f"{place}: {shortened(dotted(each.path))}" if each.path else place, each.problem, each.remedy)
            for each in diagnostics
        ]

    @classmethod
    def _repaired(cls, values: Document, diagnostics: list[Diagnostic], context: Mapping[str, Any]) -> Self:
        """The model of `values`, in which whatever is faulty is reported and then left out."""
        for _ in range(_ROUNDS):
            try:
                return cls.model_validate(values, context=dict(context))
            except ValidationError as error:
                found = list(diagnostics_of(error, cls))
            reported = {each.path for each in diagnostics}
            diagnostics.extend(each for each in found if each.path not in reported)
            for each in found:
                repair(values, each)
        raise AssertionError(f"a document that no repair makes whole: {values}")


def load(
    source: str | FilePath | Mapping[str, Any], overrides: Mapping[str, Any] | None = None, variant: str | None = None
) -> Scenario:
    """The scenario in a TOML file or in a document of its tables, overrides by dotted key applied.

    Where there is no such file a shipped scenario of that name is meant: `metros`. InputErrors with every fault.

    `overrides` take text as a file has it or Python's own values; a star in a key stands for any name. A document is a
    mapping of tables, which `sim.document` has types for.

    >>> import sim
    >>> from datetime import timedelta
    >>> scenario = sim.load("metros", {"clients.*.up": "50 Mbit/s", "run.duration": timedelta(hours=3)})
    >>> scenario.run.duration_s, {group.up_Bps for group in scenario.clients.values()}
    (10800.0, {6250000.0})
    """
    if isinstance(source, Mapping):
        return Scenario.from_document(source, overrides=overrides, variant=variant)
    path = located(source)
    return Scenario.from_document(read(path), str(path), overrides, variant)


def _overridden(document: Mapping[str, Any], overrides: Mapping[str, Any], name: str) -> Document:
    with naming(name):
        return overridden(document, overrides, OVERRIDE)


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Errors that name no file name this scenario."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{name}: {error.where}", error.problem, error.remedy) from None
