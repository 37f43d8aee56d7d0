"""From a file or a document to a scenario: reading, overrides, variants, and what the model makes of them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sim.errors import InputError, InputErrors
from sim.figures import Figure
from sim.scenario import Scenario, canonical, load, parse_setting


@pytest.fixture
def file(tmp_path: Path, small_text: str) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(small_text, encoding="utf-8")
    return path


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load(path)
    return str(caught.value).replace(str(path), path.name)


def test_a_file_loads(file: Path) -> None:
    """A file becomes a scenario that is named after it and keeps its variants in order."""
    scenario = load(file)
    assert scenario.name == str(file)
    assert (scenario.variants, scenario.baseline, scenario.variant_name) == (
        ("central", "node-direct"),
        "central",
        None,
    )


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "x.toml: is empty; write the tables of a scenario; scenarios/ has examples"),
        (b"# nothing\n", "x.toml: is empty; write the tables of a scenario; scenarios/ has examples"),
        (b"\xff\xfe", "x.toml: is not UTF-8 at byte 0; save it as UTF-8 text"),
        (b"[run]\nseed = \n", "x.toml: line 2, column 8: is not TOML: Invalid value; mend it"),
        (b"[run]\nseed = 1\nseed = 2\n", "x.toml: line 3, column 9: is not TOML: Cannot overwrite a value; mend it"),
        (b'[run]\ntitle = "', "x.toml: line 2, column 10: is not TOML: Unterminated string; mend it"),
        (b"x = " + b"[" * 5000, "x.toml: is nested too deeply; a scenario needs a few levels of tables"),
    ],
)
def test_files_that_are_no_scenario(tmp_path: Path, content: bytes, line: str) -> None:
    """A file that cannot be read as TOML is refused with the place where reading stopped."""
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    assert refused(path) == line


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    """A missing file and a directory are kept apart."""
    assert refused(tmp_path / "x.toml") == "x.toml: no such file; check the path"
    assert refused(tmp_path) == f"{tmp_path.name}: is a directory; name a scenario file in it"


def test_a_document_nested_too_deeply_is_refused() -> None:
    """A document deeper than Python's stack is an input error, not a crash."""
    document: dict[str, Any] = {}
    for _ in range(100_000):
        document = {"run": document}
    with pytest.raises(InputError, match="nested too deeply"):
        Scenario.from_document(document)


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("run.runs=3", "run.runs", 3),
        ("links.wan.capacity=1 Gbit/s", "links.wan.capacity", "1 Gbit/s"),
        ('links.wan.capacity = "1 Gbit/s"', "links.wan.capacity", "1 Gbit/s"),
        ("policies.route=node-direct", "policies.route", "node-direct"),
        ("central.tls=false", "central.tls", False),
        ("policies.route=[{name='both', share=1}]", "policies.route", [{"name": "both", "share": 1}]),
        ("run.title=a = b", "run.title", "a = b"),
    ],
)
def test_settings_are_read_as_in_a_file(text: str, key: str, value: object) -> None:
    """The value of a setting is TOML, or else the bare text."""
    assert parse_setting(text) == (key, value)


@pytest.mark.parametrize("text", ["run.runs", "=3", "run.runs=", ""])
def test_settings_without_key_or_value(text: str) -> None:
    """A setting that names no key or no value is refused with an example."""
    with pytest.raises(InputError) as caught:
        parse_setting(text)
    assert str(caught.value) == f'--set: must be KEY=VALUE, got "{text}"; write for example run.runs=3'


def test_overrides_apply_before_variants(file: Path) -> None:
    """An override holds in the base and in every variant that does not change the same key."""
    scenario = load(file, {"nodes.n.count": 7, "policies.route": "both"})
    assert scenario.nodes["n"].count == scenario.variant("node-direct").nodes["n"].count == 7
    assert scenario.policies.route[0].name == "both"
    assert scenario.variant("node-direct").policies.route[0].name == "node-direct"


def test_a_bad_override_is_reported_like_a_bad_file(file: Path) -> None:
    """An override of an unknown key or without unit names the key and the value."""
    with pytest.raises(InputErrors) as caught:
        load(file, {"links.dal-was.capcity": "1 Gbit/s", "central.disk": 3})
    assert str(caught.value).replace(str(file), "small.toml").split("\n") == [
        'small.toml: links.dal-was.capcity: unknown key, got "1 Gbit/s"; did you mean "capacity"?',
        'small.toml: central.disk: a rate needs its unit, got 3; write a rate such as "10 Gbit/s"',
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"policies.sync.delay": "1 s"},
        {"policies": {"sync": {"delay": "1 s"}}},
        {"policies.sync": {"delay": "1 s"}},
        {"policies": {"sync.delay": {"value": "1 s", "source": "x"}}},
    ],
)
def test_dotted_keys_and_tables_mean_the_same(document: dict[str, Any], changes: dict[str, Any]) -> None:
    """A variant's keys may be quoted paths, nested tables, or both; what they do not name stays."""
    document["policies"] = {"sync": {"workers": 3}}
    document["variants"]["quick"] = changes
    sync = Scenario.from_document(document).variant("quick").policies.sync
    assert (sync.delay_s, sync.workers) == (1.0, 3)


def test_a_key_replaces_its_alternatives(document: dict[str, Any]) -> None:
    """A delay takes the place of the file's rtt, and one direction's rate leaves the other as it was."""
    link = Scenario.from_document(
        document, overrides={"links.dal-was.delay": "1 ms", "links.dal-was.up": "1 Gbit/s"}
    ).links["dal-was"]
    assert (link.delay_s, link.up_Bps, link.down_Bps) == (0.001, 1.25e8, 1.25e9)
    image = Scenario.from_document(document, overrides={"images.http.rom": True}).images["http"]
    assert image.is_rom


def test_parameters_of_a_rule_can_be_overridden(document: dict[str, Any]) -> None:
    """A key below a rule changes that rule's parameter; a rule as a whole replaces the one that was there."""
    document["policies"] = {"route": {"name": "direct-below", "size": "10 MB"}}
    scenario = Scenario.from_document(document, overrides={"policies.route.size": "20 MB"})
    assert scenario.policies.route[0].parameters.model_dump(by_alias=True) == {"size": 20_000_000}
    assert scenario.variant("central").policies.route[0].name == "central"
    document["policies"] = {"route": [{"name": "central", "share": 1}, {"name": "both", "share": 3}]}
    document["variants"] = {"half": {"policies.route.1.share": 1}, "central": {}}
    mix = Scenario.from_document(document).variant("half").policies.route
    assert [(choice.name, choice.share) for choice in mix] == [("central", 1.0), ("both", 1.0)]


def test_an_unknown_variant_is_refused(document: dict[str, Any]) -> None:
    """Asking for a variant that is not there suggests the near one."""
    with pytest.raises(InputError) as caught:
        Scenario.from_document(document, "small.toml", variant="node-dirct")
    assert str(caught.value) == 'small.toml: unknown variant, got "node-dirct"; did you mean "node-direct"?'


def test_figures_keep_what_they_rest_on(document: dict[str, Any]) -> None:
    """A figure's text, source, assumption and range are kept by path, and an override says that it is one."""
    scenario = Scenario.from_document(document, overrides={"run.seed": 5})
    assert scenario.figures == {
        "run.seed": Figure(5, "override"),
        "links.dal-was.rtt": Figure("31.5 ms", "a table of round trips"),
        "links.dal-was.capacity": Figure("10 Gbit/s", assumption=True, range=("1 Gbit/s", "100 Gbit/s")),
    }
    assert scenario.figures["links.dal-was.rtt"].value_text == "31.5 ms"
    assert scenario.variant("central").figures["policies.route"].source == "variant central"


def test_a_table_may_be_named_value(document: dict[str, Any]) -> None:
    """A table is a figure by its value, not by the word: a group may be called value."""
    document["nodes"] = {"value": {"site": "dal"}}
    assert Scenario.from_document(document).nodes["value"].count == 1


def test_rates_and_delays_have_one_form(document: dict[str, Any]) -> None:
    """A round trip is two delays, and a capacity is the rate of both directions."""
    link = Scenario.from_document(document).links["dal-was"]
    assert (link.delay_s, link.up_Bps, link.down_Bps, link.between) == (0.01575, 1.25e9, 1.25e9, ("dal", "was"))


def test_what_is_written_goes_before_a_default(document: dict[str, Any]) -> None:
    """A client's capacity replaces the default rates of both directions, and a delay the default round trip."""
    document["clients"]["dev"] |= {"capacity": "8 Gbit/s", "delay": "2 ms"}
    dev = Scenario.from_document(document).clients["dev"]
    assert (dev.up_Bps, dev.down_Bps, dev.delay_s) == (1e9, 1e9, 0.002)


def test_hosts_are_named_after_their_group(document: dict[str, Any]) -> None:
    """A group of several is numbered from 1; a group of one is its own name."""
    document["nodes"] = {"n": {"site": "dal", "count": 2}, "big": {"site": "was"}}
    scenario = Scenario.from_document(document)
    assert [name for name, _ in scenario.node_hosts()] == ["n1", "n2", "big"]
    assert [(name, group.profile) for name, group in scenario.client_hosts()] == [
        ("dev1", "kraftkit"),
        ("dev2", "kraftkit"),
        ("dev3", "kraftkit"),
    ]
    assert next(scenario.hosts()) == ("central", scenario.central)


@pytest.mark.parametrize(("shape", "link"), [("metros", "n20"), ("star", "hub-n20"), ("star", "hub-central")])
def test_generated_links_can_be_overridden(document: dict[str, Any], shape: str, link: str) -> None:
    """A link without ends overrides the link of that name which the shape generates."""
    document["topology"] = {"shape": shape}
    document["links"][link] = {"up": "1 Gbit/s"}
    override = Scenario.from_document(document).links[link]
    assert (override.between, override.up_Bps, override.down_Bps, override.delay_s) == (None, 1.25e8, None, None)


def test_a_star_needs_no_sites() -> None:
    """Where every host hangs on one hub, no site is needed."""
    star = {
        "topology": {"shape": "star"},
        "nodes": {"n": {}},
        "clients": {"c": {}},
        "images": {"rom": {"rootfs": "1 MB"}},
    }
    assert Scenario.from_document(star).central.site is None


def test_a_mix_of_rules_keeps_order_and_shares(document: dict[str, Any]) -> None:
    """A mix of rules is a tuple in the file's order; a rule alone has share 1."""
    document["policies"] = {"route": [{"name": "node-direct", "share": 0.7}, {"name": "central"}], "fanout": "peer"}
    policies = Scenario.from_document(document).policies
    assert [(choice.name, choice.share) for choice in policies.route] == [("node-direct", 0.7), ("central", 1.0)]
    assert policies.fanout.name == "peer"


def test_a_scenario_is_frozen(document: dict[str, Any]) -> None:
    """Nothing in a scenario can be assigned to."""
    scenario = Scenario.from_document(document)
    with pytest.raises(ValidationError, match="frozen"):
        scenario.run.seed = 3


def test_loading_leaves_the_document_alone(document: dict[str, Any], small_text: str) -> None:
    """Neither overrides nor repairs reach back into the document that was given."""
    before = repr(document)
    Scenario.from_document(document, overrides={"links.dal-was.delay": "1 ms"})
    with pytest.raises(InputErrors):
        Scenario.from_document(document, overrides={"links.dal-was.delay": "1"})
    assert repr(document) == before


def test_a_scenario_travels_between_processes(document: dict[str, Any]) -> None:
    """A pickled scenario is the same scenario, with its figures and its variants."""
    scenario = Scenario.from_document(document, "small.toml").variant("node-direct")
    again = pickle.loads(pickle.dumps(scenario))
    assert again == scenario
    assert canonical(again.variant("central")) == canonical(scenario.variant("central"))


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda document: document["run"].update(title="x", runs=3), True),
        (lambda document: document["links"]["dal-was"].update(rtt="0.0315 s"), True),
        (lambda document: document["links"]["dal-was"].update(rtt="31.6 ms"), False),
        (lambda document: document["run"].update(seed=2), False),
        (lambda document: document.update(policies={"route": {"name": "direct-below", "size": "1 MB"}}), False),
    ],
)
def test_canonical_text_is_equal_when_the_run_is(
    document: dict[str, Any], change: Callable[[dict[str, Any]], None], same: bool
) -> None:
    """The canonical text follows what a run depends on, and neither titles nor spellings of a figure."""
    before = canonical(Scenario.from_document(document))
    change(document)
    assert (canonical(Scenario.from_document(document)) == before) is same
