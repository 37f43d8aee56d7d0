"""One way to make a scenario and one way to change it, both whole and checked; all others are closed."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.experiment import rerun
from sim.figures import Figure
from sim.manifest import manifest
from sim.scenario import Scenario, canonical

pytestmark = pytest.mark.integration

TINY = {"demand.rate": "2000/day", "run.duration": "30 min", "nodes.n.count": 2}


@pytest.fixture
def scenario(document: dict[str, Any]) -> Scenario:
    return sim.load(document, TINY)


def test_a_document_is_loaded_as_a_file_is(document: dict[str, Any], tmp_path: Path, small_text: str) -> None:
    """`load` takes the path of a file or the tables that would stand in it, and gives the same scenario."""
    path = tmp_path / "small.toml"
    path.write_text(small_text)
    assert canonical(sim.load(document)) == canonical(sim.load(path))
    assert sim.load(document, variant="node-direct").policies.route[0].name == "node-direct"


def test_a_change_holds_for_the_scenario_and_for_all_its_variants(scenario: Scenario) -> None:
    """What `with_` gives runs as changed, plain and by variant; the scenario that was asked stays as it was."""
    changed = scenario.with_({"nodes.n.count": 7, "demand": {"nodes": 3}})
    for one in (changed, *(changed.variant(name) for name in changed.variants)):
        assert (one.nodes["n"].count, one.demand.nodes) == (7, 3)
    assert set(sim.run(changed, variant="central").deploys["nodes"]) == {3}
    assert (scenario.nodes["n"].count, scenario.demand.nodes) == (2, 1)
    assert changed.name == scenario.name
    outcome = sim.compare(changed, runs=2, executor="serial")
    assert outcome.scenario.nodes["n"].count == 7


def test_changes_of_one_variant_go_before_what_it_writes(scenario: Scenario) -> None:
    """Of a variant its own values change, even such as the file has under a dotted key; the others stay."""
    changed = scenario.variant("central").with_({"policies": {"route": "both"}, "links.dal-was.delay": "1 s"})
    assert changed.variant_name == "central"
    assert changed.policies.route[0].name == "both"
    assert changed.links["dal-was"].delay_s == 1.0
    other = changed.variant("node-direct")
    assert other.policies.route[0].name == "node-direct"
    assert other.links["dal-was"].delay_s == 0.01575


WRITTEN: dict[str, dict[str, Any]] = {
    "dotted": {"policies.route": "central"},
    "tables": {"policies": {"route": "central"}},
    "both": {"policies": {"fanout": "peer"}, "policies.route": "central"},
}


@pytest.mark.parametrize("written", WRITTEN)
def test_a_change_reaches_into_a_variant_however_that_is_written(document: dict[str, Any], written: str) -> None:
    """A variant's dotted key and the same key by tables are one, for overrides and for `with_`."""
    document["variants"]["central"] = WRITTEN[written]
    changed = sim.load(document, {"variants.central.policies.route": "both"})
    assert changed.variant("central").policies.route[0].name == "both"
    changed = sim.load(document).variant("central").with_({"policies.route": "both"})
    assert changed.policies.route[0].name == "both"


def test_a_change_that_does_not_go_together_is_refused_with_all_its_faults(scenario: Scenario) -> None:
    """A site that there is none of, and a value without its unit: both are reported, as of a file."""
    with pytest.raises(sim.InputError) as refused:
        scenario.with_({"nodes.n.site": "nowhere", "links.dal-was.capacity": 5})
    assert [error.where for error in refused.value.errors] == [
        "scenario: links.dal-was.capacity", "scenario: nodes.n.site",
    ]  # fmt: skip
    with pytest.raises(sim.InputError, match=r"variant central: nodes\.n\.site: unknown site"):
        scenario.variant("central").with_({"nodes.n.site": "nowhere"})


@pytest.mark.parametrize("variant", [None, "node-direct"])
def test_what_was_changed_reruns_from_its_manifest(scenario: Scenario, variant: str | None, tmp_path: Path) -> None:
    """A manifest written after a change holds the change: the run made from it is the same, bit for bit."""
    changed = (scenario if variant is None else scenario.variant(variant)).with_(
        {"policies.sync.delay": timedelta(seconds=20), "nodes.n.count": np.int64(3)}
    )
    result = sim.run(changed, seed=5)
    text = json.dumps(manifest(changed, 5, {"digest": result.digest, "run": 0}))
    (tmp_path / "manifest.json").write_text(text)
    again = rerun.rerun(rerun.recorded(tmp_path), executor="serial")
    assert not again.differing


def test_python_values_are_as_good_as_text(scenario: Scenario) -> None:
    """A time, a numpy number, a flag, a list, a figure and a rule's table say what their text would."""
    changed = scenario.with_(
        {
            "run.duration": timedelta(hours=1, milliseconds=1),
            "nodes.n.count": np.int64(4),
            "demand.updates": np.float64(0.25),
            "run.audit": np.bool_(True),
            "links.dal-was.between": ("was", "dal"),
            "links.dal-was.capacity": Figure("2 Gbit/s", "measured", range=("1 Gbit/s", "3 Gbit/s")),
            "policies.route": [{"name": "central", "share": 1}, {"name": "node-direct", "share": np.float32(0.5)}],
        }
    )
    assert changed.run.duration_s == 3600.001
    assert (changed.nodes["n"].count, changed.demand.updates, changed.run.audit) == (4, 0.25, True)
    assert changed.links["dal-was"].between == ("was", "dal")
    assert changed.figures["links.dal-was.capacity"].source == "measured"
    assert [rule.share for rule in changed.policies.route] == [1.0, 0.5]
    assert json.loads(json.dumps(changed.document)) == changed.document


def test_none_takes_out_what_is_written(scenario: Scenario) -> None:
    """Without its key the default holds again; what is not there cannot be taken out, so a mistyped key is reported."""
    changed = scenario.with_({"demand.rate": None, "variants.node-direct": None})
    assert changed.demand.rate_per_s == sim.load(scenario.document, {"demand": {"rate": "50000/day"}}).demand.rate_per_s
    assert changed.variants == ("central",)
    with pytest.raises(sim.InputError, match=r"^scenario: rte: is not written.*did you mean \"rate\"\?$"):
        scenario.with_({"demand.rte": None})


DIRECT: dict[str, Callable[[Scenario], object]] = {
    "Scenario(**document)": lambda scenario: Scenario(**scenario.document),
    "Scenario()": lambda scenario: Scenario(),
    "model_validate": lambda scenario: Scenario.model_validate(scenario.document),
    "model_validate_json": lambda scenario: Scenario.model_validate_json(json.dumps(scenario.document)),
    "model_construct": lambda scenario: Scenario.model_construct(**dict(scenario)),
    "model_copy": lambda scenario: scenario.model_copy(update={"demand": scenario.demand}),
    "copy": lambda scenario: scenario.copy(update={"demand": scenario.demand}),
}


@pytest.mark.parametrize("way", DIRECT)
def test_the_other_ways_are_closed_and_say_which_is_open(scenario: Scenario, way: str) -> None:
    """What pydantic would do to a part of a scenario, unchecked, is refused with the way that is whole."""
    with pytest.raises(TypeError, match=r"use (sim\.load\(\.\.\.\)|scenario\.with_\(\{\.\.\.\}\))$"):
        DIRECT[way](scenario)


def test_nothing_within_a_scenario_can_be_set(scenario: Scenario) -> None:
    """Attributes, tables of named tables and the document that it shows are not ways into it."""
    with pytest.raises(ValueError, match="frozen"):
        scenario.demand = scenario.demand  # type: ignore[misc]
    for change in (
        lambda: scenario.sites.update(x=scenario.sites["was"]),  # type: ignore[attr-defined]
        lambda: scenario.sites.__setitem__("x", scenario.sites["was"]),  # type: ignore[attr-defined]
        lambda: scenario.nodes.pop("n"),  # type: ignore[attr-defined]
        lambda: scenario.links["dal-was"].schedule.clear(),  # type: ignore[attr-defined]
    ):
        with pytest.raises(TypeError, match="with_"):
            change()
    scenario.document["demand"]["rate"] = "1/day"
    assert scenario.variant("central").demand.rate_per_s == 2000 / 86400


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_is_as_whole_as_the_scenario(scenario: Scenario, again: Callable[[Scenario], Scenario]) -> None:
    """Copies and what travels to workers have the same tables, name, variants and rows."""
    for one in (scenario, scenario.variant("node-direct")):
        made = again(one)
        assert made == one
        assert (made.name, made.variants, made.variant_name) == (one.name, one.variants, one.variant_name)
        assert canonical(made.with_({"nodes.n.count": 3})) == canonical(one.with_({"nodes.n.count": 3}))
    assert sim.run(again(scenario), seed=2).digest == sim.run(scenario, seed=2).digest
