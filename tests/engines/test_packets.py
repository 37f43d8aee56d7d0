"""Runs on packets: what theory says of one body, the same bytes as on flows, the same rows by both engines, and what a
rig's scenario answers that `score` simulates."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

import sim
from sim.calibrate.rig.files import RigScenario
from sim.calibrate.rig.model import Rig
from sim.calibrate.rig.parameters import shipped
from sim.engines.run import Ran, run
from sim.errors import InputError
from sim.network.tcp.transport import MSS_BYTES, MTU_BYTES, slow_start_s
from sim.scenario import Scenario
from sim.streams import Streams
from sim.tables.frames import frame
from sim.tables.rows import digest
from tests.engines import worlds
from tests.protocol.small import MB, App, Deploy, demand, scenario

ON_PACKETS: dict[str, Any] = {"run__wire": "packets", "run__duration": "1 h", "tcp__queue": "500 ms"}


def bodies(ran: Ran) -> Any:
    """The transfers that took time, in the order in which they ended."""
    transfers = frame(ran.tables["transfers"])
    return transfers[transfers.ended_s > transfers.started_s]


@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_one_body_on_an_idle_line_takes_what_theory_says(congestion: str) -> None:
    """1 MB at 1 MB/s, 200 ms there and back: 1 s and the 0.58 s that slow start costs, within a round trip. BBR paces
    its start-up by 2.89 instead of 2 a round trip, and then tries less than the rate to drain what it piled up."""
    chosen = scenario(**ON_PACKETS, tcp__congestion=congestion)
    ran = run(chosen, demand([Deploy(1.0)], [App(kind=1)]), Streams(1), "reference")
    pushed, pulled = (bodies(ran)[bodies(ran).purpose == purpose].iloc[0] for purpose in ("push", "pull"))
    theory_s = 1.0 + slow_start_s(MB, 1e6, 0.2)
    assert theory_s == pytest.approx(1.581, abs=1e-3)
    for body in (pushed, pulled):
        assert body.ended_s - body.started_s == pytest.approx(theory_s, abs=0.2)
    # 691 packets of 1,448 bytes, pushed and pulled, and none lost in a queue that holds twice what the path does.
    assert (ran.packets, ran.packets_again) == (2 * 691, 0)


def test_a_receive_window_bounds_a_body() -> None:
    """72 kB a round trip of 200 ms are 360 kB/s: 2 MB take 5.5 s, and slow start no more than three round trips."""
    window_bytes = 50 * MSS_BYTES
    changes = ON_PACKETS | {"clients__dev__window": f"{window_bytes} B", "images__rom__rootfs": "2 MB"}
    ran = run(scenario(**changes), demand([Deploy(1.0, rootfs_bytes=2 * MB)], [App(kind=1)]), Streams(1), "reference")
    body = bodies(ran)[bodies(ran).purpose == "push"].iloc[0]
    steady_s = 2 * MB / (window_bytes / 0.2)
    assert steady_s <= body.ended_s - body.started_s + 0.2 <= steady_s + 0.8


def test_the_same_bytes_travel_on_both_wires() -> None:
    """Deploys half a minute apart, none of which meets another: times differ, and not what is moved."""
    deploys = [Deploy(30.0 * at, app=at % 3, nodes=2) for at in range(6)]
    asked = demand(deploys, [App(kind=at % 2) for at in range(3)])
    for route in ("central", "node-direct"):
        chosen = (scenario(nodes=3, policies__route=route, **wire) for wire in ({}, ON_PACKETS))
        on_flows, on_packets = (bodies(run(one, asked, Streams(1), "reference")) for one in chosen)
        for columns in (["purpose"], ["source", "target"]):
            moved, other = (dict(one.groupby(columns).size_bytes.sum()) for one in (on_flows, on_packets))
            assert moved == other
        assert on_flows.ended_s.sum() != on_packets.ended_s.sum()


def test_two_bodies_share_a_line_and_are_held_back_by_it() -> None:
    """A kernel of 3 MB and a root filesystem of 1 MB at once over 1 MB/s take 4 s, and what slow start costs within
    a round trip; each is held back by the client's line for as long as that takes for it, which adds up to how long
    the line is busy."""
    ran = run(scenario(**ON_PACKETS), demand([Deploy(1.0)]), Streams(1), "reference")
    pushed = bodies(ran)[bodies(ran).purpose == "push"]
    large = pushed[pushed.size_bytes >= MB]
    assert 4.0 <= large.ended_s.max() - large.started_s.min() <= 4.0 + slow_start_s(MB, 1e6, 0.2) + 0.2
    assert set(large.bound_by) == {"hub-dev-up"}
    assert sorted(large.bound_s) == pytest.approx([1.0, 3.0])


def test_a_run_is_stopped_at_so_many_packets() -> None:
    """A demand whose packets nobody counts beforehand, a table's or a log's, ends in a line that names the key."""
    chosen = scenario(**ON_PACKETS, run__max_packets=1000, demand__rate="1/day")
    with pytest.raises(InputError) as caught:
        run(chosen, demand([Deploy(1.0)], [App(kind=1)]), Streams(1), "reference")
    assert str(caught.value) == (
        "scenario: run.max_packets: a run of more than 1,000 packets goes on no further; "
        'raise it, or write run.wire = "fluid"'
    )


@pytest.mark.parametrize("seed", [3, 7, pytest.param(6, marks=pytest.mark.slow)])
def test_both_engines_leave_the_same_rows(seed: int) -> None:
    """Bit for bit, in worlds of everything that packets can do."""
    made, r = {}, Random(seed)
    while not made:
        made = worlds.document(r)
        worlds.on_packets(r, made)
        try:
            chosen = Scenario.from_document(made)
        except InputError:
            made = {}
    asked = worlds.asked(r, made)
    one, other = (run(chosen, asked, Streams(chosen.run.seed), engine) for engine in ("reference", "compiled"))
    assert one.packets > 0
    assert (digest(one.tables), one.events, one.packets) == (digest(other.tables), other.events, other.packets)


def test_the_interpreter_sends_the_same_packets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packets are machine code under either engine; without a compiler, a run comes to the same rows all the same."""
    asked = demand([Deploy(1.0), Deploy(1.5, app=1)], [App(kind=1), App(kind=1)])
    compiled = run(scenario(**ON_PACKETS), asked, Streams(1), "reference")
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    plain = run(scenario(**ON_PACKETS), asked, Streams(1), "reference")
    assert digest(plain.tables) == digest(compiled.tables)


RATE_MBITS = 100.0
PAYLOAD_BPS = RATE_MBITS * 1e6 / 8 * MSS_BYTES / MTU_BYTES
"""What a line of 100 Mbit/s of IP packets carries of bodies: so the rig's scenarios count."""


def rig(pulls: int, congestion: str) -> RigScenario:
    """A push of one layer of 10 MB to a registry 20 ms away, then as many pulls of it at once."""
    hosts: list[dict[str, Any]] = [
        {"name": "central", "up": RATE_MBITS, "down": RATE_MBITS, "delay": 15, "registry": "plain"},
        *({"name": f"n{at}", "up": RATE_MBITS, "down": RATE_MBITS, "delay": 5} for at in range(1, pulls + 1)),
        {"name": "dev", "up": RATE_MBITS, "down": RATE_MBITS, "delay": 5},
    ]
    push = {"op": "push", "at": "dev", "to": "central", "image": "o/i", "layers": [["r", 10_000_000]]}
    pulled = [{"op": "pull", "at": f"n{at}", "from": "central", "image": "o/i"} for at in range(1, pulls + 1)]
    return RigScenario.model_validate(
        {"name": "w", "congestion": congestion, "hosts": hosts, "repeat": 1, "steps": [[push], pulled]}
    )


def as_run(pulls: int, congestion: str) -> Scenario:
    """The same lines, registry and image as a scenario of runs."""
    line = {"capacity": f"{PAYLOAD_BPS} B/s", "window": "1 GiB"}
    host = {**line, "delay": "5 ms", "disk": "100 GB/s", "tls": False, "anonymous": True}
    return Scenario.from_document({
        "topology": {"shape": "star"}, "central": host | {"delay": "15 ms"}, "nodes": {"n": host | {"count": pulls}},
        "clients": {"dev": {**line, "delay": "5 ms", "profile": "skopeo"}}, "images": {"rom": {"rootfs": "10 MB"}},
        "demand": {"nodes": pulls, "warm": False, "rate": "1/h"}, "tcp": {"queue": "60 ms", "congestion": congestion},
        "run": {"wire": "packets", "duration": "60 s"},
    })  # fmt: skip


def took_s(started_s: Any, ended_s: Any, size_bytes: Any, pulls: Any) -> tuple[float, list[float]]:
    """What the layer took when it was pushed, and when it was pulled."""
    lasted_s, large = np.asarray(ended_s) - np.asarray(started_s), np.asarray(size_bytes) == 10_000_000
    return float(lasted_s[large & ~pulls][0]), sorted(lasted_s[large & pulls].tolist())


def by_score(pulls: int, congestion: str, seed: int) -> tuple[float, list[float]]:
    """As `score` simulates a rig."""
    made = Rig(rig(pulls, congestion), shipped(congestion), Streams(seed))
    state = made._engine.state
    made.outcomes()
    rows = state["transfers"][: state.g.transfers_used]
    return took_s(rows["started_s"], rows["ended_s"], rows["size_bytes"], rows["purpose"] == 1)


def by_run(pulls: int, congestion: str, seed: int) -> tuple[float, list[float]]:
    """As a run on packets has it."""
    asked = demand([Deploy(1.0, rootfs_bytes=10_000_000, nodes=pulls)], [App()])
    transfers = frame(run(as_run(pulls, congestion), asked, Streams(seed), "reference").tables["transfers"])
    return took_s(
        transfers.started_s, transfers.ended_s, transfers.size_bytes, (transfers.purpose == "pull").to_numpy()
    )


@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_a_run_answers_for_a_rigs_scenario_what_score_does(congestion: str) -> None:
    """A lone push and a lone pull take the same but for when they begin, drawn within milliseconds; where BBR's cycle
    begins is drawn, too, which moves it by less than a hundredth."""
    scored, ran = (by(1, congestion, 1) for by in (by_score, by_run))
    assert ran[0] == pytest.approx(scored[0], abs=0.005, rel=0.01 if congestion == "bbr" else 0.0)
    assert ran[1] == pytest.approx(scored[1], abs=0.005, rel=0.01 if congestion == "bbr" else 0.0)


@pytest.mark.slow
def test_a_fan_out_takes_as_long_as_score_says() -> None:
    """Four nodes at once: the mean over bodies and runs is that of score within a tenth, as its clients start some
    milliseconds after each other, and those of a run at one instant."""
    scored, ran = (np.mean([by(4, "cubic", seed)[1] for seed in range(6)]) for by in (by_score, by_run))
    assert ran == pytest.approx(scored, rel=0.1)


def test_a_run_says_what_packets_cost() -> None:
    """In its document, and beside its speed: as many packets as bodies hold, and those sent again."""
    asked = {"run.wire": "packets", "tcp.queue": "60 ms", "run.duration": "10 min", "demand.rate": "24/h"}
    result = sim.run(sim.load("metros", asked), engine="reference")
    document = result.to_json()
    assert document["packets"] >= result.transfers.size_bytes.sum() / MSS_BYTES * 0.99
    assert document["packets_again"] < document["packets"]
    assert sim.run(sim.load("metros", asked | {"run.wire": "fluid"})).to_json()["packets"] == 0
