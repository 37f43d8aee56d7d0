"""Marks: a number for each blob of an image, kept by the task that plans with it. Whether it travels, or how much of
it."""

from __future__ import annotations

from typing import Any


def take_marks(w: Any, p: int, count: int) -> int:
    """Where so many marks of a task begin, all of them 0; its part of `marks` stays its row's own."""
    task, g = w.tasks[p], w.g
    if task.marks_size < count:
        task.marks, task.marks_size = g.marks_used, count
        g.marks_used += count
    for at in range(task.marks, task.marks + count):
        w.marks[at] = 0
    return int(task.marks)
