"""What several verbs take: files, overrides, seeds, and how the answer is given.

Each option is read here into what the simulator takes; what is wrong with it is one line that names the option.
"""

from __future__ import annotations

import os.path
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

import sim
from sim import units
from sim.cli import completion, lazy, output
from sim.errors import InputError, near, shown

if TYPE_CHECKING:
    from sim.engines import Engine as Engines
    from sim.experiment.axes import Axis
    from sim.experiment.execution.store import Store as Kept
    from sim.scenario import Scenario
    from sim.scenario.model.thresholds import Threshold
    from sim.scenario.warnings.warning import ScenarioWarning

#: Keys that name a file or a folder: on the command line one in the current folder may be meant.
_FILES: Final = ("demand.table", "demand.replay.log", "topology.file", "run.policies_path")
UNTIL: Final = 'write for example --until "deploy_latency_s.p99 < 3 s"'
File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="A scenario, in TOML, or the name of one that ships.", show_default=False,
        autocompletion=completion.files,
    ),
]  # fmt: skip
Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE", help="Scenarios, in TOML, or names of those that ship.", show_default=False,
        autocompletion=completion.files,
    ),
]  # fmt: skip
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override one value, as in demand.rate=2000/day. Repeatable.",
        show_default=False, autocompletion=completion.settings,
    ),
]  # fmt: skip
Policies = Annotated[
    str | None,
    typer.Option(
        "--policies", metavar="DIR", help="Rules of your own, DIR/KIND/NAME.py, instead of run.policies_path.",
        show_default=False,
    ),
]  # fmt: skip
Variant = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Take this variant instead of the scenario as it is.",
        show_default=False,
        autocompletion=completion.variants,
    ),
]
Detail = Annotated[
    str | None,
    typer.Option(metavar="phases|requests", help="Simulate consecutive requests as one, or each.", show_default=False),
]
Audit = Annotated[bool, typer.Option("--audit", help="Check the world's invariants while it runs.")]
Seed = Annotated[str | None, typer.Option(metavar="N", help="Instead of the scenario's seed.", show_default=False)]
Until = Annotated[
    list[str] | None,
    typer.Option(
        "--until", metavar="THRESHOLD", help="What must hold, as in 'deploy_latency_s.p99 < 3 s'. Repeatable.",
        show_default=False,
    ),
]  # fmt: skip
Store = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="Keep finished runs there, and take those that it has.", show_default=False),
]
Executor = Annotated[str, typer.Option(metavar="serial|processes[:N]|dask:ADDRESS", help="Where runs are made.")]
Engine = Annotated[
    str | None,
    typer.Option(
        metavar="reference|compiled", help="What makes runs: SimPy, step by step, or machine code. Rows are the same.",
        show_default=False,
    ),
]  # fmt: skip
Runs = Annotated[
    str | None, typer.Option(metavar="N", help="Runs of each variant, instead of the scenario's.", show_default=False)
]
Precision = Annotated[
    str | None,
    typer.Option(
        metavar="SHARE", help="Add runs, up to --runs (200), until the intervals of p50 and p95 are +- this share.",
        show_default=False,
    ),
]  # fmt: skip
MostRuns = Annotated[
    str | None, typer.Option("--runs", metavar="N", help="Runs of each variant at a value at most.", show_default="40")
]
Within = Annotated[
    str | None, typer.Option(metavar="SHARE", help="How narrow the interval is to be.", show_default="5 %")
]
VaryOne = Annotated[
    str,
    typer.Option(
        "--vary", metavar="KEY=LOW..HIGH", help="The key, and the range to search.", show_default=False,
        autocompletion=completion.settings,
    ),
]  # fmt: skip
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by", metavar="site|client|image|route|nodes|stream", help="Report metrics by group, too. Repeatable.",
        show_default=False,
    ),
]  # fmt: skip
AllowFailures = Annotated[
    bool, typer.Option("--allow-failures", help="Let a variant that fails more than another be better all the same.")
]
Gains = Annotated[
    str | None,
    typer.Option(
        metavar="N", help="Double so many of the things that held deploys back, one by one, in further runs.",
        show_default=False,
    ),
]  # fmt: skip
Out = Annotated[
    str | None, typer.Option(metavar="DIR", help="Write tables, plots and a manifest there.", show_default=False)
]
Watch = Annotated[
    bool, typer.Option("--watch", help="Answer again each time that a file is saved which the scenario is read from.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Strict = Annotated[bool, typer.Option("--strict", help="Warnings about the question are errors.")]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Say nothing on standard error but errors.", callback=output.ignore_warnings
    ),
]  # fmt: skip


def load(
    file: str, overrides: dict[str, Any], variant: str | None = None, *, strict: bool = False, quiet: bool = False
) -> Scenario:
    """The scenario in a file, its warnings printed. InputErrors of every fault, and when `strict` of every warning."""
    scenario = sim.load(file, overrides, variant)
    output.warn(scenario.warnings, strict=strict, quiet=quiet)
    return scenario


def warn_of_axes(
    scenario: Scenario, axes: Sequence[Axis], variant: str | None, *, strict: bool, quiet: bool
) -> tuple[ScenarioWarning, ...]:
    """Warn of the axes that have no effect; InputErrors of them when `strict`. All that was warned of until now."""
    named = lazy.variants.variants(scenario, variant)
    found = tuple(lazy.doubts.varied_for_nothing(scenario, axes, named))
    output.warn(found, strict=strict, quiet=quiet)
    return (*scenario.warnings, *found)


def kept(store: str | None) -> Kept | None:
    """The store in the directory of `--store`, if one is named."""
    return None if store is None else lazy.store.Store(store)


@contextmanager
def kept_meanwhile(store: str | None) -> Iterator[Kept]:
    """That store; where none is named, one for as long as this lasts."""
    with tempfile.TemporaryDirectory(prefix="regsim-") as folder:
        yield lazy.store.Store(store or folder, lasting=store is not None)


def overrides(
    settings: list[str] | None, detail: str | None = None, audit: bool = False, policies: str | None = None
) -> dict[str, Any]:  # fmt: skip
    """Values by dotted key. InputError for what is not KEY=VALUE, and for rules in no folder."""
    made: dict[str, Any] = dict(lazy.document.parse_setting(setting) for setting in settings or ())
    made |= {key: _from_here(made[key]) for key in _FILES if key in made}
    made |= own_rules(policies)
    if detail is not None:
        made["run.detail"] = detail
    return made | ({"run.audit": True} if audit else {})


def own_rules(policies: str | None) -> dict[str, Any]:
    """What `--policies` says, as an override: a folder, by its path from the current one. InputError if it is none."""
    if policies is None:
        return {}
    if not os.path.isdir(policies):
        problem = "is no folder" if os.path.exists(policies) else "no such folder"
        raise InputError("--policies", f"{problem}, got {shown(policies)}", "name one that has KIND/NAME.py")
    return {"run.policies_path": str(Path(policies).absolute())}


def _from_here(value: Any) -> Any:
    """The whole path of what is named from the current folder; else paths are from the scenario's."""
    return str(Path(value).absolute()) if isinstance(value, str) and os.path.exists(value) else value


def engine(name: str | None) -> Engines | None:
    """The engine that `--engine` names, None for the one that ends sooner. InputError when there is none."""
    with named("engine"):
        return lazy.engines.checked(name)


def dimensions(by: list[str] | None) -> tuple[str, ...]:
    """What `--by` names, each once. InputError for what nothing is split by."""
    for name in by or ():
        if name not in lazy.metric_names.DIMENSIONS:
            raise InputError(
                "--by", f"nothing is split by that, got {shown(name)}", near(name, lazy.metric_names.DIMENSIONS)
            )
    return tuple(dict.fromkeys(by or ()))


def split_by(thresholds: Iterable[Threshold]) -> tuple[str, ...]:
    """What thresholds' metrics are split by."""
    parts = (lazy.metric_names.split(threshold.metric) for threshold in thresholds)
    return tuple(dict.fromkeys(each.by for each in parts if each is not None))


def thresholds(scenario: Scenario, until: list[str] | None) -> list[Threshold]:
    """The scenario's thresholds and the command line's.

    InputError for a text that says none, and for one on a group that the scenario does not have.
    """
    texts = [(f"thresholds.{name}", text) for name, text in scenario.thresholds.items()]
    texts += [("--until", text) for text in until or ()]
    made = []
    for where, text in texts:
        try:
            made.append(lazy.thresholds.threshold(text))
            lazy.measures.check_group("", made[-1].metric, scenario)
        except InputError as error:
            raise InputError(where, error.problem, error.remedy) from None
    return list(dict.fromkeys(made))  # a file and --until may ask the same


@contextmanager
def named(*keys: str) -> Iterator[None]:
    """What is wrong with an argument of that name is said of the option."""
    try:
        yield
    except InputError as error:
        if error.where in keys:
            raise InputError(f"--{error.where}", error.problem, error.remedy) from error
        raise


def share(option: str, text: str | None) -> float | None:
    """The share, above 0, that an option was given, None when it was not. InputError when it is none."""
    if text is None:
        return None
    try:
        value = units.fraction_of(text)
    except units.UnitError as error:
        raise InputError(option, error.problem, error.remedy) from None
    if not 0 < value <= 1:
        raise InputError(option, f"must be above 0 and at most 1, got {text}", f'write for example {option} "5 %"')
    return value


def amount(option: str, text: str, metric: str) -> float:
    """An amount above 0 of a metric. InputError when it is none."""
    try:
        value = lazy.thresholds.limit_of(metric, text)
    except InputError as error:
        raise InputError(option, error.problem, error.remedy) from None
    if value <= 0:
        raise InputError(option, f"must be above 0, got {text}", "raise it or leave it out")
    return value


def whole(option: str, text: str | None, least: int) -> int | None:
    """The number that an option was given, None when it was not. InputError when it is not one, or too low."""
    if text is None:
        return None
    try:
        value = int(text)
    except ValueError:
        raise InputError(
            option, f"must be a whole number, got {shown(text)}", f"write for example {option} 10"
        ) from None
    if value < least:
        raise InputError(option, f"must be at least {least}, got {value}", "raise it or leave it out")
    return value
