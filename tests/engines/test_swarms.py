"""Nodes that fetch layers in pieces from each other: the same by both engines, in runs and in replays of logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import sim
from tests.protocol import shipped

FAULTS = {
    "faults.line": {"kind": "link-down", "target": "was-fra", "between": "10 min", "lasts": "1 min"},
    "faults.disk": {"kind": "node-lost", "target": ["fra1", "was2"], "between": "15 min", "lasts": "2 min"},
    "faults.central": {"kind": "registry-down", "target": "central", "between": "20 min", "lasts": "1 min"},
}
CHANGES: dict[str, dict[str, Any]] = {
    "whole": {}, "broken": FAULTS, "several nodes": {"demand.nodes": 3, "nodes.fra.storage": "200 MB"},
}  # fmt: skip


@pytest.mark.parametrize("changes", CHANGES)
@pytest.mark.parametrize("preset", ["kraken", "dragonfly"])
def test_engines_agree(preset: str, changes: str) -> None:
    """Bit for bit, whatever breaks, and under audit."""
    asked = {"run.duration": "1 h", "run.audit": True} | CHANGES[changes]
    chosen = sim.load(shipped.FOLDER / "systems.toml", asked, preset)
    one, other = (sim.run(chosen, engine=engine) for engine in ("reference", "compiled"))
    assert (one.digest, one.events, one.flows) == (other.digest, other.events, other.flows)
    assert (one.transfers[one.transfers.purpose == "pull"].source != "central").any()


@pytest.mark.slow
def test_a_fleet_pulls_what_a_log_says(tmp_path: Path) -> None:
    """Every host gets every layer, for the most part from others; some lose their disks, or their lines, half-way."""
    published = shipped.FOLDER / "published"
    for name in ("kraken.toml", "kraken.operations.csv"):
        (tmp_path / name).write_text((published / name).read_text().replace("2600", "30"))
    broken = {
        "faults.disk": {"kind": "node-lost", "target": ["host1", "host2"], "at": "3605 s", "lasts": "20 s"},
        "faults.line": {"kind": "link-down", "target": "hub-host3", "at": "3606 s", "lasts": "20 s"},
    }
    for changes in ({}, broken):
        chosen = sim.load(tmp_path / "kraken.toml", {"run.audit": True} | changes)
        one, other = (sim.run(chosen, engine=engine) for engine in ("reference", "compiled"))
        assert (one.digest, one.events) == (other.digest, other.events)
        pulled = one.transfers[one.transfers.purpose == "pull"]
        assert pulled.size_bytes[pulled.source != "central"].sum() > pulled.size_bytes.sum() / 2
        assert one.deploys.failed.sum() == (4 if changes else 0)
