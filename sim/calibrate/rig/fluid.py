"""A rig's scenario on the wire of a run: bodies are flows that share links, and what cuts a host off is a link fault.

Hosts are those of a run whose `[tcp]` says what the rig's are: its congestion control, its queues, and that shares are
as windows are (`ops/congestion`). Or shares are even, as they are in a run whose `[tcp]` says nothing, and wherever a
scenario has cuts, since runs with `[faults]` know no other. What is drawn is when clients start, what a proxy asks for
first, and whose packets come first. Left out: bytes sent twice, of which flows know nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.calibrate.rig.files import Cut, RigScenario
from sim.calibrate.rig.model import Rig
from sim.calibrate.rig.packetwire import FlowWire, RigWire
from sim.calibrate.rig.parameters import Parameters
from sim.calibrate.rig.processes import Outcome
from sim.calibrate.rig.state import QUEUE_S
from sim.network.topology.shapes.star import HUB
from sim.protocol.ops.faults import LINK_WEAK
from sim.streams import Streams


def simulate_fluid(
    scenario: RigScenario, parameters: Parameters, seed: int = 0, queue_s: float = QUEUE_S
) -> list[list[Outcome]]:
    """The outcome of each operation of each step, by windows where these count; the rest as for packets."""
    return _FluidRig(scenario, parameters, Streams(seed), queue_s).outcomes()


def simulate_even(
    scenario: RigScenario, parameters: Parameters, seed: int = 0, queue_s: float = QUEUE_S
) -> list[list[Outcome]]:
    """The same by even shares."""
    return _EvenRig(scenario, parameters, Streams(seed), queue_s).outcomes()


class _EvenRig(Rig):
    _ramp = 1.0

    @property
    def _faults(self) -> bool:
        return bool(self._scenario.cuts)

    def _made_wire(self, capacity_Bps: Sequence[float]) -> RigWire:
        return FlowWire()

    def _globals(self) -> dict[str, Any]:
        return {}

    def _cut(self, cut: Cut, began_s: float) -> None:
        """A host's link is down for a while."""
        w = self._w
        number = len(w.outages)
        w.grow("outages", 1)
        outage = w.outages[number]
        outage.from_s = began_s + cut.after_s
        outage.until_s = outage.from_s + cut.for_s
        outage.kind, outage.registry, outage.factor = LINK_WEAK, -1, 0.0
        outage.link_up, outage.link_down = self._routes.links_of(f"{HUB}-{cut.host}")
        self._engine.function("add_outage")(w, number)


class _FluidRig(_EvenRig):
    def _globals(self) -> dict[str, Any]:
        if self._faults or self._scenario.congestion != "cubic":
            return {}
        seed = int(self._streams.generator("windows").integers(1 << 31))
        return {"windows": 1, "queues": 1, "window_random": seed}
