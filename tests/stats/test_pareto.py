"""The Pareto set is what its definition says."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.stats.pareto import pareto


def test_a_case_by_hand() -> None:
    """Cheap and slow, dear and fast and what lies between are in; dearer and slower is out; equals stay together."""
    points = np.array([[1.0, 9.0], [9.0, 1.0], [4.0, 4.0], [5.0, 5.0], [4.0, 4.0], [np.nan, 0.0], [1.0, 10.0]])
    assert pareto(points).tolist() == [True, True, True, False, True, False, False]


@given(arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.integers(0, 4).map(float)))
def test_no_member_is_dominated_and_all_others_are(points: np.ndarray) -> None:
    """Point by point, as the definition has it."""
    for at, member in enumerate(pareto(points).tolist()):
        dominated = any((other <= points[at]).all() and (other < points[at]).any() for other in points)
        assert member == (not dominated)
