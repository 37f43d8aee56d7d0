"""Links that stand in the shadow of others, and step out of it: they change no rate, only how much is solved."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.network import Fluid, max_min


def dominated(fluid):
    """The links that can hold nobody back."""
    return np.flatnonzero(fluid.state["links"]["dominated"]).tolist()


def test_whoever_crosses_a_wide_link_crosses_a_narrow_one():
    """Of a hub of 10 and two nodes of 10 and 20 the nodes stand in its shadow, until someone crosses one without it."""
    fluid = Fluid([10.0, 10.0, 20.0])
    fluid.class_of((0, 1))
    fluid.class_of((0, 2))
    assert dominated(fluid) == [1, 2]
    fluid.class_of((2,))
    assert dominated(fluid) == [1]


def test_a_narrower_link_stands_in_no_shadow():
    """A node of 4 behind a hub of 10 holds its flows back itself."""
    fluid = Fluid([10.0, 4.0])
    fluid.class_of((0, 1))
    assert dominated(fluid) == [0]


def test_a_link_that_steps_out_of_a_shadow_holds_flows_back_at_once():
    """Two flows over 10 and 10 bytes/s get 5 each; one more on the second link alone makes them share it by thirds."""
    fluid = Fluid([10.0, 10.0])
    both, second = fluid.class_of((0, 1)), None
    fluid.start(0.0, both, 100.0, "a")
    fluid.start(0.0, both, 100.0, "b")
    assert fluid.rate_Bps(both) == 5.0
    second = fluid.class_of((1,))
    fluid.start(0.0, second, 100.0, "c")
    assert fluid.rate_Bps(both) == fluid.rate_Bps(second) == pytest.approx(10 / 3)


def test_a_change_of_capacity_ends_all_dominated():
    """The hub is widened under its flows: the node's link, in its shadow before, is what they share now."""
    fluid = Fluid([10.0, 12.0])
    both = fluid.class_of((0, 1))
    for token in "ab":
        fluid.start(0.0, both, 100.0, token)
    fluid.set_capacity(0.0, 0, 50.0)
    assert dominated(fluid) == []
    assert fluid.rate_Bps(both) == 6.0
    fluid.class_of((0,))
    assert dominated(fluid) == []


@st.composite
def nested(draw):
    """Up to five links of few capacities, so that shadows are the rule, and classes over them with flows."""
    capacity = draw(st.lists(st.sampled_from([4.0, 8.0, 8.0, 16.0]), min_size=1, max_size=5))
    routes = st.lists(st.integers(0, len(capacity) - 1), min_size=1, unique=True).map(tuple)
    caps = st.sampled_from([math.inf, 1.0, 5.0])
    return capacity, draw(st.lists(st.tuples(routes, caps, st.integers(0, 3)), min_size=1, max_size=6))


@given(nested())
def test_rates_are_max_min_whatever_stands_in_whose_shadow(case):
    """Classes come one after another, with flows on those before: the rates are the ones of progressive filling."""
    capacity, asked = case
    fluid = Fluid(capacity)
    made = []
    for route, cap, count in asked:
        flow_class = fluid.class_of(route, cap_Bps=cap)
        made += [flow_class] * count
        for _ in range(count):
            fluid.start(0.0, flow_class, 1e6, None)
        expected = max_min(capacity, [c.route for c in made], caps_Bps=[c.cap_Bps for c in made])
        assert [fluid.rate_Bps(c) for c in made] == pytest.approx(expected, rel=1e-12)
