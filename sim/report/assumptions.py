"""What could flip a verdict, as sentences: every end of an assumption's range that changes it, and a summary.

Left out: ends that change nothing, which are only counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sim.experiment.assumptions.examination import Assumptions, Effect, OnVerdict
from sim.report.formatting import bounds, failed_why, signed_amount

#: Ends of ranges that a summary names; `sentences` has all.
_NAMED: Final = 3
#: What the verdict is by an assumption's end.
_DONE_BY: Final[Mapping[OnVerdict, str]] = {"flips": "flipped by", "opens": "left open by", "settles": "settled by"}


def summary(examined: Assumptions) -> str:
    """What could flip the verdict, or leave it open, in a sentence."""
    parts = []
    for on_verdict, done_by in _DONE_BY.items():
        places = list(dict.fromkeys(_where(effect) for effect in examined.that(on_verdict)))
        more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
        parts += [f"{done_by} {', '.join(places[:_NAMED])}{more}"] if places else []
    if parts:
        return f"Of {len(examined.varied)} assumptions, each at both ends of its range, it is {'; '.join(parts)}."
    return f"None of {len(examined.varied)} assumptions flips it, each at both ends of its range."


def sentences(examined: Assumptions) -> Iterator[str]:
    """How many assumptions change the answer, then each that does, then what could not be tried."""
    asked = f"{len(examined.varied)} assumptions, each at both ends of its range, {examined.runs} runs a variant:"
    flip, open_ = (len({effect.assumption for effect in examined.that(which)}) for which in ("flips", "opens"))
    yield f"{asked} {flip} could flip the verdict, {open_} leave it open"
    for on_verdict in _DONE_BY:
        for effect in examined.that(on_verdict):
            yield _sentence(effect, examined.baseline)
    for assumption, end, why in examined.skipped:
        yield f"not tried: {assumption.name} = {end}: {why}"


def _sentence(effect: Effect, baseline: str) -> str:
    """What the difference is there; with the variant's failures, if there are any."""
    difference = signed_amount(effect.after.mean, "s")
    difference += f", from {bounds(effect.after, 's')}" if effect.after.known else ""
    fails = f"; of {effect.variant} {failed_why(effect.failures)}" if effect.failures.failed else ""
    of = f"{effect.variant} - {baseline}: {effect.metric}"
    return f"{effect.on_verdict}: {_where(effect)}: {of} {difference}{fails}"


def _where(effect: Effect) -> str:
    """`demand.nodes = 10 instead of 1`."""
    return f"{effect.assumption.name} = {effect.end} instead of {effect.assumption.value}"
