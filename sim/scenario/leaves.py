"""A scenario's single values in the order of its model: the one walk that showing, keys and range checks share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.figures import Figure, Quantity, default_figure, quantity_of
from sim.scenario.choices import Choice, kind_of
from sim.scenario.demand import Stream
from sim.scenario.faults import Path
from sim.scenario.lines import Rates


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value at its path; `default` says what it rests on when nobody wrote it, `written` whether one did."""

    path: Path
    value: object
    quantity: Quantity | None = None
    default: Figure | None = None
    written: bool = True

    @property
    def text(self) -> str:
        """The value in canonical units, as TOML."""
        value = self.value
        if self.quantity is not None and isinstance(self.quantity.example, str):
            value = self.quantity.format(value)
        return toml(value)


#: What is said about a run, or about many, but is no part of one: values, and a whole table. Of a folder of rules those
#: that are chosen count, wherever they are.
_NOT_OF_A_RUN = {("run", "title"), ("run", "baseline"), ("run", "runs"), ("run", "policies_path")}
_BESIDE_RUNS = "thresholds"


def deciding(tables: BaseModel) -> Iterator[Leaf]:
    """The values of a scenario's tables that a run depends on."""
    for leaf in leaves(tables):
        if leaf.path not in _NOT_OF_A_RUN and leaf.path[0] != _BESIDE_RUNS:
            yield leaf


def leaves(table: BaseModel, path: Path = ()) -> Iterator[Leaf]:
    """Every value that counts in a table and those below it; what is neither written nor has a default is left out."""
    ignored = table.superseded() if isinstance(table, Rates | Stream) else frozenset()
    for name, field in type(table).model_fields.items():
        value = getattr(table, name)
        if value is not None and name not in ignored:
            yield from _below(value, field, (*path, field.alias or name), name in table.model_fields_set)


def _below(value: object, field: FieldInfo, path: Path, written: bool) -> Iterator[Leaf]:
    if isinstance(value, BaseModel):
        yield from leaves(value, path)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            below = list(leaves(part, (*path, key))) if isinstance(part, BaseModel) else [Leaf((*path, key), part)]
            yield from below or [Leaf((*path, key), {})]
    elif isinstance(value, Choice):
        yield from _choice(value, field, path, written)
    elif isinstance(value, tuple) and value and isinstance(value[0], Choice):
        if len(value) == 1:
            yield from _choice(value[0], field, path, written)
        else:
            for position, part in enumerate(value):
                yield from _choice(part, field, (*path, position), written, mixed=True)
    elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        for position, part in enumerate(value):
            yield from leaves(part, (*path, position))
    else:
        yield Leaf(path, value, quantity_of(field), default_figure(field), written)


def _choice(choice: Choice, field: FieldInfo, path: Path, written: bool, mixed: bool = False) -> Iterator[Leaf]:
    key = kind_of(field).key
    parameters = list(leaves(choice.parameters, path))
    alone = not parameters and not mixed and key == "name"
    yield Leaf(path if alone else (*path, key), choice.name, None, default_figure(field), written)
    if mixed:
        yield Leaf((*path, "share"), choice.share)
    yield from parameters


def toml(value: object) -> str:
    """A plain value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(_escaped(mark) for mark in value) + '"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(part) for part in value) + "]"
    if isinstance(value, Mapping) and not value:
        return "{}"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{toml_key(str(key))} = {toml(part)}" for key, part in value.items()) + " }"
    return str(value)


def toml_key(key: str) -> str:
    """A key, in quotes where TOML wants them."""
    return key if key.isascii() and key.replace("-", "").replace("_", "").isalnum() else toml(key)


def _escaped(mark: str) -> str:
    if mark in '"\\':
        return f"\\{mark}"
    return mark if mark.isprintable() else f"\\U{ord(mark):08x}"
