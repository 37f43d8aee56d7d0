"""Checks of thresholds: those on a link's utilisation name a link of which runs report it.

Left out: whether variants of that name exist, which is checked where they are compared.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.errors import near, shown
from sim.scenario.diagnostics import Diagnostic
from sim.scenario.model.naming import CENTRAL
from sim.scenario.model.network import generated
from sim.scenario.model.root import Model
from sim.scenario.model.thresholds import UTILISATION, threshold


def thresholds_name_links(model: Model) -> Iterator[Diagnostic]:
    """The link of a threshold on a link's utilisation is one of which runs report it."""
    for name, text in model.thresholds.items():
        metric = threshold(text).metric
        if metric.startswith(UTILISATION):
            known = reported_links(model)
            link = metric.removeprefix(UTILISATION).rpartition(".")[0]
            if link not in known:
                path = ("thresholds", name)
                yield Diagnostic(
                    path, f"no utilisation is reported of such a link, got {shown(link)}", near(link, known)
                )


def reported_links(model: Model) -> list[str]:
    """The directions of links whose utilisation is among a run's metrics: those between places, and central's."""
    of_hosts = {name for name, _ in model.hosts()} - {CENTRAL}
    spans = {span.name: (span.a, span.b) for span in generated(model)}
    for name, link in model.links.items():
        if link.between is not None:
            spans[name] = model.ends(link)
    reported = [name for name, ends in spans.items() if not of_hosts & set(ends)]
    return [f"{name}-{way}" for name in reported for way in ("up", "down")]
