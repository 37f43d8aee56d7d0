"""Named random streams: each quantity draws from its own, so that changing one part of a scenario moves no other.

A stream is keyed by (seed, run, purpose, entity), never by the order in which streams are asked for. Two variants of
a scenario with the same seed and run therefore meet the same demand and the same sizes (common random numbers), and
their difference can be taken run by run.

The key is hashed with BLAKE2b into the state of numpy's PCG64; Python's own `hash` would change from process to
process.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Streams:
    """All random streams of one seeded run."""

    seed: int
    run: int = 0

    def generator(self, purpose: str, entity: str = "") -> np.random.Generator:
        """A fresh generator at the start of the stream of that purpose (`arrivals`) and entity (`dal-n3`)."""
        key = "\0".join((str(self.seed), str(self.run), purpose, entity)).encode()
        state = hashlib.blake2b(key, digest_size=16).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(state, "little")))
