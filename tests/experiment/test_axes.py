"""What `--vary` says: lists, ranges with a number of values, ranges to search, and what is none of these."""

from __future__ import annotations

from typing import Any

import pytest

from sim.errors import InputError, of_options
from sim.experiment.axes import axis, number_of, ranged
from sim.scenario import Scenario


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("demand.rate=20/h, 40/h", ("20/h", "40/h")),
        ("policies.route=central,node-direct", ("central", "node-direct")),
        ("nodes.n.count=1,2,4", (1, 2, 4)),
        ("nodes.n.count=1..4:4", (1, 2, 3, 4)),
        ("nodes.n.count=1..4:10", (1, 2, 3, 4)),
        ("nodes.n.capacity=100 Mbit/s..1 Gbit/s:log:3", ("100 Mbit/s", "316.2 Mbit/s", "1000 Mbit/s")),
        ("nodes.n.capacity=100 Mbit/s..1 Gbit/s:3", ("100 Mbit/s", "550 Mbit/s", "1000 Mbit/s")),
        ("demand.updates=0..1:3", (0.0, 0.5, 1.0)),
        ("demand.updates=0 %..100 %:3", ("0 %", "50 %", "100 %")),
        ("clients.dev.rtt=1 ms..1 s:log:4", ("1 ms", "10 ms", "100 ms", "1000 ms")),
        ("images.app.rootfs=1 MB..3 MB:3", ("1 MB", "2 MB", "3 MB")),
        ("demand.rate=1/day per node..3/day per node:3", ("1/day per node", "2/day per node", "3/day per node")),
    ],
)
def test_an_axis_has_the_values_that_its_text_says(text: str, values: tuple[Any, ...], scenario: Scenario) -> None:
    """Between ends of one kind values keep the lower end's unit; whole numbers stay whole where the key wants that."""
    assert axis(text, scenario).values == values


def test_keys_may_change_together(scenario: Scenario) -> None:
    """Two keys joined by a plus take each value at once."""
    found = axis("nodes.n.capacity + central.capacity = 1 Gbit/s, 2 Gbit/s", scenario)
    assert found.settings("2 Gbit/s") == (("nodes.n.capacity", "2 Gbit/s"), ("central.capacity", "2 Gbit/s"))


def test_a_star_stands_for_every_name(scenario: Scenario) -> None:
    """All keys of that form change together, under the name that was asked for; one that stands for none is told."""
    found = axis("*.*.request_time=1 ms..9 ms", scenario)
    assert found.keys == ("nodes.n.request_time",)
    assert found.name == "*.*.request_time"
    with pytest.raises(InputError, match="no key is like"):
        axis("nodes.*.wings=2,4", scenario)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("demand.rate", "must be KEY=VALUES"),
        ("=1,2", "must be KEY=VALUES"),
        ("nodes.n.count=1,,2", "has a value that is empty"),
        ("nodes.n.count=4..1:3", "must go from a lower to a higher value"),
        ("nodes.n.capacity=1 Mbit/s..2 s:3", "one of the same kind"),
        ("nodes.n.capacity=1 Mbit/s..2 Mbit/s:1", "must end in :N or :log:N"),
        ("nodes.n.capacity=1 Mbit/s..2 Mbit/s:lin:3", "must end in :N or :log:N"),
        ("demand.updates=0..1:log:3", "equal ratios start above 0"),
        ("policies.route=central..node-direct", "must go from a figure to a figure"),
    ],
)
def test_what_is_no_axis_is_said_in_a_line(text: str, problem: str, scenario: Scenario) -> None:
    """Each names the axis, `--vary` on a command line, what is wrong, and how to write it."""
    with pytest.raises(InputError, match=problem) as caught:
        axis(text, scenario)
    assert (caught.value.where, of_options(caught.value).where) == ("axis", "--vary")
    assert caught.value.remedy


def test_a_search_wants_a_range(scenario: Scenario) -> None:
    """A list, or a range with a number of values, leaves nothing to search."""
    for text in ("nodes.n.count=1,2", "nodes.n.count=1..9:3"):
        with pytest.raises(InputError, match="a search goes through a range"):
            ranged(text, scenario)
    assert ranged("nodes.n.count=1..9", scenario).range is not None


@pytest.mark.parametrize(("value", "number"), [("1 MB", 1e6), (4, 4.0), ("10 %", 0.1), ("lru", None), (True, None)])
def test_a_listed_value_is_drawn_at_its_number(value: Any, number: float | None) -> None:
    """A figure in base units, a plain number as it is, and a word nowhere."""
    assert number_of(value) == (pytest.approx(number) if number is not None else None)
