"""Who gets what: cases that a reader checks in the head."""

import pytest

from sim.network import max_min


def test_what_one_flow_cannot_use_goes_to_the_others():
    """On links of 10 and 2, a flow over both gets 2, so a flow over the first alone gets 8, not 5."""
    assert max_min([10, 2], [(0, 1), (0,)]) == [2, 8]


def test_a_finished_flow_leaves_no_reservation_behind():
    """Once the flow over both links has gone, the other has all 10; a new one then shares 5 and 5."""
    assert max_min([10, 2], [(0,)]) == [10]
    assert max_min([10, 2], [(0,), (0,)]) == [5, 5]


def test_weights_divide_a_link_in_proportion():
    """Weights 1 and 3 on a link of 8 give 2 and 6."""
    assert max_min([8], [(0,), (0,)], weights=[1, 3]) == [2, 6]


def test_a_cap_hands_on_what_it_refuses():
    """A cap of 1 on a link of 10 leaves 9 to the other."""
    assert max_min([10], [(0,), (0,)], caps_Bps=[1, float("inf")]) == [1, 9]


@pytest.mark.parametrize("capacity", [0.0, 7.0])
def test_a_single_flow_gets_its_narrowest_link(capacity):
    """Alone, a flow's rate is its narrowest link's capacity, even 0."""
    assert max_min([9, capacity], [(0, 1)]) == [capacity]


def test_a_flow_that_nothing_holds_back_is_unbounded():
    """Without links a flow gets its cap, or infinitely much."""
    assert max_min([4], [(), (0,), ()], caps_Bps=[3, float("inf"), float("inf")]) == [3, 4, float("inf")]
