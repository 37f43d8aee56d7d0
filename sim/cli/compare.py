"""`regsim compare`: a scenario's variants against its baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import sim
from sim.cli import exit_codes, lazy, options, output, watching
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.engines import Engine
    from sim.experiment.comparison import Comparison
    from sim.experiment.execution.store import Store
    from sim.experiment.thresholds import Judgement
    from sim.scenario import Scenario

Assumptions = Annotated[
    bool, typer.Option("--assumptions", help="Say which assumed figure could flip the verdict within its range.")
]

Keep = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Write what bench and diff need into one small file, FILE.json or FILE.json.gz.",
        show_default=False,
    ),
]  # fmt: skip
Fast = Annotated[bool, typer.Option("--speed", help="Measure for --keep how fast runs go, by six runs more.")]


def compare(
    file: options.File,
    settings: options.Settings = None,
    policies: options.Policies = None,
    runs: options.Runs = None,
    precision: options.Precision = None,
    seed: options.Seed = None,
    executor: options.Executor = "processes",
    engine: options.Engine = None,
    detail: options.Detail = None,
    audit: options.Audit = False,
    store: options.Store = None,
    until: options.Until = None,
    by: options.By = None,
    gains: options.Gains = None,
    assumptions: Assumptions = False,
    allow_failures: options.AllowFailures = False,
    out: options.Out = None,
    keep: Keep = None,
    fast: Fast = False,
    watch: options.Watch = False,
    as_json: options.Json = False,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Compare the variants with the baseline. Run by run they share their random numbers, so differences are paired."""
    if fast and keep is None:
        raise InputError("--speed", "is kept in no file", "name one with --keep FILE")
    asked = _Asked(
        file, options.overrides(settings, detail, audit, policies), until, options.whole("--runs", runs, least=1),
        options.whole("--seed", seed, least=0), options.share("--precision", precision),
        options.whole("--gains", gains, least=0), executor, options.engine(engine), options.dimensions(by),
        assumptions, allow_failures, output.writable(out), keep, fast, as_json, strict, quiet,
    )  # fmt: skip
    if watch:
        with options.kept_meanwhile(store) as kept:
            watching.watch(lambda: asked.answered(kept), as_json, quiet)
    outcomes = {judgement.outcome for judgement in asked.answer(options.kept(store), tables=True)[1]}
    if "missed" in outcomes:
        raise typer.Exit(exit_codes.MISSED)
    if "undecided" in outcomes:
        raise typer.Exit(exit_codes.UNDECIDED)


@dataclass(frozen=True)
class _Asked:
    """What the command line asks, read but for what stands in the scenario's file."""

    file: str
    overrides: dict[str, Any]
    until: list[str] | None
    runs: int | None
    seed: int | None
    precision: float | None
    gains: int | None
    executor: str
    engine: Engine | None
    by: tuple[str, ...]
    assumptions: bool
    allow_failures: bool
    folder: Path | None
    keep: str | None
    fast: bool
    as_json: bool
    strict: bool
    quiet: bool

    def answer(self, kept: Store | None, tables: bool) -> tuple[Comparison, list[Judgement]]:
        """Make the runs, print and write what they say; and the thresholds judged."""
        scenario = options.load(self.file, self.overrides, strict=self.strict, quiet=self.quiet)
        wanted = options.thresholds(scenario, self.until)
        outcome = self._compared(scenario, kept, tables, options.split_by(wanted))
        # With whole runs `examine` has asked the same. Asked first, since the verdict names them.
        turns = () if self.assumptions else outcome.flips
        judgements = lazy.thresholds.judged(outcome, wanted, self.allow_failures)
        warnings = [*outcome.warnings, *(flip.warning(scenario.name) for flip in turns)]
        beside: dict[str, Any] = {"thresholds": [judgement.to_json() for judgement in judgements]} if wanted else {}
        beside |= {} if outcome.examined is None else {"assumptions": outcome.examined.to_json()}
        beside |= {"warnings": [each.to_json() for each in warnings]}
        self._write(outcome, beside)
        if self.as_json:
            output.document(outcome.to_json() | beside)
        else:
            lazy.answers.print_comparison(outcome, self.by, judgements)
        if self.folder is not None and not self.quiet:
            output.note(f"wrote {self.folder}")
        output.warn(warnings[len(scenario.warnings) :], strict=self.strict, quiet=self.quiet)
        return outcome, judgements

    def answered(self, kept: Store | None) -> watching.Answered:
        """The same, for whoever asks again: tables are made only where they are written."""
        outcome, _ = self.answer(kept, tables=self.folder is not None)
        return watching.Answered({self.file: outcome.scenario}, lazy.live.numbers(outcome))

    def _compared(self, scenario: Scenario, kept: Store | None, tables: bool, split: tuple[str, ...]) -> Comparison:
        picture = None if self.as_json else lazy.live.picture
        with lazy.progress.Progress(self.quiet, picture) as progress, options.named("executor"):
            outcome = sim.compare(
                scenario, self.runs, self.seed, self.executor, progress, kept, tables, self.precision,
                self.runs or lazy.compare.MOST_RUNS, (*self.by, *split), allow_failures=self.allow_failures,
                gains=lazy.doubling.MOST if self.gains is None else self.gains, engine=self.engine,
                turns=not self.assumptions, so_far=progress.so_far,
            )  # fmt: skip
            if not self.assumptions:
                return outcome
            examined = lazy.examination.examine(
                scenario, outcome.runs, outcome.seed, self.executor, progress, kept, self.allow_failures, self.engine
            )
            return replace(outcome, examined=examined)

    def _write(self, outcome: Comparison, beside: dict[str, Any]) -> None:
        if self.folder is not None:
            with output.writing(self.folder):
                lazy.plots.write(outcome.plot(), self.folder, "comparison")
                outcome.write(self.folder, beside)
        if self.keep is not None:
            one = lazy.gate.one_variant
            fast_as = lazy.speed.speed(one(outcome.scenario), outcome.seed, self.engine) if self.fast else None
            lazy.kept.keep(outcome, self.keep, fast_as)
