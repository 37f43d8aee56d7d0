"""Demand from a list of deploys (`scenario/model/deploylist`): its rows as they are, and drawn what they leave open.

Draws come from the streams that synthetic demand has, so that runs of one seed differ by what a list does not say: who
of a group, which kind, which application, on which nodes. An application keeps the client and the kind of its first
row wherever a later one leaves them open; what is there at the start has the size and the nodes of that row. Left out:
removals and kernels of a row's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Scenario
from sim.scenario.model.deploylist import clients_meant, read_list
from sim.streams import Streams
from sim.workload.demand import Demand
from sim.workload.synthetic import draws
from sim.workload.synthetic.sizes import sizes

Ints = NDArray[np.int64]
Cells = Sequence[Any]


def demand(scenario: Scenario, streams: Streams) -> Demand:
    """The demand of one run, of a scenario that has a table."""
    asked = scenario.demand
    assert asked.table is not None
    read = read_list(asked.table, scenario.folder)
    times = np.array(read.column("time"), dtype=np.float64)
    order = np.argsort(times, kind="stable")
    order = order[times[order] < scenario.run.duration_s]
    n, rows = len(order), order.tolist()

    def cells(name: str) -> Cells:
        column = read.column(name)
        return [column[row] for row in rows]

    apps = _Apps(scenario, cells("app"), cells("update"), streams)
    app_client, client = _clients(scenario, cells("client"), apps, streams)
    app_kind, kind = _kinds(scenario, cells("image"), apps, streams)
    rootfs_bytes, app_rootfs_bytes = _sizes(scenario, cells("rootfs"), apps, app_kind, kind, streams)
    counts = cells("nodes")
    pushes = [push is not False for push in cells("push")]
    return Demand(
        at_s=times[order],
        app=apps.of_row,
        kernel=np.zeros(n, dtype=np.int64),
        update=apps.update,
        route_draw=streams.generator("routes").random(n),
        place_draw=streams.generator("places").random(n),
        app_client=app_client,
        app_kind=app_kind,
        app_draw=streams.generator("homes").random(apps.count),
        known_apps=apps.known,
        elsewhere=draws.share(scenario.policies.elsewhere, n, streams.generator("elsewhere")),
        removed=draws.share(asked.removals, n, streams.generator("removals")),
        client=client,
        kind=kind,
        pushes=None if all(pushes) else np.array(pushes, dtype=np.bool_),
        beside=_own(cells("beside"), np.zeros(n, dtype=np.int64)),
        rootfs_bytes=rootfs_bytes,
        app_rootfs_bytes=app_rootfs_bytes,
        nodes=_own(counts, np.full(n, asked.nodes)),
        app_nodes=_own(apps.firsts(counts), np.full(apps.count, asked.nodes)),
    )


class _Apps:
    """Which application each row deploys: columns (n_rows,), the number of applications and of those known before.

    Known ones come first: those that the table names, then those that `[demand]` has, if any row leaves its own open.
    `first` has the first row of each, None for one that no row deploys.
    """

    def __init__(self, scenario: Scenario, names: Cells, updates: Cells, streams: Streams) -> None:
        asked, n = scenario.demand, len(names)
        first: dict[str, int] = {}
        for row, name in enumerate(names):
            if name is not None:
                first.setdefault(name, row)
        there = {name: asked.warm if updates[row] is None else updates[row] for name, row in first.items()}
        made_up = asked.apps if None in names else 0
        number = {name: at for at, name in enumerate(name for name, known in there.items() if known)}
        self.known = len(number) + made_up
        drawn = len(number) + draws.zipf(asked.apps, asked.popularity, streams.generator("popularity").random(n))
        update = streams.generator("updates").random(n) < (asked.updates if asked.apps else 0.0)
        number |= {name: self.known + at for at, name in enumerate(name for name, known in there.items() if not known)}
        self.count = made_up + len(number)
        of_row, updated = [], []
        for row, name in enumerate(names):
            if name is not None:
                of_row.append(number[name])
                updated.append(there[name] or first[name] != row)
                continue
            again = bool(update[row]) if updates[row] is None else updates[row] and asked.apps > 0
            of_row.append(int(drawn[row]) if again else self.count)
            updated.append(again)
            self.count += not again
        self.of_row: Ints = np.array(of_row, dtype=np.int64)
        self.update = np.array(updated, dtype=np.bool_)
        self.first: list[int | None] = [None] * self.count
        for row in reversed(range(n)):
            self.first[of_row[row]] = row

    def firsts(self, cells: Cells) -> Cells:
        """The cell of each application's first row."""
        return [None if row is None else cells[row] for row in self.first]


def _clients(scenario: Scenario, words: Cells, apps: _Apps, streams: Streams) -> tuple[Ints, Ints | None]:
    """The client of each application, and of each row if any row names one."""
    number = {name: at for at, (name, _) in enumerate(scenario.client_hosts())}
    meant = {
        word: [number[name] for name in clients_meant(scenario, word)[0]] for word in set(words) if word is not None
    }
    draw = streams.generator("clients").random(apps.count)
    shares = [group.share / group.count for group in scenario.clients.values() for _ in range(group.count)]
    of_app = draws.choose(shares, draw)

    def one_of(hosts: Sequence[int], app: int) -> int:
        return int(of_app[app]) if of_app[app] in hosts else hosts[int(draw[app] * len(hosts))]

    for app, word in enumerate(apps.firsts(words)):
        if word is not None:
            of_app[app] = meant[word][int(draw[app] * len(meant[word]))]
    named = [
        None if word is None else one_of(meant[word], app)
        for word, app in zip(words, apps.of_row.tolist(), strict=True)
    ]
    return of_app, _own(named, of_app[apps.of_row])


def _kinds(scenario: Scenario, words: Cells, apps: _Apps, streams: Streams) -> tuple[Ints, Ints | None]:
    """The kind of image of each application, and of each row if any row names one."""
    number = {key: at for at, key in enumerate(scenario.images)}
    meant = {word: number[scenario.image_meant(word) or word] for word in set(words) if word is not None}
    shares = [image.share for image in scenario.images.values()]
    of_app = draws.choose(shares, streams.generator("kinds").random(apps.count))
    for app, word in enumerate(apps.firsts(words)):
        if word is not None:
            of_app[app] = meant[word]
    return of_app, _own([None if word is None else meant[word] for word in words], of_app[apps.of_row])


def _sizes(
    scenario: Scenario, cells: Cells, apps: _Apps, app_kind: Ints, kind: Ints | None, streams: Streams
) -> tuple[Ints | None, Ints | None]:
    """The rootfs of each row, and of what known applications have at the start: that of their first row.

    A row that leaves it open has what its kind of image says, drawn where that varies.
    """
    of_kind = np.array([image.rootfs_bytes for image in scenario.images.values()], dtype=np.int64)
    usual, at_start = of_kind[app_kind[apps.of_row] if kind is None else kind], of_kind[app_kind]
    drawn = sizes(scenario, streams, "", app_kind, apps.of_row, ~apps.update)
    if drawn is not None:
        same = np.ones(len(usual), np.bool_) if kind is None else kind == app_kind[apps.of_row]
        usual, at_start = np.where(same, drawn.image_bytes, usual), drawn.app_bytes
    own, first = _own(cells, usual), _own(apps.firsts(cells), at_start)
    return (own, first) if drawn is None else (usual if own is None else own, at_start if first is None else first)


def _own(cells: Cells, otherwise: Ints) -> Ints | None:
    """A column of what cells say, and of what holds otherwise where one is empty; None where all are."""
    if all(cell is None for cell in cells):
        return None
    return np.array([other if cell is None else cell for cell, other in zip(cells, otherwise.tolist(), strict=True)])
