"""Synthetic demand of one run from a scenario's `[demand]`: arrivals, which application, new or update, kernel
releases.

Arrivals are a Poisson process (or evenly spaced), whose rate may change with the time of the week (`profiles`), or
come at times of the day. A share `updates` of the deploys updates one of the applications that exist at the start,
chosen by Zipf's law (popularity of registries' repositories is heavily skewed: Anwar et al., FAST'18); the rest are
first deploys of new applications. A kernel release redeploys each existing application once, at a time uniform in its
window, and every later deploy of that application carries the new kernel. Nothing is asked for after the run's
duration. Where nodes have the kernel installed, a release redeploys nothing (`packages`).

A share `rollbacks` of the updates goes back to the image before the last: the tag moves, and nothing new is sent.

Left out: updates of applications that first appeared during the run.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Scenario
from sim.scenario.model.demand import KernelRelease
from sim.streams import Streams
from sim.workload.demand import Demand
from sim.workload.synthetic import draws
from sim.workload.synthetic.merging import Made, merged
from sim.workload.synthetic.packages import packages, sized
from sim.workload.synthetic.parts import Part, parts
from sim.workload.synthetic.sizes import sizes
from sim.workload.synthetic.starts import Placed, replaced, started

_Ints = NDArray[np.int64]


def demand(scenario: Scenario, streams: Streams, placed: Placed | None = None) -> Demand:
    """The demand of one run; `placed` says on which nodes deploys start, which only the replacement of nodes asks."""
    every = [*parts(scenario)]
    owners = [part for part in every if part.stream.kind != "replacements" and part.stream.of is None]
    made = {(part.name, part.group): _made(scenario, part, streams) for part in owners}
    columns = [*made.values()]
    columns += [
        started(scenario, part, streams, made)
        for part in every
        if part.stream.of is not None and part.stream.kind == "starts"
    ]
    if scenario.policies.kernels == "node" and scenario.demand.kernel_release is not None:
        columns = [*(sized(scenario, one) for one in columns), packages(scenario, owners, streams)]
    going = [part for part in every if part.stream.kind == "replacements"]
    if going:
        so_far = merged(scenario, columns)
        columns += [replaced(scenario, part, streams, so_far, placed) for part in going]
    return merged(scenario, columns)


def _made(scenario: Scenario, part: Part, streams: Streams) -> Made:
    """The deploys of a part that has applications of its own, or the starts of these."""
    asked, entity, duration_s = part.stream, part.entity, scenario.run.duration_s
    known, starts = part.apps, part.stream.kind == "starts"
    at_s = part.times(streams, duration_s)
    n = len(at_s)
    update = np.zeros(n, dtype=np.bool_)
    if known:
        update = streams.generator("updates", entity).random(n) < (1.0 if starts else asked.updates)
    app = draws.zipf(known, asked.popularity, streams.generator("popularity", entity).random(n))
    app[~update] = known + np.arange(n - int(update.sum()))
    kernel, released_s, release = np.zeros(n, dtype=np.int64), None, scenario.demand.kernel_release
    if release is not None and scenario.policies.kernels == "image":
        released_s = _released_s(release, known, streams.generator("release", entity))
        begins_s = np.full(n, release.at_s)
        begins_s[update] = released_s[app[update]]
        kernel = (at_s >= begins_s).astype(np.int64)
        if not starts:
            at_s, app, kernel, update = _redeployed(at_s, app, kernel, update, released_s, duration_s)
    n, apps = len(at_s), known + int((~update).sum())
    image = None
    if asked.rollbacks and not starts:
        back = update & (streams.generator("rollbacks", entity).random(n) < asked.rollbacks)
        image, kernel = _gone_back(app, kernel, back, known)
    app_kind = draws.choose(part.kinds, streams.generator("kinds", entity).random(apps))
    drawn = sizes(scenario, streams, entity, app_kind, app, ~update)
    rootfs_bytes = None if drawn is None else drawn.image_bytes
    if drawn is not None and image is not None:
        rootfs_bytes = np.where(image < n, drawn.image_bytes[np.minimum(image, n - 1)], drawn.app_bytes[app])
    elsewhere = 0.0 if starts else scenario.policies.elsewhere
    return Made(
        part=part,
        at_s=at_s,
        app=app,
        kernel=kernel,
        update=update,
        route_draw=streams.generator("routes", entity).random(n),
        place_draw=streams.generator("places", entity).random(n),
        elsewhere=draws.share(elsewhere, n, streams.generator("elsewhere", entity)),
        removed=draws.share(0.0 if starts else asked.removals, n, streams.generator("removals", entity)),
        image=image,
        rootfs_bytes=rootfs_bytes,
        pushes=not starts,
        beside=np.full(n, asked.nodes) if starts and asked.starts_on == "more-nodes" else None,
        app_client=draws.choose(part.clients, streams.generator("clients", entity).random(apps)),
        app_kind=app_kind,
        app_draw=streams.generator("homes", entity).random(apps),
        app_rootfs_bytes=None if drawn is None else drawn.app_bytes,
        known=known,
        released_s=released_s,
    )


def _released_s(release: KernelRelease, known: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """When each application that exists at the start has the new kernel."""
    released_s: NDArray[np.float64] = release.at_s + release.over_s * rng.random(known)
    return released_s


def _redeployed(
    at_s: NDArray[np.float64], app: _Ints, kernel: _Ints, update: NDArray[np.bool_],
    released_s: NDArray[np.float64], duration_s: float,
) -> tuple[NDArray[np.float64], _Ints, _Ints, NDArray[np.bool_]]:  # fmt: skip
    """The deploys with those among them that bring the new kernel to each application."""
    redeployed = np.flatnonzero(released_s < duration_s)
    at_s = np.concatenate((at_s, released_s[redeployed]))
    app = np.concatenate((app, redeployed))
    kernel = np.concatenate((kernel, np.ones(len(redeployed), dtype=np.int64)))
    update = np.concatenate((update, np.ones(len(redeployed), dtype=np.bool_)))
    order = np.argsort(at_s, kind="stable")
    return at_s[order], app[order], kernel[order], update[order]


def _gone_back(app: _Ints, kernel: _Ints, back: NDArray[np.bool_], known: int) -> tuple[_Ints, _Ints]:
    """The number of the image that each deploy pushes, and its kernel: who goes `back` pushes the one before the last.

    Each application has a stack: a new image goes on top, going back takes the top off. The lowest of an application
    that exists at the start is the image that it then has; below the lowest nobody goes.
    """
    number, kernels = np.arange(len(app)), kernel.copy()
    stacks: dict[int, list[tuple[int, int]]] = {}
    for at, (of, wants_back) in enumerate(zip(app.tolist(), back.tolist(), strict=True)):
        stack = stacks.setdefault(of, [(len(app) + of, 0)] if of < known else [])
        if wants_back and len(stack) > 1:
            stack.pop()
            number[at], kernels[at] = stack[-1]
        else:
            stack.append((at, int(kernel[at])))
    return number, kernels
