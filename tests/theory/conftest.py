"""How a simulated mean is held against theory: by its own standard error over independent runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

Agrees = Callable[[Sequence[float], float], bool]


@pytest.fixture
def agrees() -> Agrees:
    """Whether runs' means agree with a theory: within four standard errors, these within 3 % of it.

    Without the second condition a test could pass because its runs say nothing.
    """

    def holds(means: Sequence[float], theory: float) -> bool:
        error = float(np.std(means, ddof=1)) / math.sqrt(len(means))
        assert 0 < error < 0.03 * theory, f"{len(means)} runs tell {theory:g} only within {error:g}"
        return abs(float(np.mean(means)) - theory) < 4 * error

    return holds
