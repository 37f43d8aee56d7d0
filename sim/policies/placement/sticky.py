"""An application keeps its nodes: every deploy of it starts on the same ones, those at its client's site first."""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import PlacementView

__all__ = ["Parameters", "cell", "place"]


def place(view: PlacementView, parameters: Parameters) -> tuple[int, ...]:
    """`view.wanted` neighbouring candidates, from the one that the application's own draw names."""
    nodes, local = view.nodes, view.local or len(view.nodes)
    first = int(view.app_draw * local)
    if view.wanted == 1:
        return (nodes[first],)
    ring = nodes[first:local] + nodes[:first] + nodes[local:]
    return ring[: view.wanted]


def cell(view: PlacementView, parameters: Parameters) -> float:
    """The candidate that the draw names."""
    return view.app_draw * (view.local or len(view.nodes)) // 1
