"""A replayed log beside its simulation: what travelled and what was saved, as logged and as decided again.

Blobs and bytes must be equal where the log has everything. They differ, and the rows then say so, where a log begins
in the middle, where it is played so fast that pulls come before their pushes have ended, or clients forgot. Left out:
logged durations, which hold the registry's load and not only its service.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sim.engines.run import Engine
from sim.report.formatting import amount
from sim.runner import Replayed, replay
from sim.scenario import Scenario
from sim.workload.replay import summary

#: What is compared: its name, the field of `Logged` and its unit.
_COMPARED = (
    ("pushes", "pushes", ""),
    ("blobs sent by pushes", "sent_blobs", ""),
    ("bytes sent by pushes", "sent_bytes", "bytes"),
    ("blobs that dedup saved pushes", "saved_blobs", ""),
    ("bytes that dedup saved pushes", "saved_bytes", "bytes"),
    ("pulls", "pulls", ""),
    ("blobs fetched by pulls", "fetched_blobs", ""),
    ("bytes fetched by pulls", "fetched_bytes", "bytes"),
)


@dataclass(frozen=True, slots=True)
class Beside:
    """A run of a log."""

    run: Replayed

    def rows(self) -> Iterator[tuple[str, str, float, float]]:
        """(what, unit, logged, simulated)."""
        for name, field, unit in _COMPARED:
            yield name, unit, getattr(self.run.source.logged, field), getattr(self.run.simulated, field)

    @property
    def by_hand(self) -> bool:
        """Whether the operations were written by hand, so that nothing was logged of what they moved."""
        return self.run.source.reading.format == "operations"

    @property
    def equal(self) -> bool | None:
        """Whether what was simulated is what was logged; None where nothing was."""
        return None if self.by_hand else all(logged == simulated for _, _, logged, simulated in self.rows())

    def to_json(self) -> dict[str, Any]:
        """The document `regsim.replay/1`."""
        logged, result = self.run.source.logged, self.run.result
        return {
            "schema": "regsim.replay/1",
            "scenario": result.scenario.name,
            "warnings": [each.to_json() for each in result.warnings],
            **summary(self.run.source),
            "unknown_pulls": logged.unknown_pulls,
            "found_blobs": logged.found_blobs,
            "guessed_blobs": logged.guessed_blobs,
            "unended_pushes": logged.unended,
            "bare_manifests": logged.bare,
            "equal": self.equal,
            "compared": {
                field: {
                    "logged": None if self.by_hand else getattr(logged, field),
                    "simulated": getattr(self.run.simulated, field),
                }
                for _, field, _ in _COMPARED
            },
            "metrics": result.metrics,
        }

    def to_text(self) -> str:
        """The same as tables."""
        return "\n".join([*self._about(), "", *self._table(), "", *self._times()])

    def _about(self) -> Iterator[str]:
        reading, logged = self.run.source.reading, self.run.source.logged
        yield (
            f"{reading.path}: {reading.format}, {reading.lines:,} lines, {reading.requests:,} requests, "
            f"{reading.others:,} other lines, {reading.malformed:,} malformed"
        )
        if reading.malformed:
            yield f"malformed lines: {reading.malformed_lines()}"
        if self.by_hand:
            yield "written by hand: what its operations move is for the simulation to say"
        else:
            yield f"found {reading.found}"
        notes = (
            (logged.found_blobs, "blobs were found by pushes though nothing in the log brought them: put there first"),
            (logged.unknown_pulls, "pulls were of images from before the log: replayed, not predicted"),
            (
                logged.guessed_blobs,
                f"blobs are of a size that no line has: guessed, {self._guess()} each",
            ),
            (logged.unended, "pushes did not end in the log: left out"),
            (logged.bare, "manifests travelled without blobs: left out"),
        )
        yield from (f"{count:,} {words}" for count, words in notes if count)

    def _guess(self) -> str:
        return amount(self.run.source.replay.unknown_bytes, "bytes")

    def _table(self) -> Iterator[str]:
        head = ("", "simulated") if self.by_hand else ("", "logged", "simulated", "difference")
        rows = [
            (name, f"{simulated:,.0f}")
            if self.by_hand
            else (name, f"{logged:,.0f}", f"{simulated:,.0f}", _apart(logged, simulated))
            for name, _, logged, simulated in self.rows()
        ]
        wide = max(14, *(len(cell) for _, *cells in rows for cell in cells)) + 2
        for name, *cells in (head, *rows):
            yield f"{name:<32}" + "".join(f"{cell:>{wide}}" for cell in cells)

    def _times(self) -> Iterator[str]:
        metrics = self.run.result.metrics
        for name in ("push_s", "pull_s"):
            quantiles = ", ".join(f"{at} {amount(metrics[f'{name}.{at}'], 's')}" for at in ("p50", "p95", "max"))
            yield f"{name.removesuffix('_s')} simulated: {quantiles}"
        yield f"failed: {int(metrics['failed_deploys'])}"


def _apart(logged: float, simulated: float) -> str:
    if logged == simulated:
        return "equal"
    return f"{100 * (simulated - logged) / logged:+.2f} %" if logged else "none logged"


def replayed(scenario: Scenario, seed: int | None = None, engine: Engine | None = None) -> Beside:
    """Replay the log of a scenario. InputError when the log cannot be used."""
    return Beside(replay(scenario, seed, engine=engine))
