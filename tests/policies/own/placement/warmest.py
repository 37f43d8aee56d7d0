"""Instances start on nodes that already have the kernel, the nearest of them first."""

from sim.figures import Duration, Table, figure
from sim.policies.snapshot import PlacementView


class Parameters(Table):
    """`reach`: no node farther away is chosen for its kernel alone."""

    reach_s: Duration = figure(
        "reach", "1 s", assumption=True, about="No node with a longer round trip is chosen because it has the kernel."
    )


def place(view: PlacementView, parameters: Parameters) -> tuple[int, ...]:
    """Nodes with the kernel within reach come before all others, near ones before far ones."""
    far_s = dict(zip(view.nodes, view.round_trips_s, strict=True))

    def cold_and_far(node: int) -> tuple[bool, float]:
        is_warm = far_s[node] <= parameters.reach_s and view.deploy.holds_kernel(node)
        return not is_warm, far_s[node]

    return tuple(sorted(view.nodes, key=cold_and_far)[: view.wanted])
