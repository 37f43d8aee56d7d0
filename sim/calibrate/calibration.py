"""A scenario's figures from what planners have: ping, iperf3, k6, pull logs and access logs, known by their content.

The result is a scenario file: each figure with its 95 % interval as its range and the data as its source. With a
scenario to extend it runs at once. What was estimated but is no figure of a scenario stands beside as comments, and so
does what the data leave open. Left out: figures that no such file has, as registries' workers, which must be known or
assumed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sim import units
from sim.calibrate.probes.accesslog import access_log
from sim.calibrate.probes.estimate import Estimate, Evidence
from sim.calibrate.probes.iperf3 import iperf3, is_iperf3
from sim.calibrate.probes.k6 import is_k6, k6
from sim.calibrate.probes.ping import is_ping, ping
from sim.calibrate.probes.pulls import is_pulls, pulls
from sim.errors import InputError
from sim.scenario.tomltext import toml, toml_key
from sim.workload.logs.handwritten import is_operations
from sim.workload.logs.textfile import beginning, opened, whole

#: What a file is, its first characters say.
_START: Final = 1 << 16
#: Files of these kinds are read whole; no ping, test or pull log is larger.
_WHOLE_CHARACTERS: Final = 1 << 28
_READERS: Final = ((is_iperf3, iperf3), (is_pulls, pulls), (is_ping, ping))
_FORMATS: Final = {"s": units.format_seconds, "bytes/s": units.format_rate, "1/s": units.format_per_second}


@dataclass(frozen=True, slots=True)
class Calibration:
    """What all files show, for the client and the registry that were named, or for a link in the client's place."""

    evidence: tuple[Evidence, ...]
    client: str
    registry: str
    extends: str | None = None
    link: str | None = None

    @property
    def figures(self) -> Mapping[str, Estimate]:
        """By a scenario's key; where several estimates are of one figure, the narrowest, as a share of it, is taken."""
        return {key: min(estimates, key=_width) for key, estimates in self._by_key().items()}

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Figures of which two estimates have intervals that do not overlap."""
        return tuple(
            f"{key} is estimated twice, and the intervals do not overlap: {'; '.join(map(described, estimates))}"
            for key, estimates in self._by_key().items()
            if max(one.low for one in estimates) > min(one.high for one in estimates)
        )

    def _by_key(self) -> dict[str, list[Estimate]]:
        found: dict[str, list[Estimate]] = {}
        for estimate in (one for evidence in self.evidence for one in evidence.estimates if one.key is not None):
            line = f"clients.{self.client}" if self.link is None else f"links.{self.link}"
            key = (estimate.key or "").replace("clients.CLIENT", line).replace("REGISTRY", self.registry)
            found.setdefault(key, []).append(estimate)
        return found

    def to_json(self) -> dict[str, Any]:
        """The document `regsim.calibrate/1`."""
        return {
            "schema": "regsim.calibrate/1",
            "figures": {key: asdict(estimate) for key, estimate in self.figures.items()},
            "evidence": [
                {"path": one.path, "kind": one.kind, "estimates": [asdict(each) for each in one.estimates],
                 "open": list(one.open)}
                for one in self.evidence
            ],
            "conflicts": list(self.conflicts),
        }  # fmt: skip

    def to_toml(self) -> str:
        """A scenario file, whole if it extends one."""
        lines = ["# Written by regsim calibrate. A figure's range is its 95 % interval."]
        if self.extends is not None:
            lines += ["", f"extends = {toml(self.extends)}"]
        by_table: dict[str, list[str]] = {}
        for key, estimate in self.figures.items():
            table, _, name = key.rpartition(".")
            by_table.setdefault(table, []).append(f"{toml_key(name)} = {_figure(estimate)}")
        for table, written in by_table.items():
            lines += ["", f"[{table}]", *written]
        lines += ["", *(f"# {words}" for words in self._beside())]
        return "\n".join(lines) + "\n"

    def _beside(self) -> list[str]:
        comments = []
        chosen = list(self.figures.values())
        for evidence in self.evidence:
            comments.append(f"{evidence.path}, {evidence.kind}:")
            comments += [f"  {described(one)}" for one in evidence.estimates if one not in chosen]
            comments += [f"  cannot tell {words}" for words in evidence.open]
        return [*comments, *self.conflicts]


def described(estimate: Estimate) -> str:
    """`fixed time 1.2 s [1.1, 1.3]`: for people."""
    if estimate.unit == "share":
        bounds = f"{estimate.value:.3g} [{estimate.low:.3g}, {estimate.high:.3g}]"
        return f"{estimate.name} {bounds}, n = {estimate.n}"
    value, low, high = (quantity_text(estimate, each) for each in (estimate.value, estimate.low, estimate.high))
    return f"{estimate.name} {value} [{low}, {high}], n = {estimate.n}"


def calibrate(
    paths: Sequence[str],
    client: str = "dev",
    registry: str = "central",
    extends: str | None = None,
    link: str | None = None,
    fields: str | None = None,
) -> Calibration:
    """Read every file; what was measured of a client's line is `link`'s instead, if one is named.

    `fields` is the format string of the server that wrote the access logs among the files. InputError where a file is
    of no known kind or says too little.
    """
    return Calibration(tuple(read(path, fields) for path in paths), client, registry, extends, link)


def is_rig(path: str) -> bool:
    """Whether a file looks like a rig's scenarios."""
    return _is_rig(beginning(path, _START))


def _is_rig(start: str) -> bool:
    return start.lstrip().startswith("[") and '"hosts"' in start


def read(path: str, fields: str | None = None) -> Evidence:
    """One file's evidence, by what stands in its first 64 KiB."""
    start = beginning(path, _START)
    if _is_rig(start) or start.startswith("scenario,repeat,"):
        raise InputError(path, "is one of a rig's two files", "give both: RIG.json MEASURED.csv")
    if start.lstrip().startswith("<"):
        raise InputError(path, "is XML: a map, or a page", "name a map by topology.file; give logs and measurements")
    if is_operations(path):
        raise InputError(path, "is operations written by hand", "play them by demand.replay.log and regsim replay")
    if is_k6(start):
        with opened(path) as lines:
            return k6(path, lines)
    for looks_like, reader in _READERS:
        if looks_like(start):
            return reader(path, whole(path, _WHOLE_CHARACTERS))
    return access_log(path, fields)


def _width(estimate: Estimate) -> float:
    return (estimate.high - estimate.low) / estimate.value if estimate.value else math.inf


def _figure(estimate: Estimate) -> str:
    value, low, high = (quantity_text(estimate, each) for each in (estimate.value, estimate.low, estimate.high))
    if estimate.unit == "share":
        bounds = f"value = {value}, range = [{low}, {high}]"
    else:
        bounds = f"value = {toml(value)}, range = [{toml(low)}, {toml(high)}]"
    return f"{{ {bounds}, source = {toml(f'{estimate.source}, n = {estimate.n}')} }}"


def quantity_text(estimate: Estimate, value: float) -> str:
    """The value with four digits, in a unit that a scenario reads."""
    rounded = float(f"{value:.4g}")
    if estimate.unit == "share":
        return repr(rounded)
    if estimate.unit == "bytes":
        return units.format_bytes(round(rounded))
    return _FORMATS[estimate.unit](rounded)
