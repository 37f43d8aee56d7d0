"""What a shell may offer for a scenario and after `--set`, `--vary`, `--explain` and `--variant`: keys and names.

Files are left to the shell, which knows them, unless a shipped scenario's name begins as written. A file that cannot be
read leaves the keys that any scenario has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sim.cli import lazy
from sim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Beside a key in zsh and fish stands what it is.
Offer = tuple[str, str]


def files(context: typer.Context, incomplete: str) -> list[str]:
    """The shipped scenarios, and what stands here beside them; nothing where no shipped one begins as written."""
    shipped = [name for name in lazy.shipped.names() if name.startswith(incomplete)]
    here = [f"{path}/" if path.is_dir() else str(path) for path in Path().glob(f"{incomplete}*")] if shipped else []
    return [*shipped, *sorted(name for name in here if name.endswith((".toml", "/")))]


def settings(context: typer.Context, incomplete: str) -> list[Offer]:
    """`KEY=` of every key that begins as written; once there is a value, nothing."""
    return [(f"{key}=", about) for key, about in _keys(context, incomplete)]


def keys(context: typer.Context, incomplete: str) -> list[Offer]:
    """The keys that begin as written."""
    return list(_keys(context, incomplete))


def variants(context: typer.Context, incomplete: str) -> list[str]:
    """The variants of the file."""
    named = (_document(context) or {}).get("variants", {})
    return [name for name in named if name.startswith(incomplete)]


def _keys(context: typer.Context, incomplete: str) -> Iterator[Offer]:
    """A key with a star, or of no file, stands for all names."""
    document = None if "*" in incomplete else _document(context)
    within = [""]
    if incomplete.startswith("variants."):
        within = [f"variants.{name}." for name in (document or {}).get("variants", {})]
    known: Iterable[Offer] = lazy.keys.described(document)
    for key, about in known:
        shown = key.replace(f".{lazy.keys.ANY}", ".*") if document is None else key
        yield from ((f"{above}{shown}", about) for above in within if f"{above}{shown}".startswith(incomplete))


def _document(context: typer.Context) -> Mapping[str, Any] | None:
    """The tables of the first file that the command line names, if it can be read.

    An option that still lacks its value stops the parser, which leaves the words before it unassigned.
    """
    named = context.params.get("file") or context.params.get("files") or ()
    for word in (*([named] if isinstance(named, str) else named), *context.args):
        with suppress(InputError):
            return lazy.reading.read(lazy.shipped.located(word))
    return None
