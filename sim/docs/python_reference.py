"""The reference of Python: what `sim` and `sim.network` offer, with signatures and what their docstrings say."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cached_property
from types import ModuleType
from typing import Any, Final

import sim
from sim import network
from sim.docs import markdown
from sim.rendering import Finding

_INTRODUCTION: Final = """\
`import sim` costs nothing: each name is imported when it is first used. `regsim docs python` shows how they go
together."""


def page() -> str:
    """The page."""
    return markdown.page("Python: what a notebook calls", _INTRODUCTION, _parts())


def _parts() -> Iterator[str]:
    names = [name for name in dir(sim) if not name.startswith("_")]
    for name in names:
        value = getattr(sim, name)
        if not isinstance(value, ModuleType):
            yield from _told(f"sim.{name}", value)
    yield "# sim.network"
    yield _docstring(network)
    for name in sorted(network.__all__):
        yield from _told(f"sim.network.{name}", getattr(network, name))


def _told(name: str, value: Any) -> Iterator[str]:
    """A function or a class by its name: its signature, its docstring, and of a class what is in it."""
    yield f"## {name}"
    if inspect.isclass(value):
        if _is_made_by_users(value):
            yield f"```python\n{name}{signature(value)}\n```"
        yield _docstring(value)
        yield markdown.entries(members(value))
    else:
        yield f"```python\n{name}{signature(value)}\n```"
        yield _docstring(value)


def _is_made_by_users(of: type) -> bool:
    """Whether a reader is to make such things, not only to get them: those of the network, and stores."""
    return of is sim.Store or of.__module__.startswith("sim.network.")


def members(of: type) -> Iterator[str]:
    """A class's own properties and methods that are not private, and a finding's, each with its first sentence."""
    faces = vars(Finding) if issubclass(of, Finding) else {}
    for name, member in {**faces, **vars(of)}.items():
        method = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        if name.startswith("_") or name.startswith("model_") or not _docstring(member):
            continue
        first = " ".join(_docstring(member).split("\n\n")[0].split())
        if inspect.isfunction(method):
            yield f"- `{name}{signature(method)}`: {first}"
        elif isinstance(member, property | cached_property):
            yield f"- `{name}`: {first}"


def signature(function: Any) -> str:
    parameters = inspect.signature(function).parameters.values()
    told, starred = [], False
    for each in parameters:
        if each.name in ("self", "cls"):
            continue
        if each.kind is each.KEYWORD_ONLY and not starred:
            told.append("*")
            starred = True
        star = "*" if each.kind is each.VAR_POSITIONAL else "**" if each.kind is each.VAR_KEYWORD else ""
        starred = starred or each.kind is each.VAR_POSITIONAL
        # Of a NamedTuple it is no text, but an object that holds one.
        annotation = getattr(each.annotation, "__forward_arg__", each.annotation)
        about = "" if each.annotation is each.empty else f": {annotation}"
        default = "" if each.default is each.empty else f" = {each.default!r}"
        told.append(f"{star}{each.name}{about}{default}")
    return f"({', '.join(told)})"


def _docstring(value: Any) -> str:
    return inspect.getdoc(value) or ""
