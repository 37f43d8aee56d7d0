"""What a Dask worker is given and does; imported only where Dask is, by `cluster` and by workers."""

from __future__ import annotations

import contextvars
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from distributed import Worker, WorkerPlugin, get_worker

from sim.errors import InputError
from sim.manifest import model_digest

B = TypeVar("B")


class Question(WorkerPlugin):
    """Gives each worker, once when it joins, what runs are of: a plugin, so that those that join later get it, too."""

    def __init__(self, begin: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        self.name = f"regsim-{uuid.uuid4()}"
        self._begin = begin
        self._arguments = arguments

    def setup(self, worker: Worker) -> None:
        """Begin in a context of its own, of which each run gets a copy."""
        self.context = contextvars.copy_context()
        self.context.run(self._begin, *self._arguments)


def on_worker(name: str, model: str, fn: Callable[..., B], args: tuple[Any, ...], kwargs: dict[str, Any]) -> B:
    """Do the work where this runs. InputError when what computes here is not what computes at the client."""
    worker = get_worker()
    if model_digest() != model:
        problem = f"the worker at {worker.address} has another source of regsim, or other versions of what it uses"
        raise InputError("executor", problem, "install the same on all machines, with tests/constraints.txt")
    question = worker.plugins[name]
    assert isinstance(question, Question)
    return question.context.copy().run(fn, *args, **kwargs)
