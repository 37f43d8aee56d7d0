"""Critical paths of deploys that got ready, from their rows: their parts in time, and the bodies of bytes on them.

A path has three parts: until the publish, until the node looks for the image, until the image is there; then it boots.
All of it is array arithmetic over the tables' columns, since a run may have a million deploys. Left out: what held a
body back (`held_back`), and every path but the one of the node that was ready last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.accounting.groups import row_of, rows_of_deploys
from sim.scenario import Scenario
from sim.scenario.model.naming import CENTRAL
from sim.tables.codes import Codes, in_order_of_use
from sim.tables.columns import Table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Sums of floats: what is less apart than this is at one instant, s.
INSTANT_S: Final = 1e-9
_PUSH_PHASES: Final = ("login", "checks", "upload", "commit")
#: The parts of a path: until the publish, until the node looks for the image, until the image is there.
_PARTS: Final = ("push", "create", "pull")


class Paths:
    """Deploys that got ready, (n,) each: when which part of their critical paths lay, and what was waited in it.

    `row` gives their place by the deploy's row, -1 for those that are left out; `node` is the code of the node on which
    each was ready last, among `nodes`, -1 where it had no start. With `only`, (n_deploys,), the others are left out.
    """

    def __init__(
        self, tables: Mapping[str, Table], from_s: float, polls: bool, only: NDArray[np.bool_] | None = None
    ) -> None:
        deploys = tables["deploys"]
        counts = ~deploys.column("failed") & np.isfinite(deploys.column("latency_s"))
        counts &= deploys.column("asked_s") >= from_s
        if only is not None:
            counts &= only
        self.at = np.flatnonzero(counts)
        self._deploys = deploys
        place = np.full(len(deploys) + 1, -1, np.int32)
        place[self.at] = np.arange(len(self.at))
        self.row = place[rows_of_deploys(deploys)]
        self.latency_s, self.boot_s = self.column("latency_s"), self.column("boot_s")
        self.asked_s = self.column("asked_s")
        self.pulled_s = self.asked_s + self.latency_s - self.boot_s
        self.pull_s = self.pulled_s - self.column("pull_s")
        self.published_s = self.pull_s - self.column("sync_wait_s")
        #: How long each part of the path took, and what of it was waited, (n,) s each.
        self.lasts_s = {
            "push": self.published_s - self.asked_s, "create": self.pull_s - self.published_s,
            "pull": self.pulled_s - self.pull_s,
        }  # fmt: skip
        pushed_s: Floats = np.sum([self.column(f"{phase}_waited_s") for phase in _PUSH_PHASES], axis=0)
        self.waited_s = {
            "push": pushed_s, "create": self.column("sync_wait_waited_s"), "pull": self.column("pull_waited_s")
        }  # fmt: skip
        self.coalesced = self.column("coalesced_bytes") > 0
        self._last_nodes(tables["starts"], polls)

    def __len__(self) -> int:
        return len(self.at)

    def column(self, name: str) -> Floats:
        """A column of numbers, of these deploys."""
        found: Floats = self._deploys.column(name)[self.at]
        return found

    def codes(self, name: str) -> tuple[Codes, Sequence[str]]:
        """A column of text, of these deploys: codes, (n,), and their entries."""
        codes, entries = self._deploys.codes(name)
        return codes[self.at], entries

    def where(self, name: str, wanted: str) -> NDArray[np.bool_]:
        """Which of these deploys have that text in a column of text, (n,)."""
        found: NDArray[np.bool_] = self._deploys.where(name, wanted)[self.at]
        return found

    def of(self, numbers: Ints) -> NDArray[np.int32]:
        """The place of each deploy by its number, -1 for those that are left out."""
        inside = (numbers >= 0) & (numbers < len(self.row))
        found = np.full(len(numbers), -1, np.int32)
        found[inside] = self.row[numbers[inside]]
        return found

    def _last_nodes(self, starts: Table, polls: bool) -> None:
        """On which node each was ready last, and since when that waited for its image.

        Where the client polls first, the start comes when the image is there: it waited since the publish.
        """
        place = self.of(starts.column("deploy"))
        known = np.flatnonzero(starts.where("kind", "deploy") & (place >= 0))
        ready_s = starts.column("ready_s")[known]
        order = np.lexsort((-known, ready_s, place[known]))
        at = known[order]  # the last of each deploy is what stays
        nodes, self.nodes = starts.codes("node")
        self.node = np.full(len(self), -1, np.int64)
        self.node[place[at]] = nodes[at]
        self.polled = self.where("route", "central") & polls  # what was pushed to its node is there
        asked_s = self.published_s.copy()
        asked_s[place[at]] = starts.column("asked_s")[at]
        self.waits_from_s = np.where(self.polled, self.published_s, asked_s)


class Bodies:
    """The bodies of bytes on the critical paths, and for how long of them.

    `kept` : (n_bodies,) rows of the transfers on a path, `owner` : the path of each; `begins_s` : since when it was on
    it, `each_s`, `each_waited_s` : how long, and waited, `share` : of all of its time; `source`, `target` :
    (n_transfers,) codes of `hosts`. `lasted_s`, `waited_s` : by part of the path, (n_paths,) s; `pushed_to`,
    `pulled_from` : (n_paths,) codes of `hosts` each. Layers that are unpacked count beside the bodies of a pull, as a
    part of their own (`unpack`): `unpacked` has the rows that are on a path, `unpacked_begins_s` since when,
    `unpacked_s` how long of it, `unpacked_waited_s` what of that was waiting.
    """

    def __init__(self, scenario: Scenario, tables: Mapping[str, Table], paths: Paths) -> None:
        transfers, n = tables["transfers"], len(paths)
        self.transfers = transfers
        place = paths.of(transfers.column("deploy"))
        ends = transfers.codes("source"), transfers.codes("target")
        self.hosts, (self.source, self.target) = together((CENTRAL,), *ends)
        started_s, ended_s = transfers.column("started_s"), transfers.column("ended_s")
        known = place >= 0
        push = np.flatnonzero(known & transfers.where("purpose", "push"))
        both = paths.where("route", "both")
        push = push[~(both[place[push]] & (self.target[push] == 0))]
        push = push[ended_s[push] <= paths.published_s[place[push]] + INSTANT_S]
        self.pushed_to = _last(place[push], ended_s[push], self.target[push], n)
        push = push[self.target[push] == self.pushed_to[place[push]]]
        code = {host: at for at, host in enumerate(self.hosts)}
        clients, names = paths.codes("client")
        client = np.array([code.get(name, -1) for name in names], np.int64)[clients]
        node = np.array([*(code.get(name, -1) for name in paths.nodes), -1])[paths.node]
        pull = np.flatnonzero(known & transfers.where("purpose", "pull"))
        builds = self.target[pull] == client[place[pull]]  # a kernel that the client builds with is the push's
        kernel, pull = pull[builds], pull[~builds]
        push = np.concatenate((push, kernel[ended_s[kernel] <= paths.published_s[place[kernel]] + INSTANT_S]))
        here = (node[place[pull]] == -1) | (self.target[pull] == node[place[pull]])
        here &= ended_s[pull] > paths.pull_s[place[pull]] + INSTANT_S
        here &= ended_s[pull] <= paths.pulled_s[place[pull]] + INSTANT_S  # an instance that wakes may pull again
        pull, ahead = pull[here], pull[ended_s[pull] <= paths.pull_s[place[pull]] + INSTANT_S]
        self.pulled_from = _last(place[pull], ended_s[pull], self.source[pull], n)
        copy = np.concatenate((np.flatnonzero(known & transfers.where("purpose", "sync")), ahead))
        joined, joining = self._joined(tables, paths, pull, node)
        self._unpacks = tables.get("unpacks")
        unpacked, waiting = _unpacked(self._unpacks, paths, n)
        count = len(started_s)
        if self._unpacks is not None:  # layers that are unpacked stand beside bodies, behind them in number
            started_s = np.concatenate((started_s, self._unpacks.column("started_s")))
            ended_s = np.concatenate((ended_s, self._unpacks.column("ended_s")))
        unpacked = unpacked + count
        parts: tuple[tuple[Ints, Any, Floats, Floats], ...] = (
            (push, place[push], paths.asked_s, paths.published_s),
            (copy, place[copy], np.minimum(paths.waits_from_s, paths.pull_s), paths.pull_s),
            (
                np.concatenate((pull, joined, unpacked)), np.concatenate((place[pull], joining, waiting)), paths.pull_s,
                paths.pulled_s,
            ),
        )  # fmt: skip
        found = [_critical(which, owner, started_s, ended_s, low_s, high_s) for which, owner, low_s, high_s in parts]
        which, owner, begins_s, each_s = found[2]
        is_body = which < count
        found[2] = which[is_body], owner[is_body], begins_s[is_body], each_s[is_body]
        self._unpacking(which[~is_body] - count, owner[~is_body], begins_s[~is_body], each_s[~is_body], n)
        self.kept, self.owner, self.begins_s, self.each_s = (
            np.concatenate(each) for each in zip(*found, strict=True)
        )  # fmt: skip
        whole_s = ended_s[self.kept] - started_s[self.kept]
        self.share = np.divide(self.each_s, whole_s, out=np.zeros(len(whole_s)), where=whole_s > 0)
        self.each_waited_s = np.minimum(transfers.column("waited_s")[self.kept] * self.share, self.each_s)
        edges = np.cumsum([0, *(len(each[0]) for each in found)])
        part = {name: slice(low, high) for name, (low, high) in zip(_PARTS, pairwise(edges), strict=True)}
        self.lasted_s |= {name: np.bincount(self.owner[at], self.each_s[at], n) for name, at in part.items()}
        self.waited_s |= {name: np.bincount(self.owner[at], self.each_waited_s[at], n) for name, at in part.items()}

    def _unpacking(self, kept: Ints, owner: Ints, begins_s: Floats, each_s: Floats, n: int) -> None:
        """Layers whose unpacking is on a path: their rows, whose path, since when, how long, and what of it waited."""
        self.unpacked, self.unpacked_begins_s, self.unpacked_s = kept, begins_s, each_s
        self.unpacked_waited_s = np.zeros(0)
        if self._unpacks is not None:
            self.unpacked_waited_s = np.minimum(self._unpacks.column("waited_s")[kept], each_s)
        self.lasted_s = {"unpack": np.bincount(owner, each_s, n)}
        self.waited_s = {"unpack": np.bincount(owner, self.unpacked_waited_s, n)}

    def _joined(self, tables: Mapping[str, Table], paths: Paths, pull: Ints, node: Ints) -> tuple[Ints, Ints]:
        """What other deploys fetched for those that joined their fetches: the bodies, and who joined."""
        joining = np.flatnonzero(paths.coalesced)
        if not len(joining):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        transfers, deploys = self.transfers, tables["deploys"]
        repositories, names = deploys.codes("repository")
        numbers, ended_s = transfers.column("deploy"), transfers.column("ended_s")
        pulls = np.flatnonzero(transfers.where("purpose", "pull"))
        row = row_of(rows_of_deploys(deploys), numbers[pulls])
        pulls, row = pulls[row >= 0], row[row >= 0]
        by_end = np.argsort(ended_s[pulls], kind="stable")
        pulls, row, n = pulls[by_end], row[by_end], len(by_end) + 1
        # What is fetched where, and among that what ended when: those that a start joined are neighbours.
        place = (self.target[pulls].astype(np.int64) * len(names) + repositories[row]) * n + np.arange(n - 1)
        order = np.argsort(place)
        ours = (node[joining] * len(names) + repositories[paths.at[joining]]) * n
        low = np.searchsorted(ended_s[pulls], paths.pull_s[joining], side="right")
        high = np.searchsorted(ended_s[pulls], paths.pulled_s[joining] + INSTANT_S, side="right")
        first, end = (np.searchsorted(place[order], ours + at) for at in (low, high))
        counts = np.maximum(end - first, 0)
        who = np.repeat(np.arange(len(joining)), counts)
        turn = np.arange(len(who)) - np.repeat(np.cumsum(counts) - counts, counts)
        fetched, joined = pulls[order[first[who] + turn]], joining[who]
        others = numbers[fetched] != paths.column("deploy")[joined]
        return fetched[others], joined[others]


def _unpacked(unpacks: Table | None, paths: Paths, n: int) -> tuple[Ints, Ints]:
    """Layers that may be on a path's pull: its own deploy's on its node, and what another's pull unpacked there until
    this one had its image. Their rows, and whose path."""
    if unpacks is None or not len(unpacks) or not n:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    codes, names = unpacks.codes("node")
    known = {name: at for at, name in enumerate(paths.nodes)}
    node = np.array([known.get(name, -2) for name in names], np.int64)[codes]
    owner = paths.of(unpacks.column("deploy")).astype(np.int64)
    own = np.flatnonzero((owner >= 0) & (node == paths.node[owner]))
    found, whose = [own], [owner[own]]
    ended_s = unpacks.column("ended_s")  # rows are in the order in which they ended
    for at in np.unique(node[node >= 0]).tolist():
        rows, waits = np.flatnonzero(node == at), np.flatnonzero(paths.node == at)
        low = np.searchsorted(ended_s[rows], paths.pulled_s[waits] - INSTANT_S)
        count = np.searchsorted(ended_s[rows], paths.pulled_s[waits] + INSTANT_S, side="right") - low
        path = np.repeat(waits, count)
        row = rows[np.repeat(low - np.cumsum(count) + count, count) + np.arange(len(path))]
        found.append(row[owner[row] != path])
        whose.append(path[owner[row] != path])
    return np.concatenate(found), np.concatenate(whose)


def _critical(
    which: Ints, owner: Ints, started_s: Floats, ended_s: Floats, low_s: Floats, high_s: Floats
) -> tuple[Ints, Ints, Floats, Floats]:
    """Of bodies `which`, of paths `owner`, those on the path between two times: they, their path, since when, how long.

    From the end backwards: the one that ends last, then the one that ended last before that one began, and so on.
    """
    lasts = ended_s[which] > started_s[which]
    which, owner = which[lasts], owner[lasts]
    order = np.lexsort((started_s[which], -ended_s[which], owner))
    which, owner = which[order], owner[order]
    first = np.flatnonzero(np.append(True, owner[1:] != owner[:-1])) if len(owner) else np.empty(0, np.int64)
    turn = np.arange(len(owner)) - np.repeat(first, np.diff(np.append(first, len(owner))))
    until_s, began_s, lasted_s = high_s.copy(), np.zeros(len(owner)), np.zeros(len(owner))
    by_turn = np.argsort(turn, kind="stable")
    edges = np.searchsorted(turn[by_turn], np.arange(int(turn.max(initial=-1)) + 2))
    for low, high in pairwise(edges):
        at = by_turn[low:high]
        path = owner[at]
        begins_s = np.maximum(started_s[which[at]], low_s[path])
        on_path = (ended_s[which[at]] <= until_s[path] + INSTANT_S) & (ended_s[which[at]] > begins_s)
        at, path, begins_s = at[on_path], path[on_path], begins_s[on_path]
        began_s[at] = begins_s
        lasted_s[at] = np.maximum(np.minimum(ended_s[which[at]], until_s[path]) - begins_s, 0.0)
        until_s[path] = begins_s
    kept = lasted_s > 0
    return which[kept], owner[kept], began_s[kept], lasted_s[kept]


def _last(owner: Ints, ended_s: Floats, values: Ints, n: int) -> Ints:
    """Of each owner the value that ended last, (n,); 0 where it has none."""
    order = np.lexsort((ended_s, owner))
    found = np.zeros(n, np.int64)
    found[owner[order]] = values[order]
    return found


def together(first: Sequence[str], *columns: tuple[Codes, Sequence[str]]) -> tuple[list[str], list[Codes]]:
    """The distinct entries of columns of text together, and each column's codes of these.

    Those of `first` stand before all others, which come in the order in which they are used.
    """
    used = [[entries[at] for at in in_order_of_use(codes, len(entries)).tolist()] for codes, entries in columns]
    code = {entry: at for at, entry in enumerate(dict.fromkeys(chain(first, *used)))}
    return [*code], [
        np.fromiter(map(code.__getitem__, entries), np.int32, len(entries))[codes] for codes, entries in columns
    ]
