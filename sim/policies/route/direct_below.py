"""Push small updates straight to the node and the rest to central.

What counts is the bytes that the push is expected to send: the rootfs, and the kernel too for a new repository.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from sim.policies.snapshot import PushView, Route
from sim.units import bytes_of


class Parameters(BaseModel):
    """`size`: pushes that send fewer bytes than this go straight to the node."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: Annotated[int, BeforeValidator(bytes_of)]


def decide(view: PushView, parameters: Parameters) -> Route:
    """The node below `parameters.size` bytes, central from there on."""
    expected_bytes = view.rootfs_bytes + (0 if view.update else view.kernel_bytes)
    return "node-direct" if expected_bytes < parameters.size else "central"
