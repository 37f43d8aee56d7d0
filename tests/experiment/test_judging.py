"""Whether a metric moved: three ways to judge, worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.errors import InputError
from sim.experiment.judging import How, Tolerance, judge_of, judged, missing, tolerance_of

P50 = "deploy_latency_s.p50"


def held(was: list[float], now: list[float], metric: str = P50, **how: Any) -> Any:
    """One metric of one variant, judged."""
    one, other = ({"v": {metric: np.array(values)}} for values in (was, now))
    (found,) = judged(one, other, How(**how))
    return found


@pytest.mark.parametrize(
    ("now", "exact", "statistical", "tolerance"),
    [
        ([1.0, 2.0, 3.0], "same", "same", "same"),
        ([1.001, 2.0, 3.0], "moved", "same", "same"),  # a mean of 2 moves by 0.017 %, its interval holds 0
        ([1.1, 2.1, 3.1], "moved", "moved", "moved"),  # 5 %, by 0.1 in each run
        ([1.002, 2.002, 3.002], "moved", "moved", "same"),  # sure, and 0.1 %
        ([2.0, 3.0, 1.0], "moved", "same", "same"),  # the same draws in another order
        ([0.5, 3.5, 2.9], "moved", "same", "moved"),  # 15 %, and nobody knows
    ],
)
def test_three_ways_to_judge(now: list[float], exact: str, statistical: str, tolerance: str) -> None:
    """Exactly, statistically, and by 1 % of what it was."""
    found = [held([1.0, 2.0, 3.0], now, judge=judge).verdict for judge in ("exact", "statistical", "tolerance")]
    assert found == [exact, statistical, tolerance]


def test_one_run_is_undecided_by_statistics() -> None:
    """One run has no interval; where it is the same, it is the same."""
    assert held([1.0], [1.5], judge="statistical").verdict == "undecided"
    assert held([1.0], [1.0], judge="statistical").verdict == "same"


@pytest.mark.parametrize("judge", ["exact", "statistical", "tolerance"])
def test_what_was_finite_and_is_not_has_moved(judge: str) -> None:
    """A deploy that failed makes a quantile infinite, and a group that is gone a value missing."""
    assert held([1.0, 2.0], [1.0, np.inf], judge=judge).verdict == "moved"
    assert held([np.inf, 2.0], [1.0, 2.0], judge=judge).verdict == "moved"
    assert held([1.0, np.nan], [1.0, np.nan], judge=judge).verdict == "same"


def test_a_share_of_nothing_is_nothing() -> None:
    """From 0 failed deploys to 1 is no 20 %; an amount allows it."""
    assert held([0.0, 0.0], [1.0, 1.0], "failed_deploys", within=0.2).verdict == "moved"
    assert held([0.0, 0.0], [1.0, 1.0], "failed_deploys", tolerances=(tolerance_of("failed_deploys=1"),)).verdict == (
        "same"
    )


def test_the_first_tolerance_that_fits_counts() -> None:
    """A name, a pattern and the default: 10 %, 5 % or 200 ms, 1 %."""
    how = How(tolerances=(tolerance_of("push_s.p50=10 %"), tolerance_of("push_s.*=5 % or 200 ms")))
    assert (how.tolerance("push_s.p50").share, how.tolerance("push_s.p50").amount) == (0.1, 0.0)
    assert (how.tolerance("push_s.p95").share, how.tolerance("push_s.p95").amount) == (0.05, 0.2)
    assert how.tolerance("pull_s.p95") == Tolerance("*", 0.01)
    assert how.sentence(3).endswith("may move by 1 %; push_s.p50 by 10 %; push_s.* by 5 % or 200 ms")


@pytest.mark.parametrize("text", ["", "x", "push_s.p50", "push_s.p50=", "=5 %", "push_s.p50=5 apples", "nothing=5 %",
                                  "push_s.p50=-5 %", "push_s.*=200 %%"])  # fmt: skip
def test_what_is_no_tolerance_is_said(text: str) -> None:
    """One line, of the option."""
    with pytest.raises(InputError, match=r"^--tolerance: "):
        tolerance_of(text)
    with pytest.raises(InputError, match=r'did you mean "exact"'):
        judge_of("exakt")


@pytest.mark.parametrize(
    ("metric", "now", "side"),
    [(P50, 2.0, "worse"), (P50, 0.5, "better"), ("failed_deploys", 2.0, "worse"), ("dedup_saved_bytes", 2.0, "better"),
     ("link_utilisation.wan.mean", 2.0, "higher"), ("of_my_own", 0.5, "lower"), (P50, 1.0, "")],
)  # fmt: skip
def test_which_way_it_moved(metric: str, now: float, side: str) -> None:
    """Better or worse where anybody knows, else higher or lower; by 100 % or by half."""
    found = held([1.0, 1.0], [now, now], metric, judge="exact")
    assert (found.side, found.share) == (side, now - 1.0)


def test_what_came_and_went_is_named() -> None:
    """Variants and metrics that one of two has, in their order."""
    one, other = {"a": {"x": 1, "y": 2}, "b": {}}, {"a": {"y": 2, "z": 3}}
    assert (missing(one, other), missing(other, one)) == (("a: x", "variant b"), ("a: z",))
