"""A push or a pull of one client in one repository, while its requests come: what `sessions` keeps of it.

Left out: what it means, which `sessions` says when it ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal


@dataclass(slots=True, eq=False)
class Session:
    """A push or a pull under way."""

    kind: Literal["push", "pull"]
    client: str
    repository: str
    began_s: float
    last_s: float
    reference: str = ""
    blobs: dict[str, bool] = field(default_factory=dict)  # digest -> whether its bytes travelled
    part: dict[str, None] = field(default_factory=dict)  # those since the last manifest that was put by its digest
    image: tuple[str, ...] | None = None  # what the manifest meant when a pull got it
    asked: set[str] = field(default_factory=set)  # manifests that a pull got
    manifest_bytes: float = math.nan
    came_bytes: dict[str, float] = field(default_factory=dict)  # digest -> bytes of it that a pull has had
    missing: dict[str, None] = field(default_factory=dict)  # blobs that a push looked for in vain and has not sent yet

    def touch(self, digest: str, travelled: bool) -> None:
        """This blob is of the image; once it has travelled it stays so."""
        self.part[digest] = None
        self.blobs[digest] = travelled or self.blobs.get(digest, False)

    def came(self, digest: str, size_bytes: float, partial: bool) -> float:
        """More of a blob came, or all of it; how much of it there is by now, bytes: infinite where nobody can say."""
        had = self.came_bytes.get(digest, 0.0)
        all_told = had + size_bytes if partial else max(had, size_bytes)
        had = math.inf if math.isnan(size_bytes) else all_told
        self.came_bytes[digest] = had
        return had
