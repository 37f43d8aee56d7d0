"""A root filesystem is one layer, and every update sends all of it, as OCI registries have it."""

from sim.plugins import NoParameters as Parameters
from sim.policies.snapshot import Chunks, Rootfs

__all__ = ["Parameters", "cut"]


def cut(view: Rootfs, parameters: Parameters) -> Chunks:
    """Everything is new each time."""
    return Chunks(0, view.size_bytes)
