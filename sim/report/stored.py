"""A result read back from what `--out` wrote: its document, and where there are tables, its runs as if just made.

`RESULT` is a directory, whose manifest says what it was made from, or one document of `--json` in a file, of which less
can be shown. Runs read back have their rows, and all that follows from rows and scenario; how long they took to make is
not kept with a comparison, and is 0. Left out: making anything again (`sim.experiment.rerun`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from sim.errors import InputError, near, shown
from sim.experiment.loading import read_run
from sim.experiment.recorded import Recorded, recorded
from sim.files import folder_name, read_json
from sim.result import ONLY, Result
from sim.scenario import Scenario

#: What a document of each kind has to have. A replay's directory has a run's document, too: its own comes first.
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "replay": ("scenario", "compared", "metrics"),
    "compare": ("scenario", "baseline", "variants", "differences", "failures", "verdict"),
    "capacity": ("scenario", "key", "points", "verdict"),
    "crossover": ("scenario", "key", "points", "verdict"),
    "best": ("scenario", "metric", "variants", "verdict"),
    "sweep": ("scenario", "keys", "points", "verdict"),
    "score": ("groups",),
    "run": ("scenario", "seed", "metrics", "failures"),
}
#: What a document of thousands of runs may have.
_MOST_BYTES: Final = 1 << 28
REMEDY: Final = f"name a directory that --out of {', '.join(sorted(NEEDS))} wrote, or a document of --json"


@dataclass(frozen=True, eq=False)
class Stored:
    """What a place holds: the kind of result and its document; what it was made from, if a manifest says so."""

    place: Path
    kind: str
    document: Mapping[str, Any]
    record: Recorded | None = field(default=None, repr=False)

    @property
    def scenario(self) -> Scenario | None:
        """What was simulated, if that is known."""
        return None if self.record is None else self.record.scenario

    @property
    def title(self) -> str:
        """What was simulated, as people call it."""
        if self.scenario is not None and self.scenario.run.title:
            return self.scenario.run.title
        return Path(str(self.document.get("scenario") or self.document.get("rig") or self.place)).stem

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants' names, in the order of the scenario where that is known; its one name, if it has no two."""
        named: tuple[str, ...] = ()
        if self.kind in ("run", "replay"):
            return (self.document.get("variant") or ONLY,)
        if "points" in self.document:
            named = tuple(dict.fromkeys(name for point in self.document["points"] for name in point["failures"]))
        elif self.kind != "score":
            named = tuple(self.document["variants"])
        written = () if self.scenario is None else self.scenario.variants
        return tuple(sorted(named, key=lambda name: written.index(name) if name in written else len(written)))

    @cached_property
    def samples(self) -> Mapping[str, Result]:
        """Run 0 of each variant of which the tables are there, or the one run; empty where none are kept."""
        if self.record is None or self.place.is_file():
            return {}
        places = {name: self.place if self._alone else self.place / folder_name(name) for name in self.variants}
        return {name: self._sample(name, place) for name, place in places.items() if (place / _FIRST).is_file()}

    @property
    def _alone(self) -> bool:
        return self.kind in ("run", "replay")

    def _sample(self, name: str, place: Path) -> Result:
        assert self.record is not None
        scenario = self.record.scenario
        named = self.record.named.get(name)
        if named is not None:
            scenario = scenario.variant(named)
        of = read_json(place / "run.json", _MOST_BYTES, REMEDY) if self._alone else {}
        facts = {"events": 0, "flows": 0, "simulated_s": 0.0, "wall_s": 0.0}
        facts |= {fact: of[fact] for fact in facts if fact in of}
        found = read_run(place, scenario, self.record.seed, of.get("run", 0), facts, older=True)
        if "simulated_s" in of:
            return found
        return replace(found, simulated_s=float(found.tables["deploys"].column("ended_s").max(initial=0.0)))


_FIRST: Final = "deploys.parquet"


def read(result: str | Path, overrides: Mapping[str, Any] | None = None) -> Stored:
    """What stands at a place. InputError when it is no result, or lacks what its kind has."""
    place = Path(result)
    if place.is_dir():
        kind = next((kind for kind in NEEDS if (place / f"{kind}.json").is_file()), None)
        if kind is None:
            raise InputError(str(place), "has no document of a result", REMEDY)
        document = _document(place / f"{kind}.json")
        record = recorded(place, overrides) if (place / "manifest.json").is_file() else None
        return Stored(place, kind, document, record)
    document = _document(place)
    return Stored(place, document["schema"].removeprefix("regsim.").partition("/")[0], document)


def _document(path: Path) -> dict[str, Any]:
    found = read_json(path, _MOST_BYTES, REMEDY)
    schema = found.get("schema") if isinstance(found, dict) else None
    known = {f"regsim.{kind}/1": kind for kind in NEEDS}
    if not isinstance(found, dict) or schema not in known:
        raise InputError(f"{path}: schema", f"is of no result, got {shown(schema)}", near(str(schema), known))
    lacks = [key for key in NEEDS[known[schema]] if key not in found]
    if lacks:
        raise InputError(str(path), f'lacks "{lacks[0]}"', "have the result made again by this version")
    form = _FORMS.get(known[schema])
    wrong = next(_differing(found, form, ()), None) if form else None
    if wrong is not None:
        raise InputError(f"{path}: {'.'.join(wrong)}", "is not what stands there in a result", REMEDY)
    return found


#: What a document holds: a type, a table of names, where `*` is any name, or a list of one; numbers may be null.
_NUMBER: Final = (int, float, type(None))
_BOUNDS: Final = {"*": {"*": {"mean": _NUMBER, "low": _NUMBER, "high": _NUMBER, "decided": bool}}}
_FAILURES: Final = {"*": {"failed": int, "deploys": int, "reasons": {"*": int}}}
_WARNINGS: Final = [{"code": str, "where": str, "text": str}]
_HELD: Final = [{"kind": str, "group": str, "seconds": _NUMBER, "waited_s": _NUMBER, "share": _NUMBER}]
_FORMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "run": {
        "scenario": (str, type(None)), "seed": int, "metrics": {"*": _NUMBER}, "failures": _FAILURES,
        "warnings": _WARNINGS, "held_back": _HELD,
    },
    "compare": {
        "scenario": (str, type(None)), "baseline": str, "verdict": str, "variants": _BOUNDS, "differences": _BOUNDS,
        "failures": _FAILURES, "warnings": _WARNINGS, "held_back": {"*": _HELD},
    },
}  # fmt: skip


def _differing(found: Any, form: Any, at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where a document, perhaps edited by hand, differs from its form; what is not there is not looked at."""
    if isinstance(form, list):
        if isinstance(found, list):
            for place, each in enumerate(found):
                yield from _differing(each, form[0], (*at, str(place)))
        else:
            yield at
    elif not isinstance(form, Mapping):
        if not isinstance(found, form) or (isinstance(found, bool) and form is not bool):
            yield at
    elif not isinstance(found, Mapping):
        yield at
    else:
        for key, value in found.items():
            if (inner := form.get(key, form.get("*"))) is not None:
                yield from _differing(value, inner, (*at, key))
