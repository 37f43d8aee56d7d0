"""The table `[faults]`: what breaks in the world, at a given time or again and again at random.

Left out: faults that depend on load, and several that break together by one cause (name all targets in one fault).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import PlainValidator, WithJsonSchema

from sim.errors import shown
from sim.figures import Duration, Fraction, Period, Table, Weight, figure, invalid, setting


def _names(value: object) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if isinstance(listed, list | tuple) and listed and all(isinstance(name, str) for name in listed):
        return tuple(listed)
    raise invalid(f"must name what breaks, got {shown(value)}", 'write target = "was-fra" or a list of names')


Targets = Annotated[
    tuple[str, ...],
    PlainValidator(_names),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]


#: Which keys each kind of fault reads, beside those that say when; `Fault.factor` has what they come to.
READS: Final[Mapping[str, tuple[str, ...]]] = {
    "link-degraded": ("to",), "swizzle": ("to",), "registry-slow": ("times",), "clock-skew": ("ahead", "behind"),
}  # fmt: skip


class Fault(Table):
    """One thing that breaks: once `at` a time, or again and again with a mean time `between`; it `lasts` so long.

    `target` names links (`link-down`, `link-degraded`, `swizzle`) or registries (the others). A degraded or swizzled
    link keeps `to` of its capacity, a slow registry takes so many `times` longer, a skewed clock is `ahead` or
    `behind`; a lost node comes back after that time with an empty disk.

    A link that is down, or keeps nothing, resets no connection: what is under way goes on with the next retransmission
    after it, as `[tcp]` says, or goes round it, as `topology.reroute` says. A registry that is down, or a node that is
    lost, resets all of its own.
    """

    kind: Literal[
        "link-down",
        "link-degraded",
        "registry-down",
        "registry-slow",
        "node-lost",
        "clock-skew",
        "swizzle",
        "tokens-refused",
    ] = setting("kind", about="What breaks: a link, a registry, a node's disk, a clock, or tokens.")
    targets: Targets = setting("target", about="The links or registries that break, by name.")
    at_s: Duration | None = setting("at", None, about="When it breaks, once.")
    between_s: Period | None = setting(
        "between", None, about="The mean time from one break to the next, instead of a given time."
    )
    lasts_s: Period = figure(
        "lasts", "10 min", assumption=True, about="For how long; of breaks that are drawn, the mean."
    )
    to: Fraction = figure(
        "to", 0.0, assumption=True, about="The part of its capacity that a degraded or swizzled link keeps."
    )
    times: Weight = figure(
        "times", 10.0, assumption=True, about="How many times longer a slow registry takes for a request."
    )
    ahead_s: Duration = figure("ahead", "0 s", assumption=True, about="How far a skewed clock is ahead.")
    behind_s: Duration = figure("behind", "0 s", assumption=True, about="How far a skewed clock is behind.")

    @property
    def factor(self) -> float:
        """What an outage of it has in numbers: of its link, or of its registry. 0 where the kind says it all."""
        return {
            "link-degraded": self.to, "swizzle": self.to, "registry-slow": self.times,
            "clock-skew": self.ahead_s - self.behind_s,
        }.get(self.kind, 0.0)  # fmt: skip

    @property
    def breaks_links(self) -> bool:
        """Whether its targets are links, not registries."""
        return self.kind in ("link-down", "link-degraded", "swizzle")
