"""Fit a scenario's figures to what planners have: files are told apart by what is in them.

The result is a scenario file: each figure with its 95 % interval as its range and the data as its source. With a
scenario to extend it runs at once. What was estimated but is no figure of a scenario stands beside as comments, and so
does what the data cannot tell.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sim import units
from sim.calibrate import probes
from sim.calibrate.estimate import Estimate, Evidence
from sim.calibrate.traffic import access_log
from sim.errors import InputError
from sim.scenario.leaves import toml, toml_key

#: Files of these kinds are read whole; no ping, test or pull log is larger.
_WHOLE_BYTES: Final = 1 << 28
_FORMATS: Final = {"s": units.format_seconds, "bytes/s": units.format_rate, "1/s": units.format_per_second}


@dataclass(frozen=True, slots=True)
class Calibration:
    """What all files told, for the client and the registry that were named."""

    evidence: tuple[Evidence, ...]
    client: str
    registry: str
    extends: str | None = None

    @property
    def figures(self) -> Mapping[str, Estimate]:
        """By a scenario's key; where several estimates tell one figure, the narrowest, as a share of it, is taken."""
        return {key: min(told, key=_width) for key, told in self._by_key().items()}

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Figures of which two estimates have intervals that do not meet."""
        return tuple(
            f"{key} is told twice, and the intervals do not meet: {'; '.join(map(described, told))}"
            for key, told in self._by_key().items()
            if max(one.low for one in told) > min(one.high for one in told)
        )

    def _by_key(self) -> dict[str, list[Estimate]]:
        found: dict[str, list[Estimate]] = {}
        for estimate in (one for evidence in self.evidence for one in evidence.estimates if one.key is not None):
            key = (estimate.key or "").replace("CLIENT", self.client).replace("REGISTRY", self.registry)
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
        told = []
        chosen = list(self.figures.values())
        for evidence in self.evidence:
            told.append(f"{evidence.path}, {evidence.kind}:")
            told += [f"  {described(one)}" for one in evidence.estimates if one not in chosen]
            told += [f"  cannot tell {words}" for words in evidence.open]
        return [*told, *self.conflicts]


def described(estimate: Estimate) -> str:
    """`fixed time 1.2 s [1.1, 1.3]`: for people."""
    if estimate.unit == "share":
        bounds = f"{estimate.value:.3g} [{estimate.low:.3g}, {estimate.high:.3g}]"
        return f"{estimate.name} {bounds}, n = {estimate.n}"
    value, low, high = (_written(estimate, each) for each in (estimate.value, estimate.low, estimate.high))
    return f"{estimate.name} {value} [{low}, {high}], n = {estimate.n}"


def calibrate(
    paths: Sequence[str], client: str = "dev", registry: str = "central", extends: str | None = None
) -> Calibration:
    """Read every file. InputError where one is of no known kind or says too little."""
    found = Calibration(tuple(map(read, paths)), client, registry, extends)
    if not found.figures:
        problem = "tells no figure of a scenario"
        raise InputError(", ".join(paths), problem, "give a longer log, or one with durations or sizes")
    return found


def is_rig(path: str) -> bool:
    """Whether a file looks like a rig's scenarios."""
    start = _start(path)
    return start.lstrip().startswith("[") and '"hosts"' in start


def read(path: str) -> Evidence:
    """One file's evidence, by what is in it."""
    start = _start(path)
    if start.startswith("metric_name,"):
        with open(path, encoding="utf-8", newline="") as file:
            return probes.k6(path, file)
    if start.lstrip().startswith("{") and '"start"' in start and '"connected"' in start:
        try:
            return probes.iperf3(path, json.loads(_whole(path)))
        except json.JSONDecodeError as error:
            raise InputError(f"{path}:{error.lineno}", f"is no JSON: {error.msg}", "give all of iperf3 -J") from None
    if is_rig(path) or start.startswith("scenario,repeat,"):
        raise InputError(path, "is one of a rig's two files", "give both: RIG.json MEASURED.csv")
    if probes.is_ping(start):
        return probes.ping(path, _whole(path))
    if probes.is_kubelet(start):
        return probes.kubelet(path, _whole(path))
    return access_log(path)


def _start(path: str) -> str:
    try:
        with open(path, "rb") as file:
            start = file.read(1 << 16)
        if start[:2] == b"\x1f\x8b":
            with gzip.open(path) as packed:
                start = packed.read(1 << 16)
    except FileNotFoundError:
        raise InputError(path, "no such file", "check the path") from None
    except (OSError, EOFError) as error:
        raise InputError(path, f"can't be read: {error}", "give a file that can be read") from None
    return start.decode("utf-8", errors="replace")


def _whole(path: str) -> str:
    file = Path(path)
    if file.stat().st_size > _WHOLE_BYTES:
        raise InputError(path, f"is larger than {_WHOLE_BYTES >> 20} MiB", "give a part of it")
    return file.read_text(encoding="utf-8", errors="replace")


def _width(estimate: Estimate) -> float:
    return (estimate.high - estimate.low) / estimate.value if estimate.value else math.inf


def _figure(estimate: Estimate) -> str:
    value, low, high = (_written(estimate, each) for each in (estimate.value, estimate.low, estimate.high))
    if estimate.unit == "share":
        told = f"value = {value}, range = [{low}, {high}]"
    else:
        told = f"value = {toml(value)}, range = [{toml(low)}, {toml(high)}]"
    return f"{{ {told}, source = {toml(f'{estimate.source}, n = {estimate.n}')} }}"


def _written(estimate: Estimate, value: float) -> str:
    """The value with four digits, in a unit that a scenario reads."""
    rounded = float(f"{value:.4g}")
    if estimate.unit == "share":
        return repr(rounded)
    if estimate.unit == "bytes":
        return units.format_bytes(round(rounded))
    return _FORMATS[estimate.unit](rounded)
