"""Completion times held against SimGrid 4.1 (data and the script that made it: tests/oracle)."""

import json
import math
from pathlib import Path

import pytest

from sim.network import Flow, simulate

CASES = json.loads((Path(__file__).parents[1] / "oracle" / "simgrid.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_completion_times_agree_with_simgrid(case):
    """Every flow of every star, tree and mesh, capped or not, ends when SimGrid says, to 1e-9 relative."""
    capacity_Bps = {f"link{i}": capacity for i, capacity in enumerate(case["capacity_Bps"])}
    flows = [
        Flow(start, size, tuple(f"link{link}" for link in route), cap_Bps=cap or math.inf)
        for start, size, route, cap in case["flows"]
    ]
    assert simulate(capacity_Bps, flows) == pytest.approx(case["finish_s"], rel=1e-9, abs=0)
