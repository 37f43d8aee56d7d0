"""Links as a scenario writes them: rates each way, a delay, what they cost, and hours in which other rates hold.

The line that joins a host to its site has the same keys, without ends (`hosts`). Left out: loss and jitter, for which
the network's model of TCP has no use.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from sim.errors import shown
from sim.figures import CapacityPrice, Cost, Delay, Duration, Price, Rate, Table, figure, invalid, setting
from sim.network.topology.schedule import DAY_S
from sim.scenario.model.named import Name


class Rates(Table):
    """What crosses in each direction: `capacity`, or `up` and `down`.

    The fields hold what was written; what counts are the properties `up_Bps` and `down_Bps`.
    """

    capacity_Bps: Rate | None = setting("capacity", None, about="What it carries each way.")
    own_up_Bps: Rate | None = setting(
        "up", None, about="What it carries from its first end to its second, of a host from the host to its site."
    )
    own_down_Bps: Rate | None = setting("down", None, about="What it carries the other way.")

    def superseded(self) -> frozenset[str]:
        """The attributes whose value does not count, because an alternative was written."""
        rates = {"own_up_Bps", "own_down_Bps"} if "capacity_Bps" in self.model_fields_set else {"capacity_Bps"}
        if rates == {"capacity_Bps"} and None in (self.own_up_Bps, self.own_down_Bps):
            rates = set()
        return frozenset(rates)

    @property
    def up_Bps(self) -> float | None:
        """From the first to the second end; None leaves what there is as it is."""
        return self._rate_Bps(self.own_up_Bps)

    @property
    def down_Bps(self) -> float | None:
        return self._rate_Bps(self.own_down_Bps)

    def _rate_Bps(self, own_Bps: float | None) -> float | None:
        """What was written goes before a default of its alternative."""
        return self.capacity_Bps if own_Bps is None or "capacity_Bps" in self.model_fields_set else own_Bps


class LinkParameters(Rates):
    """What links and hosts' lines have in common: rates, and `rtt`, or `delay` (one way); `delay_s` is what counts."""

    capacity_price_usd_per_Bps: CapacityPrice | None = setting(
        "capacity_month", None, about="What a month of its capacity costs, of the mean of both directions."
    )
    rtt_s: Delay | None = setting("rtt", None, about="The round trip over it, twice the delay.")
    own_delay_s: Delay | None = setting("delay", None, about="The delay over it one way.")

    def superseded(self) -> frozenset[str]:
        """The same, of the delay too."""
        return super().superseded() | (frozenset({"rtt_s"}) if self.own_delay_s is not None else frozenset())

    def _one_way_s(self) -> float | None:
        if self.own_delay_s is not None:
            return self.own_delay_s
        return None if self.rtt_s is None else self.rtt_s / 2


class Window(Rates):
    """A part of every day, `from` one time `until` another, in which a link carries other rates than its own.

    Times are UTC, by when the run starts (`run.start`, midnight unless it says so). A window may span midnight.
    """

    from_s: Duration = setting("from", about="The time of day, in UTC, at which the window begins.")
    until_s: Duration = setting("until", about="The time of day, in UTC, at which it ends; earlier is the next day's.")

    @property
    def lasts_s(self) -> float:
        """A window until its own beginning lasts the day."""
        return (self.until_s - self.from_s) % DAY_S or DAY_S


def _two_ends(value: object) -> tuple[str, str]:
    if isinstance(value, list | tuple) and len(value) == 2:
        first, second = value
        if isinstance(first, str) and isinstance(second, str) and first != second:
            return first, second
    raise invalid(f"must name two ends, got {shown(value)}", 'write between = ["dal", "was"]')


Ends = Annotated[
    tuple[str, str],
    PlainValidator(_two_ends),
    WithJsonSchema({"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}),
]


class _Joined(Table):
    between: Ends | None = setting(
        "between", None,
        about="The sites or hosts that it joins; without them it overrides the generated link of its name.",
    )  # fmt: skip


class Link(LinkParameters, _Joined):
    """A link between two sites or hosts; or, without `between`, what overrides the generated link of its name.

    In the windows of its `schedule` it carries what they say.
    """

    price_usd_per_byte: Price = figure(
        "price", "0 USD/GB", assumption=True, range=("0 USD/GB", "0.09 USD/GB"),
        about="What each byte that crosses it costs, either way.",
    )  # fmt: skip
    month_usd: Cost | None = setting("month", None, about="What the link costs a month, whatever it carries.")
    schedule: Mapping[Name, Window] = setting(
        "schedule", {}, about="Parts of the day, by name, in which it carries other rates."
    )

    @property
    def delay_s(self) -> float | None:
        """One way; None leaves it as it is."""
        return self._one_way_s()
