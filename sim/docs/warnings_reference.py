"""The reference of warnings: each code with what it says, read off the functions that raise them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sim.cli.output import OF_THE_ANSWER
from sim.docs import markdown
from sim.scenario.warnings.rules import ACROSS, WARNINGS

_PASSED: Final = " and ".join(f"`{code}`" for code in sorted(OF_THE_ANSWER))
_INTRODUCTION: Final = f"""\
A warning is no fault: the scenario runs as it is written, and may still ask something else than you mean. Each is one
line on standard error before anything runs (or after it, for what only runs show), and an entry of `"warnings"` in
every JSON document, with its `code`, `where` and `text`. `--strict` makes errors of them, but of
{_PASSED}, which say something of the answer; `--quiet` says none."""
#: Those that no check of a scenario alone raises.
OTHERS: Final[Mapping[str, str]] = {
    "overruled": "An override that every variant overrules, so that the plain scenario alone has it.",
    "same-rows": "A variant came out as another in every run, to the bit.",
    "no-contention": "Fewer than 1 of 100 deploys waited for others: intervals are then noise over a few image sizes.",
    "flip": "The value at which an assumed figure turns who deploys faster, by deploys on idle links.",
}


def page() -> str:
    """The page."""
    return markdown.page("Warnings: valid, and maybe the wrong question", _INTRODUCTION, _parts())


def _parts() -> Iterator[str]:
    checks: dict[str, Callable[..., Any]] = {**WARNINGS, **ACROSS}
    lines = {code: markdown.sentence(" ".join((check.__doc__ or "").split())) for code, check in checks.items()}
    yield markdown.entries(markdown.term(code, words) for code, words in sorted({**lines, **OTHERS}.items()))
