"""How long deploys take, and where that time goes: of the first run of each variant, whose rows are kept.

A curve is the share of deploys that were ready within a time; where some fail it ends below all of them. Where time
goes are the phases of a deploy's critical path, mean over the deploys that got ready: they add up to its mean latency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from sim.report.formatting import amount
from sim.report.page import svg
from sim.report.page.parts import Drawing, Grid, Key, Section, cell, legend, texts, variant_class
from sim.report.page.rowcharts import Part, Row, stacks
from sim.report.page.sections.thresholds import limits
from sim.report.page.xycharts import Axis, Curve, chart
from sim.report.stored import Stored
from sim.result import Result
from sim.tables import rows

Floats = NDArray[np.float64]
#: Shares at which a curve has points: more densely where few deploys are.
_SHARES: Final = np.unique(np.concatenate((np.linspace(0, 1, 101), 1 - np.geomspace(1e-4, 0.05, 30))))
#: A share of the time that can be seen.
_NOTICED: Final = 0.002
_PERCENTS: Final = (5, 25, 50, 75, 90, 95, 99, 100)
_NAMES: Final[Mapping[str, str]] = {
    "login": "login", "checks": "checks", "upload": "upload", "commit": "commit", "sync_wait": "waiting for the image",
    "pull": "pull", "boot": "boot",
}  # fmt: skip


def section(stored: Stored) -> Section | None:
    """Both drawings; None where no rows are kept or nothing was deployed."""
    samples = {name: each for name, each in stored.samples.items() if len(each.tables["deploys"])}
    if not samples:
        return None
    which = (
        "This is the one run." if stored.kind in ("run", "replay") else "All of it is of the first run of each variant."
    )
    drawings = [each for each in (_shares(stored, samples), _phases(stored, samples)) if each is not None]
    return Section("latency", "How long deploys take, and where the time goes", [which], drawings)


def counted(sample: Result) -> NDArray[np.bool_]:
    """The deploys whose latency counts, (n_deploys,): those asked for after the warm-up."""
    found: NDArray[np.bool_] = sample.tables["deploys"].column("asked_s") >= sample.warm_up.ends_s
    return found


def _shares(stored: Stored, samples: Mapping[str, Result]) -> Drawing | None:
    curves, lines = [], []
    for name, sample in samples.items():
        latency_s = np.sort(sample.tables["deploys"].column("latency_s")[counted(sample)])
        latency_s = latency_s[~np.isnan(latency_s)]
        if not len(latency_s):
            continue
        at = stored.variants.index(name)
        places = np.unique(np.clip(np.ceil(_SHARES * len(latency_s)).astype(int) - 1, 0, len(latency_s) - 1))
        places = places[np.isfinite(latency_s[places])]
        points = [(float(latency_s[place]), (place + 1) / len(latency_s)) for place in places.tolist()]
        if points:
            curves.append(Curve(variant_class(at), at, points, stepped=len(latency_s) < 200))
        quantiles = [latency_s[max(-(-percent * len(latency_s) // 100), 1) - 1] for percent in _PERCENTS]
        lines.append([*texts(name), *(cell(float(value), "s") for value in quantiles), cell(len(latency_s), "")])
    seen = [value for curve in curves for value, _ in curve.points if value > 0]
    if not seen:
        return None
    targets = [
        (limit, f"{text.partition('.')[2]}") for at in ("p50", "p95", "p99")
        for limit, text in limits(stored, f"deploy_latency_s.{at}")
    ]  # fmt: skip
    low, high = min(seen), max([*seen, *(limit for limit, _ in targets if limit < 10 * max(seen))])
    ratios = high / low > 4
    edges = (low / 1.1, high * 1.1) if ratios else (0.0, high * 1.05)
    across = Axis("deploy latency", *edges, lambda number: svg.tick_text(number, "s"), ratios, "s")
    up = Axis("share of deploys that are ready", 0.0, 1.0, lambda number: f"{100 * number:.0f} %")
    caption = "Share of deploys that are ready within a time" + (", with the targets" if targets else "")
    says = caption + ": " + "; ".join(f"{line[0].text} half within {line[3].text}, 95 % within {line[6].text}"
                                      for line in lines)  # fmt: skip
    heads = ["variant", *(f"{percent} %" if percent < 100 else "all" for percent in _PERCENTS), "deploys"]
    grid = Grid("Within what time so many deploys are ready", heads, lines)
    return Drawing(caption, says, lambda width: chart(width, says, across, up, curves, 300, targets), grid,
                   legend(samples))  # fmt: skip


def _phases(stored: Stored, samples: Mapping[str, Result]) -> Drawing | None:
    drawn, lines, seen = [], [], set()
    for name, sample in samples.items():
        deploys = sample.tables["deploys"]
        ready = counted(sample) & ~deploys.column("failed") & np.isfinite(deploys.column("latency_s"))
        if not ready.any():
            continue
        parts = []
        for at, phase in enumerate(rows.PHASES):
            mean_s, waited_s = (
                float(deploys.column(f"{phase}{what}_s")[ready].mean()) for what in ("", "_waited")
            )  # fmt: skip
            if mean_s > 0:
                seen.add(at)
                parts.append(Part(f"p{at}", mean_s, min(waited_s, mean_s), f"{_NAMES[phase]} {amount(mean_s, 's')}"))
                lines.append(
                    [*texts(name, _NAMES[phase]), cell(mean_s - waited_s, "s"), cell(waited_s, "s"), cell(mean_s, "s")]
                )
        whole_s = float(deploys.column("latency_s")[ready].mean())
        waited_s = sum(part.waited for part in parts)
        lines.append([*texts(name, "together"), cell(whole_s - waited_s, "s"), cell(waited_s, "s"), cell(whole_s, "s")])
        waits = f"{amount(waited_s, 's')} of it waited" if waited_s > _NOTICED * whole_s else "next to nothing waited"
        drawn.append(Row(name, parts=parts, says=f"{amount(whole_s, 's')}, {waits}"))
    if not drawn:
        return None
    caption = "Where the time goes: mean of each phase of deploys that got ready; hatched is waiting for others"
    says = (
        caption
        + ": "
        + "; ".join(f"{row.name} {row.says}: {', '.join(part.name for part in row.parts)}" for row in drawn)
    )
    keys = [
        Key(f"p{at}", 1, f"{_NAMES[rows.PHASES[at]]}: {rows.PHASE_MEANINGS[rows.PHASES[at]]}") for at in sorted(seen)
    ]
    grid = Grid("Where the time goes", ["variant", "phase", "its own", "waited", "together"], lines, 2)
    notes = ["Waited is all that the same steps would not have taken on idle, whole links and registries."]

    def draw(width: int) -> Markup:
        return stacks(width, says, drawn, "s", f"waited{width}")

    return Drawing(caption, says, draw, grid, keys, notes)
