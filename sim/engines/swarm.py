"""The swarm of a run, where its nodes form one: what the text of `sim.protocol.ops.swarms` asks its engine.

Host n of the swarm is registry n. Layers under way are each in one repository.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sim.contrib.swarm import Attached, Ended, Leg, Rules, Swarm
from sim.protocol.build import Built
from sim.protocol.codes import (
    SWARM_ASKED,
    SWARM_CAPACITY,
    SWARM_FINDS,
    SWARM_JOINS,
    SWARM_LEAVES,
    SWARM_REPORTS,
    SWARM_RUNS,
)
from sim.protocol.routes import Routes
from sim.records.cells import cell, lengthen, number_at, set_cells
from sim.records.layout import State

#: A layer under way: its repository and blob, by number.
Key = tuple[int, int]


def swarm_answers(built: Built, compiled: bool) -> dict[int, Callable[[State, int, int, int], None]]:
    """What answers for the swarm of a run, as machine code or not; nothing where there is none."""
    if built.swarm is None:
        return {}
    return {SWARM_ASKED: Torrents(_swarm(built.routes, *built.swarm, compiled)).answer}


class Torrents:
    """The layers under way, and the tasks that wait for them."""

    def __init__(self, swarm: Swarm) -> None:
        self._swarm = swarm
        self._under_way: dict[Key, int] = {}
        self._fetching: dict[int, tuple[int, Key]] = {}
        self._ended: Sequence[Ended] = ()
        self._answers: Final[Mapping[int, Callable[[State, int, int], None]]] = {
            SWARM_FINDS: self._find, SWARM_JOINS: self._join, SWARM_RUNS: self._go_on, SWARM_REPORTS: self._report,
            SWARM_LEAVES: self._leave, SWARM_CAPACITY: self._set_capacity,
        }  # fmt: skip

    def answer(self, state: State, asked: int, b: int, c: int) -> None:
        """As text asks; see `sim.protocol.state`."""
        self._answers[asked](state, b, c)

    def _find(self, state: State, b: int, c: int) -> None:
        if not cell(state, "swarm", 0, "driven"):  # hosts' turns to announce went on while nobody was fetching
            self._swarm.run(cell(state, "g", 0, "now_s"))
        set_cells(state, "swarm", 0, {"known": int(_key(state) in self._under_way)})

    def _join(self, state: State, holders: int, c: int) -> None:
        key, upstream = _key(state), int(cell(state, "swarm", 0, "upstream"))
        if key not in self._under_way:
            size_bytes = int(cell(state, "swarm", 0, "size_bytes"))
            having = [int(number_at(state, "holders", at)) for at in range(holders)]
            self._under_way[key] = self._swarm.torrent(size_bytes, upstream, having)
        member = self._swarm.join(
            self._under_way[key], int(cell(state, "swarm", 0, "host")), cell(state, "g", 0, "now_s"),
            cell(state, "swarm", 0, "tracker_s"),
        )  # fmt: skip
        self._fetching[member] = int(cell(state, "swarm", 0, "task")), key

    def _go_on(self, state: State, b: int, c: int) -> None:
        if not self._fetching:
            set_cells(state, "swarm", 0, {"driven": 0})
            return
        until_s = float(cell(state, "swarm", 0, "until_s"))
        self._ended = self._swarm.run(until_s)
        set_cells(state, "swarm", 0, {"at_s": float(self._ended[0].at_s) if self._ended else until_s})

    def _report(self, state: State, b: int, c: int) -> None:
        ended, self._ended = self._ended, ()
        self._report_of(state, ended)

    def _leave(self, state: State, registry: int, lost: int) -> None:
        self._report_of(state, self._swarm.leave(registry, cell(state, "g", 0, "now_s"), bool(lost)))

    def _set_capacity(self, state: State, link: int, c: int) -> None:
        self._swarm.set_capacity(link, cell(state, "swarm", 0, "capacity_Bps"), cell(state, "g", 0, "now_s"))

    def _report_of(self, state: State, ended: Sequence[Ended]) -> None:
        """Write down who is to hear of what; layers that nobody fetches any more are dropped."""
        heard = [(one, *self._fetching.pop(one.member)) for one in ended if one.member in self._fetching]
        fetched = {key for _, key in self._fetching.values()}
        for key in dict.fromkeys(key for _, _, key in heard if key not in fetched):
            self._swarm.drop(self._under_way.pop(key), cell(state, "g", 0, "now_s"))
        lengthen(state, "swarm_ended", len(heard))
        lengthen(state, "swarm_shares", sum(len(one.shares) for one, _, _ in heard))
        first = 0
        for at, (one, task, _) in enumerate(heard):
            row = {"task": task, "at_s": one.at_s, "failed": int(one.failed), "first_share": first}
            set_cells(state, "swarm_ended", at, row | {"shares": len(one.shares)})
            for share in one.shares:
                set_cells(state, "swarm_shares", first, share._asdict())
                first += 1
        set_cells(state, "swarm", 0, {"ended": len(heard)})


def _key(state: State) -> Key:
    return int(cell(state, "swarm", 0, "repository")), int(cell(state, "swarm", 0, "blob"))


def _swarm(routes: Routes, rules: Rules, seed: int, compiled: bool) -> Swarm:
    """A swarm on a run's network: hosts hang on places, places are joined by routes."""
    graph = routes.graph
    places: dict[str, int] = {}
    hosts = []
    for number, host in enumerate(routes.hosts[: routes.registries]):
        leaf, disk = graph.leaf(host.name), (routes.disk(number),)
        if leaf is None:
            place = places.setdefault(host.name, len(places))
            hosts.append(Attached(place, 0.0, disk, disk, host.window_bytes))
            continue
        up, down = graph.links[leaf[0]], graph.links[leaf[1]]
        place = places.setdefault(up.head, len(places))
        delay_s = (up.delay_s + down.delay_s) / 2
        hosts.append(Attached(place, delay_s, (*disk, leaf[0]), (leaf[1], *disk), host.window_bytes))
    legs = [[Leg(*graph.route(a, b)) for b in places] for a in places]
    return Swarm(rules, routes.capacity_Bps, hosts, legs, seed, compiled)
