"""Rules that look at a deploy: what there is to look at, and asking them as each deploy begins.

Before a run placements and routes are asked once for all deploys that they can't tell apart (`build`). A rule that
looks at `view.deploy` has not decided then; its deploys are marked, and the decision is asked for when each begins
(`ops.deploys.ask_for_deploy`). What is looked up are the rows of the state at that moment, by the functions that ops
use, whichever engine has them; looking changes nothing.

Left out: what is under way. A node to which a kernel is being sent does not hold it yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import accumulate
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.policies.snapshot import Deploy, PushView, known_node
from sim.protocol.codes import (
    ACCOUNT_SCOPE,
    BOTH,
    CENTRAL,
    KERNEL,
    NO_SCOPE,
    NODE_DIRECT,
    NODES_UNDECIDED,
    REGISTRY_SCOPE,
    REPOSITORY_SCOPE,
    ROUTE_UNDECIDED,
)
from sim.protocol.images import Kind
from sim.protocol.ops.holdings import has_blob, has_image
from sim.protocol.ops.places import PART_KEY, POOL_KEY, dedup_of, entry_key, entry_value, find_entry, find_place
from sim.protocol.ops.platforms import own_begin, own_end
from sim.protocol.placing import Placing, Wanted
from sim.records.asrows import AsRows
from sim.records.cells import cell, number_at, set_cells
from sim.records.layout import ArrayState, State
from sim.scenario import Choice, Scenario
from sim.workload.demand import Demand

ROUTES: Final = {"central": CENTRAL, "node-direct": NODE_DIRECT, "both": BOTH}


@dataclass(frozen=True, slots=True)
class Facts:
    """What deploys are, as rules may know it: columns (n_deploys,), and names."""

    placing: Placing
    wanted: Wanted
    kinds: Sequence[Kind]
    kind: NDArray[np.int64]
    rootfs_bytes: NDArray[np.int64]
    kernel_bytes: NDArray[np.int64]
    part: NDArray[np.int64]
    """Which rule of the mix decides on the route."""
    mix: Sequence[Choice]
    clients: Sequence[tuple[str, str]]
    """The name and the site of each."""

    @classmethod
    def of(cls, scenario: Scenario, demand: Demand, placing: Placing, kinds: Sequence[Kind]) -> Facts:
        """Those of a demand."""
        client = demand.app_client[demand.app] if demand.client is None else demand.client
        kind = demand.app_kind[demand.app] if demand.kind is None else demand.kind
        mix = scenario.policies.route
        edges = list(accumulate(part.share for part in mix))
        part = np.zeros(len(demand), np.int64)
        if len(mix) > 1:
            part = np.searchsorted(np.array(edges), demand.route_draw * edges[-1], side="right")
        size = np.array([one.rootfs_bytes for one in kinds], np.int64)[kind]
        return cls(
            placing, Wanted.of(scenario, demand, client), kinds, kind,
            size if demand.rootfs_bytes is None else demand.rootfs_bytes,
            np.array([one.kernel_bytes or 0 for one in kinds], np.int64)[kind], part, mix,
            [(name, group.site or "") for name, group in scenario.client_hosts()],
        )  # fmt: skip


class Decisions:
    """Asks the rules that look, deploy by deploy."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._routes = [(one.rule("route").decide, one.parameters) for one in facts.mix]

    def answer(self, state: State, d: int, b: int, c: int) -> None:
        """Decide where a deploy starts, and its route, as far as that is left; see `Deploy.undecided`."""
        facts, undecided = self._facts, int(cell(state, "deploys", d, "undecided"))
        if undecided & NODES_UNDECIDED:
            start = facts.placing.start(facts.wanted, d, Beginning(facts, state, d))
            first = int(cell(state, "deploys", d, "first_node"))
            table: Any = state["deploy_nodes"] if isinstance(state, ArrayState) else state.deploy_nodes  # type: ignore[attr-defined]
            for at, node in enumerate(start.nodes, first):
                table[at] = node + 1
            set_cells(state, "deploys", d, {"pushed_to": start.pushed_to + 1})
        if undecided & ROUTE_UNDECIDED:
            deploy = Beginning(facts, state, d, _chosen(state, d))
            decide, parameters = self._routes[facts.part[d]]
            view = PushView(deploy.rootfs_bytes, deploy.kernel_bytes, deploy.update, deploy)
            set_cells(state, "deploys", d, {"route": ROUTES[decide(view, parameters)]})
        set_cells(state, "deploys", d, {"undecided": 0})


def _chosen(state: State, d: int) -> tuple[int, ...]:
    """The nodes of a deploy by their places among the nodes, the one that may be pushed to first."""
    first, pushed_to = (int(cell(state, "deploys", d, field)) for field in ("first_node", "pushed_to"))
    count = int(cell(state, "deploys", d, "nodes"))
    nodes = (int(number_at(state, "deploy_nodes", at)) for at in range(first, first + count))
    return tuple(node - 1 for node in dict.fromkeys((pushed_to, *nodes)))


class _Named(Deploy):
    """What of a deploy are names, and the network; `client` is its number among the clients."""

    __slots__ = ("_client", "_count", "_facts", "_nodes")

    def __init__(self, facts: Facts, client: int, nodes: tuple[int, ...]) -> None:
        self._facts, self._client, self._nodes = facts, client, nodes
        self._count = len(facts.placing.nodes)

    @property
    def client(self) -> str:
        return self._facts.clients[self._client][0]

    @property
    def client_site(self) -> str:
        return self._facts.clients[self._client][1]

    @property
    def nodes(self) -> tuple[int, ...]:
        return self._nodes

    def name_of(self, node: int) -> str:
        return self._facts.placing.nodes[self._known(node)][0]

    def site_of(self, node: int) -> str:
        return self._facts.placing.nodes[self._known(node)][1]

    def round_trip_s(self, node: int) -> float:
        return self._facts.placing.round_trips_s(self._client)[self._known(node)]

    def _known(self, node: int) -> int:
        return node if 0 <= node < self._count else known_node(node, self._count)


class Beginning(_Named):
    """A deploy that begins now."""

    def __init__(self, facts: Facts, state: State, d: int, nodes: tuple[int, ...] = ()) -> None:
        super().__init__(facts, int(facts.wanted.client[d]), nodes)
        self._state, self._d = state, d
        self._rows: Any = AsRows(state) if isinstance(state, ArrayState) else state

    @property
    def at_s(self) -> float:
        return float(cell(self._state, "deploys", self._d, "at_s"))

    @property
    def app(self) -> int:
        return int(cell(self._state, "deploys", self._d, "name"))

    @property
    def image(self) -> str:
        return self._facts.kinds[int(self._facts.kind[self._d])].name

    @property
    def rootfs_bytes(self) -> int:
        return int(self._facts.rootfs_bytes[self._d])

    @property
    def kernel_bytes(self) -> int:
        return int(self._facts.kernel_bytes[self._d])

    @property
    def update(self) -> bool:
        return bool(cell(self._state, "deploys", self._d, "update"))

    def holds_kernel(self, node: int) -> bool:
        registry = 1 + self._known(node)
        kernels = [blob for blob, _, content in self._needed(registry) if content == KERNEL]
        return any(_counts_as_held(self._rows, registry, self._repository, kernel) for kernel in kernels)

    def holds_app(self, node: int) -> bool:
        place = find_place(self._rows, 1 + self._known(node), self._repository)
        return place >= 0 and int(self._rows.places[place].first_image) >= 0

    def holds_image(self, node: int) -> bool:
        return bool(has_image(self._rows, 1 + self._known(node), self._repository, self._image))

    def missing_bytes(self, node: int) -> int:
        registry = 1 + self._known(node)
        held = partial(_counts_as_held, self._rows, registry, self._repository)
        return sum(size for blob, size, _ in self._needed(registry) if not held(blob))

    def _needed(self, registry: int) -> list[tuple[int, int, int]]:
        """The blobs of its image that a node needs: those of its platform."""
        begin, end = (at(self._rows, self._image, registry) for at in (own_begin, own_end))
        return self._blobs[begin:end]

    @cached_property
    def _repository(self) -> int:
        return int(cell(self._state, "names", int(cell(self._state, "deploys", self._d, "name")), "repository"))

    @cached_property
    def _image(self) -> int:
        """Of what is started and not pushed, the newest image that there is."""
        return int(cell(self._state, "deploys", self._d, "digest"))

    @cached_property
    def _blobs(self) -> list[tuple[int, int, int]]:
        """The blobs of its image: number, size in bytes, content."""
        state, image = self._state, self._image
        first, count = (int(cell(state, "images", image, field)) for field in ("first_blob", "blobs"))
        numbers = [int(number_at(state, "image_blobs", at)) for at in range(first, first + count)]
        sizes = [int(cell(state, "blobs", blob, "size_bytes")) for blob in numbers]
        contents = [int(cell(state, "blobs", blob, "content")) for blob in numbers]
        return list(zip(numbers, sizes, contents, strict=True))


class AtStart(_Named):
    """An application that is there at the start of a run, as a placement is asked where: nothing is anywhere yet."""

    __slots__ = ("_app", "_kind", "_size")

    def __init__(self, facts: Facts, demand: Demand, app: int) -> None:
        super().__init__(facts, int(demand.app_client[app]), ())
        self._app, self._kind = app, facts.kinds[int(demand.app_kind[app])]
        sizes = demand.app_rootfs_bytes
        self._size = self._kind.rootfs_bytes if sizes is None else int(sizes[app])

    @property
    def at_s(self) -> float:
        return 0.0

    @property
    def app(self) -> int:
        return self._app

    @property
    def image(self) -> str:
        return self._kind.name

    @property
    def rootfs_bytes(self) -> int:
        return self._size

    @property
    def kernel_bytes(self) -> int:
        return self._kind.kernel_bytes or 0

    @property
    def update(self) -> bool:
        return False

    def holds_kernel(self, node: int) -> bool:
        return self._known(node) < 0

    def holds_app(self, node: int) -> bool:
        return self._known(node) < 0

    def holds_image(self, node: int) -> bool:
        return self._known(node) < 0

    def missing_bytes(self, node: int) -> int:
        self._known(node)
        return self.kernel_bytes + self._size + self._kind.config_bytes


def _counts_as_held(w: Any, registry: int, repository: int, blob: int) -> bool:
    """`holdings.counts_as_held`, which makes places and parts that are asked for and are not there."""
    scope = dedup_of(w, registry)
    if scope == REPOSITORY_SCOPE:
        return bool(has_blob(w, registry, repository, blob))
    if scope == NO_SCOPE:
        return False
    part = registry + 1 if scope == REGISTRY_SCOPE else 0
    if scope == ACCOUNT_SCOPE:
        part = entry_value(w, entry_key(PART_KEY, registry, int(w.repository_account[repository])), -1)
    return part >= 0 and find_entry(w, entry_key(POOL_KEY, part, blob)) >= 0
