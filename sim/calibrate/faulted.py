"""A rig's scenario as a run of one with `[faults]` has it: bodies are flows, and what cuts a host off is a link fault.

Congestion control and queues are the rig's. Nothing is left to chance, and nothing is known of bytes sent twice.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from sim.calibrate.model import Outcome, Rig
from sim.calibrate.packetwire import QUEUE_S, FlowWire, RigWire
from sim.calibrate.parameters import Parameters
from sim.calibrate.rig import Cut, RigScenario
from sim.streams import Streams
from sim.topologies.star import HUB
from sim.workload.outages import Outage
from sim.world.clock import Clock, Happening
from sim.world.faults import Faults, Hosts


def simulate_faults(scenario: RigScenario, parameters: Parameters) -> list[list[Outcome]]:
    """The outcome of each operation of each step."""
    return _FaultedRig(scenario, parameters, Streams(0)).outcomes(scenario.steps)


class _FaultedRig(Rig):
    _ramp = 1.0

    def __init__(self, scenario: RigScenario, parameters: Parameters, streams: Streams) -> None:
        super().__init__(scenario, parameters, streams)
        self._faults = Faults(self._world, (), Hosts(scenario.congestion, QUEUE_S))
        self._world.faults = self._faults

    def _made_wire(self, clock: Clock, capacity_Bps: Sequence[float], scenario: RigScenario) -> RigWire:
        return FlowWire(clock, capacity_Bps)

    def _cut(self, cut: Cut, began_s: float) -> Generator[Happening, Any, None]:
        """A host's link is down for a while."""
        from_s = began_s + cut.after_s
        self._faults.add(Outage(from_s, from_s + cut.for_s, "link", f"{HUB}-{cut.host}", 0.0))
        yield from ()
