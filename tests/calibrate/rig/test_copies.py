"""Copies from registry to registry on the rig: by a process beside their source, and by one beside their target."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.calibrate.rig.files import Measured, RigScenario
from sim.calibrate.rig.fluid import simulate_even, simulate_fluid
from sim.calibrate.rig.model import simulate
from sim.calibrate.rig.parameters import shipped
from sim.calibrate.rig.processes import Outcome
from sim.calibrate.rig.score import score
from sim.errors import InputErrors
from sim.network.tcp.transport import MSS_BYTES, MTU_BYTES

Steps = list[list[dict[str, Any]]]
Wire = Callable[[RigScenario, Any], list[list[Outcome]]]
WIRES: list[Wire] = [simulate, simulate_fluid, simulate_even]
GIVEN = shipped("cubic")


def document(steps: Steps, delay: float = 10, up: float = 20) -> dict[str, Any]:
    """A laptop next to central, whose uplink is narrow, and two nodes."""
    hosts = [{"name": "laptop", "up": 1000, "down": 1000, "delay": 0}]
    hosts += [{"name": "central", "up": up, "down": 1000, "delay": delay, "registry": "plain"}]
    hosts += [{"name": name, "up": 1000, "down": 1000, "delay": 0, "registry": "plain"} for name in ("node", "other")]
    return {"name": "x", "congestion": "cubic", "hosts": hosts, "repeat": 1, "steps": steps}


def scenario(steps: Steps, delay: float = 10, up: float = 20) -> RigScenario:
    """The same, read."""
    return RigScenario.model_validate(document(steps, delay, up))


def push(*layers: tuple[str, int], tag: str = "a") -> dict[str, Any]:
    """From the laptop to central."""
    return {"op": "push", "at": "laptop", "to": "central", "image": "o/i", "layers": layers, "tag": tag}


def copied(at: str, op: str = "copy", to: str = "node", tag: str = "a") -> dict[str, Any]:
    """From central."""
    told = {"op": op, "at": at, "from": "central", "to": to, "image": "o/i"}
    return told | ({"tag": tag} if op == "copy" else {})


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("at", ["central", "node"])
def test_a_copy_takes_its_bytes_over_the_link_between(wire: Wire, at: str) -> None:
    """5 MB at 20 Mbit/s of packets take 2.07 s, and starting, asking and slow start at most one more; a kernel that the
    target has from an image before does not go again: 4 of 5 MB, 1.66 s."""
    steps = [
        [push(("k", 10**6), ("r", 4 * 10**6))], [copied(at)],
        [push(("k", 10**6), ("s", 4 * 10**6), tag="b")], [copied(at, tag="b")],
    ]  # fmt: skip
    (first,), (update,) = (wire(scenario(steps), GIVEN)[number] for number in (1, 3))
    second_s = 8 / 20e6 * MTU_BYTES / MSS_BYTES
    assert 5e6 * second_s < first.seconds < 5e6 * second_s + 1
    assert 4e6 * second_s < update.seconds < 4e6 * second_s + 1
    # Of handshakes and headers there are a few kB.
    assert first.wire_bytes - update.wire_bytes == pytest.approx(1e6 * MTU_BYTES / MSS_BYTES, abs=2e4)


TINY = ("r", 1000)
TRIPS: list[tuple[str, Steps, list[int]]] = [
    # Two to try TLS and two for each request: GET /v2/, HEAD; HEAD, POST, PATCH and PUT of the layer; HEAD, POST,
    # PATCH and PUT of the config; PUT manifest. Two layers go side by side.
    ("one layer", [[push(TINY)], [copied("central")]], [24]),
    ("two layers", [[push(TINY, ("s", 1000))], [copied("central")]], [24]),
    # The same a tag, and another client before that asks for the manifest; which is all, of a tag that is there.
    ("two tags", [[push(TINY)], [push(("s", 1000), tag="b")], [copied("central", "sync")]], [60]),
    ("none new", [[push(TINY)], [copied("central")], [push(TINY, tag="b")], [copied("central", "sync")]], [12]),
    # GET /v2/, manifest, layers, config.
    ("fetched", [[push(TINY, ("s", 1000))], [copied("node")]], [10]),
    # GET /v2/ and the tags before; of each tag the same, up to the manifest if that is known.
    ("two tags fetched", [[push(TINY)], [push(("s", 1000), tag="b")], [copied("node", "sync")]], [26]),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "trips"), [one[1:] for one in TRIPS], ids=[one[0] for one in TRIPS])
def test_a_copy_takes_the_round_trips_that_were_logged(steps: Steps, trips: list[int]) -> None:
    """From a round trip of 20 ms to one of 220 ms it gets longer by so many."""
    near, far = (simulate_even(scenario(steps, delay, 1000), GIVEN)[-1][0].seconds for delay in (10, 110))
    assert [(far - near) / 0.2] == pytest.approx(trips, abs=0.01)


def test_what_was_copied_can_be_pulled_and_copied_on() -> None:
    """From central to a node, from there to another, and from that to the laptop."""
    steps: Steps = [
        [push(("k", 10**6))], [copied("central")], [copied("node", to="other") | {"from": "node"}],
        [{"op": "pull", "at": "laptop", "from": "other", "image": "o/i"}],
    ]  # fmt: skip
    assert simulate_even(scenario(steps), GIVEN)[3][0].wire_bytes > 1e6


def test_copies_at_once_share_their_link() -> None:
    """Two of 5 MB from central take as long as its line needs for 10 MB, and send that much."""
    step = [copied("central"), copied("central", to="other")]
    for wire in WIRES:
        outcomes = wire(scenario([[push(("k", 5 * 10**6))], step]), GIVEN)[1]
        assert max(one.seconds for one in outcomes) > 10e6 * 8 / 20e6 * MTU_BYTES / MSS_BYTES
        assert sum(one.wire_bytes for one in outcomes) > 10e6 * MTU_BYTES / MSS_BYTES


def test_copies_are_scored_in_groups_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured as they are simulated there is no error in seconds, nor in bytes: those that a process beside the source
    sends, or one beside the target receives."""
    monkeypatch.setattr("sim.calibrate.rig.score.SEEDS", 1)
    steps: Steps = [
        [push(("k", 10**6))], [copied("central")], [copied("other", to="other")], [push(("l", 10**6), tag="b")],
        [copied("central", "sync")], [copied("other", "sync", "other")],
    ]  # fmt: skip
    (tmp_path / "rig.json").write_text(json.dumps([document(steps)]))
    lines = [",".join(Measured.model_fields)]
    for number, (outcome,) in enumerate(simulate_even(scenario(steps), GIVEN)):
        one = outcome.operation
        sent, received = outcome.wire_bytes, outcome.back_bytes
        if one.at == one.to:
            sent, received = received, sent
        lines.append(f"x,0,{number},{one.op},{one.at},{one.peer},o/i,1,{outcome.seconds!r},{sent!r},{received!r}")
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    groups = score(tmp_path / "rig.json", tmp_path / "rows.csv", wire="even", alone=True).groups
    kinds = ["pair-sync", "pair-fetch", "many-sync", "many-fetch"]
    assert {name: group.n for name, group in groups.items()} == {
        "pair-push": 2, "pair-push-bytes": 2, **{f"{kind}{what}": 1 for kind in kinds for what in ("", "-bytes")}
    }  # fmt: skip
    assert [group.max for group in groups.values()] == pytest.approx([0.0] * len(groups), abs=1e-12)


WRONG: list[tuple[Steps, str]] = [
    ([[push(TINY)], [copied("central", to="central")]], r"steps\.1\.0\.to: must be another host than `from`"),
    ([[push(TINY)], [copied("central", to="laptop")]], r"steps\.1\.0\.to: no registry runs on 'laptop'"),
    ([[push(TINY)], [copied("central", tag="b")]], r"steps\.1\.0\.tag: no step before pushes o/i:b to 'central'"),
    ([[copied("central", "sync")]], r"steps\.0\.0\.image: no step before pushes 'o/i' to 'central'"),
    ([[push(TINY)], [copied("laptop")]], r"steps\.1: a copy is made by a process beside one of its registries"),
    ([[push(TINY)], [copied("central"), copied("node")]], r"steps\.1: from one registry to another goes one copy"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "told"), WRONG, ids=[told.rpartition(":")[2] for _, told in WRONG])
def test_a_copy_that_can_not_be_made_is_refused(tmp_path: Path, steps: Steps, told: str) -> None:
    """A line says where it stands and what is wrong."""
    (tmp_path / "rig.json").write_text(json.dumps([document(steps)]))
    (tmp_path / "rows.csv").write_text(",".join(Measured.model_fields) + "\n")
    with pytest.raises(InputErrors, match=told):
        score(tmp_path / "rig.json", tmp_path / "rows.csv")


def test_what_one_copy_sends_again_is_not_the_next_ones() -> None:
    """Three of 2 and 10 MB over the same long line, packet by packet under bbr, which sends 4 % twice: the last sends
    about what the first does, and not what all have sent again."""
    steps: Steps = []
    for tag in "abc":
        steps += [[push((f"k{tag}", 2 * 10**6), (tag, 10**7), tag=tag)], [copied("central", tag=tag)]]
    given = scenario(steps, 60, 150).model_copy(update={"congestion": "bbr"})
    sent = [outcome.wire_bytes for (outcome,) in simulate(given, shipped("bbr"))[1::2]]
    assert sent[0] > 1.02 * 12e6 * MTU_BYTES / MSS_BYTES
    assert sent[-1] == pytest.approx(sent[0], rel=0.02)
