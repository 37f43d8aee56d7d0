"""The small question, and its comparison."""

from __future__ import annotations

from tests.small_question import document, failing, outcome, scenario, small_text

__all__ = ["document", "failing", "outcome", "scenario", "small_text"]
