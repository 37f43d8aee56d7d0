"""The small question in a file, and the command line."""

from __future__ import annotations

from tests.small_question import regsim, small, small_text

__all__ = ["regsim", "small", "small_text"]
