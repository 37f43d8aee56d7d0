"""Streams of demand in a scenario: what they inherit, what is refused and in which words, and what shows."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from sim.errors import InputErrors
from sim.figures import Table
from sim.scenario import Scenario, canonical
from sim.scenario.describe.show import text
from sim.scenario.model.demand import Demand, Ramp
from sim.scenario.model.images import Sizes
from sim.scenario.model.shares import client_shares, total_rate_per_s
from sim.scenario.model.timeofweek import format_start, start_of, week_of
from sim.units import PerHost

DOCUMENT: dict[str, Any] = {
    "topology": {"shape": "star"},
    "nodes": {"n": {"count": 4}},
    "clients": {"dev": {"count": 3}, "ops": {"count": 2}},
    "images": {"app": {"kernel": "10 MB", "rootfs": "4 MB"}},
    "demand": {"rate": "86400/day", "hours": "09:00-18:00"},
}
STREAMS = {
    "demand.streams.day": {"weekdays": "Mon-Fri"},
    "demand.streams.night": {"at": ["02:00", "03:30"], "batch": 40},
    "demand.streams.each": {"rate": "2/day per node", "hours": "00:00-24:00"},
}


def scenario(**overrides: Any) -> Scenario:
    return Scenario.from_document(DOCUMENT, "s", overrides)


def refused(**overrides: Any) -> str:
    with pytest.raises(InputErrors) as caught:
        scenario(**overrides)
    return str(caught.value)


def test_a_stream_has_what_it_does_not_say_from_the_demand() -> None:
    """Hours come from [demand], weekdays are its own; its own times take the place of the rate that [demand] has."""
    streams = scenario(**STREAMS).demand.named()
    assert list(streams) == ["day", "night", "each"]
    assert (streams["day"].hours, streams["day"].weekdays) == (("09:00-18:00",), ("Mon", "Tue", "Wed", "Thu", "Fri"))
    assert streams["day"].rate_per_s == 1.0
    assert streams["night"].is_timed
    assert streams["each"].rate_per_s == PerHost(2 / 86400, "node")
    assert not scenario(**STREAMS, **{"demand.every": "1 h"}).demand.named()["each"].is_timed
    assert [*scenario().demand.named()] == [""]


def test_rates_come_to_so_many_a_second() -> None:
    """One a second; 80 a day at two times; 2 a day for each of 4 nodes, 3 a day for each of dev's 3 clients."""
    made = scenario(**STREAMS, **{"demand.streams.own": {"rate": "3/day per client", "clients": "dev"}})
    rates = {name: total_rate_per_s(made, one) * 86400 for name, one in made.demand.named().items()}
    assert rates == pytest.approx({"day": 86400, "night": 80, "each": 8, "own": 9})


def test_starts_come_from_where_their_apps_do() -> None:
    """In proportion to what their streams deploy from each group: three quarters of one and all of the other's."""
    made = scenario(
        **{
            "demand.streams.a": {"rate": "1/s", "clients": {"dev": 3, "ops": 1}},
            "demand.streams.b": {"rate": "3/s", "clients": "ops"},
            "demand.streams.more": {"kind": "starts", "of": ["a", "b"]},
        }
    )
    shares = client_shares(made, made.demand.named()["more"])
    assert shares == pytest.approx({"dev": 0.75, "ops": 0.25 + 3})


def test_a_scenario_with_streams_shows_what_they_say_and_loads_again() -> None:
    """What a stream leaves to [demand] does not show below it, and the text is the same scenario."""
    made = scenario(**STREAMS, **{"run.start": "Tue 06:30", "images.app.sizes.p95": "30 MB"})
    shown = text(made)
    assert 'start = "Tue 06:30"' in shown
    night = shown.split("[demand.streams.night]\n")[1].split("\n\n")[0].splitlines()
    assert [line.split("#")[0].strip() for line in night] == ["batch = 40", 'at = ["02:00", "03:30"]']
    assert 'rate = "2/day per node"' in shown
    again = Scenario.from_document(tomllib.loads(shown))
    assert canonical(again) == canonical(made)


def test_a_rate_of_each_is_another_run_than_the_same_of_all() -> None:
    """The canonical text, by which runs are kept, keeps per node, per client and all together apart."""
    rates = ("3/day", "3/day per node", "3/day per client")
    texts = {json.dumps(canonical(scenario(**{"demand.rate": rate}))) for rate in rates}
    assert len(texts) == 3


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        ({"run.start": "Mun 09:00"},
         's: run.start: must be a weekday or a date with a time, got "Mun 09:00"; '
         'write "Mon 09:00" or "2026-03-30T09:00"'),
        ({"sites.a.timezone": "Europe/Berlim"},
         's: sites.a.timezone: unknown time zone, got "Europe/Berlim"; did you mean "Europe/Berlin"?'),
        ({"demand.hours": "9-18"},
         's: demand.hours: must be hours of the day, got "9-18"; write "09:00-18:00" or a list of such'),
        ({"demand.hours": ["25:00-26:00"]},
         's: demand.hours: must be hours of the day, got [\'25:00-26:00\']; write "09:00-18:00" or a list of such'),
        ({"demand.weekdays": "Mon-Fry"},
         's: demand.weekdays: must be weekdays, got "Mon-Fry"; write "Mon-Fri", or a list such as ["Mon", "Thu"]'),
        ({"demand.weights": [1, 2]},
         "s: demand.weights: must be 24 or 168 numbers from 0 on, not all of them 0, got a list of 2; "
         "write one for each hour of the day, or of the week from Monday on"),
        ({"demand.at": "24:00"},
         's: demand.at: must be times of day, got "24:00"; write "02:00" or a list of such'),
        ({"demand.at": "02:00", "demand.every": "1 h"}, "s: demand.every: at and every are both given; keep one"),
        ({"demand.every": "7 h"},
         's: demand.every: must divide a day, and be a minute or more, got 7 h; write for example "1 h", "15 min" or '
         '"1 d"'),
        ({"demand.rate": "3/day per rack"},
         's: demand.rate: is per node or per client, got "3/day per rack"; write for example "3/day per node"'),
        ({"demand.rate": {"value": "3/day per node", "range": ["1/day", "9/day"]}},
         's: demand.rate.range: must be of the same kind as the value "3/day per node"; '
         "write all three per node, per client, or of all together"),
        ({"demand.clients": {"devs": 2}},
         's: demand.clients: unknown key of [clients], got "devs"; did you mean "dev"?'),
        ({"demand.images": ["app", "ap"]}, 's: demand.images: unknown key of [images], got "ap"; did you mean "app"?'),
        ({"demand.clients": {"dev": -1}},
         's: demand.clients: must be names, or names with shares from 0 on, got a table; '
         'write names such as ["dal-dev", "fra-dev"], or shares such as { dal-dev = 3, fra-dev = 1 }'),
        ({"demand.clients": {"dev": 1}, "demand.rate": "1/day per client"},
         "s: demand.clients: has shares, but the rate is per client; name the groups alone"),
        ({"demand.streams.more": {"kind": "starts", "of": "moer"}, "demand.streams.day": {}},
         's: demand.streams.more.of: names no stream that has apps at the start, got "moer"; one of day'),
        ({"demand.streams.more": {"kind": "starts", "of": "day"}, "demand.streams.day": {"apps": 0, "updates": 0}},
         's: demand.streams.more.of: names no stream that has apps at the start, got "day"; raise its apps above 0'),
        ({"demand.streams.more": {"kind": "starts", "of": "day"}, "demand.streams.day": {"apps": 1, "updates": 0}},
         "s: demand.streams.day.apps: must be at least 2, one for each group of clients, got 1; "
         "raise it, or name fewer clients"),
        ({"demand.streams.day": {"of": "day"}},
         's: demand.streams.day.of: deploys are of apps of their own; drop it, or write kind = "starts"'),
        ({"demand.kind": "replacements"},
         "s: demand.kind: nothing runs on the nodes that are replaced, there is no stream with apps; "
         "add one of deploys under [demand.streams.NAME]"),
        ({"demand.apps": 1}, "s: demand.apps: must be at least 2, one for each group of clients, got 1; "
         "raise it, or name fewer clients"),
        ({"demand.streams.day": {"nodes": 5}},
         "s: demand.streams.day.nodes: must be at most 4, the nodes there are, got 5; lower it or add nodes"),
        ({"run.steady_state": True},
         "s: run.steady_state: there is no steady state where demand changes with time, by demand.hours; "
         "drop it, or ask about each time of the week by its own run"),
        ({"images.app.sizes.p95": "1 MB"},
         "s: images.app.sizes.p95: must be at least the median, rootfs, 4 MB, got 1 MB; raise it"),
        ({"images.app.sizes": {"p95": "9 MB", "list": ["1 MB"]}},
         "s: images.app.sizes: p95 and list are all given; write one of p95, list, file with column"),
        ({"images.app.sizes.column": "size", "images.app.sizes.update_p95": 2.0},
         "s: images.app.sizes.file: is missing beside its other half; a file of sizes has both"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(overrides: dict[str, Any], line: str) -> None:
    """The line names the key where the stream has it, the value, and the remedy."""
    assert refused(**overrides) == line


def test_a_steady_state_is_refused_for_streams_and_for_rollouts() -> None:
    """The line names the stream's key that makes it unsteady; without one, a kernel's release does."""
    steady = {"run.steady_state": True, "demand.hours": None}
    assert scenario(**steady).run.steady_state
    assert scenario(**steady, **{"demand.batch": 4}).run.steady_state
    ramp = refused(**steady, **{"demand.streams.day": {"ramp": {"to": "1/h", "over": "1 h"}}})
    assert "by demand.streams.day.ramp;" in ramp
    assert "by demand.kernel_release;" in refused(**steady, **{"demand.kernel_release": {"at": "1 h"}})


def test_a_run_starts_at_an_instant() -> None:
    """A weekday is one of the week of 5 January 2026; a date is UTC unless it says otherwise; both read back."""
    assert start_of("Mon 00:00") == start_of("2026-01-05T00:00Z") == 1767571200
    assert start_of("sun 23:59") == start_of("2026-01-11 23:59")
    assert start_of("2026-03-30T09:00+02:00") == start_of("2026-03-30T07:00")
    for written in ("Mon 00:00", "Thu 17:45", "2026-03-30T07:00:00Z", "2026-01-07T00:00:30Z"):
        assert start_of(format_start(start_of(written))) == start_of(written)
    assert format_start(start_of("2026-01-06T09:00")) == "Tue 09:00"


def test_a_week_has_its_mean() -> None:
    """Nine hours on five days of a week, with a tenth outside: 45 x 1 and 123 x 0.1 of 57.3 hours."""
    week = week_of(("09:00-18:00",), ("Mon", "Tue", "Wed", "Thu", "Fri"), None, 0.1)
    assert sum(week) == pytest.approx(7 * 24 * 60)
    assert week[9 * 60] == pytest.approx(168 / 57.3)
    assert week[9 * 60 - 1] == week[18 * 60] == week[6 * 1440] == pytest.approx(16.8 / 57.3)


def test_every_key_of_streams_and_sizes_says_what_it_is() -> None:
    """Each has a sentence for editors and for `show --explain`."""
    models: tuple[type[Table], ...] = (Demand, Ramp, Sizes)
    silent = [name for model in models for name, field in model.model_fields.items() if not field.description]
    assert silent == []
