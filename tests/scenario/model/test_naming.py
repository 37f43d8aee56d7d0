"""What hosts, places and links are called: any legal keys go together, and every name means one thing."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.network.topology import shapes
from sim.network.topology.shapes import Span
from sim.protocol.spans import spans_of
from sim.scenario import Scenario, canonical
from sim.scenario.describe import show
from sim.scenario.model.naming import Group, apart

#: Keys that meet each other in every way: as keys, as numbered hosts, as links between sites, as words of the program.
KEYS = (
    "central1",
    "a",
    "a-b",
    "b",
    "b-c",
    "c",
    "a-b-c",
    "n",
    "n1",
    "n11",
    "1",
    "fra",
    "fra-n",
    "central",
    "hub",
    "nodes",
    "sites",
)
keys = st.sampled_from(KEYS)
SHAPES = ("metros", "star", "ring", "mesh", "tree")


def asked(
    sites: list[str], nodes: dict[str, int], clients: dict[str, int], links: list[str], shape: str
) -> dict[str, Any]:
    """A scenario of those keys: groups in turn at the sites, the sites joined in a row by the links."""
    place = {site: f"sites/{site}" for site in sites}
    joined = pairwise(sites)
    return {
        "topology": {"shape": shape} | ({} if shape in ("metros", "star") else {"rtt": "20 ms"}),
        "sites": {site: {} for site in sites},
        "links": {
            key: {"between": [place[a], place[b]], "rtt": "30 ms", "capacity": "10 Gbit/s"}
            for key, (a, b) in zip(links, joined, strict=False)
        },
        "central": {"site": sites[0]},
        "nodes": {key: {"site": sites[at % len(sites)], "count": nodes[key]} for at, key in enumerate(nodes)},
        "clients": {key: {"site": sites[-1], "count": count} for key, count in clients.items()},
        "images": {"http": {"rootfs": "1.3 MB"}},
        "demand": {"rate": "1000/day", "apps": 3},
        "run": {"duration": "3 min"},
    }  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Sites, groups and links of any keys, the same ones in several tables where it so falls."""
    shape = draw(st.sampled_from(SHAPES))
    sites = draw(st.lists(keys, min_size=3, max_size=4, unique=True))
    groups = st.dictionaries(keys, st.sampled_from((1, 2, 11)), min_size=1, max_size=4)
    links = draw(st.lists(keys, min_size=len(sites) - 1, max_size=len(sites) - 1, unique=True))
    return asked(sites, draw(groups), draw(groups), links, shape)


def means_one_thing(scenario: Scenario) -> None:
    """What must hold of the names of any scenario."""
    hosts = [name for name, _ in scenario.hosts()]
    spans = spans_of(scenario)
    places = {end for span in spans for end in (span.a, span.b)} - set(hosts)
    assert len(set(hosts)) == len(hosts)
    assert places <= {*scenario.sites, "sites/central", "hub"}
    assert len({span.name for span in spans}) == len(spans)
    graph = shapes.graph(spans)
    for name in hosts[1:]:
        route = graph.route(name, "central")
        ends = [graph.links[at] for at in route.links]
        assert (ends[0].tail, ends[-1].head) == (name, "central")
        # Whoever means the host or its line by name or by path means this one.
        path = scenario.host_names.paths[name]
        assert scenario.places_meant(path) == (name,)
        assert scenario.places_meant(name) == (name,)
        assert scenario.link_names.of_shape(path) == (ends[0].name.removesuffix("-up"),)


@settings(max_examples=3 * settings.default.max_examples)
@given(documents())
def test_any_keys_go_together_and_every_name_means_one_thing(document: dict[str, Any]) -> None:
    """Hosts, places and links have names of their own whatever the keys, and each host is reached over its own line."""
    means_one_thing(Scenario.from_document(document))


@settings(max_examples=settings.default.max_examples // 6)
@given(documents())
def test_worlds_run_whatever_the_keys(document: dict[str, Any]) -> None:
    """Deploys end, and the invariants of the world hold, where every table uses the same words."""
    audited = document | {"run": {"duration": "3 min", "audit": True}}
    assert sim.run(Scenario.from_document(audited)).metrics["failed_deploys"] == 0


@settings(max_examples=settings.default.max_examples // 2)
@given(documents())
def test_a_resolved_scenario_keeps_its_names(document: dict[str, Any]) -> None:
    """What `show` prints loads again to the same hosts and links, paths and all."""
    scenario = Scenario.from_document(document)
    path = next(iter(scenario.host_names.paths.values()))
    if scenario.topology.name != "star":
        scenario = scenario.with_({"links": {path: {"price": "1 USD/GB"}}})
    again = sim.load(tomllib.loads(show.text(scenario)))
    assert canonical(again) == canonical(scenario)
    assert spans_of(again) == spans_of(scenario)


SAME = asked(["fra", "was"], {"fra": 1}, {"fra": 1, "central": 1}, ["fra"], "metros")


def test_one_word_may_stand_in_every_table() -> None:
    """A site, a node, a client and a link called fra: the site and the link keep it, hosts have their paths."""
    scenario = Scenario.from_document(SAME)
    assert [name for name, _ in scenario.hosts()] == ["central", "nodes/fra", "clients/fra", "clients/central"]
    assert [span.name for span in spans_of(scenario)] == [
        "central", "nodes/fra", "clients/fra", "clients/central", "fra",
    ]  # fmt: skip
    result = sim.run(scenario, seed=3)
    assert set(result.deploys["site"]) == {"was"}
    assert set(result.starts["node"]) == {"nodes/fra"}
    assert set(result.deploys["client"]) <= {"clients/fra", "clients/central"}


def test_numbers_do_not_make_two_hosts_one() -> None:
    """Group n of eleven and group n1 of one both have a host n1 by number: both are called by their paths."""
    nodes = {"n": 11, "n1": 1, "m": 2}
    scenario = Scenario.from_document(asked(["dal", "was"], nodes, {"dev": 1}, ["wan"], "metros"))
    names = [name for name, _ in scenario.node_hosts()]
    assert names == [*(f"nodes/n/{number}" for number in range(1, 12)), "nodes/n1", "m1", "m2"]
    assert scenario.registries_meant("n1") == ("nodes/n/1", "nodes/n1")
    assert scenario.registries_meant("n2") == ("nodes/n/2",)


def test_a_name_that_means_two_things_is_asked_about() -> None:
    """A fault on n1, where that may be either of two hosts, is refused with both; a path or a clear name will do."""
    nodes = {"n": 11, "n1": 1}
    document = asked(["dal", "was"], nodes, {"dev": 1}, ["wan"], "metros")
    broken = {"kind": "registry-down", "at": "1 min"}
    with pytest.raises(sim.InputError) as refused:
        Scenario.from_document(document | {"faults": {"f": broken | {"target": "n1"}}})
    assert str(refused.value) == (
        'scenario: faults.f.target: may mean nodes/n/1 or nodes/n1, got "n1"; write which of these'
    )
    clear = Scenario.from_document(document | {"faults": {"f": broken | {"target": ["nodes/n/1", "n2"]}}})
    assert len(sim.run(clear).deploys)


def test_a_group_of_one_answers_to_its_number() -> None:
    """What names a host dal1 holds for a group of one too, so that a count may be varied down to 1."""
    document = asked(["dal", "was"], {"dal": 3}, {"dev": 1}, ["wan"], "metros")
    document["faults"] = {"f": {"kind": "link-down", "target": "dal1", "at": "1 min"}}
    document["links"]["dal1"] = {"price": "1 USD/GB"}
    for count, name in ((3, "dal1"), (1, "nodes/dal")):
        scenario = Scenario.from_document(document, overrides={"nodes.dal.count": count, "policies.create": "at-once"})
        assert next(scenario.node_hosts())[0] == name
        priced = [span.name for span in spans_of(scenario) if span.price_usd_per_byte]
        assert priced == [name]
        assert sim.run(scenario).metrics["failed_deploys"] == 0


def test_central_may_be_a_site_and_a_group_too() -> None:
    """Central's host keeps its name, the site is another place, and the group's paths and lines are its own."""
    scenario = Scenario.from_document(asked(["central", "was"], {"central1": 1}, {"central": 2}, ["wan"], "metros"))
    assert [name for name, _ in scenario.hosts()] == [
        "central", "nodes/central1", "clients/central/1", "clients/central/2",
    ]  # fmt: skip
    assert [(span.name, span.b) for span in scenario.generated()] == [
        ("central", "sites/central"), ("nodes/central1", "sites/central"),
        ("clients/central/1", "was"), ("clients/central/2", "was"),
    ]  # fmt: skip


def test_a_site_is_no_word_for_its_links() -> None:
    """Even where one link alone leads to a site, or one host alone is there, the site's name overrides neither."""
    document = asked(["dal", "was"], {"n": 1}, {"dev": 1}, ["wan"], "metros")
    for site in ("dal", "was"):
        with pytest.raises(sim.InputError, match=f"links.{site}: metros generates no such link to override"):
            Scenario.from_document(document | {"links": document["links"] | {site: {"price": "1 USD/GB"}}})


def test_an_account_that_somebody_wrote_is_nobody_elses() -> None:
    """The second client would have org1 for its account; where a group writes that one, it gets another."""
    document = asked(["dal", "was"], {"n": 1}, {"dev": 3}, ["wan"], "metros")
    document["clients"]["team"] = {"site": "dal", "account": "org1"}
    document["demand"] = {"rate": "100000/day", "apps": 50}
    deploys = sim.run(Scenario.from_document(document), seed=1).deploys
    accounts = deploys["repository"].str.split("/").str[0]
    assert set(accounts[deploys["client"] == "team"]) == {"org1"}
    assert "org1" not in set(accounts[deploys["client"] != "team"])
    assert len(set(accounts)) == 4


def test_a_host_of_a_group_is_reported_from_those_of_names_that_begin_alike() -> None:
    """Numbers count from 1 up to the group's size, without zeros in front; nothing else is a host of it."""
    group = Group("nodes", "n", 11)
    assert [group.position(name) for name in ("n1", "n11", "n0", "n12", "n01", "n", "m1", "n1x")] == [
        0, 10, None, None, None, None, None, None,
    ]  # fmt: skip
    assert [group.position_at(path) for path in ("nodes/n/2", "nodes/n", "nodes/n2")] == [1, None, None]


def test_places_that_a_file_brings_are_no_hosts() -> None:
    """A node called as a place of the GraphML file is called by its path, and so is a site called central."""
    file = Path(__file__).parents[2] / "network" / "topology" / "shapes" / "three.graphml"
    document = asked(["dal", "was", "fra"], {"New-York": 1, "was": 2}, {"dev": 1}, [], "graphml")
    document["topology"] = {"shape": "graphml", "file": str(file)}
    scenario = Scenario.from_document(document)
    assert [name for name, _ in scenario.node_hosts()] == ["nodes/New-York", "was1", "was2"]
    assert scenario.places_meant("New-York") == ("New-York",)
    assert sim.run(scenario).metrics["failed_deploys"] == 0


def test_parallel_links_of_one_name_are_numbered() -> None:
    """Two generated links between the same sites under a name that another link has: by their sites, then a number."""
    spans = [
        Span("a-b", "a", "b", 1.0, 1.0, 0.0),
        Span("a-b", "a", "b", 1.0, 1.0, 0.0),
        Span("x", "a", "b", 1.0, 1.0, 0.0),
    ]
    assert [span.name for span in apart(spans, {}, ())] == ["sites/a/b", "sites/a/b/2", "x"]
    assert [span.name for span in apart(spans[1:], {}, ())] == ["a-b", "x"]
    assert [span.name for span in apart(spans[1:], {}, ["a-b"])] == ["sites/a/b", "x"]
