"""`regsim why`: where the time of one deploy, or of the slowest, went, and what would have saved how much of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli import lazy, options, output
from sim.cli.report import Result, write
from sim.errors import InputError, one_line
from sim.files import jsonable

if TYPE_CHECKING:
    from sim.report.why.answer import Why

Deploy = Annotated[
    str | None, typer.Option(metavar="N", help="One deploy, by its number in the table.", show_default=False)
]
Slowest = Annotated[
    str | None, typer.Option(metavar="SHARE", help="The slowest share of all deploys.", show_default="1 %")
]
Gains = Annotated[
    str | None,
    typer.Option(metavar="N", help="Double so many of the things that held them, one by one; 0 for none.",
                 show_default="3"),
]  # fmt: skip
Runs = Annotated[str | None, typer.Option(metavar="N", help="Paired runs of each doubling.", show_default="3")]
Otlp = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Write the deploys as OpenTelemetry traces, in JSON.", show_default=False),
]
Har = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Write their requests, each with its timings, as HAR 1.2.", show_default=False),
]
Beside = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Lay a trace of containerd's pulls beside them: OTLP JSON.", show_default=False),
]
Perfetto = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Write them for Perfetto: trace events in JSON, or as .pftrace its own format, with workers.",
        show_default=False,
    ),
]


def why(
    result: Result,
    deploy: Deploy = None,
    slowest: Slowest = None,
    variant: options.Variant = None,
    gains: Gains = None,
    runs: Runs = None,
    otlp: Otlp = None,
    perfetto: Perfetto = None,
    har: Har = None,
    beside: Beside = None,
    policies: options.Policies = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Say where the time of a deploy of a stored result went, and what would have saved how much of it.

    Each second has a phase and what it waited for. Then the run is made again under the same random numbers with twice
    of what held it. Of a comparison every variant is asked.
    """
    if deploy is not None and slowest is not None:
        raise InputError("--deploy", "is one deploy, and --slowest several", "leave one of them out")
    number = options.whole("--deploy", deploy, least=0)
    share = options.share("--slowest", slowest) or 0.01
    most = options.whole("--gains", gains, least=0)
    count = options.whole("--runs", runs, least=1)
    chosen = options.engine(engine)
    stored = lazy.stored.read(result, options.own_rules(policies))
    samples = lazy.answer.sampled(stored, variant)
    usual = lazy.counterfactuals
    with lazy.progress.Progress(quiet=quiet) as progress:
        found = [
            *lazy.answer.whys(
                samples, number, share, usual.MOST if most is None else most, count or usual.RUNS, chosen, progress
            )
        ]  # fmt: skip
    known = [each for each in found if not isinstance(each, str)]
    for place, make in ((otlp, lazy.spans.otlp), (perfetto, _for_perfetto(perfetto)), (har, lazy.har.har)):
        if place is not None:
            made = make(known)
            write(Path(place), made if isinstance(made, bytes) else json.dumps(jsonable(made), allow_nan=False))
            if not quiet:
                output.note(f"wrote {place}")
    laid = [] if beside is None else lazy.beside.beside(beside, known)
    if as_json:
        document = _document(stored.document["scenario"], known)
        if laid:
            document["beside"] = {one.variant: one.to_json() for one in laid}
        output.document(document)
        return
    for at, each in enumerate(found):
        lines = [each] if isinstance(each, str) else [*lazy.sentences.lines(each)]
        output.text("\n".join([*([""] if at else []), *lines, ""]))
    for one in laid:
        output.text("\n".join(["", *map(one_line, one.lines()), ""]))


def _for_perfetto(place: str | None) -> Callable[[list[Why]], Any]:
    """Which of the formats that Perfetto reads a file is to have, by its name."""
    if place is not None and Path(place).suffix in lazy.trackevent.SUFFIXES:
        return lazy.trackevent.track_events
    return lazy.traceevents.trace_events


def _document(scenario: str, found: list[Why]) -> dict[str, Any]:
    return {
        "schema": "regsim.why/1",
        "scenario": scenario,
        "seed": found[0].result.seed,
        "run": found[0].result.run,
        "variants": {each.variant: each.to_json() for each in found},
    }
