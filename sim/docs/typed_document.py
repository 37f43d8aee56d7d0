"""Writes `sim/document.py`, a scenario's tables as types, from the JSON Schema that editors have (`regsim schema`).

Left out: parameters of rules and shapes, which a mapping holds; the checks, which loading makes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from keyword import iskeyword
from typing import Any, Final

from sim.scenario.describe.schema import json_schema

_OPENING: Final = '''\
"""A scenario's tables as types, to write one in Python with completion and a checker; `sim.load` takes them.

    from sim.document import Document, Link, Site
    asked = Document(sites={"was": Site(), "fra": Site()}, links={"wan": Link(between=["was", "fra"])})

Each is a `dict` that knows its keys: `sim.load` checks it as it checks a file. A value is as in a file, or a `Figure`
that says what it rests on; times may be `timedelta`. Left out: the parameters of rules and of shapes, which a mapping
holds, as in `{"name": "nearest", ...}`.

Written by `python -m sim.docs` from the schema; a test holds that it still says the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Generic, Literal, Required, TypedDict, TypeVar, Union

# fmt: off

T = TypeVar("T")
#: An amount with its unit, "36 MiB", "10 Gbit/s", "35 ms"; times may be `timedelta`.
Quantity = str | timedelta
#: A rule by its name, with parameters, or a mix of such by their shares.
Rule = str | Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Figure(TypedDict, Generic[T], total=False):
    """A value that says what it rests on."""

    value: Required[T]
    source: str
    assumption: bool
    range: Sequence[T]


#: A value alone, or with what it rests on.
Value = Union[T, Figure[T]]  # noqa: UP007 - a type variable takes no `|` with a class that is generic
'''
_WIDTH: Final = 116


def source() -> str:
    """The module's text."""
    whole = json_schema()
    parts = [_OPENING, *(_class(name, each) for name, each in _ordered(whole["$defs"]))]
    parts.append(_class("Document", {**whole, "description": "A whole scenario."}))
    return "\n\n".join(part.rstrip() + "\n" for part in parts)


def _ordered(named: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """By name."""
    yield from sorted(named.items())


def _class(name: str, described: Mapping[str, Any]) -> str:
    first = " ".join(str(described.get("description", "")).split("\n\n")[0].split()) or f"The table {name}."
    words = [key for key in described["properties"] if iskeyword(key)]
    lines = []
    if words:  # which no class body takes as names
        kinds = {key: _type(described["properties"][key]) for key in words}
        needed = {
            key: f"Required[{kind}]" if key in described.get("required", ()) else kind for key, kind in kinds.items()
        }
        fields = ", ".join(f'"{key}": {kind}' for key, kind in needed.items())
        lines += [f'_{name}Words = TypedDict("_{name}Words", {{{fields}}}, total=False)', "", ""]
    base = f"_{name}Words" if words else "TypedDict"
    lines += [f"class {name}({base}, total=False):", *_wrapped(f'"""{first}"""'), ""]
    required = set(described.get("required", ()))
    for key, field in described["properties"].items():
        if key in words:
            continue
        about = " ".join(str(field.get("description", "")).split())
        lines += [f"    {line}" for line in textwrap.wrap(about, _WIDTH, initial_indent="#: ", subsequent_indent="#: ")]
        kind = _type(field)
        line = f"{key}: {f'Required[{kind}]' if key in required else kind}"
        lines += textwrap.wrap(line, _WIDTH, initial_indent="    ", subsequent_indent="        ")
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    """A docstring of one line, or of more where it is long."""
    if len(text) <= _WIDTH:
        return [f"    {text}"]
    words = textwrap.wrap(text.strip('"'), _WIDTH)
    return [f'    """{words[0]}', *(f"    {line}" for line in words[1:]), '    """']


def _type(field: Mapping[str, Any]) -> str:
    """How Python writes what a value may be."""
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "anyOf" in field:
        return _either([each for each in field["anyOf"] if each.get("type") != "null"])
    if "const" in field or "enum" in field:
        words = ", ".join(f'"{each}"' for each in field.get("enum", [field.get("const")]))
        return f"Literal[{words}]"
    kind = field.get("type")
    if kind == "string":
        return "Quantity" if "examples" in field else "str"
    if kind == "array":
        return f"Sequence[{_type(field.get('items', {}))}]"
    if kind == "object":
        inner = [*field.get("patternProperties", {}).values()]
        return f"Mapping[str, {_type(inner[0]) if inner else 'Any'}]"
    return {"number": "float", "integer": "int", "boolean": "bool"}.get(str(kind), "Any")


def _either(choices: list[Mapping[str, Any]]) -> str:
    """Several forms: a value or its figure, or a rule."""
    if any("name" in each.get("properties", {}) or "shape" in each.get("properties", {}) for each in choices):
        return "Rule" if any(each.get("type") == "string" for each in choices) else "Mapping[str, Any]"
    plain = [each for each in choices if not _is_figure(each)]
    kinds = list(dict.fromkeys(_type(each) for each in plain))
    kind = " | ".join(kinds)
    return f"Value[{kind}]" if len(plain) < len(choices) else kind


def _is_figure(choice: Mapping[str, Any]) -> bool:
    return set(choice.get("properties", {})) == {"value", "source", "assumption", "range"}
