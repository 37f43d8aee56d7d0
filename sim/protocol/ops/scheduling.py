"""Events that happen whatever becomes of others."""

from __future__ import annotations

from typing import Any

from sim.records.queue import push_event


def schedule(w: Any, at_s: float, kind: int, what: int, generation: int) -> None:
    """Something will happen, and keeps the run going until then; `certain` counts these."""
    w.g.scheduled += 1
    push_event(w, at_s, kind, what, generation)
