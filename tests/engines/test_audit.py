"""The audit finds nothing in a sound run, and each of its checks finds the fault that it is there for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import sim
from sim.engines.audit import Audit, AuditError
from tests.protocol import shipped
from tests.protocol.small import App, Deploy, Seen, demand, play, scenario


@pytest.mark.parametrize("name", shipped.SOME)
def test_shipped_scenarios_pass(name: str) -> None:
    """Every shipped scenario runs under audit, and the audit changes nothing in its rows."""
    audited = sim.run(shipped.scenario(name, **{"run.audit": True}), engine="compiled")
    assert audited.digest == shipped.result(name).digest


def test_both_engines_are_audited() -> None:
    """A run has as many checks in either engine, which are events of it, and the same rows."""
    chosen = shipped.scenario("metros-central")
    audited = chosen.with_({"run.audit": True})
    plain = sim.run(chosen, engine="compiled")
    runs = [sim.run(audited, engine="reference"), sim.run(audited, engine="compiled")]
    assert [result.digest for result in runs] == [plain.digest] * 2
    assert [result.events for result in runs] == [plain.events + 48] * 2


@pytest.mark.slow
def test_a_run_with_faults_passes() -> None:
    """Links that break, registries that refuse and disks that die leave what is accounted for right."""
    faults = {
        "faults.line": {"kind": "link-down", "target": "was-fra", "between": "30 min", "lasts": "3 min"},
        "faults.disk": {"kind": "node-lost", "target": ["fra1", "was2"], "between": "1 h", "lasts": "2 min"},
        "faults.central": {"kind": "registry-down", "target": "central", "between": "1 h", "lasts": "1 min"},
    }
    chosen = sim.load(shipped.FOLDER / "node-evicts-before-sync.toml", {**faults, "run.audit": True})
    for variant in chosen.variants:
        result = sim.run(chosen, variant=variant)
        assert result.metrics["failed_deploys"] < len(result.deploys)


def test_a_replay_passes() -> None:
    """A log's operations are audited, too, and leave the same rows; checks may go on for longer than the log does."""
    logged = sim.load(shipped.FOLDER / "replay.toml")
    plain, audited = (sim.run(one, engine="reference") for one in (logged, logged.with_({"run.audit": True})))
    assert audited.events == plain.events + 48
    assert audited.deploys.equals(plain.deploys)
    assert audited.transfers.equals(plain.transfers)


def _lose_a_blob(seen: Seen) -> None:
    held = seen.state.held
    blob = seen.state.image_blobs[seen.state.images[0].first_blob]
    place = seen.do("find_place", 0, 0)
    at = held.index((place << 31 | blob) + 1)
    held[at] = (place << 31 | (1 << 30)) + 1


def _overfill(seen: Seen) -> None:
    for link in seen.state.links:
        link.capacity /= 10


def _miscount(seen: Seen) -> None:
    seen.registry("n").used_bytes += 1


def _overflow(seen: Seen) -> None:
    seen.registry("n").capacity_bytes = 1


def _do_something_else(seen: Seen) -> None:
    seen.state.g.illegal_moves += 1


def _expect_for_ever(seen: Seen) -> None:
    seen.do("start_blob_fetch", 0, 1, 0, 0)


def _wait_for_ever(seen: Seen) -> None:
    seen.do("new_task", 0, -1)


def _fly_for_ever(seen: Seen) -> None:
    seen.state.g.sharing += 1


def _end_twice(seen: Seen) -> None:
    seen.state.ended[1] = seen.state.ended[0]


def _carry_more(seen: Seen) -> None:
    seen.state.transfers[0].size_bytes += 1
    seen.state.transfers[0].shared = 1


@pytest.mark.parametrize(
    ("spoil", "at_s", "what"),
    [
        (_lose_a_blob, 30.0, "at 30 s: central has sha256:[0-9a-f]+ in org0/app0 and not all of its blobs"),
        (_overfill, 3.5, "at 4 s: link [0-9]+ carries .* of 100000 bytes/s"),
        (_miscount, 30.0, "at 30 s: n accounts for .* bytes and holds"),
        (_overflow, 30.0, "at 30 s: n holds .* of 1 bytes"),
        (_do_something_else, 30.0, "at 30 s: 1 times a copy"),
        (_expect_for_ever, 30.0, "n still expects"),
        (_wait_for_ever, 30.0, "1 tasks never ended"),
        (_fly_for_ever, 47.5, "1 flows never ended"),
        (_end_twice, 47.5, r"2 deploys were asked for and 2 have a row, \[0\] twice"),
        (_carry_more, 47.5, "[0-9]+ bytes crossed hub-central-down and [0-9]+ were on it"),
    ],
)
def test_what_is_broken_by_hand_is_found(spoil: Callable[[Seen], None], at_s: float, what: str) -> None:
    """At the next check, or in the end."""
    chosen = scenario(nodes__n__storage="1 GB", run__duration="48 s", run__audit=True)
    with pytest.raises(AuditError, match=what):
        play(chosen, demand([Deploy(0.0), Deploy(0.5, app=1)], apps=[App(), App()]), {at_s: spoil})


def test_a_run_that_is_not_audited_pays_nothing() -> None:
    """Nobody looks."""
    chosen = scenario(nodes__n__storage="1 GB", run__duration="48 s")
    seen = play(chosen, demand([Deploy(0.0)], apps=[App()]), {30.0: _miscount})
    assert seen.state.g.checks == 0
    assert Audit(chosen, None, {"g": np.zeros(1)}).answers() == {}  # type: ignore[arg-type]
