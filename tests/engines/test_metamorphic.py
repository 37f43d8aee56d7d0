"""Changes of a scenario that leave its answer as it is, or change it by a known factor, in whole scenarios at random.

None of these needs to know what the right answer is: units are only words, names are only names, a node that nobody
asks is nobody's business, what the same hosts do is the same however they are grouped, and a fluid that has twice the
capacity moves twice the bytes in the same time. Each is stated in the form in which it holds bit for bit.
"""

from __future__ import annotations

import tomllib
from copy import deepcopy
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings

import sim
from sim.scenario import Scenario
from sim.scenario.describe import show
from sim.scenario.keypath import dotted
from sim.scenario.model.entries import entries
from tests.engines import documents
from tests.engines.worlds import Document

FEW = settings(
    max_examples=settings.default.max_examples // 10,
    suppress_health_check=[*settings.default.suppress_health_check, HealthCheck.data_too_large,
                           HealthCheck.filter_too_much, HealthCheck.large_base_example],
)  # fmt: skip
#: Bytes that are far above an initial window, so that doubled they travel alike.
SMALL = {"config": "20 kB", "manifest": "20 kB", "index": "20 kB"}
TABLE = """time,client,app,rootfs
0,{one}1,x,
0,{one}2,y,3 MB
0.5,{two}1,z,
0.5,{two}2,x,1 MB
2,{one}2,y,
"""


def run(document: Document, overrides: dict[str, Any] | None = None) -> sim.Result:
    """A run by the reference, audited; `overrides` by dotted key."""
    asked = {"run.audit": True} | (overrides or {})
    return sim.run(Scenario.from_document(deepcopy(document), overrides=asked), engine="reference")


def question(**tables: Any) -> Document:
    """Two sites with two nodes each, four clients, listed deploys of which some meet on the way."""
    return {
        "run": {"duration": "60 s", "seed": 5},
        "topology": {"shape": "metros"},
        "sites": {"a": {}, "b": {}},
        "links": {"a-b": {"between": ["a", "b"], "capacity": "2 MB/s", "delay": "20 ms"}},
        "central": {"site": "b", "capacity": "4 MB/s", "delay": "5 ms", "disk": "8 MB/s"},
        "nodes": {"n": {"site": "a", "count": 2}, "m": {"site": "b", "count": 2}},
        "clients": {"d": {"site": "a", "count": 4, "up": "1 MB/s", "down": "2 MB/s", "delay": "10 ms"}},
        "images": {"app": {"kernel": "2 MB", "rootfs": "1 MB"} | SMALL},
        "demand": {"table": TABLE.format(one="d", two="d").replace("0.5,d1", "0.5,d3").replace("0.5,d2", "0.5,d4")},
        "policies": {"route": "node-direct", "sync": {"delay": "1 s"}},
    } | tables  # fmt: skip


def same(one: pd.DataFrame, other: pd.DataFrame, but: tuple[str, ...] = ()) -> None:
    """Two tables are equal to the last bit, but for columns of names."""
    for column in one:
        if column not in but:
            assert list(one[column].astype(object).fillna("")) == list(other[column].astype(object).fillna("")), column


@FEW
@given(documents.documents())
def test_units_are_only_words(made: Document) -> None:
    """A scenario as `show` writes it, all defaults written out and all units canonical, leaves the same rows."""
    scenario = documents.read(made)
    assume(scenario is not None)
    assert scenario is not None
    again = Scenario.from_document(tomllib.loads(show.text(scenario)))
    assert sim.run(again, engine="reference").digest == sim.run(scenario, engine="reference").digest


@pytest.mark.parametrize("changes", [
    {"run.duration": "1 min", "links.a-b.delay": "0.02 s", "policies.sync.delay": "1000 ms"},
    {"links.a-b.capacity": "16 Mbit/s", "images.app.kernel": "2000 kB", "clients.d.up": "8 Mbit/s"},
])  # fmt: skip
def test_a_quantity_may_be_written_in_any_unit(changes: dict[str, str]) -> None:
    """60 s are a minute, 2 MB/s are 16 Mbit/s, and 2 MB are 2000 kB."""
    assert run(question(), changes).digest == run(question()).digest


def doubled(document: Document) -> dict[str, Any]:
    """Overrides that double every size, and every rate in bytes per second, of a scenario."""
    scenario = Scenario.from_document(deepcopy(document))
    found = {}
    for entry in entries(scenario):
        noun = None if entry.quantity is None else entry.quantity.noun
        if noun in ("size", "rate") and entry.path[0] != "run" and isinstance(entry.value, int | float):
            found[dotted(entry.path)] = f"{2 * entry.value:.17g} {'B' if noun == 'size' else 'B/s'}"
    return found


@pytest.mark.parametrize("route", ["central", "node-direct", "both"])
def test_twice_the_bytes_at_twice_the_rates_take_the_same_time(route: str) -> None:
    """Where no round trip bounds a transfer everything is a fluid: with all sizes and all capacities doubled all
    instants are the same to the last bit, and every transfer has twice its bytes."""
    document = question(policies={"route": route, "sync": {"delay": "1 s"}})
    for line in (document["links"]["a-b"], document["central"], document["clients"]["d"], *document["nodes"].values()):
        line["delay"] = "0 s"
    document["demand"]["table"] = document["demand"]["table"].replace("3 MB", "").replace("1 MB", "")
    one, other = run(document), run(document, doubled(document))
    assert len(one.transfers) > 10
    assert list(other.transfers.size_bytes) == [2 * size_bytes for size_bytes in one.transfers.size_bytes]
    same(one.deploys, other.deploys, ("pushed_bytes", "pulled_bytes", "saved_bytes", "coalesced_bytes"))
    same(one.starts, other.starts, ("digest", "meant"))


@pytest.mark.parametrize("route", ["central", "node-direct", "both"])
@pytest.mark.parametrize("placement", ["sticky", "nearest", "one-per-site", "spread"])
def test_names_are_only_names(route: str, placement: str) -> None:
    """Nodes of other names, in an order of their own, do the same at the same times."""
    document = question(policies={"route": route, "placement": placement})
    renamed = deepcopy(document)
    renamed["nodes"] = {"zoo": document["nodes"]["n"], "ant": document["nodes"]["m"]}
    one, other = run(document), run(renamed)
    same(one.deploys, other.deploys)
    same(one.transfers, other.transfers, ("source", "target", "bound_by"))
    plain = [name for name in one.metrics if "link_utilisation" not in name]
    assert pd.Series(one.metrics)[plain].equals(pd.Series(other.metrics)[plain])


@pytest.mark.parametrize("route", ["central", "node-direct", "both"])
@pytest.mark.parametrize("placement", ["sticky", "nearest"])
def test_a_node_that_nobody_asks_changes_nothing(route: str, placement: str) -> None:
    """A node at a site of its own, farther than all others, that takes no copies: all rows of deploys and transfers
    are the same, and its own have no byte."""
    document = question(policies={"route": route, "placement": placement})
    larger = deepcopy(document)
    larger["sites"]["idle"] = {}
    larger["links"]["b-idle"] = {"between": ["b", "idle"], "capacity": "1 MB/s", "delay": "500 ms"}
    larger["nodes"]["far"] = {"site": "idle"}
    one, other = run(document), run(larger)
    for table in ("deploys", "transfers", "starts", "syncs"):
        same(getattr(one, table), getattr(other, table), ("lane",))
    idle = other.registries.set_index("registry").loc["far"]
    assert (idle.requests, idle.received_bytes, idle.sent_bytes, idle.stored_bytes) == (0, 0, 0, 0)


@pytest.mark.parametrize("route", ["central", "node-direct", "both"])
def test_a_population_in_two_halves_does_the_same(route: str) -> None:
    """Four clients of one site are the same four as two groups of two."""
    document = question(policies={"route": route})
    halves = deepcopy(document)
    group = halves["clients"].pop("d")
    halves["clients"] = {"e": group | {"count": 2}, "f": group | {"count": 2}}
    halves["demand"]["table"] = TABLE.format(one="e", two="f")
    one, other = run(document), run(halves)
    same(one.deploys, other.deploys, ("client", "repository"))
    same(one.transfers, other.transfers, ("source", "target", "bound_by", "lane"))


@FEW
@given(documents.documents())
def test_where_nothing_lags_nothing_is_stale(made: Document) -> None:
    """If every push goes to central, which shows it at once, and every node asks central before it starts, nothing
    starts from an older image than its tag means, whatever else is asked for."""
    made = {key: value for key, value in made.items() if key != "faults"}
    made["policies"] = made.get("policies", {}) | {"route": "central", "tags": {"check": "upstream"}}
    made["central"].pop("propagation", None)
    scenario = documents.read(made)
    assume(scenario is not None)
    assert scenario is not None
    assert sim.run(scenario, engine="reference").metrics["stale_starts"] == 0
