"""What the file of an installation of one's own says of its defaults: which way each leans, and what turns it round."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import sim

pytestmark = pytest.mark.integration

FILE = Path(__file__).parents[1] / "scenarios" / "byoc.toml"
#: Four days of it, all of which count.
FEW = {"run.duration": "4 d", "run.warm_up": "0 s"}


@cache
def gain_s(*changes: tuple[str, object]) -> float:
    """By how much a deploy is faster, on average, when it is pushed straight to a node, s."""
    scenario = sim.load(FILE, FEW | dict(changes))
    central, direct = (sim.run(scenario, variant=name).metrics for name in ("central", "node-direct"))
    assert central["failed_deploys"] == direct["failed_deploys"] == 0
    return central["deploy_latency_s.mean"] - direct["deploy_latency_s.mean"]


@pytest.mark.parametrize(
    "changes",
    [
        (("policies.placement", "spread"),),
        (("policies.elsewhere", 0.2),),
        (("nodes.fra.ttl", "24 h"), ("nodes.sin.ttl", "24 h")),
        (("nodes.fra.cold", True), ("nodes.sin.cold", True)),
    ],
)
def test_defaults_that_lean_towards_node_direct(changes: tuple[tuple[str, object], ...]) -> None:
    """Without them node-direct still is faster, by a twentieth of a second less or more."""
    assert 0 < gain_s(*changes) < gain_s() - 0.05


def test_updates_lean_towards_central() -> None:
    """Of new applications the kernel goes to central and from there to the node, so that node-direct gains more."""
    assert gain_s(("demand.updates", 0.5)) > gain_s() + 0.1


def test_without_a_ttl_nodes_keep_every_kernel() -> None:
    """Then pushes straight to nodes never send one again, which the ttl of a week makes them do."""
    never = sim.load(FILE, {"run.duration": "14 d", "nodes.fra.ttl": None, "nodes.sin.ttl": None})
    pushed = [sim.run(each, variant="node-direct").metrics["push_bytes"] for each in (never, never.with_(
        {"nodes.fra.ttl": "168 h", "nodes.sin.ttl": "168 h"}
    ))]  # fmt: skip
    assert pushed[1] > pushed[0] + 10 * 36 * 2**20


def test_two_nodes_turn_the_answer_round_unless_the_second_pulls_from_the_first() -> None:
    """The second node waits for the sync to central, more than 2 s longer than node-direct gained; a peer does not."""
    assert gain_s(("demand.nodes", 2)) < -2.0
    assert gain_s(("demand.nodes", 2), ("policies.fanout", "peer")) > 3.0
