"""Rules that look at a deploy are asked as it begins: what they see is what is there, on either engine."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim import policies
from sim.engines.run import Engine, run
from sim.errors import InputError
from sim.policies.snapshot import Deploy as Seen
from sim.protocol import deciding
from sim.protocol.ops.holdings import counts_as_held, has_image
from sim.protocol.ops.platforms import own_begin, own_end
from sim.scenario import Scenario
from sim.scenario.model.choices import Choice
from sim.streams import Streams
from sim.tables.rows import digest
from sim.workload.demand import Demand
from tests.engines.worlds import world
from tests.protocol.small import App, Deploy, demand, scenario

ENGINES = ["reference", pytest.param("compiled", marks=pytest.mark.slow)]
OWN = Path(__file__).parents[1] / "policies" / "own"
_LOOKS = '''"""As {name}, which it is asked after a look."""

from sim.policies.{kind} import {module} as other
from sim.policies.{kind}.{module} import Parameters


def {function}(view, parameters):
    """As {name}."""
    view.deploy.at_s
    return other.{function}(view, parameters)
'''


@pytest.fixture(scope="module")
def looking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the placements and routes that ship, each of which looks at the deploy first."""
    folder = tmp_path_factory.mktemp("looking")
    for kind, function in (("placement", "place"), ("route", "decide")):
        (folder / kind).mkdir()
        for name in policies.names(kind):
            module = name.replace("-", "_")
            text = _LOOKS.format(kind=kind, name=name, module=module, function=function)
            (folder / kind / f"looking_{module}.py").write_text(text)
    return folder


def written(choice: Choice) -> dict[str, Any]:
    """A choice as a file has it, of the rule that looks."""
    given_ = choice.parameters.model_dump(by_alias=True)
    if choice.name == "direct-below":
        given_["size"] = f"{given_['size']} B"
    return {"name": f"looking-{choice.name}", **given_}


def that_looks(chosen: Scenario, folder: Path) -> Scenario:
    """The same question, whose placement and routes look."""
    routes = [written(part) | {"share": part.share} for part in chosen.policies.route]
    return chosen.with_(
        {"run.policies_path": str(folder), "policies.placement": written(chosen.policies.placement),
         "policies.route": routes}
    )  # fmt: skip


def rows(chosen: Scenario, asked: Demand, engine: Engine) -> tuple[str, int, int, float]:
    ran = run(chosen, asked, Streams(chosen.run.seed), engine)
    return digest(ran.tables), ran.events, ran.flows, ran.simulated_s


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_when_a_rule_is_asked_does_not_count(looking: Path, r: Random) -> None:
    """One that decides the same has the same rows whether it is asked before the run or, since it looks, within: in
    worlds of all features, with scale-outs, deploys that start elsewhere, and what is there at the start."""
    chosen, asked = world(r)
    assert rows(that_looks(chosen, looking), asked, "reference") == rows(chosen, asked, "reference")


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_what_is_seen_decides_alike_on_both_engines(r: Random) -> None:
    """A placement by the kernel and a route by what is missing, in worlds of all features: equal bit for bit."""
    chosen, asked = world(r)
    changes = {"run.policies_path": str(OWN), "policies.placement": "warmest", "policies.route": "direct-if-warm"}
    warm = chosen.with_(changes)
    assert rows(warm, asked, "compiled") == rows(warm, asked, "reference")


def noted(monkeypatch: pytest.MonkeyPatch, chosen: Scenario, asked: Demand, engine: Engine) -> list[Any]:
    """What every deploy sees of every node as it begins: kernel, application, image, and missing bytes."""
    found: list[Any] = []
    answer = deciding.Decisions.answer

    def noting(self: deciding.Decisions, state: Any, d: int, b: int, c: int) -> None:
        seen = deciding.Beginning(self._facts, state, d)
        nodes = range(len(self._facts.placing.nodes))
        found.append(
            [(seen.holds_kernel(n), seen.holds_app(n), seen.holds_image(n), seen.missing_bytes(n)) for n in nodes]
        )
        if engine == "reference":
            check(state, d, found[-1])
        answer(self, state, d, b, c)

    with monkeypatch.context() as patched:
        patched.setattr(deciding.Decisions, "answer", noting)
        run(chosen, asked, Streams(chosen.run.seed), engine)
    return found


def check(w: Any, d: int, seen: list[tuple[bool, bool, bool, int]]) -> None:
    """What was seen is what the protocol's own ops say: of blobs, of images, and of an application's any."""
    image, repository = w.deploys[d].digest, w.names[w.deploys[d].name].repository
    row = w.images[image]
    for node, (kernel, app, whole, missing) in enumerate(seen, 1):
        own = range(own_begin(w, image, node), own_end(w, image, node))
        blobs = [w.image_blobs[row.first_blob + at] for at in own]
        held = {blob for blob in blobs if counts_as_held(w, node, repository, blob)}
        assert kernel == any(w.blobs[blob].content == deciding.KERNEL for blob in held)
        assert missing == sum(w.blobs[blob].size_bytes for blob in blobs if blob not in held)
        assert whole == has_image(w, node, repository, image)
        assert app == any(has_image(w, node, repository, other) for other in range(len(w.images)))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dedup", ["none", "repository", "account", "registry", "fleet"])
def test_what_is_seen_is_what_is_there(dedup: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """In random worlds under each scope of dedup what the protocol goes by, and on both engines the same."""
    for number in range(6):
        chosen, asked = world(Random(number))
        changes = {"run.policies_path": str(OWN), "policies.placement": "warmest", "policies.dedup": dedup}
        found = noted(monkeypatch, chosen.with_(changes), asked, "reference")
        assert len(found) == len(asked)
        if engine != "reference":
            assert noted(monkeypatch, chosen.with_(changes), asked, engine) == found


def started_on(chosen: Scenario, asked: Demand, engine: Engine = "reference") -> list[str]:
    """The node of each deploy's start, in the order of the deploys."""
    starts = run(chosen, asked, Streams(1), engine).tables["starts"]
    starts.sort("deploy")
    return list(starts.column("node"))


#: Node n2 is nearest, n3 is farthest; whoever wants the first application wants it on n1.
_PINNED = '''"""The first application starts on the first node, whatever else on the nearest that has the kernel."""


def place(view, parameters):
    """By what nodes hold, and then by how near they are."""
    deploy = view.deploy
    if deploy.app == 0:
        return (0,)
    return tuple(sorted(view.nodes, key=lambda node: (not deploy.holds_kernel(node), (node - 1) ** 2)))[: view.wanted]
'''


@pytest.fixture
def pinned(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "placement").mkdir()
    (tmp_path / "placement/pinned.py").write_text(_PINNED)
    return {"run__policies_path": str(tmp_path), "policies__placement": "pinned", "policies__route": "node-direct"}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_deploy_goes_where_the_kernel_is(engine: Engine, pinned: dict[str, Any]) -> None:
    """An app of the same kind starts on the node that the first app's push has warmed, one of another kernel nearby.

    Under dedup by repository no other application's kernel counts, so that both start nearby.
    """
    apps, ask = [App(), App(), App()], [Deploy(0.0, 0), Deploy(100.0, 1), Deploy(200.0, 2, kernel=1)]
    chosen = scenario(nodes=3, policies__dedup="registry", **pinned)
    assert started_on(chosen, demand(ask, apps), engine) == ["n1", "n1", "n2"]
    chosen = scenario(nodes=3, **pinned)
    assert started_on(chosen, demand(ask, apps), engine) == ["n1", "n2", "n2"]


def test_what_is_under_way_is_not_there_yet(pinned: dict[str, Any]) -> None:
    """The push of 3 MB at 1 MB/s takes seconds: who begins a second after it sees no kernel."""
    ask = [Deploy(0.0, 0), Deploy(1.0, 1)]
    assert started_on(scenario(nodes=3, policies__dedup="registry", **pinned), demand(ask, [App(), App()])) == [
        "n1", "n2",
    ]  # fmt: skip


_ALL = '''"""On the first node if all is as it should be, and else on the second."""

EXPECTED = {expected}


def place(view, parameters):
    """By everything that there is to see."""
    deploy = view.deploy
    seen = (
        deploy.at_s, deploy.app, deploy.image, deploy.rootfs_bytes, deploy.kernel_bytes, deploy.update, deploy.client,
        deploy.client_site, deploy.nodes, deploy.name_of(1), deploy.site_of(1), deploy.round_trip_s(1),
        deploy.holds_kernel(1), deploy.holds_app(1), deploy.holds_image(1), deploy.missing_bytes(1),
    )
    return (0,) if seen == EXPECTED else (1,)
'''


@pytest.mark.parametrize("engine", ENGINES)
def test_a_deploy_is_seen_whole(engine: Engine, tmp_path: Path) -> None:
    """An update of 700 kB at 30 s by the second client: its time, its sizes, who asks and from where, names, ways.

    n2 has had the application since its first deploy. A rule that expects nothing there is wrong and chooses n2; one
    that expects what is there is right in all and chooses n1.
    """
    expected = (
        30.0, 1, "app", 700_000, 3_000_000, True, "dev2", "", (), "n2", "", 0.2, False, False, False, 3_701_000,
    )  # fmt: skip
    (tmp_path / "placement").mkdir()
    (tmp_path / "placement/all_seen.py").write_text(_ALL.format(expected=expected))
    change = {"run__policies_path": str(tmp_path), "policies__placement": "all-seen"}
    chosen = scenario(nodes=2, clients=2, **change)
    ask = [Deploy(0.0, 0), Deploy(5.0, 1), Deploy(30.0, 1, client=1, rootfs_bytes=700_000)]
    assert (
        started_on(chosen, demand(ask, [App(), App()]), engine)[2] == "n2"
    )  # n2 has the app since it was not as expected
    both = (*expected[:12], True, True, False, 701_000)
    (tmp_path / "placement/all_seen.py").write_text(_ALL.format(expected=both))
    assert started_on(chosen.with_({}), demand(ask, [App(), App()]), engine) == ["n2", "n2", "n1"]


def test_at_the_start_nothing_is_anywhere(tmp_path: Path) -> None:
    """An application that is there before the run is placed at time 0, as a new one in a world without images."""
    expected = (
        0.0,
        0,
        "app",
        1_000_000,
        3_000_000,
        False,
        "dev",
        "",
        (),
        "n2",
        "",
        0.2,
        False,
        False,
        False,
        4_001_000,
    )
    (tmp_path / "placement").mkdir()
    (tmp_path / "placement/all_seen.py").write_text(_ALL.format(expected=expected))
    chosen = scenario(nodes=2, run__policies_path=str(tmp_path), policies__placement="all-seen", demand__warm=True)
    ran = run(chosen, demand([Deploy(50.0, 0)], known_apps=1), Streams(1), "reference")
    assert sum(ran.state["places"]["registry"] == 1) == 1  # n1 has had it since the start
    assert started_on(chosen, demand([Deploy(50.0, 0)], known_apps=1)) == ["n2"]


def test_a_route_sees_the_nodes_that_were_chosen(tmp_path: Path) -> None:
    """The one that may be pushed to is the first, also where the deploy is started elsewhere."""
    (tmp_path / "route").mkdir()
    (tmp_path / "route/by_node.py").write_text(
        '"""Straight to n1, else to central."""\n\n\ndef decide(view, parameters):\n    """By the first node."""\n'
        '    return "node-direct" if view.deploy.name_of(view.deploy.nodes[0]) == "n1" else "central"\n'
    )
    chosen = scenario(nodes=2, run__policies_path=str(tmp_path), policies__route="by-node")
    asked = demand([Deploy(0.0, 0), Deploy(50.0, 1)], [App(draw=0.2), App(draw=0.7)])
    deploys = run(chosen, asked, Streams(1), "reference").tables["deploys"]
    assert list(deploys.column("route")) == ["node-direct", "central"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_rule_that_fails_as_a_deploy_begins_ends_the_run(engine: Engine, tmp_path: Path) -> None:
    """Nothing goes on from there, on either engine: the error names the file."""
    (tmp_path / "placement").mkdir()
    (tmp_path / "placement/fails.py").write_text(
        '"""Fails."""\n\n\ndef place(view, parameters):\n    """Fails."""\n    return (view.deploy.app + 7,)\n'
    )
    chosen = scenario(nodes=3, run__policies_path=str(tmp_path), policies__placement="fails")
    with pytest.raises(InputError, match=r"fails.py: line 4: place chose 7, and there is no such node"):
        started_on(chosen, demand([Deploy(0.0, 0), Deploy(1.0, 0)]), engine)


def test_what_looks_cannot_say_what_runs_on_nodes_that_are_replaced() -> None:
    """That is asked before the run: refused in a line that names the placement and what to do."""
    streams = {"own": {"rate": "20/day", "apps": 3}, "gone": {"kind": "replacements", "rate": "2/day per node"}}
    chosen = scenario(
        nodes=2, run__policies_path=str(OWN), policies__placement="warmest", demand__streams=streams, demand__warm=True
    )
    with pytest.raises(InputError, match=r"policies.placement: warmest looks at view.deploy, so that nobody knows"):
        sim.run(chosen)


def test_there_is_nothing_beside_what_is_written() -> None:
    """All that a deploy shows is documented, and shown by what rules are given."""
    shown = {name for name in vars(Seen) if not name.startswith("_")}
    assert all(vars(Seen)[name].__doc__ for name in shown)
    for kind in (deciding.Beginning, deciding.AtStart):
        assert all(getattr(kind, name) is not getattr(Seen, name) for name in shown)
