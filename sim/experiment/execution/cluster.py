"""Runs made by the workers of a Dask cluster, behind the interface of `concurrent.futures`.

Workers come and go as they like. The question (scenario and seed) is sent once to each, also to one that joins later
(`plugin`). A run under way on a worker that dies is made again elsewhere. Results are taken by the client, which puts
them into the store: when a scheduler or a client dies, what is under way is lost and no more. Workers with other source
or other versions than the client's would make other numbers, so they are refused.

A Dask scheduler runs whatever it is sent by anybody who reaches its port: use an address with `tls://`, or a network
that only its users reach.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from sim.errors import InputError
from sim.manifest import model_digest

B = TypeVar("B")

KIND: Final = "dask"
#: How long to look for the scheduler, and for a first worker; and for a scheduler that was there and is gone.
_PATIENCE_S: Final = 10
#: Tasks handed over for each thread of the cluster, so that none waits for the next.
_PER_THREAD: Final = 2


class Cluster(Executor):
    """Hands work to a Dask client's workers."""

    def __init__(self, client: Any, begin: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        self._plugin = importlib.import_module("sim.experiment.execution.dask_plugin")
        question = self._plugin.Question(begin, arguments)
        client.register_plugin(question)
        self._name = question.name
        self._client = client
        self._pool = client.get_executor(pure=False)

    @property
    def ahead(self) -> int:
        """How many tasks to hand over at once, by what the cluster is now."""
        return _PER_THREAD * max(int(sum(self._client.nthreads().values())), 1)

    def submit(self, fn: Callable[..., B], /, *args: Any, **kwargs: Any) -> Future[B]:
        made: Future[B] = self._pool.submit(self._plugin.on_worker, self._name, model_digest(), fn, args, kwargs)
        return made

    def forget(self) -> None:
        """Have the workers forget the question."""
        self._client.unregister_worker_plugin(self._name)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)


@contextmanager
def connected(executor: str, begin: Callable[..., None], arguments: tuple[Any, ...]) -> Iterator[Cluster]:
    """The cluster whose scheduler is at the address in `dask:ADDRESS`. InputError when it is not there or goes away."""
    address = executor.partition(":")[2]
    gone = InputError(
        "executor", f"the scheduler at {address} is not there any more", "start it and ask again; --store keeps runs"
    )
    dask, distributed = (importlib.import_module(name) for name in ("dask", "distributed"))
    errors = (CancelledError, OSError, TimeoutError, distributed.client.FuturesCancelledError)
    with _quiet(), dask.config.set({"distributed.comm.timeouts.connect": _PATIENCE_S}):
        client = _client(distributed, address)
        try:
            there = Cluster(client, begin, arguments)
            yield there
            there.forget()
        except distributed.KilledWorker as error:
            problem = "a run ended the worker that made it, several times over, perhaps for want of memory"
            raise InputError("executor", problem, "use workers with more memory, or fewer threads") from error
        except errors as error:
            raise gone from error
        except RuntimeError as error:  # what Dask says of a client that has lost its scheduler
            if client.status == "running":
                raise
            raise gone from error
        finally:
            client.close(timeout=1)


def _require_answer(address: str) -> None:
    """OSError where nothing answers: whoever takes a connection and says nothing would be waited for without end.

    A scheduler greets who connects. By TLS it greets later, which is for Dask's own time-outs.
    """
    kind, _, place = address.rpartition("://")
    host, _, port = place.rpartition(":")
    if kind not in ("", "tcp") or not port.isdigit() or not host:
        return
    with socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE_S) as connection:
        connection.settimeout(_PATIENCE_S)
        if not connection.recv(1):
            raise OSError("it says nothing")


def _client(distributed: Any, address: str) -> Any:
    try:
        _require_answer(address)
        client = distributed.Client(address, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        problem = f"there is no scheduler at {address} ({_first_line(error)})"
        raise InputError("executor", problem, "start one with `dask scheduler`, and name its address") from error
    try:
        client.wait_for_workers(1, timeout=_PATIENCE_S)
    except TimeoutError as error:
        client.close(timeout=1)
        problem = f"the scheduler at {address} has no workers"
        raise InputError("executor", problem, f"start some with `dask worker {address}`") from error
    return client


def checked(executor: str) -> str:
    """`dask:ADDRESS` if it may be one and Dask is there. InputError if not."""
    if not executor.partition(":")[2]:
        raise InputError("executor", "dask needs the scheduler's address", "write dask:tcp://127.0.0.1:8786")
    if importlib.util.find_spec("distributed") is None:
        raise InputError("executor", "Dask is not installed", 'install it: pip install "regsim[dask]"')
    return executor


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own log is silent meanwhile: what is to be said is said in a line."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # its loggers have levels of their own, each
    try:
        yield
    finally:
        logging.disable(before)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
