"""What tests of both engines share: machine code that is there before any of them is timed."""

from __future__ import annotations

from random import Random

import pytest

from sim.engines.run import run
from sim.streams import Streams
from tests.engines.worlds import world


@pytest.fixture(scope="session")
def machine_code() -> None:
    """Compile once, which takes most of a minute where nothing is kept on disk."""
    chosen, asked = world(Random(1), faults=False)
    run(chosen, asked, Streams(1), "compiled")
