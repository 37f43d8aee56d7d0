"""Parameters of the rig's model fitted to one rig's files: what `regsim calibrate RIG.json MEASURED.csv` prints.

The fit itself is `fit`; the parameters that ship came from it, too. Left out: choosing among models; the parameters of
one are fitted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sim.calibrate.rig.fit import fit, to_toml
from sim.calibrate.rig.parameters import Parameters
from sim.calibrate.rig.reading import by_repeat, read_measured, read_scenarios
from sim.calibrate.rig.score import Scored, kind_of, score_scenario
from sim.errors import InputError


@dataclass(frozen=True, slots=True)
class RigFit:
    """The parameters, the 95 % interval of each that was fitted, and every figure simulated with them."""

    measured: str
    parameters: Parameters
    bounds: dict[str, tuple[float, float]]
    scored: tuple[Scored, ...]

    def to_toml(self) -> str:
        """The file that `regsim score --parameters` reads."""
        return to_toml(self.parameters, self.bounds, self.measured)

    def to_json(self) -> dict[str, Any]:
        """The document `regsim.calibrate/1`; `figures` are parameters of the rig's model."""
        figures = {
            name: {"value": value, "low": self.bounds[name][0], "high": self.bounds[name][1]}
            if name in self.bounds
            else {"value": value, "low": None, "high": None}
            for name, value in asdict(self.parameters).items()
        }
        return {"schema": "regsim.calibrate/1", "figures": figures, "evidence": []}


def fit_rig(rig: str, measured: str) -> RigFit:
    """Fit to all that was measured. InputError where no operation ran alone."""
    scenarios, rows = read_scenarios(rig), by_repeat(read_measured(measured))
    measured_ones = [one for one in scenarios if any(name == one.name for name, _ in rows)]
    if not any(kind_of(one) == "pair" for one in measured_ones):
        raise InputError(measured, f"measures no single push or pull of {rig}", "give both files of one rig")
    parameters, bounds = fit(measured_ones, rows)
    scored = tuple(one for scenario in scenarios for one in score_scenario(scenario, rows, parameters))
    return RigFit(measured, parameters, bounds, scored)
