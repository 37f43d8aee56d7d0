"""SimGrid's network models, to choose and to compare with: what each makes of a route.

CM02 (Casanova, Marchal 2002) takes links as they are; LV08 (Velho, Legrand 2009) was fitted to packet simulation.
Both let a transfer wait for its latency first, then share as a fluid, with a weight that falls with latency and
narrow links, and a cap of a TCP window each round trip. Figures: SimGrid's documentation, "Network models".
Cross-traffic, on by default there, lets acknowledgements take 5 % of a flow's rate on the way back: on a link that
both directions share a lone flow gets 1 / 1.05.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sim.network.fairshare.state import INF

ACKNOWLEDGED = 1.05
"""What a flow takes of a link that its acknowledgements come back over, in parts of its rate."""


class Terms(NamedTuple):
    """On what terms a transfer takes part in a fluid: it starts so much later, with this weight and this cap."""

    delay_s: float
    weight: float
    cap_Bps: float


@dataclass(frozen=True, slots=True)
class Model:
    """Factors on bandwidth and latency, what a narrow link adds to the latency in weights, and the largest window."""

    bandwidth_factor: float
    latency_factor: float
    weight_bytes: float
    window_bytes: float = 4_194_304

    def capacity_Bps(self, bandwidth_Bps: float) -> float:
        """What a link of that bandwidth carries."""
        return bandwidth_Bps * self.bandwidth_factor

    def terms(self, bandwidth_Bps: Sequence[float], latency_s: Sequence[float]) -> Terms:
        """A transfer over links of these bandwidths and latencies, (n_links,) each."""
        latency = sum(latency_s)
        penalty_s = latency + sum(self.weight_bytes / bandwidth for bandwidth in bandwidth_Bps)
        return Terms(
            delay_s=latency * self.latency_factor,
            weight=1 / penalty_s if penalty_s > 0 else 1.0,
            cap_Bps=self.bandwidth_factor * self.window_bytes / (2 * latency) if latency > 0 else INF,
        )

    def alone_s(self, size_bytes: float, bandwidth_Bps: float, latency_s: float, cross_traffic: bool = True) -> float:
        """One transfer over one link that both directions share."""
        terms = self.terms([bandwidth_Bps], [latency_s])
        rate = self.capacity_Bps(bandwidth_Bps) / (ACKNOWLEDGED if cross_traffic else 1)
        return terms.delay_s + size_bytes / min(rate, terms.cap_Bps)


CM02 = Model(bandwidth_factor=1.0, latency_factor=1.0, weight_bytes=0.0)
LV08 = Model(bandwidth_factor=0.97, latency_factor=13.01, weight_bytes=20_537.0)
