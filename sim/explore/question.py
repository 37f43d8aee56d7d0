"""What is asked at a place of every slider: the scenario there, cut to some thousand deploys, and how to ask it again.

A run of a day and 50,000 deploys takes seconds, an answer to somebody who moves a slider may not. So a run that would
ask for more deploys ends sooner: for less time of the same demand, which is said wherever an answer is shown and stands
in the command that asks the same of `regsim compare`. Nothing is cut where something happens at times of its own (a
fault, a kernel's release, hours, a schedule), where a warm-up is left out, or where demand is a table or a log.

Of whole days whose hours are weighed, a part is made at the days' mean pace with all hours alike. So its deploys are
from the sites that the whole day's are from, which no half hour of the day has, and they queue as at that pace, while
a day thinned to so few deploys would hardly queue at all. What the part lacks is the busiest hour, whose pace is said;
nothing is cut where that is more than twice the mean.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sim.errors import InputError
from sim.experiment.variants import variants
from sim.explore.sliders import Slider, sliders
from sim.scenario import Scenario
from sim.scenario.document import is_figure, nested
from sim.scenario.keypath import split
from sim.scenario.model.shares import total_rate_per_s
from sim.scenario.tomltext import toml, toml_key
from sim.units import format_seconds

#: About so many deploys a run has at most.
DEPLOYS: Final = 1000
#: Runs at which it is looked whether the verdict is decided; and the last of them, unless it is said.
LOOKS: Final = (5, 10, 20, 40, 80, 160, 320)
RUNS: Final = 40
#: Cuts that are kept at hand.
_KEPT: Final = 4096
#: A run that would have fewer than this share more is not cut.
_WORTH: Final = 1.5
_MINUTE_S: Final = 60.0
_DAY_S: Final = 1440 * _MINUTE_S
#: Weights by which all hours of a day are alike.
_ALIKE: Final = (1,) * 24
#: A day is not cut whose busiest hour has so many times the mean.
_BUSY: Final = 2.0
#: Text of a chosen value, in place of its source.
CHOSEN: Final = "chosen on the page of regsim explore"

Places = tuple[int, ...]


@dataclass(frozen=True)
class Question:
    """A scenario with its sliders; `asked` are the words of the command line that named it, `deploys` 0 cuts nothing.

    `runs` is how many of each variant there are at most.
    """

    scenario: Scenario
    sliders: tuple[Slider, ...]
    asked: tuple[str, ...] = ()
    deploys: int = DEPLOYS
    runs: int = RUNS
    seed: int = 1
    cuts: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def start(self) -> Places:
        """The place of every slider at which the scenario is as it was written."""
        return tuple(slider.start for slider in self.sliders)

    @property
    def variants(self) -> Mapping[str, str | None]:
        """The variants by name, None for a scenario that has none."""
        return variants(self.scenario)

    @property
    def baseline(self) -> str:
        """The variant that the others are compared with."""
        return self.scenario.baseline or next(iter(self.variants))

    @property
    def looks(self) -> tuple[int, ...]:
        """After how many runs it is looked whether the verdict is decided."""
        return (*(look for look in LOOKS if look < self.runs), self.runs)

    def places(self, text: str) -> Places:
        """What a page says of its sliders: `3.0.17`. InputError where that is no place of each."""
        parts = text.split(".") if text else []
        good = len(parts) == len(self.sliders) and all(
            part.isascii() and part.isdecimal() and len(part) < 4 and int(part) < len(slider.values)
            for part, slider in zip(parts, self.sliders, strict=True)
        )
        if not good:
            raise InputError("at", f"must be a place of each of {len(self.sliders)} sliders", "load the page again")
        return tuple(map(int, parts))

    def moved(self, places: Places) -> Iterator[tuple[Slider, int]]:
        """The sliders that are elsewhere than the scenario has them."""
        for slider, place in zip(self.sliders, places, strict=True):
            if place != slider.start:
                yield slider, place

    def settings(self, places: Places) -> dict[str, Any]:
        """Values by dotted key, of the sliders that were moved."""
        return {key: value for slider, place in self.moved(places) for key, value in slider.settings(place)}

    def at(self, places: Places) -> Scenario:
        """The scenario there, cut. InputErrors where the values make none together."""
        settings = self.of_runs(places)
        return self.scenario.with_(settings, self._rules) if settings else self.scenario

    def of_runs(self, places: Places) -> dict[str, Any]:
        """What runs there are given: the values of the sliders that were moved, and what cuts runs."""
        return self.settings(places) | self.part(places)

    def lasts(self, places: Places) -> str | None:
        """For how long deploys are asked for there, where runs are cut."""
        return self.part(places).get("run.duration")

    def part(self, places: Places) -> dict[str, Any]:
        """The values by dotted key that make runs there a part of the whole; none where nothing is cut."""
        settings = {key: value for key, value in self.settings(places).items() if _moves_rate(key)}
        which = tuple(sorted(settings.items()))
        if which not in self.cuts:
            changed = self.scenario.with_(settings, self._rules) if settings else self.scenario
            if len(self.cuts) >= _KEPT:
                self.cuts.clear()
            self.cuts[which] = self.cut(changed)
        return self.cuts[which]

    @property
    def _rules(self) -> Any:
        return self.scenario.rules

    def cut(self, scenario: Scenario) -> dict[str, Any]:
        """What makes a run a part of itself: for how long deploys are asked for, where that is less, and the hours."""
        every = scenario.with_its_variants()
        if not self.deploys or not all(map(_goes_on_alike, every)):
            return {}
        rate = max(total_rate_per_s(one, one.demand) for one in every)
        if rate * scenario.run.duration_s <= _WORTH * self.deploys:
            return {}
        lasts_s = self.deploys / rate
        lasts = f"{math.ceil(lasts_s / _MINUTE_S)} min" if lasts_s > 10 * _MINUTE_S else f"{math.ceil(lasts_s)} s"
        if all(one.demand.weights is None for one in every):
            return {"run.duration": lasts}
        own = [nested(table).get("demand", {}) for table in scenario.document.get("variants", {}).values()]
        return {} if any("weights" in one for one in own) else {"run.duration": lasts, "demand.weights": _ALIKE}

    def sets(self, places: Places) -> list[str]:
        """The moved sliders as `--set` has them."""
        return [word for slider, place in self.moved(places) for word in slider.words(place, self.scenario)]

    def sets_text(self, places: Places) -> str:
        """The same for a shell: `--set 'clients.*.up=20 Mbit/s'`."""
        return " ".join(shlex.join(("--set", word)) for word in self.sets(places))

    def words(self, places: Places, runs: int | None = None, whole: bool = False) -> str:
        """The command that asks the same in so many runs; with `whole` of runs that are not cut, as many as usual."""
        part = {} if whole else self.part(places)
        settings = self.sets(places) + [f"{key}={_worded(value)}" for key, value in part.items()]
        made = ["regsim", "compare", *self.asked, *(word for each in settings for word in ("--set", each))]
        return shlex.join(made + ([] if runs is None else ["--runs", str(runs)]))

    def commands(self, places: Places) -> dict[str, str]:
        """The commands that ask the same, of cut runs and of whole ones; the values alone; what is cut, if anything."""
        return {
            "part": self.words(places), "whole": self.words(places, whole=True),
            "set": self.sets_text(places),
            "cut": self._about_part(self.part(places)),
        }  # fmt: skip

    def _about_part(self, part: Mapping[str, Any]) -> str:
        """What runs are where they are cut, and what they lack."""
        if not part:
            return ""
        whole, weights = format_seconds(self.scenario.run.duration_s), self.scenario.demand.weights
        so_many = f"some {self.deploys:,} deploys, so that an answer takes seconds."
        if weights is None:
            return f"Each run here is the first {part['run.duration']} of the scenario's {whole}, {so_many}"
        return (
            f"Each run here is {part['run.duration']} at the mean pace of the scenario's {whole}, all hours alike: "
            f"{so_many} The busiest hour of the whole has {_busiest(weights):.2g} times that pace: what queues only "
            "then is not in these runs."
        )

    def text(self, places: Places) -> str:
        """The scenario there as a file, not cut, each chosen value with its range and what it was before."""
        changes: dict[str, Any] = {}
        for slider, place in self.moved(places):
            before = f"{CHOSEN}; before: {slider.texts[slider.start]}"
            before += f" ({slider.origin})" if slider.origin else ""
            for key, value in slider.settings(place):
                changes[key] = {
                    "value": value, "source": before, "assumption": True, "range": [*slider.limits]
                }  # fmt: skip
        changed = self.scenario.with_(changes, self._rules) if changes else self.scenario
        head = f"# {self.scenario.name.rpartition('/')[2]}, with figures chosen on the page of regsim explore.\n"
        beside = "# Files that it names are looked for from its own folder.\n"
        return "".join(c if c.isprintable() or c == "\n" else "?" for c in head + beside) + "\n".join(
            _tables(changed.document)
        )


def question(
    scenario: Scenario, asked: Sequence[str] = (), deploys: int = DEPLOYS, runs: int = RUNS, seed: int | None = None
) -> Question:  # fmt: skip
    """The question of a scenario. InputError where no figure of it has a range."""
    found = sliders(scenario)
    if not found:
        remedy = 'write one as { value = "5 s", assumption = true, range = ["0 s", "2 min"] }'
        raise InputError(scenario.name, "has no figure with a range, so that there is nothing to move", remedy)
    return Question(scenario, found, tuple(asked), deploys, runs, scenario.run.seed if seed is None else seed)


def _moves_rate(key: str) -> bool:
    """Whether a key may change how many deploys a second there are: so many a host is a rate, too."""
    return split(key)[-1] in ("rate", "batch", "count")


def _goes_on_alike(scenario: Scenario) -> bool:
    """Whether a part of a run stands for the whole: nothing in it happens at a time of its own."""
    demand, run = scenario.demand, scenario.run
    if demand.replay is not None or demand.table is not None or demand.streams or demand.kernel_release is not None:
        return False
    timed = (demand.hours, demand.weekdays, demand.ramp, demand.runs_for_s, demand.at_times)
    if any(each is not None for each in timed) or demand.is_timed or run.warm_up_s or run.steady_state:
        return False
    if demand.weights is not None and not _is_even(demand.weights, run.duration_s):
        return False
    scheduled = any(link.schedule for link in scenario.links.values())
    window = scenario.policies.sync.to_central.name == "window"
    return not (scenario.faults or scheduled or window or scenario.policies.ttl_s or scenario.policies.garbage.every_s)


def _is_even(weights: Sequence[float], duration_s: float) -> bool:
    """Whether a run has all hours of a day equally often, and none in which far more comes than at the mean."""
    return len(weights) == len(_ALIKE) and duration_s % _DAY_S == 0 and _busiest(weights) <= _BUSY


def _busiest(weights: Sequence[float]) -> float:
    """How many times the mean comes in the busiest hour."""
    return max(weights) * len(weights) / sum(weights)


def _worded(value: Any) -> str:
    """A value as `--set` takes it."""
    return f"[{','.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


def _tables(document: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[str]:
    """The lines of a TOML file: single values first, then a heading for each table of tables and what it has."""
    plain = {key: value for key, value in document.items() if not _is_table(value, above)}
    for key, value in plain.items():
        yield f"{toml_key(str(key))} = {toml(value)}"
    for key, value in document.items():
        if key not in plain:
            path = (*above, str(key))
            inside = [*_tables(value, path)]
            if not value or any(not _is_table(each, path) for each in value.values()):
                yield f"\n[{'.'.join(map(toml_key, path))}]"
            yield from inside
    if not above:
        yield ""


def _is_table(value: Any, above: tuple[str, ...]) -> bool:
    return isinstance(value, Mapping) and not is_figure(value) and len(above) < 2
