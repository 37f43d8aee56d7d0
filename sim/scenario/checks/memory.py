"""How much memory a run would take, estimated before anything is made, so that a slip of the keyboard costs a line.

What grows with a scenario's counts is added up: deploys and the nodes they start on, wakes, apps, hosts, workers, what
breaks or is collected again and again, and the minutes in which lines are busy. The sizes are rounded up from peaks
that were measured (tests/bench/RESULTS.md: a million deploys of `million.toml` take 1.7 GB; a million apps 1 GB; 20,000
nodes of one metro 0.4 GB). A run that would take more than `run.memory` is refused; whoever has the machine raises
that. Left out: logs, which are read as they are played.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from sim.scenario.diagnostics import Diagnostic
from sim.scenario.keypath import KeyPath
from sim.scenario.model.demand import Stream
from sim.scenario.model.hosts import Host, Registry
from sim.scenario.model.root import Model
from sim.scenario.model.shares import path_of, rate_per_s, total_rate_per_s
from sim.units import format_bytes

_DEPLOY_BYTES: Final = 1500
_START_BYTES: Final = 500
_APP_BYTES: Final = 1000
_NODE_BYTES: Final = 20_000
_CLIENT_BYTES: Final = 5_000
_WORKER_BYTES: Final = 8
_EVENT_BYTES: Final = 200
_LAYER_BYTES: Final = 300
_MINUTE_BYTES: Final = 600
_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


class _Part(NamedTuple):
    """Something that takes memory: the key that says how much, how many of what, and the bytes of all of them."""

    path: KeyPath
    amount: float
    what: str
    size_bytes: float


def run_fits_into_memory(model: Model) -> Iterator[Diagnostic]:
    """A run takes no more memory than `run.memory`; where it does, the key that takes most is named."""
    parts = [*_demand(model), *_hosts(model), *_again_and_again(model), *_minutes(model)]
    total_bytes = math.fsum(part.size_bytes for part in parts if math.isfinite(part.size_bytes))
    if not all(math.isfinite(part.size_bytes) for part in parts):
        total_bytes = math.inf
    if total_bytes > model.run.memory_bytes:
        largest = max(parts, key=lambda part: part.size_bytes)
        needs = f"about {_bytes_text(total_bytes)} of memory"
        problem = f"makes about {_number(largest.amount)} {largest.what}, so that a run takes {needs}"
        limit = format_bytes(model.run.memory_bytes)
        yield Diagnostic(largest.path, f"{problem}, more than run.memory, {limit}", "lower it, or raise run.memory")


def _demand(model: Model) -> Iterator[_Part]:
    """Deploys, starts and apps of what is drawn; a list has its rows already, and a log is played as it is read."""
    demand = model.demand
    if demand.replay is not None or demand.table is not None:
        return
    there = sum(group.count for group in model.nodes.values())
    most = max(model.images.items(), key=lambda item: item[1].layers, default=None)
    for name, stream in demand.named().items():
        path, deploys = path_of(name), deploys_of(model, stream)
        key = "batch" if stream.is_timed else "rate"
        starts = deploys * min(stream.nodes, max(there, 1))
        yield _Part((*path, key), deploys, "deploys", deploys * _DEPLOY_BYTES)
        yield _Part((*path, "nodes"), starts, "starts of instances", (starts - deploys) * _START_BYTES)
        if most is not None and most[1].layers > 1:
            layers = (deploys + stream.apps) * most[1].layers
            yield _Part(("images", most[0], "layers"), layers, "layers", layers * _LAYER_BYTES)
        if demand.runs_for_s is not None:
            woken = starts * demand.wakes
            yield _Part(("demand", "wakes"), woken, "starts of instances that wake", woken * _START_BYTES)
        if stream.of is None and stream.kind != "replacements":
            yield _Part((*path, "apps"), float(stream.apps), "apps", float(stream.apps) * _APP_BYTES)


def deploys_of(model: Model, stream: Stream) -> float:
    """How many a stream makes at most, by the larger of its rates."""
    per_s = total_rate_per_s(model, stream)
    if stream.ramp is not None and not stream.is_timed:
        per_s = max(per_s, rate_per_s(model, stream, stream.ramp.to))
    return per_s * model.run.duration_s


def _hosts(model: Model) -> Iterator[_Part]:
    for key, nodes in model.nodes.items():
        yield _Part(("nodes", key, "count"), nodes.count, "nodes", nodes.count * _NODE_BYTES)
        workers = nodes.count * nodes.workers
        yield _Part(("nodes", key, "workers"), workers, "workers of registries", workers * _WORKER_BYTES)
    for key, cache in model.caches.items():
        workers = cache.workers
        yield _Part(("caches", key, "workers"), workers, "workers of registries", workers * _WORKER_BYTES)
    for key, clients in model.clients.items():
        yield _Part(("clients", key, "count"), clients.count, "clients", clients.count * _CLIENT_BYTES)


class Busy(NamedTuple):
    """For how many minutes a line is busy, by the key that bounds it."""

    path: KeyPath
    minutes: float


def busy_lines(model: Model, listed_bytes: Sequence[int | None] = ()) -> Iterator[Busy]:
    """For how long each host's line is busy if all images cross it whole: at most, as most layers are there already.

    Lines that a run's deploys keep busy for years are slips of the keyboard, and each minute of them has rows.
    `listed_bytes` are the images' sizes in a table of deploys, if there is one; None is that of its kind of image.
    """
    image_bytes = _largest_image_bytes(model)
    drawn = model.demand.replay is None and model.demand.table is None
    deploys = sum(deploys_of(model, stream) for stream in model.demand.named().values()) if drawn else 1.0
    crossing_bytes = math.fsum(image_bytes if each is None else each for each in listed_bytes) or deploys * image_bytes
    at_least_bytes = max(image_bytes, *(each or 0 for each in listed_bytes), 0)
    there = sum(group.count for group in model.nodes.values())
    shares = sum(group.count * group.share for group in model.clients.values())
    lines: list[tuple[KeyPath, Host, float]] = [(("central",), model.central, 1.0)]
    lines += [(("nodes", key), nodes, 1 / there) for key, nodes in model.nodes.items()]
    lines += [(("caches", key), cache, 1.0) for key, cache in model.caches.items()]
    lines += [(("clients", key), group, group.share / (shares or 1.0)) for key, group in model.clients.items()]
    for path, host, share in lines:
        key, rate_Bps = _slowest(host)
        yield Busy((*path, key), max(crossing_bytes * share, at_least_bytes) / rate_Bps / 60)


def busy_links(model: Model) -> Iterator[Busy]:
    """For how long a single image keeps each of the links busy that the scenario writes, if it crosses it at all."""
    image_bytes = _largest_image_bytes(model)
    for key, link in model.links.items():
        rates = [(rate_Bps, way) for way, rate_Bps in (("up", link.up_Bps), ("down", link.down_Bps)) if rate_Bps]
        if rates:
            rate_Bps, slowest = min(rates)
            named = "capacity" if f"own_{slowest}_Bps" in link.superseded() else slowest
            yield Busy(("links", key, named), image_bytes / rate_Bps / 60)


def _largest_image_bytes(model: Model) -> int:
    return max((image.rootfs_bytes + (image.kernel_bytes or 0) for image in model.images.values()), default=0)


def _minutes(model: Model) -> Iterator[_Part]:
    for path, minutes in busy_lines(model):
        yield _Part(path, minutes, "minutes in which that line is busy", minutes * _MINUTE_BYTES)


def _slowest(host: Host) -> tuple[str, float]:
    """The key that bounds a host's transfers the most, and to what, bytes/s."""
    rates = {"up": host.up_Bps, "down": host.down_Bps}
    rates |= {"disk": host.disk_Bps} if isinstance(host, Registry) else {}
    rates |= {"window": host.window_bytes / (2 * host.delay_s)} if host.delay_s else {}
    slowest = min(rates, key=rates.__getitem__)
    return "capacity" if f"own_{slowest}_Bps" in host.superseded() else slowest, rates[slowest]


def _again_and_again(model: Model) -> Iterator[_Part]:
    """What happens in a period of its own, until the run's demand has stopped."""
    lasts_s = model.run.duration_s
    for key, fault in model.faults.items():
        if fault.between_s is not None:
            breaks = lasts_s / (fault.between_s + fault.lasts_s) * len(fault.targets)
            yield _Part(("faults", key, "between"), breaks, "breaks", breaks * _EVENT_BYTES)
    every_s = model.policies.garbage.every_s
    if every_s is not None:
        rounds = lasts_s / every_s
        yield _Part(("policies", "garbage", "every"), rounds, "collections of garbage", rounds * _EVENT_BYTES)


def _number(amount: float) -> str:
    return f"{amount:,.0f}" if amount < 1e15 else f"{amount:.0e}".replace("e+", "e")


def _bytes_text(size_bytes: float) -> str:
    """Two digits and a unit, as estimates deserve."""
    if size_bytes >= 1e21:
        return f"{size_bytes:.0e} B".replace("e+", "e") if math.isfinite(size_bytes) else "endless amounts"
    power = min(int(math.log10(max(size_bytes, 1))) // 3, len(_UNITS) - 1)
    return f"{float(f'{size_bytes / 1000**power:.2g}'):g} {_UNITS[power]}"
