"""Demand made up from a scenario's `[demand]`: arrivals, which application, new or update, and kernel releases.

Arrivals are a Poisson process (or evenly spaced). A share `updates` of the deploys updates one of the applications
that exist at the start, chosen by Zipf's law (popularity of registries' repositories is heavily skewed: Anwar et al.,
FAST'18); the rest are first deploys of new applications. A kernel release redeploys each existing application once,
at a time uniform in its window, and every later deploy of that application carries the new kernel. Nothing is asked for
after the run's duration.

A share `rollbacks` of the updates goes back to the image before the last: the tag moves, and nothing new is sent.

Left out: updates of applications that first appeared during the run, and daily patterns.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload import draws
from sim.workload.demand import Demand


def demand(scenario: Scenario, streams: Streams) -> Demand:
    """The demand of one run."""
    asked, duration_s = scenario.demand, scenario.run.duration_s
    known = asked.apps
    at_s = _arrivals(asked.arrivals, asked.rate_per_s, duration_s, streams.generator("arrivals"))
    n = len(at_s)
    update = streams.generator("updates").random(n) < asked.updates if known else np.zeros(n, dtype=np.bool_)
    app = draws.zipf(known, asked.popularity, streams.generator("popularity").random(n))
    app[~update] = known + np.arange(n - int(update.sum()))

    kernel = np.zeros(n, dtype=np.int64)
    release = asked.kernel_release
    if release is not None:
        released_s = release.at_s + release.over_s * streams.generator("release").random(known)
        kernel = np.where(app < known, at_s >= released_s[np.minimum(app, known - 1)], at_s >= release.at_s).astype(
            np.int64
        )
        redeployed = np.flatnonzero(released_s < duration_s)
        at_s = np.concatenate((at_s, released_s[redeployed]))
        app = np.concatenate((app, redeployed))
        kernel = np.concatenate((kernel, np.ones(len(redeployed), dtype=np.int64)))
        update = np.concatenate((update, np.ones(len(redeployed), dtype=np.bool_)))
        order = np.argsort(at_s, kind="stable")
        at_s, app, kernel, update = at_s[order], app[order], kernel[order], update[order]

    image = None
    if asked.rollbacks:
        back = update & (streams.generator("rollbacks").random(len(at_s)) < asked.rollbacks)
        image, kernel = _gone_back(app, kernel, back, known)

    apps = known + int((~update).sum())
    kind_shares = [image.share for image in scenario.images.values()]
    client_shares = [group.share / group.count for group in scenario.clients.values() for _ in range(group.count)]
    return Demand(
        at_s=at_s,
        app=app,
        kernel=kernel,
        update=update,
        route_draw=streams.generator("routes").random(len(at_s)),
        place_draw=streams.generator("places").random(len(at_s)),
        app_client=draws.choose(client_shares, streams.generator("clients").random(apps)),
        app_kind=draws.choose(kind_shares, streams.generator("kinds").random(apps)),
        app_draw=streams.generator("homes").random(apps),
        known_apps=known,
        image=image,
        elsewhere=draws.share(scenario.policies.elsewhere, len(at_s), streams.generator("elsewhere")),
        removed=draws.share(asked.removals, len(at_s), streams.generator("removals")),
    )


def _arrivals(kind: str, rate_per_s: float, duration_s: float, rng: np.random.Generator) -> NDArray[np.float64]:
    if kind == "even":
        # Rounded, for 29 a day are 29 in a day, though their product as floats is a little more.
        return np.arange(math.ceil(round(rate_per_s * duration_s, 6))) / rate_per_s
    # Given their number, the times of a Poisson process are independent and uniform.
    return np.sort(rng.random(rng.poisson(rate_per_s * duration_s)) * duration_s)


def _gone_back(
    app: NDArray[np.int64], kernel: NDArray[np.int64], back: NDArray[np.bool_], known: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
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
