"""The spans of a scenario's network: those that its shape generates, overridden by its `[links]`, and those it adds."""

from __future__ import annotations

from dataclasses import replace

from sim.network import Schedule
from sim.network.topology.schedule import DAY_S
from sim.network.topology.shapes import Span
from sim.scenario import Link, Scenario


def spans_of(scenario: Scenario) -> tuple[Span, ...]:
    """Those its shape generates, overridden by name, then those it gives with `between`."""
    names = scenario.link_names
    begins_s = scenario.run.start_s % DAY_S
    joined = {span.name: span for span in names.generated}
    for name, link in scenario.links.items():
        if link.between is None:
            (generated,) = names.of_shape(name)
            joined[generated] = _overridden(joined[generated], link, begins_s)
            continue
        # The scenario's own checks saw to it that a link of its own has both rates and a delay.
        assert link.up_Bps is not None
        assert link.down_Bps is not None
        assert link.delay_s is not None
        own = Span(name, *scenario.ends(link), link.up_Bps, link.down_Bps, link.delay_s)
        joined[name] = _overridden(own, link, begins_s)
    machines = {name for name, _ in scenario.hosts()}
    return tuple(span if {span.a, span.b} & machines else replace(span, wan=True) for span in joined.values())


def _overridden(line: Span, link: Link, begins_s: float) -> Span:
    """A span as the scenario's link of its name has it, in a run that begins at that time of the day."""
    up_Bps = line.up_Bps if link.up_Bps is None else link.up_Bps
    down_Bps = line.down_Bps if link.down_Bps is None else link.down_Bps
    delay_s = line.delay_s if link.delay_s is None else link.delay_s
    hours: tuple[Schedule, ...] = ()
    if link.schedule:
        days = [(day.from_s - begins_s, day.until_s - begins_s, day) for day in link.schedule.values()]
        up = ((begin_s, end_s, up_Bps if day.up_Bps is None else day.up_Bps) for begin_s, end_s, day in days)
        down = ((begin_s, end_s, down_Bps if day.down_Bps is None else day.down_Bps) for begin_s, end_s, day in days)
        hours = (
            Schedule.of_windows(f"{line.name}-up", up_Bps, up),
            Schedule.of_windows(f"{line.name}-down", down_Bps, down),
        )
        up_Bps, down_Bps = (schedule.capacity_Bps(0.0) for schedule in hours)
    price = link.price_usd_per_byte
    return replace(line, up_Bps=up_Bps, down_Bps=down_Bps, delay_s=delay_s, price_usd_per_byte=price, hours=hours)
