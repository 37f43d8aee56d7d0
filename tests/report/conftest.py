"""The small question, its comparison, and the command line."""

from __future__ import annotations

from tests.small_question import document, failing, outcome, regsim, scenario, small, small_text

__all__ = ["document", "failing", "outcome", "regsim", "scenario", "small", "small_text"]
