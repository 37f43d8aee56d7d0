"""The procedure KN: exact on a case by hand, right as often as it promises, and cheaper where runs are paired."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom, t

from sim.stats.selection import FIRST_STAGE, Selection


def test_variances_decide_when_one_may_drop_out() -> None:
    """Two variants, first stage of 3, differences 8, 10, 12 with variance 4, indifference 1, 95 %.

    eta = ((2 x 0.05)^(-2/2) - 1) / 2 = 4.5 and h^2 = 2 x 4.5 x 2 = 18 (the paper's steps, c = 1); the slack after 3
    runs is (18 x 4 / 1 - 3) / 6 = 11.5, after 4 it is 8.5: b, 10 behind, drops out at the fourth run.
    """
    selection = Selection(["a", "b"], 1.0, first_stage=3)
    for apart in (8.0, 10.0, 12.0):
        selection.observe({"a": 1.0, "b": 1.0 + apart})
    assert selection.surviving == ("a", "b")
    selection.observe({"a": 1.0, "b": 11.0})
    assert (selection.chosen, selection.runs) == ("a", 4)


def test_the_largest_can_be_asked_for() -> None:
    """With the sign turned round, the other one is chosen."""
    selection = Selection(["a", "b"], 1.0, first_stage=3, largest=True)
    for apart in (8.0, 10.0, 12.0, 10.0):
        selection.observe({"a": 1.0, "b": 1.0 + apart})
    assert selection.chosen == "b"


def test_equals_come_to_an_end() -> None:
    """Variants that never differ are told apart by nothing, and one of them is chosen all the same."""
    selection = Selection(["a", "b", "c"], 1.0)
    for _ in range(11):
        if selection.chosen is None:
            selection.observe(dict.fromkeys(selection.surviving, 1.0))
    assert selection.chosen in ("a", "b", "c")


def test_an_indifference_of_nothing_is_refused() -> None:
    """No number of runs would do."""
    with pytest.raises(ValueError, match="above 0"):
        Selection(["a"], 0.0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_refused_and_changes_nothing(value: float) -> None:
    """It compares with nothing, so no number of runs would come to an end."""
    selection = Selection(["a", "b"], 1.0)
    with pytest.raises(ValueError, match=r"^b: .*finite"):
        selection.observe({"a": 1.0, "b": value})
    assert selection.runs == 0


TRIES = 400
DEVIATION = 2.0


def trial(rng: np.random.Generator, variants: int, correlation: float) -> tuple[bool, int, float]:
    """Normal runs in the hardest case: the first is better than all others by exactly the indifference.

    Whether KN is right, its runs of all variants together, and those of a procedure in two stages that shares random
    numbers too: t^2 S^2 / delta^2 runs each, with the largest paired variance of the first stage and Bonferroni's
    quantile (G. M. Clark and W.-N. Yang, "A Bonferroni selection procedure when using common random numbers with
    unknown variances", Winter Simulation Conference 1986).
    """
    selection = Selection([str(at) for at in range(variants)], 1.0)
    first: list[NDArray[np.float64]] = []
    made = 0
    while selection.chosen is None:
        values = DEVIATION * (
            np.sqrt(correlation) * rng.normal() + np.sqrt(1 - correlation) * rng.normal(size=variants)
        )
        values[1:] += 1.0
        if len(first) < FIRST_STAGE:
            first.append(values)
        made += len(selection.surviving)
        selection.observe({name: float(values[int(name)]) for name in selection.surviving})
    apart = np.array(first)[:, :, None] - np.array(first)[:, None, :]
    quantile = t.ppf(1 - 0.05 / (variants - 1), FIRST_STAGE - 1)
    each = max(FIRST_STAGE, np.ceil(quantile**2 * apart.var(axis=0, ddof=1).max()))
    return selection.chosen == "0", made, variants * each


@pytest.mark.parametrize("variants", [2, 5])
def test_it_is_right_as_often_as_it_promises_and_pairing_pays(variants: int) -> None:
    """At least 95 % of 400 selections are right; correlated runs need fewer, and two stages need more."""
    runs, in_two_stages = {}, {}
    for correlation in (0.0, 0.8):
        rng = np.random.default_rng(variants)
        found = [trial(rng, variants, correlation) for _ in range(TRIES)]
        assert sum(right for right, _, _ in found) >= binom.ppf(0.001, TRIES, 0.95)
        runs[correlation] = np.mean([made for _, made, _ in found])
        in_two_stages[correlation] = np.mean([made for _, _, made in found])
    assert runs[0.8] < 0.6 * runs[0.0]
    assert runs[0.0] < 0.8 * in_two_stages[0.0]
    assert runs[0.8] <= in_two_stages[0.8]  # with two variants the first stage does for both
