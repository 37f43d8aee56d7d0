"""Whether one variant's deploys fail more than another's, from how many failed of how many, run by run.

Failures are often few, and come in clusters when they come: neither Student's t nor a count alone will do.

- At least so many more of a variant's deploys have to fail as an even chance would not give in a row, 6 at 95 %. One
  failure in each of four runs of ten would make an interval of t that lies above zero, and is no evidence.
- Where both fail, and there are `ENOUGH_RUNS` or more, the runs decide: the paired interval of the failed share less
  the other's lies above zero. Clusters are then seen as the spread between runs that they are.
- Where the other never fails, or runs are few, the counts decide: of all that failed in both, more are the variant's
  own than an even chance would give (exact binomial test, two-sided; its own share of the deploys is the chance). All
  runs meet the same demand and faults, so that what fails in one variant and not in the other is not chance. Of few
  runs in which both fail in clusters this leans to calling one of them worse: `sim.stats.audit` says how far.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from sim.stats.intervals import CONFIDENCE, ENOUGH_RUNS
from sim.stats.paired import difference

Counts = NDArray[np.float64]


def fewest(confidence: float = CONFIDENCE, simultaneous: int = 1) -> int:
    """How many failures, all of them of one of two variants, an even chance does not give: 2^(1 - n) is too little."""
    return math.ceil(1 - math.log2((1 - confidence) / simultaneous))


def fails_more(
    failed: Counts, deploys: Counts, other_failed: Counts, other_deploys: Counts,
    confidence: float = CONFIDENCE, simultaneous: int = 1,
) -> bool:  # fmt: skip
    """Whether a variant fails more than another: `failed` of `deploys` against the other's, all (n,) by paired run.

    `simultaneous` is the number of such answers that are to hold together at that confidence.
    """
    mine, other, made, other_made = (float(each.sum()) for each in (failed, other_failed, deploys, other_deploys))
    if not made or not other_made or mine - other * made / other_made < fewest(confidence, simultaneous):
        return False
    if other and len(failed) >= ENOUGH_RUNS:
        share, other_share = _shares(failed, deploys), _shares(other_failed, other_deploys)
        return difference(share, other_share, confidence, simultaneous).low > 0
    by_chance = 2 * float(betainc(mine, other + 1, made / (made + other_made)))  # twice the chance of so many or more
    return by_chance <= (1 - confidence) / simultaneous


def _shares(failed: Counts, deploys: Counts) -> Counts:
    shares: Counts = np.divide(failed, deploys, out=np.zeros_like(failed), where=deploys > 0)
    return shares
