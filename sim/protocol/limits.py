"""Limits as rows: the registries' token buckets, which requests of each client they are about, nodes'
turns, and how long clients wait for answers.

Left out: what happens to what is refused or late (`ops/rate_limits`, `ops/turns`, `ops/commits`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.protocol.ops.requests import LISTS, N_LISTS
from sim.protocol.state import LAYOUT
from sim.records.layout import table_of
from sim.registry.clients import PROFILES, Profile
from sim.registry.throttling import COUNTED_AS_PULL
from sim.scenario import Scenario
from sim.scenario.model.hosts import NodeGroup, Registry
from sim.scenario.model.limits import RateLimits

#: A row of `limits`, by field.
LimitRow = dict[str, Any]


def limit_rows(registry: int, limits: RateLimits) -> list[LimitRow]:
    """The limits of one registry."""
    return [
        {
            "registry": registry, "scope": scope, "pulls": limit.counts == "pulls", "rate_per_s": limit.rate_per_s,
            "burst": float(limit.burst),
        }
        for scope, limit in limits.written()
    ]  # fmt: skip


def limit_table(rows: Sequence[LimitRow]) -> dict[str, NDArray[Any]]:
    """Those of all registries as a table."""
    if not rows:
        return {}
    return {"limits": table_of(LAYOUT, "limits", {name: [row[name] for row in rows] for name in rows[0]}, len(rows))}


def turns_table(groups: Sequence[Registry]) -> NDArray[Any]:
    """How many pulls each registry's host makes at once, and begins in a while; central and caches are not bounded."""
    rows = LAYOUT.rows("turns", len(groups))
    for row, group in zip(rows, groups, strict=True):
        if not isinstance(group, NodeGroup):
            continue
        row["bounded"] = group.parallel_pulls is not None or group.pull_rate_per_s is not None
        row["free"] = -1 if group.parallel_pulls is None else group.parallel_pulls
        row["rate_per_s"] = group.pull_rate_per_s or 0.0
        row["burst"] = row["tokens"] = float(group.pull_burst)
    return rows


def answers_within_s(scenario: Scenario) -> list[float]:
    """How long each client waits for an answer, as its group or else its code has it."""
    return [
        PROFILES[group.profile].answer_timeout_s if group.answer_timeout_s is None else group.answer_timeout_s
        for _, group in scenario.client_hosts()
    ]


def request_bits(profiles: Sequence[Profile]) -> dict[str, NDArray[np.int64]]:
    """For each client and list a bit for each request: those that a pull is counted by, those that are sent again."""
    return {
        "counts_as_pull": _bits(profiles, lambda profile, request: request == COUNTED_AS_PULL),
        "sent_again": _bits(profiles, lambda profile, request: profile.throttled.sends_again(request)),
    }


def _bits(profiles: Sequence[Profile], says: Callable[[Profile, str], bool]) -> NDArray[np.int64]:
    """(n_profiles * N_LISTS,): the sum of 2 ** position over the requests of a list of which it is so."""
    lists = [(profile, LISTS[number](profile)) for profile in profiles for number in range(N_LISTS)]
    made = [sum(says(profile, request) << at for at, request in enumerate(sent)) for profile, sent in lists]
    return np.array(made, np.int64)
