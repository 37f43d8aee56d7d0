"""Push straight to a node that holds most of the image already, and else to central."""

from sim.figures import Fraction, Table, figure
from sim.policies.snapshot import PushView, Route


class Parameters(Table):
    """`most`: the share of the image that a node may lack."""

    most: Fraction = figure("most", 0.5, assumption=True, about="The share of the image that the node may lack.")


def decide(view: PushView, parameters: Parameters) -> Route:
    """The first of the chosen nodes decides, which would be pushed to."""
    lacks = view.deploy.missing_bytes(view.deploy.nodes[0])
    return "node-direct" if lacks <= parameters.most * (view.rootfs_bytes + view.kernel_bytes) else "central"
