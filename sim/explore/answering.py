"""Answers as they come: of idle links, then of one pair of runs, then of more until the verdict is decided.

    with answering(question, workers=2) as answers:
        async for event in answers.at(places, gone): ...

Workers are processes that have machine code loaded before the first answer is asked for, so that a pair of runs takes a
tenth of a second. Each is given one run at a time: whoever no longer waits for an answer (`gone`) costs the runs that
are under way and no more. Finished runs go to the store, if there is one, and nowhere else. Left out: how events
travel, which is for `server`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sim import engines
from sim.engines.choice import COMPILES_FROM
from sim.engines.run import Engine
from sim.errors import InputError
from sim.experiment.execution import executors
from sim.experiment.execution.store import Store, key
from sim.experiment.execution.worker import Outcome, Settings, Task, begin, measure
from sim.experiment.measures import NOTHING
from sim.explore import answer
from sim.explore.idle import IdleLinks, named
from sim.explore.question import Places, Question
from sim.report.page.page import part
from sim.report.page.parts import Section
from sim.runner import run
from sim.scenario import Scenario

#: How often it is looked whether anybody still waits, s.
_LOOK_S: Final = 0.1
#: Numbers of runs after which an answer is shown, beside those at which it is looked whether it is decided.
_SHOWN: Final = (1, 2, 3, 7, 15, 30)
#: Deploys that a run has which loads machine code.
_FEW: Final = {"run.duration": "60 s"}

Gone = Callable[[], Awaitable[bool]]


class Event(NamedTuple):
    """What a page is told: `part` puts `html` at the place `id`, `state` says how far it is, `end` that it is over."""

    name: str
    data: dict[str, Any]


@dataclass(slots=True)
class Answers:
    """Who answers: a pool of warm workers, the idle links of this process, a store if there is one."""

    question: Question
    idle: IdleLinks
    pool: Executor
    workers: int
    store: Store | None = None

    async def at(self, places: Places, gone: Gone) -> AsyncGenerator[Event, None]:
        """All events of one answer, the last of which is `end`; it stops where nobody waits any more."""
        try:
            found = await asyncio.to_thread(self._of_idle, places)
            for event in found:
                yield event
            yield Event("state", {"text": "running", "runs": 0, "most": self.question.runs})
            async for event in self._of_runs(places, gone):
                yield event
        except InputError as error:
            yield Event("state", {"text": f"no answer: {error}", "runs": 0, "most": self.question.runs, "over": True})
        yield Event("end", {})

    def _named(self, places: Places) -> dict[str, Scenario]:
        return named(self.question, self.question.at(places))

    def _of_idle(self, places: Places) -> list[Event]:
        found = self.idle.at(places)
        if not found:
            return [Event("part", {"id": "idle", "html": ""})]
        return [_part("idle", answer.of_idle(self.question, found))]

    async def _of_runs(self, places: Places, gone: Gone) -> AsyncGenerator[Event, None]:
        """A pair of runs after another; what is shown rests on whole pairs, in the order of their numbers."""
        # While workers make it for themselves.
        making = asyncio.ensure_future(asyncio.to_thread(self.question.at, places))
        outcomes: dict[str, list[Outcome]] = {name: [] for name in self.question.variants}
        early: dict[tuple[str, int], Outcome] = {}
        whole = 0
        async with aclosing(self._each(places, gone)) as made:
            async for name, number, outcome in made:
                early[name, number] = outcome
                while all((each, whole) in early for each in outcomes):
                    for each, found in outcomes.items():
                        found.append(early.pop((each, whole)))
                    whole += 1
                    scenario = await making
                    for event in await asyncio.to_thread(self._after, places, scenario, outcomes):
                        yield event
                    if event.data.get("over"):
                        return
                    if whole == 1:
                        yield await asyncio.to_thread(self._pictures, scenario, outcomes)

    def _after(self, places: Places, scenario: Scenario, outcomes: dict[str, list[Outcome]]) -> list[Event]:
        """What is to be told after so many whole pairs; how far it is comes last."""
        asked = self.question
        runs = len(next(iter(outcomes.values())))
        told = []
        looked = runs in asked.looks
        decided = looked and answer.decided(asked, outcomes)
        over = decided or runs == asked.runs
        if looked or runs in _SHOWN:
            told.append(_part("answer", answer.of_runs(asked, scenario, outcomes)))
        if over or runs == 1:
            told.append(Event("command", {"text": asked.words(places, runs=runs)}))
        text = "decided" if decided else "running" if not over else "undecided" if len(outcomes) > 1 else "done"
        return [*told, Event("state", {"text": text, "runs": runs, "most": asked.runs, "over": over})]

    def _pictures(self, scenario: Scenario, outcomes: dict[str, list[Outcome]]) -> Event:
        """Curves, phases and map of the first run, in place of those of idle links."""
        return _part("pictures", answer.pictures(self.question, scenario, outcomes))

    async def _each(self, places: Places, gone: Gone) -> AsyncGenerator[tuple[str, int, Outcome], None]:
        """Every run, in the order in which they end; those not begun are taken back when the reader leaves."""
        settings: Settings = tuple(self.question.of_runs(places).items())
        scenarios = await asyncio.to_thread(self._named, places) if self.store is not None else {}
        left = iter([(name, number) for number in range(self.question.runs) for name in self.question.variants])
        under_way: dict[asyncio.Future[Outcome], tuple[str, int, str]] = {}
        try:
            while True:
                while len(under_way) < self.workers and (task := next(left, None)) is not None:
                    name, number = task
                    kept = key(scenarios[name], self.question.seed, number) if self.store is not None else ""
                    known = self.store.get(kept) if self.store is not None and number else None
                    if known is not None:
                        yield name, number, known
                        continue
                    asked = Task(self.question.variants[name], number, settings, tables=number == 0)
                    future = asyncio.wrap_future(self.pool.submit(measure, asked))
                    under_way[future] = name, number, kept
                if not under_way:
                    return
                done, _ = await asyncio.wait(under_way, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                if await gone():
                    return
                for future in done:
                    name, number, kept = under_way.pop(future)
                    outcome = future.result()
                    if self.store is not None and (number or self.store.get(kept) is None):
                        await asyncio.to_thread(self.store.put, kept, outcome)
                    yield name, number, outcome
        finally:
            for future in under_way:
                future.cancel()


def _part(place: str, sections: Sequence[Section]) -> Event:
    """Sections as HTML, in which all text is escaped, for one place of the page."""
    return Event("part", {"id": place, "html": html(sections)})


def html(sections: Sequence[Section]) -> str:
    """Sections as they stand in a page."""
    return "".join(
        f'<section id="{section.key}" aria-labelledby="h-{section.key}">{part(section)}</section>'
        for section in sections
    )


@contextmanager
def answering(
    question: Question, workers: int, store: Store | None = None, engine: Engine | None = None
) -> Iterator[Answers]:  # fmt: skip
    """Who answers, with workers that are warm: machine code is loaded here, and they begin as copies of this process.

    InputErrors where the scenario cannot be run at all.
    """
    base = question.at(question.start)
    chosen = engines.engine_for(base, COMPILES_FROM, engine)
    few = base.with_(_FEW, base.rules) if base.demand.replay is None else base
    for one in named(question, few).values():
        run(one, question.seed, engine=chosen)
    idle = IdleLinks(question)
    about = (question.scenario, question.seed, NOTHING, chosen)
    executor = executors.resolved(f"processes:{workers}", workers)
    with executors.started(executor, begin, about) as pool:
        list(pool.map(_warm, range(workers)))
        yield Answers(question, idle, pool, workers, store)


def _warm(number: int) -> int:
    """Nothing, done by a worker, so that it is there."""
    return number
