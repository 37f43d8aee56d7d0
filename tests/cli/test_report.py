"""`regsim report`: where the page goes, what goes in, and what a real browser says of it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.small_question import Answer

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def ran(small: str, regsim: Callable[..., Answer]) -> Path:
    """A run in a directory."""
    asked = ("run", small, "--variant", "central", "--engine", "reference", "--out", "ran", "--quiet")
    assert regsim(*asked).code == 0
    return Path("ran")


@pytest.mark.integration
def test_the_page_stands_beside_the_result(ran: Path, regsim: Callable[..., Answer]) -> None:
    """Without --out it is `report.html` in the result, and that is said."""
    answer = regsim("report", str(ran))
    assert (answer.code, answer.out, answer.err) == (0, "", "wrote ran/report.html\n")
    assert (ran / "report.html").read_text().startswith("<!doctype html>")


@pytest.mark.integration
def test_the_page_goes_where_it_is_wanted(ran: Path, regsim: Callable[..., Answer]) -> None:
    """--out names a file, in a folder that is made; a directory is refused in a line."""
    assert regsim("report", str(ran), "--out", "pages/first.html", "-q").code == 0
    assert Path("pages/first.html").is_file()
    answer = regsim("report", str(ran), "--out", "pages")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "pages: is a directory" in answer.err


def test_what_is_no_result_is_bad_use(tmp_path: Path, regsim: Callable[..., Answer]) -> None:
    """One line and exit code 2."""
    answer = regsim("report", str(tmp_path))
    assert (answer.code, answer.err.count("\n")) == (2, 1)


@pytest.mark.integration
@pytest.mark.skipif(BROWSER is None, reason="no chromium here")
def test_a_browser_shows_the_page_without_complaint(ran: Path, regsim: Callable[..., Answer], tmp_path: Path) -> None:
    """Its script runs under the page's own policy and adds buttons to heads; nothing is said on the console."""
    assert regsim("report", str(ran), "-q").code == 0
    assert BROWSER is not None
    options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 60}
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    place = (ran / "report.html").resolve().as_uri()
    seen = subprocess.run([BROWSER, *flags, "--enable-logging=stderr", "--dump-dom", place], **options)
    assert "CONSOLE" not in seen.stderr
    assert '<button type="button">' in seen.stdout
    assert '<label class="filter">' in seen.stdout
