"""Capacities that change with the time of day."""

import pytest

from sim.network import Change, Flow, Schedule, simulate


def test_steps_hold_until_the_next_and_come_again():
    """Wide at night from 20 s, narrow by day from 8 s, over days of 24 s; what held yesterday evening holds at 0."""
    day = Schedule("wan", [(8, 1.0), (20, 4.0)], period_s=24)
    assert [day.capacity_Bps(t) for t in (0, 7.9, 8, 19, 20, 25, 32)] == [4, 4, 1, 1, 4, 4, 1]
    assert list(day.changes(33)) == [
        Change(0, "wan", 4.0),
        Change(8, "wan", 1.0),
        Change(20, "wan", 4.0),
        Change(32, "wan", 1.0),
    ]


def test_a_step_at_0_is_told_once():
    """A constant is one change."""
    assert list(Schedule("wan", [(0, 3.0)]).changes(1000)) == [Change(0, "wan", 3.0)]


def test_windows_are_steps_from_a_capacity_of_ones_own_and_back():
    """2 from 8 to 18 h, 5 from 18 h to 1 h, else 9; one that ends at 24 h ends at 0 h, and one may last the day."""
    hour = 3600.0
    day = Schedule.of_windows("wan", 9.0, [(8 * hour, 18 * hour, 2.0), (18 * hour, 1 * hour, 5.0)])
    assert [day.capacity_Bps(t * hour) for t in (0, 1, 8, 18, 24, 25)] == [5, 9, 2, 5, 5, 9]
    evening = Schedule.of_windows("wan", 9.0, [(20 * hour, 24 * hour, 2.0)])
    assert [evening.capacity_Bps(t * hour) for t in (0, 19, 20, 24)] == [9, 9, 2, 9]
    assert list(Schedule.of_windows("wan", 9.0, [(5.0, 5.0, 2.0)]).changes(10)) == [
        Change(0, "wan", 2.0),
        Change(5, "wan", 2.0),
    ]


@pytest.mark.parametrize("steps", [[], [(5, 1.0), (5, 2.0)], [(5, 1.0), (2, 2.0)], [(-1, 1.0)], [(24, 1.0)]])
def test_steps_out_of_order_are_refused(steps):
    """Times must rise within the period."""
    with pytest.raises(ValueError, match="wan: steps must start at rising times from 0 s to below 24 s"):
        Schedule("wan", steps, period_s=24)


def test_flows_feel_a_change_at_its_instant():
    """30 bytes at 4 bytes/s until 5 s, then at 1: 20 done, 10 more take 10 s. An outage from 2 to 4 s
    finds 3 of 5 bytes unsent; with 1 more byte beside them until 6 s, they end at 8 s."""
    day = Schedule("wan", [(0, 4.0), (5, 1.0)])
    assert simulate({"wan": 4.0}, [Flow(0, 30, ("wan",))], day.changes(100)).tolist() == [15]
    outage = [Change(2, "wan", 0.0), Change(4, "wan", 1.0)]
    assert simulate({"wan": 1.0}, [Flow(0, 5, ("wan",)), Flow(3, 1, ("wan",))], outage).tolist() == [8, 6]


@pytest.mark.parametrize(
    ("capacity", "flow", "message"),
    [
        ({"a": -1.0}, Flow(0, 1, ("a",)), "a: capacity must be finite and 0 bytes/s or more, got -1"),
        ({"a": 1.0}, Flow(0, 1, ("b",)), "no link is called b: known are a"),
        ({"a": 1.0}, Flow(0, -1, ("a",)), "flow 0: size_bytes must be finite and 0 or more, got -1"),
        ({"a": 1.0}, Flow(float("nan"), 1, ("a",)), "flow 0: start_s must be finite, got nan"),
        ({"a": 1.0}, Flow(0, 1, ("a", "a")), "a route must not cross a link twice"),
        ({"a": 1.0}, Flow(0, 1, ("a",), 0.0), "a weight must be above 0 and finite, got 0"),
        ({"a": 1.0}, Flow(0, 1, ("a",), 1.0, 0.0), "a cap must be above 0 bytes/s, got 0"),
    ],
)
def test_what_makes_no_sense_is_named(capacity, flow, message):
    """Each impossible input raises ValueError with the thing and its value."""
    with pytest.raises(ValueError, match=message):
        simulate(capacity, [flow])


def test_an_unfinished_flow_never_ends():
    """On a link that is down a flow's time is infinite; without links or caps it takes none; no flows, no times."""
    assert simulate({"a": 0.0}, [Flow(1, 5, ("a",)), Flow(1, 5, ())]).tolist() == [float("inf"), 1]
    assert simulate({"a": 1.0}, []).tolist() == []
