"""`regsim docs`: the pages that ship with the package."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli import lazy, options, output


def offered(incomplete: str) -> list[tuple[str, str]]:
    """What a shell may offer: topics that begin as written, with their titles."""
    known = lazy.pages.pages().values()
    return [(page.topic, page.title) for page in known if page.topic.startswith(incomplete)]


def docs(
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="[TOPIC]", help="A page's name; without it all are listed.", show_default=False,
            autocompletion=offered,
        ),
    ] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:  # fmt: skip
    """Print a page of the documentation: a tutorial, how-tos, the reference, and what the model is."""
    wanted = None if topic is None else lazy.pages.page(topic)
    if as_json:
        output.document(lazy.pages.to_json(wanted))
    elif wanted is None:
        output.text("\n".join((*lazy.pages.listed(), "")))
    else:
        lazy.pages.print_page(wanted)
