"""For all tests: an example may take its time, since a busy machine is no fault of what is tested."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

_TWO_SITES = """
sites = { a = {}, b = {}, idle = {} }
links.a-b = { between = ["a", "b"], rtt = "80 ms", capacity = "1 Gbit/s" }
links.a-idle = { between = ["a", "idle"], rtt = "80 ms", capacity = "1 Gbit/s" }
central = { site = "a" }
nodes.near = { site = "a" }
nodes.far = { site = "b" }
clients.dev = { site = "a", count = 2 }
clients.ops = { site = "b" }
images.app = { kernel = "10 MB", rootfs = "1 MB" }
variants.central = { policies.route = "central" }
variants.node-direct = { policies.route = "node-direct" }
"""


@pytest.fixture(scope="session")
def two_sites() -> str:
    """Two sites with nodes and clients, one that is idle, two routes. Who asks adds `run` and `demand`."""
    return _TWO_SITES
