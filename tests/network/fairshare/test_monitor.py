"""What a flow monitor sees, with numbers that a reader checks in the head."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.network import FlowMonitor, Fluid

from ..draining import drain


def test_bins_hold_what_was_carried_while_they_were_open():
    """25 bytes at 1 byte/s in bins of 10 s: 10, 10 and 5."""
    monitor = FlowMonitor(bin_s=10)
    fluid = Fluid([1.0], monitor)
    fluid.start(0.0, fluid.class_of((0,)), 25, "x")
    drain(fluid)
    assert monitor.bins().tolist() == [[10], [10], [5]]
    assert monitor.peak_Bps().tolist() == [1.0]


def test_purposes_share_out_the_bytes_of_a_link():
    """A push of 8 and a pull of 4 over one link, the pull over another too."""
    monitor = FlowMonitor()
    fluid = Fluid([2.0, 1.0], monitor)
    fluid.start(0.0, fluid.class_of((0,)), 8, "x", purpose="push")
    fluid.start(0.0, fluid.class_of((0, 1)), 4, "y", purpose="pull")
    drain(fluid)
    assert monitor.purposes() == {"push": [8, 0], "pull": [4, 4]}


def test_a_link_is_full_while_somebody_would_take_more_of_it():
    """On 4 bytes/s: a flow capped at 1 alone until 2 s, then with an eager one; full from 2 s to the end at 4 s."""
    monitor = FlowMonitor()
    fluid = Fluid([4.0], monitor)
    fluid.start(0.0, fluid.class_of((0,), cap_Bps=1.0), 4, "capped")
    fluid.start(2.0, fluid.class_of((0,)), 6, "eager")
    assert max(drain(fluid).values()) == 4.0
    assert monitor.full_s(fluid) == [2.0]


def test_each_flow_knows_what_held_it_back_and_for_how_long():
    """Two flows share link 0 until one ends at 2 s; the other is then held by link 1, and one by its cap
    throughout."""
    seen = {}
    monitor = FlowMonitor(on_end=lambda flow: seen.update({flow.token: flow.held_s}))
    fluid = Fluid([4.0, 3.0, 9.0], monitor)
    fluid.start(0.0, fluid.class_of((0,)), 4, "a")
    fluid.start(0.0, fluid.class_of((0, 1)), 10, "b")
    fluid.start(0.0, fluid.class_of((2,), cap_Bps=1.0), 5, "c")
    drain(fluid)
    assert seen == {"a": {0: 2.0}, "b": {0: 2.0, 1: 2.0}, "c": {None: 5.0}}


def test_a_flow_that_is_taken_out_is_booked_as_far_as_it_got():
    """Stopped at 3 s of 10, a flow at 1 byte/s has 7 left and has used 3 of the link."""
    monitor = FlowMonitor()
    fluid = Fluid([1.0], monitor)
    flow = fluid.start(0.0, fluid.class_of((0,)), 10, "x", purpose="push")
    assert fluid.stop(3.0, flow) == 7.0
    assert fluid.next_finish_s == math.inf
    assert fluid.link_bytes(3.0) == [3.0]
    assert monitor.purposes() == {"push": [3]}


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 10**6), st.integers(0, 2)), min_size=1, max_size=20))
def test_bins_and_purposes_add_up_to_the_byte(asked):
    """Whatever overlaps, bins and purposes both sum to the bytes of the flows; what held a flow back, to its time."""
    records = []
    monitor = FlowMonitor(bin_s=7.0, on_end=records.append)
    fluid = Fluid([1e3, 3e3, 2e3], monitor)
    for number, (start, size, purpose) in enumerate(sorted(asked)):
        drain(fluid, start)
        route = ((0, 1), (1,), (1, 2))[purpose]
        fluid.start(start, fluid.class_of(route, cap_Bps=[math.inf, 500.0][size % 2]), size, number, purpose)
    drain(fluid)
    carried = [sum(size for _, size, p in asked if link in ((0, 1), (1,), (1, 2))[p]) for link in range(3)]
    assert monitor.bins().sum(axis=0).tolist() == carried
    assert np.sum(list(monitor.purposes().values()), axis=0).tolist() == carried
    for record in records:
        assert sum(record.held_s.values()) == pytest.approx(record.ended_s - record.started_s, rel=1e-9, abs=1e-9)
