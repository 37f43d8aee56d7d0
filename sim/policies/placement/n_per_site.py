"""So many instances start at each site, the nearest sites first; with more than sites hold the round begins anew."""

from __future__ import annotations

from sim.figures import Count, setting
from sim.policies.placement._order import Drawn, by_site, in_turns, named
from sim.policies.snapshot import PlacementView


class Parameters(Drawn):
    """`n`: nodes that a site gives before the next site's turn; a site with fewer gives what it has."""

    n: Count = setting("n", about="How many nodes a site gives before the next site's turn.")


def place(view: PlacementView, parameters: Parameters) -> tuple[int, ...]:
    """`parameters.n` nodes of each site, neighbours from a drawn one on; the first are at the nearest site."""
    sites = by_site(view, parameters.draw(view))
    return named(view, in_turns(sites, parameters.n, view.wanted))


def cell(view: PlacementView, parameters: Parameters) -> float:
    """The draw that decides."""
    return parameters.draw(view)
