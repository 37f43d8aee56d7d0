"""Each deploy starts on nodes drawn afresh, those at its client's site first."""

from sim.plugins import NoParameters as Parameters
from sim.policies.placement import sticky
from sim.policies.snapshot import PlacementView

__all__ = ["Parameters", "cell", "place"]


def place(view: PlacementView, parameters: Parameters) -> tuple[int, ...]:
    """As `sticky`, from the candidate that this deploy's draw names."""
    return sticky.place(view._replace(app_draw=view.deploy_draw), parameters)


def cell(view: PlacementView, parameters: Parameters) -> float:
    """The candidate that this deploy's draw names."""
    return sticky.cell(view._replace(app_draw=view.deploy_draw), parameters)
