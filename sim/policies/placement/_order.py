"""What placements across sites have in common: whose draw decides, who is near, and one of each site at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Literal

from sim.figures import Table, setting
from sim.policies.snapshot import PlacementView

#: The largest float below 1: a draw that was stretched to [0, 1) may be rounded up to its end.
_BELOW_1 = 1.0 - 2.0**-53


class Drawn(Table):
    """`drawn`: whether an application keeps its nodes ("app") or each of its deploys draws them afresh ("deploy")."""

    drawn: Literal["app", "deploy"] = setting(
        "drawn", "app", about="Whether an application keeps its nodes (app) or each deploy draws them afresh (deploy)."
    )

    def draw(self, view: PlacementView) -> float:
        """The draw in [0, 1) that decides."""
        return view.app_draw if self.drawn == "app" else view.deploy_draw


def nearest_first(view: PlacementView, positions: Iterable[int]) -> list[int]:
    """Positions in `view.nodes` by the client's round trip to them; equally near ones keep their order."""
    return sorted(positions, key=view.round_trips_s.__getitem__)


def rings(view: PlacementView) -> list[list[int]]:
    """The candidates' positions, those that are equally near together, the nearest first."""
    order = nearest_first(view, range(len(view.nodes)))
    return [list(ring) for _, ring in groupby(order, key=view.round_trips_s.__getitem__)]


def turned(positions: Sequence[int], draw: float) -> list[int]:
    """The same ones in a ring, from the one that the draw names on."""
    first = int(draw * len(positions))
    return [*positions[first:], *positions[:first]]


def by_site(view: PlacementView, draw: float) -> list[list[int]]:
    """The candidates' positions, site by site: the nearest site first, within a site from the drawn one on.

    How near a site is, its nearest candidate says. Sites that are equally near keep the order of the candidates.
    """
    sites: dict[int, list[int]] = {}
    for position, site in enumerate(view.sites):
        sites.setdefault(site, []).append(position)
    near_s = {site: min(view.round_trips_s[at] for at in members) for site, members in sites.items()}
    return [turned(sites[site], draw) for site in sorted(sites, key=near_s.__getitem__)]


def in_turns(groups: Sequence[Sequence[int]], each: int, wanted: int) -> list[int]:
    """`each` of every group and then, as far as more are wanted, the next `each` of every group, and so on."""
    longest = max(map(len, groups))
    rounds = (group[first : first + each] for first in range(0, longest, each) for group in groups)
    return [position for taken in rounds for position in taken][:wanted]


def by_weight(view: PlacementView, draw: float) -> list[int]:
    """`view.wanted` positions, one after another in proportion to the weights of those that are left.

    One draw does for all: what lies between the edges of the one that it named is uniform again. Those of weight 0 come
    last, in their order.
    """
    left = [at for at, weight in enumerate(view.weights) if weight > 0]
    chosen: list[int] = []
    while left and len(chosen) < view.wanted:
        aim = draw * sum(view.weights[at] for at in left)
        for found in left[:-1]:
            if aim < view.weights[found]:
                break
            aim -= view.weights[found]
        else:
            found = left[-1]
        draw = min(aim / view.weights[found], _BELOW_1)
        left.remove(found)
        chosen.append(found)
    rest = (at for at, weight in enumerate(view.weights) if weight == 0)
    return [*chosen, *rest][: view.wanted]


def named(view: PlacementView, positions: Iterable[int]) -> tuple[int, ...]:
    """The candidates at those positions."""
    return tuple(view.nodes[position] for position in positions)
