"""`[thresholds]` and `--until`: what must hold, as text to a threshold and nothing else.

    deploy_latency_s.p99 < 3 s                             each variant's
    node-direct: failed_deploys <= 0                       one variant's
    node-direct - central: deploy_latency_s.p50 < 0 s      a difference, paired run by run
    cost_usd < 12 USD
    deploy_latency_s.p95[site=sin] < 2 s                   of one group: site, client, image, route or nodes

The limit is written in the metric's unit. Whether a threshold is met is for `sim.experiment.thresholds` to say. Left
out: thresholds on several metrics at once; each must hold by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AfterValidator, StrictStr

from sim import units
from sim.errors import InputError, shown
from sim.figures import invalid
from sim.tables import metric_names
from sim.units import UnitError

#: How metrics of single links begin; `.NAME.mean` and `.NAME.peak` follow.
UTILISATION: Final = "link_utilisation."

_OF: Final[Mapping[str, Callable[[object], float]]] = {
    "s": units.seconds_of,
    "bytes": lambda text: float(units.bytes_of(text)),
    "USD": units.usd_of,
    "": units.fraction_of,
}
_FORM = re.compile(
    r"(?:(?P<who>[^:<>=]+):)?(?P<metric>[^:<>=\[\]]+(?:\[[^<>\[\]]+\])?)\s*(?P<sign><=|>=|<|>)(?P<limit>[^<>=]+)"
)
_REMEDY = 'write for example "deploy_latency_s.p99 < 3 s"'
# Only a dash with room on both sides is a minus: names have dashes, too.
_MINUS = " - "


@dataclass(frozen=True, slots=True)
class Threshold:
    """A metric, of each variant or of `variant` or of `variant` less `baseline`, and the limit on one side of it."""

    text: str
    metric: str
    sign: str
    limit: float
    variant: str | None = None
    baseline: str | None = None

    @property
    def below(self) -> bool:
        """Whether it asks for little, not for much."""
        return self.sign.startswith("<")

    def holds(self, value: float) -> bool:
        """Whether a value is on the good side; the limit itself is with `<=` and `>=`. NaN is on neither."""
        if value == self.limit:
            return self.sign.endswith("=")
        return value < self.limit if self.below else value > self.limit


def limit_of(metric: str, text: str, custom: Collection[str] = ()) -> float:
    """An amount of a metric, in base units. InputError, without a place, when it is none, or the metric is unknown.

    `custom` are names of metrics that the user made.
    """
    problem = None if metric in custom else metric_names.why_unknown(metric)
    if problem is not None:
        raise InputError("", *problem)
    try:
        return _OF[metric_names.unit_of(metric)](text)
    except UnitError as error:
        raise InputError("", f"limit of {metric}: {error.problem}", error.remedy) from None


def threshold(text: str, custom: Collection[str] = ()) -> Threshold:
    """The threshold that a text says, on a metric that there is or a `custom` one.

    InputError, without a place, when it says none.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise InputError("", f"must be METRIC < LIMIT, got {shown(text)}", _REMEDY)
    parts = metric_names.split(found["metric"].strip())
    metric = found["metric"].strip() if parts is None else metric_names.split_name(*parts)
    limit = limit_of(metric, found["limit"].strip(), custom)
    who = [name.strip() for name in (found["who"] or "").split(_MINUS)]
    if len(who) > 2 or (found["who"] is not None and not all(who)):
        raise InputError("", f"must be of NAME or NAME - NAME, got {shown(text)}", _REMEDY)
    variant, baseline = (who[0] or None), (who[1] if len(who) == 2 else None)
    return Threshold(" ".join(text.split()), metric, found["sign"], limit, variant, baseline)


def _checked(text: str) -> str:
    try:
        threshold(text)
    except InputError as error:
        raise invalid(error.problem, error.remedy) from None
    return text


#: A threshold's text, known to say one.
Condition = Annotated[StrictStr, AfterValidator(_checked)]
