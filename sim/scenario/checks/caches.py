"""Checks of upstreams: nodes and caches ask registries that there are, and every way ends at central.

Left out: whether a cache is near those that ask it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.errors import near, shown
from sim.scenario.diagnostics import Diagnostic
from sim.scenario.keypath import KeyPath
from sim.scenario.model.naming import CENTRAL
from sim.scenario.model.root import Model


def _upstreams(model: Model) -> Iterator[tuple[KeyPath, str]]:
    yield from ((("nodes", key, "upstream"), group.upstream) for key, group in model.nodes.items())
    yield from ((("caches", key, "upstream"), cache.upstream) for key, cache in model.caches.items())


def upstreams_exist(model: Model) -> Iterator[Diagnostic]:
    """Whoever pulls through a cache names one that there is."""
    if CENTRAL in model.caches:
        yield Diagnostic(("caches", CENTRAL), "is the central registry's name", "call the cache something else")
    for path, upstream in _upstreams(model):
        if upstream != CENTRAL and upstream not in model.caches:
            problem = f"unknown cache, got {shown(upstream)}"
            yield Diagnostic(path, problem, near(upstream, [CENTRAL, *model.caches]), needs=(("caches", upstream),))


def upstreams_end_at_central(model: Model) -> Iterator[Diagnostic]:
    """Caches ask each other in no circle; each circle is reported once, where its first cache stands."""
    reported: set[str] = set()
    for key in model.caches:
        way, at = [key], model.caches[key].upstream
        while at in model.caches and at not in way:
            way.append(at)
            at = model.caches[at].upstream
        if at == key and key not in reported:
            reported.update(way)
            problem = f"leads back to itself: {' asks '.join([*way, key])}"
            yield Diagnostic(("caches", key, "upstream"), problem, f"have one of them ask {CENTRAL}")


def swarms_have_no_caches(model: Model) -> Iterator[Diagnostic]:
    """In a swarm upstream stands for seeds that have everything, which a cache has not."""
    source = model.policies.source
    if not hasattr(source.rule("source"), "swarm"):
        return
    for key, group in model.nodes.items():
        if group.upstream != CENTRAL:
            problem = f"must be {CENTRAL} where policies.source is {source.name}, got {shown(group.upstream)}"
            yield Diagnostic(
                ("nodes", key, "upstream"), problem, "choose another source, or have the nodes ask central"
            )
