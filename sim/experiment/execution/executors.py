"""Where runs are made: here, in worker processes, or on a Dask cluster, behind the interface of `concurrent.futures`.

Results depend on neither: a run draws from streams keyed by (seed, run), and results are taken in the tasks' order.

Workers are forked on Linux: two have answered after 12 ms, against 1.3 s by a fork server and 1.5 s when spawned
(`tests/bench/bench_start.py`, 2 cores), since they import nothing again. Elsewhere they are spawned, as forking is not
safe under macOS's own libraries, and wherever the program has set that. The pool forks all its workers before it starts
its thread.

Neither way needs a guard around a script's main part: a spawned worker would run the script again, which would ask the
same question again, so it is started without it. Only where workers are handed something that the script itself
defines they need the script, which must have its guard then; one that has none is told in a line.

A worker ignores the keyboard's interrupt, which is for the one who started it, and ends at once when that one lets go
of its end of a pipe: on an interrupt, and also when the parent is killed.
"""

from __future__ import annotations

import contextvars
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext, SpawnContext, SpawnProcess
from multiprocessing.synchronize import Lock
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO, TypeVar

from sim.engines.choice import EngineWarning
from sim.errors import InputError
from sim.experiment.execution import cluster

A = TypeVar("A")
B = TypeVar("B")

_KINDS = "use serial, processes, processes:N or dask:ADDRESS"
START = "fork" if sys.platform == "linux" else "spawn"
_MAIN = "__main__"
_GUARD = "put what the script asks under `if __name__ == '__main__':`, or what it defines for workers in a module"


class _Worker(SpawnProcess):
    """A process to be spawned that does not run the program's script again."""

    def start(self) -> None:
        script = sys.modules[_MAIN]
        sys.modules[_MAIN] = ModuleType(_MAIN)  # what a new process is told to run is read off this
        try:
            super().start()
        finally:
            sys.modules[_MAIN] = script


class _WithoutScript(SpawnContext):
    """Spawns workers of this kind."""

    Process = _Worker


class Serial(Executor):
    """Makes each run when its result is asked for, in a context of its own so that `begin` leaves nothing behind."""

    def __init__(self, begin: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        self._context = contextvars.copy_context()
        self._context.run(begin, *arguments)

    def submit(self, fn: Callable[..., B], /, *args: Any, **kwargs: Any) -> Future[B]:
        future: Future[B] = Future()
        try:
            future.set_result(self._context.run(fn, *args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def map(
        self, fn: Callable[..., B], *iterables: Iterable[Any], timeout: float | None = None, chunksize: int = 1
    ) -> Iterator[B]:
        return (self.submit(fn, *arguments).result() for arguments in zip(*iterables, strict=False))


def resolved(text: str, tasks: int) -> str:
    """`serial`, `processes:N` with N spelt out, at most one a task, or `dask:ADDRESS`. InputError for all else."""
    kind, colon, number = text.partition(":")
    if kind == "serial" and not colon:
        return "serial"
    if kind == "processes" and not colon:
        return f"processes:{max(min(_cpus(), tasks), 1)}"
    if kind == "processes" and number.isdecimal() and int(number):
        return f"processes:{max(min(int(number), tasks), 1)}"
    if kind == cluster.KIND:
        return cluster.checked(text)
    raise InputError("executor", f'there is no "{text}"', _KINDS)


def shares_memory(executor: str) -> bool:
    """Whether those who make runs have what this process has, so that nothing need be sent to them."""
    kind = executor.partition(":")[0]
    return kind == "serial" or (kind == "processes" and _start() == "fork")


def _start() -> str:
    """How workers are started: spawned where this program has set that, else as suits the system."""
    return "spawn" if multiprocessing.get_start_method(allow_none=True) == "spawn" else START


def _context(work: tuple[Any, ...]) -> BaseContext:
    """What starts workers for some work. InputError where they would have to run a script without a guard.

    A worker that is still running the script is not to start others: the question is asked outside the guard. It ends.
    """
    if _start() != "spawn":
        return multiprocessing.get_context(_start())
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        sys.exit(f"executor: a worker runs the script again, which asks for workers again; {_GUARD}")
    if _MAIN.encode() not in pickle.dumps(work):
        return _WithoutScript()
    if not _has_guard(getattr(sys.modules[_MAIN], "__file__", None)):
        raise InputError("executor", "workers would run the whole script again for what it defines", _GUARD)
    return multiprocessing.get_context("spawn")


def _has_guard(script: str | None) -> bool:
    """Whether a script, if there is one, keeps apart what is for its own process alone."""
    try:
        return script is not None and "__name__" in Path(script).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False


def ahead(executor: str, pool: Executor) -> int:
    """How many tasks to hand over at once: one where they are made here, two a worker elsewhere."""
    if isinstance(pool, cluster.Cluster):
        return pool.ahead
    kind, _, number = executor.partition(":")
    return 2 * int(number) if kind == "processes" else 1


@contextmanager
def started(executor: str, begin: Callable[..., None], arguments: tuple[Any, ...]) -> Iterator[Executor]:
    """An executor, as `resolved` names it, whose workers have each called begin(*arguments) once."""
    kind, _, number = executor.partition(":")
    if kind == "serial":
        with Serial(begin, arguments) as here:
            yield here
        return
    if kind == cluster.KIND:
        with cluster.connected(executor, begin, arguments) as there:
            yield there
        return
    context = _context((begin, arguments))
    watched, held = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(int(number), context, _begin, (watched, held, context.Lock(), begin, arguments))
    try:
        yield pool
    except BrokenProcessPool as error:
        problem = "a worker ended before its run did, perhaps for want of memory"
        raise InputError("executor", problem, "use fewer workers, or serial") from error
    except BaseException:
        held.close()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        watched.close()
        held.close()


def completed(pool: Executor, fn: Callable[[A], B], tasks: Iterable[A], ahead: int) -> Iterator[tuple[A, B]]:
    """Each task with its answer, in the order in which they end; at most `ahead` tasks are handed over and not back."""
    under_way: dict[Future[B], A] = {}
    for task in tasks:
        under_way[pool.submit(fn, task)] = task
        if len(under_way) >= ahead:
            yield from _ended(under_way)
    while under_way:
        yield from _ended(under_way)


def _ended(under_way: dict[Future[B], A]) -> Iterator[tuple[A, B]]:
    """Those that have ended when at least one has, taken out."""
    for future in wait(under_way, return_when=FIRST_COMPLETED).done:
        yield under_way.pop(future), future.result()


def _begin(
    watched: Connection, held: Connection, unsaid: Lock, begin: Callable[..., None], arguments: tuple[Any, ...]
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not as its parent has it
    held.close()
    threading.Thread(target=_end_with, args=(watched,), daemon=True).start()
    _say_once(unsaid)
    begin(*arguments)


def _say_once(unsaid: Lock) -> None:
    """That another engine runs it is said by the first worker that finds out, and not by each."""
    show = warnings.showwarning

    def show_once(
        message: Warning | str, category: type[Warning], filename: str, lineno: int, file: TextIO | None = None,
        line: str | None = None,
    ) -> None:  # fmt: skip
        if not issubclass(category, EngineWarning) or unsaid.acquire(block=False):
            show(message, category, filename, lineno, file, line)

    warnings.showwarning = show_once


def _end_with(watched: Connection) -> None:
    """End this process when the other end of the pipe is closed; nothing is ever sent."""
    try:
        watched.recv()
    except EOFError:
        os._exit(1)


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
