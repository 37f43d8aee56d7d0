"""Every key says in one sentence what it is, and what is reported of it is what schema and file say of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.figures import Table, setting
from sim.network.topology import shapes
from sim.network.topology.shapes._backbone import Backbone
from sim.scenario import Scenario
from sim.scenario.describe import explain, keys
from sim.scenario.describe.schema import json_schema
from sim.scenario.model import deploylist
from sim.scenario.model.demand import Demand

KEYS = sorted(keys.keys())


def described(schema: Mapping[str, Any], places: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """(path, description) of every key below a schema; of a key that leads to a table of its own, the table's too."""
    if "$ref" in schema:
        yield from described(places[schema["$ref"].split("/")[-1]], places, path)
    for key, part in schema.get("properties", {}).items():
        table = places[part["$ref"].split("/")[-1]] if "$ref" in part else {}
        yield f"{path}{key}", part.get("description") or table.get("description", "")
        yield from described(part, places, f"{path}{key}.")
    for part in (schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()):
        if isinstance(part, dict):
            yield from described(part, places, f"{path}NAME.")
    if "items" in schema:
        yield from described(schema["items"], places, f"{path}0.")
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


def test_every_key_of_the_schema_can_be_explained_and_no_other() -> None:
    """The walk over the model finds the keys that editors are reported of, with the same sentences."""
    schema = json_schema()
    reported = {path: about for path, about in described(schema, schema["$defs"]) if path.split(".")[0] != "variants"}
    for path, about in reported.items():
        assert about in explain.explained(path).about or path.endswith((".name", ".shape")), path
    assert set(KEYS) <= reported.keys() | {"thresholds.NAME", "policies.route.0.name"}


@pytest.mark.parametrize("key", KEYS)
def test_whatever_takes_a_value_is_fully_explained(key: str) -> None:
    """A key says what it is and what may be written; a default that is a claim says what it rests on."""
    found = explain.explained(key)
    assert found.about.endswith((".", ".)"))
    assert found.form
    assert found.default or not found.rests_on
    assert found.figure is None or found.rests_on
    assert found.key in explain.text(found)


def test_a_figure_is_explained_with_unit_default_source_range_and_what_the_file_has(document: dict[str, Any]) -> None:
    """All of a figure's key, as a reader checks it against the file: 10 Gbit/s there, assumed, in its range."""
    scenario = sim.load(document, {"variants.node-direct.links.dal-was.capacity": "1 Gbit/s"})
    found = explain.explained("links.dal-was.capacity", scenario)
    assert explain.text(found).splitlines() == [
        "links.NAME.capacity",
        "  What it carries each way.",
        "",
        '  write                   a rate such as "10 Gbit/s", at least 1 bit/s, at most 1000 Tbit/s',
        '  here                    "10 Gbit/s"  # assumption, range 1 Gbit/s to 100 Gbit/s',
        '  in variant node-direct  "1 Gbit/s"  # override',
    ]
    window = explain.explained("central.window", scenario)
    assert (window.default, window.figure and window.figure.range) == ('"6 MiB"', ("64 KiB", "64 MiB"))
    assert [value.is_default for value in window.values[None]] == [True]


def test_a_rule_is_explained_with_its_choices_and_what_each_variant_chose(document: dict[str, Any]) -> None:
    """The rules of a kind are listed with the sentence of each one's file, and its parameters with theirs."""
    found = explain.explained("policies.route", Scenario.from_document(document))
    assert {"central", "node-direct", "direct-below", "both"} <= found.choices.keys()
    assert found.choices["central"].startswith("Push to central;")
    assert found.keys["size"] == "Pushes that send fewer bytes than this go straight to the node. (Of direct-below.)"
    assert [value.text for value in found.values["node-direct"]] == ['"node-direct"']


def test_a_parameter_of_several_rules_is_explained_for_each() -> None:
    """The round trip of a mesh is none, that of a file's edges 10 ms: both are reported, with whose they are."""
    found = explain.explained("topology.rtt")
    joining = [name for name in shapes.names() if issubclass(shapes.parameters(name), Backbone)]
    assert {"mesh", "ring", "tree"} <= set(joining)
    assert f"(Of {', '.join(joining)}.)" in found.about
    assert "(Of graphml.)" in found.about
    assert found.default == '"10 ms" (Of graphml.)'
    assert found.figure is None


def test_a_star_stands_for_every_name(document: dict[str, Any]) -> None:
    """`sites.*`, `sites.NAME` and each name mean one key; the values are those of all names, or of the one."""
    scenario = Scenario.from_document(document)
    for key, count in (("clients.*.count", 1), ("clients.NAME.count", 1), ("clients.dev.count", 1)):
        found = explain.explained(key, scenario)
        assert found.key == "clients.NAME.count"
        assert len(found.values[None]) == count


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("demand.rte", 'unknown key, got "demand.rte"; did you mean "demand.rate"?'),
        ("demnd.rate", 'unknown key, got "demnd.rate"; did you mean "demand"?'),
        ("updates", 'unknown key, got "updates"; did you mean demand.updates or demand.streams.NAME.updates?'),
        ("links.dal-was.capacty", 'unknown key, got "links.dal-was.capacty"; did you mean "links.NAME.capacity"?'),
        ("nodes.x.count", 'small.toml has no nodes.x, got "nodes.x.count"; one of n'),
        ("demand.rate.value", 'unknown key, got "demand.rate.value"; demand.rate has no keys'),
    ],
)
def test_an_unknown_key_is_reported_with_the_near_one(key: str, line: str, document: dict[str, Any]) -> None:
    """A mistyped key, one without its table, and a name that the file lacks each get one line with the remedy."""
    with pytest.raises(sim.InputError) as refused:
        explain.explained(key, Scenario.from_document(document, "small.toml"))
    assert str(refused.value) == f"--explain: {line}"


def test_what_stands_in_a_variant_is_what_stands_in_a_scenario(document: dict[str, Any]) -> None:
    """A key below a variant is explained as the key itself; the table of variants has its own sentence."""
    scenario = Scenario.from_document(document)
    assert explain.explained("variants.central.demand.rate", scenario) == explain.explained("demand.rate", scenario)
    for key in ("variants", "variants.central"):
        assert explain.explained(key, scenario).about.startswith("What is compared, by name")


@given(st.text(max_size=30))
def test_any_text_is_a_key_or_a_line(key: str) -> None:
    """Whatever is asked for is explained or refused in one line."""
    try:
        reported = explain.text(explain.explained(key))
    except sim.InputError as error:
        reported = str(error)
    assert reported.startswith((key.replace(".*", ".NAME"), "--explain: unknown key, got ")) or "NAME" in reported


def test_keys_stand_under_the_names_of_a_file(document: dict[str, Any]) -> None:
    """With a document each key has the names that it gives; without, a stand-in for them."""
    found = set(keys.keys(document))
    assert {"nodes.n.count", "links.dal-was.rtt", "sites.was.latitude", "demand.rate", "policies.route"} <= found
    assert "nodes.NAME.count" not in found
    assert "nodes.NAME.count" in KEYS


def test_what_a_table_of_deploys_may_say_is_reported() -> None:
    """The key of a table of deploys names every column that is read."""
    about = Demand.model_fields["table"].description or ""
    assert [name for name in deploylist._READ if name not in re.split("[ ,.]+", about)] == []
