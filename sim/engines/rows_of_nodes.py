"""Rows of what nodes do with layers: those that they unpacked, and starts on a part of them and what followed.

They are rows of the state that programs read, too, so that they are taken when the run has ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from sim.engines.collected import narrow
from sim.protocol.codes import UNBOUND
from sim.protocol.names import Names
from sim.protocol.ops.unpack_flows import UNPACKED
from sim.protocol.pipelines import CORE
from sim.records.layout import State as Rows
from sim.records.layout import used

#: Words for contents, as `sim.protocol.codes` numbers them.
CONTENTS: Final = ("kernel", "rootfs", "metadata", "config")


def unpacks(state: Rows, names: Names) -> Iterator[Any]:
    """Layers that were unpacked; nobody waits for those that were given up."""
    rows = used(state, "unpacks")
    rows = rows[rows["state"] == UNPACKED]
    rows = rows[np.argsort(rows["ended_s"], kind="stable")]
    yield narrow(rows["deploy"])
    yield narrow(rows["node"]), names.machines
    yield narrow(state["blobs"]["content"][rows["blob"]]), CONTENTS
    yield from (rows[name].copy() for name in ("arrived_s", "started_s", "ended_s"))
    yield np.maximum(rows["ended_s"] - rows["started_s"] - (rows["idle_ended_s"] - rows["idle_started_s"]), 0.0)
    yield rows["core_ns"] / CORE
    yield rows["written_bytes"].copy()
    yield rows["bound_by"].astype(np.int32) - UNBOUND, ("", "cap", *names.links)
    yield rows["bound_s"].copy()


def loads(state: Rows, names: Names) -> Iterator[Any]:
    """Starts that had read a part of their layers, in the order in which the rest was there or given up."""
    rows = used(state, "lazy_loads")
    rows = rows[np.argsort(rows["whole_s"], kind="stable")]
    yield narrow(rows["deploy"])
    yield narrow(rows["node"]), names.machines
    yield from (rows[name].copy() for name in ("started_s", "read_bytes", "rest_bytes", "loaded_bytes"))
    yield np.where(rows["broken"] != 0, np.inf, np.maximum(rows["whole_s"], rows["started_s"]))
    yield from (rows[name].copy() for name in ("stalled_s", "down_s"))
    yield rows["broken"] != 0
