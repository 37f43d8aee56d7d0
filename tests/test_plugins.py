"""Choices are the files of a package's folders, whoever puts them there and whenever."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim import plugins
from sim.policies import conflict

PACKAGE = conflict.__name__


def test_a_file_is_a_choice_from_when_it_is_there_until_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked a moment ago does not count."""
    own = plugins.names(PACKAGE)
    monkeypatch.setattr(conflict, "__path__", [*conflict.__path__, str(tmp_path), str(tmp_path / "nowhere")])
    assert plugins.names(PACKAGE) == own
    mine = tmp_path / "a_rule_of_mine.py"
    mine.write_text("")
    assert plugins.names(PACKAGE) == ("a-rule-of-mine", *own)
    mine.unlink()
    assert plugins.names(PACKAGE) == own


def test_a_choice_that_is_not_there_is_told_with_those_that_are() -> None:
    """All of them are named."""
    with pytest.raises(ValueError, match=r"has no 'nobody'; choose one of .*last-writer"):
        plugins.module(PACKAGE, "nobody")
