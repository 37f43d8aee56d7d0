"""Bodies of bytes: blobs that a path sends or fetches, alone or side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sim.network.transport import INITIAL_WINDOW_BYTES
from sim.registry.oci import Layer
from sim.world.clock import Steps, Unreachable, Waits
from sim.world.faults import Faults
from sim.world.log import Moved
from sim.world.outlast import cross, send
from sim.world.path import Path
from sim.world.places import Body
from sim.world.world import World

_NEVER = float("inf")


def carry(
    world: World, path: Path, body: Body, blob: Layer, beside: Sequence[Layer], moved: Moved, sent_bytes: int = 0,
    limit_s: float = _NEVER,
) -> Waits:  # fmt: skip
    """Send a blob's bytes; ends as the last has left. `beside` are the blobs of its group, itself among them.

    Of a blob that broke off `sent_bytes` are there already. No outage may last longer than `limit_s`.

    Slow start is a delay before the flow: what it costs over sending at the idle lane's rate. A blob within the
    initial window needs no flow, only the time that the idle lane takes.
    """
    if world.faults is not None:
        return _outlasting(world, world.faults, path, body, blob, beside, moved, sent_bytes, limit_s)
    if blob.size_bytes > INITIAL_WINDOW_BYTES:
        return _flow(world, path, body, blob, beside, moved)
    _sent_at_once(path, body, blob, moved)
    return ()


def _sent_at_once(path: Path, body: Body, blob: Layer, moved: Moved) -> None:
    started_s = path.now_s
    path.now_s += blob.size_bytes / body.lane.rate_Bps
    if not body.lane.is_whole:
        path.waited(path.now_s - started_s - blob.size_bytes / body.lane.whole_rate_Bps)
    moved.add(blob.kind, body.lane, started_s, path.now_s, blob.size_bytes)


def _flow(world: World, path: Path, body: Body, blob: Layer, beside: Sequence[Layer], moved: Moved) -> Steps:
    mates = [other for other in beside if other is not blob]
    path.now_s = started_s = path.now_s + body.ramp_s(blob.size_bytes)
    yield started_s
    flight = world.wire.send(body.lane, blob.size_bytes)
    yield flight
    path.now_s = world.clock._now
    lasted_s = path.now_s - flight.started_s
    waited_s = (
        lasted_s - body.idle_s(flight.size_bytes, blob, mates) if flight.shared or not body.lane.is_whole else 0.0
    )
    if flight.shared:
        path.waited(waited_s)
    moved.land(flight, blob.kind, path.now_s, waited_s)


def _outlasting(
    world: World, faults: Faults, path: Path, body: Body, blob: Layer, beside: Sequence[Layer], moved: Moved,
    sent_bytes: int, limit_s: float,
) -> Steps:  # fmt: skip
    """The same where links and registries may be down."""
    if blob.size_bytes <= INITIAL_WINDOW_BYTES:
        yield from cross(world, faults, path, body, limit_s)
        if not body.lane.rate_Bps:
            raise Unreachable("connection lost")
        _sent_at_once(path, body, blob, moved)
        return
    size_bytes, began_s = blob.size_bytes - sent_bytes, path.idle_s
    mates = [other for other in beside if other is not blob]
    lag_s = body.ramp_s(size_bytes) if size_bytes > 0 and body.lane.rate_Bps else 0.0
    yield from send(world, faults, path, body, blob, mates, moved, size_bytes, lag_s, limit_s)
    # What broke held it back, too: it waited all that it took beyond the whole blob on whole links.
    whole_s = body.whole_ramp_s(blob.size_bytes) + body.idle_s(blob.size_bytes, blob, mates)
    path.would_be_here_at(began_s + whole_s)


def groups(blobs: tuple[Layer, ...], size: int, config_last: bool) -> Iterable[tuple[Layer, ...]]:
    """The blobs that a client moves side by side, at most `size` at once, group after group."""
    if config_last:
        layers = tuple(blob for blob in blobs if blob.kind != "config")
        configs = tuple(blob for blob in blobs if blob.kind == "config")
        return (*groups(layers, size, False), *groups(configs, size, False))
    return (blobs,) if 0 < len(blobs) <= size else [blobs[i : i + size] for i in range(0, len(blobs), size)]


def leaders(blobs: Sequence[Layer]) -> tuple[list[Layer], list[Layer]]:
    """The blobs that decide how long a group takes, and those that only trail along.

    A blob within the initial window needs no flow and the same requests as a larger one, so beside a larger one it
    ends first.
    """
    large: list[Layer] = []
    small: list[Layer] = []
    for blob in blobs:
        (large if blob.size_bytes > INITIAL_WINDOW_BYTES else small).append(blob)
    if small and not large:
        large.append(max(small, key=_size_bytes))
        small.remove(large[0])
    return large, small


def _size_bytes(blob: Layer) -> int:
    return blob.size_bytes
