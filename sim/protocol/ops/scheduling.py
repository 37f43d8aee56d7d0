"""Events that are known beforehand: arrivals, outages, collections of garbage, looks of the audit."""

from __future__ import annotations

from typing import Any

from sim.records.queue import push_event


def schedule(w: Any, at_s: float, kind: int, what: int, generation: int) -> None:
    """Have an event at a time that keeps the run going until then; `scheduled` counts these."""
    w.g.scheduled += 1
    push_event(w, at_s, kind, what, generation)
