"""The audit finds nothing in a sound world, and each of its checks finds the fault that it is there for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import sim
from sim.registry.oci import Layer, digest_of
from sim.world.audit import Audit, AuditError
from sim.world.world import World

from . import shipped
from .small import App, Deploy, demand, play, scenario


@pytest.mark.parametrize("name", [name for name in shipped.NAMED if not name.startswith("metros-")])
def test_shipped_scenarios_pass(name: str) -> None:
    """Every shipped scenario runs under audit, and the audit changes nothing in its rows."""
    audited = sim.run(shipped.scenario(name, **{"run.audit": True}))
    assert audited.digest == shipped.result(name).digest


def test_a_world_with_faults_passes() -> None:
    """Links that break, registries that refuse and disks that die leave the books in order."""
    faults = {
        "faults.line": {"kind": "link-down", "target": "was-fra", "between": "30 min", "lasts": "3 min"},
        "faults.disk": {"kind": "node-lost", "target": ["fra1", "was2"], "between": "1 h", "lasts": "2 min"},
        "faults.central": {"kind": "registry-down", "target": "central", "between": "1 h", "lasts": "1 min"},
    }
    chosen = sim.load(shipped.FOLDER / "node-evicts-before-sync.toml", {**faults, "run.audit": True})
    for variant in chosen.variants:
        result = sim.run(chosen, variant=variant)
        assert result.metrics["failed_deploys"] < len(result.deploys)


def _lose_a_blob(world: World) -> None:
    held = world.central.contents._repositories["org0/app0"]
    held.blobs.pop(next(iter(held.blobs)))


def _overfill(world: World) -> None:
    world.wire.capacity_Bps[0] /= 10


def _miscount(world: World) -> None:
    limits = world.nodes[0].limits
    assert limits is not None
    limits.storage.used_bytes += 1


def _expect_for_ever(world: World) -> None:
    world.nodes[0].arriving["org0/app0", Layer(digest_of("x"), 1, "rootfs").digest] = None


@pytest.mark.parametrize(
    ("spoil", "at_s", "what"),
    [
        (_lose_a_blob, 30.0, "central has a manifest in org0/app0 and not its blob"),
        (_overfill, 9.5, "carries .* of 100000 bytes/s"),
        (_miscount, 30.0, "n books .* bytes and holds"),
        (_expect_for_ever, 30.0, "n still expects"),
    ],
)
def test_a_spoilt_world_fails(spoil: Callable[[World], None], at_s: float, what: str) -> None:
    """What is broken by hand is found, at the next check or at the end."""
    chosen = scenario(nodes__n__storage="1 GB", run__duration="48 s")
    audits: list[Audit] = []
    meanwhile = {0.0: lambda world: audits.append(Audit(world, 48.0)), at_s: spoil}

    def run() -> None:
        play(chosen, demand([Deploy(0.0)], apps=[App()]), meanwhile)
        audits[0].finish(1)

    with pytest.raises(AuditError, match=what):
        run()


def test_a_forgotten_deploy_is_missed() -> None:
    """A world that was asked for two deploys and has one row is told so."""
    seen = play(scenario(), demand([Deploy(0.0)]))
    with pytest.raises(AuditError, match="2 deploys were asked for and 1 have a row"):
        Audit(seen.world, 1.0).finish(2)
