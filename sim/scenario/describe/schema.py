"""The JSON Schema (draft 2020-12) of a scenario file, for editors: keys, units by example, defaults and sources.

It comes from the models, so it cannot say something else than they do; what it adds is that every single value may
also be a figure table. Left out: names and sums between tables, which only loading checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.scenario.model.root import ABOUT_VARIANTS, Model

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

# What is said of a property, not of its value.
_NOTES = ("default", "source", "assumption", "range", "title", "description")


def json_schema() -> dict[str, Any]:
    """The schema as dicts and lists, ready for `json.dumps`."""
    schema: dict[str, Any] = _with_figures(Model.model_json_schema(by_alias=True))
    schema["properties"]["variants"] = {
        "type": "object",
        "description": ABOUT_VARIANTS,
        "additionalProperties": {"type": "object"},
    }
    return {"$schema": _DIALECT, **schema, "title": "Scenario"}


def _with_figures(schema: Any) -> Any:
    """The schema in which every property that is one value may be a figure table too."""
    if isinstance(schema, list):
        return [_with_figures(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    changed = {key: _with_figures(part) for key, part in schema.items() if key != "properties"}
    if "properties" in schema:
        changed["properties"] = {key: _property(part) for key, part in schema["properties"].items()}
    return changed


def _property(schema: Mapping[str, Any]) -> Any:
    notes = {key: schema[key] for key in _NOTES if key in schema}
    value = {key: part for key, part in schema.items() if key not in notes}
    options = value.get("anyOf")
    if options and {"type": "null"} in options:
        # TOML has no null: what may be absent is just not required.
        value = next(option for option in options if option != {"type": "null"})
        notes.pop("default", None)
    if value.get("type") in ("object", "array") or not {"type", "enum", "const"} & value.keys():
        return _with_figures(value) | notes
    return {"anyOf": [value, _figure(value)]} | notes


def _figure(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "value": value,
            "source": {"type": "string"},
            "assumption": {"type": "boolean"},
            "range": {"type": "array", "items": value, "minItems": 2, "maxItems": 2},
        },
        "required": ["value"],
        "additionalProperties": False,
    }
