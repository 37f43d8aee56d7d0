"""Executors: what they are called, that each worker begins once, and that none outlives its question."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.experiment.execution.executors import resolved, started

LONG_S = 600
SOON_S = 100

KEPT: ContextVar[str] = ContextVar("kept")


def remember(path: str) -> None:
    """Note in a file that this process has begun."""
    KEPT.set(path)
    with Path(path).open("a") as file:
        file.write(f"{os.getpid()}\n")


def recall(number: int) -> tuple[str, int]:
    time.sleep(0.02)
    return KEPT.get(), number


@pytest.mark.parametrize(
    ("text", "tasks", "expected"),
    [
        ("serial", 9, "serial"),
        ("processes:3", 9, "processes:3"),
        ("processes:8", 2, "processes:2"),
        ("processes", 1, "processes:1"),
    ],
)
def test_an_executor_is_resolved_to_a_number_of_workers(text: str, tasks: int, expected: str) -> None:
    """There are never more workers than tasks; `processes` alone means one for each core."""
    assert resolved(text, tasks) == expected


@pytest.mark.parametrize(
    "text", ["", "threads", "serial:2", "processes:", "processes:0", "processes:-1", "processes:x"]
)
def test_any_other_executor_is_one_line_that_names_what_there_is(text: str) -> None:
    """The error quotes what was asked for and lists the choices."""
    with pytest.raises(InputError) as caught:
        resolved(text, 1)
    assert str(caught.value) == f'executor: there is no "{text}"; use serial, processes, processes:N or dask:ADDRESS'


@pytest.mark.parametrize(("executor", "workers"), [("serial", 1), ("processes:1", 1), ("processes:2", 2)])
def test_each_worker_begins_once_and_answers_come_in_order(executor: str, workers: int, tmp_path: Path) -> None:
    """Eight tasks are answered in their order by workers of which each was told once what it is about."""
    begun = str(tmp_path / "begun")
    with started(executor, remember, (begun,)) as pool:
        assert list(pool.map(recall, range(8))) == [(begun, number) for number in range(8)]
    assert len(Path(begun).read_text().split()) == workers


def test_a_serial_executor_leaves_nothing_behind(tmp_path: Path) -> None:
    """What `begin` sets is gone when the executor is, although it ran in this very process."""
    with started("serial", remember, (str(tmp_path / "begun"),)) as pool:
        assert pool.submit(recall, 1).result()[1] == 1
    assert KEPT.get(None) is None


def test_a_serial_executor_makes_nothing_before_it_is_asked(tmp_path: Path) -> None:
    """Answers are made one by one, so that progress can be told between them."""
    made: list[int] = []
    with started("serial", remember, (str(tmp_path / "begun"),)) as pool:
        answers = pool.map(made.append, range(3))
        assert made == []
        next(answers)
        assert made == [0]


@pytest.mark.parametrize("executor", ["serial", "processes:1"])
def test_an_error_in_a_worker_arrives_as_it_is(executor: str, tmp_path: Path) -> None:
    """A task's own exception is raised where its answer is asked for."""
    with pytest.raises(ZeroDivisionError), started(executor, remember, (str(tmp_path / "b"),)) as pool:
        list(pool.map(divmod, [1], [0]))


def test_a_worker_that_dies_is_one_line_with_a_remedy(tmp_path: Path) -> None:
    """A worker killed from outside ends the question with an InputError, not with a stack of the pool's own."""
    with pytest.raises(InputError) as caught, started("processes:2", remember, (str(tmp_path / "b"),)) as pool:
        list(pool.map(os._exit, [3, 3]))
    assert str(caught.value) == (
        "executor: a worker ended before its run did, perhaps for want of memory; use fewer workers, or serial"
    )


def test_an_interrupt_ends_workers_in_the_middle_of_their_work(tmp_path: Path) -> None:
    """Two workers asleep for a minute are gone a moment after the keyboard's interrupt."""
    began = time.monotonic()
    begun = tmp_path / "begun"

    def interrupted() -> None:
        with started("processes:2", remember, (str(begun),)) as pool:
            for _ in range(2):
                pool.submit(time.sleep, LONG_S)
            _wait_for_lines(begun, 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not multiprocessing.active_children()
    assert time.monotonic() - began < SOON_S


def test_a_worker_takes_no_notice_of_the_keyboard(tmp_path: Path) -> None:
    """An interrupt is for the one who asked: a worker that gets it too, busy or not, still answers."""
    begun = tmp_path / "begun"
    with started("processes:2", remember, (str(begun),)) as pool:
        busy = pool.submit(recall, 0)
        _wait_for_lines(begun, 2)
        for worker in begun.read_text().split():
            os.kill(int(worker), signal.SIGINT)
        assert [busy.result()[1], pool.submit(recall, 1).result()[1]] == [0, 1]


ORPHANS = """
import sys, time
sys.path.insert(0, sys.argv[2])
from sim.experiment.execution.executors import started
from test_executors import remember, LONG_S

with started("processes:2", remember, (sys.argv[1],)) as pool:
    list(pool.map(time.sleep, [LONG_S]))  # one worker is busy, one waits
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_when_the_one_who_started_them_does(how: signal.Signals, tmp_path: Path) -> None:
    """A parent killed, or interrupted together with its workers as a terminal does, leaves none; they stay silent."""
    begun = tmp_path / "begun"
    command = [sys.executable, "-c", ORPHANS, str(begun), str(Path(__file__).parent)]
    parent = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # Whoever is started in the background by a shell ignores interrupts, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    _wait_for_lines(begun, 2)
    time.sleep(0.2)  # until one is asleep in its task
    if how == signal.SIGINT:
        os.killpg(parent.pid, how)
    else:
        parent.send_signal(how)
    _, said = parent.communicate(timeout=SOON_S)
    assert said.count("Traceback") == (how == signal.SIGINT)  # the parent's own
    workers = [int(line) for line in begun.read_text().split()]
    _wait_until(lambda: not any(_alive(worker) for worker in workers))


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # dead, and only waiting for somebody to ask


def _wait_for_lines(path: Path, lines: int) -> None:
    _wait_until(lambda: path.exists() and len(path.read_text().split()) >= lines)


def _wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON_S
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)
