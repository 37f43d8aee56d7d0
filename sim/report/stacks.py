"""Where deploys' time goes, and which bytes are moved: a bar for each variant, from left to right in parts.

Bars lie, so that names of any length stand beside them. What was waiting for others is hatched, if there is any worth
seeing. Left out: deploys that failed, of which no time is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from sim.report import style
from sim.report.formatting import scale
from sim.report.latency import Drawn
from sim.tables import rows

_BAR: Final = 0.62  # of the way from bar to bar
_NAME_LETTERS: Final = 22
_NARROW_LETTERS: Final = 14
_ONE_LINE_LETTERS: Final = 18
#: Up to so many bars names may have two lines beside them in a column.
_FEW: Final = 4
#: Parts that are smaller than this share of the longest bar get no place in the key.
_SEEN: Final = 0.004
_ROOM: Final = 1.28  # beyond the longest bar, for what it adds up to
_IN_A_ROW: Final = 4

#: By part, what each variant has of it: its own, and what was waiting.
Parts = Mapping[str, Sequence[tuple[float, float]]]


def phases(axes: Axes, drawn: Sequence[Drawn]) -> None:
    """The mean phases of deploys that got ready, each split into its own time and its waiting."""
    parts: dict[str, list[tuple[float, float]]] = {phase: [] for phase in rows.PHASES}
    for one in drawn:
        deploys = one.sample.tables["deploys"]
        ready = ~deploys.column("failed")
        for phase in rows.PHASES:
            both = [deploys.column(name)[ready] for name in (f"{phase}_s", f"{phase}_waited_s")]
            whole_s, waited_s = (float(values.mean()) if len(values) else 0.0 for values in both)
            parts[phase].append((whole_s - waited_s, waited_s))
    totals = [sum(map(sum, pairs)) for pairs in zip(*parts.values(), strict=True)]
    texts = [
        style.seconds(total) if not one.sample.tables["deploys"].column("failed").all() else "none ready"
        for total, one in zip(totals, drawn, strict=True)
    ]
    _stacks(axes, parts, style.OF_PHASES, drawn, totals, texts, "Where its time goes, on average")
    style.labelled(axes, "mean of the deploys that got ready, seconds")


def moved(axes: Axes, drawn: Sequence[Drawn]) -> None:
    """Bytes by what they were sent for."""
    metrics = [one.sample.metrics for one in drawn]
    highest = max(sum(found[f"{purpose}_bytes"] for purpose in style.OF_PURPOSES) for found in metrics)
    unit, one_bytes = scale(highest, "bytes")
    narrow = style.narrow(axes)
    parts = {
        purpose: [(found[f"{purpose}_bytes"] / one_bytes, 0.0) for found in metrics] for purpose in style.OF_PURPOSES
    }
    totals = [sum(map(sum, pairs)) for pairs in zip(*parts.values(), strict=True)]
    texts = [
        f"{total:.3g}"
        if narrow and len(drawn) > _FEW
        else f"{total:.3g},{chr(10) if narrow else ' '}between sites {found['wan_bytes'] / one_bytes:.3g}"
        for total, found in zip(totals, metrics, strict=True)
    ]
    _stacks(axes, parts, style.OF_PURPOSES, drawn, totals, texts, "Bytes moved")
    style.labelled(axes, f"sent in the run, {unit}")


def name_texts(drawn: Sequence[Drawn], narrow: bool = False) -> list[str]:
    """The variants' names as they stand beside bars."""
    if narrow and len(drawn) > _FEW:  # bars are near each other there
        return [style.short(one.name, _ONE_LINE_LETTERS) for one in drawn]
    if narrow:
        return [style.wrapped(one.name, _NARROW_LETTERS, 2) for one in drawn]
    return [style.name_lines(one.name, _NAME_LETTERS) for one in drawn]


def _stacks(
    axes: Axes, parts: Parts, colours: Mapping[str, str], drawn: Sequence[Drawn], totals: Sequence[float],
    texts: Sequence[str], title: str,
) -> None:  # fmt: skip
    places, narrow = np.arange(len(drawn)), style.narrow(axes)
    base = np.zeros(len(drawn))
    longest = max(totals, default=0.0) or 1.0
    shown, waited = [], False
    for name, pairs in parts.items():
        split = np.array(pairs).reshape(-1, 2)
        if split.sum(axis=1).max(initial=0.0) > _SEEN * longest:
            shown.append(Patch(facecolor=colours[name], label=name.replace("_", " ")))
        waited = waited or bool(split[:, 1].max(initial=0.0) > _SEEN * longest)
        for values, hatch in zip(split.T, ("", style.HATCH), strict=True):
            axes.barh(
                places, values, _BAR, base, color=colours[name], hatch=hatch, edgecolor="0.35" if hatch else "white",
                linewidth=0,
            )  # fmt: skip
            base = base + values
    if waited:
        shown.append(
            Patch(
                facecolor="white",
                edgecolor="0.35",
                hatch=style.HATCH,
                label="waiting" if narrow else "of it waiting for others",
            )
        )
    for place, total, text in zip(places, totals, texts, strict=True):
        axes.annotate(text, (total, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_yticks(places, name_texts(drawn, narrow))
    for label, one in zip(axes.get_yticklabels(), drawn, strict=True):
        label.set_color(one.colour)
    axes.set_ylim(len(drawn) - 0.4, -0.6)
    axes.set_xlim(0, longest * (_ROOM + 0.4 * narrow))
    axes.tick_params(axis="y", length=0)
    style.clean(axes)
    columns = min(len(shown), _IN_A_ROW - narrow) or 1
    if shown:
        style.key(axes, columns, handles=shown, handlelength=1.2, columnspacing=1.0)
    style.headed(axes, title, -(-len(shown) // columns))
