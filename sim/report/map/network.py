"""What a map shows: places, links between them, hosts in groups at a place, and how much of every link is used.

Hosts of one group that hang on one place by lines of one capacity are drawn once, with their number; the use of a group
is that of its fullest line. From a scenario alone it is what was written; from a run also what was carried. Left out:
caps on copies and disks, which are no links.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sim.network.topology.graphml import read_map
from sim.network.topology.placenames import plain_name
from sim.protocol.spans import spans_of
from sim.result import Result
from sim.scenario import Scenario
from sim.scenario.model.naming import CENTRAL


@dataclass(frozen=True, slots=True)
class Use:
    """What a run made of one direction of a link: shares used, bytes, and for how long it held bodies back."""

    mean: float
    peak: float
    carried_bytes: int
    held_s: float


@dataclass(frozen=True, slots=True)
class Line:
    """A link between two places, or one that stands for a group's: `up` is from `a` to `b`. No use without a run."""

    name: str
    a: str
    b: str
    up_Bps: float
    down_Bps: float
    delay_s: float
    up: Use | None = None
    down: Use | None = None

    @property
    def held_s(self) -> float:
        """How long both directions together held bodies back."""
        return sum(use.held_s for use in (self.up, self.down) if use is not None)


@dataclass(frozen=True, slots=True)
class Group:
    """Hosts of one kind (`central`, `nodes` or `clients`) and group at a place; `line` is the fullest of theirs."""

    kind: str
    name: str
    place: str
    count: int
    line: Line


@dataclass(frozen=True, slots=True)
class Network:
    """Everything on a map. `positions` are degrees (north, east) of the places whose positions are known."""

    title: str
    places: tuple[str, ...]
    lines: tuple[Line, ...]
    groups: tuple[Group, ...]
    positions: Mapping[str, tuple[float, float]]
    ran: bool

    @property
    def bottleneck(self) -> str | None:
        """The link that held bodies back the longest, by name; None where none did, or nothing ran."""
        every = [*self.lines, *(group.line for group in self.groups)]
        worst = max(every, key=lambda line: line.held_s, default=None)
        return None if worst is None or worst.held_s <= 0 else worst.name

    @property
    def placed(self) -> bool:
        """Whether all places of the network have positions on Earth."""
        return len(self.places) > 1 and set(self.places) <= self.positions.keys()


def network(scenario: Scenario, result: Result | None = None) -> Network:
    """What there is to draw of a scenario; with a run of it, how much of each link it used."""
    whose = {CENTRAL: (CENTRAL, CENTRAL)}
    for kind, groups in (("nodes", scenario.nodes), ("caches", scenario.caches), ("clients", scenario.clients)):
        whose |= {host: (kind, key) for key in groups for host in scenario.host_names.of(kind, key)}
    uses = {} if result is None else _uses(result)
    spans = spans_of(scenario)
    degree: dict[str, int] = {}
    for span in spans:
        for end in (span.a, span.b):
            degree[end] = degree.get(end, 0) + 1
    lines: list[Line] = []
    alike: dict[tuple[str, str, str, float, float], list[Line]] = {}
    for span in spans:
        line = Line(span.name, span.a, span.b, span.up_Bps, span.down_Bps, span.delay_s,
                    uses.get(f"{span.name}-up"), uses.get(f"{span.name}-down"))  # fmt: skip
        host = next((end for end in (span.a, span.b) if end in whose and degree[end] == 1), None)
        if host is None:
            lines.append(line)
            continue
        place = span.b if host == span.a else span.a
        which = (*whose[host], place, line.up_Bps, line.down_Bps)
        alike.setdefault(which, []).append(line)
    grouped = [
        Group(kind, name, place, len(found), max(found, key=lambda line: (line.held_s, _peak(line))))
        for (kind, name, place, *_), found in alike.items()
    ]
    # A host that more than one link joins is a place of its own.
    places = [end for line in lines for end in (line.a, line.b)] + [group.place for group in grouped]
    title = scenario.run.title or scenario.name
    variant = "" if scenario.variant_name is None else f", {scenario.variant_name}"
    return Network(
        f"{title}{variant}", tuple(dict.fromkeys(places)), tuple(lines), tuple(grouped), _positions(scenario),
        result is not None,
    )  # fmt: skip


def _peak(line: Line) -> float:
    return max((use.peak for use in (line.up, line.down) if use is not None), default=0.0)


def _uses(result: Result) -> dict[str, Use]:
    """By direction, what it carried."""
    links = result.tables["links"]
    names = ("mean_utilisation", "peak_utilisation", "push_bytes", "pull_bytes", "sync_bytes", "bound_s")
    columns = zip(links.column("link"), *(links.column(name).tolist() for name in names), strict=True)
    return {
        link: Use(mean, peak, pushed + pulled + synced, held_s)
        for link, mean, peak, pushed, pulled, synced, held_s in columns
    }


def _positions(scenario: Scenario) -> dict[str, tuple[float, float]]:
    """Where places are: as the sites say, or else the file that the topology is read from."""
    path = getattr(scenario.topology.parameters, "path", None)
    found = {}
    if path is not None:
        found = {plain_name(name): place for name, place in read_map(path, default_Bps=0.0).positions.items()}
    written = {
        name: (site.latitude, site.longitude) for name, site in scenario.sites.items()
        if site.latitude is not None and site.longitude is not None
    }  # fmt: skip
    return {**found, **written}
