"""What a decision of each kind of rule must be, so that it can be carried out, and what is wrong with one that is not.

Rules that ship keep to this and are tested for it (`conformance`), so that nobody looks again while a run goes on. Of a
user's rule every decision is looked at (`outside`). Left out: what only several decisions together show, such as that
a rule of conflicts orders all publishes; that is the conformance suite's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, get_args

from sim.policies.snapshot import Chunks, Due, Fanout, Parents, Route


class Wrong(NamedTuple):
    """What is wrong with a decision, and what a rule of its kind gives instead."""

    problem: str
    remedy: str


def wrong_with(kind: str, view: Any, decision: Any) -> Wrong | None:
    """What is wrong with a rule's decision on a view; None if it can be carried out."""
    try:
        problem = _PROBLEMS[kind](view, decision)
    except Exception:  # such as of something that can't be compared or counted
        problem = f"returned {said(decision)}"
    return Wrong(problem, _REMEDIES[kind]) if problem else None


def _route(view: Any, decision: Any) -> str:
    return "" if isinstance(decision, str) and decision in get_args(Route) else f"returned {said(decision)}"


def _placement(view: Any, decision: Any) -> str:
    if not isinstance(decision, tuple):
        return f"returned {said(decision)}"
    strangers = [node for node in decision if isinstance(node, bool) or node not in view.nodes]
    if strangers:
        return f"chose {said(strangers[0])}, and there is no such node"
    if len(set(decision)) < len(decision):
        return f"chose a node twice, {said(decision)}"
    if len(decision) != view.wanted:
        return f"chose {len(decision)} nodes where {view.wanted} are wanted"
    return ""


def _fanout(view: Any, decision: Any) -> str:
    if not isinstance(decision, Fanout) or decision.source not in ("central", "peer"):
        return f"returned {said(decision)}"
    if not _is_whole(decision.pushed) or not 1 <= decision.pushed <= view:
        return f"pushes to {said(decision.pushed)} of {view} nodes"
    return ""


def _trigger(view: Any, decision: Any) -> str:
    if decision is None:
        return ""
    if not isinstance(decision, Due):
        return f"returned {said(decision)}"
    if not _is_number(decision.at_s) or not view.now_s <= decision.at_s < math.inf:
        return f"has a copy begin at {said(decision.at_s)} s where it is {view.now_s:g} s now"
    return ""


def _conflict(view: Any, decision: Any) -> str:
    return "" if isinstance(decision, bool) else f"returned {said(decision)}"


def _eviction(view: Any, decision: Any) -> str:
    if not isinstance(decision, tuple) or not 1 <= len(decision) <= 3 or not all(map(_is_number, decision)):
        return f"returned {said(decision)}"
    return "returned NaN, which nothing is above or below" if any(map(math.isnan, decision)) else ""


def _source(view: Any, decision: Any) -> str:
    if not isinstance(decision, Parents):
        return f"returned {said(decision)}"
    chosen, holders = list(decision.chosen), len(view.round_trips_s)
    strangers = [at for at in chosen if not _is_whole(at) or not 0 <= at < holders]
    if strangers:
        return f"chose holder {said(strangers[0])} of {holders}, which are numbered from 0"
    if len(set(chosen)) < len(chosen):
        return f"chose a holder twice, {said(tuple(chosen))}"
    if not _is_number(decision.lookup_s) or not 0 <= decision.lookup_s < math.inf:
        return f"has finding them take {said(decision.lookup_s)} s"
    return ""


def _chunking(view: Any, decision: Any) -> str:
    if not isinstance(decision, Chunks) or not all(map(_is_whole, decision)):
        return f"returned {said(decision)}"
    if decision.changed_bytes <= 0 or decision.stable_bytes < 0 or sum(decision) != view.size_bytes:
        return f"made {decision.stable_bytes} and {decision.changed_bytes} bytes of {view.size_bytes}"
    return ""


_PROBLEMS: Final[Mapping[str, Callable[[Any, Any], str]]] = {
    "route": _route, "placement": _placement, "fanout": _fanout, "trigger": _trigger, "conflict": _conflict,
    "eviction": _eviction, "source": _source, "chunking": _chunking,
}  # fmt: skip
_REMEDIES: Final[Mapping[str, str]] = {
    "route": f"return one of {', '.join(get_args(Route))}",
    "placement": "return a tuple of view.wanted different nodes of view.nodes",
    "fanout": 'return Fanout(pushed, source) with 1 to view pushes and source "central" or "peer"',
    "trigger": "return Due(at_s) with a time that is not past, or None",
    "conflict": "return True or False",
    "eviction": "return a tuple of one to three numbers, none of them NaN",
    "source": "return Parents(chosen, lookup_s) with different positions in view.round_trips_s and a time from 0 s on",
    "chunking": "return Chunks(stable_bytes, changed_bytes), whole numbers that sum to view.size_bytes, some changed",
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def said(value: object) -> str:
    """A value as a line quotes it, short, whatever its `repr` does."""
    try:
        text = repr(value)
    except Exception:
        text = f"something of type {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."
