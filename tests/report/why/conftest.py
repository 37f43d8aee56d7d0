"""The deploys that exports are made of."""

from __future__ import annotations

import pytest

import sim
from sim.report.why import answer
from sim.report.why.answer import Why
from sim.scenario import Scenario


@pytest.fixture(scope="session")
def why(scenario: Scenario) -> Why:
    """The slowest half of a node-direct run, which pushes, copies, pulls and boots."""
    result = sim.run(scenario.variant("node-direct").with_({"demand.nodes": 2}), engine="reference")
    (found,) = answer.whys({"node-direct": result}, None, 0.5, 0, 1)
    assert isinstance(found, Why)
    return found
