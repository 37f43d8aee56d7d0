"""Synthetic demand: arrivals, popularity, updates and kernel releases are what their figures say.

Where a share is drawn, the tolerance is that of the draw: four standard errors of a binomial share, or a chi-square
whose chance of failing a right program is 1 in 10,000. The seeds are arbitrary.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload.demand import Demand
from sim.workload.synthetic import generate

DOCUMENT: dict[str, Any] = {
    "run": {"duration": "1 h"},
    "topology": {"shape": "star"},
    "nodes": {"n": {"count": 2}},
    "clients": {"dev": {"count": 3, "share": 3}, "ci": {"count": 2, "share": 1}},
    "images": {"small": {"kernel": "10 MB", "rootfs": "1 MB", "share": 3}, "rom": {"rootfs": "9 MB", "share": 1}},
    "demand": {"rate": "10/s", "apps": 20, "updates": 0.75, "popularity": 0.8},
}
RELEASE = {"demand.kernel_release": {"at": "20 min", "over": "10 min"}}


def made(overrides: dict[str, Any] | None = None) -> Demand:
    return generate.demand(Scenario.from_document(DOCUMENT, overrides=overrides), Streams(1))


def fits(counts: NDArray[np.int64], shares: NDArray[np.float64]) -> bool:
    """Whether counts are a draw from shares, by chi-square at the level of 1 in 10,000."""
    expected = counts.sum() * shares / shares.sum()
    assert expected.min() > 5
    return float(((counts - expected) ** 2 / expected).sum()) < stats.chi2.ppf(0.9999, len(counts) - 1)


@pytest.mark.parametrize("overrides", [{}, RELEASE, {"demand.arrivals": "even"}, {"demand.arrivals": "even"} | RELEASE])
def test_deploys_are_sorted_and_end_with_the_run(overrides: dict[str, Any]) -> None:
    """Times go up from 0 and stay below the hour."""
    at_s = made(overrides).at_s
    assert (np.diff(at_s) >= 0).all()
    assert 0 <= at_s[0] <= at_s[-1] < 3600


def test_poisson_arrivals_come_at_their_rate() -> None:
    """Over 200 runs of 100 expected deploys, the count's mean and its variance are 100 within four standard errors."""
    scenario = Scenario.from_document(DOCUMENT, overrides={"run.duration": "10 s"})
    counts = np.array([len(generate.demand(scenario, Streams(1, run))) for run in range(200)])
    assert abs(counts.mean() - 100) < 4 * math.sqrt(100 / 200)
    # The sample variance of n normal values has a relative standard error of sqrt(2 / (n - 1)).
    assert abs(counts.var(ddof=1) / 100 - 1) < 4 * math.sqrt(2 / 199)


def test_gaps_between_poisson_arrivals_are_exponential() -> None:
    """36,000 gaps of 0.1 s in the mean pass Kolmogorov and Smirnov's test at 1 in 10,000."""
    gaps_s = np.diff(made().at_s)
    assert stats.kstest(gaps_s, "expon", args=(0, 0.1)).pvalue > 1e-4


@pytest.mark.parametrize(
    ("rate", "duration", "count", "gap_s"),
    [
        ("2/s", "10 s", 20, 0.5),
        ("48/day", "24 h", 48, 1800.0),
        ("29/day", "24 h", 29, 86400 / 29),
        ("1/s", "2.5 s", 3, 1.0),
    ],
)
def test_even_arrivals_stand_apart_alike(rate: str, duration: str, count: int, gap_s: float) -> None:
    """Two a second for ten seconds are twenty, half a second apart, the first at 0."""
    at_s = made({"demand.arrivals": "even", "demand.rate": rate, "run.duration": duration}).at_s
    assert len(at_s) == count
    assert np.allclose(at_s, np.arange(count) * gap_s, rtol=1e-12)


@pytest.mark.parametrize("count", range(1, 60))
def test_so_many_a_day_are_so_many_in_a_day(count: int) -> None:
    """Rates and durations that are no round floats lose no deploy and gain none."""
    overrides = {"demand.arrivals": "even", "demand.rate": f"{count}/day", "run.duration": "24 h"}
    at_s = made(overrides).at_s
    assert len(at_s) == count
    assert at_s[-1] < 86400


def test_the_share_of_updates_is_drawn() -> None:
    """Three quarters of about 36,000 deploys are updates, within four standard errors of a binomial share."""
    update = made().update
    assert abs(update.mean() - 0.75) < 4 * math.sqrt(0.75 * 0.25 / len(update))


@pytest.mark.parametrize(("share", "every"), [(0.0, False), (1.0, True)])
def test_no_updates_and_nothing_else(share: float, every: bool) -> None:
    """At shares of 0 and 1 there is no exception."""
    assert (made({"demand.updates": share}).update == every).all()


def test_an_update_is_of_an_application_that_exists_and_others_are_new() -> None:
    """Updates are of apps 0 to 19; each other deploy is of an app of its own, numbered on from 20."""
    demand = made()
    assert demand.known_apps == 20
    assert set(demand.app[demand.update].tolist()) == set(range(20))
    new = demand.app[~demand.update]
    assert np.array_equal(new, np.arange(20, 20 + len(new)))
    assert len(demand.app_client) == len(demand.app_kind) == len(demand.app_draw) == 20 + len(new)


@pytest.mark.parametrize("exponent", [0.0, 0.8, 1.2])
def test_popularity_follows_zipf(exponent: float) -> None:
    """App k is updated in proportion to (k + 1) to the power of minus the exponent, by chi-square."""
    demand = made({"demand.popularity": exponent})
    counts = np.bincount(demand.app[demand.update], minlength=20)
    shares = np.arange(1, 21) ** -exponent
    assert fits(counts, shares)
    assert not fits(counts, np.arange(1, 21) ** -(exponent + 0.1))


def test_images_are_drawn_by_their_shares() -> None:
    """Of about 9,000 apps three quarters are of the first kind."""
    assert fits(np.bincount(made().app_kind), np.array([3.0, 1.0]))


def test_a_groups_share_is_divided_among_its_clients() -> None:
    """Three developers share three quarters, two build machines one: five clients at 1/4 and 1/8 each."""
    assert fits(np.bincount(made().app_client), np.array([2.0, 2.0, 2.0, 1.0, 1.0]))


def test_a_release_redeploys_every_known_app_once() -> None:
    """Within its ten minutes there are 20 more deploys than without it, one of each app, all updates."""
    plain, demand = made(), made(RELEASE)
    assert len(demand) == len(plain) + 20
    times = set(plain.at_s.tolist())
    extra = np.array([at_s not in times for at_s in demand.at_s.tolist()])
    assert sorted(demand.app[extra].tolist()) == list(range(20))
    assert demand.update[extra].all()
    assert (demand.kernel[extra] == 1).all()
    assert ((demand.at_s[extra] >= 1200) & (demand.at_s[extra] < 1800)).all()


def test_a_release_changes_no_other_deploy() -> None:
    """What is asked for without the release is asked for with it, at the same times and of the same apps."""
    plain, demand = made(), made(RELEASE)
    kept = np.isin(demand.at_s, plain.at_s)
    for name in ("at_s", "app", "update"):
        assert np.array_equal(getattr(demand, name)[kept], getattr(plain, name)), name


def test_an_app_has_its_old_kernel_until_its_redeploy_and_the_new_one_from_then_on() -> None:
    """Each app's own redeploy parts its zeros from its ones; a new app has whatever was released when it came."""
    plain, demand = made(), made(RELEASE)
    extra = ~np.isin(demand.at_s, plain.at_s)
    redeployed_s = np.empty(20)
    redeployed_s[demand.app[extra]] = demand.at_s[extra]
    known = demand.app < 20
    assert np.array_equal(demand.kernel[known] == 1, demand.at_s[known] >= redeployed_s[demand.app[known]])
    assert np.array_equal(demand.kernel[~known] == 1, demand.at_s[~known] >= 1200)


def test_a_release_is_cut_off_with_the_run() -> None:
    """Of a release over the last half hour and half an hour more, about half of 1,000 apps get theirs, once each."""
    overrides = {"demand.apps": 1000, "demand.rate": "1/h", "demand.kernel_release": {"at": "30 min", "over": "1 h"}}
    demand = made(overrides)
    assert demand.at_s.max() < 3600
    redeployed = demand.app[(demand.kernel == 1) & (demand.app < 1000)]
    assert abs(len(set(redeployed.tolist())) / 1000 - 0.5) < 4 * math.sqrt(0.25 / 1000)


def test_nothing_is_known_where_there_are_no_apps() -> None:
    """Without apps every deploy is the first of its own, whatever the share of updates."""
    demand = made({"demand.apps": 0})
    assert not demand.update.any()
    assert np.array_equal(demand.app, np.arange(len(demand)))


def test_going_back_pushes_the_image_before_the_last_with_its_kernel() -> None:
    """Updates of one application: new, new, back, back, new, back; a release changes the kernel in between.

    Known applications start with an image numbered from the number of deploys on; below it nobody goes.
    """
    back = np.array([False, False, True, True, True, False, True])
    image, kernel = generate._gone_back(np.zeros(7, np.int64), np.array([0, 1, 1, 1, 1, 1, 1]), back, known=1)
    assert image.tolist() == [0, 1, 0, 7, 4, 5, 4]  # the fifth finds nothing below, so it is new
    assert kernel.tolist() == [0, 1, 0, 0, 1, 1, 1]


def test_about_the_share_asked_for_goes_back() -> None:
    """Of updates, a fifth; nothing else of the demand is drawn otherwise for it."""
    plain, going = made(), made({"demand.rollbacks": 0.2})
    assert plain.image is None
    assert going.image is not None
    assert (plain.at_s == going.at_s).all()
    assert (plain.app == going.app).all()
    gone = (going.image != np.arange(len(going)))[going.update].mean()
    assert 0.17 < gone < 0.2  # less than asked for, as some have nowhere to go
