"""Which of several variants is the best: the answer with its promise in a sentence, and a table of the variants.

The promise is that of the procedure KN (`sim.stats.selection`). There is no key to draw anything along.
"""

from __future__ import annotations

from typing import Final

from sim.errors import one_line
from sim.experiment.searches.best import Best
from sim.report.formatting import amount, failed_of, failure_sentences, interval_text
from sim.report.plot_data import PlotData
from sim.report.searches import TextTable
from sim.stats.intervals import CONFIDENCE
from sim.tables import metric_names

_COSTS: Final = frozenset({"cost_usd", "cost_usd_per_month"})


def verdict(found: Best) -> str:
    """What failed, and whom to choose."""
    return "\n".join(map(one_line, [*failure_sentences(found.failures), f"{_answer(found)}."]))


def _answer(found: Best) -> str:
    left = [name for name in found.outcomes if name not in found.ruled_out]
    out = f"; {' and '.join(found.ruled_out)} ruled out by failed deploys" if found.ruled_out else ""
    if found.chosen is None:
        if all(found.failures[name].share == 1 for name in found.surviving):
            return "nothing to choose from: every deploy failed"
        between = " and ".join(found.surviving)
        return f"undecided between {between} by {found.metric}{out}; allow more runs with --runs"
    if len(left) == 1:
        return f"{found.chosen} is chosen, whatever its {found.metric}, as it fails less than any other{out}"
    if found.level:
        free = ", as nothing has a price" if found.metric in _COSTS and not found.found[found.chosen].mean else ""
        return f"{' and '.join(left)} have the same {found.metric} in every run{free}{out}"
    near = amount(found.indifference, metric_names.unit_of(found.metric))
    promise = f"with {100 * CONFIDENCE:g} % confidence, unless another is within {near}"
    promise += f", and {' and '.join(found.near)} came that near" if found.near else ""
    return f"{found.chosen} has the best {found.metric} of {len(left)} variants, {promise}{out}"


def text_table(found: Best) -> TextTable:
    """A line for each variant: its mean over the runs that it had."""
    unit, failures = metric_names.unit_of(found.metric), found.failures
    any_failed = any(each.failed for each in failures.values())
    lines = [
        [name, interval_text(interval, unit), *([failed_of(failures[name])] if any_failed else []), str(interval.n)]
        for name, interval in found.found.items()
    ]  # fmt: skip
    return ["variant", found.metric, *(["failed"] if any_failed else []), "runs"], lines


def plot_data(found: Best) -> PlotData:
    """Nothing is to be drawn: there is no key along which it could be."""
    return PlotData(found.scenario.name, "", "", ())
