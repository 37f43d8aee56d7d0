"""Systems that are not this one: packages that are not built there, modules that Python has not there, spawned workers.

What lacks is refused by the import system, as where it is not installed. Left out: such a system itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROOT = Path(__file__).parents[1]
WINDOWS_LACKS = ("resource", "fcntl", "pwd", "grp", "termios")
BLOCKING = """
import sys

class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Lacking())
{code}
"""
REGSIM = "import sys; sys.argv = ['regsim', *sys.argv[1:]]; from sim import cli; sys.exit(cli.main())"
SHORT = ("metros", "--set", "run.duration=2 min")


def ended(place: Path, code: str, *words: str, lacks: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """A program where some modules are not to be had."""
    program = BLOCKING.format(names=lacks, code=code)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", program, *words], cwd=place, env=environment, capture_output=True, text=True, timeout=200
    )


def answer(place: Path, *words: str, lacks: tuple[str, ...] = ()) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command there."""
    done = ended(place, REGSIM, *words, lacks=lacks)
    return done.returncode, done.stdout, done.stderr


def test_without_numba_the_reference_engine_runs_it(tmp_path: Path) -> None:
    """Asked for machine code, a run says in a line that there is none, and has the rows that it has everywhere."""
    words = ("run", *SHORT, "--engine", "compiled", "--json")
    code, out, err = answer(tmp_path, *words, lacks=("numba", "llvmlite"))
    assert (code, err.count("warning: numba is not installed: the reference engine runs it\n")) == (0, 1), err
    everywhere = answer(tmp_path, "run", *SHORT, "--engine", "reference", "--json", "--quiet")[1]
    assert json.loads(out)["digest"] == json.loads(everywhere)["digest"]


def test_without_numba_a_small_run_has_nothing_to_say(tmp_path: Path) -> None:
    """It would not have used machine code."""
    code, _, err = answer(tmp_path, "run", *SHORT, "--quiet", lacks=("numba",))
    assert (code, err) == (0, "")


def test_without_numba_the_network_is_solved_all_the_same(tmp_path: Path) -> None:
    """Two flows of 10 bytes share 2 bytes/s and end after 10 s; so do windows, though they are asked for compiled."""
    code = """
from sim import network
print(network.simulate({"link": 2.0}, [network.Flow(0.0, 10.0, ("link",))] * 2, compiled=True).tolist())
print(network.Windows([1e6], [6e4], compiled=True).next_finish_s)
"""
    done = ended(tmp_path, code, lacks=("numba", "llvmlite"))
    assert (done.stdout, done.stderr) == ("[10.0, 10.0]\ninf\n", "")


@pytest.mark.parametrize(
    "words", [("run", *SHORT, "--out", "out"), ("compare", *SHORT, "--runs", "2", "--gains", "0", "--out", "out")]
)
def test_without_pyarrow_files_of_tables_are_refused_before_any_run(tmp_path: Path, words: tuple[str, ...]) -> None:
    """One line with the remedy, and no folder is made."""
    code, out, err = answer(tmp_path, *words, lacks=("pyarrow",))
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert err.startswith("pyarrow: is not installed")
    assert "pip install pyarrow" in err
    assert not (tmp_path / "out").exists()


def test_without_pyarrow_all_else_is_answered(tmp_path: Path) -> None:
    """A comparison, and a result's tables as DataFrames."""
    words = ("compare", *SHORT, "--runs", "2", "--gains", "0", "--json", "--quiet")
    assert answer(tmp_path, *words, lacks=("pyarrow",))[0] == 0
    code = "import sim; print(len(sim.run(sim.load('metros', {'run.duration': '10 min'})).deploys) > 0)"
    assert ended(tmp_path, code, lacks=("pyarrow",)).stdout == "True\n"


def test_what_windows_lacks_is_not_needed(tmp_path: Path) -> None:
    """A run with its files, and a comparison by worker processes."""
    code, _, err = answer(tmp_path, "run", *SHORT, "--out", "out", "--quiet", lacks=WINDOWS_LACKS)
    assert (code, err) == (0, "")
    words = ("compare", *SHORT, "--runs", "2", "--gains", "0", "--executor", "processes:2", "--quiet")
    assert answer(tmp_path, *words, lacks=WINDOWS_LACKS)[0] == 0


def script(place: Path, text: str) -> subprocess.CompletedProcess[str]:
    """A user's own script, run as such."""
    path = place / "own.py"
    path.write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, path], cwd=place, env=environment, capture_output=True, text=True, timeout=60
    )


PLAIN = """
import multiprocessing
multiprocessing.set_start_method("spawn", force=True)
import sim
print("began")
outcome = sim.compare(sim.load("metros", {"run.duration": "2 min"}), runs=2, executor="processes:2")
print(outcome.executor)
"""
OWN_METRIC = """
import multiprocessing
import sim

def deploys(result):
    return float(len(result.deploys))

def ask():
    multiprocessing.set_start_method("spawn", force=True)
    scenario = sim.load("metros", {"run.duration": "2 min"})
    outcome = sim.compare(scenario, runs=2, executor="processes:2", metrics={"own": deploys})
    print(outcome.executor)

"""


def test_spawned_workers_need_no_guard_around_the_script(tmp_path: Path) -> None:
    """As on macOS: a script that asks at its top level is run once, by its own process."""
    done = script(tmp_path, PLAIN)
    assert (done.stdout, done.stderr) == ("began\nprocesses:2\n", "")


def test_what_a_guarded_script_defines_reaches_spawned_workers(tmp_path: Path) -> None:
    """Its metric is known to them, since they run the script, up to its guard."""
    done = script(tmp_path, f"{OWN_METRIC}if __name__ == '__main__':\n    ask()\n")
    assert done.stdout == "processes:2\n", done.stderr


def test_what_an_unguarded_script_defines_is_a_line(tmp_path: Path) -> None:
    """Spawned workers would have to run the script again: it says so, with the remedy, and no worker starts."""
    done = script(tmp_path, f"{OWN_METRIC}ask()\n")
    last = done.stderr.splitlines()[-1]
    assert (done.returncode, done.stdout) == (1, "")
    assert last.startswith("sim.errors.InputError: executor: workers would run the whole script again")
    assert "if __name__ == '__main__':" in last
