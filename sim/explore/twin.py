"""A page that nobody has to serve: answers at places of a few sliders that were run beforehand, and what lies between.

Every figure chosen has some places, and each combination of them is a design point: all variants are run there, as
often as at every other. In between the page interpolates the logarithm of a latency (`surface`). How far off that is
stands on the page: at places that are no design points, drawn as a Latin hypercube (`sim.experiment.sweeps.designs` has
its source), the same runs are made and held against what the page would say. Which variant is faster is said where they
are further apart than that error ever was. Left out: other metrics, and intervals between points; curves and map are
those of the file's own figures.
"""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Final

import numpy as np
from markupsafe import Markup

from sim.engines.run import Engine
from sim.errors import InputError, near, shown
from sim.experiment.assumptions.small import SHARES
from sim.experiment.execution import executors
from sim.experiment.execution.runs import Progress, Runs, by_variant
from sim.experiment.execution.store import Store
from sim.experiment.execution.worker import Outcome, Settings
from sim.experiment.sample import values_of
from sim.explore import answer
from sim.explore.answering import html
from sim.explore.idle import IdleLinks
from sim.explore.page import FOLDER, read, style, title
from sim.explore.question import Places, Question
from sim.explore.surface import Error, Logs, Nested, Surface
from sim.report.page import page as result
from sim.report.page.parts import Grid, Section, cell, texts

#: Places of each slider that are run, by how many sliders there are, beside the file's own.
LEVELS: Final = {1: 9, 2: 6, 3: 4}
#: Places that are run to measure the error.
HELD_OUT: Final = 12
#: Runs of each variant at each point, unless it is said.
RUNS: Final = 5
#: Sliders that are chosen unless they are named.
_CHOSEN: Final = 2


def twin(
    question: Question, vary: Sequence[str] = (), workers: int = 2, progress: Progress | None = None,
    store: Store | None = None, engine: Engine | None = None,
) -> str:  # fmt: skip
    """The page. InputErrors where the figures that are to vary are none, or make no scenario together."""
    chosen = _named(question, vary) if vary else _moving(question)
    levels = tuple(_levels(question, at, len(chosen)) for at in chosen)
    points = [*product(*levels)]
    held = _held_out(question, chosen, levels)
    where = {point: _settings(question, _whole(question, chosen, point)) for point in (*points, *held)}
    tasks = len(where) * len(question.variants) * question.runs
    executor = executors.resolved(f"processes:{workers}", tasks)
    with Runs(question.scenario, question.seed, executor, store, progress, engine=engine) as made:
        found = by_variant(made, question.variants, where.values(), question.runs)
        base = _settings(question, question.start)
        first = by_variant(made, question.variants, [base], question.runs, tables=True)[base]
    logs = {point: _logs(found[where[point]]) for point in where}
    surface = Surface(levels, {
        name: {quantile: _nested(levels, lambda point, n=name, q=quantile: logs[point][n][q]) for quantile in SHARES}
        for name in question.variants
    })  # fmt: skip
    errors = {quantile: surface.error(question.baseline, quantile, held, logs) for quantile in SHARES}
    return _page(question, chosen, surface, logs, held, errors, first)


def _named(question: Question, vary: Sequence[str]) -> list[int]:
    """The numbers of the sliders of these names, or that have these keys."""
    names = {slider.name: at for at, slider in enumerate(question.sliders)}
    names |= {key: at for at, slider in enumerate(question.sliders) for key in slider.keys if key not in names}
    for each in vary:
        if each not in names:
            problem = f"is no figure with a range, got {shown(each)}"
            raise InputError("--vary", problem, near(each, [slider.name for slider in question.sliders]))
    chosen = list(dict.fromkeys(names[each] for each in vary))
    if len(chosen) > max(LEVELS):
        raise InputError("--vary", f"names {len(chosen)} figures", f"name {max(LEVELS)} at most: each is run with each")
    return chosen


def _moving(question: Question) -> list[int]:
    """The sliders of the file that move the answer of idle links most, from one end to the other; or its first."""
    idle = IdleLinks(question)
    written = [at for at, slider in enumerate(question.sliders) if slider.written] or [*range(len(question.sliders))]
    effects = {at: _effect(question, idle, at) for at in written} if not idle.why_not else dict.fromkeys(written, 0.0)
    return sorted(sorted(written, key=lambda at: -effects[at])[:_CHOSEN])


def _effect(question: Question, idle: IdleLinks, at: int) -> float:
    """By how much a slider's ends differ in any quantile of any variant, as a logarithm."""
    ends = []
    for place in (0, len(question.sliders[at].values) - 1):
        try:
            found = idle.at(_whole(question, [at], [place]))
        except InputError:
            return 0.0
        ends.append([each.quantile_s(share) for each in found.values() for share in SHARES.values()])
    pairs = zip(*ends, strict=False)
    return max((abs(math.log(b / a)) for a, b in pairs if 0 < a < math.inf and 0 < b < math.inf), default=0.0)


def _levels(question: Question, at: int, sliders: int) -> tuple[int, ...]:
    """The places of one slider that are run: from end to end, and the file's own."""
    slider = question.sliders[at]
    even = np.linspace(0, len(slider.values) - 1, LEVELS[sliders]).round().astype(int).tolist()
    return tuple(sorted({*even, slider.start}))


def _held_out(
    question: Question, chosen: Sequence[int], levels: Sequence[Sequence[int]]
) -> list[tuple[int, ...]]:  # fmt: skip
    """Places that are no design points, spread over all of them; on each axis off the levels where there is room."""
    free = [
        [place for place in range(len(question.sliders[at].values)) if place not in of] or [*of]
        for at, of in zip(chosen, levels, strict=True)
    ]
    sampler = importlib.import_module("scipy.stats.qmc").LatinHypercube(len(chosen), rng=question.seed)
    drawn = [
        tuple(places[min(int(share * len(places)), len(places) - 1)] for share, places in zip(row, free, strict=True))
        for row in sampler.random(HELD_OUT).tolist()
    ]
    design = set(product(*levels))
    return [place for place in dict.fromkeys(drawn) if place not in design]


def _whole(question: Question, chosen: Sequence[int], places: Sequence[int]) -> Places:
    """A place of every slider, all others where the file has them."""
    made = [*question.start]
    for at, place in zip(chosen, places, strict=True):
        made[at] = place
    return tuple(made)


def _settings(question: Question, places: Places) -> Settings:
    return tuple(question.of_runs(places).items())


def _logs(outcomes: Mapping[str, Sequence[Outcome]]) -> dict[str, dict[str, float | None]]:
    """Logarithms of the means over runs of each variant's quantiles, s; None where deploys fail at one."""
    values = values_of(outcomes)
    made: dict[str, dict[str, float | None]] = {}
    for name in outcomes:
        made[name] = {}
        for quantile in SHARES:
            mean = float(values[name][f"deploy_latency_s.{quantile}"].mean())
            made[name][quantile] = math.log(mean) if 0 < mean < math.inf else None
    return made


def _nested(levels: Sequence[Sequence[int]], value: Any, point: tuple[int, ...] = ()) -> Nested:
    """Values at all points, a list within a list for each axis."""
    if not levels:
        found: float | None = value(point)
        return found
    return [_nested(levels[1:], value, (*point, level)) for level in levels[0]]


def _page(
    question: Question, chosen: Sequence[int], surface: Surface,
    logs: Mapping[tuple[int, ...], Logs], held: Sequence[tuple[int, ...]],
    errors: Mapping[str, Error], first: Mapping[str, Sequence[Outcome]],
) -> str:  # fmt: skip
    script = read("sliders.js") + read("twin.js")
    start = question.at(question.start)
    data = {
        "levels": surface.levels, "logs": surface.logs, "baseline": question.baseline, "names": [*question.variants],
        "ratio": {quantile: None if math.isnan(error.ratio) else error.ratio for quantile, error in errors.items()},
        "asked": question.words(question.start, whole=True),
    }  # fmt: skip
    sliders = [(at, question.sliders[number]) for at, number in enumerate(chosen)]
    words = [
        [question.sets_text(_whole(question, [number], [place])) for place in range(len(slider.values))]
        for number, (_, slider) in zip(chosen, sliders, strict=True)
    ]
    sections = [*answer.of_runs(question, start, first), *answer.pictures(question, start, first)]
    checked = "Places that were run to check, and what this page says there"
    grids = [
        _points(checked, question, chosen, held, logs, surface),
        _points("Design points", question, chosen, [*product(*surface.levels)], logs),
    ]
    template = result.environment(FOLDER).get_template("twin.html")
    return template.render(
        title=title(question), variants=list(question.variants), baseline=question.baseline,
        groups=[("Figures", sliders)], json=json.dumps, style=Markup(style()), script=Markup(script),
        policy=result.policy(script, "; base-uri 'none'; form-action 'none'"), quantiles=list(SHARES),
        data=Markup(json.dumps({**data, "words": words}).replace("<", "\\u003c")),
        says=[*_says(question, surface, held, errors)],
        cut=question.commands(question.start)["cut"], answer=Markup(html(sections)),
        design=result.part(Section("points", "What was run", grids=grids)),
    )  # fmt: skip


def _says(
    question: Question, surface: Surface, held: Sequence[tuple[int, ...]], errors: Mapping[str, Error]
) -> Iterator[str]:  # fmt: skip
    """The error, in sentences."""
    points = math.prod(map(len, surface.levels))
    yield f"Interpolated between {points} design points, {question.runs} runs of each variant at each."
    if not held:
        yield "Every place that there is was run, so that there is nothing in between to be wrong about."
        return
    for quantile, error in errors.items():
        if math.isnan(error.median):
            yield f"At none of {len(held)} other places that were run to check has {quantile} a value: deploys fail."
            continue
        verdict = f"; the same variant was the faster in {error.same} of {error.of}" if error.of else ""
        yield (
            f"Hold-out error of {quantile}, at {len(held)} other places that were run to check: "
            f"{100 * error.median:.2g} % at the median, {100 * error.worst:.2g} % at worst{verdict}."
        )


def _points(
    caption: str, question: Question, chosen: Sequence[int], points: Iterable[tuple[int, ...]],
    logs: Mapping[tuple[int, ...], Logs], surface: Surface | None = None,
) -> Grid:  # fmt: skip
    """A row a point: its values, and each variant's quantiles as runs have them, and as the page has them."""
    rows = []
    columns = [(name, quantile) for name in question.variants for quantile in SHARES]
    for point in points:
        row = texts(*(question.sliders[at].texts[place] for at, place in zip(chosen, point, strict=True)))
        for name, quantile in columns:
            row.append(_seconds(logs[point][name][quantile]))
            if surface is not None:
                row.append(_seconds(surface.at(name, quantile, point)))
        rows.append(row)
    heads = [question.sliders[at].name for at in chosen]
    for name, quantile in columns:
        heads += [f"{name} {quantile}"] if surface is None else [f"{name} {quantile}, run", "this page"]
    return Grid(caption, heads, rows, len(chosen))


def _seconds(log: float | None) -> Any:
    return cell(None if log is None else math.exp(log), "s")
