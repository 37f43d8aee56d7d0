"""`regsim calibrate`: fit figures to measurements or logs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

import sim
from sim.cli import lazy, options, output
from sim.errors import InputError, near
from sim.files import replacing, write_json


def calibrate(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="RIG.json MEASURED.csv, or access logs, k6, kubelet, ping, iperf3 -J."),
    ],
    client: Annotated[str, typer.Option(metavar="NAME", help="The group of clients that was measured.")] = "dev",
    registry: Annotated[str, typer.Option(metavar="central|nodes.NAME", help="The registry measured.")] = "central",
    link: Annotated[str | None, typer.Option(metavar="NAME", help="The link measured, instead of a client's.")] = None,
    fields: Annotated[
        str | None,
        typer.Option(metavar="FORMAT", help="The log's format string: nginx's log_format, Apache's LogFormat."),
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write figures that extend this scenario, and check them.")
    ] = None,
    policies: options.Policies = None,
    out: options.Out = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Fit parameters, with intervals and sources; say what the data cannot tell. DIR gets a residual plot, too."""
    _checked(scenario, client, registry, link, out, options.own_rules(policies))
    folder = output.writable(out, tables=False)
    if len(files) == 2 and files[1].endswith(".csv") and lazy.calibration.is_rig(files[0]):
        _rig(files[0], files[1], folder, as_json, quiet)
        return
    extends = None if scenario is None else os.path.relpath(scenario, folder or ".")
    found = lazy.calibration.calibrate(files, client, registry, extends, link, fields)
    _written(found.to_toml(), found.to_json(), folder, as_json)
    if folder is not None:
        with output.writing(folder):
            lazy.plots.write(lazy.residuals.of_evidence(found.evidence), folder, "residuals")
        _note(folder, quiet)
        if scenario is not None:
            sim.load(folder / "parameters.toml", options.own_rules(policies))


def _checked(
    scenario: str | None, client: str, registry: str, link: str | None, out: str | None, own: dict[str, Any]
) -> None:  # fmt: skip
    """What is to be extended is there and has the client and the registry. InputError before anything is read."""
    table, _, node = registry.partition(".")
    if registry != "central" and not (table == "nodes" and node):
        raise InputError("--registry", f'must be central or nodes.NAME, got "{registry}"', "write --registry central")
    if scenario is None:
        return
    if out is None:
        raise InputError("--scenario", "needs a directory to write to", "name one by --out DIR")
    base = sim.load(scenario, own)
    for option, name, groups in (("--client", "" if link else client, base.clients), ("--registry", node, base.nodes)):
        if name and name not in groups:
            raise InputError(option, f'{scenario} has no such group, got "{name}"', near(name, groups))
    if link is not None and link not in base.links:
        raise InputError("--link", f'{scenario} has no such link, got "{link}"', near(link, base.links))


def _rig(rig: str, measured: str, folder: Path | None, as_json: bool, quiet: bool) -> None:
    if not quiet:
        output.note("fitting to what the rig measured")
    found = lazy.fitted.fit_rig(rig, measured)
    _written(found.to_toml(), found.to_json(), folder, as_json)
    if folder is not None:
        with output.writing(folder):
            lazy.plots.write(lazy.residuals.of_rig(found.scored), folder, "residuals")
        _note(folder, quiet)


def _written(text: str, document: dict[str, object], folder: Path | None, as_json: bool) -> None:
    if as_json:
        output.document(document)
    else:
        output.text(text)
    if folder is not None:
        with output.writing(folder):
            with replacing(folder / "parameters.toml") as temporary:
                temporary.write_text(text, encoding="utf-8")
            write_json(folder / "calibration.json", document)


def _note(folder: Path, quiet: bool) -> None:
    if not quiet:
        output.note(f"wrote parameters.toml, calibration.json and residuals to {folder}")
