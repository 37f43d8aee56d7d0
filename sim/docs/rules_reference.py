"""The reference of rules: the kinds of decisions, what may be chosen of each, and what a rule sees and returns."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Final

from sim import policies
from sim.docs import markdown
from sim.docs.python_reference import members, signature
from sim.policies import snapshot

_INTRODUCTION: Final = """\
A rule is a pure function from a frozen view, and parameters of its own, to a decision. It is chosen in `[policies]` by
its name, and each stands in a file of its own: those that ship in `sim/policies/`, yours in a folder `KIND/NAME.py`
that `run.policies_path` or `--policies` names. `regsim check --policies DIR` says whether yours are rules."""
_VIEWS: Final = "## What rules see and return\n\nAll of these are frozen: a rule looks, and returns what it decides."


def page() -> str:
    """The page."""
    return markdown.page("Rules: what may be chosen, and what a rule sees", _INTRODUCTION, _parts())


def _parts() -> Iterator[str]:
    for kind, function in policies.FUNCTIONS.items():
        yield f"## {kind}"
        yield _docstring(importlib.import_module(f"sim.policies.{kind}"))
        yield markdown.entries(_rule(kind, name) for name in policies.names(kind))
        yield f"A file of this kind has the function `{function}`."
    yield _VIEWS
    for name, value in vars(snapshot).items():
        if inspect.isclass(value) and value.__module__ == snapshot.__name__ and not name.startswith("_"):
            if issubclass(value, BaseException):
                continue
            yield f"### {name}"
            if value is not snapshot.Deploy:  # which nobody makes
                yield f"```python\n{name}{signature(value)}\n```"
            yield _docstring(value)
            yield markdown.entries(members(value))


def _rule(kind: str, name: str) -> str:
    """A rule that ships, by the first paragraph of its file, and its own keys."""
    first = " ".join(_docstring(policies.rule(kind, name)).split("\n\n")[0].split())
    own = [field.alias or key for key, field in policies.parameters(kind, name).model_fields.items()]
    return markdown.term(name, markdown.sentence(first), f"Keys: {', '.join(own)}." if own else "")


def _docstring(value: object) -> str:
    return inspect.getdoc(value) or ""
