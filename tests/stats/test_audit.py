"""What the statistics claim holds on queues with known answers, within what chance allows; what they avoid does not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from sim.stats import queues
from sim.stats.audit import Row, audit

TRIES = 400


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return audit(TRIES, seed=4)


def claims(rows: list[Row]) -> list[Row]:
    return [row for row in rows if not row.name.startswith(("not done here", "no promise"))]


@pytest.mark.slow
def test_claims_are_kept(rows: list[Row]) -> None:
    """Each rate is at least what binomial chance leaves of 95 % once in a thousand times; p99 is apart."""
    held = [row for row in claims(rows) if not row.name.startswith("p99")]
    assert len(held) == 12
    for row in held:
        assert row.measured >= binom.ppf(0.001, TRIES, row.claimed) / TRIES, row
        assert row.keeps


@pytest.mark.slow
def test_the_p99_of_short_runs_falls_little_short(rows: list[Row]) -> None:
    """It leans to the right: the rate is at least what chance leaves of 92 % once in a thousand times, not of 95 %."""
    leaning = [row for row in claims(rows) if row.name.startswith("p99")]
    assert len(leaning) == 4
    for row in leaning:
        assert row.measured >= binom.ppf(0.001, TRIES, 0.92) / TRIES, row


@pytest.mark.slow
def test_what_is_not_done_here_fails(rows: list[Row]) -> None:
    """Pooled deploys and an uncut backlog cover far less than the 95 % that they would claim."""
    avoided = [row for row in rows if row.name.startswith("not done here")]
    assert len(avoided) == 3
    for row in avoided:
        assert row.high < 0.8, row
        assert not row.keeps


@pytest.mark.slow
@pytest.mark.parametrize(("runs", "least"), [(3, 0.88), (10, 0.88)])
def test_runs_that_lean_are_covered_best_on_the_log_scale(rows: list[Row], runs: int, least: float) -> None:
    """More often than by Student's t, of the same runs, and that more often than by the bootstrap."""
    start = f"no promise: mean of {runs} runs that lean far, "
    log, student, bootstrap = (row.measured for row in rows if row.name.startswith(start))
    assert log > student > bootstrap + 0.02
    assert log >= binom.ppf(0.001, TRIES, least) / TRIES


@pytest.mark.slow
def test_a_cut_by_mser5_is_far_better_than_none(rows: list[Row]) -> None:
    """It is a heuristic: its intervals cover most of the time, where without a cut they never do."""
    cut, uncut = (next(row for row in rows if row.name.endswith(end)) for end in ("after a backlog", "uncut"))
    assert cut.low > 0.75
    assert uncut.high < 0.05


def test_the_queue_has_its_closed_forms() -> None:
    """Mean and 95th percentile of a million waits are the formulas', within four standard errors over runs."""
    waits_s = queues.waits_s(queues.draws(np.random.default_rng(1), 1000, 1000), 1.6)
    means_s = waits_s.mean(axis=1)
    assert abs(means_s.mean() - queues.mean_wait_s(1.6)) < 4 * means_s.std() / np.sqrt(1000)
    beyond = (waits_s > queues.quantile_s(1.6, 0.95)).mean(axis=1)
    assert abs(beyond.mean() - 0.05) < 4 * beyond.std() / np.sqrt(1000)
    assert queues.mean_wait_s(queues.rate_for(0.7)) == pytest.approx(0.7)
