"""The rows of a run that has ended, as the tables of a result.

Rows come in the order in which they ended. Names take the place of numbers as codes with a dictionary, never as a list
of text. Left out: which deploy is of which stream, which the demand knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.engines.collected import ENDED, Collected, Columns, narrow
from sim.engines.limits import limits, pulls_begun
from sim.engines.reasons import REASONS
from sim.engines.rows_of_nodes import CONTENTS, loads, unpacks
from sim.engines.usage import BIN_S, LaneBytes, Usage, ended_s, held_s, hops, lane_bytes, offered_bytes, on_links, usage
from sim.protocol.codes import N_PHASES, START_ONLY, UNBOUND
from sim.protocol.names import Names
from sim.records.layout import State as Rows
from sim.records.layout import used
from sim.registry.replication import State
from sim.tables.codes import LazyTexts
from sim.tables.columns import Table
from sim.tables.rows import ENDS, PULL, START, SYNC_WAIT, new_tables

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: A column of text: codes (n,) and their words.
Text = tuple[NDArray[Any], Sequence[str]]

_PARTS: Final = ("phases", "waited")
#: Words by number, as `protocol.state` counts them.
PURPOSES: Final = ("push", "pull", "sync")
ROUTES: Final = ("central", "node-direct", "both", START)
KINDS_OF_STARTS: Final = ("deploy", "wake")
STATES: Final = tuple(map(str, State))
DROPPED: Final = ("evicted", "expired", "removed", "collected", "broken")


def tables_of(
    state: Rows, names: Names, stored_bytes: Sequence[int], collected: Collected | None = None, asked: bool = True
) -> dict[str, Table]:
    """The tables of a run that has ended; `stored_bytes` : (n_registries,) what each registry holds in the end.

    `collected` has the rows that were taken out of the state before. Those of deploys are taken out now, unless nobody
    was `asked` for any.
    """
    rows = collected or Collected()
    tables = new_tables(rows.on_disk)
    if asked:
        tables["deploys"].fill(_deploys(rows.columns(state, *ENDED), state, names))
    for name, made in (("starts", _starts), ("syncs", _syncs), ("drops", _drops)):
        taken = rows.columns(state, name)
        taken.sort(ENDS[name])
        tables[name].fill(made(taken, state, names))
    tables["unpacks"].fill(unpacks(state, names))
    tables["loads"].fill(loads(state, names))
    transfers = rows.columns(state, "transfers")
    transfers.sort(ENDS["transfers"])
    bins = usage(state, names, transfers, rows)
    by_lane = lane_bytes(state, transfers)
    tables["links"].fill(_links(state, names, bins, by_lane, transfers))
    tables["utilisation"].fill(
        ((narrow(bins.link), names.links), bins.bin * BIN_S, bins.carried_bytes, bins.utilisation)
    )
    tables["registries"].fill(_registries(state, names, by_lane, stored_bytes))
    tables["transfers"].fill(_transfers(transfers, state, names))
    tables["lanes"].fill(_lanes(state, names))
    tables["lists"].fill(_lists(rows.columns(state, "tag_changes"), state, names))
    tables["limits"].fill(limits(state, names))
    tables["turns"].fill(pulls_begun(rows.columns(state, "pulls_begun"), names))
    return tables


def stored_bytes(state: Rows) -> list[int]:
    """Bytes of distinct blobs that each registry holds, (n_registries,)."""
    keys = state["held"] - 1
    keys = keys[keys >= 0]
    blob = keys & ((1 << 31) - 1)
    registry = state["places"]["registry"][keys >> 31].astype(np.int64)
    pairs = np.sort(registry << 31 | blob)  # `np.unique` would hash them, which takes ten times as long here
    pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]
    rows = state["registries"]
    found = np.bincount(pairs >> 31, state["blobs"]["size_bytes"][pairs & ((1 << 31) - 1)], len(rows))
    total: list[int] = found.astype(np.int64).tolist()
    return total


def _deploys(ended: Columns, state: Rows, names: Names) -> Iterator[Any]:
    """A column at a time: of a long run there is no memory for more. The state's own rows are gone after that.

    `ended` has their numbers as they ended, with their phases: `deploy_phases_s.0` and so on.
    """
    rows = _taken(state, "deploys")
    place = np.argsort(rows["ended_s"][ended["ended"]], kind="stable")
    order = ended["ended"][place]
    reason, route = rows["reason"][order], narrow(rows["route"][order])
    failed, had = reason != 0, rows["missing"][order] == 0
    asked_s, ended_s = rows["at_s"][order], rows["ended_s"][order]
    client = rows["client"][order]
    yield from (narrow(order), asked_s, ended_s, (narrow(client), names.machines), _named(names.sites, client))
    yield narrow(_repository(state, rows["name"][order])), names.repositories
    yield narrow(rows["kind"][order]), names.kinds
    yield route, ROUTES
    yield rows["update"][order] != 0
    yield from (narrow(rows[name][order]) for name in ("kernel", "nodes"))
    yield failed
    yield _reasons(state, reason)
    yield np.where(failed, np.inf, ended_s - asked_s)
    yield rows["client_latency_s"][order]
    yield np.where(route == START_ONLY, np.nan, rows["push_s"][order])
    yield np.where(had, rows["pull_s"][order], np.inf)
    for part in _PARTS:
        yield from (ended[f"deploy_{part}_s.{phase}"][place] for phase in range(N_PHASES))
    yield from (narrow(rows[name][order]) for name in ("pushed_bytes", "pulled_bytes"))
    yield narrow(rows["pushed_saved_bytes"][order] + rows["saved_bytes"][order])
    yield from (narrow(rows[name][order]) for name in ("coalesced_bytes", "stale_starts"))
    lag_s = (ended[f"deploy_phases_s.{SYNC_WAIT}"] + ended[f"deploy_phases_s.{PULL}"])[place]
    yield np.where(route == START_ONLY, np.nan, np.where(had, lag_s, np.inf))


def _taken(state: Rows, name: str) -> NDArray[Any]:
    """A table's rows, of which the state has none any more."""
    rows = state[name]
    state.replace(name, rows[:0].copy())
    return rows


def _transfers(rows: Columns, state: Rows, names: Names) -> Iterator[Any]:
    lanes = state["lanes"]
    lane, source, target = rows["lane"], lanes["source"], lanes["target"]
    yield rows["deploy"]
    yield rows["purpose"], PURPOSES
    yield rows["content"], CONTENTS
    yield narrow(source)[lane], names.machines
    yield narrow(target)[lane], names.machines
    yield _crosses_wan(names, source, target)[lane]
    yield from (rows[name] for name in ("started_s", "ended_s", "size_bytes", "waited_s"))
    yield rows["shared"] != 0
    yield narrow(lanes["number"])[lane]
    yield rows["bound_by"].astype(np.int32) - UNBOUND, ("", "cap", *names.links)
    yield rows["bound_s"]


def _starts(rows: Columns, state: Rows, names: Names) -> Iterator[Any]:
    missed, stale = rows["digest"] < 0, rows["trailing_s"] >= 0
    yield rows["deploy"]
    yield rows["node"], names.machines
    yield rows["wake"], KINDS_OF_STARTS
    yield from (rows[name] for name in ("asked_s", "pulled_s", "ready_s"))
    yield rows["pulled_s"] - rows["asked_s"]
    yield missed
    yield spelled(rows["digest"], names.digests)
    yield spelled(np.where(missed, -1, rows["meant"]), names.digests)
    yield stale
    yield np.where(stale, rows["trailing_s"], 0.0)


def _syncs(rows: Columns, state: Rows, names: Names) -> Iterator[Any]:
    yield rows["deploy"]
    yield narrow(_repository(state, rows["name"])), names.repositories
    yield rows["source"], names.machines
    yield rows["target"], names.machines
    yield from (
        rows[name] for name in ("published_s", "started_s", "committed_s", "lag_s", "size_bytes", "saved_bytes")
    )
    yield rows["state"], STATES
    yield rows["attempts"]


def _drops(rows: Columns, state: Rows, names: Names) -> Iterator[Any]:
    yield rows["registry"], names.machines
    yield rows["repository"].astype(np.int32) + 1, ("", *names.repositories)
    yield spelled(rows["image"], names.digests)
    yield rows["dropped_s"]
    yield rows["why"], DROPPED
    yield rows["freed_bytes"]
    yield rows["lost"] != 0
    yield rows["shown_until_s"]


def _lanes(state: Rows, names: Names) -> Iterator[Any]:
    """The links of each lane that anything crossed, hop by hop, in the order of the lanes' numbers."""
    lanes = used(state, "lanes")
    numbered = lanes[lanes["number"] >= 0]
    _, first = np.unique(numbered["number"], return_index=True)
    number, at, end = (numbered[name][first].astype(np.int64) for name in ("number", "first_link", "end_link"))
    lane, hop = hops(end - at)
    yield from (narrow(number[lane]), narrow(hop))
    yield narrow(state["lane_links"][at[lane] + hop]), names.links


def _registries(state: Rows, names: Names, by_lane: LaneBytes, stored_bytes: Sequence[int]) -> Iterator[Any]:
    rows, lanes = state["registries"], used(state, "lanes")
    number = np.arange(len(rows))
    sent, received = np.zeros((2, len(names.machines)), np.int64)
    carried = by_lane.purposes.sum(axis=1)
    np.add.at(sent, lanes["source"], carried)
    np.add.at(received, lanes["target"], carried)
    yield narrow(number), names.machines
    yield _named(names.sites, number)
    yield from (rows[name].copy() for name in ("workers", "requests", "busy_s", "waited_s"))
    yield received[: len(rows)]
    yield sent[: len(rows)]
    yield np.array(stored_bytes, np.int64)


def _lists(rows: Columns, state: Rows, names: Names) -> Iterator[Any]:
    """By registry, and by repository in order of name, as its tags came and went."""
    repository = _repository(state, rows["name"])
    rank = np.empty(len(names.repositories), np.int64)
    rank[sorted(range(len(rank)), key=names.repositories.__getitem__)] = np.arange(len(rank))
    order = np.lexsort((rank[repository], rows["registry"]))
    registry, changed_s = rows["registry"][order], rows["changed_s"][order]
    yield registry, names.machines
    yield narrow(repository[order]), names.repositories
    yield _named(names.tags, rows["name"][order])
    yield rows["rom"][order] != 0
    yield rows["exists"][order] != 0
    yield changed_s
    yield changed_s + state["registries"]["list_lag_s"][registry]


def _links(state: Rows, names: Names, bins: Usage, by_lane: LaneBytes, transfers: Columns) -> Iterator[Any]:
    n = len(names.ends)
    kinds = np.hstack((by_lane.purposes, by_lane.contents))
    carried = on_links(state, kinds)[:n]
    total = carried[:, : by_lane.purposes.shape[1]].sum(axis=1)
    start_s = np.zeros(n)
    offered = offered_bytes(state, names, np.arange(n), start_s, start_s + ended_s(state))
    peak = np.zeros(len(names.links))
    np.maximum.at(peak, bins.link, bins.utilisation)
    bound_s, full_s = held_s(state, transfers)
    tails, heads = zip(*names.ends, strict=True) if n else ((), ())
    yield list(names.links[:n])
    yield list(tails)
    yield list(heads)
    yield np.array(names.capacity_Bps[:n], np.float64)
    yield np.array(names.wan[:n], np.bool_)
    yield from carried.T
    yield np.divide(total, offered, out=np.zeros(n), where=offered > 0)
    yield peak[:n]
    yield full_s[:n]
    yield bound_s[:n]
    yield total.astype(np.float64) * np.array(names.price_usd_per_byte[:n], np.float64)


def _named(texts: Sequence[str], numbers: NDArray[Any]) -> Text:
    """Text by number, where several numbers may have the same."""
    words = list(dict.fromkeys(texts))
    code = {word: at for at, word in enumerate(words)}
    by_number = narrow(np.fromiter(map(code.__getitem__, texts), np.int64, len(texts)))
    return by_number[numbers], words


def _repository(state: Rows, name: NDArray[Any]) -> Ints:
    """The repository of each name."""
    found: Ints = state["names"]["repository"][name]
    return found


def _reasons(state: Rows, reason: Ints) -> Text:
    patience_s = state["g"]["patience_s"][0]
    words = [REASONS[code].format(patience_s=patience_s) for code in REASONS]
    place = np.zeros(max(REASONS) + 1, np.int8)
    place[[*REASONS]] = np.arange(len(words))
    return place[reason], words


def _crosses_wan(names: Names, source: Ints, target: Ints) -> NDArray[np.bool_]:
    """Whether it is from one site to another, (n_lanes,)."""
    (site, _) = _named(names.sites, np.arange(len(names.sites)))
    found: NDArray[np.bool_] = site[source] != site[target]
    return found


def spelled(numbers: NDArray[Any], texts: Sequence[str]) -> Text:
    """Text by number, empty below 0, where there may be as many texts as rows: none is made before it is looked at."""
    there = np.zeros(len(texts) + 1, np.bool_)
    there[numbers] = True  # -1 is the last
    place = np.cumsum(there[:-1]) - 1
    which = np.flatnonzero(there[:-1])
    code = place[numbers] if len(place) else np.zeros(len(numbers), np.int64)
    if there[-1]:
        code[numbers < 0] = len(which)
        which = np.append(which, -1)
    return code.astype(np.int32), LazyTexts(texts, which)
