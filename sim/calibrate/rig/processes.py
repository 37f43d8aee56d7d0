"""Client processes of a rig under way, and what comes of them: seconds and bytes, as the rig measures them.

Left out: processors' time, which no column has.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sim.calibrate.rig.files import Operation
from sim.calibrate.rig.state import Client


@dataclass(slots=True)
class Outcome:
    """What one operation took, s, the IP bytes in the blobs' direction, and those that acknowledged them.

    The blobs of a push go from its host, those of a pull to it.
    """

    operation: Operation
    seconds: float = 0.0
    wire_bytes: float = 0.0
    back_bytes: float = 0.0


@dataclass(slots=True)
class Process:
    """One client: its bodies go by `lane`, its requests cost `own_bytes`, and `rng` draws what is left to chance.

    Of the blobs that it asks a proxy for just now `lacks` are those that the proxy has to fetch, in the order in which
    it does.
    """

    client: Client
    outcome: Outcome
    rng: np.random.Generator
    began_s: float
    lane: int = -1
    own_bytes: float = 0.0
    lacks: list[int] = field(default_factory=list)
