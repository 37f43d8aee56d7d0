"""What came of runs made again, as sentences: equal bit for bit, or which runs differ, and what is otherwise now."""

from __future__ import annotations

from collections.abc import Iterator

from sim.experiment.execution.worker import Task
from sim.experiment.rerun import Rerun


def sentences(found: Rerun) -> Iterator[str]:
    """Whether all runs are equal, and what may be the cause where they are not."""
    total, differing = len(found.outcomes), found.differing
    if not differing:
        yield f"equal bit for bit: {total} of {total} runs"
    else:
        yield f"{len(differing)} of {total} runs came out otherwise: {'; '.join(map(_named, differing))}"
    for difference in found.about:
        yield f"changed since then: {difference}"


def _named(task: Task) -> str:
    """`central, run 2, links.wan.capacity = 1 Gbit/s`."""
    settings = [f"{key} = {value}" for key, value in task.settings]
    return ", ".join([*([task.variant] if task.variant else []), f"run {task.run}", *settings])
