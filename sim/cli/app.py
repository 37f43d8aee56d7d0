"""The verbs of `regsim`, and the one place where a run of the program starts and ends."""

from __future__ import annotations

import sys
import warnings
from typing import Annotated

import typer

import sim
from sim.cli import exit_codes, lazy, output
from sim.cli.best import best
from sim.cli.calibrate import calibrate
from sim.cli.capacity import capacity
from sim.cli.check import check
from sim.cli.compare import compare
from sim.cli.crossover import crossover
from sim.cli.docs import docs
from sim.cli.explore import explore
from sim.cli.import_ import import_
from sim.cli.map import map
from sim.cli.new import new
from sim.cli.published import published
from sim.cli.replay import replay
from sim.cli.report import report
from sim.cli.rerun import bench, diff, rerun
from sim.cli.run import run
from sim.cli.schema import schema
from sim.cli.score import score
from sim.cli.selftest import selftest
from sim.cli.show import show
from sim.cli.sweep import sweep
from sim.cli.why import why
from sim.schemas import SCHEMAS

app = typer.Typer(
    name="regsim",
    help="Which way should images reach the nodes? Simulates topologies of container registries and says.",
    epilog="Exit codes: 0 done, 1 a bug of regsim, 2 bad use or input, 98 a threshold is undecided, 99 one is missed "
    "or a result came out otherwise, 130 interrupted, 143 terminated.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help without markup is there in half the time
    context_settings={"help_option_names": ["-h", "--help"]},
)
#: In the order in which help lists them.
VERBS = (
    new, check, show, schema, run, compare, best, sweep, capacity, crossover, report, why, map, explore, rerun, bench,
    diff, replay, score, calibrate, import_, published, selftest, docs,
)  # fmt: skip
for verb in VERBS:
    app.command()(verb)


def main() -> int:
    """Do what the command line asks; the exit code."""
    if sys.platform == "win32":
        output.error("regsim: does not run on Windows; run it in WSL 2, where it is a program of Linux")
        return exit_codes.BAD_USE
    with warnings.catch_warnings(), exit_codes.ending_well():
        warnings.showwarning = output.show_warning
        return exit_codes.code_of(lambda: app(prog_name="regsim", standalone_mode=False))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"regsim {sim.__version__}")
        typer.echo(f"model {lazy.manifest.model_digest()}")
        typer.echo(f"schemas {' '.join(f'{kind}/{number}' for kind, number in SCHEMAS.items())}")
        raise typer.Exit


@app.callback()
def _before(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print versions: of it, its model, its documents."
        ),
    ] = False,
) -> None:
    """What stands before a verb."""
