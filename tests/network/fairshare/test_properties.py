"""What must hold of any network, on random ones, and rates against a second solver in exact fractions."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.network import Flow, Fluid, max_min, simulate

CAPACITY = st.integers(1, 50)
WEIGHT = st.sampled_from([1.0, 0.5, 0.25, 2.0, 3.0])
CAP = st.one_of(st.just(math.inf), st.integers(1, 20).map(float))


@st.composite
def networks(draw):
    """Capacities, and flows as (route, weight, cap)."""
    capacity = draw(st.lists(CAPACITY, min_size=1, max_size=6))
    links = st.lists(st.integers(0, len(capacity) - 1), min_size=1, max_size=4, unique=True).map(tuple)
    return capacity, draw(st.lists(st.tuples(links, WEIGHT, CAP), min_size=1, max_size=10))


@st.composite
def transfers(draw):
    """Capacities by name, and flows with starts and sizes."""
    capacity, kinds = draw(networks())
    flows = [
        Flow(draw(st.integers(0, 5)), draw(st.integers(1, 100)), tuple(f"l{e}" for e in route), weight, cap)
        for route, weight, cap in kinds
    ]
    return {f"l{e}": c for e, c in enumerate(capacity)}, flows


def exact_max_min(capacity, flows):
    """Raises the level of all to the next event, again and again, in fractions; no heap, no classes."""
    rate = {}
    while len(rate) < len(flows):
        room = [Fraction(c) for c in capacity]
        load = [Fraction(0)] * len(capacity)
        for i, (route, weight, _) in enumerate(flows):
            for e in route:
                room[e] -= rate.get(i, 0)
                load[e] += 0 if i in rate else Fraction(weight)
        growing = [i for i in range(len(flows)) if i not in rate]
        full = {e: room[e] / load[e] for e in range(len(capacity)) if load[e]}
        capped = {i: Fraction(flows[i][2]) / Fraction(flows[i][1]) for i in growing if flows[i][2] < math.inf}
        level = min([*full.values(), *capped.values()])
        for i in growing:
            if capped.get(i) == level or any(full.get(e) == level for e in flows[i][0]):
                rate[i] = level * Fraction(flows[i][1])
    return [rate[i] for i in range(len(flows))]


@given(networks())
def test_rates_agree_with_a_solver_in_exact_fractions(network):
    """Weights, caps and shared links together give the exact rates to 1e-12."""
    capacity, flows = network
    rates = max_min(capacity, *([flow[i] for flow in flows] for i in range(3)))
    assert rates == pytest.approx([float(rate) for rate in exact_max_min(capacity, flows)], rel=1e-12)


@given(networks())
def test_each_flow_is_at_its_cap_or_first_on_a_full_link(network):
    """No link above its capacity; whoever is below the cap crosses a full link where none gets more for its
    weight."""
    capacity, flows = network
    rates = max_min(capacity, *([flow[i] for flow in flows] for i in range(3)))
    used = [
        sum(rate for rate, (route, _, _) in zip(rates, flows, strict=True) if e in route) for e in range(len(capacity))
    ]
    assert all(u <= c * (1 + 1e-12) for u, c in zip(used, capacity, strict=True))
    for rate, (route, weight, cap) in zip(rates, flows, strict=True):
        level = rate / weight
        assert rate <= cap
        assert rate == cap or any(
            used[e] >= capacity[e] * (1 - 1e-12)
            and all(r / w <= level * (1 + 1e-12) for r, (on, w, _) in zip(rates, flows, strict=True) if e in on)
            for e in route
        )


@given(networks(), st.data())
def test_the_engine_gives_max_min_rates_after_every_event(network, data):
    """Through starts, finishes, new caps and capacity changes, a class's rate is what `max_min` says of those under
    way."""
    capacity, kinds = network
    fluid = Fluid(capacity)
    live, flows, now = {}, {}, 0.0
    for number in range(data.draw(st.integers(1, 30))):
        what = data.draw(st.sampled_from(["start", "start", "finish", "cap", "capacity"]))
        if what == "start":
            route, weight, cap = data.draw(st.sampled_from(kinds))
            live[number] = fluid.class_of(route, weight, cap)
            flows[number] = fluid.start(now, live[number], data.draw(st.integers(1, 20)), number)
        elif what == "cap":
            token = data.draw(st.sampled_from(sorted(live) or [None]))
            if token is not None:
                old, cap = live[token], data.draw(CAP)
                live[token] = fluid.class_of(old.route, old.weight, cap)
                left_bytes = fluid.left_bytes(now, flows[token])
                fluid.move(now, flows[token], live[token])
                assert fluid.left_bytes(now, flows[token]) == pytest.approx(left_bytes, rel=1e-12)
        elif what == "capacity":
            link = data.draw(st.integers(0, len(capacity) - 1))
            capacity[link] = data.draw(st.integers(0, 50))
            fluid.set_capacity(now, link, capacity[link])
        elif fluid.next_finish_s < math.inf:
            now = max(now, fluid.next_finish_s)
            ended = fluid.finished(now)
            assert ended == sorted(ended) != []
            for token in ended:
                del live[token]
        classes = list(live.values())
        expected = max_min(
            capacity, [c.route for c in classes], [c.weight for c in classes], [c.cap_Bps for c in classes]
        )
        assert [fluid.rate_Bps(c) for c in classes] == pytest.approx(expected, rel=1e-9)


@given(transfers())
def test_bytes_are_conserved(case):
    """When all is done, each link has carried the sizes of the flows over it."""
    capacity, flows = case
    names = list(capacity)
    fluid = Fluid(list(capacity.values()))
    now = 0.0
    for number, flow in sorted(enumerate(flows), key=lambda pair: pair[1].start_s):
        while fluid.next_finish_s <= flow.start_s:
            now = fluid.next_finish_s
            fluid.finished(now)
        kind = fluid.class_of(tuple(names.index(name) for name in flow.route), flow.weight, flow.cap_Bps)
        fluid.start(flow.start_s, kind, flow.size_bytes, number)
        middle = fluid.link_bytes(flow.start_s)
    while fluid.next_finish_s < math.inf:
        now = fluid.next_finish_s
        fluid.finished(now)
    carried = fluid.link_bytes(now)
    assert carried == [sum(f.size_bytes for f in flows if name in f.route) for name in names]
    assert all(m <= c for m, c in zip(middle, carried, strict=True))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 100)), min_size=1, max_size=8), CAPACITY, CAPACITY)
def test_more_capacity_never_lengthens_the_last_finish_on_a_link(asked, capacity, more):
    """One link, no caps: adding capacity lets the last flow end no later."""
    flows = [Flow(start, size, ("a",)) for start, size in asked]
    wider = simulate({"a": capacity + more}, flows).max()
    assert wider <= simulate({"a": capacity}, flows).max() * (1 + 1e-12)


@given(transfers())
def test_splitting_a_link_in_two_changes_nothing(case):
    """A link replaced by two of its capacity in a row leaves every completion time as it was."""
    capacity, flows = case
    split = {**capacity, "again": capacity["l0"]}
    longer = [f._replace(route=(*f.route, "again")) if "l0" in f.route else f for f in flows]
    assert simulate(split, longer) == pytest.approx(simulate(capacity, flows), rel=1e-9)


@given(transfers())
def test_the_order_in_which_flows_are_given_changes_nothing(case):
    """Reversed input gives the reversed times, to rounding."""
    capacity, flows = case
    assert simulate(capacity, flows[::-1])[::-1] == pytest.approx(simulate(capacity, flows), rel=1e-9)
