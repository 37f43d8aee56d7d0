"""Rows of what was observed: written by ops and never read by them. `sim.engines.rows` makes tables of them."""

from __future__ import annotations

from sim.records.layout import Int32


class Transfer:
    """A body of bytes that crossed a lane, or the part of it that flowed before it broke off."""

    deploy: int
    purpose: int
    content: int
    lane: int
    started_s: float
    ended_s: float
    size_bytes: int
    waited_s: float
    shared: int
    bound_by: int  # what held it back the longest, and how long
    bound_s: float


class Start:
    """A start of an instance."""

    deploy: int
    node: int
    wake: int
    asked_s: float
    pulled_s: float
    ready_s: float
    digest: int  # image that it runs, -1 where there was none
    meant: int
    trailing_s: float  # for how long its tag had meant something newer; below 0: it had not


class PullBegun:
    """A pull that had its turn on a node that bounds its pulls."""

    deploy: int
    node: int
    asked_s: float
    began_s: float
    refused: int  # the node had begun too many


class Sync:
    """A copy that was made, or given up."""

    deploy: int
    name: int
    source: int
    target: int
    published_s: float
    started_s: float
    committed_s: float
    lag_s: float  # INF: it was given up
    size_bytes: int
    saved_bytes: int
    state: int
    attempts: int


class Drop:
    """An image that went from a registry, or garbage."""

    registry: int
    repository: int  # -1 where garbage was collected
    image: int
    dropped_s: float
    why: int
    freed_bytes: int
    lost: int
    shown_until_s: float


class TagChange:
    """When a tag came to a registry or went, and whether what it meant was a ROM."""

    registry: int
    name: int
    changed_s: float
    exists: int
    rom: int


class Bin:
    """Bytes that flows of the max-min solver carried over a link in one bin of a minute."""

    number: int
    link: int
    carried_bytes: int


class Segment:
    """A part of a flight in which it had its lane alone, or with others of that lane, at one rate."""

    lane: int
    started_s: float
    ended_s: float
    carried_bytes: int


class CapacityChange:
    """From when on a link carries something else."""

    link: int
    at_s: float
    capacity_Bps: float


class Unpack:
    """A layer that a node unpacks. Ops read this row, too: it says how far that is. See ops/unpacking."""

    deploy: int
    node: int
    blob: int
    state: Int32
    pull: Int32  # the task whose fetch brings it
    task: Int32  # that unpacks it
    before: Int32  # the row of the layer that is unpacked before it, or -1
    arrived: Int32  # whether its bytes are there, or begin to come where layers are unpacked meanwhile
    fetched: Int32  # whether they came, or were there
    first_waiter: Int32 = -1
    last_waiter: Int32 = -1
    first_beside: Int32  # rows of the layers of its image that one pull has unpacked
    end_beside: Int32
    write: Int32  # the flight of what it writes
    arrived_s: float
    idle_arrived_s: float
    started_s: float
    ended_s: float
    idle_started_s: float
    idle_ended_s: float
    core_ns: int
    written_bytes: int
    broken: Int32  # its disk went down meanwhile
    bound_by: Int32  # what held back the flow that ended last, and how long
    bound_s: float


class Load:
    """A start that has read a part of its layers, and what became of the rest. See ops/rest."""

    deploy: int
    node: int
    started_s: float
    read_bytes: int
    rest_bytes: int
    loaded_bytes: int
    whole_s: float
    stalled_s: float
    down_s: float
    broken: int
