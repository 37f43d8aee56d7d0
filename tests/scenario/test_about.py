"""Every key of a scenario says in one sentence what it is, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sim.figures import Table, setting
from sim.scenario.schema import json_schema


def described(schema: Mapping[str, Any], places: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """(path, description) of every key below a schema; of a key that leads to a table of its own, the table's too."""
    if "$ref" in schema:
        yield from described(places[schema["$ref"].split("/")[-1]], places, path)
    for key, part in schema.get("properties", {}).items():
        table = places[part["$ref"].split("/")[-1]] if "$ref" in part else {}
        yield f"{path}{key}", part.get("description") or table.get("description", "")
        yield from described(part, places, f"{path}{key}.")
    named = (schema.get("additionalProperties"), schema.get("items"), *schema.get("patternProperties", {}).values())
    for part in (part for part in named if isinstance(part, dict)):
        yield from described(part, places, f"{path}NAME.")
    for option in schema.get("anyOf", ()):
        # What a figure's table holds beside its value is the same for all.
        if not {"source", "assumption", "range"} <= option.get("properties", {}).keys():
            yield from described(option, places, path)


def test_every_key_says_what_it_is() -> None:
    """No key of the schema, of whatever table, rule or shape, is without its sentence."""
    schema = json_schema()
    found = list(described(schema, schema["$defs"]))
    assert {path for path, about in found if not about} == set()
    assert {"run.seed", "links.NAME.schedule.NAME.from", "policies.source.piece", "variants"} <= dict(found).keys()


def test_what_a_key_is_takes_one_sentence() -> None:
    """A sentence begins with a large letter, ends with a full stop, and fits on a line."""
    schema = json_schema()
    for path, about in described(schema, schema["$defs"]):
        assert about[0].isupper(), path
        assert about.endswith("."), path


def test_a_key_without_its_sentence_is_found() -> None:
    """The walk finds a key that says nothing, also in a table within a table."""

    class Inner(Table):
        silent: int = setting("silent", 1)

    class Outer(Table):
        inner: Inner = setting("inner", {}, about="A table.")

    schema = Outer.model_json_schema(by_alias=True)
    assert [path for path, about in described(schema, schema["$defs"]) if not about] == ["inner.silent"]
