"""How far the model is from what a rig measured, group by group.

A scenario belongs to the group that its name begins with (`pair-`, `fanout-`, `crowd-`); any other name is a pair
where every step is one operation, else a fan-out if its largest step pulls and a crowd if it pushes. Errors are
fractions of what was measured:

- `pair-push`, `pair-pull`: each operation, against the mean of its repeats, and of those by hosts alike (`grouping`).
- `fanout-mean`, `crowd-mean`: each step of several operations, the mean over its operations, then over repeats.
- `fanout-makespan`, `crowd-makespan`: its longest operation in each repeat, then the mean over repeats.
- `pair-push-bytes`, `pair-pull-bytes`, `fanout-bytes`, `crowd-bytes`: each acting host and step, the bytes that it sent
  in a step of pushes or received in a step of pulls, against the mean over repeats.

Operations that run alone but not plainly are groups of their own, counted as pairs are: `proxy-pull`, from a registry
that pulls through another, and `cut-push`, in a step in which a link breaks. Beside what packets make of such steps
stands `cut-faults`: what the fluid's `cut-push` is, bodies as flows and the cut as a link that is down
(`protocol/ops/retransmission`).

From registry to registry, one process alone: `pair-sync` copies an image and `many-sync` all tags of a repository,
beside the registry that they copy from, as a run's syncs are; `pair-fetch` and `many-fetch` beside the one that they
copy to. Several copies at once are `sync-mean` and `sync-makespan`.

Three wires are scored. `fluid` is that of a run whose `[tcp]` says what the rig's hosts do, `even` that of a run whose
`[tcp]` says nothing; `packets` that of a run whose `run.wire` is packets (`packetwire`). The protocol, its engine and
the parameters are the same; bodies of bytes alone go another way.

What prepares a fan-out or a crowd is not scored, as the pairs score such: a fan-out counts steps with pulls, a crowd
steps with pushes, and where some of these are of several operations, those of one do not count. Left out: the spread
of repeats; each figure is a mean, or the mean of the longest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from sim.calibrate.rig import checks
from sim.calibrate.rig.files import Measured, RigScenario
from sim.calibrate.rig.fluid import simulate_even, simulate_fluid
from sim.calibrate.rig.grouping import counted, first_alike, group_of
from sim.calibrate.rig.model import simulate
from sim.calibrate.rig.parameters import Parameters, read, shipped
from sim.calibrate.rig.processes import Outcome
from sim.calibrate.rig.reading import by_repeat, read_measured, read_scenarios
from sim.errors import InputError, InputErrors, near, shown

GROUPS: Final = (
    "pair-push", "pair-pull", "fanout-mean", "fanout-makespan", "crowd-mean", "crowd-makespan",
    "pair-push-bytes", "pair-pull-bytes", "fanout-bytes", "crowd-bytes", "proxy-pull", "proxy-pull-bytes",
    "cut-push", "cut-push-bytes", "cut-faults", "pair-sync", "pair-sync-bytes", "pair-fetch", "pair-fetch-bytes",
    "many-sync", "many-sync-bytes", "many-fetch", "many-fetch-bytes", "sync-mean", "sync-makespan", "sync-bytes",
)  # fmt: skip

#: How many runs of the model a scenario is scored by.
SEEDS: Final = 20

Wire = Literal["fluid", "even", "packets"]
"""What bodies go by: flows of a run, by windows or by even shares, or packets."""
WIRES: Final[Mapping[Wire, Callable[[RigScenario, Parameters, int], list[list[Outcome]]]]] = {
    "fluid": simulate_fluid, "even": simulate_even, "packets": simulate,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scored:
    """One figure: the model's and the measured one."""

    group: str
    scenario: str
    step: int
    host: str
    simulated: float
    measured: float

    @property
    def error(self) -> float:
        """The absolute relative error, a fraction."""
        return abs(self.simulated - self.measured) / self.measured


@dataclass(frozen=True, slots=True)
class Group:
    """The errors of one group: how many, their mean, 90th percentile and maximum, as fractions."""

    n: int
    mape: float
    p90: float
    max: float


@dataclass(frozen=True, slots=True)
class Score:
    """Every figure scored, and the groups that have any."""

    scored: tuple[Scored, ...]

    @property
    def groups(self) -> dict[str, Group]:
        """The groups in the order of `GROUPS`; those without a figure are left out."""
        errors: dict[str, list[float]] = defaultdict(list)
        for one in self.scored:
            errors[one.group].append(one.error)
        return {name: _group(sorted(errors[name])) for name in GROUPS if name in errors}

    def rows(self) -> list[dict[str, Any]]:
        """Every figure: its group and scenario, step and host, the model's value and the measured one, s or bytes."""
        return [asdict(one) for one in self.scored]

    def to_text(self) -> str:
        """The groups as a table, errors in per cent."""
        lines = [f"{'group':<18}{'n':>5}{_HEAD}   absolute relative error"]
        lines += [f"{name:<18}{group.n:>5}{_errors(group)}" for name, group in self.groups.items()]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Scores:
    """What each wire makes of the same measurements; `wire` is the one whose errors are asked for."""

    wires: Mapping[Wire, Score]
    wire: Wire = "packets"

    @property
    def groups(self) -> dict[str, Group]:
        """The groups of the wire that is asked for."""
        return self.wires[self.wire].groups

    def to_json(self) -> dict[str, Any]:
        """The document `regsim.score/1`."""
        documents = {
            wire: {name: asdict(group) for name, group in found.groups.items()} for wire, found in self.wires.items()
        }
        return {"schema": "regsim.score/1", "groups": documents[self.wire], "wires": documents, "wire": self.wire}

    def to_text(self) -> str:
        """The wires side by side, errors in per cent."""
        groups = {wire: found.groups for wire, found in self.wires.items()}
        lines = [
            f"{'absolute relative error':<23}" + "".join(f"{_TITLES[wire]:>30}" for wire in groups),
            f"{'group':<18}{'n':>5}" + _HEAD * len(groups),
        ]
        for name in GROUPS:
            own = [found.get(name) for found in groups.values()]
            number = next((group.n for group in own if group is not None), 0)
            if number:
                lines.append(f"{name:<18}{number:>5}" + "".join(map(_errors, own)).rstrip())
        return "\n".join(lines)


_TITLES: Final[Mapping[Wire, str]] = {
    "fluid": "fluid, shares by windows", "even": "fluid, even shares", "packets": "packets"
}  # fmt: skip
_HEAD: Final = f"{'mean':>10}{'90th':>10}{'worst':>10}"


def _errors(group: Group | None) -> str:
    if group is None:
        return f"{'as cut-push':>30}"
    return "".join(f"{100 * error:>8.1f} %" for error in (group.mape, group.p90, group.max))


def score(
    rig: str | Path, measured: str | Path, parameters: str | Path | None = None, wire: str = "packets",
    alone: bool = False,
) -> Scores:  # fmt: skip
    """Simulate a rig's scenarios on both wires and score them against what was measured.

    `parameters` is a file for all scenarios; without it each uses those that ship for its congestion control. `wire`
    is the one whose `groups` are asked for, and `alone` leaves the others out.
    """
    if wire not in WIRES:
        raise InputError("wire", f"there is none of that name, got {shown(wire)}", near(wire, WIRES))
    (asked,) = (one for one in WIRES if one == wire)
    given = None if parameters is None else read(parameters)
    scenarios = read_scenarios(rig)
    rows = by_repeat(read_measured(measured))
    faults = [*checks.of_model(str(rig), scenarios), *checks.of_measured(str(measured), scenarios, rows)]
    if faults:
        raise InputErrors(faults)

    def on(wire: Wire) -> Score:
        ours = ((one, given or shipped(one.congestion)) for one in scenarios)
        return Score(tuple(found for one, by in ours for found in score_scenario(one, rows, by, wire)))

    if not any(scenario.name == name for scenario in scenarios for name, _ in rows):
        raise InputError(str(measured), f"measures none of the scenarios of {rig}", "give both of one rig")
    return Scores({one: on(one) for one in ((asked,) if alone else WIRES)}, asked)


def score_scenario(
    scenario: RigScenario, rows: dict[tuple[str, int], dict[int, list[Measured]]], parameters: Parameters,
    wire: Wire = "packets",
) -> Iterator[Scored]:  # fmt: skip
    """Every figure of one scenario that was measured."""
    kind = kind_of(scenario)
    own = counted(kind, scenario)
    found: list[Scored] = []
    runs = zip(*(WIRES[wire](scenario, parameters, seed) for seed in range(SEEDS)), strict=True)
    for number, outcomes in enumerate(runs):
        repeats = rows.get((scenario.name, number))
        if repeats and number in own:
            found += _score_step(kind, scenario, number, outcomes, list(repeats.values()))
    yield from _pooled(found, first_alike(scenario))
    if wire == "packets":
        yield from _score_faults(scenario, rows, parameters)


def _pooled(scored: Sequence[Scored], first: Sequence[int]) -> Iterator[Scored]:
    """Steps that repeat an earlier one are no figures of their own: their means are one mean."""
    pooled: dict[tuple[str, int, int], list[Scored]] = defaultdict(list)
    for number, one in enumerate(scored):
        repeats = first.count(first[one.step]) > 1
        pooled[one.group, first[one.step], -1 if repeats else number].append(one)
    for own in pooled.values():
        yield replace(own[0], simulated=_mean([o.simulated for o in own]), measured=_mean([o.measured for o in own]))


def _score_faults(
    scenario: RigScenario, rows: dict[tuple[str, int], dict[int, list[Measured]]], parameters: Parameters
) -> Iterator[Scored]:
    """Each operation of a step in which a link breaks, on the fluid wire, where nothing is left to chance."""
    cut = {cut.step for cut in scenario.cuts}
    for number, outcomes in enumerate(simulate_fluid(scenario, parameters) if cut else ()):
        for outcome in outcomes if number in cut else ():
            repeats = rows.get((scenario.name, number), {}).values()
            own = [row.seconds for repeat in repeats for row in repeat if _same(outcome, row)]
            if own:
                at = outcome.operation.at
                yield Scored("cut-faults", scenario.name, number, at, outcome.seconds, _mean(own))


def _score_step(
    kind: str, scenario: RigScenario, step: int, runs: Sequence[list[Outcome]], repeats: list[list[Measured]]
) -> Iterator[Scored]:
    outcomes = runs[0]
    simulated = [[outcome.seconds for outcome in run] for run in runs]
    if kind == "pair":
        for at, outcome in enumerate(outcomes):
            own = [row.seconds for rows in repeats for row in rows if _same(outcome, row)]
            seconds = _mean([run[at] for run in simulated])
            group = group_of(scenario, step, outcome.operation)
            yield Scored(group, scenario.name, step, outcome.operation.at, seconds, _mean(own))
    else:
        measured = [[row.seconds for row in rows] for rows in repeats]
        ways: tuple[tuple[str, Callable[[list[float]], float]], ...] = (("mean", _mean), ("makespan", max))
        for name, of in ways:
            found, wanted = (_mean([of(run) for run in runs]) for runs in (simulated, measured))
            yield Scored(f"{kind}-{name}", scenario.name, step, "", found, wanted)
    traffic = [_traffic(run) for run in runs]
    acting = {(outcome.operation.at, outcome.operation.op): outcome.operation for outcome in reversed(outcomes)}
    for (host, _), operation in reversed(acting.items()):
        # Each row of a host has the bytes of its whole step.
        rows_of_host = [next(row for row in rows if row.at == host) for rows in repeats]
        if operation.op == "push" or operation.at == operation.source:
            wire_bytes, own = [sent[host] for sent, _ in traffic], [row.step_tx_bytes for row in rows_of_host]
        else:
            wire_bytes, own = [got[host] for _, got in traffic], [row.step_rx_bytes for row in rows_of_host]
        group = group_of(scenario, step, operation) if kind == "pair" else kind
        yield Scored(f"{group}-bytes", scenario.name, step, host, _mean(wire_bytes), _mean(own))


def _traffic(outcomes: list[Outcome]) -> tuple[dict[str, float], dict[str, float]]:
    """IP bytes that each host sent and received in a step, as a client or as a registry."""
    sent: dict[str, float] = defaultdict(float)
    received: dict[str, float] = defaultdict(float)
    for outcome in outcomes:
        operation = outcome.operation
        ends = (operation.source or operation.at, operation.peer)
        source, target = (operation.peer, operation.at) if operation.op == "pull" else ends
        sent[source] += outcome.wire_bytes
        received[target] += outcome.wire_bytes
        sent[target] += outcome.back_bytes
        received[source] += outcome.back_bytes
    return sent, received


def _same(outcome: Outcome, row: Measured) -> bool:
    operation = outcome.operation
    return (operation.op, operation.at, operation.peer, operation.image) == (row.op, row.at, row.peer, row.image)


def kind_of(scenario: RigScenario) -> str:
    """`pair`, `fanout`, `crowd` or `sync` (several at once): by the name, else by what the scenario does."""
    for kind in ("pair", "fanout", "crowd"):
        if scenario.name.startswith(f"{kind}-"):
            return kind
    largest = max(scenario.steps, key=len)
    if len(largest) == 1:
        return "pair"
    return {"pull": "fanout", "push": "crowd"}.get(largest[0].op, "sync")


def _group(errors: list[float]) -> Group:
    # The 90th percentile by the inverse of the empirical distribution, as everywhere in the program.
    at = max(0, -(-9 * len(errors) // 10) - 1)
    return Group(len(errors), _mean(errors), errors[at], errors[-1])


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
