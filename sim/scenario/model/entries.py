"""A scenario's single values in the order of its model, each with its key path: the one walk over its tables.

Showing a scenario, its canonical text and the checks of ranges all take this walk, so that they agree on what counts:
values that an alternative supersedes are left out, defaults are there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.figures import Figure, Quantity, default_figure, quantity_of
from sim.scenario.keypath import KeyPath
from sim.scenario.model.choices import Choice, kind_of
from sim.scenario.model.demand import Stream
from sim.scenario.model.links import Rates
from sim.scenario.tomltext import toml


@dataclass(frozen=True, slots=True)
class Entry:
    """One value at its path; `default` says what it rests on when nobody wrote it, `written` whether one did."""

    path: KeyPath
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
_NOT_OF_A_RUN = {
    ("run", "title"), ("run", "baseline"), ("run", "runs"), ("run", "policies_path"), ("run", "memory"),
    ("run", "max_packets"),
}  # fmt: skip
_BESIDE_RUNS = "thresholds"


def deciding(model: BaseModel) -> Iterator[Entry]:
    """The values of a scenario's tables that a run depends on."""
    for entry in entries(model):
        if entry.path not in _NOT_OF_A_RUN and entry.path[0] != _BESIDE_RUNS:
            yield entry


def entries(table: BaseModel, path: KeyPath = ()) -> Iterator[Entry]:
    """Every value that counts in a table and those below it; what is neither written nor has a default is left out."""
    ignored = table.superseded() if isinstance(table, Rates | Stream) else frozenset()
    for name, field in type(table).model_fields.items():
        value = getattr(table, name)
        if value is not None and name not in ignored:
            yield from _below(value, field, (*path, field.alias or name), name in table.model_fields_set)


def _below(value: object, field: FieldInfo, path: KeyPath, written: bool) -> Iterator[Entry]:
    if isinstance(value, BaseModel):
        yield from entries(value, path)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            below = list(entries(part, (*path, key))) if isinstance(part, BaseModel) else [Entry((*path, key), part)]
            yield from below or [Entry((*path, key), {})]
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
            yield from entries(part, (*path, position))
    else:
        yield Entry(path, value, quantity_of(field), default_figure(field), written)


def _choice(choice: Choice, field: FieldInfo, path: KeyPath, written: bool, mixed: bool = False) -> Iterator[Entry]:
    key = kind_of(field).key
    parameters = list(entries(choice.parameters, path))
    alone = not parameters and not mixed and key == "name"
    yield Entry(path if alone else (*path, key), choice.name, None, default_figure(field), written)
    if mixed:
        yield Entry((*path, "share"), choice.share)
    yield from parameters
