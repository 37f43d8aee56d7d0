"""Client processes of a rig under way, and what comes of them: seconds and bytes, as the rig measures them.

Left out: processors' time, which no column has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from sim.calibrate.rig.files import Operation
from sim.calibrate.rig.parameters import Parameters
from sim.calibrate.rig.state import Client
from sim.protocol.codes import CONFIG
from sim.protocol.ops.holdings import counts_as_held
from sim.registry.clients import Profile

_CONTENTS: Final = {CONFIG: "config"}


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
    """One client: its bodies go by `lane`, its requests cost `own_bytes`, and `rng` draws what is left to chance. Of
    what was sent again on that lane `again_before_bytes` were others', who copied before.

    Of the blobs that it asks a proxy for just now `lacks` are those that the proxy has to fetch, in the order in which
    it does. Of the images that it copies, those are `owed` that it has not come to yet.
    """

    client: Client
    outcome: Outcome
    rng: np.random.Generator
    began_s: float
    lane: int = -1
    own_bytes: float = 0.0
    again_before_bytes: float = 0.0
    lacks: list[int] = field(default_factory=list)
    owed: list[int] = field(default_factory=list)

    @property
    def copies_one(self) -> bool:
        """Whether it copies what one tag means, and does not ask for all tags."""
        return self.client.operation.op == "copy"


def push_bytes(w: Any, p: int, given: Parameters, profile: Profile) -> float:
    """Handshakes and headers of a push or a copy, by the blobs that the registry lacks as it begins."""
    task = w.tasks[p]
    image = w.images[task.image]
    blobs = w.image_blobs[image.first_blob : image.first_blob + image.blobs]
    sent = [blob for blob in blobs if not counts_as_held(w, task.registry, task.name, blob)]
    openings = [profile.opening(_CONTENTS.get(w.blobs[blob].content, "")) for blob in sent]
    around = sum(len(opening) + len(profile.blob_close) for opening in openings)
    before = len(profile.login) + len(profile.tags) + len(blobs) * len(profile.blob_check)
    requests = before + around + len(profile.publish)
    return requests * given.push_request_bytes + len(sent) * given.push_upload_bytes
