"""Junk in, input errors out: no document makes loading fail in any other way."""

from __future__ import annotations

import contextlib
import tomllib
from copy import deepcopy
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.errors import InputError
from sim.scenario import Scenario, canonical
from sim.scenario.describe import show

WORDS = """run sites links central nodes clients images demand topology policies variants faults route name share size
shape site count between capacity up down rtt delay value source range baseline n dal was kernel rom"""
KEYS = st.sampled_from(WORDS.split()) | st.text(max_size=4)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just(date(2000, 1, 1))
    | st.sampled_from(
        ["36 MiB", "10 Gbit/s", "1 ms", "0.09 USD/GB", "90 %", "5/day", "dal", "central", "direct-below", "star"]
    )
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


#: A fixture that a whole test shares is not reset between its examples, which none of these minds.
UNHEALTHY = [*settings.default.suppress_health_check, HealthCheck.function_scoped_fixture]


def loads_or_reports(document: Any) -> None:
    """Load, resolve and show the document, or be reported one line a fault."""
    try:
        scenario = Scenario.from_document(document)
    except InputError as error:
        lines, faults = str(error).split("\n"), error.errors
        reported = len(lines) == len(faults)
    else:
        reported = canonical(Scenario.from_document(tomllib.loads(show.text(scenario)))) == canonical(scenario)
    assert reported


@given(document=st.dictionaries(KEYS, VALUES, max_size=6) | VALUES)
def test_junk_is_reported_as_input_errors(document: Any) -> None:
    """Any nest of plain values is a scenario or is reported as input errors."""
    loads_or_reports(document)


@settings(suppress_health_check=UNHEALTHY)
@given(data=st.data())
def test_one_junk_value_in_a_good_scenario_is_reported(document: dict[str, Any], data: st.DataObject) -> None:
    """A good scenario with one value or table replaced by junk is a scenario or is reported as input errors."""
    changed = deepcopy(document)
    table: Any = changed
    while True:
        key = data.draw(st.sampled_from(sorted(table)))
        if not (isinstance(table[key], dict) and table[key] and data.draw(st.booleans())):
            break
        table = table[key]
    table[key] = data.draw(VALUES)
    loads_or_reports(changed)


@settings(suppress_health_check=UNHEALTHY)
@given(path=st.lists(KEYS, min_size=1, max_size=5), value=VALUES)
def test_junk_overrides_are_reported(document: dict[str, Any], path: list[str], value: Any) -> None:
    """Any override by any path gives a scenario or input errors."""
    with contextlib.suppress(InputError):
        Scenario.from_document(document, overrides={".".join(path): value})
