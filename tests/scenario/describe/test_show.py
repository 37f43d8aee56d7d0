"""The resolved scenario as text, its schema for editors, and where every default comes from."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from sim.figures import default_figure, quantity_of
from sim.scenario import Scenario, canonical
from sim.scenario.describe import schema, show
from sim.scenario.keypath import dotted
from sim.scenario.model import hosts as tables

MIXES: list[Any] = [
    "node-direct",
    {"name": "direct-below", "size": "10 MB"},
    [{"name": "central", "share": 0.3}, {"name": "direct-below", "size": "1 MB", "share": 0.7}],
]


@pytest.mark.parametrize("route", MIXES)
@pytest.mark.parametrize("variant", [None, "central"])
def test_shown_text_loads_to_the_same_scenario(document: dict[str, Any], route: Any, variant: str | None) -> None:
    """What `show` prints is a scenario file that means the same, whether or not a variant was asked for."""
    document["run"]["title"] = 'quotes " and \\ and\ttabs'
    document["policies"] = {"route": route}
    document["sites"]["dal"] = {"latitude": 32.8}
    document["demand"] = {"kernel_release": {"at": "1 h"}}
    scenario = Scenario.from_document(document, variant=variant)
    again = Scenario.from_document(tomllib.loads(show.text(scenario)))
    assert canonical(again) == canonical(scenario)
    assert again.variants == scenario.variants
    assert canonical(again.variant("node-direct")) == canonical(scenario.variant("node-direct"))


def test_shown_text_names_sources_and_defaults(document: dict[str, Any]) -> None:
    """Each figure stands in canonical units with what it rests on beside it; a default says that it is one."""
    lines = show.text(Scenario.from_document(document, "small.toml", overrides={"run.seed": 7})).split("\n")
    assert lines[0] == "# small.toml"
    assert 'rtt = "31.5 ms"         # a table of round trips' in lines
    assert 'capacity = "10 Gbit/s"  # assumption, range 1 Gbit/s to 100 Gbit/s' in lines
    assert any(line.split("  # ") == ["seed = 7", "override"] for line in map(_squeezed, lines))
    assert any(
        line.split("  # ") == ["workers = 32", "default, assumption, range 4 to 256"] for line in map(_squeezed, lines)
    )


def test_no_source_breaks_the_line_that_it_stands_on(document: dict[str, Any]) -> None:
    """A source with a control character in it is shown escaped, and the text loads all the same."""
    document["links"]["dal-was"]["rtt"]["source"] = "a table\x08 of\nround trips"
    shown = show.text(Scenario.from_document(document))
    assert r"a table\x08 of\nround trips" in shown
    assert Scenario.from_document(tomllib.loads(shown)).links["dal-was"].delay_s == 31.5e-3 / 2


def _squeezed(line: str) -> str:
    value, mark, comment = line.partition("  #")
    return f"{value.rstrip()}{mark}{comment}"


def test_resolved_values_are_one_each(document: dict[str, Any]) -> None:
    """A value that an alternative replaces is not listed, and no path is listed twice."""
    document["clients"]["dev"] |= {"capacity": "1 Gbit/s"}
    document["nodes"]["n"] |= {"up": "1 Gbit/s", "down": "2 Gbit/s", "delay": "1 ms"}
    paths = [dotted(value.path) for value in show.resolved(Scenario.from_document(document))]
    assert len(set(paths)) == len(paths)
    lines = {"capacity", "up", "down", "rtt", "delay"}
    assert {path for path in paths if path.startswith(("clients", "nodes")) and path.split(".")[-1] in lines} == {
        "clients.dev.capacity",
        "clients.dev.rtt",
        "nodes.n.up",
        "nodes.n.down",
        "nodes.n.delay",
    }


def models() -> Iterator[type[BaseModel]]:
    for value in vars(tables).values():
        if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == tables.__name__:
            yield value


#: Defaults that are decisions of whoever asks, not claims about the world.
SETTINGS = {
    ("Run", key)
    for key in ("title", "duration", "seed", "runs", "baseline", "detail", "audit", "warm_up", "steady_state")
} | {(group, key) for group in ("NodeGroup", "ClientGroup", "Image") for key in ("count", "share", "profile", "weight")}


@pytest.mark.parametrize("model", list(models()), ids=lambda model: model.__name__)
def test_every_default_names_its_source(model: type[BaseModel]) -> None:
    """Every default that claims something about the world has a source or is an assumption, and lies in its range."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        if field.is_required() or field.default is None or field.default == {} or (model.__name__, key) in SETTINGS:
            continue
        figure = default_figure(field)
        assert figure is not None, f"{model.__name__}.{key}"
        assert figure.source or figure.assumption
        quantity = quantity_of(field)
        if figure.range is not None:
            assert quantity is not None
            low, high = (quantity.read(limit) for limit in figure.range)
            assert low <= quantity.read(figure.value) <= high


def test_the_schema_is_a_json_schema() -> None:
    """The schema is valid by the metaschema of draft 2020-12, and plain JSON."""
    jsonschema.Draft202012Validator.check_schema(json.loads(json.dumps(schema.json_schema())))


@pytest.mark.parametrize("route", MIXES)
def test_the_schema_takes_what_loading_takes(document: dict[str, Any], route: Any) -> None:
    """A scenario that loads is valid by the schema, as written and as shown."""
    document["policies"] = {"route": route}
    validator = jsonschema.Draft202012Validator(schema.json_schema())
    shown = tomllib.loads(show.text(Scenario.from_document(document)))
    assert [error.message for given in (document, shown) for error in validator.iter_errors(given)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("run.sed", 3),
        ("central.disk", 3),
        ("central.disk", {"value": "1 GB/s", "sorce": "x"}),
        ("central.tls", "yes"),
        ("central.workers", 0),
        ("policies.route", "central-ish"),
        ("policies.route", {"name": "central", "size": "1 MB"}),
        ("demand.updates", 2),
        ("topology.shape", "blob"),
        ("node", {}),
    ],
)
def test_the_schema_refuses_what_an_editor_should_underline(document: dict[str, Any], path: str, value: Any) -> None:
    """Mistyped keys, wrong types, unknown choices and numbers out of bounds are invalid by the schema."""
    table = document
    *above, key = path.split(".")
    for name in above:
        table = table.setdefault(name, {})
    table[key] = value
    assert not jsonschema.Draft202012Validator(schema.json_schema()).is_valid(document)


def test_what_a_key_is_about_is_its_description_in_the_schema() -> None:
    """The sentence that a field says of itself stands once beside its key, whether a figure or a setting."""
    places = schema.json_schema()["$defs"]
    assert places["Site"]["properties"]["latitude"]["description"].startswith("Degrees north")
    assert places["Central"]["properties"]["window"]["description"].startswith("The most that one TCP connection")
