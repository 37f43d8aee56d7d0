"""Deploys for Perfetto and Chrome's own viewer: the Trace Event Format in JSON ("Trace Event Format", Google, 2016).

A process is a host, a thread a row of spans that do not overlap; arrows lead from a push to the syncs and starts that
it made; counters have each link's use by the minute, while the deploys in question were under way. Left out: how many
workers of a registry are busy, which rows do not have (`trackevent` has it).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from sim.report.why.answer import Why
from sim.report.why.counters import link_use
from sim.report.why.spans import Span, spans

_MICRO: Final = 1e6
_ARROWS: Final = ("sync", "start")


def trace_events(whys: Iterable[Why]) -> dict[str, Any]:
    """The document that `ui.perfetto.dev` and `chrome://tracing` open."""
    events: list[dict[str, Any]] = []
    processes: dict[str, int] = {}
    for why in whys:
        found = [*spans(why)]
        threads = _Threads()
        for span in found:
            where = {"pid": _process(f"{why.variant}: {span.host}", processes, events), "tid": threads.of(span)}
            threads.name(where, span, events)
            events.append({
                "ph": "X", "name": span.name, "cat": why.variant, "ts": _MICRO * span.from_s,
                "dur": _MICRO * max(span.until_s - span.from_s, 0.0), **where,
                "args": {"deploy": span.deploy, **span.about},
            })  # fmt: skip
        events += _arrows(why, found, processes, threads)
        events += _counters(why, found, processes, events)
    return {"traceEvents": events, "displayTimeUnit": "ms"}


def _process(name: str, processes: dict[str, int], events: list[dict[str, Any]]) -> int:
    if name not in processes:
        processes[name] = len(processes) + 1
        events.append({"ph": "M", "name": "process_name", "pid": processes[name], "args": {"name": name}})
    return processes[name]


class _Threads:
    """Threads of each host: spans of one lie beside or within each other, as viewers need them."""

    def __init__(self) -> None:
        self._busy: dict[str, list[list[tuple[float, float]]]] = {}
        self.thread: dict[tuple[int, str], int] = {}
        self._named: set[tuple[int, int]] = set()

    def of(self, span: Span) -> int:
        """The first thread on which the span overlaps nothing by halves."""
        threads = self._busy.setdefault(span.host, [])
        fitting = (at for at, taken in enumerate(threads) if all(_apart_or_within(span, each) for each in taken))
        number = next(fitting, len(threads))
        if number == len(threads):
            threads.append([])
        threads[number].append((span.from_s, span.until_s))
        self.thread[span.deploy, span.key] = number + 1
        return number + 1

    def name(self, where: dict[str, int], span: Span, events: list[dict[str, Any]]) -> None:
        place = where["pid"], where["tid"]
        if place not in self._named:
            self._named.add(place)
            events.append({"ph": "M", "name": "thread_name", **where, "args": {"name": f"{span.host} {where['tid']}"}})


def _apart_or_within(span: Span, other: tuple[float, float]) -> bool:
    from_s, until_s = other
    apart = span.from_s >= until_s or span.until_s <= from_s
    return apart or (from_s <= span.from_s and span.until_s <= until_s)


def _arrows(why: Why, found: list[Span], processes: dict[str, int], threads: _Threads) -> Iterator[dict[str, Any]]:
    pushes = {span.deploy: span for span in found if span.name == "push"}
    for span in found:
        push = pushes.get(span.deploy)
        if span.name not in _ARROWS or push is None:
            continue
        name = f"{why.variant} {span.deploy} {span.key}"
        for kind, end, at_s in (("s", push, push.until_s), ("f", span, span.from_s)):
            yield {
                "ph": kind, "id": name, "name": span.name, "cat": "flow", "bp": "e",
                "ts": _MICRO * min(at_s, end.until_s), "pid": processes[f"{why.variant}: {end.host}"],
                "tid": threads.thread[end.deploy, end.key],
            }  # fmt: skip


def _counters(
    why: Why, found: list[Span], processes: dict[str, int], events: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """The use of each link that the deploys' bodies were held by, in per cent of what it can carry."""
    for link, change in link_use(why, found):
        yield {
            "ph": "C", "name": f"{link}, % used", "pid": _process(f"{why.variant}: links", processes, events),
            "ts": _MICRO * change.at_s, "args": {"used": change.value},
        }  # fmt: skip
