"""How many deploys failed, of how many, and why: of a run, of a variant's runs together."""

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
        codes, words = deploys.codes("reason")
        counts = np.bincount(codes, minlength=len(words)).tolist()
        return cls._ordered(len(deploys), {word: count for word, count in zip(words, counts, strict=True) if word})

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

    @property
    def counted(self) -> str:
        """`292 of 292`."""
        return f"{self.failed:,} of {self.deploys:,}"

    @property
    def why(self) -> str:
        """`not at central within 60 s (290), link down (2)`; without numbers where there is one reason."""
        if len(self.reasons) == 1:
            return next(iter(self.reasons))
        return ", ".join(f"{reason} ({count:,})" for reason, count in self.reasons.items())

    def line(self) -> str:
        """`292 of 292 deploys failed: not at central within 60 s (290), link down (2)`; empty when none did."""
        return f"{self.counted} deploys failed: {self.why}" if self.reasons else ""

    def to_json(self) -> dict[str, Any]:
        """Its part of a document."""
        return {"failed": self.failed, "deploys": self.deploys, "reasons": dict(self.reasons)}
