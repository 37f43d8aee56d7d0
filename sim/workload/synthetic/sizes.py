"""Sizes of root filesystems, drawn for each application and each of its images, where a scenario varies them.

Distributions are those of `scenario/model/images`. Every draw is made whatever the image's kind is, so that another
kind's sizes move nobody's. Left out: sizes that grow over time, and kernels, which have one size for a kind.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Scenario
from sim.scenario.model.images import Image, Sizes
from sim.streams import Streams

#: The standard normal's quantile of 95 %.
_Z95 = 1.6448536269514722

_Ints = NDArray[np.int64]


class Drawn(NamedTuple):
    """The sizes of the images that are there at the start, (n_apps,), and of each deploy's new image, (n,), bytes."""

    app_bytes: _Ints
    image_bytes: _Ints


def sizes(
    scenario: Scenario, streams: Streams, entity: str, app_kind: _Ints, app: _Ints, is_first: NDArray[np.bool_]
) -> Drawn | None:
    """Sizes for applications of these kinds, (n_apps,), and for deploys of these applications, (n,).

    `is_first` says whose image is its application's first, which has the application's size. None where no kind of
    image varies in size.
    """
    kinds = [*scenario.images.values()]
    if all(kind.sizes is None for kind in kinds):
        return None
    n_apps, n = len(app_kind), len(app)
    by_app = streams.generator("app sizes", entity), streams.generator("app size choices", entity)
    by_image = streams.generator("image sizes", entity), streams.generator("image size choices", entity)
    app_normal, app_uniform = by_app[0].standard_normal(n_apps), by_app[1].random(n_apps)
    image_normal, image_uniform = by_image[0].standard_normal(n), by_image[1].random(n)
    app_bytes, image_bytes = np.empty(n_apps), np.empty(n)
    of_deploy = app_kind[app]
    for number, kind in enumerate(kinds):
        of_kind, deploys = app_kind == number, of_deploy == number
        varied = kind.sizes
        if varied is None:
            app_bytes[of_kind] = image_bytes[deploys] = kind.rootfs_bytes
            continue
        app_bytes[of_kind] = _drawn(varied, kind.rootfs_bytes, app_normal[of_kind], app_uniform[of_kind])
        if varied.per == "update":
            anew = _drawn(varied, kind.rootfs_bytes, image_normal[deploys], image_uniform[deploys])
        else:
            factor = np.exp(math.log(varied.update_p95) / _Z95 * image_normal[deploys])
            anew = np.minimum(app_bytes[app[deploys]] * np.where(is_first[deploys], 1.0, factor), _largest(varied))
        image_bytes[deploys] = anew
    return Drawn(_whole(app_bytes), _whole(image_bytes))


def _drawn(
    varied: Sizes, median_bytes: int, normal: NDArray[np.float64], uniform: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sizes from an image's distribution, by standard normal or by uniform draws."""
    given = varied.given_bytes()
    if given is not None:
        return np.array(given, dtype=np.float64)[(uniform * len(given)).astype(np.int64)]
    sigma = 0.0 if varied.p95_bytes is None else math.log(varied.p95_bytes / median_bytes) / _Z95
    made: NDArray[np.float64] = np.minimum(median_bytes * np.exp(sigma * normal), varied.most_bytes)
    return made


def quantiles_bytes(image: Image, shares: NDArray[np.float64]) -> _Ints:
    """Below which sizes these shares, above 0 and below 1, of a kind's apps are, bytes (n,); one where none differ."""
    varied = image.sizes
    if varied is None:
        return np.full(len(shares), image.rootfs_bytes)
    given = varied.given_bytes()
    if given is not None:
        return _whole(np.quantile(np.array(given, dtype=np.float64), shares, method="inverted_cdf"))
    normal = np.array([NormalDist().inv_cdf(share) for share in shares.tolist()])
    return _whole(_drawn(varied, image.rootfs_bytes, normal, shares))


def _largest(varied: Sizes) -> float:
    """What no update is larger than; those of sizes that are given may be."""
    return math.inf if varied.given_bytes() is not None else float(varied.most_bytes)


def _whole(sizes_bytes: NDArray[np.float64]) -> _Ints:
    """Whole bytes, at least one and no more than a column holds."""
    return np.clip(np.rint(sizes_bytes), 1, 2.0**62).astype(np.int64)
