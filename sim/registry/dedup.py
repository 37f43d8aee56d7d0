"""How far dedup looks: whether a blob counts as held because this repository has it, or a wider part of the world.

Clients ask a repository, so `repository` is what really happens (distribution specification: blobs belong to
repositories; kraftkit and containerd ask no further). The wider scopes are what a registry could offer: all
repositories of the `account`, or of the whole `registry`, as cross-repository mounts do where a client may use them.
`fleet` is an upper bound that no registry reaches: a blob that any registry has is everywhere. Under `none` everything
is sent each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container
from typing import Final, Literal, get_args

from sim.registry.oci import Digest

Scope = Literal["none", "repository", "account", "registry", "fleet"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)


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


def account_of(repository: str) -> str:
    """The account that a repository belongs to: the first part of its path; a path of one part is its own account."""
    return repository.partition("/")[0]


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
