"""What `regsim show --protocol` prints: each program, step by step, as sentences.

What the steps are and what they do is read off the protocol itself (`sim.protocol.description`).
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from rich.console import Console
from rich.text import Text

from sim.errors import InputError, near
from sim.protocol.description import ProgramText, StepText, described
from sim.registry.clients import CONTAINERD, KRAFTKIT, PROFILES, Profile

_INDENT: Final = "   "
#: How many columns there are for a step, and how many are not for what it does.
_STEP: Final = 30
_BESIDE: Final = len(_INDENT) + _STEP + 2
_INTRODUCTION: Final = (
    "Every program that a run is made of; a deploy begins with DEPLOY. Requests are {client}'s where the client of a "
    "deploy sends them, and those of nodes and of copies where these do. After an arrow stand the place in the program "
    "where a step may go on, and the program that it has run."
)


def client(name: str | None) -> Profile:
    """The client of that name; KraftKit unless one is named. InputError when there is none."""
    known = {**PROFILES, CONTAINERD.name: CONTAINERD}
    if name is None:
        return KRAFTKIT
    if name not in known:
        raise InputError("--client", f'there is no client "{name}"', near(name, known))
    return known[name]


def print_protocol(of: Profile) -> None:
    """All programs on standard output."""
    console = Console(file=sys.stdout, highlight=False)
    _print_wrapped(console, "", _INTRODUCTION.format(client=of.name))
    for program in described(of):
        console.print()
        _print(console, program)


def document(of: Profile) -> dict[str, object]:
    """The document `regsim.protocol/1`."""
    return {
        "schema": "regsim.protocol/1", "client": of.name, "programs": [program.to_json() for program in described(of)],
    }  # fmt: skip


def _print(console: Console, program: ProgramText) -> None:
    _print_wrapped(console, f"{program.name}  ", program.about)
    for step in program.steps:
        if step.label:
            console.print(Text(f" {step.label}:", style="cyan"))
        for line in _lines(step, program.client, console.width):
            console.print(line, soft_wrap=True)


def _print_wrapped(console: Console, head: str, text: str) -> None:
    first, *others = textwrap.wrap(f"{head}{text}", max(console.width, 2 * _STEP), break_on_hyphens=False)
    console.print(Text.assemble((head, "bold"), first.removeprefix(head)), soft_wrap=True)
    for line in others:
        console.print(Text(line), soft_wrap=True)


def _lines(step: StepText, client: str, width: int) -> Iterator[Text]:
    """The step in a column on the left, what it does in one on the right, each on as many lines as it takes."""
    name = step.step + (f" ({', '.join(step.about)})" if step.about else "")
    left = textwrap.wrap(" ".join((name, *(f"→ {place}" for place in step.to))), _STEP, subsequent_indent="  ")
    right = [
        line for text in _does(step, client)
        for line in textwrap.wrap(text, max(width - _BESIDE, _STEP), break_on_hyphens=False)
    ]  # fmt: skip
    for one, other in zip_longest(left, right, fillvalue=""):
        line = Text(_INDENT)
        line.append(one, style="bold")
        line.append(f"{'':{_STEP - len(one) + 2}}{other}" if other else "")
        yield line


def _does(step: StepText, client: str) -> Iterator[str]:
    if step.step != "request":
        yield step.sentence
        return
    yield f"{client}: {', '.join(step.requests) or 'nothing'}"
    if step.how:
        yield f"({'; '.join(step.how)})"
