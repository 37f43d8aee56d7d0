"""Deploys for Perfetto in its own format: TrackEvent, in protobuf.

A host is a process, and each deploy has a track there; arrows lead from a push to what it published, and from that to
the copies and pulls that it made. Counters have the use of links, by the minute, and how many workers of each registry
that the deploys asked were busy, and requests waiting for one, at each change. Times are the run's own clock, from
`run.start`. Numbers of fields are those of protos/perfetto/trace in https://github.com/google/perfetto; what tracks,
flows and counters are: https://perfetto.dev/docs/reference/synthetic-track-event.

Left out: interned names, by which a file would be smaller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from sim.report.why.answer import Why
from sim.report.why.counters import link_use, window, workers
from sim.report.why.spans import OF_PUSH, PULL, Span, nanoseconds, spans
from sim.report.why.wire import block, double, fixed64, text, whole
from sim.runner import look

#: How Perfetto's own tools call such files.
SUFFIXES: Final = (".pftrace", ".perfetto-trace")
_BEGIN, _END, _INSTANT, _COUNTER = 1, 2, 3, 4
_ONE_SEQUENCE: Final = whole(10, 1)  # trusted_packet_sequence_id
_PUBLISH: Final = "publish"


class _Flow(NamedTuple):
    """An arrow from one event to another, by their keys in a deploy."""

    source: str
    target: str


def track_events(whys: Iterable[Why]) -> bytes:
    """The file. InputError where the run, made again, is another."""
    trace = _Trace()
    for why in whys:
        _add(trace, why)
    return b"".join(trace.packets)


def _add(trace: _Trace, why: Why) -> None:
    """The deploys of a variant."""
    found = [*spans(why)]
    start_s = why.result.scenario.run.start_s
    flows = _numbered(trace, found, why)
    tracks = _Tracks(trace, why.variant)
    for (host, deploy), of in _by_track(found).items():
        for lane in _lanes(of):
            track = tracks.of_deploy(host, deploy)
            for at_s, span in _nested(lane):
                _slice(trace, track, nanoseconds(start_s, at_s), span, flows.get((deploy, span.key) if span else None))
    asked = {str(span.about[end]) for span in found for end in ("source", "target") if end in span.about}
    low_s, high_s = window(found)
    seen = look(why.result, frozenset(), low_s, high_s)
    for registry in why.result.tables["registries"].column("registry"):
        if registry in asked:
            names = "busy workers", "requests waiting for a worker"
            for name, changes in zip(names, workers(seen.services, registry), strict=True):
                track = trace.counter(tracks.host(registry), name, "")
                for change in changes:
                    trace.event(_COUNTER, track, nanoseconds(start_s, change.at_s), double(44, change.value))
    counters: dict[str, int] = {}
    for link, change in link_use(why, found):
        if link not in counters:
            counters[link] = trace.counter(tracks.host("links"), f"{link}, % used", "%")
        trace.event(_COUNTER, counters[link], nanoseconds(start_s, change.at_s), double(44, change.value))


class _Trace:
    """Packets, and the tracks that they are about."""

    def __init__(self) -> None:
        self.packets: list[bytes] = [block(1, _ONE_SEQUENCE + whole(13, 1))]  # SEQ_INCREMENTAL_STATE_CLEARED
        self.flows = 0
        self._tracks = self._processes = 0

    def _described(self, about: bytes) -> int:
        self._tracks += 1
        self.packets.append(block(1, _ONE_SEQUENCE + block(60, whole(1, self._tracks) + about)))
        return self._tracks

    def process(self, name: str) -> int:
        self._processes += 1
        return self._described(block(3, whole(1, self._processes) + text(6, name)))

    def track(self, parent: int, name: str) -> int:
        return self._described(whole(5, parent) + text(2, name))

    def counter(self, parent: int, name: str, unit: str) -> int:
        return self._described(whole(5, parent) + text(2, name) + block(8, text(6, unit) if unit else b""))

    def event(self, kind: int, track: int, at_ns: int, about: bytes = b"") -> None:
        made = block(11, whole(9, kind) + whole(11, track) + about)
        self.packets.append(block(1, whole(8, at_ns) + _ONE_SEQUENCE + made))


class _Tracks:
    """A variant's hosts, and the tracks of deploys there."""

    def __init__(self, trace: _Trace, variant: str) -> None:
        self._trace, self._variant = trace, variant
        self._hosts: dict[str, int] = {}

    def host(self, name: str) -> int:
        if name not in self._hosts:
            self._hosts[name] = self._trace.process(f"{self._variant}: {name}")
        return self._hosts[name]

    def of_deploy(self, host: str, deploy: int) -> int:
        """Another track: those of one name, where spans overlap by halves, are shown as one."""
        return self._trace.track(self.host(host), f"deploy {deploy}")


def _by_track(found: Sequence[Span]) -> dict[tuple[str, int], list[Span]]:
    made: dict[tuple[str, int], list[Span]] = {}
    for span in found:
        made.setdefault((span.host, span.deploy), []).append(span)
    return made


def _lanes(found: Sequence[Span]) -> list[list[Span]]:
    """Spans of a track so that in each part any two are apart or one within the other, the outer one first."""
    lanes: list[list[Span]] = []
    for span in sorted(found, key=lambda span: (span.from_s, -span.until_s)):
        fitting = next((lane for lane in lanes if all(_fits(span, other) for other in lane)), None)
        if fitting is None:
            lanes.append([span])
        else:
            fitting.append(span)
    return lanes


def _fits(span: Span, before: Span) -> bool:
    """Whether a span is after one that began no later, or within it."""
    return span.from_s >= before.until_s or span.until_s <= before.until_s


def _nested(lane: Sequence[Span]) -> Iterator[tuple[float, Span | None]]:
    """When each begins, and ends (None), in an order in which the one that began last ends first."""
    open_: list[Span] = []
    for span in lane:
        while open_ and open_[-1].until_s <= span.from_s:
            yield open_.pop().until_s, None
        yield span.from_s, span
        if span.name != _PUBLISH:
            open_.append(span)
    while open_:
        yield open_.pop().until_s, None


def _slice(trace: _Trace, track: int, at_ns: int, span: Span | None, flows: bytes | None) -> None:
    """A span's begin, or an end; or an instant."""
    if span is None:
        trace.event(_END, track, at_ns)
        return
    notes = b"".join(_note(name, value) for name, value in {"deploy": span.deploy, **span.about}.items())
    kind = _INSTANT if span.name == _PUBLISH else _BEGIN
    trace.event(kind, track, at_ns, text(23, span.name) + (flows or b"") + notes)


def _note(name: str, value: str | int | float) -> bytes:
    """What is shown of a span beside its name."""
    if isinstance(value, str):
        return block(4, text(10, name) + text(6, value))
    return block(4, text(10, name) + (whole(4, value) if isinstance(value, int) else double(5, value)))


def _numbered(trace: _Trace, found: list[Span], why: Why) -> dict[tuple[int, str] | None, bytes]:
    """Fields of arrows by the events that they begin and end at; to `found` what pushes published is added."""
    made: dict[tuple[int, str] | None, bytes] = {}
    by_deploy: dict[int, list[Span]] = {}
    for span in found:
        by_deploy.setdefault(span.deploy, []).append(span)
    for row in why.rows:
        of = why.of(row)
        deploy = int(of["deploy"])
        asked_s, took_s = float(of["asked_s"]), sum(float(of[f"{phase}_s"]) for phase in OF_PUSH)
        published, flows = _published(by_deploy[deploy], why, asked_s + took_s)
        found += published
        for flow in flows:
            trace.flows += 1
            for number, key in ((47, flow.source), (48, flow.target)):
                made[deploy, key] = made.get((deploy, key), b"") + fixed64(number, trace.flows)
    return made


def _published(of: Sequence[Span], why: Why, pushed_s: float) -> tuple[list[Span], list[_Flow]]:
    """What a deploy published and where, and the arrows: push, publish, copy, pull."""
    push = next((span for span in of if span.name == "push"), None)
    syncs = {int(span.key.split()[1]): span for span in of if span.name == "sync"}
    pulls = [span for span in of if span.name == PULL]
    times_s = why.result.tables["syncs"].column("published_s")
    places = {(str(span.about["source"]), float(times_s[at])): None for at, span in syncs.items()}
    if push is not None:
        targets = [str(span.about["target"]) for span in of if span.name == "push.blob"] or [push.host]
        if not any(host in targets for host, _ in places):
            places = {(targets[0], pushed_s): None, **places}
    published = [
        Span((push or of[0]).deploy, host, _PUBLISH, f"publish {at}", "", at_s, at_s, {})
        for at, (host, at_s) in enumerate(places)
    ]
    flows = []
    for one in published:
        copied = next((span for span in syncs.values() if span.host == one.host and span.until_s == one.from_s), None)
        source = copied or push
        if source is not None:
            flows.append(_Flow(source.key, one.key))
        flows += [
            _Flow(one.key, span.key) for at, span in syncs.items()
            if (str(span.about["source"]), float(times_s[at])) == (one.host, one.from_s)
        ]  # fmt: skip
    for pull in pulls:
        copied = next((s for s in syncs.values() if s.host == pull.host and s.until_s <= pull.until_s), None)
        if copied is not None or published:
            flows.append(_Flow((copied or published[0]).key, pull.key))
    return published, flows
