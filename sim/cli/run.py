"""`regsim run`: one seeded run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import sim
from sim import files
from sim.cli import lazy, options, output, watching

if TYPE_CHECKING:
    from sim.engines import Engine
    from sim.result import Result


def run(
    file: options.File,
    settings: options.Settings = None,
    policies: options.Policies = None,
    variant: options.Variant = None,
    seed: options.Seed = None,
    engine: options.Engine = None,
    detail: options.Detail = None,
    audit: options.Audit = False,
    by: options.By = None,
    gains: options.Gains = None,
    kwok: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write delays of pulls as KWOK's Stages there.", show_default=False),
    ] = None,
    out: options.Out = None,
    watch: options.Watch = False,
    as_json: options.Json = False,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Run a scenario, or one variant of it, once."""
    asked = _Asked(
        file, options.overrides(settings, detail, audit, policies), variant, options.whole("--seed", seed, least=0),
        options.engine(engine), options.dimensions(by), options.whole("--gains", gains, least=0) or 0,
        output.writable(out), kwok, as_json, strict, quiet,
    )  # fmt: skip
    if kwok is not None:
        output.writable(str(Path(kwok).parent), tables=False)
    if watch:
        watching.watch(asked.answered, as_json, quiet)
    asked.answer()


@dataclass(frozen=True)
class _Asked:
    """What the command line asks, read but for what stands in the scenario's file."""

    file: str
    overrides: dict[str, Any]
    variant: str | None
    seed: int | None
    engine: Engine | None
    by: tuple[str, ...]
    gains: int
    folder: Path | None
    kwok: str | None
    as_json: bool
    strict: bool
    quiet: bool

    def answer(self) -> Result:
        """Make the run, print and write what it says."""
        scenario = options.load(self.file, self.overrides, self.variant, strict=self.strict, quiet=self.quiet)
        if not self.quiet:
            output.note(f"simulating {output.named(scenario)}")
        result = sim.run(scenario, self.seed, engine=self.engine)
        gained = lazy.doubling.doubled_run(result, self.gains, self.engine) if self.gains else ()
        beside = {"gains": [gain.to_json() for gain in gained]} if self.gains else {}
        self._write(result, beside)
        if self.as_json:
            output.document(result.to_json(self.by) | beside)
        else:
            lazy.answers.print_run(result, self.by, gained)
        for written in (self.folder, self.kwok):
            if written is not None and not self.quiet:
                output.note(f"wrote {written}")
        return result

    def answered(self) -> watching.Answered:
        """The same, for whoever asks again."""
        result = self.answer()
        return watching.Answered({self.file: result.scenario}, lazy.live.run_numbers(result))

    def _write(self, result: Result, beside: dict[str, Any]) -> None:
        if self.folder is not None:
            with output.writing(self.folder):
                lazy.plots.write(lazy.plots.run(result), self.folder, "run")
                result.write(self.folder, beside)
        if self.kwok is not None:
            with output.writing(Path(self.kwok)):
                files.write_json(Path(self.kwok), lazy.kwok.stages(result))
