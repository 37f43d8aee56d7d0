"""How many deploys failed, of how many, and why: of a run, of a variant's runs together.

Counted from the table of deploys alone. Left out: how it is said (`sim.report.formatting`), and whether one variant
fails more than another (`sim.stats.failing`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from sim.tables.columns import Table


@dataclass(frozen=True, slots=True)
class Failures:
    """`reasons` are those of the deploys that failed, with how many had each, the most frequent first."""

    deploys: int
    reasons: Mapping[str, int] = field(hash=False)

    @classmethod
    def of(cls, deploys: Table) -> Self:
        """What a run's table of deploys says."""
        codes, reasons = deploys.codes("reason")
        counts = np.bincount(codes, minlength=len(reasons)).tolist()
        return cls._ordered(len(deploys), {why: count for why, count in zip(reasons, counts, strict=True) if why})

    @classmethod
    def together(cls, parts: Iterable[Failures]) -> Self:
        """Those of several runs as one."""
        deploys, reasons = 0, Counter[str]()
        for part in parts:
            deploys += part.deploys
            reasons.update(part.reasons)
        return cls._ordered(deploys, reasons)

    @classmethod
    def _ordered(cls, deploys: int, reasons: Mapping[str, int]) -> Self:
        return cls(deploys, dict(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))))

    @property
    def failed(self) -> int:
        return sum(self.reasons.values())

    @property
    def share(self) -> float:
        """Of all deploys; 0 where there are none."""
        return self.failed / self.deploys if self.deploys else 0.0

    def to_json(self) -> dict[str, Any]:
        """Its part of a document."""
        return {"failed": self.failed, "deploys": self.deploys, "reasons": dict(self.reasons)}
