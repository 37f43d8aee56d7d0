"""Checks of hosts: there are some of each kind, at sites that exist, with clients and accounts that are known.

Left out: hosts' figures, which their tables check.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.errors import near, shown
from sim.network.topology import shapes
from sim.registry.clients import PROFILES
from sim.registry.reference import is_component
from sim.scenario.diagnostics import Diagnostic
from sim.scenario.keypath import KeyPath
from sim.scenario.model.caches import Cache
from sim.scenario.model.hosts import ClientGroup, Host, NodeGroup
from sim.scenario.model.naming import CENTRAL
from sim.scenario.model.root import Model


def _groups(model: Model) -> Iterator[tuple[KeyPath, NodeGroup | Cache | ClientGroup]]:
    yield from ((("nodes", key), node) for key, node in model.nodes.items())
    yield from ((("caches", key), cache) for key, cache in model.caches.items())
    yield from ((("clients", key), client) for key, client in model.clients.items())


def host_tables(model: Model) -> Iterator[tuple[KeyPath, Host]]:
    yield (CENTRAL,), model.central
    yield from _groups(model)


def something_of_each(model: Model) -> Iterator[Diagnostic]:
    """There is a node, a client and an image; a log brings images of its own."""
    for key, example in (("nodes", "dal-n"), ("clients", "dal-dev"), ("images", "http")):
        if not getattr(model, key) and not (key == "images" and model.demand.replay):
            yield Diagnostic((key,), "there is none", f"add a table such as [{key}.{example}]")


def sites_exist(model: Model) -> Iterator[Diagnostic]:
    """Every host names a site that there is, where the shape has sites."""
    for path, host in host_tables(model):
        where = (*path, "site")
        if host.site is None and shapes.needs_sites(model.topology.name):
            yield Diagnostic(where, "is missing", _site_remedy(model), needs=(("topology",), ("sites",)))
        elif host.site is not None and host.site not in model.sites:
            problem = f"unknown site, got {shown(host.site)}"
            yield Diagnostic(where, problem, _site_remedy(model, host.site), needs=(("sites", host.site),))
    for key, group in model.clients.items():
        if group.metro is not None and group.metro not in model.sites:
            problem = f"unknown site, got {shown(group.metro)}"
            yield Diagnostic(("clients", key, "metro"), problem, _site_remedy(model, group.metro), needs=(("sites",),))
        if group.account is not None and not is_component(group.account):
            problem = f"can't be part of a repository's name, got {shown(group.account)}"
            yield Diagnostic(("clients", key, "account"), problem, "use small letters, digits and single hyphens")


def _site_remedy(model: Model, name: str = "") -> str:
    return near(name, model.sites) if model.sites else f"add a table such as [sites.{name or 'was'}]"


def shares_are_above_zero(model: Model) -> Iterator[Diagnostic]:
    """Some image and some client is asked for, and some node has a weight."""
    if model.nodes and not any(group.weight for group in model.nodes.values()):
        yield Diagnostic(("nodes",), "all weights are 0", "give one of them a weight above 0")
    for key, shares in (
        ("images", [image.share for image in model.images.values()]),
        ("clients", [group.share for group in model.clients.values()]),
    ):
        if shares and not any(shares):
            yield Diagnostic((key,), "all shares are 0", "give one of them a share above 0")


def profiles_exist(model: Model) -> Iterator[Diagnostic]:
    """Every client behaves like one that is known."""
    for key, group in model.clients.items():
        if group.profile not in PROFILES:
            problem = f"unknown client, got {shown(group.profile)}"
            yield Diagnostic(("clients", key, "profile"), problem, near(group.profile, PROFILES))
