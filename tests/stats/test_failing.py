"""When one variant is said to fail more than another: counts that can be weighed in the head, few and many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sim.stats.failing import fails_more, fewest


def more(failed: Sequence[float], other: Sequence[float], deploys: float = 100, simultaneous: int = 1) -> bool:
    """Of so many deploys in each run of both."""
    of = np.full(len(failed), float(deploys))
    return fails_more(np.array(failed, float), of, np.array(other, float), of, simultaneous=simultaneous)


def test_all_against_none_is_more_even_in_one_run() -> None:
    """A hundred heads in a row are no chance, and no interval over runs is needed to see it."""
    assert more([100], [0])
    assert not more([0], [100])
    assert not more([100], [100])


@pytest.mark.parametrize(("failed", "decided"), [(5, False), (6, True)])
def test_six_in_a_row_are_the_first_that_chance_does_not_give(failed: int, decided: bool) -> None:
    """Five heads in a row, or five tails, have a chance of 1 in 16, six of 1 in 32; 1 in 20 is the limit."""
    assert fewest() == 6
    assert more([failed, 0, 0], [0, 0, 0]) is decided


def test_with_three_answers_at_once_each_has_to_be_surer() -> None:
    """At a third of 5 % it takes seven in a row, 1 in 64, and not six, 1 in 32."""
    assert fewest(simultaneous=3) == 7
    assert not more([6], [0], simultaneous=3)
    assert more([7], [0], simultaneous=3)


def test_one_failure_in_each_of_four_runs_out_of_ten_is_no_evidence() -> None:
    """Student's interval of these ten shares lies above zero; four in a row are chance, 1 in 8.

    Nor is it where one more fails of both in every run.
    """
    assert not more([1, 1, 1, 1, 0, 0, 0, 0, 0, 0], [0] * 10)
    assert not more([2, 2, 2, 2, 1, 1, 1, 1, 1, 1], [1] * 10)


def test_what_strikes_both_alike_does_not_hide_one_more_in_every_run() -> None:
    """106 against 100 is even by the counts; that it was one more in six of the ten runs, run by run, is not."""
    assert not more([106], [100], deploys=1000)
    assert more([11, 11, 11, 11, 11, 11, 10, 10, 10, 10], [10] * 10)


def test_clusters_in_both_are_the_spread_between_runs() -> None:
    """Three outages of 20 failures against one are 60 to 20, and chance; in the counts alone they would not be."""
    assert not more([20, 20, 20, 0, 0, 0], [0, 0, 0, 20, 0, 0])
    assert more([60], [20])


def test_what_one_lives_through_and_the_other_does_not_is_no_luck() -> None:
    """Two runs of six have an outage, the same for both: 50 fail in each against none, and it is said."""
    assert more([50, 0, 50, 0, 0, 0], [0] * 6)


def test_more_deploys_may_fail_more_often() -> None:
    """Twelve of 1,200 against six of 600 is the same share."""
    twelve = (np.array([12.0]), np.array([1200.0]))
    six = (np.array([6.0]), np.array([600.0]))
    assert not fails_more(*twelve, *six)
    assert not fails_more(*six, *twelve)


def test_a_run_without_deploys_says_nothing() -> None:
    """No deploys are no failures, and divide by nothing."""
    none, some = np.array([0.0, 0.0]), np.array([5.0, 9.0])
    assert not fails_more(none, none, some, some)
    assert not fails_more(some, some, none, none)
