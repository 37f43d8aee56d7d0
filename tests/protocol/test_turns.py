"""Pulls in turn on a node: so many at once, the others wait; so many in a while, the others fail and come back.

A cold node pulls a ROM in 2.671 s: 0.2 to open a connection, 0.21 for the tag, 0.42 for index and manifest, 0.26 until
the first byte, 0.581 of slow start and 1 for the bytes. The next pull finds the connection open: 2.471 s. Three at once
share the line of 1 MB/s and take 4.671 s each.
"""

from __future__ import annotations

from typing import Any

import pytest

from sim.accounting.held_back import Holder, held_back
from sim.experiment.doubling import doublings
from sim.scenario import Scenario

from .small import App, Deploy, Seen, demand, exactly, play, scenario

ASKED_S = 0.3
ONE_S, NEXT_S = 2.671, 2.471


def cold_node(**limits: Any) -> Scenario:
    """One cold node that bounds its pulls."""
    return scenario(nodes__n__cold=True).with_({f"nodes.n.{key}": value for key, value in limits.items()})


def three_pulls(**limits: Any) -> Seen:
    """Three ROMs are started at once on it."""
    starts = [Deploy(0.0, app=at, pushes=False) for at in range(3)]
    return play(cold_node(**limits), demand(starts, [App(kind=1)] * 3, known_apps=3))


def pulled_s(seen: Seen) -> list[float]:
    """When each image was there, after the node was asked."""
    return [row["pulled_s"] - ASKED_S for row in seen.rows("starts")]


@pytest.mark.parametrize(
    ("at_once", "there_s"),
    [
        (1, [ONE_S, ONE_S + NEXT_S, ONE_S + 2 * NEXT_S]),
        # Two share the line, 1 s more for each; the third has it alone.
        (2, [ONE_S + 1.0, ONE_S + 1.0, ONE_S + 1.0 + NEXT_S]),
        (3, [ONE_S + 2.0] * 3),
    ],
)
def test_a_pull_waits_for_its_turn(at_once: int, there_s: list[float]) -> None:
    """One after another the first is there soonest; side by side all are there last."""
    assert pulled_s(three_pulls(parallel_pulls=at_once)) == exactly(there_s)


def test_turns_are_rows_and_their_waits_are_waiting() -> None:
    """Of three in series the third waits for two: that is in its row, and in the waited part of its pull."""
    seen = three_pulls(parallel_pulls=1)
    assert [row["began_s"] - row["asked_s"] for row in seen.rows("turns")] == exactly([0.0, ONE_S, ONE_S + NEXT_S])
    # On an idle node each opens a connection of its own.
    assert [row["pull_waited_s"] for row in seen.deploys()] == exactly([0.0, ONE_S, ONE_S + NEXT_S])


def test_what_begins_beyond_the_rate_fails_and_is_started_again() -> None:
    """Of three, two are in the burst; the third comes back after 0, 5, 10 s: with a token every 15 s it passes then."""
    seen = three_pulls(pull_rate="4/min", pull_burst=2)
    assert [row["refused"] for row in seen.rows("turns")] == [False, False, True, True, True, False]
    assert seen.rows("turns")[-1]["began_s"] == exactly(ASKED_S + 15.0)
    assert pulled_s(seen) == exactly([ONE_S + 1.0, ONE_S + 1.0, 15.0 + NEXT_S])


def test_a_node_whose_tokens_do_not_come_back_fails_the_deploy_by_name() -> None:
    """A token an hour: after six more starts, 375 s on, the deploy says that its node's pull_rate was too low."""
    seen = three_pulls(pull_rate="1/h", pull_burst=2)
    failed = [(row["reason"], row["ended_s"]) for row in seen.deploys() if row["failed"]]
    assert failed == [("too many pulls: the node's pull_rate", exactly(ASKED_S + 375.0))]


def test_a_pull_that_fails_gives_its_turn_to_the_next() -> None:
    """In series and with one token, the second fails as it has its turn, and the third after it; none waits forever."""
    seen = three_pulls(parallel_pulls=1, pull_rate="1/h", pull_burst=1)
    assert [row["failed"] for row in seen.deploys()] == [False, True, True]
    assert seen.state.turns[1].free == 1


def test_a_node_that_has_the_image_takes_no_turn() -> None:
    """It was pulled before, and nobody asks upstream: a start beside a long pull boots at once."""
    chosen = scenario(nodes__n__parallel_pulls=1, policies__tags__check="absent")
    starts = [Deploy(0.0, app=1), Deploy(4.5, app=0, pushes=False)]
    seen = play(chosen, demand(starts, [App(kind=1)] * 2, known_apps=1))
    (turn,) = seen.rows("turns")
    assert turn["deploy"] == 0
    here, pulled = seen.rows("starts")
    assert here["pulled_s"] == here["asked_s"] > turn["began_s"]
    assert here["ready_s"] < pulled["pulled_s"]


def test_waiting_for_a_turn_holds_deploys_back() -> None:
    """Three in series wait 0, 2.671 and 5.142 s; to double that is two at once."""
    seen, chosen = three_pulls(parallel_pulls=1), cold_node(parallel_pulls=1)
    held = held_back(chosen, seen.tables, 0.0)
    (turns,) = [part for part in held.parts if part.holder.kind == "turns"]
    assert turns.holder == Holder("turns", "n")
    assert turns.held_s == turns.waited_s == exactly(2 * ONE_S + NEXT_S)
    assert "workers" not in {part.holder.kind for part in held.parts}
    doubled = {thing.kind: dict(overrides) for thing, overrides in doublings(chosen, [held], 9)}
    assert doubled["turns"] == {"nodes.n.parallel_pulls": 2}
