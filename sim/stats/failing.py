"""Whether one variant's deploys fail more than another's, from how many failed of how many, run by run.

Failures are often few, and come in clusters when they come: neither Student's t nor a count alone will do. So a variant
is said to fail more when one of two things holds. By the counts: of all that failed in both, more are its own than an
even chance would give (exact binomial test, two-sided; its own share of the deploys is the chance). By the runs: the
paired interval of its failed share less the other's lies above zero, as where most failures strike both alike, and
so many more of its deploys failed that an even chance would not give them in a row either, 6 at 95 %: four runs of ten
with one failure each would make an interval of t, and no evidence.

Failures that come in clusters are fewer independent events than they are deploys. The counts then lean to calling a
variant worse, which is the safe side of this question.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from sim.stats.intervals import CONFIDENCE
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
    by_chance = 2 * float(betainc(mine, other + 1, made / (made + other_made)))  # twice the chance of so many or more
    if by_chance <= (1 - confidence) / simultaneous:
        return True
    share, other_share = _shares(failed, deploys), _shares(other_failed, other_deploys)
    return difference(share, other_share, confidence, simultaneous).low > 0


def _shares(failed: Counts, deploys: Counts) -> Counts:
    shares: Counts = np.divide(failed, deploys, out=np.zeros_like(failed), where=deploys > 0)
    return shares
