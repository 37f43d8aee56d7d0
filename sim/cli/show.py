"""`regsim show`: a scenario fully resolved, each figure's source beside it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from sim.cli import late, options, output

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.show import Resolved


def show(
    file: options.File,
    settings: options.Settings = None,
    variant: options.Variant = None,
    as_json: options.Json = False,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Print the scenario fully resolved. Defaults are filled in, units canonical, each figure's source beside it."""
    scenario = options.load(file, options.overrides(settings), variant, strict=strict, quiet=quiet)
    if as_json:
        output.document(_document(scenario))
    else:
        output.text(late.show.text(scenario))


def _document(scenario: Scenario) -> dict[str, Any]:
    values = {late.faults.dotted(value.path): _value(value) for value in late.show.resolved(scenario)}
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
