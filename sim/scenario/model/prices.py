"""`[prices]`: what registries and capacity cost, and tariffs of traffic.

    [prices]
    registry_hour = "0.10 USD"
    disk_month = "0.08 USD/GB"
    wan_capacity_month = "0.50 USD/Mbit/s"

    [prices.traffic.internet]
    hosts = "central"
    direction = "egress"
    tiers = [{ upto = "10 TB", price = "0.09 USD/GB" }, { price = "0.07 USD/GB" }]

What stands with a link or a host (`links.NAME.price`, `month` and `capacity_month`, `nodes.NAME.month`) is added.
Nothing is known of what the platform pays, so all prices are 0 until somebody says otherwise. Tiers count what a month
carries: a run's bytes are taken to go on like that for 30 days. Left out: what a disk costs that is reserved and not
used, lines billed by their 95th percentile, and what is free each month (write a first tier of 0 USD/GB).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import PlainValidator, StrictStr, WithJsonSchema

from sim.errors import near, shown
from sim.figures import CapacityPrice, Cost, Price, Size, Table, figure, invalid, setting
from sim.scenario.model.named import Name

HOUR_S: Final = 3600.0
#: A month as cloud providers bill disks: 30 days.
MONTH_S: Final = 30 * 24 * HOUR_S

#: What bytes travel for, as `rows.TRANSFERS` has it.
PURPOSES: Final = ("push", "pull", "sync")


#: In a pair of sites, whichever.
ANY_SITE: Final = "*"


def _purposes(value: object) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not listed:
        raise invalid(f"must name one or several, got {shown(value)}", f"of {', '.join(PURPOSES)}")
    for purpose in listed:
        if purpose not in PURPOSES:
            raise invalid(f"unknown purpose, got {shown(purpose)}", near(str(purpose), PURPOSES))
    return tuple(purpose for purpose in PURPOSES if purpose in listed)


def _two_sites(value: object) -> tuple[str, str]:
    if isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(site, str) for site in value):
        return value[0], value[1]
    raise invalid(f"must name two sites, got {shown(value)}", 'write between = ["dal", "was"], "*" for any site')


Purposes = Annotated[
    tuple[str, ...],
    PlainValidator(_purposes),
    WithJsonSchema({"type": "array", "items": {"type": "string", "enum": [*PURPOSES]}, "minItems": 1}),
]
Pair = Annotated[
    tuple[str, str],
    PlainValidator(_two_sites),
    WithJsonSchema({"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}),
]


class Tier(Table):
    """The price of a month's bytes beyond the tiers before, `upto` so many; the last tier has no end."""

    upto_bytes: Size | None = setting("upto", None, about="Up to how many bytes a month this price holds.")
    price_usd_per_byte: Price = setting("price", about="What each further byte costs.")


class Tariff(Table):
    """What some traffic costs: where it is counted, in which direction, for what, and its price or tiers.

    It is counted where `hosts` (central, or a group of nodes or clients) meet everybody else, at the border of a
    `site`, on a `link`, or `between` two sites, of which "*" is any. `egress` leaves the hosts or the site, and goes
    from the first end of a link or pair to the second.
    """

    hosts: StrictStr | None = setting("hosts", None, about="Who pays: central, or a group of nodes or clients.")
    site: StrictStr | None = setting("site", None, about="The site whose border the traffic crosses.")
    link: StrictStr | None = setting("link", None, about="The link that carries the traffic.")
    between: Pair | None = setting("between", None, about='The two sites that it goes between, "*" for any.')
    direction: Literal["egress", "ingress", "both"] = setting(
        "direction", about="Which way counts: egress leaves the hosts, the site or the first end."
    )
    purposes: Purposes = setting("purpose", list(PURPOSES), about="Whether pushes, pulls or syncs count.")
    price_usd_per_byte: Price | None = setting("price", None, about="What each byte costs, where there are no tiers.")
    tiers: tuple[Tier, ...] | None = setting(
        "tiers", None, about="Prices that change with a month's bytes, lowest first."
    )

    def month_usd(self, month_bytes: float) -> float:
        """What so many bytes in a month cost."""
        if self.tiers is None:
            return month_bytes * (self.price_usd_per_byte or 0.0)
        cost_usd, from_bytes = 0.0, 0.0
        for tier in self.tiers:
            until_bytes = month_bytes if tier.upto_bytes is None else min(month_bytes, tier.upto_bytes)
            cost_usd += (until_bytes - from_bytes) * tier.price_usd_per_byte
            from_bytes = until_bytes
        return cost_usd


class Prices(Table):
    """For each registry, central's included, and hour of `run.duration`; for what nodes keep at the end, and month.

    What is priced by the month holds for links, hosts and lines that name no `month` or `capacity_month` of their own.
    """

    registry_hour_usd: Cost = figure(
        "registry_hour", "0 USD", assumption=True, about="What each registry costs for an hour, central's included."
    )
    disk_month_usd_per_byte: Price = figure(
        "disk_month", "0 USD/GB", assumption=True, about="What a month of what nodes keep costs."
    )
    wan_capacity_month_usd_per_Bps: CapacityPrice = figure(
        "wan_capacity_month", "0 USD/Mbit/s", assumption=True, range=("0 USD/Mbit/s", "5 USD/Mbit/s"),
        about="What a month of capacity costs on each link between sites that names no price of its own.",
    )  # fmt: skip
    registry_capacity_month_usd_per_Bps: CapacityPrice = figure(
        "registry_capacity_month", "0 USD/Mbit/s", assumption=True, range=("0 USD/Mbit/s", "5 USD/Mbit/s"),
        about="What a month of capacity costs on the line of central and of each node that names no price of its own.",
    )  # fmt: skip
    client_capacity_month_usd_per_Bps: CapacityPrice = figure(
        "client_capacity_month", "0 USD/Mbit/s", assumption=True, range=("0 USD/Mbit/s", "5 USD/Mbit/s"),
        about="What a month of capacity costs on the line of each client that names no price of its own.",
    )  # fmt: skip
    central_month_usd: Cost = figure(
        "central_month", "0 USD", assumption=True, about="What central costs a month if it names no price of its own."
    )
    node_month_usd: Cost = figure(
        "node_month", "0 USD", assumption=True,
        about="What each node or cache costs a month that names no price of its own.",
    )  # fmt: skip
    traffic: Mapping[Name, Tariff] = setting(
        "traffic", {}, about="Prices of traffic by direction and purpose, by any name."
    )
