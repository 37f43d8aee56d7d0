"""Completion times held against SimGrid 4.1 (data and the script that made it: tests/oracle)."""

import json
import math
from pathlib import Path

import pytest

from sim.network import Flow, simulate

from . import models

CASES = json.loads((Path(__file__).parents[2] / "oracle" / "simgrid.json").read_text())
FLUID = [case for case in CASES if "model" not in case]
MODELS = [case for case in CASES if "model" in case]


@pytest.mark.parametrize("case", FLUID, ids=[case["name"] for case in FLUID])
def test_completion_times_agree_with_simgrid(case):
    """Every flow of every star, tree and mesh, capped or not, ends when SimGrid says, to 1e-9 relative."""
    capacity_Bps = {f"link{i}": capacity for i, capacity in enumerate(case["capacity_Bps"])}
    flows = [
        Flow(start, size, tuple(f"link{link}" for link in route), cap_Bps=cap or math.inf)
        for start, size, route, cap in case["flows"]
    ]
    assert simulate(capacity_Bps, flows) == pytest.approx(case["finish_s"], rel=1e-9, abs=0)


@pytest.mark.parametrize("case", MODELS, ids=[case["name"] for case in MODELS])
def test_its_models_with_latency_agree_with_simgrid(case):
    """Latencies, windows and latency-dependent weights of CM02 and LV08 over shared links, to 1e-9 relative."""
    model = getattr(models, case["model"])
    capacity_Bps = {f"link{i}": model.capacity_Bps(capacity) for i, capacity in enumerate(case["capacity_Bps"])}
    flows = []
    for start, size, route, _ in case["flows"]:
        terms = model.terms([case["capacity_Bps"][i] for i in route], [case["latency_s"][i] for i in route])
        crossed = tuple(f"link{link}" for link in route)
        flows.append(Flow(start + terms.delay_s, size, crossed, terms.weight, terms.cap_Bps))
    assert simulate(capacity_Bps, flows) == pytest.approx(case["finish_s"], rel=1e-9, abs=0)


@pytest.mark.parametrize(("model", "seconds"), [("CM02", 0.850), ("LV08", 0.996079)])
def test_the_published_vector(model, seconds):
    """100 kB over one link of 1 Mbit/s and 10 ms, cross-traffic on: SimGrid's documentation gives both figures."""
    assert getattr(models, model).alone_s(100e3, 125e3, 0.01) == pytest.approx(seconds, abs=5e-7)
