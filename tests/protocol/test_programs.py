"""The recipe in `sim.protocol.programs`: a request and a decision, added as it says."""

from __future__ import annotations

from inspect import getsource
from textwrap import indent
from typing import Any
from unittest.mock import patch

from sim.engines.run import programs as assembled
from sim.protocol import programs
from sim.protocol.codes import GO
from sim.protocol.ops.holdings import has_image
from sim.protocol.ops.requests import answer, at_clock
from sim.protocol.programs import COPY_BLOBS, PROGRAMS, label, request, steps, when

from .small import App, Deploy, demand, exactly, play, scenario


def target_has_image(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` if the copy's target has its image."""
    task = w.tasks[p]
    if has_image(w, task.registry, w.names[task.name].repository, task.image):
        task.pc = label
    return GO


def test_a_request_and_a_decision_are_an_entry_and_an_op() -> None:
    """A ROM is pushed to central twice, and copied to a node that starts none. A request and its answer take 0.21 s.

    The first copy asks in vain, then checks and sends the blobs as before; the second, of what the node has, puts the
    manifest as soon as it is answered, which saves it two checks.
    """
    copy = PROGRAMS["COPY"]
    at = next(n for n in range(len(copy)) if copy[n : n + len(COPY_BLOBS)] == COPY_BLOBS)
    asks = steps(request("HEAD manifest by digest"), at_clock, answer, when(target_has_image, "copied"))
    added = (*copy[:at], *asks, *COPY_BLOBS, label("copied"), *copy[at + len(COPY_BLOBS) :])
    chosen = scenario(
        nodes=2, central__capacity="100 MB/s",
        policies__sync__to_nodes="on-push", policies__sync__targets="all", policies__sync__delay="0 s",
    )  # fmt: skip
    asked = demand([Deploy(0.0), Deploy(100.0, image=0)], apps=[App(kind=1)])

    def copies() -> list[tuple[float, int]]:
        """How long each takes, and how many bytes are sent."""
        rows = play(chosen, asked).rows("syncs")
        return [(row["committed_s"] - row["started_s"], row["size_bytes"]) for row in rows if row["target"] == "n2"]

    (first_s, first_bytes), (second_s, second_bytes) = copies()
    assembled.cache_clear()
    with patch.dict(PROGRAMS, COPY=added):
        changed = copies()
    assembled.cache_clear()
    assert changed == [(exactly(first_s + 0.21), first_bytes), (exactly(second_s - 0.21), second_bytes)]


def test_the_recipe_is_the_one_that_is_tried_here() -> None:
    """The op stands in the module's docstring as above."""
    assert indent(getsource(target_has_image), "    ") in (programs.__doc__ or "")
