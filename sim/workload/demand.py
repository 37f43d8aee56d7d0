"""What a run is asked to do: its applications, and its deploys sorted by time.

Demand is columns; the world reads it one `Ask` at a time. Every draw that a rule may need arrives here as a value, so
that two variants decide on the same draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_CHUNK = 8192


class Ask(NamedTuple):
    """One deploy that a client asks for; `app`, `client` and `kind` are indices.

    `image` is the number of the image that it pushes: its own, or an earlier one that it goes back to. `elsewhere`: the
    platform starts it on another node than the one that was chosen to be pushed to.
    """

    deploy: int
    at_s: float
    app: int
    client: int
    kind: int
    kernel: int
    update: bool
    route_draw: float
    place_draw: float
    removed: bool
    image: int
    elsewhere: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """The deploys of one run, columns (n_deploys,) sorted by `at_s`, and its applications, columns (n_apps,).

    The first `known_apps` applications exist at the start (in the registries too, if the scenario is warm), with
    kernel 0 and images numbered from n_deploys on. `removed` says whose image is removed after its deploy has ended;
    None if nobody's is. `image` numbers the images that are pushed; None if each is a new one, numbered as its deploy.
    `elsewhere` says who starts on another node than was pushed to; None if nobody does.
    """

    at_s: NDArray[np.float64]
    app: NDArray[np.int64]
    kernel: NDArray[np.int64]
    update: NDArray[np.bool_]
    route_draw: NDArray[np.float64]
    place_draw: NDArray[np.float64]
    app_client: NDArray[np.int64]
    app_kind: NDArray[np.int64]
    app_draw: NDArray[np.float64]
    known_apps: int
    removed: NDArray[np.bool_] | None = None
    image: NDArray[np.int64] | None = None
    elsewhere: NDArray[np.bool_] | None = None

    @classmethod
    def nothing(cls) -> Demand:
        """Nobody asks for anything and there is no application: what is done comes from elsewhere."""
        none, nobody = np.empty(0), np.empty(0, dtype=np.int64)
        return cls(
            at_s=none, app=nobody, kernel=nobody, update=np.empty(0, dtype=np.bool_), route_draw=none, place_draw=none,
            app_client=nobody, app_kind=nobody, app_draw=none, known_apps=0,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.at_s)

    def __iter__(self) -> Iterator[Ask]:
        for first in range(0, len(self), _CHUNK):
            part = slice(first, first + _CHUNK)
            app = self.app[part]
            columns: list[list[Any]] = [
                self.at_s[part].tolist(), app.tolist(), self.app_client[app].tolist(), self.app_kind[app].tolist(),
                self.kernel[part].tolist(), self.update[part].tolist(),
                self.route_draw[part].tolist(), self.place_draw[part].tolist(),
                [False] * len(app) if self.removed is None else self.removed[part].tolist(),
                [*range(first, first + len(app))] if self.image is None else self.image[part].tolist(),
                [False] * len(app) if self.elsewhere is None else self.elsewhere[part].tolist(),
            ]  # fmt: skip
            yield from map(Ask._make, zip(range(first, first + len(app)), *columns, strict=True))
