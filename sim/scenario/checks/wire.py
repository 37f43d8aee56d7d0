"""Checks of a run on packets: what it needs to know, what packets can't do, and how many there would be.

How many is estimated as if no layer were there already: each deploy moves its whole image once, and once more for each
node that it starts on. That is more than most runs need, since layers are there; but sizes that are drawn are taken as
their medians, hours as their mean over a week, and packets that are sent again left out. Logs and tables of deploys are
read as they are played. So a run is stopped, too, where it comes to more packets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sim.network.tcp.transport import MSS_BYTES
from sim.scenario.checks.memory import deploys_of
from sim.scenario.diagnostics import Diagnostic
from sim.scenario.keypath import KeyPath
from sim.scenario.model.demand import Stream
from sim.scenario.model.formats import format_named
from sim.scenario.model.root import Model
from sim.scenario.model.shares import image_shares, path_of

PACKETS_PER_S: Final = 500_000
"""Packets that one core sends a second, over two to four links under CUBIC; under BBR it is half as many. Measured:
0.4 to 0.9 million on cores that others used, too (`sim/docs/howto/run-on-packets.md`)."""
_FLUID: Final = 'write run.wire = "fluid"'


def packets_can_run(model: Model) -> Iterator[Diagnostic]:
    """A run on packets knows how long queues are, and asks nothing that packets can't do."""
    if model.run.wire != "packets":
        return
    if model.tcp.queue_s <= 0.0:
        problem = "packets need to know when queues are full"
        yield Diagnostic(("tcp", "queue"), problem, 'write tcp.queue = "60 ms" for example')
    for path, problem in _impossible(model):
        yield Diagnostic(path, f"{problem}, which packets can't do", _FLUID)


def _impossible(model: Model) -> Iterator[tuple[KeyPath, str]]:
    """What only flows can do, by its key."""
    if model.faults:
        yield ("faults",), "breaks links or registries"
    for key, link in model.links.items():
        if link.schedule:
            yield ("links", key, "schedule"), "changes what the link carries"
    source = model.policies.source
    if hasattr(source.rule("source"), "swarm"):
        yield ("policies", "source"), f"{source.name} has nodes fetch pieces of layers"
    if model.policies.sync.job_Bps is not None:
        yield ("policies", "sync", "job_rate"), "bounds the rate of a single connection"
    for key, image in model.images.items():
        made = None if image.format is None else format_named(image.format, model.formats)
        if made is not None and made.written > 0:
            yield ("images", key, "format"), f"{image.format} has nodes unpack to the disk to which layers come"


def packets_are_few(model: Model) -> Iterator[Diagnostic]:
    """A run on packets takes no more of them than `run.max_packets`, by an estimate."""
    demand = model.demand
    if model.run.wire != "packets" or demand.replay is not None or demand.table is not None:
        return
    moved = {name: _packets(model, stream) for name, stream in demand.named().items()}
    total = sum(moved.values())
    if total > model.run.max_packets:
        largest = max(moved, key=lambda name: moved[name])
        key = "batch" if demand.named()[largest].is_timed else "rate"
        problem = (
            f"makes up to about {_number(total)} packets, which take some {_time(total / PACKETS_PER_S)}; "
            f"run.max_packets is {model.run.max_packets:,}"
        )
        yield Diagnostic((*path_of(largest), key), problem, f"lower it, raise run.max_packets, or {_FLUID}")


def _packets(model: Model, stream: Stream) -> float:
    """How many a stream's deploys make, if no layer is there already."""
    there = sum(group.count for group in model.nodes.values())
    shares = image_shares(model, stream)
    image_bytes = sum(share * _image_bytes(model, key) for key, share in shares.items()) / (sum(shares.values()) or 1.0)
    released = stream.apps if model.demand.kernel_release is not None else 0
    return (deploys_of(model, stream) + released) * (1 + min(stream.nodes, max(there, 1))) * image_bytes / MSS_BYTES


def _image_bytes(model: Model, key: str) -> float:
    image = model.images[key]
    made = None if image.format is None else format_named(image.format, model.formats)
    wire = 1.0 if made is None else made.wire
    return (image.rootfs_bytes + (image.kernel_bytes or 0)) * wire * len(image.architectures or (1,))


def _number(count: float) -> str:
    """A count to three digits."""
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if count >= size:
            return f"{count / size:,.3g} {word}"
    return f"{count:,.3g}"


def _time(duration_s: float) -> str:
    for size_s, unit in ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if duration_s >= 2 * size_s:
            return f"{duration_s / size_s:,.0f} {unit}"
    return f"{duration_s:,.0f} seconds"
