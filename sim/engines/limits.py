"""What limits of requests and of pulls did, as tables of a result, and as reasons why a deploy failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from sim.engines.collected import Columns
from sim.protocol.codes import ANSWER_TIMED_OUT, RATE_LIMITED, TOO_MANY_PULLS
from sim.protocol.names import Names
from sim.protocol.ops.rate_limits import OF_ACCOUNT, OF_ADDRESS, OF_SITE
from sim.records.layout import State as Rows
from sim.records.layout import used
from sim.registry.dedup import account_of
from sim.scenario.model.limits import SCOPES

#: Words by the number of a failure: whose limit it was, and which.
LIMIT_REASONS: Final[Mapping[int, str]] = {
    RATE_LIMITED + 2 * at + on_node: f"too many requests: {registry} limits.{scope}"
    for at, scope in enumerate(SCOPES)
    for on_node, registry in enumerate(("central's", "a node's"))
} | {
    TOO_MANY_PULLS: "too many pulls: the node's pull_rate",
    ANSWER_TIMED_OUT: "no answer within the client's answer_timeout",
}


def limits(state: Rows, names: Names) -> Iterator[Any]:
    """By registry and scope, then by who asks, each bucket that was asked for a token."""
    rows, kinds = used(state, "buckets"), state["limits"]
    rows = rows[np.lexsort((rows["whose"], rows["limit"]))]
    limit = kinds[rows["limit"]]
    yield limit["registry"], names.machines
    yield limit["scope"], SCOPES
    yield [_whose(state, names, *pair) for pair in zip(limit["scope"].tolist(), rows["whose"].tolist(), strict=True)]
    yield limit["pulls"], ("requests", "pulls")
    yield from (rows[name].copy() for name in ("passed", "refused", "first_refused_s"))


def _whose(state: Rows, names: Names, scope: int, whose: int) -> str:
    """The account, the machine or the site of a bucket; nothing for that of a whole registry."""
    if scope == OF_ACCOUNT:
        return account_of(names.repositories[int(np.flatnonzero(state["repository_account"] == whose)[0])])
    if scope == OF_ADDRESS:
        return names.machines[whose]
    return sorted(set(names.sites))[whose] if scope == OF_SITE else ""


def pulls_begun(rows: Columns, names: Names) -> Iterator[Any]:
    """A row for each pull of a node that bounds them."""
    yield rows["deploy"]
    yield rows["node"], names.machines
    yield from (rows[name] for name in ("asked_s", "began_s"))
    yield rows["refused"] != 0
