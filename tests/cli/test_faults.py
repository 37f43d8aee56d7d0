"""What befalls a program: killed at any moment, no space, no memory, no descriptors, places that are gone.

Each is one line and an exit code that says so, nothing that was kept is lost or half there, and asked again it gives
the same bytes as if nothing had been.
"""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sim.cli import exit_codes
from sim.experiment.execution import cluster
from tests.small_question import Answer

ROOT = Path(__file__).parents[2]
COMPARE = ("compare", "small.toml", "--gains", "0", "--engine", "reference", "--quiet")


def started(place: Path, *words: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """The command under way in a folder, in a group of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    return subprocess.Popen(
        [sys.executable, "-m", "sim", *words], cwd=place, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def asked(place: Path, *words: str, **how: Any) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    process = started(place, *words, **how)
    out, err = process.communicate(timeout=200)
    return process.returncode, out, err


def kept(folder: Path) -> dict[str, bytes]:
    """Every file below by path, but temporary ones, which nobody reads."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*"))
            if p.is_file() and not p.name.endswith(".part")}  # fmt: skip


@pytest.fixture
def place(small: str, tmp_path: Path) -> Path:
    """The folder with the small question."""
    return tmp_path


@pytest.mark.slow
def test_killed_at_random_moments_nothing_is_lost(place: Path) -> None:
    """SIGKILL twenty times, to the program and its workers: files are whole, and the end is the undisturbed one's."""
    words = (*COMPARE, "--runs", "40", "--executor", "processes:2", "--json")
    assert asked(place, *words, "--store", "calm", "--out", "calm-out")[0] == 0
    whole, seen = kept(place / "calm"), {}
    draw = random.Random(7)
    for _ in range(20):
        process = started(place, *words, "--store", "store", "--out", "out")
        time.sleep(draw.uniform(0.3, 3.0))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        now = kept(place / "store") if (place / "store").exists() else {}
        assert all(whole[name] == content for name, content in now.items())
        assert set(seen) <= set(now)
        seen = now
    code, out, _ = asked(place, *words, "--store", "store", "--out", "out")
    assert (code, kept(place / "store")) == (0, whole)
    assert json.loads(out)["digests"] == json.loads((place / "calm-out/compare.json").read_bytes())["digests"]
    assert json.loads((place / "out/manifest.json").read_bytes())["digests"] == json.loads(out)["digests"]


@pytest.mark.slow
def test_two_processes_share_a_store(place: Path) -> None:
    """Both end well, and leave what one alone leaves."""
    words = (*COMPARE, "--runs", "2", "--executor", "serial", "--json")
    assert asked(place, *words, "--store", "calm")[0] == 0
    both = [started(place, *words, "--store", "store") for _ in range(2)]
    ends = [process.communicate(timeout=200) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert json.loads(ends[0][0])["digests"] == json.loads(ends[1][0])["digests"]
    assert kept(place / "store") == kept(place / "calm")


@pytest.fixture
def tiny(place: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    folder = place / "tiny"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("a file system can be mounted by root alone")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [("--store", "tiny/store", "--runs", "60"), ("--out", "tiny/out"), ("--keep", "tiny/kept.json", "--runs", "200")],
)
def test_a_full_disk_is_a_line(place: Path, tiny: Path, words: tuple[str, ...]) -> None:
    """The place is named; what was kept before is whole, and serves once there is room."""
    code, _, err = asked(place, *COMPARE, *words, "--executor", "serial")
    assert (code, err.count("\n")) == (2, 1), err
    assert err.startswith("tiny")
    assert "No space left on device" in err
    assert not [path for path in tiny.rglob("*") if path.suffix == ".part"]
    subprocess.run(["mount", "-o", "remount,size=64m", tiny], check=True)
    assert asked(place, *COMPARE, *words, "--executor", "serial")[0] == 0


@pytest.mark.slow
def test_a_folder_to_read_from_is_a_line(place: Path, tiny: Path) -> None:
    """A store and a folder of results that can't be written to."""
    assert asked(place, *COMPARE, "--runs", "2", "--store", "tiny/store", "--executor", "serial")[0] == 0
    subprocess.run(["mount", "-o", "remount,ro", tiny], check=True)
    assert asked(place, *COMPARE, "--runs", "2", "--store", "tiny/store", "--executor", "serial")[0] == 0
    for words in (("--out", "tiny/out"), ("--runs", "3", "--store", "tiny/store"), ("--keep", "tiny/kept.json")):
        code, _, err = asked(place, *COMPARE, *words, "--executor", "serial")
        assert (code, err.count("\n"), "Read-only file system" in err) == (2, 1, True), err


def test_a_folder_that_is_gone_is_a_line(place: Path) -> None:
    """Started where nothing is any more: results have no place there, and a question that ships runs."""
    gone = (
        f"import os, sys; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone'); sys.path.insert(0, {str(ROOT)!r}); "
    )
    code = f"{gone}sys.argv = ['regsim', *sys.argv[1:]]; from sim import cli; sys.exit(cli.main())"
    run = ("run", "byoc", "--engine", "reference", "--set", "run.duration=10 min", "--quiet")
    for words, expected in ((run, 0), ((*run, "--out", "here"), 2)):
        found = subprocess.run([sys.executable, "-c", code, *words], cwd=place, capture_output=True, text=True)
        assert (found.returncode, found.stderr.count("\n")) == (expected, int(expected != 0)), found.stderr


@pytest.mark.slow
def test_no_home_and_no_folder_for_temporary_files(place: Path) -> None:
    """Variables that lead nowhere change nothing."""
    nowhere = dict.fromkeys(("HOME", "TMPDIR"), "/nonexistent")
    code, out, err = asked(place, *COMPARE, "--runs", "2", "--executor", "processes:2", "--json", env=nowhere)
    assert code == 0, err
    assert (
        json.loads(out)["digests"]
        == json.loads(asked(place, *COMPARE, "--runs", "2", "--executor", "serial", "--json")[1])["digests"]
    )


def test_numba_may_be_told_not_to_compile(place: Path) -> None:
    """The reference engine runs it, with a line where the other one was asked for."""
    words = ("run", "small.toml", "--engine", "compiled", "--json")
    code, out, err = asked(place, *words, env={"NUMBA_DISABLE_JIT": "1"})
    assert code == 0, err
    assert "NUMBA_DISABLE_JIT" in err.splitlines()[-1]
    assert json.loads(out)["digest"] == json.loads(asked(place, *words[:2], *words[4:])[1])["digest"]


def _raises(error: Exception) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (MemoryError(), "memory: there is not enough of it; raise how much memory a process may have (ulimit -v), "),
        (OSError(errno.EMFILE, "Too many open files", "x"), "x: Too many open files; raise how many files "),
        (OSError(errno.EMFILE, "Too many open files"), "this process: Too many open files; raise how many files "),
        (OSError(errno.ENOSPC, "No space left on device", "/d/x"), "/d/x: No space left on device; make room"),
        (OSError(errno.EROFS, "Read-only file system", "/d/x"), "/d/x: Read-only file system; name a place "),
        (ImportError("libx.so: failed to map segment from shared object"), "memory: a library cannot be loaded (libx"),
        (ImportError("see the manual\nlibx.so: cannot allocate\n"), "memory: a library cannot be loaded (libx"),
    ],
    ids=["memory", "files", "files, at nothing by name", "disk", "read-only", "a library", "a library, at length"],
)
def test_limits_of_the_machine_are_a_line(error: Exception, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, what it was, and which limit is to be raised; no bug of ours."""
    assert exit_codes.code_of(_raises(error)) == 2
    said = capsys.readouterr().err
    assert (said.startswith(line), said.count("\n")) == (True, 1)


@pytest.mark.slow
def test_a_reader_that_has_enough_ends_it_well(place: Path) -> None:
    """`regsim ... | head -1`: exit code 0 and no traceback, whichever verb it is."""
    for words in (COMPARE, ("show", "small.toml"), (*COMPARE, "--json")):
        process = started(place, *words)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        process.stderr.close()
        assert (process.wait(timeout=200), "Traceback" in said) == (0, False), said


@pytest.mark.slow
@pytest.mark.parametrize("most", [5, 8, 12])
def test_too_few_descriptors_are_a_line(place: Path, most: int) -> None:
    """A real limit, on the program and all that it starts: exit code 2, and which limit to raise."""
    words = " ".join((sys.executable, "-m", "sim", *COMPARE, "--executor", "processes:2"))
    done = subprocess.run(
        ["sh", "-c", f"ulimit -n {most}; exec {words}"], cwd=place, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n"), "ulimit -n" in done.stderr) == (2, 1, True), done.stderr


@pytest.mark.parametrize("error", [OSError(errno.ENOENT, "No such file", "x"), ImportError("no module x")])
def test_what_is_no_limit_is_a_bug(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    """It shows where it came from."""
    assert exit_codes.code_of(_raises(error)) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("after_s", [0.2, 2.5])
def test_sigterm_ends_it_with_its_workers(place: Path, after_s: float) -> None:
    """Soon after its start and midway: a line, the shell's code, no worker left, and what was kept is whole."""
    words = (*COMPARE[:-1], "--runs", "2000", "--executor", "processes:2", "--store", "store")
    process = started(place, *words)
    time.sleep(after_s)
    process.terminate()
    _, err = process.communicate(timeout=60)
    assert process.returncode in (143, -signal.SIGTERM)  # before it can hear it at all, the system ends it
    assert "Traceback" not in err
    for _ in range(50):
        if subprocess.run(["pgrep", "--pgroup", str(process.pid)], capture_output=True).returncode:
            break
        time.sleep(0.1)
    else:
        pytest.fail("a worker is left")
    assert not list(place.rglob("*.part"))


def test_a_scheduler_that_never_answers_is_a_line(
    small: str, regsim: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes the connection and says nothing is given up; here after half a second."""
    monkeypatch.setattr(cluster, "_PATIENCE_S", 0.5)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        answer = regsim(*COMPARE, "--executor", f"dask:tcp://127.0.0.1:{silent.getsockname()[1]}")
    assert (answer.code, answer.err.count("\n"), time.monotonic() - began < 10) == (2, 1, True), answer.err
    assert answer.err.startswith("--executor: there is no scheduler at tcp://127.0.0.1:")
