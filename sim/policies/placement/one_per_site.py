"""Each instance starts at another site, the nearest sites first.

With more instances than sites the round begins anew.
"""

from __future__ import annotations

from sim.policies.placement._order import Drawn as Parameters
from sim.policies.placement._order import by_site, in_turns, named
from sim.policies.snapshot import PlacementView

__all__ = ["Parameters", "cell", "place"]


def place(view: PlacementView, parameters: Parameters) -> tuple[int, ...]:
    """One node of each site, drawn among those at the site; the first is at the site nearest to the client."""
    sites = by_site(view, parameters.draw(view))
    return named(view, in_turns(sites, 1, view.wanted))


def cell(view: PlacementView, parameters: Parameters) -> float:
    """The draw that decides."""
    return parameters.draw(view)
