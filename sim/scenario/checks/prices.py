"""Checks of tariffs: each counts at one place that exists, and has a price, or tiers that rise.

Left out: whether prices are what anybody charges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sim.errors import shown
from sim.scenario.diagnostics import Diagnostic, unclear
from sim.scenario.keypath import KeyPath
from sim.scenario.model.naming import CENTRAL
from sim.scenario.model.network import generated, links_meant
from sim.scenario.model.prices import ANY_SITE, Tariff
from sim.scenario.model.root import Model
from sim.units import format_bytes

#: The keys that say where a tariff counts, and what each names.
_NOUNS: Final = {"hosts": "group of hosts", "site": "site", "link": "link", "between": "site"}


def tariffs_count_somewhere(model: Model) -> Iterator[Diagnostic]:
    """A tariff names one place, and that is there."""
    for key, tariff in model.prices.traffic.items():
        path: KeyPath = ("prices", "traffic", key)
        written = [place for place in _NOUNS if getattr(tariff, place) is not None]
        if len(written) != 1:
            problem = f"{' and '.join(written)} are all given" if written else "names no place"
            yield Diagnostic(path, problem, f"write one of {', '.join(_NOUNS)}")
            continue
        where = (*path, written[0])
        if tariff.between is not None and tariff.between[0] == tariff.between[1] != ANY_SITE:
            yield Diagnostic(
                where, f"names one site twice, got {shown(tariff.between[0])}", 'name two, or "*" for any site'
            )
        for name, meant, known in _named(model, tariff):
            if len(meant) != 1:
                yield unclear(where, _NOUNS[written[0]], name, meant, known)


def _named(model: Model, tariff: Tariff) -> Iterator[tuple[str, tuple[str, ...], Sequence[str]]]:
    """Each name that a tariff's place has, what it may mean, and what there is."""
    if tariff.hosts is not None:
        yield tariff.hosts, groups_meant(model, tariff.hosts), [CENTRAL, *model.nodes, *model.clients]
    if tariff.link is not None:
        own = (key for key, link in model.links.items() if link.between is not None)
        yield tariff.link, links_meant(model, tariff.link), [*(span.name for span in generated(model)), *own]
    sites = [] if tariff.site is None else [tariff.site]
    for site in (*sites, *(tariff.between or ())):
        known = [*model.sites, ANY_SITE] if tariff.between else list(model.sites)
        yield site, (site,) if site in known else (), known


def groups_meant(model: Model, word: str) -> tuple[str, ...]:
    """The groups of hosts that a word may mean, by their paths: `central`, `nodes/dal`, `clients/dal`."""
    return (CENTRAL,) if word == CENTRAL else tuple("/".join(group) for group in model.groups_meant(word))


def tiers_rise(model: Model) -> Iterator[Diagnostic]:
    """A tariff has a price or tiers; each tier ends above the one before, and the last, alone, has no end."""
    for key, tariff in model.prices.traffic.items():
        path: KeyPath = ("prices", "traffic", key)
        if (tariff.price_usd_per_byte is None) == (tariff.tiers is None):
            problem = "is missing" if tariff.tiers is None else "price and tiers are both given"
            yield Diagnostic((*path, "price"), problem, 'write price = "0.09 USD/GB", or tiers')
        ends = [tier.upto_bytes for tier in tariff.tiers or ()]
        if tariff.tiers is not None and (not ends or ends[-1] is not None):
            remedy = 'end with a price for all further bytes: { price = "0.07 USD/GB" }'
            yield Diagnostic((*path, "tiers"), "the last tier must have no upto", remedy)
        before = 0
        for position, end in enumerate(ends[:-1]):
            where = (*path, "tiers", position, "upto")
            if end is None:
                yield Diagnostic(where, "is missing", "only the last tier has no end")
            elif end <= before:
                yield Diagnostic(
                    where, f"must be above the tier before, got {format_bytes(end)}", "list tiers lowest first"
                )
            before = end or before
