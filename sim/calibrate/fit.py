"""Fit the rig's parameters to what was measured: least squares on the relative errors of single operations.

Only the pairs are fitted. What happens when transfers share a link is then predicted, not fitted. Each parameter is
taken to be right to within a factor of 3 before anything is measured, so that what the data say nothing about stays
where it started: without that, start and bytes of cubic's pulls trade places from fold to fold.

Held-out errors come from leaving out one scenario at a time, and from leaving out all scenarios of one path and size at
a time: pairs that differ in the client's uplink alone repeat the very same pull, so only the second holds out pulls.

    python -m sim.calibrate.fit tests/rig/cubic.json tests/rig/cubic.csv

prints the parameters as they ship, and the errors on what was held out.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Hashable, Sequence
from dataclasses import fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from sim.calibrate.parameters import Parameters
from sim.calibrate.rig import Measured, RigScenario, by_repeat, read_measured, read_scenarios
from sim.calibrate.score import Score, Scored, score_scenario

#: The standard deviation of each parameter's logarithm before the data, and the relative error that measurements have.
_PRIOR = math.log(3)
_ERROR = 0.05

Rows = dict[tuple[str, int], dict[int, list[Measured]]]

#: Where the search begins: a process of a tenth of a second, a connection for each request of a push, TCP by the book.
#: `FIXED` are not fitted: with one kind of pull, a registry's service time and a pull's round trips per request
#: cannot be told from its start and its slow start. They keep these values.
START = Parameters(
    push_start_s=0.1, push_trips=2.0, push_ramp=1.0, push_byte_s=1e-9, push_request_bytes=2000.0,
    pull_start_s=0.1, pull_trips=1.0, pull_ramp=1.0, pull_byte_s=1e-9, pull_request_bytes=1000.0,
    request_s=1e-3,
)  # fmt: skip
FIXED: Final = frozenset({"pull_trips", "request_s"})
#: What each group of measurements tells, apart from the others, since no parameter touches two of them.
_TOLD_BY: Final = {
    "pair-push": ("push_start_s", "push_trips", "push_ramp", "push_byte_s"),
    "pair-pull": ("pull_start_s", "pull_ramp", "pull_byte_s"),
    "pair-push-bytes": ("push_request_bytes",),
    "pair-pull-bytes": ("pull_request_bytes",),
}


def fit(
    scenarios: Sequence[RigScenario], rows: Rows, prior: float = _PRIOR
) -> tuple[Parameters, dict[str, tuple[float, float]]]:
    """The parameters that fit best, and for each fitted one its 95 % interval (from the fit's own covariance).

    `prior` is the standard deviation of each parameter's logarithm about its start; inf lets the data speak alone.
    """
    best = START
    bounds: dict[str, tuple[float, float]] = {}
    for group, names in _TOLD_BY.items():
        best, found = _solve(best, names, group, scenarios, rows, prior)
        bounds |= found
    return best, bounds


def _solve(
    start: Parameters, names: Sequence[str], group: str, scenarios: Sequence[RigScenario], rows: Rows, prior: float
) -> tuple[Parameters, dict[str, tuple[float, float]]]:
    scale = np.array([getattr(start, name) for name in names])

    def trial(logs: NDArray[np.float64]) -> Parameters:
        return replace(start, **dict(zip(names, (scale * np.exp(logs)).tolist(), strict=True)))

    def residuals(logs: NDArray[np.float64]) -> NDArray[np.float64]:
        parameters = trial(logs)
        errors = [
            (one.simulated - one.measured) / one.measured
            for scenario in scenarios
            for one in score_scenario(scenario, rows, parameters)
            if one.group == group
        ]
        return np.array([*errors, *(_ERROR / prior * logs)])

    # Logarithms keep every parameter above 0; bounds keep one that does not matter from running away.
    found = optimize.least_squares(residuals, np.zeros(len(scale)), bounds=(-6, 6), loss="soft_l1", f_scale=_ERROR)
    best = trial(found.x)
    spread = _spread(np.asarray(found.jac), found.fun, len(names), prior)
    values = scale * np.exp(found.x)
    low, high = values * np.exp(-spread), values * np.exp(spread)
    return best, {name: (float(low[at]), float(high[at])) for at, name in enumerate(names)}


def to_toml(parameters: Parameters, bounds: dict[str, tuple[float, float]], data: str) -> str:
    """A parameters file: each value with its interval and what it was fitted to, or that it was not fitted."""
    lines = ["[parameters]"]
    for field in fields(Parameters):
        value = f"{getattr(parameters, field.name):.4g}"
        if field.name in bounds:
            low, high = bounds[field.name]
            interval = f"low = {low:.3g}, high = {high:.3g}"
            lines.append(f'{field.name} = {{ value = {value}, {interval}, source = "{data}" }}')
        else:
            lines.append(f'{field.name} = {{ value = {value}, assumption = true, source = "not told by {data}" }}')
    return "\n".join(lines) + "\n"


def held_out(scenarios: Sequence[RigScenario], rows: Rows, fold: Callable[[RigScenario], Hashable]) -> list[Scored]:
    """Every figure of every scenario, simulated with parameters fitted to the scenarios of other folds."""
    return [
        one
        for left_out in dict.fromkeys(map(fold, scenarios))
        for fitted in [fit([other for other in scenarios if fold(other) != left_out], rows)[0]]
        for scenario in scenarios
        if fold(scenario) == left_out
        for one in score_scenario(scenario, rows, fitted)
    ]


def by_name(scenario: RigScenario) -> Hashable:
    """Each scenario a fold."""
    return scenario.name


def by_pull(scenario: RigScenario) -> Hashable:
    """Scenarios whose pulls are the same operation over the same links, for the same bytes, are one fold."""
    links = {host.name: (host.up, host.down, host.delay) for host in scenario.hosts}
    layers = {operation.image: operation.layers for step in scenario.steps for operation in step if operation.layers}
    return tuple(
        (links[operation.peer], links[operation.at], tuple(size_bytes for _, size_bytes in layers[operation.image]))
        for step in scenario.steps
        for operation in step
        if operation.op == "pull"
    )


def _spread(
    jacobian: NDArray[np.float64], residuals: NDArray[np.float64], names: int, prior: float
) -> NDArray[np.float64]:
    """Half the width of each logarithm's interval: from the errors as they are, and from what was held before."""
    errors, told = residuals[:-names], jacobian[:-names]
    free = max(len(errors) - names, 1)
    precision = told.T @ told * free / max(float(errors @ errors), 1e-12) + np.eye(names) / prior**2
    return float(stats.t.ppf(0.975, free)) * np.sqrt(np.diag(np.linalg.inv(precision)))


def main(rig: str, measured: str) -> None:
    """Print the parameters fitted to all pairs, and the errors on pairs with parameters fitted to others."""
    scenarios, rows = read_scenarios(rig), by_repeat(read_measured(measured))
    pairs = [scenario for scenario in scenarios if scenario.name.startswith("pair-")]
    print(to_toml(*fit(pairs, rows), f"{measured}, pairs"))
    for told, fold in (("one scenario at a time", by_name), ("one path and size at a time", by_pull)):
        print(f"held out, {told}:")
        print(Score(tuple(held_out(pairs, rows, fold))).to_text())


if __name__ == "__main__":
    main(*sys.argv[1:3])
