"""The self-test as one report: theory beside what is simulated, laws on every queue and link, the statistics' audit.

Theory and laws must hold; the audit reports how often intervals hold what they claim, and is judged in tests. Left
out: the packets' model, which is held against a rig.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sim.calibrate.selftest.laws import Law, laws
from sim.calibrate.selftest.queues import CONFIDENCE, Agreement, agreements
from sim.runner import run
from sim.scenario import Scenario

_AUDIT: Final = "sim.stats.audit"
_REPLICATIONS: Final = 1_000

#: A run for the laws when no scenario is named: both routes, updates and new apps, several nodes and clients.
_MIXED: Final[Mapping[str, Any]] = {
    "run": {"duration": "2 h"},
    "topology": {"shape": "star"},
    "nodes": {"n": {"count": 4, "workers": 2}},
    "clients": {"dev": {"count": 3}},
    "images": {"app": {"kernel": "36 MiB", "rootfs": "1.3 MB"}, "rom": {"rootfs": "20 MB", "rom": True}},
    "demand": {"apps": 50, "rate": "600/h", "nodes": 2},
    "policies": {"route": [{"name": "central", "share": 1}, {"name": "node-direct", "share": 1}]},
}


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What the self-test found; `audit` holds rows of name, claimed, measured, low, high and n."""

    seed: int
    scenario: str
    theory: tuple[Agreement, ...]
    laws: tuple[Law, ...]
    audit: tuple[Any, ...]

    @property
    def holds(self) -> bool:
        """Whether theory and laws hold; the audit reports figures and passes no judgement here."""
        return all(row.agrees for row in self.theory) and all(law.holds for law in self.laws)

    def to_json(self) -> dict[str, Any]:
        """The document `regsim.selftest/1`."""
        return {
            "schema": "regsim.selftest/1",
            "seed": self.seed,
            "scenario": self.scenario,
            "holds": self.holds,
            "theory": [{**asdict(row), "agrees": row.agrees} for row in self.theory],
            "laws": [
                {"law": name, "places": len(found), "broken": [law.place for law in found if not law.holds],
                 "worst_error": _worst(found).error, "worst_place": _worst(found).place}
                for name, found in self._by_law()
            ],
            "audit": [asdict(row) for row in self.audit],
        }  # fmt: skip

    def to_text(self) -> str:
        """The same as tables."""
        return "\n".join([*self._theory_lines(), "", *self._law_lines(), *self._audit_lines()])

    def _theory_lines(self) -> Iterator[str]:
        runs = f"mean [{100 * CONFIDENCE:g} % interval, all rows together]"
        yield f"{'theory':<48}{'theory':>10}{'simulated':>11}   {runs}"
        for row in self.theory:
            bounds = f"[{row.low:.4g}, {row.high:.4g}]" if row.low < row.high else "equal to rounding"
            verdict = bounds if row.agrees else f"{bounds} DISAGREES"
            name = f"{row.name}, {row.unit}" if row.unit else row.name
            yield f"{name:<48}{row.theory:>10.4g}{row.simulated:>11.4g}   {verdict}"

    def _law_lines(self) -> Iterator[str]:
        yield f"{'laws in a run of ' + self.scenario:<48}{'places':>10}{'broken':>11}   worst relative error"
        for name, found in self._by_law():
            worst = _worst(found)
            broken = sum(not law.holds for law in found)
            yield f"{name:<48}{len(found):>10,}{broken:>11}   {worst.error:.1e} at {worst.place}"

    def _audit_lines(self) -> Iterator[str]:
        if not self.audit:
            return
        yield ""
        wide = max(48, *(len(row.name) for row in self.audit))
        yield f"{'statistics':<{wide}}{'claimed':>10}{'measured':>11}   interval, times tried"
        for row in self.audit:
            bounds = f"[{row.low:.4g}, {row.high:.4g}], {row.n:,}"
            yield f"{row.name:<{wide}}{row.claimed:>10.4g}{row.measured:>11.4g}   {bounds}"

    def _by_law(self) -> list[tuple[str, list[Law]]]:
        found: dict[str, list[Law]] = defaultdict(list)
        for law in self.laws:
            found[law.law].append(law)
        return list(found.items())


def selftest(seed: int = 1, scenario: Scenario | None = None) -> SelfTest:
    """Theory, the laws in one run of `scenario` (or of a small one made up here), and the statistics' audit."""
    asked = scenario or Scenario.from_document(_MIXED, "a mixed scenario")
    return SelfTest(seed, asked.name, tuple(agreements(seed)), tuple(laws(run(asked, seed))), tuple(_audit(seed)))


def _worst(found: Sequence[Law]) -> Law:
    return max(found, key=lambda law: law.error)


def _audit(seed: int) -> Sequence[Any]:
    if importlib.util.find_spec(_AUDIT) is None:
        return ()
    rows: Sequence[Any] = importlib.import_module(_AUDIT).audit(_REPLICATIONS, seed)
    return rows
