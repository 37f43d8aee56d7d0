"""The reference of the command line: every verb with its arguments and options, and the exit codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import typer

from sim.cli.app import app
from sim.docs import markdown

_INTRODUCTION: Final = """\
`regsim VERB ...`, or `python -m sim VERB ...`. FILE is a path to a scenario, or the name of one that ships
(`regsim compare metros` works in any folder). An answer goes to standard output, everything else to standard error, so
that answers can be piped. `regsim --install-completion` sets up completion in bash, zsh and fish: verbs, topics of the
docs, shipped scenarios, and the file's keys after `--set`, `--vary` and `--explain`.

What is given twice as the same option adds up (`--set A=1 --set B=2`). What no option says, the scenario says."""


def page() -> str:
    """The page."""
    return markdown.page("Every verb and option", _INTRODUCTION, _parts())


def _parts() -> Iterator[str]:
    group: Any = typer.main.get_command(app)
    yield markdown.entries(f"- [`{name}`](#regsim-{name}): {_first(verb)}" for name, verb in group.commands.items())
    for name, verb in group.commands.items():
        usage = " ".join(str(each.metavar) for each in verb.params if each.param_type_name == "argument")
        yield f"## regsim {name}"
        yield f"`{f'regsim {name} {usage}'.rstrip()}`"
        yield " ".join((verb.help or "").split())
        yield markdown.entries(_lines(verb))
    yield "## Exit codes"
    yield markdown.entries(f"- {code}: {meaning}" for code, meaning in exit_codes().items())


def exit_codes() -> dict[int, str]:
    """What each exit code means, as the help says it."""
    told = str(app.info.epilog).removeprefix("Exit codes: ").removesuffix(".")
    parts = (re.fullmatch(r"(\d+) (.+)", part) for part in told.split(", "))
    return {int(part[1]): part[2] for part in parts if part}


def _first(verb: Any) -> str:
    """The first sentence of a verb's help."""
    first, dot, _ = " ".join((verb.help or "").split()).partition(". ")
    return first + ("." if dot else "")


def _lines(verb: Any) -> Iterator[str]:
    for each in verb.params:
        if each.param_type_name == "argument":
            yield f"- {each.metavar}: {each.help or ''}"
        elif each.name != "help":
            metavar = "" if each.is_flag else f" {each.metavar}"
            default = _default(each)
            names = ", ".join(f"`{name}{metavar}`" for name in each.opts)
            yield f"- {names}: {each.help or ''}" + (f" ({default})" if default else "")


def _default(option: Any) -> str:
    """What holds without it, where that is told in help as well."""
    if option.is_flag or option.show_default is False or option.default is None:
        return ""
    told = option.show_default if isinstance(option.show_default, str) else option.default
    return f"default {told}"
