"""A rig's scenario as a run of one with `[faults]` has it: bodies are flows, and what cuts a host off is a link fault.

Congestion control and queues are the rig's. Nothing is drawn. Left out: bytes sent twice, of which flows know nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.calibrate.rig.files import Cut, RigScenario
from sim.calibrate.rig.model import Rig
from sim.calibrate.rig.packetwire import FlowWire, RigWire
from sim.calibrate.rig.parameters import Parameters
from sim.calibrate.rig.processes import Outcome
from sim.network.topology.shapes.star import HUB
from sim.protocol.ops.faults import LINK_WEAK
from sim.streams import Streams


def simulate_faults(scenario: RigScenario, parameters: Parameters) -> list[list[Outcome]]:
    """The outcome of each operation of each step."""
    return _FaultedRig(scenario, parameters, Streams(0)).outcomes()


class _FaultedRig(Rig):
    _ramp = 1.0
    _faults = True

    def _made_wire(self, capacity_Bps: Sequence[float]) -> RigWire:
        return FlowWire()

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
