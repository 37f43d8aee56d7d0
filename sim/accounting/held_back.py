"""What held deploys back: the seconds of their critical paths, by the link, disk, window, worker or wait they went to.

A deploy's phases partition its critical path: that of its last-ready node, and of the slowest target of its push.
Within them the bodies of bytes on that path stand in the transfers: of bodies side by side the one that ends last
counts, and before it the one that ended last before it began. What held a body back the longest (its `bound_by`) gets
the seconds for which it did (`bound_s`), whether the body shared or was alone; the rest of the body's time is
`several`. What a phase's requests waited for workers is the registry's that was asked; where that refused some, it is
its `limits`', with what they waited to be sent again. While a start waits for an image, the time until the copy begins
is `copies`, then the copy's bodies count like others. What is left is `requests` (of the push, of creating the instance
and of the pull: round trips, service, opening connections, slow start, and bodies too small to be held back) and
`boot`, so that all of it adds up to the deploys' latencies. Deploys that failed are left out.

A copy begins so long after its publish as its trigger says; what it waited beyond that for a worker of the copies is
the waited part of `copies`. Left out: what else than the longest held a body back, and for what a fetch waited while a
client polled for what it brings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sim.accounting.critical_paths import INSTANT_S, Bodies, Floats, Paths, together
from sim.accounting.groups import client_groups, node_groups
from sim.scenario import Scenario
from sim.scenario.effects.summary import polls
from sim.scenario.model.naming import CENTRAL
from sim.tables.columns import Table


class Holder(NamedTuple):
    """What held back: a kind of thing, and the group or link that it belongs to.

    Kinds: `client up`, `client down`, `node up`, `node down`, `central up`, `central down` (lines), `link` (between
    places), `disk`, `cores` (of nodes that decompress layers), `window` (one TCP connection's), `cap` (on copies),
    `workers` (requests waiting), `limits` (those refused, and sent again), `turns` (pulls that wait for others on their
    node), `copies` (waiting until one begins), `outages` (and retries), `several`, `requests` (of `push`, `create` or
    `pull`), `boot`.
    """

    kind: str
    group: str = ""


class Held(NamedTuple):
    """`held_s` seconds of critical paths, of which `waited_s` would not have been on idle links and registries."""

    holder: Holder
    held_s: float
    waited_s: float


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What held back the deploys of a run that got ready, so many of them: the most first."""

    deploys: int
    parts: tuple[Held, ...]

    @property
    def total_s(self) -> float:
        """All their latencies together."""
        return sum(part.held_s for part in self.parts)

    @property
    def mean_s(self) -> float:
        """Their mean latency; NaN if none got ready."""
        return self.total_s / self.deploys if self.deploys else float("nan")

    def to_json(self) -> dict[str, Any]:
        """Values that JSON holds exactly."""
        return {
            "deploys": self.deploys, "parts": [[*part.holder, part.held_s, part.waited_s] for part in self.parts]
        }  # fmt: skip

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        parts = (
            Held(Holder(str(kind), str(group)), float(held_s), float(waited_s))
            for kind, group, held_s, waited_s in document["parts"]
        )
        return cls(int(document["deploys"]), tuple(parts))


NOTHING_HELD: Final = HeldBack(0, ())


def mean_held(runs: Sequence[HeldBack]) -> tuple[Held, ...]:
    """What held deploys back in several runs: seconds a run, the most first."""
    sums: dict[Holder, list[float]] = {}
    for run in runs:
        for part in run.parts:
            found = sums.setdefault(part.holder, [0.0, 0.0])
            found[0] += part.held_s / len(runs)
            found[1] += part.waited_s / len(runs)
    return tuple(sorted((Held(holder, *both) for holder, both in sums.items()), key=lambda held: -held.held_s))


def to_json(parts: Sequence[Held]) -> list[dict[str, Any]]:
    """As documents have them: `share` is of the deploys' latencies together."""
    total_s = sum(part.held_s for part in parts)
    return [
        {
            "kind": part.holder.kind, "group": part.holder.group, "seconds": part.held_s, "waited_s": part.waited_s,
            "share": part.held_s / total_s,
        }
        for part in parts
    ]  # fmt: skip


SEVERAL: Final = Holder("several")
BOOT: Final = Holder("boot")
COPIES: Final = Holder("copies")
OUTAGES: Final = Holder("outages")


def held_back(
    scenario: Scenario, tables: Mapping[str, Table], from_s: float, outages: Sequence[tuple[float, float]] = (),
    only: NDArray[np.bool_] | None = None,
) -> HeldBack:  # fmt: skip
    """By what deploys asked for from `from_s` on were held back, s summed over them, the most first.

    With `only`, (n_deploys,), of these alone. `outages` are times in which something was broken: what deploys of these
    times waited and no link, disk or copy explains is theirs.
    """
    paths = Paths(tables, from_s, polls(scenario), only)
    owners = _Owners(scenario, tables["links"])
    sums: dict[Holder, list[float]] = {}

    def add(holder: Holder, held_s: float, waited_s: float = 0.0) -> None:
        found = sums.setdefault(holder, [0.0, 0.0])
        found[0] += held_s
        found[1] += waited_s

    bodies = Bodies(scenario, tables, paths)
    broken = _during(paths, outages)
    limits = tables["limits"]
    refused = zip(limits.column("registry"), limits.column("refused"), strict=True)
    refusing = {host for host, count in refused if count}
    for holder, held_s, waited_s in _by_holder(bodies, owners, broken):
        add(holder, held_s, waited_s)
    for holder, held_s, waited_s in _of_unpacks(tables, bodies, owners):
        add(holder, held_s, waited_s)
    for part, registry in (("push", bodies.pushed_to), ("pull", bodies.pulled_from)):
        left_s = paths.lasts_s[part] - bodies.lasted_s[part]
        waits_s = paths.waited_s[part] - bodies.waited_s[part]
        if part == "pull":
            left_s, waits_s = left_s - bodies.lasted_s["unpack"], waits_s - bodies.waited_s["unpack"]
        waits_s = np.clip(waits_s, 0.0, left_s)
        waits_s[waits_s < INSTANT_S] = 0.0
        if part == "pull" and len(tables["turns"]):
            for node, turn_s in _turns_s(tables["turns"], paths, waits_s):
                add(Holder("turns", owners.registry(node)), *[float(turn_s.sum())] * 2)
                waits_s, left_s = waits_s - turn_s, left_s - turn_s
        add(OUTAGES, *[float(waits_s[broken].sum())] * 2)
        for code in np.unique(registry[waits_s > 0]):
            mine_s = float(waits_s[(registry == code) & ~broken].sum())
            kind = "limits" if bodies.hosts[code] in refusing else "workers"
            add(Holder(kind, owners.registry(bodies.hosts[code])), mine_s, mine_s)
        add(Holder("requests", part), float((left_s - waits_s).sum()))
    left_s = paths.lasts_s["create"] - bodies.lasted_s["create"]
    not_begun_s, retried_s = _copies_s(tables["syncs"], paths, left_s)
    left_s = left_s - not_begun_s - retried_s
    # The delay of copies is theirs on idle links, too: only what they began later than that was waited.
    waits_s = np.maximum(paths.waited_s["create"] - bodies.waited_s["create"], 0.0)
    add(COPIES, float(not_begun_s.sum()), float(np.minimum(waits_s, not_begun_s).sum()))
    lost_s = retried_s + np.where(broken, np.clip(waits_s - not_begun_s - retried_s, 0.0, left_s), 0.0)
    add(OUTAGES, *[float(lost_s.sum())] * 2)
    add(Holder("requests", "create"), float((left_s + retried_s - lost_s).sum()))
    add(BOOT, float(paths.boot_s.sum()))
    found = [Held(holder, *both) for holder, both in sums.items() if both[0] > INSTANT_S]
    return HeldBack(len(paths), tuple(sorted(found, key=lambda held: (-held.held_s, held.holder))))


class _Owners:
    """Whose a link, a disk or a window is."""

    def __init__(self, scenario: Scenario, links: Table) -> None:
        self._groups = {host: ("client", key) for host, key in client_groups(scenario).items()}
        self._groups |= {host: ("node", key) for host, key in node_groups(scenario).items()}
        self._groups[CENTRAL] = ("central", "")
        ends = zip(links.column("link"), links.column("tail"), links.column("head"), strict=True)
        self._links = {name: self._link(name, tail, head) for name, tail, head in ends}
        self._job_rate = scenario.policies.sync.job_Bps is not None

    def _link(self, name: str, tail: str, head: str) -> Holder:
        for host, way in ((tail, "up"), (head, "down")):
            if host in self._groups:
                kind, key = self._groups[host]
                return Holder(f"{kind} {way}", key)
        return Holder("link", name.removesuffix("-up").removesuffix("-down"))

    def registry(self, host: str) -> str:
        """`central`, or the group of a node."""
        return self._groups.get(host, ("", host))[1] or CENTRAL

    def holder(self, bound_by: str, purpose: str, source: str, target: str) -> Holder:
        """What `bound_by` means for a body from one host to another."""
        if bound_by == "cap":
            if purpose == "sync" and self._job_rate:
                return Holder("cap", "job_rate")
            return Holder("window", f"{self.registry(source)} to {self.registry(target)}")
        if bound_by in self._links:
            return self._links[bound_by]
        if bound_by.endswith("-disk"):
            return Holder("disk", self.registry(bound_by.removesuffix("-disk")))
        if bound_by.startswith("copies "):
            return Holder("cap", bound_by.removeprefix("copies "))
        return (
            Holder("requests", purpose if purpose != "sync" else "create") if not bound_by else Holder("link", bound_by)
        )


def _of_unpacks(
    tables: Mapping[str, Table], bodies: Bodies, owners: _Owners
) -> list[tuple[Holder, float, float]]:  # fmt: skip
    """By what held back the unpacking of layers: a node's cores, all or those that one layer uses, or a disk."""
    if not len(bodies.unpacked):
        return []
    unpacks, found = tables["unpacks"], []
    bound, names = unpacks.codes("bound_by")
    node, hosts = unpacks.codes("node")
    key = bound[bodies.unpacked].astype(np.int64) * len(hosts) + node[bodies.unpacked]
    for one in np.unique(key).tolist():
        mine = key == one
        name, group = names[one // len(hosts)], owners.registry(hosts[one % len(hosts)])
        holder = Holder("disk", group) if name.endswith("-disk") else Holder("cores", group)
        found.append((holder, float(bodies.unpacked_s[mine].sum()), float(bodies.unpacked_waited_s[mine].sum())))
    return found


def _by_holder(bodies: Bodies, owners: _Owners, broken: NDArray[np.bool_]) -> list[tuple[Holder, float, float]]:
    """By what held bodies back: for how long, and what of it was waiting for others.

    What nothing is said to have held is small, or it broke off: of `broken` paths it is the outages'.
    """
    transfers = bodies.transfers
    names, (bound,) = together((), transfers.codes("bound_by"))
    kinds, (purpose,) = together((), transfers.codes("purpose"))
    unbound = bound[bodies.kept] == (names.index("") if "" in names else -1)
    lost = unbound & broken[bodies.owner]
    lost_s, lost_waited_s = (float(each[lost].sum()) for each in (bodies.each_s, bodies.each_waited_s))
    kept, each_s, each_waited_s, share = (
        each[~lost] for each in (bodies.kept, bodies.each_s, bodies.each_waited_s, bodies.share)
    )
    bound_s = np.minimum(transfers.column("bound_s")[kept] * share, each_s)
    small = unbound[~lost]
    bound_s[small] = each_s[small]
    shape = (len(names), len(kinds), len(bodies.hosts), len(bodies.hosts))
    # What holds a body is known by its name alone, but for windows, which are those of two ends.
    cap = bound[kept] == (names.index("cap") if "cap" in names else -1)
    source, target = (np.where(cap, ends[kept], 0) for ends in (bodies.source, bodies.target))
    key = np.ravel_multi_index((bound[kept], np.where(cap, purpose[kept], 0), source, target), shape)
    which, at = np.unique(key, return_inverse=True)
    of_bound = each_waited_s * np.divide(bound_s, each_s, out=np.zeros(len(key)), where=each_s > 0)
    sums = np.bincount(at, bound_s, len(which)), np.bincount(at, of_bound, len(which))
    found = [(OUTAGES, lost_s, lost_waited_s)]
    for one, held_s, waited_s in zip(which, *sums, strict=True):
        name, kind, out, into = (int(each) for each in np.unravel_index(one, shape))
        holder = owners.holder(names[name], kinds[kind], bodies.hosts[out], bodies.hosts[into])
        found.append((holder, float(held_s), float(waited_s)))
    rest_s, rest_waited_s = each_s - bound_s, each_waited_s - of_bound
    return [*found, (SEVERAL, float(rest_s.sum()), float(rest_waited_s.sum()))]


def _copies_s(syncs: Table, paths: Paths, left_s: Floats) -> tuple[Floats, Floats]:
    """How long starts waited until the copy of their image began, and for copies that broke, (n_paths,) s each.

    No more than is `left_s`. A start that waits for a copy which another deploy set going waits until it is there; a
    client that polls for what no copy brings has it fetched meanwhile, and waits for none.
    """
    n = len(paths)
    begun_s, attempts = np.full(n, np.nan), np.zeros(n)
    place = paths.of(syncs.column("deploy"))
    waits = paths.pull_s - paths.waits_from_s > INSTANT_S
    committed_s = syncs.column("committed_s")
    ours = np.flatnonzero(place >= 0)
    ours = ours[committed_s[ours] <= paths.pull_s[place[ours]] + INSTANT_S]
    ours = ours[np.lexsort((committed_s[ours], place[ours]))]
    begun_s[place[ours]] = syncs.column("started_s")[ours]
    attempts[place[ours]] = syncs.column("attempts")[ours]
    waits &= ~(np.isnan(begun_s) & paths.polled)
    until_s = np.where(np.isnan(begun_s), paths.pull_s, begun_s)
    not_begun_s = np.where(waits, np.clip(until_s - paths.waits_from_s, 0.0, left_s), 0.0)
    whole_s = np.where(waits, paths.pull_s - paths.waits_from_s, 0.0)
    rest_s = np.clip(np.minimum(whole_s, left_s) - not_begun_s, 0.0, None)
    return not_begun_s, np.where(attempts > 1, rest_s, 0.0)


def _turns_s(turns: Table, paths: Paths, waits_s: Floats) -> list[tuple[str, Floats]]:
    """By node, how long the paths that lead to it waited for a turn to pull, (n_paths,) s each, no more than `waits_s`.

    One that was refused waited as long as it did at all.
    """
    place, (code, nodes) = paths.of(turns.column("deploy")), turns.codes("node")
    wait_s = np.where(turns.column("refused"), np.inf, turns.column("began_s") - turns.column("asked_s"))
    named = np.array([*paths.nodes, ""])[paths.node]
    found = []
    for at, node in enumerate(nodes):
        ours = np.flatnonzero((place >= 0) & (code == at))
        ours = ours[named[place[ours]] == node]
        if len(ours):
            summed_s = np.zeros(len(paths))
            np.add.at(summed_s, place[ours], wait_s[ours])
            found.append((node, np.minimum(summed_s, waits_s)))
    return found


def _during(paths: Paths, outages: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    """Which paths overlap one of these times."""
    found = np.zeros(len(paths), bool)
    for from_s, until_s in outages:
        found |= (paths.asked_s < until_s) & (paths.asked_s + paths.latency_s > from_s)
    return found
