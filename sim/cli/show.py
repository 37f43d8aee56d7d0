"""`regsim show`: a scenario fully resolved, each figure's source beside it; what a key is; the protocol of all runs."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli import completion, lazy, options, output
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.describe.show import Resolved


def show(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE]",
            help="A scenario, in TOML, or the name of one that ships.",
            show_default=False,
            autocompletion=completion.files,
        ),
    ] = None,
    settings: options.Settings = None,
    policies: options.Policies = None,
    variant: options.Variant = None,
    explain: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="Say what one key is, as in demand.rate or links.NAME.price; FILE may be left out.",
            show_default=False,
            autocompletion=completion.keys,
        ),
    ] = None,
    protocol: Annotated[
        bool, typer.Option("--protocol", help="Print what every push, pull and copy does, step by step; without FILE.")
    ] = False,
    client: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Whose requests --protocol prints (kraftkit).", show_default=False),
    ] = None,
    as_json: options.Json = False,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Print the scenario fully resolved. Defaults are filled in, units canonical, each figure's source beside it."""
    if client is not None and not protocol:
        raise InputError("--client", "says whose requests the protocol has", "name --protocol, too, or leave it out")
    if protocol:
        _protocol(file, explain, client, as_json)
        return
    if file is None and explain is None:
        raise InputError("regsim show: FILE", "is missing", "name a scenario, or a key by --explain")
    scenario = None
    if file is not None:
        scenario = options.load(
            file, options.overrides(settings, policies=policies), variant, strict=strict, quiet=quiet
        )
    if explain is not None:
        found = lazy.explain.explained(explain, scenario)
        if as_json:
            output.document(lazy.explain.to_json(found, scenario))
        else:
            output.text(lazy.explain.text(found))
    elif scenario is not None and as_json:
        output.document(_document(scenario))
    elif scenario is not None:
        output.text(lazy.show.text(scenario))


def _protocol(file: str | None, explain: str | None, client: str | None, as_json: bool) -> None:
    if file is not None or explain is not None:
        raise InputError("--protocol", "is the same for every scenario", "leave FILE and --explain out")
    of = lazy.protocol.client(client)
    if as_json:
        output.document(lazy.protocol.document(of))
    else:
        lazy.protocol.print_protocol(of)


def _document(scenario: Scenario) -> dict[str, Any]:
    values = {lazy.keypath.dotted(value.path): _value(value) for value in lazy.show.resolved(scenario)}
    return {
        "schema": "regsim.show/1",
        "scenario": scenario.name,
        "warnings": [each.to_json() for each in scenario.warnings],
        "variant": scenario.variant_name,
        "variants": scenario.variants,
        "values": values,
    }


def _value(resolved: Resolved) -> dict[str, Any]:
    figure = resolved.figure
    return {
        "value": tomllib.loads(f"value = {resolved.text}")["value"],
        "default": resolved.is_default,
        "source": figure.source if figure else "",
        "assumption": figure.assumption if figure else False,
        "range": figure.range if figure else None,
    }
