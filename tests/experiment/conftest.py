"""A question small enough to be answered many times over: two nodes on one hub, forty deploys in an hour."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

import sim
from sim.experiment.comparison import Comparison
from sim.scenario import Scenario

SMALL = """
run = { duration = "1 h", seed = 7, runs = 3 }
topology = { shape = "star" }
nodes.n = { count = 2, capacity = "1 Gbit/s" }
clients.dev = { count = 3, up = "50 Mbit/s", rtt = "20 ms" }
images.app = { kernel = "10 MB", rootfs = "1 MB" }
demand = { rate = "40/h", apps = 5, updates = 0.5 }
variants.central = { policies.route = "central" }
variants.node-direct = { policies.route = "node-direct" }
"""


@pytest.fixture
def document() -> dict[str, Any]:
    """A fresh copy, to change."""
    return tomllib.loads(SMALL)


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    return Scenario.from_document(tomllib.loads(SMALL), "small")


@pytest.fixture(scope="session")
def outcome(scenario: Scenario) -> Comparison:
    """The small scenario's comparison, made once for the tests that read it."""
    return sim.compare(scenario, executor="serial")


@pytest.fixture(scope="session")
def failing(scenario: Scenario) -> Comparison:
    """Node-direct as it is, and with copies to central that come a minute after the second node has given up."""
    document = {**tomllib.loads(SMALL), "run": {"duration": "1 h", "seed": 7, "runs": 5}}
    document["demand"]["nodes"] = 2
    late = {"policies": {"route": "node-direct", "sync": {"delay": "120 s"}}}
    document["variants"] = {"sound": {"policies": {"route": "node-direct"}}, "late": late}
    return sim.compare(Scenario.from_document(document, "failing"), executor="serial")


@pytest.fixture(scope="session")
def small_text() -> str:
    """The question as a file has it."""
    return SMALL
