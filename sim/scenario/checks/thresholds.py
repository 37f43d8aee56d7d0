"""What thresholds must keep to."""

from __future__ import annotations

from collections.abc import Iterator

from sim.errors import near, shown
from sim.scenario.diagnostics import Fault
from sim.scenario.model.naming import CENTRAL
from sim.scenario.model.network import generated
from sim.scenario.model.root import Tables
from sim.scenario.model.thresholds import UTILISATION, threshold


def thresholds_name_links(tables: Tables) -> Iterator[Fault]:
    """The link of a threshold on a link's utilisation is one of which runs tell it."""
    for name, text in tables.thresholds.items():
        metric = threshold(text).metric
        if metric.startswith(UTILISATION):
            known = told_links(tables)
            link = metric.removeprefix(UTILISATION).rpartition(".")[0]
            if link not in known:
                path = ("thresholds", name)
                yield Fault(path, f"no utilisation is told of such a link, got {shown(link)}", near(link, known))


def told_links(tables: Tables) -> list[str]:
    """The directions of links whose utilisation is among a run's metrics: those between places, and central's."""
    of_hosts = {name for name, _ in tables.hosts()} - {CENTRAL}
    spans = {span.name: (span.a, span.b) for span in generated(tables)}
    for name, link in tables.links.items():
        if link.between is not None:
            spans[name] = tables.ends(link)
    told = [name for name, ends in spans.items() if not of_hosts & set(ends)]
    return [f"{name}-{way}" for name in told for way in ("up", "down")]
