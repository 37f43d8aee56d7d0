"""What held deploys back, as tables: seconds of a deploy's critical path, and what doubling a thing gained.

How the seconds are assigned is in `sim.accounting.held_back`; what is doubled, in `sim.experiment.doubling`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sim.accounting.held_back import Held, Holder
from sim.experiment.comparison import Comparison
from sim.experiment.doubling import Gain, Thing
from sim.report.formatting import amount, interval_text
from sim.report.terminal.blocks import Block, Cell
from sim.result import ONLY, Result

#: What kinds are called.
KINDS: Final[Mapping[str, str]] = {
    "client up": "clients' uplinks",
    "client down": "clients' downlinks",
    "node up": "nodes' uplinks",
    "node down": "nodes' downlinks",
    "central up": "central's uplink",
    "central down": "central's downlink",
    "link": "link",
    "disk": "disks",
    "cores": "unpacking on nodes' cores",
    "window": "TCP windows",
    "cap": "caps on copies",
    "workers": "waiting for workers",
    "limits": "limits of requests",
    "turns": "waiting for a turn to pull",
    "copies": "waiting for copies to begin",
    "outages": "outages and retries",
    "several": "what held bodies for less long",
    "requests": "requests and round trips",
    "boot": "boot",
}
#: Groups of a kind that have a line of their own at most, and the part of all seconds that makes a line worth reading.
_GROUPS: Final = 5
_SHARE: Final = 0.005
_ABOUT: Final = (
    "Seconds on the critical path of a deploy that got ready, on average: its last-ready node's, and of bodies side by "
    "side the one that ended last. They add up to its mean latency. Waited is what idle links and registries would not "
    "have taken."
)


def run_blocks(result: Result, gains: Sequence[Gain] = ()) -> Iterator[Block]:
    """Of one run, with what doubling gained."""
    name = result.variant or ONLY
    held = result.held_back
    yield from _blocks({name: held.parts}, {name: held.deploys}, {name: gains})


def comparison_blocks(outcome: Comparison) -> Iterator[Block]:
    """Of all runs of each variant, with what doubling gained."""
    held = {name: outcome.held_back(name) for name in outcome.variants}
    deploys = {
        name: sum(each.held.deploys for each in runs) / len(runs) for name, runs in outcome.outcomes.items()
    }  # fmt: skip
    yield from _blocks(held, deploys, outcome.gains)


def _blocks(
    held: Mapping[str, Sequence[Held]], deploys: Mapping[str, float], gains: Mapping[str, Sequence[Gain]]
) -> Iterator[Block]:
    known = {name: parts for name, parts in held.items() if parts}
    if not known:
        return
    lines = grouped(known)
    columns = {
        name: [_cell(known[name], deploys[name], holders) for _, holders in lines] for name in known
    }  # fmt: skip
    yield Block("What held deploys back", [label for label, _ in lines], columns, (_ABOUT,))
    if any(gains.values()):
        yield _gained(gains)


def grouped(held: Mapping[str, Sequence[Held]]) -> list[tuple[str, frozenset[Holder]]]:
    """Labels and the holders that each is about: a line a kind (a line each link), the most first, then its groups."""
    share: dict[Holder, float] = {}
    for parts in held.values():
        total_s = sum(part.held_s for part in parts)
        for part in parts:
            share[part.holder] = max(share.get(part.holder, 0.0), part.held_s / total_s)
    kinds: dict[tuple[str, str], list[Holder]] = {}
    for holder in sorted(share, key=lambda each: -share[each]):
        which = holder.kind, holder.group if holder.kind == "link" else ""
        kinds.setdefault(which, []).append(holder)
    lines: list[tuple[str, frozenset[Holder]]] = []
    for (kind, link), holders in sorted(kinds.items(), key=lambda pair: -sum(share[each] for each in pair[1])):
        if sum(share[each] for each in holders) < _SHARE:
            continue
        worth = [each for each in holders if each.group and share[each] >= _SHARE]
        if len(holders) == 1:
            lines.append((f"{KINDS[kind]} {holders[0].group}".rstrip(), frozenset(holders)))
            continue
        lines.append((f"{KINDS[kind]} {link}".rstrip(), frozenset(holders)))
        lines += [(f"  {each.group}", frozenset([each])) for each in worth[:_GROUPS]]
    return lines


def _cell(parts: Sequence[Held], deploys: float, holders: frozenset[Holder]) -> Cell:
    """`390 ms, 8.2 %`, and what of it was waiting for others where that is much."""
    total_s = sum(part.held_s for part in parts)
    held_s = sum(part.held_s for part in parts if part.holder in holders)
    waited_s = sum(part.waited_s for part in parts if part.holder in holders)
    held = f"{amount(held_s / deploys, 's')}, {100 * held_s / total_s:.2g} %" if held_s else "0 s"
    return (held, f"{amount(waited_s / deploys, 's')} waited") if waited_s > _SHARE * total_s else (held,)


def _gained(gains: Mapping[str, Sequence[Gain]]) -> Block:
    things: dict[tuple[str, str], Thing] = {}
    for found in gains.values():
        things |= {(gain.thing.kind, gain.thing.name): gain.thing for gain in found}
    columns = {
        name: [
            next((_gain_cell(gain) for gain in found if (gain.thing.kind, gain.thing.name) == which), ("",))
            for which in things
        ]
        for name, found in gains.items()
    }
    runs = max(gain.runs for found in gains.values() for gain in found)
    title = f"What doubling it changes: {runs} paired runs each" if runs > 1 else "What doubling it changes: one run"
    labels = [f"{KINDS[kind]} {name}".rstrip() for kind, name in things]
    halved = any(kind == "copies" for kind, _ in things)
    note = "Twice the rate, size or workers for all hosts of a kind at once, links one by one"
    return Block(title, labels, columns, (f"{note}; copies begin after half the delay.",) if halved else (f"{note}.",))


def _gain_cell(gain: Gain) -> Cell:
    parts = []
    for metric, found in gain.apart.items():
        if metric != "deploy_latency_s.p50":
            parts.append(f"{metric.rpartition('.')[2]} {interval_text(found, 's', signed=True)}")
    return tuple(parts)
