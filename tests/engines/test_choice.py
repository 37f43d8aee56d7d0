"""Which engine a run uses unless one is named, and who waits for the compiler."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import sim
from sim.engines import choice

_FUNCTION = Path(__file__).with_name("one_function.py")


@pytest.mark.parametrize(
    ("deploys", "kept", "chosen"),
    [
        (0, True, "reference"),
        (choice.PAYS_FROM - 1, True, "reference"),
        (choice.PAYS_FROM, True, "compiled"),
        (choice.PAYS_FROM, False, "reference"),
        (choice.COMPILES_FROM - 1, False, "reference"),
        (choice.COMPILES_FROM, False, "compiled"),
        (None, True, "compiled"),
        (None, False, "reference"),
    ],
)
def test_no_run_waits_for_the_compiler_that_ends_sooner_without(
    monkeypatch: pytest.MonkeyPatch, deploys: int | None, kept: bool, chosen: str
) -> None:
    """Machine code is used where it is there, and made where that pays."""
    monkeypatch.setattr(choice, "_is_kept", lambda scenario: kept)
    monkeypatch.setattr(choice, "at_hand", lambda scenario: "reference")
    assert choice.choose(sim.load("metros.toml"), deploys) == chosen


def test_short_runs_wait_for_machine_code_once_they_were_worth_it_together() -> None:
    """Of runs of 400 deploys the first two do without; the third would make it 1,200, which loading it costs."""
    asked = (
        "import sys, sim; scenario = sim.load('metros.toml', {'demand.rate': '400/day', 'demand.arrivals': 'even',"
        " 'demand.apps': 20});"
        "print(*[len(sim.run(scenario, run=n).deploys) for n in range(2)], 'numba' in sys.modules);"
        "sim.run(scenario, run=2); print('numba' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    *deploys, before, after = ran.stdout.split()
    assert all(350 < int(n) < 450 for n in deploys)
    assert (before, after) == ("False", "True")


def test_small_runs_do_not_even_import_the_compiler() -> None:
    """Numba takes half a second to import: a run of less than that never does."""
    asked = (
        "import sys, sim; sim.run(sim.load('metros.toml').with_({'demand.rate': '100/day'}));"
        "print('numba' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False"]


def test_machine_code_is_at_hand_once_another_run_has_loaded_it() -> None:
    """What is over in a moment neither loads it nor imports the compiler, but takes what is there."""
    asked = (
        "import sys, sim; from sim import engines; scenario = sim.load('metros.toml').variant('central');"
        "few = scenario.with_({'demand.rate': '100/day'}); print(engines.at_hand(few), 'numba' in sys.modules);"
        "sim.run(few, engine='compiled'); print(engines.at_hand(few))"
    )
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["reference", "False", "compiled"]


class ReachedError(Exception):
    """Machine code was about to run."""


#: What may be asked for beside the shipped scenarios' own variants: every kind of demand, rule and check.
_RUNS = (
    ("metros.toml", "central", {"demand.nodes": 3, "policies.placement": "spread"}),
    ("metros.toml", "node-direct", {"run.audit": True}),
    ("systems.toml", "kraken", {}),
    ("systems.toml", "harbor-satellite", {}),
    ("replay.toml", "as-logged", {}),
    ("wan-outage.toml", "node-direct", {}),
    ("cold-node-joins.toml", "neighbours", {}),
)


@pytest.mark.parametrize(("name", "variant", "settings"), _RUNS)
def test_what_is_run_is_what_was_found_to_be_kept(
    monkeypatch: pytest.MonkeyPatch, name: str, variant: str, settings: dict[str, object]
) -> None:
    """Machine code that is there is that which the run wants, whatever the scenario: nobody waits for the compiler."""
    compiling = pytest.importorskip("sim.records.compiling")
    kept: list[object] = []
    ran: list[object] = []

    def reached(unit: object, address: int) -> None:
        ran.append(unit)
        raise ReachedError

    monkeypatch.setattr(compiling.MachineCode, "is_kept", property(lambda unit: kept.append(unit) or True))
    monkeypatch.setattr(compiling.MachineCode, "__call__", reached)
    monkeypatch.setattr(compiling.MachineCode, "_make", lambda unit: pytest.fail("the compiler was asked"))
    monkeypatch.setattr(choice, "PAYS_FROM", 0)
    with pytest.raises(ReachedError):
        sim.run(sim.load(name).with_(settings).variant(variant))
    assert ran[0] is kept[-1]


@pytest.mark.parametrize(("name", "variant", "settings"), _RUNS)
def test_nothing_is_compiled_for_a_short_run(
    monkeypatch: pytest.MonkeyPatch, name: str, variant: str, settings: dict[str, object]
) -> None:
    """Where no machine code is kept a run of fewer than `COMPILES_FROM` deploys goes on without."""
    compiling = pytest.importorskip("sim.records.compiling")
    monkeypatch.setattr(compiling.MachineCode, "is_kept", property(lambda unit: False))
    monkeypatch.setattr(compiling.MachineCode, "is_loaded", property(lambda unit: False))
    monkeypatch.setattr(compiling.MachineCode, "_make", lambda unit: pytest.fail("the compiler was asked"))
    monkeypatch.setattr(choice, "PAYS_FROM", 0)
    scenario = sim.load(name).with_({"run.duration": "5 min", **settings}) if name != "replay.toml" else sim.load(name)
    assert sim.run(scenario.variant(variant)).events


@pytest.mark.slow
def test_of_several_processes_one_compiles_and_the_others_load(tmp_path: Path) -> None:
    """All begin with nothing on disk; whoever comes second waits, and finds what the first has kept."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(Path(sim.__file__).parents[1])}
    command = [sys.executable, str(_FUNCTION)]
    begun = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = [[int(word) for word in process.communicate()[0].split()] for process in begun]
    assert [process.returncode for process in begun] == [0, 0, 0]
    assert sorted(hits for _, hits, _, _ in said) == [0, 1, 1]
    assert all(count == 1 and kept for _, _, count, kept in said)
    later = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert later.stdout.split() == ["1", "1", "1", "1"]
