"""The model against the rig: how errors are counted, and how large they are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sim.calibrate.rig.files import Measured, Operation, RigScenario
from sim.calibrate.rig.fluid import simulate_fluid
from sim.calibrate.rig.model import simulate
from sim.calibrate.rig.parameters import shipped
from sim.calibrate.rig.processes import Outcome
from sim.calibrate.rig.reading import by_repeat, read_measured, read_scenarios
from sim.calibrate.rig.score import GROUPS, Score, Scored, score, score_scenario
from sim.errors import InputError

RIG = Path(__file__).parents[2] / "rig"


def test_two_repeats_are_scored_by_their_mean() -> None:
    """2.00 and 2.20 s measured, 2.31 s simulated: |2.31 - 2.10| / 2.10 = 0.1."""
    assert Scored("pair-push", "s", 0, "laptop", 2.31, 2.10).error == pytest.approx(0.1)


def test_a_group_shows_mean_90th_percentile_and_worst() -> None:
    """Errors of 1 to 10 %: mean 5.5 %, the ninth of ten 9 %, the worst 10 %."""
    found = Score(tuple(Scored("crowd-mean", "s", 0, "", 100 + n, 100) for n in range(1, 11))).groups["crowd-mean"]
    assert (found.n, found.p90, found.max) == (10, 0.09, 0.1)
    assert found.mape == pytest.approx(0.055)


#: What the model has to come within. Under cubic the very same pull falls into a fast and a slow mode, so that no model
#: comes within 3 % of the mean of two (`python -m sim.calibrate.rig.held_out` prints by how much they scatter).
WITHIN = {
    "pair-push": 0.03, "pair-pull": 0.03, "fanout-mean": 0.1, "fanout-makespan": 0.15, "crowd-mean": 0.1,
    "crowd-makespan": 0.15, "pair-push-bytes": 0.03, "pair-pull-bytes": 0.03, "fanout-bytes": 0.03, "crowd-bytes": 0.03,
}  # fmt: skip
SCATTER = {"cubic": {"pair-pull": 0.065}, "bbr": {}}


#: Packet by packet takes half a minute.
@pytest.mark.slow
@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_the_shipped_parameters_come_as_near_as_asked_in_every_group(congestion: str) -> None:
    """Operations and bytes within 3 %, means of transfers at once within 10 %, their makespans within 15 %."""
    groups = score(RIG / f"{congestion}.json", RIG / f"{congestion}.csv", alone=True).groups
    assert tuple(groups) == GROUPS[:10]  # the rest are pulls through a proxy, and cut uploads
    assert {name: group.n for name, group in groups.items()} == {
        "pair-push": 48, "pair-pull": 12, "fanout-mean": 4, "fanout-makespan": 4, "crowd-mean": 2,
        "crowd-makespan": 2, "pair-push-bytes": 48, "pair-pull-bytes": 12, "fanout-bytes": 17, "crowd-bytes": 2,
    }  # fmt: skip
    within = WITHIN | SCATTER[congestion]
    assert {name: group.mape for name, group in groups.items() if group.mape > within[name]} == {}


@pytest.mark.slow
@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_the_second_set_comes_as_near_with_nothing_fitted_to_it(congestion: str) -> None:
    """Other rates, delays, sizes and crowds, retagged and ROM-like images, clients behind one uplink, mixed round
    trips."""
    groups = score(RIG / f"more-{congestion}.json", RIG / f"more-{congestion}.csv", alone=True).groups
    assert tuple(groups) == GROUPS[:10]
    assert {name: group.mape for name, group in groups.items() if group.mape > WITHIN[name]} == {}


def test_a_client_takes_as_many_round_trips_as_it_did() -> None:
    """From a round trip of 10 ms to one of 210 ms each push and pull of tiny layers gets longer by the same trips."""
    measured = by_repeat(read_measured(RIG / "requests-cubic.csv"))
    near, far = read_scenarios(RIG / "requests-cubic.json")
    trips = []
    for step, ours in enumerate(zip(*(simulate(one, shipped("cubic")) for one in (near, far)), strict=True)):
        theirs = [[row[0].seconds for row in measured[one.name, step].values()] for one in (near, far)]
        simulated = (ours[1][0].seconds - ours[0][0].seconds) / 0.2
        trips.append((simulated, (sum(theirs[1]) / 2 - sum(theirs[0]) / 2) / 0.2))
    # A push: 4 to begin, 10 a layer, 8 for the config, 2 for the manifest; again: 2 a blob. A pull: 10, all at once.
    assert [round(simulated) for simulated, _ in trips] == [24, 10, 34, 12, 44, 14, 64, 18, 10, 10]
    assert [simulated for simulated, _ in trips] == pytest.approx([theirs for _, theirs in trips], abs=0.5)


def test_wrong_parameters_score_badly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A push that needs ten round trips a request is far off: the score can fail."""
    monkeypatch.setattr("sim.calibrate.rig.score.SEEDS", 3)
    text = (Path(__file__).parents[3] / "sim/calibrate/rig/parameters/bbr.toml").read_text()
    worse = tmp_path / "worse.toml"
    worse.write_text(re.sub(r"push_trips = \{ value = [\d.]+", "push_trips = { value = 10", text))
    few = tmp_path / "few.json"
    few.write_text(json.dumps([one for one in json.loads((RIG / "bbr.json").read_text()) if "up60" in one["name"]]))
    rows = (RIG / "bbr.csv").read_text().splitlines()
    own = tmp_path / "few.csv"
    own.write_text("\n".join([rows[0], *(row for row in rows if "up60" in row)]) + "\n")
    assert score(few, own).groups["pair-push"].mape < 0.05
    assert score(few, own, worse).groups["pair-push"].mape > 0.15


def seconds(congestion: str, name: str, seed: int) -> list[float]:
    """What the operations of the last step of a scenario of the rig take."""
    scenario = next(one for one in read_scenarios(RIG / f"{congestion}.json") if one.name == name)
    return [outcome.seconds for outcome in simulate(scenario, shipped(congestion), seed)[-1]]


@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_a_seed_gives_the_same_every_time_and_another_gives_other_shares(congestion: str) -> None:
    """Who is first is drawn where clients run at once, and where one pulls two layers at once."""
    for name in ("fanout-4", "pair-up20-wan45-25mb"):
        found = [seconds(congestion, name, seed) for seed in (1, 1, 2, 3, 4, 5, 6)]
        assert found[0] == found[1]
        assert len(set(map(tuple, found))) > 1


@pytest.mark.parametrize(("congestion", "favoured"), [("cubic", slice(0, 2)), ("bbr", slice(2, 4))])
def test_round_trips_decide_who_gets_more_of_a_link(congestion: str, favoured: slice) -> None:
    """Of four pulls at once, two over 14 ms and two over 90 ms, cubic serves the near ones first, and bbr, which keeps
    twice what its path holds under way, the far ones."""
    delays = (2, 2, 40, 40)
    hosts = [{"name": "b", "up": 100, "down": 100, "delay": 5, "registry": "plain"}]
    hosts += [{"name": f"n{n}", "up": 500, "down": 500, "delay": delay} for n, delay in enumerate(delays)]
    first = [{"op": "push", "at": "n0", "to": "b", "image": "x", "layers": [["r", 15_000_000]]}]
    pulls = [{"op": "pull", "at": f"n{n}", "from": "b", "image": "x"} for n in range(4)]
    document = {"name": "far", "congestion": congestion, "hosts": hosts, "repeat": 1, "steps": [first, pulls]}
    scenario = RigScenario.model_validate(document)
    runs = [[one.seconds for one in simulate(scenario, shipped(congestion), seed)[1]] for seed in range(10)]
    mean_s = [sum(run[n] for run in runs) / 10 for n in range(4)]
    others = [one for one in mean_s if one not in mean_s[favoured]]
    assert sum(mean_s[favoured]) / 2 < 0.95 * sum(others) / 2


def test_requests_wait_in_queues_that_others_fill() -> None:
    """Cubic's six pushes at once keep 60 ms of their uplink queued: each of a push's requests waits there, so that it
    ends later than bytes over an even share say."""
    given = shipped("cubic")
    took_s = seconds("cubic", "crowd-6", 1)
    bytes_s = 6 * 8e6 * 8 / 80e6 * 1500 / 1448
    scenario = next(one for one in read_scenarios(RIG / "cubic.json") if one.name == "crowd-6")
    alone = scenario.model_copy(update={"steps": (scenario.steps[0][:1],)})
    alone_s = simulate(alone, given, 1)[0][0].seconds - bytes_s / 6
    assert max(took_s) > bytes_s + alone_s


def test_clients_behind_one_uplink_share_it() -> None:
    """Two pushes of 10 MB from hosts of 800 Mbit/s behind one of 80 take as long as its line needs for 20 MB."""
    hosts = [
        {"name": "b", "up": 800, "down": 800, "delay": 5, "registry": "plain"},
        {"name": "office", "up": 80, "down": 800, "delay": 1},
        *({"name": name, "up": 800, "down": 800, "delay": 1, "via": "office"} for name in "cd"),
    ]
    push = [{"op": "push", "at": at, "to": "b", "image": f"x/{at}", "layers": [[f"k{at}", 10**7]]} for at in "cd"]
    document = {"name": "busy", "congestion": "cubic", "hosts": hosts, "repeat": 1, "steps": [push]}
    outcomes = simulate(RigScenario.model_validate(document), shipped("cubic"))[0]
    assert max(one.seconds for one in outcomes) > 2e7 * 8 / 80e6 * 1500 / 1448


def test_an_update_sends_no_kernel() -> None:
    """The first step pushes 2 + 5 MB, the second 5 MB; each byte costs 1500/1448 on the wire, and headers."""
    steps = simulate(read_scenarios(RIG / "cubic.json")[0], shipped("cubic"))
    first, update = steps[0][0].wire_bytes, steps[1][0].wire_bytes
    one_upload = 4 * shipped("cubic").push_request_bytes + shipped("cubic").push_upload_bytes
    assert first - update == pytest.approx(2e6 * 1500 / 1448 + one_upload)


def test_both_wires_are_scored_and_the_one_asked_for_is_the_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A push of 10 MB over 80 Mbit/s, measured as it was simulated on packets: no error there, and the fluid's, which
    is another, stands beside it (twice: under bbr shares are even). `--wire` says which a gate looks at."""
    monkeypatch.setattr("sim.calibrate.rig.score.SEEDS", 1)
    hosts = [{"name": n, "up": 80, "down": 80, "delay": 9, "registry": r} for n, r in (("a", None), ("b", "plain"))]
    push = {"op": "push", "at": "a", "to": "b", "image": "o/i", "layers": [["k", 10**7]]}
    rig, rows = tmp_path / "rig.json", tmp_path / "rows.csv"
    document = {"name": "pair-x", "congestion": "bbr", "hosts": hosts, "repeat": 1, "steps": [[push]]}
    rig.write_text(json.dumps([document]))
    (outcome,) = simulate(RigScenario.model_validate(document), shipped("bbr"))[0]
    fluid = simulate_fluid(RigScenario.model_validate(document), shipped("bbr"))[0][0].seconds
    columns = ",".join(Measured.model_fields)
    rows.write_text(f"{columns}\npair-x,0,0,push,a,b,o/i,1,{outcome.seconds!r},{outcome.wire_bytes!r},1000\n")
    found = score(rig, rows, wire="fluid").to_json()
    assert found["groups"] == found["wires"]["fluid"] != found["wires"]["packets"]
    assert found["wires"]["packets"]["pair-push"]["max"] == 0
    assert found["wires"]["fluid"]["pair-push"]["max"] == pytest.approx(abs(fluid / outcome.seconds - 1))
    assert score(rig, rows).to_json()["groups"] == found["wires"]["packets"]
    assert score(rig, rows).to_text().splitlines()[2].split() == [
        "pair-push", "1", *[f"{100 * abs(fluid / outcome.seconds - 1):.1f}", "%"] * 6, *["0.0", "%"] * 3
    ]  # fmt: skip


def test_a_wire_that_there_is_not_is_refused(tmp_path: Path) -> None:
    """The error names what was given and what there is."""
    with pytest.raises(InputError, match=r'wire: .* got "copper".*one of even, fluid, packets'):
        score(tmp_path / "none.json", tmp_path / "none.csv", wire="copper")


def test_other_names_are_kept_apart_by_what_they_do() -> None:
    """A crowd by any other name has several pushes in its largest step."""
    hosts = [{"name": n, "up": 80, "down": 80, "delay": 5, "registry": r} for n, r in (("a", None), ("b", "plain"))]
    push = [{"op": "push", "at": "a", "to": "b", "image": f"x/{n}", "layers": [[f"k{n}", 10**6]]} for n in range(2)]
    scenario = RigScenario.model_validate(
        {"name": "busy", "congestion": "cubic", "hosts": hosts, "repeat": 1, "steps": [push]}
    )
    row = {"scenario": "busy", "repeat": 0, "step": 0, "op": "push", "at": "a", "peer": "b", "concurrent": 2}
    rows = tuple(
        Measured.model_validate({**row, "image": f"x/{n}", "seconds": 1.0, "step_tx_bytes": 2e6, "step_rx_bytes": 1e3})
        for n in range(2)
    )
    found = {one.group for one in score_scenario(scenario, by_repeat(rows), shipped("cubic"))}
    assert found == {"crowd-mean", "crowd-makespan", "crowd-bytes"}


def test_two_pushes_at_once_share_their_uplink() -> None:
    """Twice the bytes over one line take at least their time on it: 2 x 10 MB at 80 Mbit/s of packets."""
    hosts = [{"name": n, "up": 80, "down": 800, "delay": 5, "registry": r} for n, r in (("a", None), ("b", "plain"))]
    push = [{"op": "push", "at": "a", "to": "b", "image": f"x/{n}", "layers": [[f"k{n}", 10**7]]} for n in range(2)]
    document = {"name": "busy", "congestion": "cubic", "hosts": hosts, "repeat": 1, "steps": [push]}
    outcomes: list[Outcome] = simulate(RigScenario.model_validate(document), shipped("cubic"))[0]
    assert max(one.seconds for one in outcomes) > 2e7 * 8 / 80e6 * 1500 / 1448


def test_a_push_asks_what_the_registry_logged() -> None:
    """GET /v2/, then HEAD twice, POST, PATCH and PUT a layer, but HEAD once the config, then PUT manifest: 1 + 2 x 5 +
    4 + 1 requests, three of them uploads."""
    from_file = json.loads((RIG / "cubic.json").read_text())[0]["steps"][0][0]
    layers = [["k", 60_000], ["r", 40_000]]  # too small to lose anything
    operation = Operation.model_validate(from_file | {"layers": layers})
    scenario = read_scenarios(RIG / "cubic.json")[0]
    alone = scenario.model_copy(update={"steps": ((operation,),)})
    outcome = simulate(alone, shipped("cubic"))[0][0]
    blobs, given = (1e5 + 250 + 560) * 1500 / 1448, shipped("cubic")
    assert outcome.wire_bytes - blobs == pytest.approx(16 * given.push_request_bytes + 3 * given.push_upload_bytes)


def counted(name: str, steps: list[list[dict[str, object]]]) -> list[tuple[str, int]]:
    """The groups and steps that are scored when every operation was measured once."""
    hosts = [
        {"name": n, "up": 80, "down": 80, "delay": delay, "registry": r}
        for n, delay, r in (("a", 5, None), ("b", 9, "plain"), ("c", 40, None))
    ]
    scenario = RigScenario.model_validate(
        {"name": name, "congestion": "cubic", "hosts": hosts, "repeat": 1, "steps": steps}
    )
    rows = tuple(
        Measured(
            scenario=name, repeat=0, step=number, op=one.op, at=one.at, peer=one.peer, image=one.image,
            concurrent=len(step), seconds=1.0, step_tx_bytes=1e6, step_rx_bytes=1e6,
        )
        for number, step in enumerate(scenario.steps)
        for one in step
    )  # fmt: skip
    found = score_scenario(scenario, by_repeat(rows), shipped("cubic"))
    return [(one.group, one.step) for one in found if not one.group.endswith("bytes")]


PUSH: dict[str, object] = {"op": "push", "at": "a", "to": "b", "image": "o/i", "layers": [["k", 10**6]]}
PULLS: list[dict[str, object]] = [{"op": "pull", "at": at, "from": "b", "image": "o/i"} for at in "ac"]


@pytest.mark.parametrize(
    ("name", "steps", "reported"),
    [
        ("fanout-x", [[PUSH], PULLS], [("fanout-mean", 1), ("fanout-makespan", 1)]),
        ("fanout-x", [[PUSH], PULLS[:1]], [("fanout-mean", 1), ("fanout-makespan", 1)]),
        ("crowd-x", [[PUSH]], [("crowd-mean", 0), ("crowd-makespan", 0)]),
        ("pair-x", [[PUSH], PULLS], [("pair-push", 0), ("pair-pull", 1), ("pair-pull", 1)]),
        ("any", [[PUSH], PULLS[:1]], [("pair-push", 0), ("pair-pull", 1)]),
    ],
)
def test_what_prepares_is_not_scored(
    name: str, steps: list[list[dict[str, object]]], reported: list[tuple[str, int]]
) -> None:
    """A fan-out counts its pulls and not the push before them, even when it has a single node."""
    assert counted(name, steps) == reported


def test_a_host_is_reported_the_bytes_of_its_whole_step() -> None:
    """While it pushes 1 MB and pulls 1 MB, it sends 1 MB and the acknowledgements of the other."""
    second = {**PUSH, "image": "o/j", "layers": [["m", 10**6]]}
    hosts = [{"name": n, "up": 80, "down": 80, "delay": 5, "registry": r} for n, r in (("a", None), ("b", "plain"))]
    document = {"name": "x", "congestion": "cubic", "hosts": hosts, "repeat": 1, "steps": [[PUSH], [second, PULLS[0]]]}
    scenario = RigScenario.model_validate(document)
    rows = tuple(
        Measured(
            scenario="x", repeat=0, step=1, op=one.op, at=one.at, peer=one.peer, image=one.image,
            concurrent=2, seconds=1.0, step_tx_bytes=1e6, step_rx_bytes=1e6,
        )
        for one in scenario.steps[1]
    )  # fmt: skip
    outcomes = simulate(scenario, shipped("cubic"))[1]
    sent = outcomes[0].wire_bytes + outcomes[1].back_bytes
    found = [one.simulated for one in score_scenario(scenario, by_repeat(rows), shipped("cubic"))]
    assert any(one == pytest.approx(sent) for one in found)
    assert outcomes[1].back_bytes == pytest.approx(1e6 / 1448 / 2 * 52, rel=0.01)
