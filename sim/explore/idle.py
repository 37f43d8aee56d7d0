"""The answer that is there at once: what deploys take on idle links, as often as a run asks for each kind of them.

It takes hundredths of a second, and is the whole answer where nothing queues; it is always labelled as what it is. Left
out: questions that idle links do not answer (faults, a table or a log of deploys, sizes or starts of their own), of
which `why_not` says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from sim.errors import InputError
from sim.experiment.assumptions.idle import Idle, Met, met
from sim.experiment.assumptions.small import Small
from sim.explore.question import Places, Question
from sim.scenario import Scenario
from sim.scenario.keypath import split


class IdleLinks:
    """Idle answers of one question; the first makes what all others share."""

    def __init__(self, question: Question) -> None:
        self._question = question
        base = question.at(question.start)
        of = named(question, base)
        self._small = Small(base, of)
        self._asked = self._met(of)
        whole = len(self._asked) == len(of)
        self.why_not = "" if whole else "Idle links do not show what this question is about."

    def at(self, places: Places) -> dict[str, Idle]:
        """Each variant's answer; empty where idle links have none."""
        if self.why_not:
            return {}
        settings = self._question.settings(places)
        asked = self._asked
        if any(split(key)[0] == "demand" for key in settings):
            of_runs = self._question.of_runs(places)
            asked = self._met({name: self._small.changed(name, of_runs) for name in asked})
        if len(asked) < len(self._asked):
            return {}
        try:
            return {name: self._small.answers(name, settings, [asked[name]])[0] for name in asked}
        except InputError:  # something is said of a host that the small scenario lacks, or runs are going to say it
            return {}

    def _met(self, scenarios: Mapping[str, Scenario]) -> dict[str, Met]:
        """What run 0 of each variant asks for; those left out of which idle links show nothing."""
        found = {}
        for name, one in scenarios.items():
            if one.faults or one.demand.replay or one.demand.table:
                continue
            of = met(one, self._question.seed, 0)
            if of is not None:
                found[name] = of
        return found


def named(question: Question, scenario: Scenario) -> dict[str, Scenario]:
    """The variants of a changed scenario, as they are called."""
    return {name: scenario if which is None else scenario.variant(which) for name, which in question.variants.items()}
