"""What matters: units and words of sensitivities, and assumptions' ranges drawn in the order of what they move."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sim.report import stored
from sim.report.page.sections import matters


def index(key: str, **values: float) -> dict[str, Any]:
    return {"key": key, "of": "b - a", "metric": "deploy_latency_s.p50", **values}


def test_effects_are_in_seconds_and_rounding_is_nothing() -> None:
    """Of Morris's indices 1.5 is 1.50 s, and what is less than clocks tell apart is none."""
    found = {"sensitivity": [index("x", mu_star=2e-13, sigma=1e-13), index("y", mu_star=1.5, sigma=0.25)]}
    (drawing,) = matters.sensitivities(found)
    assert drawing.says.endswith("(Morris's mu star): y 1.50 s, x 0 s")
    assert [[cell.text for cell in row] for row in drawing.grid.rows] == [
        ["x", "0 s", "0 s"],
        ["y", "1.50 s", "250 ms"],
    ]


def test_shares_of_variance_have_no_unit() -> None:
    """Of Sobol's indices 0.9942 is 0.99, and one in ten thousand is none."""
    (drawing,) = matters.sensitivities({"sensitivity": [index("x", total=0.9942), index("y", total=1e-4)]})
    assert drawing.says.endswith("(Sobol's total index): x 0.99, y 0")


def test_a_tornado_has_the_farthest_on_top_and_ends_that_fail_in_its_table(tmp_path: Path) -> None:
    """Of a base of -1 s: one range from -3 s to -1 s, one to +1 s, one that moves nothing, one that fails."""
    ends = {"near": [-1.0, -1.5], "far": [-3.0, -1.0], "flips": [1.0], "same": [-1.0], "fails": [None]}
    effects = [
        {"key": key, "value": "1", "end": "2", "variant": "b", "metric": "deploy_latency_s.p50", "effect": "keeps",
         "mean": mean, "low": mean, "high": mean}
        for key, means in ends.items() for mean in means
    ]  # fmt: skip
    interval = {"mean": -1.0, "low": -1.0, "high": -1.0, "decided": True}
    document = {
        "schema": "regsim.compare/1", "scenario": "q", "baseline": "a", "variants": {"a": {}, "b": {}}, "verdict": "",
        "differences": {"b": {"deploy_latency_s.p50": interval}}, "failures": {}, "assumptions": effects,
    }  # fmt: skip
    (tmp_path / "compare.json").write_text(json.dumps(document))
    (drawing,) = matters.tornado(stored.read(tmp_path / "compare.json"), "b")
    assert drawing.says.endswith(": far -3.00 s at 2, flips +1.00 s at 2, near -1.50 s at 2")
    assert len(drawing.grid.rows) == len(effects)
