"""What nodes unpack layers with, as links and lanes of the network: their cores, and their disks as they are written.

A node's cores are one more link, which carries so many nanoseconds of a core each second; a lane over it for each
format has the most that one layer uses. They are there only where some image's format has layers unpacked. What flows
on them is `ops/unpacking`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.protocol.codes import IN_ORDER, INF, PARALLEL, STREAMED
from sim.protocol.images import Kind, format_rows, formats_of
from sim.protocol.routes import Routes
from sim.protocol.state import LAYOUT
from sim.records.layout import table_of
from sim.scenario import Scenario
from sim.scenario.model.policies import Policies

CORE: Final = 1e9
"""What one core does in a second, in the units of its link: nanoseconds."""
_WAYS: Final = {"in-order": IN_ORDER, "parallel": PARALLEL, "streamed": STREAMED}
Tables = dict[str, NDArray[Any]]


def unpacks(kinds: Sequence[Kind]) -> bool:
    """Whether nodes have something to unpack."""
    return any(kind.format is not None and kind.format.unpacks for kind in kinds)


def add_cores(scenario: Scenario, routes: Routes, kinds: Sequence[Kind]) -> list[int]:
    """Links that stand for the cores of nodes, (n_nodes,); none where nothing is unpacked."""
    if not unpacks(kinds):
        return []
    return [routes.add_link(f"{name}-cpu", CORE * group.cores) for name, group in scenario.node_hosts()]


def add_pipelines(
    scenario: Scenario, routes: Routes, kinds: Sequence[Kind], cores: Sequence[int], tables: Tables
) -> dict[str, Any]:  # fmt: skip
    """Put into a state's tables what nodes do with layers: formats, and lanes behind those that there are. Globals."""
    groups = [group for _, group in scenario.node_hosts()]
    tables["formats"] = format_rows(kinds)
    nodes = tables["registries"][1 : 1 + len(groups)]
    nodes["unpack"], nodes["ranges"] = [_WAYS[group.unpack] for group in groups], [group.ranges for group in groups]
    if cores:
        formats = formats_of(kinds)
        first, first_link = (len(tables.get(name, ())) for name in ("lanes", "lane_links"))
        each = len(formats)
        nodes["first_lane"] = first + each * np.arange(len(groups))
        host, lane = np.repeat(np.arange(1, len(groups) + 1), each), first + np.arange(each * len(groups))
        links = [link for at, own in enumerate(cores, 1) for link in (routes.disk(at), *[own] * (each - 1))]
        caps = [INF, *(CORE * one.cores for one in formats[1:])] * len(groups)
        rows = {
            "source": host, "target": host, "first_link": first_link + np.arange(len(lane)),
            "end_link": first_link + 1 + np.arange(len(lane)), "own_cap_Bps": caps, "like": lane, "along": lane,
        }  # fmt: skip
        made = {"lanes": table_of(LAYOUT, "lanes", rows, len(lane)), "lane_links": np.array(links, np.int64)}
        for name, more in made.items():
            before = tables.get(name, more[:0])
            tables[name] = LAYOUT.rows(name, len(before) + len(more))  # which keeps fields where they are in memory
            tables[name][: len(before)], tables[name][len(before) :] = before, more
    ranging = scenario.demand.replay is None and any(group.ranges > 1 for group in groups)
    return {"unpacking": int(bool(cores)), "ranging": int(ranging)}


def lazy_globals(chosen: Policies) -> dict[str, Any]:
    """What nodes do where they read layers on demand; nothing where they do not."""
    lazy = chosen.lazy
    if chosen.load != "lazy":
        return {}
    background = lazy.rest == "background"
    return {
        "lazy_loading": 1, "lazy_share": lazy.read_share, "lazy_read_bytes": lazy.read_bytes,
        "lazy_at_once": lazy.at_once, "lazy_least_bytes": lazy.least_bytes, "lazy_background": int(background),
        "lazy_spreads": int(not background or lazy.pace_Bps is not None), "lazy_bursts": lazy.bursts,
        "lazy_after_s": lazy.rest_after_s, "lazy_pace_Bps": lazy.pace_Bps or INF, "lazy_later": lazy.later_share,
        "lazy_later_s": lazy.later_for_s,
    }  # fmt: skip
