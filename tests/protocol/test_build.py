"""What `build` makes of scenarios: in the head for the small one, by what must hold for those that ship."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import numpy as np
import pytest

from sim import policies
from sim.policies.snapshot import PlacementView
from sim.protocol.build import DRAWS_AT_ONCE, Built, build
from sim.protocol.codes import BOTH, CENTRAL, INF, NEVER, NODE_DIRECT, START_ONLY
from sim.protocol.ops import warm, ways
from sim.protocol.ops.holdings import has_blob, has_image, tag_publish
from sim.protocol.ops.requests import CHECK, CLOSE, FIRST_CHECK, LOGIN_REQUESTS, N_LISTS, OPENING, PUBLISH
from sim.protocol.placing import Placing
from sim.protocol.state import LAYOUT
from sim.records import ArrayState, ObjectState
from sim.records.layout import used
from sim.runner import _demand
from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload.demand import Demand
from tests.protocol.growth import make_room

from . import shipped
from .small import MB, Deploy, demand, scenario

pytestmark = pytest.mark.integration

SEED = 5
#: What no shipped scenario has, or not with the rest.
MORE: dict[str, dict[str, Any]] = {
    "capped": {
        "policies.sync.job_rate": "3 MB/s", "policies.sync.target_rate": "5 MB/s", "policies.sync.leg_rate": "6 MB/s",
        "policies.sync.references": "series",
    },
    "cells": {"policies.placement": "spread", "demand.nodes": 3, "policies.elsewhere": 0.3},
    "weights": {"policies.placement": {"name": "weighted", "drawn": "deploy"}, "demand.nodes": 2},
    "sites": {"policies.placement": {"name": "n-per-site", "n": 2}, "demand.nodes": 5, "policies.elsewhere": 0.2},
    "near": {"policies.placement": "nearest", "demand.nodes": 2, "policies.dedup": "account"},
    "below": {"policies.route": {"name": "direct-below", "size": "3 MB"}, "policies.chunking": "content-defined"},
    "mixed": {
        "policies.route": [
            {"name": "central", "share": 0.3}, {"name": "node-direct", "share": 0.5}, {"name": "both", "share": 0.2},
        ],
    },
}  # fmt: skip


def built_of(name: str) -> tuple[Scenario, Built, Demand]:
    """A shipped scenario, or a harder one, and what is built of it."""
    own = MORE.get(name)
    chosen = shipped.scenario("metros-queues" if own else name, **(own or {}))
    asked = _demand(chosen, Streams(SEED))
    return chosen, build(chosen, asked, Streams(SEED)), asked


@pytest.fixture(scope="module", params=[*shipped.CASES, *MORE])
def made(request: pytest.FixtureRequest) -> tuple[Scenario, Built, Demand]:
    """One scenario after another."""
    return built_of(request.param)


class Ask(NamedTuple):
    """What a demand's columns say of one deploy; None where the scenario or the kind of image says it."""

    at_s: float
    app: int
    client: int
    kind: int
    kernel: int
    update: bool
    pushes: bool
    rootfs_bytes: int | None
    nodes: int | None


def one_by_one(asked: Demand) -> Iterator[Ask]:
    n = len(asked)
    client = asked.app_client[asked.app] if asked.client is None else asked.client
    kind = asked.app_kind[asked.app] if asked.kind is None else asked.kind
    optional = [
        [default] * n if column is None else column.tolist()
        for column, default in ((asked.pushes, True), (asked.rootfs_bytes, None), (asked.nodes, None))
    ]
    columns = [column.tolist() for column in (asked.at_s, asked.app, client, kind, asked.kernel, asked.update)]
    return map(Ask._make, zip(*columns, *optional, strict=True))


def test_registries_and_clients_are_as_they_are_written() -> None:
    """Service, workers, limits, disks and windows of the small scenario, and the requests of its client."""
    chosen = scenario(nodes=2, nodes__n__storage="5 MB", nodes__n__ttl="30 s", central__quota="7 MB")
    built = build(chosen, demand([Deploy(0.0)]), Streams(1))
    central, *nodes = built.tables["registries"]
    assert (central["request_s"], central["first_byte_s"], central["workers"], central["tls"]) == (0.01, 0.05, 100, 0)
    assert (central["capacity_bytes"], central["quota_bytes"], central["ttl_s"]) == (-1, 7 * MB, NEVER)
    assert [(row["first_byte_s"], row["capacity_bytes"], row["ttl_s"]) for row in nodes] == [(0.02, 5 * MB, 30.0)] * 2
    assert [row["bounded"] for row in (central, *nodes)] == [1, 1, 1]
    assert list(built.names.machines) == ["central", "n1", "n2", "dev"]
    assert built.tables["machines"]["window_bytes"].tolist() == [10**9] * 4
    number = built.tables["machines"]["profile"][3]
    client, counts = built.tables["profiles"][number], built.tables["request_counts"].reshape(-1, N_LISTS)[number]
    # As KraftKit: GET /v2/ and a token; HEAD, after two for the tags at first; POST; PATCH and PUT; manifest and index.
    lists = [LOGIN_REQUESTS, CHECK, FIRST_CHECK, OPENING, CLOSE, PUBLISH]
    assert (counts[lists].tolist(), client["pushes_at_once"]) == ([2, 1, 3, 1, 2, 2], 4)
    waits_s = built.tables["waits_s"][client["first_wait"] : client["first_wait"] + client["waits"]]
    assert waits_s.tolist() == [1.0, 3.0]


def test_ways_are_worked_out_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two nodes of the hub are 0.1 s apart, and a plain connection takes a round trip to open."""
    built = build(scenario(nodes=2), demand([Deploy(0.0)]), Streams(1))
    state: Any = ObjectState(LAYOUT, built.tables)
    monkeypatch.setattr(ways, "ask_host", lambda w, what, a, b, c: built.routes.work_out(w, a, b, c))
    assert ways.find_way(state, 2, 1, 0) == -1
    way = ways.way_of(state, 2, 1, 0)
    assert (ways.way_of(state, 2, 1, 0), ways.find_way(state, 2, 1, 0)) == (way, way)
    row = state.ways[way]
    assert (row.forth_s, row.back_s, row.round_trip_s, row.open_s) == pytest.approx((0.1, 0.1, 0.2, 0.2))
    up, down = ways.up_lane(state, way), ways.down_lane(state, way)
    assert [(state.lanes[lane].number, state.lanes[lane].narrowest_Bps) for lane in (up, down)] == [(0, MB), (1, MB)]
    links = state.lane_links[state.lanes[up].first_link : state.lanes[up].end_link]
    assert [built.names.links[link] for link in links][:2] == ["hub-n2-up", "hub-n1-down"]


def test_drawn_service_times_are_those_of_the_registrys_stream(made: tuple[Scenario, Built, Demand]) -> None:
    """Drawn a block at a time they are the same numbers as one by one."""
    chosen, built, _ = made
    state = ArrayState(LAYOUT, built.tables)
    hosts = [("central", chosen.central), *chosen.node_hosts()]
    for number, (name, group) in enumerate(hosts):
        assert state["registries"]["drawn"][number] == (group.service == "exponential")
        if group.service == "exponential":
            stream = Streams(SEED).generator("service", name)
            for _ in range(2):
                built.draws.refill(state, number)
                row = state["registries"][number]
                drawn = state["service_draws"][row["next_draw"] : row["end_draw"]]
                assert drawn.tolist() == [stream.standard_exponential() for _ in range(DRAWS_AT_ONCE)]


def test_deploys_are_what_is_asked_for(made: tuple[Scenario, Built, Demand]) -> None:
    """Each comes at its time, from its client, to nodes that there are, no two of them the same, by its route."""
    chosen, built, asked = made
    rows, nodes_there = built.tables["deploys"], len(built.tables["registries"]) - 1
    assert len(rows) == len(asked)
    for ask, row in zip(one_by_one(asked), rows, strict=True):
        assert (row["at_s"], row["kernel"], row["update"], row["name"]) == (ask.at_s, ask.kernel, ask.update, ask.app)
        assert row["client"] == 1 + nodes_there + ask.client
        nodes = built.tables["deploy_nodes"][row["first_node"] : row["first_node"] + row["nodes"]].tolist()
        assert len(nodes) == min(ask.nodes or chosen.demand.nodes, nodes_there) == len({*nodes})
        assert all(1 <= node <= nodes_there for node in [*nodes, row["pushed_to"]])
        assert row["route"] in ((CENTRAL, NODE_DIRECT, BOTH) if ask.pushes else (START_ONLY,))


def test_images_are_made_of_their_blobs(made: tuple[Scenario, Built, Demand]) -> None:
    """An image's blobs come to the sizes of its kind, with one config; those of one app share its kernel."""
    chosen, built, asked = made
    blobs, kinds = built.tables["blobs"], [*chosen.images.values()]
    kernels: dict[tuple[int, int], set[int]] = {}
    for ask, row in zip(one_by_one(asked), built.tables["deploys"], strict=True):
        if not ask.pushes:
            continue
        image = built.tables["images"][row["image"]]
        own = built.tables["image_blobs"][image["first_blob"] : image["first_blob"] + image["blobs"]].tolist()
        by_kind = {
            word: [at for at in own if blobs["content"][at] == code] for code, word in enumerate(("k", "r", "", "c"))
        }
        kind, size = kinds[ask.kind], sum(int(blobs["size_bytes"][at]) for at in by_kind["r"])
        if ask.rootfs_bytes is not None or chosen.demand.replay is None:
            assert size == (kind.rootfs_bytes if ask.rootfs_bytes is None else ask.rootfs_bytes)
        assert len(by_kind["c"]) == 1
        assert len(by_kind["k"]) == (not image["rom"])
        kernels.setdefault((ask.kind, ask.kernel), set()).update(by_kind["k"])
    assert all(len(found) <= 1 for found in kernels.values())


def test_ranks_order_images_as_their_digests(made: tuple[Scenario, Built, Demand]) -> None:
    """Publishes of one instant are told apart by their digests."""
    _, built, _ = made
    images = built.tables["images"]
    there = np.flatnonzero(images["blobs"]).tolist()
    by_rank = sorted(there, key=lambda image: int(images["rank"][image]))
    assert by_rank == sorted(there, key=lambda image: built.names.digests[image])


def test_what_is_there_at_the_start_is_whole(
    made: tuple[Scenario, Built, Demand], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a registry has at time 0 it has with all blobs, under its tag; with no limits, all that is due."""
    _, built, _ = made
    state: Any = ObjectState(LAYOUT, built.tables)
    monkeypatch.setattr(warm, "rows_are_low", lambda w: True)
    monkeypatch.setattr(warm, "ask_host", lambda w, *asked: make_room(w, 64))
    state.g.tasks_per_growth = 1  # so that room for one image is enough
    make_room(state, 64)
    warm.warm_up(state)
    for row in state.warm_places:
        there = has_image(state, row.registry, state.names[row.name].repository, row.image)
        assert there or state.registries[row.registry].bounded
        if there:
            image = state.images[row.image]
            own = state.image_blobs[image.first_blob : image.first_blob + image.blobs]
            assert all(has_blob(state, row.registry, state.names[row.name].repository, blob) for blob in own)
            assert state.publishes[tag_publish(state, row.registry, row.name)].image == row.image


def test_outages_come_in_the_order_in_which_they_begin(made: tuple[Scenario, Built, Demand]) -> None:
    """Links by both their directions, registries by their numbers."""
    chosen, built, _ = made
    rows = built.tables.get("outages", LAYOUT.rows("outages", 0))
    assert bool(len(rows)) == bool(chosen.faults)
    assert (np.diff(rows["from_s"]) >= 0).all()
    for row in rows:
        assert row["from_s"] < row["until_s"] <= INF
        if row["registry"] < 0:
            up, down = (built.names.links[row[end]] for end in ("link_up", "link_down"))
            assert up.removesuffix("-up") == down.removesuffix("-down")


def test_arrays_get_the_same_rows_as_objects() -> None:
    """Ways and lanes that the engine adds to a state of arrays are those of a state of objects."""
    (_, one, _), (_, other, _) = built_of("capped"), built_of("capped")
    objects, arrays = ObjectState(LAYOUT, one.tables), ArrayState(LAYOUT, other.tables)
    rng, registries, machines = np.random.default_rng(4), len(arrays["registries"]), len(arrays["machines"])
    asked = {(int(rng.integers(machines)), int(rng.integers(registries)) * int(rng.random() < 0.6)) for _ in range(150)}
    for source, target in sorted(asked):
        if source != target:
            copy = int(source < registries and rng.random() < 0.5)
            one.routes.work_out(objects, source, target, copy)
            other.routes.work_out(arrays, source, target, copy)
    for table in ("ways", "lanes", "lane_links"):
        assert len(used(arrays, table))
        assert used(objects, table).tolist() == used(arrays, table).tolist()
    assert objects["way_index"].tolist() == arrays["way_index"].tolist()


@pytest.mark.parametrize("cells", [True, False])
@pytest.mark.parametrize("rule", policies.names("placement"))
@pytest.mark.parametrize("drawn", ["app", "deploy"])
def test_many_deploys_are_placed_as_one_by_one(rule: str, drawn: str, cells: bool) -> None:
    """A rule that says which deploys it can't tell apart places them as if it were asked for each."""
    scenario = shipped.scenario("metros-peer")
    placing = build(scenario, Demand.nothing(), Streams(SEED)).placing
    module = policies.rule("placement", rule)
    values = {"drawn": drawn, "n": 2}
    parameters = module.Parameters(**{key: values[key] for key in module.Parameters.model_fields if key in values})
    known = [name for name, _ in scenario.client_hosts()]
    # The last ones are of the first's metro, and one of them is far from there.
    clients = [*zip(known, ("dal", "fra", "nowhere", "dal"), strict=False), (known[-1], "dal")]
    chosen = SimpleNamespace(place=module.place, **({"cell": module.cell} if cells else {}))
    weights = [float(at % 3) for at in range(len(placing.nodes))]
    one: Any = Placing(placing._graph, placing.nodes, weights, clients, cast(Any, chosen), parameters)
    rng, n = np.random.default_rng(1), 400
    client, wanted = rng.integers(len(clients), size=n), rng.integers(1, 5, size=n)
    app_draw = rng.random(40)[rng.integers(40, size=n)]
    app_draw[:3], deploy_draw = (0.0, 0.5, 1.0 - 2.0**-53), rng.random(n)
    found, answers = one.place_all(client, wanted, app_draw, deploy_draw)
    for at in range(n):
        draws = float(app_draw[at]), float(deploy_draw[at])
        assert answers[found[at]] == one.place(int(client[at]), int(wanted[at]), *draws)


@pytest.mark.parametrize("looks_from", [0.0, 0.5, 2.0])
def test_clients_of_a_metro_are_asked_about_together_unless_a_rule_looks_at_their_round_trips(
    looks_from: float,
) -> None:
    """A rule that goes by round trips from some draw on places each client's deploys by its own, and no other's."""
    scenario = shipped.scenario("metros-peer")
    placing = build(scenario, Demand.nothing(), Streams(SEED)).placing
    asked = []

    def place(view: PlacementView, parameters: Any) -> tuple[int, ...]:
        asked.append(view)
        if view.app_draw < looks_from:
            return view.nodes[:1]
        return (min(view.nodes, key=lambda node: view.round_trips_s[view.nodes.index(node)]),)

    known = [name for name, _ in scenario.client_hosts()]
    rule: Any = SimpleNamespace(place=place, cell=lambda view, parameters: view.app_draw)
    weights = [1.0] * len(placing.nodes)
    clients = [(known[0], "dal"), (known[-1], "dal")]
    one = Placing(placing._graph, placing.nodes, weights, clients, rule, None)
    client, app_draw = np.array([0, 1, 0, 1]), np.array([0.2, 0.2, 0.7, 0.7])
    found, answers = one.place_all(client, np.ones(4, np.int64), app_draw, np.zeros(4))
    count = len(asked)
    assert [answers[at] for at in found] == [
        one.place(who, 1, draw, 0.0) for who, draw in zip(client.tolist(), app_draw.tolist(), strict=True)
    ]
    assert len(set(answers)) == (1 if looks_from > 1.0 else 2)
    assert count == {2.0: 3, 0.5: 7, 0.0: 5}[looks_from]
