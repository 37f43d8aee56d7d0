"""Where a value stands in a document: its keys from the top, and as one text."""

from __future__ import annotations

Path = tuple[str | int, ...]


def dotted(path: Path) -> str:
    """A path as errors, overrides and figures write it."""
    return ".".join(map(str, path))
