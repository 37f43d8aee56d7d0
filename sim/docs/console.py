"""Commands that stand in pages, and whether they still print what stands below them.

A block of `console` in a page has commands after a `$`, each with what it prints on standard output; a line `[...]`
stands for lines that are left out, and where nothing is shown nothing is compared. The commands of one page are run in
one folder, in their order, so that one may use what another wrote; the repository's scenarios and tests are there too.

    python -m sim.docs.console                # all pages: minutes
    python -m sim.docs.console README.md      # one
    python -m sim.docs.console --write ...    # puts there what is printed now, as many lines as there are
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
#: How many columns a page shows of a table.
COLUMNS: Final = 120
#: Undecided and missed thresholds are answers, too.
ANSWERS: Final = (0, 98, 99)
CUT: Final = "[...]"
_BLOCK: Final = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BESIDE: Final = ("scenarios", "tests", "notebooks")


@dataclass(frozen=True, slots=True)
class Shown:
    """A command as it stands in a page, and the lines below it."""

    command: str
    lines: tuple[str, ...]


def shown_in(text: str) -> list[Shown]:
    """All commands of a page."""
    return [each for block in _BLOCK.finditer(text) for each in _commands(block[1].splitlines())]


def _commands(lines: Sequence[str]) -> Iterator[Shown]:
    """ValueError where a block begins with no command."""
    starts = [at for at, line in enumerate(lines) if line.startswith("$ ")]
    if starts[:1] != [0]:
        raise ValueError(f"a block of console begins with a command after $, got {lines[:1]}")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        last = next(at for at in range(start, end) if not lines[at].endswith("\\"))
        command = "\n".join(lines[start : last + 1]).removeprefix("$ ")
        yield Shown(command, tuple(lines[last + 1 : end]))


def run(commands: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """What each command prints, one after another in one folder. ValueError for one that fails."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, programs = Path(temporary) / "here", Path(temporary) / "bin"
        folder.mkdir()
        programs.mkdir()
        for name in _BESIDE:
            (folder / name).symlink_to(ROOT / name)
        for name, words in (("regsim", "-m sim"), ("python", "")):
            (programs / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {words} "$@"\n')
            (programs / name).chmod(0o755)
        environment = os.environ | {
            "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
            "COLUMNS": str(COLUMNS), "NO_COLOR": "1",
        }  # fmt: skip
        for command in commands:
            done = subprocess.run(
                command, shell=True, executable="/bin/bash", cwd=folder, env=environment, capture_output=True,
                encoding="utf-8", check=False,
            )  # fmt: skip
            if done.returncode not in ANSWERS:
                raise ValueError(f"{command}: exit code {done.returncode}\n{done.stderr}")
            yield tuple(line.rstrip() for line in done.stdout.splitlines())


def agrees(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether these lines are printed, `[...]` standing for any number of them; empty lines at the end do not count."""
    wanted, printed = _trimmed([line.rstrip() for line in shown]), _trimmed(printed)
    if CUT not in wanted:
        return wanted == [*printed]
    at = 0
    parts = _parts(wanted)
    for number, part in enumerate(parts):
        places = [at] if number == 0 else range(at, len(printed) - len(part) + 1)
        if number and number == len(parts) - 1:
            places = [len(printed) - len(part)]
        found = next((place for place in places if place >= at and [*printed[place : place + len(part)]] == part), None)
        if found is None:
            return False
        at = found + len(part)
    return True


def _trimmed(lines: Sequence[str]) -> list[str]:
    """Without the empty lines at the end."""
    count = len(lines)
    while count and not lines[count - 1]:
        count -= 1
    return [*lines[:count]]


def _parts(lines: Sequence[str]) -> list[list[str]]:
    """Lines between cuts; nothing before a cut at the start, and after one at the end."""
    parts: list[list[str]] = [[]]
    for line in lines:
        if line == CUT:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def renewed(shown: Sequence[str], printed: Sequence[str]) -> list[str]:
    """The lines as they would be printed now: all, or of each part as many from the line that begins as its first."""
    if CUT not in shown:
        return [*printed]
    lines: list[str] = []
    parts, at = _parts(shown), 0
    for number, part in enumerate(parts):
        if number:
            lines.append(CUT)
        if part:
            begins = re.split(r"\d|(?<=\S)  ", part[0])[0]
            from_the_end = number == len(parts) - 1
            place = len(printed) - len(part) if from_the_end else _first(printed, begins, at if number else 0)
            lines += printed[place : place + len(part)]
            at = place + len(part)
    return lines


def _first(printed: Sequence[str], begins: str, at: int) -> int:
    return next((place for place in range(at, len(printed)) if printed[place].startswith(begins)), at)


def differences(page: Path, write: bool = False) -> list[str]:
    """What the commands of a page print otherwise than it shows, as lines; put into the page when asked."""
    text = page.read_text(encoding="utf-8")
    every = shown_in(text)
    told: list[str] = []
    for each, printed in zip(every, run([each.command for each in every]), strict=True):
        if not each.lines or agrees(each.lines, printed):
            continue
        now = renewed(each.lines, printed)
        told += [
            f"{page.name}: {each.command}",
            *difflib.unified_diff(each.lines, now, "shown", "printed", lineterm=""),
        ]
        before = "\n".join((each.command, *each.lines))
        text = text.replace(before, "\n".join((each.command, *now)), 1)
    if write and told:
        page.write_text(text, encoding="utf-8")
    return told


def pages() -> list[Path]:
    """All pages that have such commands."""
    every = [ROOT / "README.md", *sorted((ROOT / "sim/docs").rglob("*.md")), ROOT / "tests/rig/RESULTS.md"]
    return [page for page in every if page.exists() and _BLOCK.search(page.read_text(encoding="utf-8"))]


def main(words: Sequence[str]) -> int:
    """1 where something is printed otherwise than shown, and not written."""
    write = "--write" in words
    named = [Path(word) for word in words if word != "--write"] or pages()
    found = [line for page in named for line in differences(page, write)]
    print("\n".join(found))
    return 1 if found and not write else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
