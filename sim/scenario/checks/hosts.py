"""What hosts must keep to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sim.errors import near, shown
from sim.registry.clients import PROFILES
from sim.scenario.diagnostics import Fault
from sim.scenario.keypath import Path
from sim.scenario.model.hosts import ClientGroup, Host, NodeGroup
from sim.scenario.model.naming import CENTRAL
from sim.scenario.model.network import SITELESS
from sim.scenario.model.root import Tables


def _groups(tables: Tables) -> Iterator[tuple[Path, NodeGroup | ClientGroup]]:
    yield from ((("nodes", key), node) for key, node in tables.nodes.items())
    yield from ((("clients", key), client) for key, client in tables.clients.items())


def host_tables(tables: Tables) -> Iterator[tuple[Path, Host]]:
    yield (CENTRAL,), tables.central
    yield from _groups(tables)


def something_of_each(tables: Tables) -> Iterator[Fault]:
    """There is a node, a client and an image; a log brings images of its own."""
    for key, example in (("nodes", "dal-n"), ("clients", "dal-dev"), ("images", "http")):
        if not getattr(tables, key) and not (key == "images" and tables.demand.replay):
            yield Fault((key,), "there is none", f"add a table such as [{key}.{example}]")


def sites_exist(tables: Tables) -> Iterator[Fault]:
    """Every host names a site that there is, where the shape has sites."""
    for path, host in host_tables(tables):
        where = (*path, "site")
        if host.site is None and tables.topology.name not in SITELESS:
            yield Fault(where, "is missing", _site_remedy(tables), needs=(("topology",), ("sites",)))
        elif host.site is not None and host.site not in tables.sites:
            problem = f"unknown site, got {shown(host.site)}"
            yield Fault(where, problem, _site_remedy(tables, host.site), needs=(("sites", host.site),))
    for key, group in tables.clients.items():
        if group.metro is not None and group.metro not in tables.sites:
            problem = f"unknown site, got {shown(group.metro)}"
            yield Fault(("clients", key, "metro"), problem, _site_remedy(tables, group.metro), needs=(("sites",),))
        if group.account is not None and not re.fullmatch("[a-z0-9]+(?:[._-][a-z0-9]+)*", group.account):
            problem = f"can't be part of a repository's name, got {shown(group.account)}"
            yield Fault(("clients", key, "account"), problem, "use small letters, digits and single hyphens")


def _site_remedy(tables: Tables, name: str = "") -> str:
    return near(name, tables.sites) if tables.sites else f"add a table such as [sites.{name or 'was'}]"


def shares_are_above_zero(tables: Tables) -> Iterator[Fault]:
    """Some image and some client is asked for, and some node has a weight."""
    if tables.nodes and not any(group.weight for group in tables.nodes.values()):
        yield Fault(("nodes",), "all weights are 0", "give one of them a weight above 0")
    for key, shares in (
        ("images", [image.share for image in tables.images.values()]),
        ("clients", [group.share for group in tables.clients.values()]),
    ):
        if shares and not any(shares):
            yield Fault((key,), "all shares are 0", "give one of them a share above 0")


def profiles_exist(tables: Tables) -> Iterator[Fault]:
    """Every client behaves like one that is known."""
    for key, group in tables.clients.items():
        if group.profile not in PROFILES:
            problem = f"unknown client, got {shown(group.profile)}"
            yield Fault(("clients", key, "profile"), problem, near(group.profile, PROFILES))
