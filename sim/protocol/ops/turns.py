"""Turns: how many pulls a node makes at once, and how many it begins in a while, as a kubelet has it.

A pull that comes while as many as `parallel_pulls` are under way waits for its turn, first come first served
(kubernetes, pkg/kubelet/images/puller.go). When it has its turn it needs a token of the node's bucket of pulls
(pkg/kubelet/images/helpers.go: `throttledImageService`); without one it fails at once ("pull QPS exceeded"), and the
platform starts its instance again as after other failures. A node that has the image, and need not ask what its tag
means, pulls nothing and waits for no turn.

Left out: layers (a profile's `parallel_pulls` bounds these within each pull), a bound on how many may wait, and
kubelet's own wait before it tries again, in whose place the platform's is.
"""

from __future__ import annotations

from typing import Any

from sim.protocol.codes import BLOCKED, GO, TOO_MANY_PULLS, WAIT
from sim.protocol.ops.lookups import asks_upstream_first
from sim.protocol.ops.pull import look_up
from sim.protocol.ops.rate_limits import ALMOST
from sim.protocol.tasks import add_waiting, begin_yield, end_yield, enter_phase, make_ready
from sim.tables.rows import PULL


def take_turn(w: Any, p: int, a: int, b: int) -> int:
    """Wait until the node may begin another pull; a failure if it has begun too many."""
    task = w.tasks[p]
    if w.g.takes_turns == 0 or w.turns[task.node].bounded == 0:
        task.has_turn = 0
        return GO
    timeline, turns = w.timelines[task.timeline], w.turns[task.node]
    if task.stage == 0:
        enter_phase(w, task.timeline, PULL)
        task.has_turn, task.stage = 0, 1
        task.pc -= 1
        return WAIT
    if task.stage == 1:
        task.stage = 0
        if not asks_upstream_first(w, p) and look_up(w, task.node, task.name, task.digest) != -1:
            return GO
        if turns.free == 0:
            task.stage, task.next = 2, -1
            if turns.first < 0:
                turns.first = p
            else:
                w.tasks[turns.last].next = p
            turns.last = p
            task.pc -= 1
            return BLOCKED
        if turns.free > 0:
            turns.free -= 1
    task.stage, task.has_turn = 0, 1
    asked_s, timeline.now_s = timeline.now_s, w.g.now_s
    add_waiting(w, task.timeline, timeline.now_s - asked_s)
    refused = 0 if takes_token(w, task.node) else 1
    row = w.pulls_begun[w.g.pulls_begun_used]
    w.g.pulls_begun_used += 1
    row.deploy, row.node, row.asked_s, row.began_s = task.deploy, task.node, asked_s, timeline.now_s
    row.refused = refused
    return TOO_MANY_PULLS if refused else GO


def takes_token(w: Any, node: int) -> bool:
    """Whether the node's bucket of pulls has a token, which is taken; always where it has no bucket."""
    turns, now_s = w.turns[node], w.g.now_s
    if turns.rate_per_s <= 0.0:
        return True
    turns.tokens = min(turns.burst, turns.tokens + (now_s - turns.at_s) * turns.rate_per_s)
    turns.at_s = now_s
    if turns.tokens < 1.0 - ALMOST:
        return False
    turns.tokens -= 1.0
    return True


def give_turn(w: Any, p: int, a: int, b: int) -> int:
    """The pull has ended, one way or another: the next that waits has its turn."""
    task = w.tasks[p]
    if w.g.takes_turns == 0 or task.has_turn == 0:
        return GO
    if task.stage == 0 and w.timelines[task.timeline].now_s > w.g.now_s:
        task.stage = 1
        task.pc -= 1
        return WAIT
    task.stage = task.has_turn = 0
    turns = w.turns[task.node]
    aside = begin_yield(w, p)
    following = turns.first
    if following >= 0:
        turns.first = w.tasks[following].next
        w.tasks[following].next = -1
        make_ready(w, following)
    elif turns.free >= 0:
        turns.free += 1
    return end_yield(w, aside)
