"""The self-test as a whole: what it prints agrees, and it fails when something does not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sim import cli
from sim.calibrate.selftest import queues, selftest
from sim.calibrate.selftest.queues import Agreement

pytestmark = pytest.mark.integration

FEW = (Agreement("wait", "s", 1.0, 1.1, 0.9, 1.2, 20), Agreement("ramp", "s", 2.0, 2.0, float("nan"), float("nan"), 1))


def ask(monkeypatch: pytest.MonkeyPatch, rows: Sequence[Agreement], *words: str) -> int:
    """The exit code, with these rows of theory and an audit of few tries: what both say is tested elsewhere."""
    monkeypatch.setattr(selftest, "agreements", lambda seed: list(rows))
    monkeypatch.setattr(selftest, "_REPLICATIONS", 20)
    monkeypatch.setattr("sys.argv", ["regsim", "selftest", *words])
    return cli.main()


def test_it_prints_theory_beside_simulation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each row has theory, mean and interval, each law its places; all is well, so it ends with 0."""
    assert ask(monkeypatch, FEW, "--quiet") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["wait,", "s", "1", "1.1", "[0.9,", "1.2]"]
    assert lines[2].endswith("equal to rounding")
    assert any(line.startswith("Little's law") and line.split()[3] == "0" for line in lines)


def test_it_fails_where_theory_and_simulation_part(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A theory outside the interval, or a figure without spread that is not equal, is told and ends with code 1."""
    for wrong in (replace(FEW[0], theory=1.3), replace(FEW[1], theory=2.001)):
        assert ask(monkeypatch, [wrong], "--quiet") == 1
        assert "DISAGREES" in capsys.readouterr().out


def test_its_document_says_the_same(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` prints one document with theory, laws and audit."""
    assert ask(monkeypatch, FEW, "--json", "--seed", "4") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["seed"], document["holds"]) == ("regsim.selftest/1", 4, True)
    assert document["theory"][0]["agrees"] is True
    assert {law["law"] for law in document["laws"]} >= {"Little's law", "utilisation of links"}
    assert all(law["broken"] == [] for law in document["laws"])


def test_the_statistics_audit_is_printed_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Rows of name, claimed, measured and bounds stand below the laws; the audit is given the seed."""
    (tmp_path / "an_audit.py").write_text(
        "from dataclasses import dataclass\n@dataclass\nclass Row:\n"
        "    name: str\n    claimed: float\n    measured: float\n    low: float\n    high: float\n    n: int\n"
        "def audit(replications, seed):\n    return [Row('coverage', 0.95, 0.94, 0.93, 0.96, replications + seed)]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(selftest, "_AUDIT", "an_audit")
    assert ask(monkeypatch, FEW, "--quiet", "--seed", "7") == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["coverage", "0.95", "0.94", "[0.93,", "0.96],", "27"]


def test_settings_need_a_scenario(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`--set` without a file has nothing to change, and says so."""
    assert ask(monkeypatch, FEW, "--set", "run.duration=1h") == 2
    assert capsys.readouterr().err.startswith("--set: ")


@pytest.mark.slow
def test_what_is_printed_holds() -> None:
    """The verb as it is asked, with nothing left out: every theory, law and claim of the audit."""
    found = selftest.selftest()
    assert len(found.theory) == 10
    assert found.holds
    assert all(row.n == 1_000 for row in found.audit)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_every_queue_link_and_cache_agrees(seed: int) -> None:
    """All rows agree for other seeds than the one that is printed."""
    assert [row for row in queues.agreements(seed) if not row.agrees] == []
