"""What one source shows: sites, nodes, links and images as they are, figures with ranges, and what it leaves open.

Readers fill these rows and decide nothing; `drafting` makes a scenario of them. A figure here is what was typical among
its samples (a median, or a mean where sums are all there is), and its range is where the middle 90 % of them lie: what
a planner may meet, not how well a mean is known. Left out: how samples depend on each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sim.calibrate.probes.estimate import Estimate, Evidence, Unit
from sim.errors import one_line
from sim.stats.quantiles import rank

#: A range is from this to that quantile of the samples, in per cent.
LOW_PERCENT: Final = 5
HIGH_PERCENT: Final = 95
#: Text of others is shown up to so many characters.
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A site: its region, and where on Earth it lies, if that is known."""

    name: str
    region: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Nodes:
    """`count` nodes at a site; `capacity_Bps` is what each one's line carries, if that is known."""

    site: str
    count: int = 1
    capacity_Bps: float | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """A link between two sites: bytes/s there and back, and seconds for the round trip, None where nothing says."""

    a: str
    b: str
    up_Bps: float | None = None
    down_Bps: float | None = None
    rtt_s: float | None = None


@dataclass(frozen=True, slots=True)
class Blob:
    """A layer: its digest, and bytes as they travel."""

    digest: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Pictured:
    """An image as a source pictures it: its layers in order, where these are known, else its sizes as reported.

    `uses` counts containers that run it. Sizes in bytes; those of config, manifest and index are None if not known.
    """

    name: str
    layers: tuple[Blob, ...] = ()
    sizes: tuple[int, ...] = ()
    uses: int = 0
    digest: str = ""
    config_bytes: int | None = None
    manifest_bytes: int | None = None
    index_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """All of one source: `counted` says what it holds, `central` names central's site, `apps` counts what is deployed.

    `names` and `index_bytes` are by a manifest's digest, as an index that lists it has them.
    """

    evidence: Evidence
    counted: str
    places: tuple[Place, ...] = ()
    nodes: tuple[Nodes, ...] = ()
    links: tuple[Joined, ...] = ()
    images: tuple[Pictured, ...] = ()
    central: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    index_bytes: Mapping[str, int] = field(default_factory=dict)
    apps: int | None = None

    @property
    def path(self) -> str:
        return self.evidence.path


def observed(name: str, unit: Unit, values: Sequence[float], source: str, key: str | None = None) -> Estimate:
    """The median of samples (n,), n >= 1, and the range of their middle 90 %."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    low, middle, high = (float(ordered[rank(n, percent)]) for percent in (LOW_PERCENT, 50, HIGH_PERCENT))
    return Estimate(name, unit, middle, low, high, n, source, key)


def shown_text(text: str) -> str:
    """Somebody else's text as it may stand in a line: control characters and halves of characters escaped, short."""
    plain = one_line(text[: 2 * _SHOWN])
    return plain if len(plain) <= _SHOWN else f"{plain[: _SHOWN - 3]}..."


def number_of(count: int, one: str, many: str = "") -> str:
    """`1 node`, `1,200 nodes`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
