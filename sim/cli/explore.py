"""`regsim explore`: a scenario's figures as sliders, on a page of this machine or in a file that nobody serves."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from sim.cli import lazy, options, output
from sim.cli.report import write
from sim.errors import InputError

Port = Annotated[str, typer.Option(metavar="N", help="Where the page is served, 0 for any port that is free.")]
Deploys = Annotated[
    str, typer.Option(metavar="N", help="About how many deploys a run has: longer ones are cut. 0 cuts nothing.")
]
MostRuns = Annotated[
    str | None,
    typer.Option(
        "--runs", metavar="N", help="Runs of each variant at most, 40 unless given; with --save at each point, 5.",
        show_default=False,
    ),
]  # fmt: skip
Workers = Annotated[str, typer.Option(metavar="N", help="Processes that make runs.")]
Save = Annotated[
    str | None,
    typer.Option("--save", metavar="PAGE.html", help="Write a page that serves itself, and serve none.",
                 show_default=False),
]  # fmt: skip
Vary = Annotated[
    list[str] | None,
    typer.Option(
        "--vary", metavar="KEY", help="With --save: a figure that has a slider; those that move most unless given.",
        show_default=False,
    ),
]  # fmt: skip


def explore(
    file: options.File,
    save: Save = None,
    vary: Vary = None,
    settings: options.Settings = None,
    policies: options.Policies = None,
    port: Port = "8722",
    deploys: Deploys = "1000",
    runs: MostRuns = None,
    seed: options.Seed = None,
    workers: Workers = "2",
    engine: options.Engine = None,
    store: options.Store = None,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Move a scenario's figures on a page, and have an answer at once that gets better with every run.

    The page is on this machine alone and sends nothing anywhere; its figures are those that have a range.
    """
    scenario = options.load(file, options.overrides(settings, policies=policies), strict=strict, quiet=quiet)
    number = options.whole("--port", port, least=0) or 0
    if number > 65535:
        raise InputError("--port", f"must be at most 65535, got {number}", "name another, or 0 for any that is free")
    question = lazy.question.question(
        scenario, _asked(file, settings, policies, seed), options.whole("--deploys", deploys, least=0) or 0,
        options.whole("--runs", runs, least=2) or (40 if save is None else 5), options.whole("--seed", seed, least=0),
    )  # fmt: skip
    count = options.whole("--workers", workers, least=1) or 1
    kept, chosen = options.kept(store), options.engine(engine)
    if save is not None:
        with lazy.progress.Progress(quiet=quiet) as progress:
            write(Path(save), lazy.twin.twin(question, vary or (), count, progress, kept, chosen))
        if not quiet:
            output.note(f"wrote {save}")
        return
    if vary:
        raise InputError("--vary", "chooses what --save shows", "add --save PAGE.html, or leave it out")
    serving = _serving()
    with serving.listening(number) as listening:
        place = listening.getsockname()[1]
        if not quiet:
            output.note("loading what makes runs")
        with lazy.answering.answering(question, count, kept, chosen) as answers:
            output.line(f"http://{serving.HOST}:{place}/")
            sys.stdout.flush()
            serving.server(answers, place).run(sockets=[listening])


def _serving() -> ModuleType:
    """What serves. InputError where the packages that it takes are not installed."""
    try:
        return lazy.server
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in ("starlette", "uvicorn"):
            raise
        problem = f"needs {package}, which is not installed"
        raise InputError("regsim explore", problem, "pip install 'regsim[explore]'") from None


def _asked(file: str, settings: list[str] | None, policies: str | None, seed: str | None) -> list[str]:
    """The words of the command line that the same question takes of another verb."""
    given = [("--set", each) for each in settings or ()]
    given += [("--policies", policies)] if policies is not None else []
    given += [("--seed", seed)] if seed is not None else []
    return [file, *(word for pair in given for word in pair)]
