"""Metrics by name: those of all deploys, those of one group alone, and a user's own.

deploy_latency_s.p95                of all deploys
deploy_latency_s.p95[site=sin]      of those of one site
sin_under_2s                        a user's own, a number without a unit as its name ends in none

Left out: whether the scenario at hand has that group, link or fault, which who has the scenario checks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from sim.errors import near, shown
from sim.tables import rows
from sim.tables.rows import Metric, Unit

#: What is measured of each fault, as in `faults.NAME.drained_s`: unit and meaning.
FAULTS: Final[Mapping[str, tuple[Unit, str]]] = {
    "times": ("", "how often the fault came"),
    "deploys": ("", "deploys under way at some time of it"),
    "failed": ("", "deploys among them that failed"),
    "latency_s.p50": ("s", "from the client's start to the last instance ready, of these deploys"),
    "latency_s.p95": ("s", "from the client's start to the last instance ready, of these deploys"),
    "rest_latency_s.p50": ("s", "the same of deploys that met no fault"),
    "rest_latency_s.p95": ("s", "the same of deploys that met no fault"),
    "drained_s": ("s", "from its end until as few deploys are under way as in 95 % of the time before any fault"),
    "agreed_s": ("s", "from its end until every copy that was owed by then is made; never, if one was given up"),
    "copies_given_up": ("", "copies owed by its end that were given up since it began"),
}
_FAULT: Final = re.compile(r"faults\.(?P<fault>[^.\[\]]+)\.(?P<what>.+)")
#: By what metrics are split, as in `deploy_latency_s.p95[site=sin]`: whose group it is that counts.
DIMENSIONS: Final[Mapping[str, str]] = {
    "site": "site of the client that deployed",
    "client": "group of clients that deployed",
    "image": "kind of image that was deployed",
    "route": "where its push went",
    "stream": "stream of the demand that it is of",
    "nodes": "group of nodes that it starts on; of bytes and copies, the group of the node at their end",
}
#: Metrics that are nobody's in particular, and why.
_OF_ALL: Final[Mapping[str, str]] = {
    "cost_usd": "links and registries are paid for together",
    "cost_usd_per_month": "links and registries are paid for together",
    "link_utilisation": "who shares a link fills it together",
    "faults": "its deploys count together",
    "refused_requests": "who shares a bucket empties it together",
}
_SUFFIXES: Final[Mapping[str, Unit]] = {"s": "s", "bytes": "bytes", "usd": "USD"}
_SPLIT: Final = re.compile(r"(?P<base>[^\[\]]+)\[(?P<by>[^\[\]=]+)=(?P<group>[^\[\]=]+)\]")


class Split(NamedTuple):
    """A metric of one group alone: `deploy_latency_s.p95` where `site` is `sin`."""

    base: str
    by: str
    group: str


def split(name: str) -> Split | None:
    """The parts of `METRIC[BY=GROUP]`; None for a name without brackets."""
    found = _SPLIT.fullmatch(name)
    return found and Split(*(part.strip() for part in found.groups()))


def split_name(base: str, by: str, group: str) -> str:
    """`METRIC[BY=GROUP]`."""
    return f"{base}[{by}={group}]"


def fault_of(name: str) -> str | None:
    """The fault that a metric is about; None for one that is about none."""
    found = _FAULT.fullmatch(name)
    return found and found["fault"]


def whole(base: str, by: str) -> str | None:
    """Why a metric cannot be split by that; None where it can."""
    if base == "lost_images" and by != "nodes":
        return "what a registry drops is its own, so only nodes split it"
    return _OF_ALL.get(base.partition(".")[0])


def metric(name: str) -> Metric:
    """The metric of that name, `METRIC[BY=GROUP]`, links' utilisation and faults included. KeyError if there is none.

    Which faults a scenario has is for those to say who have the scenario.
    """
    parts = split(name)
    if parts is None:
        of_fault = _FAULT.fullmatch(name)
        if of_fault is None:
            return rows.metric(name)
        unit, meaning = FAULTS[of_fault["what"]]
        return Metric(name, unit, meaning, None if of_fault["what"] in ("times", "deploys") else True)
    if parts.by not in DIMENSIONS or whole(parts.base, parts.by) is not None:
        raise KeyError(name)
    return replace(rows.metric(parts.base), name=name)


def why_unknown(name: str) -> tuple[str, str] | None:
    """What is wrong with a metric's name, and the remedy; None for one that there is."""
    parts = split(name)
    base = name if parts is None else parts.base
    try:
        metric(base)
    except KeyError:
        names = [f"{base}.{statistic}" for statistic in rows.STATISTICS] if base in rows.DISTRIBUTIONS else []
        return f"unknown metric, got {shown(base)}", f"one of {', '.join(names)}" if names else near(base, rows.METRICS)
    if parts is None:
        return None
    if parts.by not in DIMENSIONS:
        return f"nothing is split by that, got {shown(parts.by)}", near(parts.by, DIMENSIONS)
    reason = whole(base, parts.by)
    return None if reason is None else (f"{base} cannot be split by {parts.by}: {reason}", "leave the brackets out")


def unit_by_ending(name: str) -> Unit:
    """The unit of a metric that a user made, as its name ends: `_s`, `_bytes`, `_usd`, or without one."""
    return _SUFFIXES.get(name.rpartition("_")[2], "") if "_" in name else ""


def unit_of(name: str) -> Unit:
    """The unit of a metric, one of the user's own included."""
    try:
        return metric(name).unit
    except KeyError:
        return unit_by_ending(name)
