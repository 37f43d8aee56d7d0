"""A choice by name: of a rule (`policies.route`) or of the network's shape (`topology.shape`), with its parameters.

A rule is written as its name, as a table of its name and parameters, or, where rules may be mixed, as a list of such
tables with `share`:

    route = "node-direct"
    route = { name = "direct-below", size = "10 MB" }
    route = [{ name = "central", share = 0.3 }, { name = "node-direct", share = 0.7 }]

Names and the models of parameters are those of the files in `sim/policies` and `sim/network/topology/shapes`; nothing
is listed here, so that a rule is added by adding a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Annotated, Any

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from sim import policies
from sim.errors import near, shown
from sim.figures import Table, Weight, setting
from sim.network.topology import shapes
from sim.scenario.diagnostics import Diagnostic, diagnostics_of
from sim.scenario.keypath import KeyPath


@dataclass(frozen=True, slots=True)
class Choice:
    """One chosen rule or shape; `share` is its part of a mix, relative to the others."""

    name: str
    parameters: BaseModel
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of choice: the annotation of a field that holds one `Choice`, or a tuple of them where mixed."""

    key: str
    names: Callable[[], tuple[str, ...]]
    model: Callable[[str], type[BaseModel]]
    home: Callable[[str], ModuleType]
    mixed: bool = False
    default: str | None = None

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
        if name not in self.names():
            diagnostics.append(Diagnostic(at, f"unknown choice, got {shown(name)}", near(name, self.names())))
            return _NONE
        share = {"share": table.pop("share")} if self.mixed and "share" in table else {}
        part = _read(Part, share, path, diagnostics)
        parameters = _read(self.model(name), table, path, diagnostics, context)
        return Choice(name, parameters, part.share if isinstance(part, Part) else 1.0)

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


def _rule(kind: str, mixed: bool = False) -> Kind:
    home = partial(policies.rule, kind)
    return Kind("name", partial(policies.names, kind), partial(policies.parameters, kind), home, mixed)


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
