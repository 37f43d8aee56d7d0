"""The table `[policies.lazy]`: nodes that start an instance before its layers are there, and read the rest later.

Left out: groups of nodes of which some do and some do not, and images that are not made for it.
"""

from __future__ import annotations

from typing import Literal

from sim.figures import Count, Duration, Fraction, Period, Rate, Size, Table, figure, setting

_SOCI = "awslabs/soci-snapshotter"


class Lazy(Table):
    """How nodes load layers where `policies.load` is lazy.

    Before a start a share of each layer is read, in reads of one size; after it the `rest` comes in the background, or
    the instance reads a `later_share` on demand, evenly over `later_for`, and stands still meanwhile.
    """

    read_share: Fraction = figure(
        "read_share", 0.064, source="Slacker, FAST'16: of what 57 applications pull their starts read 6.4 %",
        range=(0.01, 1.0), about="Which part of each layer a start reads.",
    )  # fmt: skip
    read_bytes: Size = figure(
        "read", "1 MB", source="dragonflyoss/nydus, docs/prefetch.md: segments of 1 MB", range=("50 kB", "4 MiB"),
        about="How much one read brings: each is a request of its own.",
    )  # fmt: skip
    at_once: Count = figure(
        "at_once", 1, assumption=True, range=(1, 16), about="How many reads of a layer are under way at once."
    )
    least_bytes: Size = figure(
        "least", "10 MiB", source=f"{_SOCI}, soci create --min-layer-size", range=("1 MiB", "100 MiB"),
        about="Layers that are smaller are fetched whole.",
    )  # fmt: skip
    rest: Literal["background", "on-demand"] = figure(
        "rest", "background", source=f"{_SOCI}, docs/config.md: background_fetch; stargz-snapshotter, fs/fs.go",
        about="Whether the rest comes in the background, or what the instance reads of it on demand.",
    )  # fmt: skip
    rest_after_s: Duration = figure(
        "rest_after", "0 s", assumption=True, range=("0 s", "30 s"),
        about="How long after the start is possible the rest begins to come.",
    )  # fmt: skip
    pace_Bps: Rate | None = setting(
        "pace", None, about="No more of the rest is asked for in the background than that; without it, all at once."
    )
    later_share: Fraction = figure(
        "later_share", 0.1, assumption=True, range=(0.0, 1.0),
        about="Which part of each layer an instance reads later, on demand.",
    )  # fmt: skip
    later_for_s: Period = figure(
        "later_for", "10 min", assumption=True, range=("1 min", "24 h"), about="Over what time it reads that."
    )
    bursts: Count = figure(
        "bursts", 10, assumption=True, range=(1, 100),
        about="In how many parts the rest is read, on demand or at a pace, evenly over the time.",
    )  # fmt: skip
