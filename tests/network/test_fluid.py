"""Flows over time, with numbers that a reader checks in the head."""

import math

import pytest

from sim.network import Flow, Fluid, simulate


def test_two_flows_share_then_the_survivor_takes_all():
    """On 10 bytes/s, 10 and 30 bytes from 0: both at 5 until 2 s, then 20 left at 10, so 4 s."""
    assert simulate({"a": 10}, [Flow(0, 10, ("a",)), Flow(0, 30, ("a",))]).tolist() == [2, 4]


def test_what_one_flow_cannot_use_goes_to_the_others_over_time():
    """Links 10 and 2: 20 bytes over both take 10 s at 2, 80 bytes over the first take 10 s at 8."""
    flows = [Flow(0, 20, ("wide", "narrow")), Flow(0, 80, ("wide",))]
    assert simulate({"wide": 10, "narrow": 2}, flows).tolist() == [10, 10]


def test_capacity_freed_by_a_finished_flow_is_used_at_once():
    """A flow over both links ends at 1 s; the one over the first has sent 8 of 48 and does the rest at 10."""
    flows = [Flow(0, 2, ("wide", "narrow")), Flow(0, 48, ("wide",))]
    assert simulate({"wide": 10, "narrow": 2}, flows).tolist() == [1, 5]


def test_flows_that_end_together_end_in_the_order_they_started():
    """Three equal flows over three classes end at one instant, first come first named."""
    fluid = Fluid([3.0, 1.0, 1.0])
    for token, route in (("c", (0, 1)), ("a", (0,)), ("b", (0, 2))):
        fluid.start(0.0, fluid.class_of(route), 5, token)
    assert fluid.next_finish_s == 5
    assert fluid.finished(5.0) == ["c", "a", "b"]
    assert fluid.next_finish_s == math.inf


def test_nothing_has_finished_before_its_time():
    """Asked early, the engine names nobody and changes nothing."""
    fluid = Fluid([1.0])
    fluid.start(0.0, fluid.class_of((0,)), 4, "x")
    assert fluid.finished(3.9) == []
    assert fluid.next_finish_s == 4


@pytest.mark.parametrize("now_s", [0.1, 1e5, 1e7 + 0.3])
@pytest.mark.parametrize("size_bytes", [1, 1e11])
@pytest.mark.parametrize("rate", [3e5, 1.25e9])
def test_a_timer_set_by_delay_always_finishes_its_flow(now_s, size_bytes, rate):
    """now + (next_finish - now) may round below next_finish; the flow finishes all the same."""
    fluid = Fluid([rate])
    fluid.start(now_s, fluid.class_of((0,)), size_bytes, "x")
    rings_s = math.nextafter(now_s + (fluid.next_finish_s - now_s), 0)
    assert fluid.finished(rings_s) == ["x"]


def test_a_capacity_change_takes_effect_at_its_instant():
    """10 bytes at 1 byte/s, raised to 4 at 2 s: 8 left take 2 s more."""
    fluid = Fluid([1.0])
    fluid.start(0.0, fluid.class_of((0,)), 10, "x")
    fluid.set_capacity(2.0, 0, 4.0)
    assert fluid.next_finish_s == 4
    fluid.set_capacity(3.0, 0, 0.0)
    assert fluid.next_finish_s == math.inf


def test_links_count_the_bytes_they_carried():
    """Two flows of 10 bytes at 1 byte/s each: at 4 s the shared link has carried 8, at the end 20."""
    fluid = Fluid([2.0, 1.0])
    fluid.start(0.0, fluid.class_of((0,)), 10, "x")
    fluid.start(0.0, fluid.class_of((0, 1)), 10, "y")
    assert fluid.link_bytes(4.0) == [8, 4]
    fluid.finished(10.0)
    assert fluid.link_bytes(10.0) == [20, 10]
