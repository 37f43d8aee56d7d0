"""The table of random small worlds, on few of them."""

from __future__ import annotations

from random import Random

import pytest

from tests.rig.small_worlds import Compared, compared, table, world


@pytest.mark.slow
def test_windows_come_nearer_to_packets_than_even_shares() -> None:
    """In ten worlds the mean error by windows is below a twentieth, and below that by even shares."""
    found = [compared(world(Random(number), "cubic")) for number in range(10)]
    windows, even = (sum(abs(one.mean[wire]) for one in found) / len(found) for wire in ("windows", "even"))
    assert windows < 0.05 < even


def test_a_world_is_drawn_alike_every_time_and_has_what_it_says() -> None:
    """Its bodies are the layers of all pulls at once, or one of each push."""
    for number in range(20):
        one = world(Random(number), "bbr")
        assert one == world(Random(number), "bbr")
        last = one.scenario.steps[-1]
        layers = len(one.scenario.steps[0][0].layers)
        assert (one.operations, one.bodies) == (len(last), len(last) * (layers if last[0].op == "pull" else 1))


def test_the_table_has_means_and_90th_percentiles_of_each_bin() -> None:
    """Errors of 1 to 10 % in worlds of one kind: mean 5.5 %, 90th 9 %."""
    alike = world(Random(0), "cubic")
    errors = [{"windows": percent / 100, "even": -percent / 100} for percent in range(1, 11)]
    lines = [*table([Compared(alike, error, error) for error in errors])]
    assert lines[2].split() == ["all", "10", *["5.5", "%", "9.0", "%"] * 4]
    assert len(lines) == 2 + 7  # one bin of each
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("number", range(3))
def test_a_lone_push_is_the_same_on_all_wires_but_for_queues(number: int) -> None:
    """Where queues hold more than a round trip and bodies go one after another, flows are within 5 % of packets."""
    lone = [one for one in (world(Random(at), "cubic") for at in range(200)) if one.bodies == 1]
    deep = [one for one in lone if one.queue_s >= one.round_trip_s][number]
    found = compared(deep)
    assert found.mean == {"windows": pytest.approx(0.0, abs=0.05), "even": pytest.approx(0.0, abs=0.05)}
