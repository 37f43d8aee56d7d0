"""A class that gets another weight and cap while its flow is under way."""

from __future__ import annotations

import pytest

from sim.network.fairshare import kernel
from sim.network.fairshare.fluid import Fluid
from sim.network.fairshare.state import INF


def test_a_flow_goes_on_at_its_new_share() -> None:
    """Two flows of 100 bytes on a link of 10 get 5 each. After 4 s, 20 bytes, the first one weighs three times as much,
    so 7.5 and 2.5; after 4 s more, 30 and 10, it is capped at 2, so 2 and 8: the other has 70 left and ends 8.75 s
    later, the first then has 50 - 17.5 left at 2."""
    fluid = Fluid([10.0])
    first, second = fluid.class_of((0,), 1.0, 100.0), fluid.class_of((0,), 1.0, 200.0)
    fluid.start(0.0, first, 100.0, "first")
    fluid.start(0.0, second, 100.0, "second")
    state = fluid.state
    rates = lambda: [kernel.rate(state, one.number) for one in (first, second)]  # noqa: E731
    assert rates() == [5, 5]
    kernel.reshape(state, 4.0, first.number, 3.0, 100.0)
    assert rates() == [7.5, 2.5]
    ends_s = kernel.reshape(state, 8.0, first.number, 3.0, 2.0)
    assert rates() == [2, 8]
    assert ends_s == pytest.approx(8 + 70 / 8)
    assert kernel.finish(state, ends_s)[0] == 1
    assert kernel.next_end_s(state) == pytest.approx(ends_s + (50 - 17.5) / 2)
    assert kernel.reshape(state, ends_s, first.number, 1.0, INF) == pytest.approx(ends_s + 32.5 / 10)
