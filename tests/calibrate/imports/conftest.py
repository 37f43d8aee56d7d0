"""The command line."""

from __future__ import annotations

from tests.small_question import regsim

__all__ = ["regsim"]
