"""Fit the rig's parameters to what was measured: least squares on relative errors.

Scenarios whose operations run alone tell what a client costs; those with transfers at once tell only how unevenly
connections share (`luck`), and nothing where windows are modelled. Each parameter is taken to be right to within a
factor of 3 before anything is measured, so that what the data say nothing about stays where it started: without that,
start and bytes of cubic's pulls trade places from fold to fold.

    python -m sim.calibrate.fit tests/rig/cubic.json tests/rig/cubic.csv

prints the parameters as they ship. `python -m sim.calibrate.held_out` prints the errors on what was left out.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from sim.calibrate.parameters import Parameters
from sim.calibrate.rig import Measured, RigScenario, by_repeat, read_measured, read_scenarios
from sim.calibrate.score import Scored, kind_of, score_scenario

#: The standard deviation of each parameter's logarithm before the data, and the relative error that measurements have.
_PRIOR = math.log(3)
_ERROR = 0.05
#: By how much logarithms are moved to see what that does: far enough to see past which of two clients happens to end
#: last.
_STEP = 0.02

Rows = dict[tuple[str, int], dict[int, list[Measured]]]
Bounds = dict[str, tuple[float, float]]
Errors = NDArray[np.float64]
Told = Callable[[Parameters], Errors]
Scorer = Callable[[RigScenario, Rows, Parameters], Iterable[Scored]]
ToldBy = Mapping[tuple[str, ...], tuple[str, ...]]

#: Where the search begins: a process of a tenth of a second, a connection for each request, TCP by the book. A request
#: of its own connection is six packets of headers (52 to 60 bytes each) and some 250 bytes of text; `PATCH` and `PUT`
#: of an upload carry its state besides, some 450 bytes each (tests/data/registry.log).
#: What neither `_ALONE` nor `_AT_ONCE` name stays as it is. Each request takes the two round trips that were measured
#: apart. With one kind of pull a registry's service time cannot be told from its start and its slow start; a full
#: link's queue is taken to stand full, as crowds want at least that.
START: Final = Parameters(
    push_start_s=0.1, push_trips=2.0, push_ramp=1.0, push_byte_s=1e-9, push_request_bytes=570.0,
    push_upload_bytes=900.0, pull_start_s=0.1, pull_trips=2.0, pull_ramp=1.0, pull_byte_s=1e-9,
    pull_request_bytes=1000.0, request_s=1e-3, luck=0.3, windows=0.0, gain=2.0, overshoot=1.0, queue=1.0,
)  # fmt: skip
#: Where windows are modelled: they leave no slow start and no overshoot to fit.
_WINDOWS: Final = {"cubic", "bbr"}
#: Of what is not fitted: round trips a request were measured with images of tiny layers, where little else takes time.
_SOURCES: Final = {
    "push_trips": "tests/rig/requests-cubic.csv",
    "pull_trips": "tests/rig/requests-cubic.csv",
    "push_ramp": "windows double each round trip: RFC 5681, 3.1",
    "pull_ramp": "windows double each round trip: RFC 5681, 3.1",
    "windows": "packet by packet: sim/network/cubic.py",
}
#: What start-up sends against what the path carries: `transport.startup_loss_bytes` has the sources.
_GAINS: Final = {"bbr": 2 / math.log(2)}
#: What each group of measurements tells, apart from the others, since no parameter touches two of them.
_ALONE: Final[ToldBy] = {
    ("pair-push",): ("push_start_s", "push_ramp", "push_byte_s"),
    ("pair-pull",): ("pull_start_s", "pull_ramp", "pull_byte_s"),
    ("pair-push-bytes",): ("push_request_bytes", "push_upload_bytes", "overshoot"),
    ("pair-pull-bytes",): ("pull_request_bytes",),
}
_ALONE_BY_WINDOWS: Final[ToldBy] = {
    ("pair-push",): ("push_start_s", "push_byte_s"),
    ("pair-pull",): ("pull_start_s", "pull_byte_s"),
    ("pair-push-bytes",): ("push_request_bytes", "push_upload_bytes"),
    ("pair-pull-bytes",): ("pull_request_bytes",),
}
_AT_ONCE: Final[tuple[str, ...]] = ("fanout-mean", "fanout-makespan", "crowd-mean", "crowd-makespan")


def fit(scenarios: Sequence[RigScenario], rows: Rows, prior: float = _PRIOR) -> tuple[Parameters, Bounds]:
    """The parameters that fit best, and for each fitted one its 95 % interval (from the fit's own covariance).

    `prior` is the standard deviation of each parameter's logarithm about its start; inf lets the data speak alone.
    """
    alone, bounds = fit_alone(scenarios, rows, prior)
    best, more = fit_at_once(scenarios, rows, alone, prior)
    return best, bounds | more


def fit_alone(
    scenarios: Sequence[RigScenario], rows: Rows, prior: float = _PRIOR, scored: Scorer = score_scenario
) -> tuple[Parameters, Bounds]:
    """What operations that run alone tell; the rest is as `START` has it. `scored` simulates, or remembers having."""
    own = [scenario for scenario in scenarios if kind_of(scenario) == "pair"]
    congestion = scenarios[0].congestion
    start = replace(START, gain=_GAINS.get(congestion, START.gain))
    if congestion in _WINDOWS:
        start = replace(start, luck=0.0, windows=1.0, overshoot=0.0, queue=0.0)
    return _solve(start, _ALONE_BY_WINDOWS if start.windows else _ALONE, own, rows, prior, scored)


def fit_at_once(
    scenarios: Sequence[RigScenario], rows: Rows, alone: Parameters, prior: float = _PRIOR
) -> tuple[Parameters, Bounds]:
    """What transfers at once tell, given what operations cost alone."""
    told_by: ToldBy = {} if alone.windows else {_AT_ONCE: ("luck",)}
    return _solve(alone, told_by, [one for one in scenarios if kind_of(one) != "pair"], rows, prior, score_scenario)


def _solve(
    start: Parameters,
    told_by: ToldBy,
    scenarios: Sequence[RigScenario],
    rows: Rows,
    prior: float,
    scored: Scorer,
) -> tuple[Parameters, Bounds]:
    """Each group's parameters; none where nothing was measured."""
    best, bounds = start, Bounds()
    if scenarios:
        for groups, names in told_by.items():

            def errors(parameters: Parameters, groups: Sequence[str] = groups) -> Errors:
                return np.array(
                    [
                        (one.simulated - one.measured) / one.measured
                        for scenario in scenarios
                        for one in scored(scenario, rows, parameters)
                        if one.group in groups
                    ]
                )

            values, found = _solve_group(
                start, names, _straight(errors, start, names) if start.windows else errors, prior
            )
            best = replace(best, **values)
            bounds |= found
    return best, bounds


def _straight(errors: Told, start: Parameters, names: Sequence[str]) -> Told:
    """The same without simulating anew: what is fitted by windows adds to times and bytes and changes nothing else."""
    at_start = errors(start)
    double = [errors(replace(start, **{name: 2 * getattr(start, name)})) - at_start for name in names]

    def told(parameters: Parameters) -> Errors:
        parts = (getattr(parameters, name) / getattr(start, name) - 1 for name in names)
        return np.asarray(at_start + sum(part * more for part, more in zip(parts, double, strict=True)))

    return told


def _solve_group(
    start: Parameters, names: Sequence[str], errors: Told, prior: float
) -> tuple[dict[str, float], Bounds]:
    """The parameters of these names that make the errors least, and their intervals."""
    scale = np.array([getattr(start, name) for name in names])

    def trial(logs: NDArray[np.float64]) -> dict[str, float]:
        return dict(zip(names, (scale * np.exp(logs)).tolist(), strict=True))

    def residuals(at: NDArray[np.float64]) -> NDArray[np.float64]:
        logs = at - 1
        return np.append(errors(replace(start, **trial(logs))), _ERROR / prior * logs)

    # Logarithms keep every parameter above 0; bounds keep one that does not matter from running away.
    # They are counted from 1, as scipy takes steps as a part of where it starts.
    found = optimize.least_squares(
        residuals, np.ones(len(scale)), bounds=(-5, 7), loss="soft_l1", f_scale=_ERROR,
        diff_step=np.full(len(scale), _STEP), xtol=1e-4,
    )  # fmt: skip
    best = found.x - 1
    spread = _spread(np.asarray(found.jac), found.fun, len(names), prior)
    low, high = (scale * np.exp(best - spread)).tolist(), (scale * np.exp(best + spread)).tolist()
    return trial(best), dict(zip(names, zip(low, high, strict=True), strict=True))


def _spread(
    jacobian: NDArray[np.float64], residuals: NDArray[np.float64], names: int, prior: float
) -> NDArray[np.float64]:
    """Half the width of each logarithm's interval: from the errors as they are, and from what was held before."""
    errors, told = residuals[:-names], jacobian[:-names]
    free = max(len(errors) - names, 1)
    precision = told.T @ told * free / max(float(errors @ errors), 1e-12) + np.eye(names) / prior**2
    return float(stats.t.ppf(0.975, free)) * np.sqrt(np.diag(np.linalg.pinv(precision)))


def to_toml(parameters: Parameters, bounds: Bounds, data: str) -> str:
    """A parameters file: each value with its interval and what it was fitted to, or that it was not fitted."""
    lines = ["[parameters]"]
    for field in fields(Parameters):
        value = f"{getattr(parameters, field.name):.4g}"
        if field.name in bounds:
            low, high = bounds[field.name]
            interval = f"low = {low:.3g}, high = {high:.3g}"
            lines.append(f'{field.name} = {{ value = {value}, {interval}, source = "{data}" }}')
        elif getattr(parameters, field.name) and field.name in _SOURCES:
            lines.append(f'{field.name} = {{ value = {value}, source = "{_SOURCES[field.name]}" }}')
        else:
            lines.append(f'{field.name} = {{ value = {value}, assumption = true, source = "not told by {data}" }}')
    return "\n".join(lines) + "\n"


def main(rig: str, measured: str) -> None:
    """Print the parameters fitted to a rig's files."""
    print(to_toml(*fit(read_scenarios(rig), by_repeat(read_measured(measured))), measured))


if __name__ == "__main__":
    main(*sys.argv[1:3])
