"""The table `[caches]`: registries between nodes and central, which nodes and other caches pull through.

A cache is what `nodes.NAME.upstream` or `caches.NAME.upstream` names. Its host and registry have the keys that a
node's have; its disk keeps what it fetched, as `storage`, `ttl` and `policies.eviction` say. Left out: caches of
several hosts, which would be several caches with what is asked for split among them.
"""

from __future__ import annotations

from typing import Literal

from pydantic import StrictBool, StrictStr

from sim.figures import Duration, Period, figure, setting
from sim.scenario.model.hosts import LAMBDA, Registry


class Cache(Registry):
    """A registry that fetches what it lacks from its upstream, for whoever asks it; a `cold` one starts empty."""

    upstream: StrictStr = figure(
        "upstream", "central", source="distribution, configuration: proxy.remoteurl names one registry",
        about="Whom the cache asks for what it lacks: central, or another cache by its key.",
    )  # fmt: skip
    coalesce: StrictBool = figure(
        "coalesce", True, source="project-zot/zot: joined; distribution, registry/proxy: each miss is fetched anew",
        about="Whether whoever asks for what the cache is fetching already is sent that, or has it fetched once more.",
    )  # fmt: skip
    check: Literal["upstream", "absent"] = figure(
        "check", "upstream", source="distribution, registry/proxy: proxyTagService.Get asks upstream first",
        about="Whether the cache asks what a tag means every time, or only when it has no such tag.",
    )  # fmt: skip
    first_byte_s: Duration = figure(
        "first_byte", "0.55 ms", source=f"{LAMBDA} of the cache in a zone, second-hand",
        about="How long the cache's blob store takes until a blob's first byte.",
    )  # fmt: skip
    ttl_s: Period | None = setting(
        "ttl", None, about="How long after it came an image goes from the cache; without it, images stay."
    )
    cold: StrictBool = figure(
        "cold", False, assumption=True, about="Whether the cache starts empty while the rest of the world is warm."
    )
