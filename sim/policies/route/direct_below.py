"""Push small updates straight to the node and the rest to central.

What counts is the bytes that the push is expected to send: the rootfs, and the kernel too for a new repository.
"""

from __future__ import annotations

from sim.figures import Size, Table, setting
from sim.policies.snapshot import PushView, Route


class Parameters(Table):
    """`size`: pushes that send fewer bytes than this go straight to the node."""

    size_bytes: Size = setting("size", about="Pushes that send fewer bytes than this go straight to the node.")


def decide(view: PushView, parameters: Parameters) -> Route:
    """The node below `parameters.size_bytes`, central from there on."""
    expected_bytes = view.rootfs_bytes + (0 if view.update else view.kernel_bytes)
    return "node-direct" if expected_bytes < parameters.size_bytes else "central"
