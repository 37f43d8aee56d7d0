"""Parts of synthetic demand as one: deploys of all of them in the order of time, applications numbered through.

Those that exist at the start come first, in the order of the parts, and then those that appear in the run. Left out:
deploys that depend on others, such as one that follows when another has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Scenario
from sim.workload.demand import BY_DIGEST, Demand
from sim.workload.synthetic.parts import Part

_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Made:
    """What a part asks for: columns (n,) sorted by time, and columns (n_apps,) of the applications that it brings.

    They are as in `Demand`, but for numbers: `app` counts the part's own applications, or, if it `borrows` them, all
    of the demand; `image` counts the part's deploys, and its applications after them. `released_s` is when each known
    application has the new kernel, None where none is released.
    """

    part: Part
    at_s: _Floats
    app: _Ints
    kernel: _Ints
    update: _Bools
    route_draw: _Floats
    place_draw: _Floats
    elsewhere: _Bools | None = None
    removed: _Bools | None = None
    image: _Ints | None = None
    rootfs_bytes: _Ints | None = None
    pushes: bool = True
    nodes: _Ints | None = None
    beside: _Ints | None = None
    client: _Ints | None = None
    borrows: bool = False
    app_client: _Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    app_kind: _Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    app_draw: _Floats = field(default_factory=lambda: np.empty(0))
    app_rootfs_bytes: _Ints | None = None
    known: int = 0
    released_s: _Floats | None = None

    def __len__(self) -> int:
        return len(self.at_s)


def first_known(made: Sequence[Made]) -> list[int]:
    """The number of each part's first application among all that exist at the start."""
    return [sum(one.known for one in made[:at]) for at in range(len(made))]


def merged(scenario: Scenario, made: Sequence[Made]) -> Demand:
    """All parts as one demand; deploys of one instant stand in the order of their parts."""
    order = np.argsort(np.concatenate([one.at_s for one in made]), kind="stable")
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    firsts, known = first_known(made), sum(one.known for one in made)
    new = [len(one.app_client) - one.known for one in made]
    apps = [
        _numbered(one, first, known + sum(new[:at])) for at, (one, first) in enumerate(zip(made, firsts, strict=True))
    ]

    def by_app(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """A column of applications: the known ones of all parts, then the new ones."""
        heads = [column[: one.known] for one, column in zip(made, columns, strict=True)]
        return np.concatenate(heads + [column[one.known :] for one, column in zip(made, columns, strict=True)])

    def by_deploy(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate(columns)[order]

    def optional(columns: Sequence[NDArray[Any] | None], otherwise: Sequence[NDArray[Any]]) -> NDArray[Any] | None:
        """A column that not every part has; None where none has it."""
        if all(column is None for column in columns):
            return None
        return by_deploy([other if one is None else one for one, other in zip(columns, otherwise, strict=True)])

    nobody = [np.zeros(len(one), dtype=np.bool_) for one in made]
    nothing = [np.zeros(len(one), dtype=np.int64) for one in made]
    app, app_client = by_deploy(apps), by_app([one.app_client for one in made])
    app_rootfs_bytes = None
    if any(one.app_rootfs_bytes is not None for one in made):
        none = np.empty(0, dtype=np.int64)
        app_rootfs_bytes = by_app([none if one.app_rootfs_bytes is None else one.app_rootfs_bytes for one in made])
    sizes_bytes = [
        none if app_rootfs_bytes is None else app_rootfs_bytes[of] for none, of in zip(nothing, apps, strict=True)
    ]
    return Demand(
        at_s=by_deploy([one.at_s for one in made]),
        app=app,
        kernel=by_deploy([one.kernel for one in made]),
        update=by_deploy([one.update for one in made]),
        route_draw=by_deploy([one.route_draw for one in made]),
        place_draw=by_deploy([one.place_draw for one in made]),
        app_client=app_client,
        app_kind=by_app([one.app_kind for one in made]),
        app_draw=by_app([one.app_draw for one in made]),
        known_apps=known,
        removed=optional([one.removed for one in made], nobody),
        image=_images(made, firsts, order, position),
        elsewhere=optional([one.elsewhere for one in made], nobody),
        client=optional([one.client for one in made], [app_client[of] for of in apps]),
        rootfs_bytes=optional([one.rootfs_bytes for one in made], sizes_bytes),
        app_rootfs_bytes=app_rootfs_bytes,
        pushes=None if all(one.pushes for one in made) else by_deploy([np.full(len(one), one.pushes) for one in made]),
        cloned=_cloned(made, by_deploy),
        beside=optional([one.beside for one in made], nothing),
        **_own_settings(scenario, made, by_deploy, by_app),
        **_named(scenario, made, by_deploy),
    )


def _cloned(made: Sequence[Made], by_deploy: Callable[[Sequence[NDArray[Any]]], NDArray[Any]]) -> _Bools | None:
    """Which starts clone a template; None where none does. A node that is replaced has lost those that it had."""
    clones = [not one.pushes and one.part.stream.kind == "starts" and one.part.stream.clones for one in made]
    if not any(clones):
        return None
    return by_deploy([np.full(len(one), so, np.bool_) for one, so in zip(made, clones, strict=True)])


def _numbered(one: Made, first_known: int, first_new: int) -> _Ints:
    """The applications of a part's deploys, as all are numbered."""
    if one.borrows:
        return one.app
    return np.where(one.app < one.known, first_known + one.app, first_new + one.app - one.known)


def _images(made: Sequence[Made], firsts: Sequence[int], order: _Ints, position: _Ints) -> _Ints | None:
    """The numbers of images, as all are numbered; None where each deploy has one of its own."""
    if all(one.image is None for one in made):
        return None
    columns, begin = [], 0
    for one, first in zip(made, firsts, strict=True):
        own = position[begin : begin + len(one)]
        if one.image is not None:
            there = len(order) + first + one.image - len(one)  # what an application has at the start
            own = np.where(one.image < len(one), own[np.minimum(one.image, len(one) - 1)], there) if len(one) else own
        columns.append(own)
        begin += len(one)
    return np.concatenate(columns)[order]


_By = Callable[[Sequence[NDArray[Any]]], NDArray[Any]]


def _own_settings(scenario: Scenario, made: Sequence[Made], by_deploy: _By, by_app: _By) -> dict[str, Any]:
    """How many nodes, and by which reference, where streams differ from what `[demand]` says."""
    found: dict[str, Any] = {}
    usual, reference = scenario.demand.nodes, scenario.demand.reference
    if any(one.nodes is not None or one.part.stream.nodes != usual for one in made):
        nodes = [np.full(len(one), one.part.stream.nodes) if one.nodes is None else one.nodes for one in made]
        found["nodes"] = by_deploy(nodes)
        found["app_nodes"] = by_app([np.full(len(one.app_client), one.part.stream.nodes) for one in made])
    if any(one.part.stream.reference != reference for one in made):
        how = [np.full(len(one), BY_DIGEST[one.part.stream.reference], np.int8) for one in made]
        found["by_digest"] = by_deploy(how)
    return found


def _named(scenario: Scenario, made: Sequence[Made], by_deploy: _By) -> dict[str, Any]:
    """Which deploy is of which stream, where streams have names."""
    names = tuple(scenario.demand.streams)
    if not names:
        return {}
    return {
        "stream": by_deploy([np.full(len(one), names.index(one.part.name)) for one in made]),
        "stream_names": names,
    }
