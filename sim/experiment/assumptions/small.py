"""Variants of a scenario as small scenarios of their own, to be asked how long deploys take on idle links.

A small one is made from the document that the scenario was made from, so that settings change it as they change that;
making and asking one takes hundredths of a second. Left out: what idle links do not show (`idle`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from sim.experiment.assumptions.idle import Idle, Met, idle, shrunk
from sim.scenario import Scenario
from sim.scenario.document import overridden

#: By which deploys are compared.
SHARES: Final = {"p50": 0.5, "p95": 0.95}


class Small:
    """The `questions` are the scenario's variants by name, or, where it has none, the scenario itself."""

    def __init__(self, scenario: Scenario, questions: Mapping[str, Scenario]) -> None:
        self._name = scenario.name
        self._tables = {key: part for key, part in scenario.document.items() if key not in ("variants", "thresholds")}
        self._tables["run"] = {key: part for key, part in self._tables.get("run", {}).items() if key != "baseline"}
        self._questions = questions
        written = scenario.document.get("variants", {})
        self._changes = {name: written.get(name, {}) for name in questions}

    def answers(self, variant: str, settings: Mapping[str, Any], asked: Sequence[Met]) -> tuple[Idle, ...]:
        """How long a variant's deploys take with some values set otherwise, as often as each run asks for them.

        InputErrors where the settings make no scenario.
        """
        question = self._questions[variant]
        wanted = int(settings.get("demand.nodes", question.demand.nodes))
        small = self.changed(variant, settings, shrunk(question, max(wanted, question.demand.nodes)))
        return idle(small, asked)

    def changed(self, variant: str, settings: Mapping[str, Any], last: Mapping[str, Any] | None = None) -> Scenario:
        """A variant by itself with some values set otherwise, those that it writes as it writes them; `last` over all.

        Quicker than of the scenario with all its variants. InputErrors where the settings make no scenario.
        """
        document = overridden(overridden(self._tables, settings, ""), self._changes[variant], "")
        return Scenario.from_document(document, self._name, last, rules=self._questions[variant].rules)

    def latency_s(self, variant: str, settings: Mapping[str, Any], asked: Sequence[Met]) -> dict[str, float]:
        """The quantiles of `SHARES`, means over the runs, s."""
        answers = self.answers(variant, settings, asked)
        return {name: float(np.mean([each.quantile_s(share) for each in answers])) for name, share in SHARES.items()}
