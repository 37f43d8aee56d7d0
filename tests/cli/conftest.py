"""The small question in a file, and the command line."""

from __future__ import annotations

from tests.small_question import regsim, small

__all__ = ["regsim", "small"]
