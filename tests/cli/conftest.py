"""The small question in a file, and the command line."""

from __future__ import annotations

from tests.small_question import outcome, regsim, scenario, small, small_text

__all__ = ["outcome", "regsim", "scenario", "small", "small_text"]
