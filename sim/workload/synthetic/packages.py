"""A kernel's release where nodes have the kernel installed: one package a kind of image, for every node.

A package is pushed once, at the release, by the client that comes first, as a repository of its own whose image has
the kernel as its only layer; each node gets it as it gets an image that it starts. What runs is left alone: a new
kernel takes effect at cold boots (Unikraft Cloud docs, platform kernel). Left out: nodes that are updated in waves, and
instances that resume from a snapshot, which keep the kernel that it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload.synthetic.merging import Made
from sim.workload.synthetic.parts import Part


def packages(scenario: Scenario, owners: Sequence[Part], streams: Streams) -> Made:
    """The deploys that bring the packages, (n_kinds with a kernel that any app is of,), all at the release."""
    release = scenario.demand.kernel_release
    assert release is not None
    shares = np.sum([part.kinds for part in owners], axis=0)
    kernel_bytes = np.array([image.kernel_bytes or 0 for image in scenario.images.values()], np.int64)
    kinds = np.flatnonzero((shares > 0) & (kernel_bytes > 0))
    n, nobody = len(kinds), np.zeros(len(kinds), np.bool_)
    rng = streams.generator("packages")
    return Made(
        part=owners[0],
        at_s=np.full(n, release.at_s),
        app=np.arange(n),
        kernel=np.ones(n, np.int64),
        update=nobody,
        route_draw=rng.random(n),
        place_draw=rng.random(n),
        elsewhere=nobody,
        removed=nobody,
        rootfs_bytes=kernel_bytes[kinds],
        nodes=np.full(n, sum(group.count for group in scenario.nodes.values())),
        app_client=np.full(n, int(np.flatnonzero(owners[0].clients)[0])),
        app_kind=kinds,
        app_draw=rng.random(n),
        # Whether applications have sizes of their own, all parts of a demand say or none.
        app_rootfs_bytes=kernel_bytes[kinds] if any(image.sizes for image in scenario.images.values()) else None,
    )


def sized(scenario: Scenario, made: Made) -> Made:
    """The same deploys with their images' sizes written out, as others' differ from those of their kinds."""
    if made.rootfs_bytes is not None or made.borrows:
        return made
    of_kind = np.array([image.rootfs_bytes for image in scenario.images.values()], np.int64)
    return replace(made, rootfs_bytes=of_kind[made.app_kind[made.app]])
