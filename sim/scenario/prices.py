"""`[prices]`: what registries cost. What traffic costs stands with each link (`links.NAME.price`).

    [prices]
    registry_hour = "0.10 USD"
    disk_month = "0.08 USD/GB"

Nothing is known of what the platform pays, so all prices are 0 until somebody says otherwise. Left out: discounts by
volume, and what a disk costs that is reserved and not used.
"""

from __future__ import annotations

from typing import Final

from sim.figures import Cost, Price, Table, figure

HOUR_S: Final = 3600.0
#: A month as cloud providers bill disks: 30 days.
MONTH_S: Final = 30 * 24 * HOUR_S


class Prices(Table):
    """For each registry, central's included, and hour of `run.duration`; for what nodes keep at the end, and month."""

    registry_hour_usd: Cost = figure("registry_hour", "0 USD", assumption=True)
    disk_month_usd_per_byte: Price = figure("disk_month", "0 USD/GB", assumption=True)
