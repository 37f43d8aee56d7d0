"""The blobs that repositories share for dedup, by scope (see `sim.registry.dedup`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container

from sim.registry.dedup import Scope, account_of
from sim.registry.oci import Digest


class Pool:
    """The blobs that repositories share for dedup: each in how many of the repositories of one part."""

    __slots__ = ("_held", "_part")

    def __init__(self, part: Callable[[str], str | None]) -> None:
        self._part = part
        self._held: dict[str, Counter[Digest]] = {}

    def held(self, repository: str) -> Container[Digest]:
        """What counts as held when something is to be sent to a repository, for `digest in`."""
        part = self._part(repository)
        return () if part is None else self._held.get(part, ())

    def add(self, repository: str, digest: Digest) -> None:
        """A repository holds a blob from now on."""
        part = self._part(repository)
        if part is not None:
            self._held.setdefault(part, Counter())[digest] += 1

    def remove(self, repository: str, digest: Digest) -> None:
        """It does no longer."""
        part = self._part(repository)
        if part is not None:
            held = self._held[part]
            held[digest] -= 1
            if not held[digest]:
                del held[digest]


def pools(scope: Scope) -> Callable[[], Pool | None]:
    """What makes the pool of one registry after another; None where a repository looks at itself alone."""
    if scope == "repository":
        return lambda: None
    if scope == "fleet":
        everywhere = Pool(lambda repository: "")
        return lambda: everywhere
    parts: dict[str, Callable[[str], str | None]] = {
        "none": lambda repository: None,
        "account": account_of,
        "registry": lambda repository: "",
    }
    return lambda: Pool(parts[scope])
