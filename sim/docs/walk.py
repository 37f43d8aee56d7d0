"""One deploy from file to row: a small scenario run on the reference engine, and each step of it written down.

Nothing in the simulator knows that it is watched. Python tells of every function that it calls (`sys.setprofile`). Kept
are the ops of the steps that tasks are at, with the time on the task's timeline; and, for the way as a whole, functions
that one room calls of another: those that are called by a user, by whatever assembles a run, and by its result.

    python -m sim.docs.walk    # prints the page; in a process of its own, since what is done once a process shows
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

import sim
from sim.docs import markdown
from sim.docs.rooms import SIM
from sim.engines import reference as reference
from sim.protocol.description import ProgramText, StepText, described
from sim.protocol.programs import PROGRAMS, Op, Step
from sim.registry.clients import PROFILES
from sim.tables import rows

FILE: Final = Path(__file__).parent / "walk.toml"
#: Whose calls into other rooms show the way; nobody's are a user's.
ASSEMBLING: Final = ("", "runner", "engines", "result")
_INTRODUCTION: Final = """\
What happens when `regsim run` is given a file: the way of one deploy through the rooms, and all its steps, in the order
in which the reference engine takes them, with the time at which each begins. The scenario is as small as can be. The
kernel is on central and on the node already, as for every application that was deployed before, so that only the root
filesystem travels."""
_WAY: Final = """\
Functions that one room calls of another, each where it is called for the first time. The simulated time passes between
the engine's start and the tables; the next section has what happens then."""
_STEPS: Final = """\
A deploy is the program `DEPLOY`, which calls others; `regsim docs protocol` has all of them. A step is an op: a small
function, in the file named on the right. Where it sends requests these stand here, and the client that sends so. Time
is the deploy's own; a step at the same time as the one before takes none."""
_ROW: Final = """\
What is left of it is a row in the table `deploys`, and others in `transfers` and `starts`. All that is reported
anywhere is made from such rows. Columns that are 0 or empty are left out here."""
_PHASES: Final = "Its phases follow each other and add up to its latency, {latency} s:"


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken: when on its task's timeline, by which task, and the step's number in all programs."""

    at_s: float
    task: int
    number: int


class Walk:
    """What is seen of a run, as a function that Python tells of calls: `way` by file and name, and `steps`.

    A step that goes on after a wait counts once.
    """

    def __init__(self) -> None:
        self.way: dict[tuple[str, str], None] = {}
        self.steps: list[Taken] = []
        self._by_number = every_step()
        self._ops: dict[CodeType, Op] = {step.op.__code__: step.op for step in self._by_number}

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        if event != "call":
            return
        if frame.f_code in self._ops:
            self._take(frame)
            return
        file, name = _file(frame), frame.f_code.co_qualname
        if file and not name.startswith(("_", "<")) and "." not in name:
            caller = _room(_calling(frame))
            if caller != _room(file) and caller in ASSEMBLING:
                self.way.setdefault((file, name))

    def _take(self, frame: FrameType) -> None:
        w, p = (frame.f_locals[name] for name in frame.f_code.co_varnames[:2])
        task = w.tasks[p]
        number = int(task.pc) - 1
        again = self.steps and (p, number) == (self.steps[-1].task, self.steps[-1].number)
        if self._by_number[number].op is self._ops[frame.f_code] and not again:
            self.steps.append(Taken(float(w.timelines[task.timeline].now_s), int(p), number))


def every_step() -> list[Any]:
    """All steps of all programs, in the order in which they are numbered."""
    return [part for program in PROGRAMS.values() for part in program if isinstance(part, Step)]


def _file(frame: FrameType) -> str:
    """The file of ours that a frame runs, from `sim`; nothing for others'."""
    path = Path(frame.f_code.co_filename)
    return path.relative_to(SIM).as_posix() if path.is_relative_to(SIM) and not _is_docs(path) else ""


def _is_docs(path: Path) -> bool:
    """Whether it is of those who watch."""
    return path.is_relative_to(Path(__file__).parent)


def _calling(frame: FrameType) -> str:
    """The nearest file of ours that a call comes from."""
    above = frame.f_back
    while above is not None and not _file(above):
        above = above.f_back
    return "" if above is None else _file(above)


def _room(file: str) -> str:
    return file.partition("/")[0].removesuffix(".py")


def walked() -> tuple[sim.Result, Walk]:
    """A run on the reference engine from its file to its metrics, and what is seen of it."""
    walk, before = Walk(), sys.getprofile()
    sys.setprofile(walk)
    try:
        result = sim.run(sim.load(FILE), engine="reference")
        assert result.metrics
    finally:
        sys.setprofile(before)
    return result, walk


def page() -> str:
    """The page."""
    return markdown.page("One deploy, from file to row", _INTRODUCTION, _parts())


def _parts() -> Iterator[str]:
    result, walk = walked()
    yield f"## The file\n\n```toml\n{FILE.read_text(encoding='utf-8').strip()}\n```"
    yield f"## The way\n\n{_WAY}"
    yield markdown.table(
        ("file", "function", "does"), [(f"`{file}`", f"`{name}`", about) for file, name, about in _way(walk.way)]
    )
    yield f"## The steps\n\n{_STEPS}"
    yield from _visits(walk.steps)
    (row,) = result.deploys.to_dict("records")
    yield f"## The row\n\n{_ROW}"
    yield markdown.table(
        ("column", "value", "what it is"),
        [(f"`{c.name}`", _value(row[c.name]), c.meaning) for c in rows.DEPLOYS if row[c.name]],
    )
    yield _PHASES.format(latency=_value(row["latency_s"]))
    yield markdown.table(("phase", "from, s", "until, s", "took, s"), _phases(row))


def _way(way: Mapping[tuple[str, str], None]) -> Iterator[tuple[str, str, str]]:
    """Each function with the first sentence that is said of it."""
    for file, name in way:
        module = importlib.import_module(".".join(("sim", *Path(file).with_suffix("").parts)).removesuffix(".__init__"))
        first = (inspect.getdoc(getattr(module, name)) or "").split("\n\n")[0]
        yield file, name, " ".join(first.split())


def _visits(taken: Sequence[Taken]) -> Iterator[str]:
    """For each time that a program goes on a heading, and a table of the steps that it takes."""
    every = [(program, step) for program in described(PROFILES["kraftkit"]) for step in program.steps]
    ops = [step.op for step in every_step()]
    seen = set()
    for name, group in groupby(taken, key=lambda each: every[each.number][0].name):
        here = list(group)
        program = every[here[0].number][0]
        yield f"### {name}" + (", on" if name in seen else f"\n\n{program.about}")
        seen.add(name)
        lines = [
            (
                f"{each.at_s:.4f}",
                every[each.number][1].step,
                _does(program, every[each.number][1]),
                _where(ops[each.number]),
            )
            for each in here
        ]
        yield markdown.table(("s", "step", "does", "in"), lines)


def _does(program: ProgramText, step: StepText) -> str:
    if step.step != "request":
        return step.sentence
    how = f" ({'; '.join(step.how)})" if step.how else ""
    return f"{program.client}: {', '.join(step.requests) or 'nothing'}{how}"


def _where(op: Op) -> str:
    return f"`{Path(inspect.getsourcefile(op) or '').relative_to(SIM).as_posix()}`"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _phases(row: dict[Any, Any]) -> Iterator[tuple[str, ...]]:
    at_s = row["asked_s"]
    for phase in rows.PHASES:
        took_s = row[f"{phase}_s"]
        yield phase, _value(at_s), _value(at_s + took_s), _value(took_s)
        at_s += took_s


if __name__ == "__main__":
    sys.stdout.write(page())
