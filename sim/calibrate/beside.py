"""A real pull beside a simulated one: containerd's spans, and what simulated starts took, phase by phase.

A pull is cut at two instants that both sides know: when the first layer's first byte was there, and when the last
layer's last byte was. What is measured less what is simulated is the residual of a phase, and residuals add up to that
of the pull. By containerd's own spans (names as in `sim.calibrate.imports.otlp`): a pull is `PullImage`, or `pull.Pull`
where that is not; a layer's first byte the end of its blob's `HTTPRequest`, its last the end of its `fetchLayer`
(pkg/unpack/unpacker.go). Where a trace lacks one of these, what it cannot tell apart is one phase.

Left out: which of several pulls is which. Means are compared, so a trace is to be of the pulls that were simulated;
whether the layers' bytes are as many is said.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from sim.calibrate.imports.documents import document_of, text, text_of
from sim.calibrate.imports.otlp import (
    PULLS,
    REQUEST,
    UNPACKED,
    attributes_of,
    has_failed,
    is_otlp,
    spans_of,
    times_of,
    url_of,
    whole_of,
)
from sim.errors import InputError
from sim.report.formatting import amount, signed_amount
from sim.report.why.answer import Why
from sim.report.why.spans import AHEAD, FETCH, LAYER, PULL, spans
from sim.runner import look
from sim.tables.rows import PHASES

_FETCHED: Final = "fetchLayer"
_FIRST: Final = "until the first layer's first byte"
_BYTES: Final = "layers' bytes"
_UNPACKING: Final = "unpacking after the last byte"
_BOTH: Final = f"{_BYTES}, and unpacking"
_UNTIL_LAST: Final = "until the last layer's last byte"
_ALL: Final = "pull"


class Pull(NamedTuple):
    """A pull that fetched layers; times in s from its begin, NaN where its trace does not tell."""

    first_byte_s: float
    last_byte_s: float
    took_s: float
    layer_bytes: int


class Phase(NamedTuple):
    """A part of a deploy's time, on average, s; NaN on the side that does not tell it."""

    name: str
    measured_s: float
    simulated_s: float

    @property
    def residual_s(self) -> float:
        """What was measured less what was simulated."""
        return self.measured_s - self.simulated_s


@dataclass(frozen=True, slots=True)
class Beside:
    """Of one variant: the phases, and the pulls on both sides that these are the means of."""

    variant: str
    phases: tuple[Phase, ...]
    measured: tuple[Pull, ...]
    simulated: tuple[Pull, ...]
    untold: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Its part of a document; null where a side does not tell."""
        return {
            "phases": [{**one._asdict(), "residual_s": one.residual_s} for one in self.phases],
            "measured": {"pulls": len(self.measured), "layer_bytes": _mean(p.layer_bytes for p in self.measured)},
            "simulated": {"pulls": len(self.simulated), "layer_bytes": _mean(p.layer_bytes for p in self.simulated)},
            "untold": list(self.untold),
        }  # fmt: skip

    def lines(self) -> Iterator[str]:
        """A table, and what a trace cannot tell."""
        counts = f"{_counted(self.measured)} measured, {_counted(self.simulated)} simulated"
        yield f"{self.variant} beside a trace of containerd's: {counts}"
        yield f"{'phase':<38}{'measured':>11}{'simulated':>11}{'residual':>11}"
        for one in self.phases:
            cells = (_cell(one.measured_s), _cell(one.simulated_s))
            residual = "" if math.isnan(one.residual_s) else signed_amount(one.residual_s, "s")
            yield f"{one.name:<38}{cells[0]:>11}{cells[1]:>11}{residual:>11}".rstrip()
        yield ""
        yield from self.untold


def beside(path: str, whys: Iterable[Why]) -> list[Beside]:
    """What a trace of containerd's measured beside the simulated pulls of these deploys.

    InputError where the file is no trace, or has no pull that fetched a layer, and where no simulated one did.
    """
    document = document_of(path, text_of(path))
    if not is_otlp(document):
        raise InputError(path, "has no resourceSpans", "give OTLP JSON, as a collector's file exporter writes it")
    measured = tuple(_measured(path, document))
    if not measured:
        raise InputError(path, "has no pull that fetched a layer", "give spans of containerd's CRI plugin or client")
    return [_of(why, measured) for why in whys]


def _of(why: Why, measured: tuple[Pull, ...]) -> Beside:
    simulated = tuple(_simulated(why))
    if not simulated:
        raise InputError(why.variant, "has no start among these deploys that fetched a layer", "ask for other deploys")
    known = tuple(not any(math.isnan(at_s[place]) for at_s in measured) for place in (0, 1))
    cuts = [_cut(pulls, *known) for pulls in (measured, simulated)]
    of_pull = [Phase(name, *(cut[name] for cut in cuts)) for name in cuts[0]]
    deploys = why.result.tables["deploys"]
    others = {
        phase: Phase(phase, math.nan, float(np.mean(deploys.column(f"{phase}_s")[why.rows])))
        for phase in PHASES if phase != "pull"
    }  # fmt: skip
    before = [one for name, one in others.items() if name != "boot" and one.simulated_s > 0]
    boot = [one for one in (others["boot"],) if one.simulated_s > 0]
    return Beside(why.variant, (*before, *of_pull, *boot), measured, simulated, tuple(_untold(*known)))


def _cut(pulls: Sequence[Pull], first: bool, last: bool) -> dict[str, float]:
    """The phases of pulls, on average: cut where the first byte was there, the last, or both, as far as known."""
    first_s, last_s, took_s = (_mean(one[place] for one in pulls) for place in range(3))
    if first and last:
        found = {_FIRST: first_s, _BYTES: last_s - first_s, _UNPACKING: took_s - last_s}
    elif first:
        found = {_FIRST: first_s, _BOTH: took_s - first_s}
    else:
        found = {_UNTIL_LAST: last_s, _UNPACKING: took_s - last_s} if last else {}
    return {**found, _ALL: took_s}


def _untold(first: bool, last: bool) -> Iterator[str]:
    yield "A trace cannot tell a push, copies, the wait for the image, or a boot: they are the platform's."
    yield "Nor what a request waited for a worker, or bytes for others: its spans hold these and the network together."
    yield "Simulated bytes are timed as they leave the registry, half a round trip before they are at the node."
    if not first:
        yield f"This trace has no {REQUEST} of a layer: when the first byte came is in no span."
    if not last:
        yield f"This trace has no {_FETCHED}: when the last byte came is in no span."


def _measured(path: str, document: Any) -> Iterator[Pull]:
    """The pulls of a document, one a trace; those that failed, or fetched no layer, are left out."""
    traces: dict[str, list[tuple[str, Mapping[str, Any], int, int]]] = defaultdict(list)
    failed = set()
    for span in spans_of(document):
        name, trace = text(span.get("name")), text(span.get("traceId"))
        if has_failed(span):
            failed |= {trace} if name.endswith(PULLS) else set()
        elif name.endswith((*PULLS, UNPACKED, REQUEST, _FETCHED)):
            traces[trace].append((name, attributes_of(span), *times_of(path, span)))
    for trace, found in traces.items():
        outer = [(begun, ended) for name, _, begun, ended in found if name.endswith(PULLS)]
        sizes = {
            text(about.get("layer.media.digest")): whole_of(about.get("layer.media.size"))
            for name, about, _, _ in found if name.endswith((UNPACKED, _FETCHED))
        }  # fmt: skip
        if not outer or not sizes or trace in failed:
            continue
        begun, ended = min(begun for begun, _ in outer), max(ended for _, ended in outer)
        first = [
            end for name, about, _, end in found
            if name.endswith(REQUEST) and any(digest and url_of(about).endswith(digest) for digest in sizes)
        ]  # fmt: skip
        last = [end for name, _, _, end in found if name.endswith(_FETCHED)]
        yield Pull(
            (min(first) - begun) / 1e9 if first else math.nan, (max(last) - begun) / 1e9 if last else math.nan,
            (ended - begun) / 1e9, sum(size for size in sizes.values() if isinstance(size, int)),
        )  # fmt: skip


def _simulated(why: Why) -> Iterator[Pull]:
    """The pulls of the deploys in question that fetched layers, each for a start on a node, or ahead of one.

    When one ahead began is in no row: the run is made again for it, and looked at.
    """
    found = [*spans(why)]
    ahead = frozenset(span.deploy for span in found if span.name == PULL and span.key.startswith(AHEAD))
    began_s = look(why.result, ahead, 0.0, 0.0).began_s if ahead else {}
    pulls = {(span.deploy, span.key): span for span in found if span.name == PULL}
    fetches = {(span.deploy, span.key): span.parent for span in found if span.name == FETCH}
    layers = defaultdict(list)
    for span in found:
        if span.name == LAYER:
            layers[span.deploy, fetches[span.deploy, span.parent]].append(span)
    for key, of in layers.items():
        pull = pulls[key]
        from_s = began_s.get((pull.deploy, pull.host), pull.from_s) if pull.key.startswith(AHEAD) else pull.from_s
        yield Pull(
            min(span.from_s for span in of) - from_s, max(span.until_s for span in of) - from_s,
            pull.until_s - from_s, sum(int(span.about["layer.media.size"]) for span in of),
        )  # fmt: skip


def _mean(values: Iterable[float]) -> float:
    return float(np.mean([*values]))


def _counted(pulls: Sequence[Pull]) -> str:
    of = amount(_mean(one.layer_bytes for one in pulls), "bytes")
    return f"{len(pulls):,} pull{'' if len(pulls) == 1 else 's'} of {of} of layers"


def _cell(value: float) -> str:
    return "not told" if math.isnan(value) else amount(value, "s")
