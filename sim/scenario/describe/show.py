"""A scenario resolved: every value that counts, in canonical units, with what it rests on beside it.

The text is TOML that loads again to the same scenario; where it can't say something in a value it does in a comment.
`canonical` is the same content for keys and digests, without what no run depends on. Left out: the comments of the
file that it came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sim.errors import one_line
from sim.figures import Figure
from sim.scenario.document import nested
from sim.scenario.keypath import KeyPath, dotted
from sim.scenario.model.entries import deciding, entries
from sim.scenario.scenario import Scenario
from sim.scenario.tomltext import toml, toml_key


@dataclass(frozen=True, slots=True)
class Resolved:
    """One value: its path, its canonical TOML, what it rests on, and whether it is the model's default."""

    path: KeyPath
    text: str
    figure: Figure | None
    is_default: bool

    @property
    def comment(self) -> str:
        parts = ["default" if self.is_default else "", self.figure.origin if self.figure else ""]
        return ", ".join(part for part in parts if part)


def resolved(scenario: Scenario) -> list[Resolved]:
    """Every value that counts, in the model's order."""
    return [
        Resolved(
            entry.path,
            entry.text,
            scenario.figures.get(dotted(entry.path)) if entry.written else entry.default,
            not entry.written,
        )
        for entry in entries(scenario)
    ]


def text(scenario: Scenario) -> str:
    """The resolved scenario as TOML, sources as comments, and its variants as they were written."""
    title = scenario.name if scenario.variant_name is None else f"{scenario.name}, variant {scenario.variant_name}"
    lines = [f"# {json.dumps(title)[1:-1]}"]
    tables: dict[KeyPath, list[Resolved]] = {}
    for value in resolved(scenario):
        for depth in range(1, len(value.path)):
            tables.setdefault(value.path[:depth], [])
        tables[value.path[:-1]].append(value)
    for path, values in tables.items():
        if values:
            lines += ["", _header(path), *_lines(values)]
    written = scenario.document.get("variants", {})
    for name in scenario.variants:
        changes = {dotted(path): value for path, value in _flat(nested(written[name]))}
        lines += ["", _header(("variants", name)), *(f"{toml(key)} = {toml(value)}" for key, value in changes.items())]
    return "\n".join(lines) + "\n"


def canonical(scenario: Scenario) -> str:
    """JSON of every value that a run depends on, in base units and in a fixed order: equal text, equal run."""
    return json.dumps([[dotted(entry.path), entry.value] for entry in deciding(scenario)])


def _header(path: KeyPath) -> str:
    """`[policies.sync]`, or `[[policies.route]]` for one rule of a mix."""
    name = ".".join(toml_key(str(key)) for key in path if not isinstance(key, int))
    return f"[[{name}]]" if isinstance(path[-1], int) else f"[{name}]"


def _lines(values: list[Resolved]) -> Iterator[str]:
    pairs = [(f"{toml_key(str(value.path[-1]))} = {value.text}", value.comment) for value in values]
    width = max((len(pair) for pair, comment in pairs if comment), default=0)
    for pair, comment in pairs:
        yield f"{pair:{width}}  # {one_line(comment)}" if comment else pair


def _flat(changes: Mapping[str, Any], above: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """A variant's overrides by key path; figures and rules stay whole."""
    for key, value in changes.items():
        if isinstance(value, Mapping) and not ({"value", "name"} & value.keys()):
            yield from _flat(value, (*above, key))
        else:
            yield (*above, key), value
