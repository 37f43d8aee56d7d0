"""Fit the rig's parameters to what was measured: least squares on relative errors.

Scenarios whose operations run alone show what a client costs; what transfers at once do to each other is not fitted.
Each parameter is taken to be right to within a factor of 3 before anything is measured, so that what the data say
nothing about stays where it started: without that, start and bytes of cubic's pulls trade places from fold to fold.

    python -m sim.calibrate.rig.fit tests/rig/cubic.json tests/rig/cubic.csv

prints the parameters as they ship. `python -m sim.calibrate.rig.held_out` prints the errors on what was left out.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from sim.calibrate.rig.files import Measured, RigScenario
from sim.calibrate.rig.parameters import Parameters
from sim.calibrate.rig.reading import by_repeat, read_measured, read_scenarios
from sim.calibrate.rig.score import Scored, kind_of, score_scenario

#: The standard deviation of each parameter's logarithm before the data, and the relative error that measurements have.
_PRIOR = math.log(3)
_ERROR = 0.05

Rows = dict[tuple[str, int], dict[int, list[Measured]]]
Bounds = dict[str, tuple[float, float]]
Errors = NDArray[np.float64]
Scorer = Callable[[RigScenario, Rows, Parameters], Iterable[Scored]]
ErrorsAt = Callable[[Parameters], Errors]

#: Where the search begins: a process of a tenth of a second, a connection for each request, TCP by the book. A request
#: of its own connection is six packets of headers (52 to 60 bytes each) and some 250 bytes of text; `PATCH` and `PUT`
#: of an upload carry its state besides, some 450 bytes each (tests/data/registry.log).
#: Each request takes the two round trips that were measured apart. With one kind of pull a registry's service time
#: can't be distinguished from a pull's start, and stays as it is.
START: Final = Parameters(
    push_start_s=0.1, push_trips=2.0, push_byte_s=1e-9, push_request_bytes=570.0, push_upload_bytes=900.0,
    pull_start_s=0.1, pull_trips=2.0, pull_byte_s=1e-9, pull_request_bytes=1000.0, request_s=1e-3,
)  # fmt: skip
#: Of what is not fitted: round trips a request were measured with images of tiny layers, where little else takes time.
_SOURCES: Final = dict.fromkeys(("push_trips", "pull_trips"), "tests/rig/requests-cubic.csv")
#: What each group of measurements shows, apart from the others, since no parameter touches two of them.
_SHOWN_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "pair-push": ("push_start_s", "push_byte_s"),
    "pair-pull": ("pull_start_s", "pull_byte_s"),
    "pair-push-bytes": ("push_request_bytes", "push_upload_bytes"),
    "pair-pull-bytes": ("pull_request_bytes",),
}


def fit(
    scenarios: Sequence[RigScenario], rows: Rows, prior: float = _PRIOR, scored: Scorer = score_scenario
) -> tuple[Parameters, Bounds]:
    """The parameters that fit best, and for each fitted one its 95 % interval (from the fit's own covariance).

    `prior` is the standard deviation of each parameter's logarithm about its start; inf lets the data speak alone.
    `scored` simulates, or remembers having. Where nothing ran alone all stays as `START` has it.
    """
    own = [scenario for scenario in scenarios if kind_of(scenario) == "pair"]
    best, bounds = START, Bounds()
    if not own:
        return best, bounds

    @cache
    def figures(parameters: Parameters) -> tuple[Scored, ...]:
        return tuple(one for scenario in own for one in scored(scenario, rows, parameters))

    for group, names in _SHOWN_BY.items():
        values, found = _solve_group(names, _errors_of(figures, group, names), prior)
        best = replace(best, **values)
        bounds |= found
    return best, bounds


def _errors_of(figures: Callable[[Parameters], tuple[Scored, ...]], group: str, names: Sequence[str]) -> ErrorsAt:
    """The errors of one group. What is fitted adds to times and bytes and changes nothing else, so that two or three
    simulations give them for all values; each moves one parameter of every group."""

    def simulated(parameters: Parameters) -> Errors:
        return np.array([one.simulated / one.measured - 1 for one in figures(parameters) if one.group == group])

    at_start = simulated(START)
    double = [simulated(_doubled(at)) - at_start for at in range(len(names))]

    def errors_at(parameters: Parameters) -> Errors:
        parts = (getattr(parameters, name) / getattr(START, name) - 1 for name in names)
        return np.asarray(at_start + sum(part * more for part, more in zip(parts, double, strict=True)))

    return errors_at


def _doubled(at: int) -> Parameters:
    """The `at`th parameter of each group twice what it was."""
    moved = [names[at] for names in _SHOWN_BY.values() if at < len(names)]
    return replace(START, **{name: 2 * getattr(START, name) for name in moved})


def _solve_group(names: Sequence[str], errors: ErrorsAt, prior: float) -> tuple[dict[str, float], Bounds]:
    """The parameters of these names that make the errors least, and their intervals."""
    scale = np.array([getattr(START, name) for name in names])

    def trial(logs: NDArray[np.float64]) -> dict[str, float]:
        return dict(zip(names, (scale * np.exp(logs)).tolist(), strict=True))

    def residuals(at: NDArray[np.float64]) -> NDArray[np.float64]:
        logs = at - 1
        return np.append(errors(replace(START, **trial(logs))), _ERROR / prior * logs)

    # Logarithms keep every parameter above 0; bounds keep one that does not matter from running away.
    # They are counted from 1, as scipy takes steps as a part of where it starts.
    found = optimize.least_squares(
        residuals, np.ones(len(scale)), bounds=(-5, 7), loss="soft_l1", f_scale=_ERROR
    )  # fmt: skip
    best = found.x - 1
    spread = _spread(np.asarray(found.jac), found.fun, len(names), prior)
    low, high = (scale * np.exp(best - spread)).tolist(), (scale * np.exp(best + spread)).tolist()
    return trial(best), dict(zip(names, zip(low, high, strict=True), strict=True))


def _spread(
    jacobian: NDArray[np.float64], residuals: NDArray[np.float64], names: int, prior: float
) -> NDArray[np.float64]:
    """Half the width of each logarithm's interval: from the errors as they are, and from what was held before."""
    errors, slopes = residuals[:-names], jacobian[:-names]
    free = max(len(errors) - names, 1)
    precision = slopes.T @ slopes * free / max(float(errors @ errors), 1e-12) + np.eye(names) / prior**2
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
