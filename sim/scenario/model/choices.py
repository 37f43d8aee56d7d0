"""A choice by name: of a rule (`policies.route`) or of the network's shape (`topology.shape`), with its parameters.

A rule is written as its name, as a table of its name and parameters, or, where rules may be mixed, as a list of such
tables with `share`:

    route = "node-direct"
    route = { name = "direct-below", size = "10 MB" }
    route = [{ name = "central", share = 0.3 }, { name = "node-direct", share = 0.7 }]

Names and parameter models are those of the files in `sim/policies` and `sim/network/topology/shapes`; nothing is
listed here, so that a rule is added by adding a file. Rules of a user's own, from the folder of `run.policies_path` or
registered by a program, come with the validation's context (`rules`); a choice of one has it with it, wherever the
scenario goes. Left out: rules in the scenario's own text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Annotated, Any

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from sim import policies
from sim.errors import InputError, near, shown
from sim.figures import Table, Weight, setting
from sim.network.topology import shapes
from sim.policies.userrule import Rules, UserRule
from sim.scenario.diagnostics import Diagnostic, diagnostics_of
from sim.scenario.keypath import KeyPath


@dataclass(frozen=True, slots=True)
class Choice:
    """One chosen rule or shape; `share` is its part of a mix, relative to the others. `own` is a rule of a user's."""

    name: str
    parameters: BaseModel
    share: float = 1.0
    own: UserRule | None = None

    def rule(self, kind: str) -> ModuleType:
        """The module of the rule, which is of this kind."""
        return policies.rule(kind, self.name) if self.own is None else self.own.module()

    def __reduce__(self) -> tuple[Any, ...]:
        # The rule first: where this arrives the parameters' class is in the module that comes of it.
        return _choice, (self.own, self.name, self.parameters, self.share)


def _choice(own: UserRule | None, name: str, parameters: BaseModel, share: float) -> Choice:
    return Choice(name, parameters, share, own)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of choice: the annotation of a field that holds one `Choice`, or a tuple of them where mixed.

    `of` is the kind of rules; shapes have none.
    """

    key: str
    names: Callable[[], tuple[str, ...]]
    model: Callable[[str], type[BaseModel]]
    home: Callable[[str], ModuleType]
    mixed: bool = False
    default: str | None = None
    of: str = ""

    def read(self, value: object, context: Any = None) -> Choice | tuple[Choice, ...]:
        """The choice that was written; every fault in it at once. `context` is the validation's own."""
        if isinstance(value, Choice) or (self.mixed and isinstance(value, tuple)):
            return value
        listed = self.mixed and isinstance(value, list)
        parts = value if isinstance(value, list) and listed else [value]
        diagnostics: list[Diagnostic] = []
        chosen = tuple(self._one(part, (i,) if listed else (), diagnostics, context) for i, part in enumerate(parts))
        if not chosen:
            diagnostics.append(Diagnostic((), "must name at least one, got an empty list", self._all()))
        elif not diagnostics and not any(choice.share for choice in chosen):
            diagnostics.append(Diagnostic((), "all shares are 0", "give one of them a share above 0"))
        if diagnostics:
            raise PydanticCustomError("faults", "see the faults", {"faults": tuple(diagnostics)})
        return chosen if self.mixed else chosen[0]

    def _one(self, value: object, path: KeyPath, diagnostics: list[Diagnostic], context: Any) -> Choice:
        table = dict(value) if isinstance(value, Mapping) else {self.key: value}
        at = (*path, self.key) if self.key in table and isinstance(value, Mapping) else path
        name = table.pop(self.key, self.default)
        if not isinstance(name, str):
            diagnostics.append(
                Diagnostic(at, f"must name one, got {shown(value if name is None else name)}", self._all())
            )
            return _NONE
        own = self._own(context)
        if name not in self.names() and name not in own:
            remedy = near(name, (*self.names(), *own))
            if self.of and not own and remedy.startswith("one of"):
                remedy += "; a rule of your own is found in run.policies_path, or --policies DIR"
            diagnostics.append(Diagnostic(at, f"unknown choice, got {shown(name)}", remedy))
            return _NONE
        try:
            model: type[BaseModel] = own[name].module().Parameters if name in own else self.model(name)
        except InputError as error:
            diagnostics.append(Diagnostic(at, f"{error.where}: {error.problem}", error.remedy))
            return _NONE
        share = {"share": table.pop("share")} if self.mixed and "share" in table else {}
        part = _read(Part, share, path, diagnostics)
        parameters = _read(model, table, path, diagnostics, context)
        return Choice(name, parameters, part.share if isinstance(part, Part) else 1.0, own.get(name))

    def _own(self, context: Any) -> dict[str, UserRule]:
        """The rules of this kind that are a user's own, by name."""
        rules: Rules = (context or {}).get("rules", {})
        return {name: rule for (kind, name), rule in rules.items() if kind == self.of}

    def about(self, name: str) -> str:
        """What one choice is, in the sentence with which its file begins."""
        return first_sentence(self.home(name).__doc__ or "")

    def _all(self) -> str:
        return f"one of {', '.join(self.names())}"

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(lambda value, info: self.read(value, info.context))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        model = [self._table_schema(name) for name in self.names()]
        if self.key == "shape":
            return {"anyOf": model}
        options = [{"type": "string", "enum": list(self.names())}, *model]
        mix = {"type": "array", "items": {"anyOf": model}, "minItems": 1}
        return {"anyOf": [*options, mix] if self.mixed else options}

    def _table_schema(self, name: str) -> dict[str, Any]:
        model = self.model(name)
        own: dict[str, Any] = {self.key: {"const": name, "description": self.about(name)}}
        if self.mixed:
            own["share"] = Part.model_json_schema()["properties"]["share"]
        return {
            "type": "object",
            "properties": own | model.model_json_schema().get("properties", {}),
            "required": [] if name == self.default else [self.key],
            "additionalProperties": False,
        }


def first_sentence(text: str) -> str:
    """The sentence with which a text begins, in one line."""
    return re.split(r"(?<=\.)\s", " ".join(text.split()), maxsplit=1)[0]


class Part(Table):
    """What a rule has beside its name and parameters, where rules are mixed."""

    share: Weight = setting(
        "share", 1.0, about="The part of the pushes that go by this rule of a mix, relative to the others' shares."
    )


class _Nothing(Table):
    pass


_NONE = Choice("", _Nothing())


def _read(
    model: type[BaseModel],
    table: Mapping[str, object],
    path: KeyPath,
    diagnostics: list[Diagnostic],
    context: Any = None,
) -> BaseModel:
    try:
        return model.model_validate(table, context=context)
    except ValidationError as error:
        diagnostics.extend(found.below(path) for found in diagnostics_of(error, model))
        return _NONE.parameters


def kind_of(field: FieldInfo) -> Kind:
    """The kind of choice that a field holds."""
    return next(mark for mark in field.metadata if isinstance(mark, Kind))


def choices(table: BaseModel) -> Iterator[Choice]:
    """All choices in a table and those below it."""
    for name in type(table).model_fields:
        value = getattr(table, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Choice):
                yield part
            elif isinstance(part, BaseModel):
                yield from choices(part)


def _rule(kind: str, mixed: bool = False) -> Kind:
    home = partial(policies.rule, kind)
    return Kind("name", partial(policies.names, kind), partial(policies.parameters, kind), home, mixed, of=kind)


Routes = Annotated[tuple[Choice, ...], _rule("route", mixed=True)]
Placement = Annotated[Choice, _rule("placement")]
Fanout = Annotated[Choice, _rule("fanout")]
Trigger = Annotated[Choice, _rule("trigger")]
Eviction = Annotated[Choice, _rule("eviction")]
Source = Annotated[Choice, _rule("source")]
Chunking = Annotated[Choice, _rule("chunking")]
Conflict = Annotated[Choice, _rule("conflict")]
#: Parameters alone are those of the shape that a scenario has without any.
DEFAULT_SHAPE = "metros"
Shape = Annotated[Choice, Kind("shape", shapes.names, shapes.parameters, shapes.shape, default=DEFAULT_SHAPE)]
