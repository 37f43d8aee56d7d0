"""A Dask cluster on loopback: the same bytes as in one process, whoever is killed, and only what is missing is made.

Scheduler and workers are processes of their own, stopped by their ids whatever happens. What was made is read off the
store: files that a second client finds keep the time at which they were written.
"""

from __future__ import annotations

import importlib.util
import json
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import sim
from sim.errors import InputError
from sim.experiment.execution.executors import resolved, started
from sim.scenario import Scenario

pytestmark = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="Dask is not installed")
PATIENCE_S = 120
RUNS = 10
#: Runs of about half a second, so that there is time to kill somebody midway.
QUESTION = """
run = { duration = "10 h", seed = 7 }
topology = { shape = "star" }
nodes.n = { count = 2, capacity = "1 Gbit/s" }
clients.dev = { count = 3, up = "50 Mbit/s", rtt = "20 ms" }
images.app = { kernel = "10 MB", rootfs = "1 MB" }
demand = { rate = "200/h", apps = 5, updates = 0.5 }
variants.central = { policies.route = "central" }
variants.node-direct = { policies.route = "node-direct" }
"""

#: By file name, when it was written and what is in it.
Kept = dict[str, tuple[int, bytes]]


class Cluster:
    """A scheduler on a free port, and workers by the order in which they were started."""

    def __init__(self, stack: ExitStack, directory: Path) -> None:
        self._stack = stack
        self._directory = directory
        self.port = 0  # whichever is free, the first time
        self.workers: list[subprocess.Popen[bytes]] = []
        self.start_scheduler()

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start_scheduler(self) -> None:
        told = self._directory / "scheduler.json"
        told.unlink(missing_ok=True)
        words = ("--host", "127.0.0.1", "--port", str(self.port), "--no-show", "--scheduler-file", str(told))
        self.scheduler = self._process("dask_scheduler", *words)
        wait(lambda: told.exists() and told.read_text().endswith("}"), "the scheduler to listen")
        self.port = int(json.loads(told.read_text())["address"].rpartition(":")[2])

    def start_worker(self) -> None:
        self.workers.append(self._process("dask_worker", self.address, "--nthreads", "1", "--no-nanny"))

    def _process(self, kind: str, *words: str) -> subprocess.Popen[bytes]:
        log = self._stack.enter_context((self._directory / f"{kind}.{time.monotonic()}.log").open("wb"))
        command = [sys.executable, "-m", f"distributed.cli.{kind}", *words, "--no-dashboard"]
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._directory)
        self._stack.callback(end, process)
        return process


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def wait(until: Callable[[], object], what: str) -> None:
    began_s = time.monotonic()
    while not until():
        assert time.monotonic() - began_s < PATIENCE_S, f"waited too long for {what}"
        time.sleep(0.02)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler and two workers of one thread each."""
    (tmp_path / "cluster").mkdir()
    with ExitStack() as stack:
        made = Cluster(stack, tmp_path / "cluster")
        made.start_worker()
        made.start_worker()
        yield made


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("question") / "question.toml"
    path.write_text(QUESTION)
    return path


def client(question: Path, executor: str, store: Path | None = None) -> subprocess.Popen[str]:
    """`regsim compare --json` as a process."""
    keep = [] if store is None else ["--store", str(store)]
    asked = ["compare", question.name, "--runs", str(RUNS), "--gains", "0", "--engine", "reference", "--json"]
    command = [sys.executable, "-m", "sim", *asked, "--executor", executor, *keep]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=question.parent
    )  # fmt: skip


def answer(process: subprocess.Popen[str]) -> str:
    """What it printed; it ended well."""
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    return out


@pytest.fixture(scope="module")
def serial(question: Path) -> str:
    """The answer of one process, to the byte."""
    return answer(client(question, "serial"))


def kept(store: Path) -> Kept:
    """The finished runs in a store: when each was written, and its bytes."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in store.rglob("*.json")}


def killed_midway(process: subprocess.Popen[str], store: Path, kill: Callable[[], None]) -> tuple[Kept, str]:
    """Wait until some runs are in the store and some are not, and kill.

    What is kept once the client has ended, and what that said on standard error.
    """
    wait(lambda: process.poll() is not None or len(kept(store)) >= 4, "the first runs")
    assert process.poll() is None
    kill()
    _, err = process.communicate(timeout=PATIENCE_S)
    found = kept(store)
    assert 4 <= len(found) < 2 * RUNS
    return found, err


def resumed(question: Path, executor: str, store: Path, before: Kept) -> str:
    """The answer of a second client, which made only what was missing: all that was kept is as it was."""
    out = answer(client(question, executor, store))
    after = kept(store)
    # Run 0 of each variant is made again for its tables, which no store has, and not written again.
    assert {name: after[name] for name in before} == before
    assert len(after) == 2 * RUNS
    return out


@pytest.mark.slow
def test_one_worker_of_a_cluster_gives_the_bytes_of_this_process(tmp_path: Path) -> None:
    """A few short runs by a scheduler and a worker: the document of the comparison is the same."""
    asked = Scenario.from_document(tomllib.loads(QUESTION), "small", {"run.duration": "1 h", "demand.rate": "40/h"})
    with ExitStack() as stack:
        cluster = Cluster(stack, tmp_path)
        cluster.start_worker()
        made = sim.compare(asked, runs=2, executor=f"dask:{cluster.address}", tables=False)
    assert made.to_json() == sim.compare(asked, runs=2, executor="serial", tables=False).to_json()


@pytest.mark.slow
def test_a_cluster_gives_the_bytes_of_one_process(question: Path, serial: str, cluster: Cluster) -> None:
    """The documents of one process, of two, and of two workers of a cluster are equal, digests and all."""
    assert answer(client(question, "processes:2")) == serial
    assert answer(client(question, f"dask:{cluster.address}")) == serial


@pytest.mark.slow
def test_rules_of_ones_own_go_to_the_workers(question: Path, cluster: Cluster, tmp_path: Path) -> None:
    """A folder that is named from the client's has no meaning where they run; they have its rules all the same."""
    rules = tmp_path / "placement"
    rules.mkdir()
    (rules / "mine.py").write_text(
        '"""Mine."""\n\n\ndef place(view, parameters):\n    """By what nodes hold."""\n'
        "    return tuple(sorted(view.nodes, key=view.deploy.holds_app))[: view.wanted]\n"
    )
    text = QUESTION.replace('duration = "10 h"', 'duration = "1 h", policies_path = "."')
    (tmp_path / "question.toml").write_text(text + 'policies.placement = "mine"\n')
    mine = tmp_path / "question.toml"
    assert answer(client(mine, f"dask:{cluster.address}")) == answer(client(mine, "serial"))


@pytest.mark.slow
def test_a_worker_may_be_killed_and_another_join(
    question: Path, serial: str, cluster: Cluster, tmp_path: Path
) -> None:  # fmt: skip
    """SIGKILL to one of two workers midway, a third one instead: the same bytes."""
    store = tmp_path / "runs"
    process = client(question, f"dask:{cluster.address}", store)
    wait(lambda: len(kept(store)) >= 3, "the first runs")
    cluster.workers[0].send_signal(signal.SIGKILL)
    cluster.start_worker()
    assert answer(process) == serial
    assert len(kept(store)) == 2 * RUNS


@pytest.mark.slow
def test_a_client_may_be_killed_and_asked_again(
    question: Path, serial: str, cluster: Cluster, tmp_path: Path
) -> None:  # fmt: skip
    """SIGKILL to the client midway: a second one gives the same bytes and leaves what was kept as it is."""
    store, executor = tmp_path / "runs", f"dask:{cluster.address}"
    process = client(question, executor, store)
    before, _ = killed_midway(process, store, lambda: process.send_signal(signal.SIGKILL))
    assert resumed(question, executor, store, before) == serial


@pytest.mark.slow
def test_a_scheduler_may_be_killed_and_started_again(
    question: Path, serial: str, cluster: Cluster, tmp_path: Path
) -> None:  # fmt: skip
    """SIGKILL to the scheduler midway: one line, exit code 2, and the same bytes once there is another."""
    store, executor = tmp_path / "runs", f"dask:{cluster.address}"
    process = client(question, executor, store)
    before, err = killed_midway(process, store, lambda: cluster.scheduler.send_signal(signal.SIGKILL))
    assert process.returncode == 2
    lines = [line for line in err.splitlines() if not re.match(r"\d+ of \d+ runs", line)]
    gone = f"--executor: the scheduler at {cluster.address} is not there any more; start it and ask again; "
    assert lines == [f"{gone}--store keeps runs"]
    for worker in cluster.workers:
        end(worker)
    cluster.start_scheduler()
    cluster.start_worker()
    assert resumed(question, executor, store, before) == serial


@pytest.mark.slow
def test_a_worker_with_another_model_is_refused(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client whose source differs from the workers' gets none of their numbers, and a line that names the worker."""
    monkeypatch.setattr("sim.experiment.execution.cluster.model_digest", lambda: "another")
    with (
        pytest.raises(InputError, match=r"the worker at tcp://127.0.0.1:\d+ has another source of regsim"),
        started(f"dask:{cluster.address}", json.dumps, ({},)) as pool,
    ):
        pool.submit(json.dumps, 1).result(PATIENCE_S)


@pytest.mark.slow
def test_where_no_scheduler_is_a_line_says_so(question: Path) -> None:
    """An address that nobody listens at, and one that is none: exit code 2, and how to start one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        process = client(question, f"dask:tcp://127.0.0.1:{probe.getsockname()[1]}")
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (2, "")
    assert "there is no scheduler at tcp://127.0.0.1:" in err
    assert err.rstrip().endswith("start one with `dask scheduler`, and name its address")
    with pytest.raises(InputError, match="dask needs the scheduler's address"):
        resolved("dask", 1)
