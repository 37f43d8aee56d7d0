"""Flows over time, with numbers that a reader checks in the head."""

import math
import tracemalloc

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


def test_a_live_flow_takes_less_than_a_kilobyte():
    """10,000 flows at once over 100 classes, in plain Python, cost under 1,000 bytes each."""
    fluid = Fluid([1e9] * 101)
    kinds = [fluid.class_of((0, 1 + i)) for i in range(100)]
    tracemalloc.start()
    for token in range(10_000):
        fluid.start(0.0, kinds[token % 100], 1e6 + token, token)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert fluid.flows == 10_000
    assert taken / 10_000 < 1000


def test_a_flow_moves_to_another_class_with_what_it_has_left():
    """10 bytes at a cap of 1 for 4 s, then at 3: 6 left take 2 s; the link has carried 10."""
    fluid = Fluid([8.0])
    flow = fluid.start(0.0, fluid.class_of((0,), cap_Bps=1.0), 10, "x")
    assert fluid.left_bytes(4.0, flow) == 6
    fluid.move(4.0, flow, fluid.class_of((0,), cap_Bps=3.0))
    assert fluid.next_finish_s == 6
    assert fluid.finished(6.0) == ["x"]
    assert fluid.link_bytes(6.0) == [10]


def test_a_link_may_be_down_and_come_back():
    """Capacity 0 stops the flows on it and nobody else; later they go on where they stood."""
    fluid = Fluid([2.0, 2.0])
    fluid.start(0.0, fluid.class_of((0,)), 4, "stopped")
    fluid.start(0.0, fluid.class_of((1,)), 4, "other")
    fluid.set_capacity(1.0, 0, 0.0)
    assert fluid.finished(2.0) == ["other"]
    assert fluid.next_finish_s == math.inf
    fluid.set_capacity(5.0, 0, 1.0)
    assert fluid.next_finish_s == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((0, 0),), r"a route must not cross a link twice, got \(0, 0\)"),
        (((0,), 0.0), "a weight must be above 0 and finite, got 0"),
        (((0,), 1.0, -2.0), "a cap must be above 0 bytes/s, got -2"),
    ],
)
def test_an_impossible_class_is_refused(arguments, message):
    """Routes, weights and caps must make sense."""
    with pytest.raises(ValueError, match=message):
        Fluid([1.0]).class_of(*arguments)


def test_an_impossible_capacity_is_refused():
    """Negative, infinite and undefined capacities are named."""
    with pytest.raises(ValueError, match="link 1: capacity must be finite and 0 bytes/s or more, got -1"):
        Fluid([1.0, -1.0])
    with pytest.raises(ValueError, match="link 0: capacity must be finite"):
        Fluid([1.0]).set_capacity(0.0, 0, math.inf)
