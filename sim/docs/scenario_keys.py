"""The reference of scenario files: every key with what it is, how it is written, its default and that one's source.

All of it is what `regsim show --explain KEY` says, which reads it off the scenario's models.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sim.docs import markdown
from sim.scenario.describe import explain, keys
from sim.scenario.describe.explain import Explained

_CHOICE_S_OWN: Final = "Which of the choices it is."
_INTRODUCTION: Final = """\
A scenario is a TOML file of the tables below. It is strict: an unknown key, a value without its unit, or a value out of
range is an error that names file, key, value and remedy. `NAME` stands for a name that you give; on the command line a
`*` in its place means all of that kind (`--set "clients.*.up=20 Mbit/s"`).

Any single value is text with a unit, a number or true and false; or a table that also says what it rests on:
`{ value = "36 MiB", source = "our CI", range = ["30 MiB", "40 MiB"] }`, or `assumption = true` where it rests on
nothing. A rule with keys of its own is written as its name, or as a table: `{ name = "poll", every = "6 h" }`. In a mix
of rules each has a `share`: `[{ name = "central", share = 3 }, { name = "node-direct" }]`.

`regsim show --explain KEY` says the same of one key, and `regsim show FILE` what each has in a file."""


def page() -> str:
    """The page."""
    return markdown.page("Every key of a scenario", _INTRODUCTION, _parts())


def _parts() -> Iterator[str]:
    by_table: dict[str, list[str]] = {}
    for key, about in keys.described():
        if about != _CHOICE_S_OWN:
            by_table.setdefault(key.partition(".")[0], []).append(key)
    for name, inside in by_table.items():
        yield f"## {name}"
        if inside != [name]:
            yield explain.explained(name).about
        yield markdown.entries(line for key in inside for line in _lines(explain.explained(key)))
    yield "## variants"
    yield keys.VARIANTS.about


def _lines(found: Explained) -> Iterator[str]:
    """A key's entry, and below it the choices that may be written there."""
    yield markdown.term(
        found.key, found.about, markdown.sentence(f"write {_form(found)}" if found.form else ""), _default(found)
    )
    for name, about in found.choices.items():
        yield f"  - `{name}`: {about}"


def _form(found: Explained) -> str:
    """How it is written, with what stands in quotes as code."""
    head, such_as, example = found.form.partition(" such as ")
    if not such_as:
        return head
    value, comma, bounds = example.partition(", ")
    return f"{head} such as `{value}`{comma}{bounds}"


def _default(found: Explained) -> str:
    if not found.default:
        return ""
    rests_on = f" ({found.rests_on})" if found.rests_on else ""
    if " (Of " in found.default:  # each rule's own
        return markdown.sentence(f"default {found.default}{rests_on}")
    return f"Default `{found.default}`{rests_on}."
