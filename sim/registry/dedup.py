"""How far dedup looks: whether a blob counts as held because this repository has it, or a wider part of the world.

Clients ask a repository, so `repository` is what really happens (distribution specification: blobs belong to
repositories; kraftkit and containerd ask no further). The wider scopes are what a registry could offer: all
repositories of the `account`, or of the whole `registry`, as cross-repository mounts do where a client may use them.
`fleet` is an upper bound that no registry reaches: a blob that any registry has is everywhere. Under `none` everything
is sent each time. Left out: blobs that are alike in part; a blob is held whole or not at all.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

Scope = Literal["none", "repository", "account", "registry", "fleet"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)


def account_of(repository: str) -> str:
    """The account that a repository belongs to: the first part of its path; a path of one part is its own account."""
    return repository.partition("/")[0]
