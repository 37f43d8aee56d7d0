"""The store: whole files or none, found again under what decides a run, shared, and safe to kill at any moment."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.errors import InputError
from sim.experiment.comparison import Comparison
from sim.experiment.execution.runs import Runs
from sim.experiment.execution.store import Store, key
from sim.experiment.execution.worker import Outcome, Task
from sim.scenario import Scenario

ODD = Outcome(
    {"a.p50": 0.1 + 0.2, "b": math.inf, "c": math.nan}, "abc", 3, 4, (("central's workers", 1 / 3),),
    reasons={"link down": 2},
)  # fmt: skip


def files(directory: Path) -> dict[str, bytes]:
    """Every file below, temporary ones too, by path."""
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_an_outcome_comes_back_as_it_was_to_the_last_bit(tmp_path: Path) -> None:
    """A sum that no short decimal is, an infinity and a NaN are read back as they were put."""
    store = Store(tmp_path / "runs")
    assert store.get("00" * 32) is None
    store.put("00" * 32, ODD)
    found = store.get("00" * 32)
    assert found is not None
    assert repr(found) == repr(ODD)
    assert len(store) == 1


@pytest.mark.parametrize("change", ["cut", "flip", "empty", "moved", "text"])
def test_a_damaged_file_is_named_and_taken_as_missing(tmp_path: Path, change: str) -> None:
    """Cut short, a bit flipped, emptied, put in another's place or overwritten: the file is named, nothing is read."""
    said: list[str] = []
    store = Store(tmp_path, said.append)
    store.put("ab" * 32, ODD)
    (path,) = tmp_path.rglob("*.json")
    written = path.read_bytes()
    wanted = "ab" * 32
    if change == "moved":
        wanted = "abcd" + "00" * 30
        path = path.rename(path.with_name(f"{wanted}.json"))
    else:
        flipped = bytes([*written[:90], written[90] ^ 1, *written[91:]])
        path.write_bytes({"cut": written[:-9], "flip": flipped, "empty": b"", "text": b"no store\n{}"}[change])
    assert store.get(wanted) is None
    assert said == [f"{path}: is damaged; making that run again"]
    store.put(wanted, ODD)
    assert repr(store.get(wanted)) == repr(ODD)


def test_a_key_changes_with_all_that_decides_a_run_and_with_nothing_else(document: dict[str, Any]) -> None:
    """Seed, run, variant and a value make another key; a title, the number of runs and the file's name do not."""
    scenario = Scenario.from_document(document, "a.toml")
    of = key(scenario.variant("central"), 1, 0)
    others = {
        key(scenario.variant("central"), 2, 0),
        key(scenario.variant("central"), 1, 1),
        key(scenario.variant("node-direct"), 1, 0),
        key(Scenario.from_document(document, overrides={"demand.apps": 6}).variant("central"), 1, 0),
    }
    assert len(others | {of}) == 5
    same = Scenario.from_document(document, "b.toml", {"run.title": "Other", "run.runs": 9, "run.baseline": "central"})
    assert key(same.variant("central"), 1, 0) == of


def test_a_key_changes_with_the_files_that_a_scenario_reads(tmp_path: Path) -> None:
    """A replayed log of other content is another run, although the scenario names the same file."""
    root = Path(__file__).parents[3] / "scenarios" / "published"
    shutil.copytree(root, tmp_path / "published")
    name = tmp_path / "published" / "spegel-10.toml"
    before = key(sim.load(name), 1, 0)
    assert key(sim.load(name), 1, 0) == before
    with (tmp_path / "published" / "spegel-10.operations.csv").open("a") as log:
        log.write("\n")
    assert key(sim.load(name), 1, 0) != before


RULE = '''"""The {which} of the nodes."""


def place(view, parameters):
    """The {which} ones."""
    return view.nodes[::{step}][: view.wanted]
'''


def put_rule(folder: Path, which: str) -> Path:
    """A placement of one's own, `mine`."""
    (folder / "placement").mkdir(parents=True, exist_ok=True)
    text = RULE.format(which=which, step=1 if which == "first" else -1)
    (folder / "placement" / "mine.py").write_text(text)
    return folder


def test_a_key_changes_with_the_rules_of_ones_own_that_are_chosen(document: dict[str, Any], tmp_path: Path) -> None:
    """Edited, a rule is another one; where its folder is does not count, nor what is in it and not chosen."""

    def of(folder: Path, name: str) -> str:
        changes = {"run.policies_path": str(folder), "policies.placement": name}
        return key(Scenario.from_document(document, overrides=changes), 1, 0)

    before = of(put_rule(tmp_path / "a", "first"), "mine")
    assert of(put_rule(tmp_path / "b", "first"), "mine") == before
    sticky = of(tmp_path / "a", "sticky")
    assert of(put_rule(tmp_path / "a", "last"), "mine") != before
    assert of(tmp_path / "a", "sticky") == sticky == key(Scenario.from_document(document), 1, 0)


def test_an_edited_rule_gets_no_stale_run(document: dict[str, Any], tmp_path: Path) -> None:
    """The rule as it is now is run anew, and as it was before it is still known."""
    changes = {"run.policies_path": str(tmp_path / "rules"), "policies.placement": "mine"}
    store, found = Store(tmp_path / "kept"), {}
    for which in ("first", "last", "first"):
        put_rule(tmp_path / "rules", which)
        asked = Scenario.from_document(document, overrides=changes)
        answer = sim.compare(asked, runs=1, executor="serial", store=store, tables=False).to_json()
        assert found.setdefault(which, answer) == answer
    assert len(store) == 4
    assert found["first"] != found["last"]


def test_a_second_comparison_reads_what_the_first_one_made(
    scenario: Scenario, outcome: Comparison, tmp_path: Path
) -> None:
    """Six runs are made once; the second time none, four more runs make only those, and the answer is the same."""
    store = Store(tmp_path)
    first = sim.compare(scenario, executor="processes:2", store=store, tables=False)
    assert first.to_json() == outcome.to_json()
    assert len(store) == 6
    kept = files(tmp_path)
    with Runs(scenario, 7, "serial", store) as runs:
        runs.outcomes([Task(name, run) for name in scenario.variants for run in range(5)])
        assert runs.made == 4
    again = sim.compare(scenario, executor="serial", store=store, tables=False)
    assert again.to_json() == outcome.to_json()
    assert kept.items() <= files(tmp_path).items()


def test_a_damaged_run_is_made_again_with_the_same_bytes(scenario: Scenario, tmp_path: Path) -> None:
    """One file of six is cut short: the comparison says so, and afterwards the store is as it was."""
    said: list[str] = []
    store = Store(tmp_path, said.append)
    first = sim.compare(scenario, executor="serial", store=store, tables=False)
    before = files(tmp_path)
    victim = tmp_path / sorted(before)[2]
    victim.write_bytes(victim.read_bytes()[:50])
    assert sim.compare(scenario, executor="serial", store=store, tables=False).to_json() == first.to_json()
    assert said == [f"{victim}: is damaged; making that run again"]
    assert files(tmp_path) == before


def test_a_store_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A file where the store should be, or in the way of one of its directories, is named with a remedy."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        Store(tmp_path / "file")
    assert str(caught.value).endswith("cannot be a directory to write to (File exists); name another directory")
    (tmp_path / "ab").write_text("")
    with pytest.raises(InputError) as caught:
        Store(tmp_path).put("ab" * 32, ODD)
    assert "; make room, or name another --store" in str(caught.value)


COMPARE = """
import os, signal, sys, tomllib
sys.path.insert(0, sys.argv[3])
import sim
from sim.experiment.execution.store import Store
from sim.scenario import Scenario
store, rename = Store(sys.argv[2]), os.replace

def rename_or_die(*names):
    if len(store) == int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)
    rename(*names)

os.replace = rename_or_die
scenario = Scenario.from_document(tomllib.loads(sys.argv[1]), "small")
sim.compare(scenario, runs=12, executor="processes:2", store=store, tables=False)
"""


def _start(document: str, store: Path, dies_after: int = -1) -> subprocess.Popen[str]:
    """The comparison in a process of its own, which dies as it is about to give one more run than so many its name."""
    root = str(Path(__file__).parents[3])
    command = [sys.executable, "-c", COMPARE, document, str(store), root, str(dies_after)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def _make_all(document: str, store: Path) -> None:
    """All that the comparison makes, in this process and one after another."""
    scenario = Scenario.from_document(tomllib.loads(document), "small")
    sim.compare(scenario, runs=12, executor="serial", store=Store(store), tables=False)


@pytest.fixture
def longer(small_text: str) -> str:
    """The small question with enough deploys that a dozen runs of it can be interrupted."""
    return small_text.replace("40/h", "150/h")


@pytest.mark.slow
@pytest.mark.parametrize("after", [0, 1, 5, 11])
def test_a_comparison_killed_at_any_moment_goes_on_where_it_was(longer: str, tmp_path: Path, after: int) -> None:
    """SIGKILL after 0, 1, 5 and 11 runs: what is there is whole, kept as it is, and only the rest is made."""
    store = Store(tmp_path / "killed")
    process = _start(longer, store.directory, dies_after=after)
    process.communicate(timeout=100)
    assert process.returncode == -signal.SIGKILL
    scenario = Scenario.from_document(tomllib.loads(longer), "small")
    named = {key(scenario.variant(name), 7, run): (name, run) for name in scenario.variants for run in range(12)}
    kept = {name: found for name in named if (found := store.get(name)) is not None}
    assert len(kept) == after
    before = {path: written for path, written in files(store.directory).items() if path.endswith(".json")}
    with Runs(scenario, 7, "processes:2", store) as runs:
        runs.outcomes([Task(*which) for which in named.values()])
        assert runs.made == 24 - len(kept)
    whole = tmp_path / "whole"
    _make_all(longer, whole)
    now = {path: written for path, written in files(store.directory).items() if path.endswith(".json")}
    assert now == files(whole)
    assert before.items() <= now.items()


@pytest.mark.slow
def test_two_processes_share_a_store(longer: str, tmp_path: Path) -> None:
    """Two comparisons that begin at once with one store both succeed, silently, and leave what one alone leaves."""
    both = [_start(longer, tmp_path / "shared") for _ in range(2)]
    assert [(process.communicate(timeout=200)[1], process.returncode) for process in both] == [("", 0), ("", 0)]
    _make_all(longer, tmp_path / "alone")
    assert files(tmp_path / "shared") == files(tmp_path / "alone")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="watches the order of system calls of this platform")
def test_a_run_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes are forced to the disk before the rename, and the directory after it."""
    calls: list[str] = []
    fsync, rename = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (calls.append("fsync"), fsync(handle)))
    monkeypatch.setattr(os, "replace", lambda *names: (calls.append("rename"), rename(*names)))
    Store(tmp_path).put("ab" * 32, ODD)
    assert calls == ["fsync", "rename", "fsync"]


def test_a_store_damaged_at_a_byte_gives_nothing_untrue(tmp_path: Path) -> None:
    """Every fifth byte of a file in turn is another: it is taken as missing, and never as another outcome."""
    store = Store(tmp_path, lambda said: None)
    store.put("ab" * 32, ODD)
    (path,) = tmp_path.rglob("*.json")
    written = path.read_bytes()
    for at in range(0, len(written), 5):
        path.write_bytes(bytes([*written[:at], written[at] ^ 1, *written[at + 1 :]]))
        assert store.get("ab" * 32) is None, at


def _as_nobody(work: Callable[[], None]) -> int:
    """The exit code of work that another user does, in a process of its own: 0 where it ends well."""
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            work()
        except BaseException as error:
            print(error, file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user may write to, and delete only what is theirs."""
    if os.getuid():
        pytest.skip("only root can act as another user")
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o1777)
        yield Path(name)


def test_two_users_share_a_store_that_both_may_write_to(shared: Path) -> None:
    """Each reads what the other has kept, and keeps more beside it, in the same folders."""
    one, other, third = "ab" * 32, "ab" + "cd" * 31, "ef" * 32
    Store(shared).put(one, ODD)

    def beside() -> None:
        store = Store(shared)
        assert repr(store.get(one)) == repr(ODD)
        store.put(other, ODD)
        store.put(third, ODD)

    assert _as_nobody(beside) == 0
    assert all(repr(Store(shared).get(name)) == repr(ODD) for name in (one, other, third))


def test_a_store_of_somebody_else_s_is_read_and_not_written(shared: Path) -> None:
    """What it has is there for all who may read it; to keep more there is a line with a remedy."""
    shared.chmod(0o755)
    Store(shared).put("ab" * 32, ODD)

    def beside() -> None:
        store = Store(shared)
        assert repr(store.get("ab" * 32)) == repr(ODD)
        with pytest.raises(InputError, match="Permission denied"):
            store.put("ef" * 32, ODD)

    assert _as_nobody(beside) == 0
    assert len(Store(shared)) == 1
