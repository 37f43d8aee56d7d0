"""Streams of demand: their hours in each site's zone, ramps, batches and times of day, and what each is about.

Counts are held against the rate's integral within four standard errors of a Poisson count. The seeds are arbitrary.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.scenario import Scenario
from sim.streams import Streams
from sim.workload.demand import Demand
from sim.workload.synthetic import generate
from sim.workload.synthetic.parts import apportioned, parts

HOUR = 3600.0
#: Two sites, nine hours apart, with three developers at each; CI at the first alone.
DOCUMENT: dict[str, Any] = {
    "run": {"duration": "24 h"},
    "topology": {"shape": "metros"},
    "sites": {"west": {}, "east": {"timezone": "+09:00"}},
    "links": {"we": {"between": ["west", "east"], "capacity": "1 Gbit/s", "rtt": "100 ms"}},
    "central": {"site": "west"},
    "nodes": {"w": {"site": "west", "count": 3}, "e": {"site": "east", "count": 3}},
    "clients": {
        "dev": {"site": "west", "count": 3}, "eng": {"site": "east", "count": 3}, "ci": {"site": "west", "share": 0},
    },
    "images": {"app": {"kernel": "10 MB", "rootfs": "1 MB"}, "rom": {"rootfs": "9 MB"}},
    "demand": {"rate": "2400/day", "apps": 20, "updates": 0.75},
}  # fmt: skip


def scenario(**changes: Any) -> Scenario:
    """The document with changes by dotted key, `__` for the dots."""
    return Scenario.from_document(DOCUMENT, overrides={key.replace("__", "."): to for key, to in changes.items()})


def made(seed: int = 1, **changes: Any) -> Demand:
    return generate.demand(scenario(**changes), Streams(seed))


def clients_of(demand: Demand) -> NDArray[np.int64]:
    """The client of each deploy: 0 to 2 are in the west, 3 to 5 in the east, 6 is CI."""
    return demand.app_client[demand.app]


def near(count: float, expected: float) -> bool:
    return abs(count - expected) < 4 * math.sqrt(expected)


def test_hours_are_those_of_each_clients_site() -> None:
    """Open 09:00-18:00 the west deploys from 9 h to 18 h, the east, nine hours ahead, from 0 h to 9 h.

    The rate is the mean over the week: 1200 a day of each come within their 9 hours.
    """
    demand = made(demand__hours="09:00-18:00")
    west = clients_of(demand) < 3
    hours = demand.at_s / HOUR
    assert ((hours[west] >= 9) & (hours[west] < 18)).all()
    assert (hours[~west] < 9).all()
    assert near(west.sum(), 1200)
    assert near((~west).sum(), 1200)


def test_work_days_carry_the_whole_week() -> None:
    """Mon-Fri, Monday has 7/5 of the mean, and a run on Sunday has nothing but what comes outside of the days."""
    monday = made(demand__weekdays="Mon-Fri", sites__east__timezone="UTC")
    assert near(len(monday), 2400 * 7 / 5)
    sunday = {"demand__weekdays": "Mon-Fri", "sites__east__timezone": "UTC", "run__start": "Sun 00:00"}
    assert len(made(**sunday)) == 0
    # With a fifth outside, the mean is (5 + 2/5) / 7 of the rate on a work day.
    assert near(len(made(**sunday, demand__outside=0.2)), 2400 * 0.2 * 7 / 5.4)


def test_hours_that_span_midnight_belong_to_the_day_on_which_they_begin() -> None:
    """Fridays 22:00-02:00 are four hours of the week, two of them on Saturday: all 7 x 2400 come in these."""
    demand = made(
        demand__hours="22:00-02:00", demand__weekdays="Fri", run__start="Fri 00:00", run__duration="48 h",
        sites__east__timezone="UTC",
    )  # fmt: skip
    assert demand.at_s.min() >= 22 * HOUR
    assert demand.at_s.max() < 26 * HOUR
    assert near(len(demand), 7 * 2400)
    assert near((demand.at_s < 24 * HOUR).sum(), 7 * 1200)


def test_weights_by_the_hour_are_relative() -> None:
    """Twice as much from noon on: 800 and 1600 of 2400; weights of a week say what each of its hours has."""
    demand = made(demand__weights=[1] * 12 + [2] * 12, sites__east__timezone="UTC")
    morning = (demand.at_s < 12 * HOUR).sum()
    assert near(morning, 800)
    assert near(len(demand) - morning, 1600)
    monday_noon = [0.0] * 168
    monday_noon[12] = 3.0
    demand = made(demand__weights=monday_noon, sites__east__timezone="UTC")
    assert set((demand.at_s // HOUR).tolist()) == {12.0}
    assert near(len(demand), 7 * 2400)


def test_a_zone_of_the_database_keeps_summer_time() -> None:
    """09:00 in Berlin is 08:00 UTC in January and 07:00 UTC in July; on 29 March 2026 clocks go ahead in between."""

    def first_hour(start: str) -> float:
        at_s = made(demand__hours="09:00-10:00", sites__east__timezone="Europe/Berlin", run__start=start).at_s
        return float(np.sort(at_s // HOUR)[0])

    assert first_hour("2026-01-07T00:00") == 8  # Berlin's hour; UTC's comes an hour later
    assert first_hour("2026-07-01T00:00") == 7
    both_days = made(
        demand__hours="09:00-10:00", demand__clients="eng", sites__east__timezone="Europe/Berlin",
        run__start="2026-03-28T00:00", run__duration="48 h",
    )  # fmt: skip
    assert set((both_days.at_s // HOUR).tolist()) == {8.0, 24 + 7.0}


def test_a_run_starts_when_it_says() -> None:
    """From Monday 17:30 on, with hours until 18:00, half an hour of demand is left; the next begins 15 h later."""
    demand = made(demand__hours="09:00-18:00", sites__east__timezone="UTC", run__start="Mon 17:30")
    assert set((demand.at_s // (HOUR / 2)).tolist()) == {0.0, *range(31, 48)}


def test_a_ramp_goes_evenly_from_one_rate_to_another() -> None:
    """From 2400 to 7200 a day between 6 h and 18 h: 600, then 0.5 days of 4800, then 0.25 of 7200."""
    demand = made(demand__ramp={"to": "7200/day", "at": "6 h", "over": "12 h"})
    before, within, after = np.histogram(demand.at_s, [0, 6 * HOUR, 18 * HOUR, 24 * HOUR])[0]
    assert near(before, 600)
    assert near(within, 2400)
    assert near(after, 1800)
    # Half of the ramp's own come before the time at which its parabola is half as high: (1 + 2 x)^2 = 5, x = 0.618.
    middle = (6 + 12 * 0.6180) * HOUR
    assert near(((demand.at_s >= 6 * HOUR) & (demand.at_s < middle)).sum(), 1200)


def test_a_ramp_and_hours_multiply() -> None:
    """In hours 00:00-12:00 at twice the mean, a ramp that triples over these 12 h: 2400 x 2."""
    demand = made(
        demand__ramp={"to": "7200/day", "over": "12 h"}, demand__hours="00:00-12:00", sites__east__timezone="UTC"
    )
    assert near(len(demand), 0.5 * 2 * 4800)
    assert demand.at_s.max() < 12 * HOUR


def test_batches_come_at_times_of_the_day_in_each_zone() -> None:
    """At 02:00 a batch of 10: five of them from each side, in the east at 17:00 UTC of the day before."""
    demand = made(demand__at="02:00", demand__batch=10, run__duration="48 h")
    at = Counter(zip((demand.at_s / HOUR).tolist(), (clients_of(demand) < 3).tolist(), strict=True))
    assert at == {(2.0, True): 5, (17.0, False): 5, (26.0, True): 5, (41.0, False): 5}


def test_a_batch_every_hour_keeps_to_hours_and_is_spread() -> None:
    """Every half hour within 09:00-11:00: at 9, 9.5, 10, 10.5 h four deploys, each within 5 min after."""
    demand = made(
        demand__every="30 min", demand__batch=4, demand__hours="09:00-11:00", sites__east__timezone="UTC",
        demand__spread="5 min",
    )  # fmt: skip
    assert Counter((demand.at_s // (HOUR / 2) / 2).tolist()) == {9.0: 4, 9.5: 4, 10.0: 4, 10.5: 4}
    late_s = demand.at_s % (HOUR / 2)
    assert 0 < late_s.max() < 300
    assert len(set(late_s.tolist())) > 8


def test_random_batches_are_of_one_instant_and_leave_the_rate_as_it_is() -> None:
    """Batches of 6: each instant has six deploys, and 2400 a day are still expected, 400 batches."""
    demand = made(demand__batch=6)
    assert set(Counter(demand.at_s.tolist()).values()) == {6}
    assert near(len(demand) / 6, 400)


TWO = {
    "demand__streams__dev": {"clients": ["dev", "eng"], "images": "app", "hours": "09:00-18:00"},
    "demand__streams__ci": {
        "clients": {"ci": 1}, "images": {"rom": 1}, "rate": "600/day", "apps": 4, "updates": 1.0, "nodes": 2,
    },
}  # fmt: skip


def of_stream(demand: Demand, name: str) -> NDArray[np.bool_]:
    assert demand.stream is not None
    found: NDArray[np.bool_] = demand.stream == demand.stream_names.index(name)
    return found


def test_each_stream_has_its_own_rate_clients_images_and_nodes() -> None:
    """Developers of both sides deploy apps by day, CI updates ROMs on two nodes at any time; the rest is [demand]'s."""
    demand = made(**TWO)
    dev, ci, kinds = of_stream(demand, "dev"), of_stream(demand, "ci"), demand.app_kind[demand.app]
    assert near(dev.sum(), 2400)
    assert near(ci.sum(), 600)
    assert set(clients_of(demand)[dev].tolist()) == {0, 1, 2, 3, 4, 5}
    assert set(clients_of(demand)[ci].tolist()) == {6}
    assert set(kinds[dev].tolist()) == {0}
    assert set(kinds[ci].tolist()) == {1}
    assert demand.nodes is not None
    assert set(zip(dev.tolist(), demand.nodes.tolist(), strict=True)) == {(True, 1), (False, 2)}
    assert demand.update[ci].all()
    assert near((~demand.update[dev]).sum(), 2400 / 4)
    assert demand.known_apps == 24


def test_one_more_stream_moves_no_other() -> None:
    """With CI beside them, before or after, developers deploy the same at the same times."""
    alone = made(demand__streams__dev=TWO["demand__streams__dev"])
    for order in (TWO, dict(reversed(TWO.items()))):
        both = made(**order)
        dev = of_stream(both, "dev")
        for name in ("at_s", "kernel", "update", "route_draw", "place_draw"):
            assert np.array_equal(getattr(both, name)[dev], getattr(alone, name)), name
        for name in ("app_client", "app_kind", "app_draw"):
            assert np.array_equal(getattr(both, name)[both.app[dev]], getattr(alone, name)[alone.app]), name


def test_streams_that_are_alike_come_at_times_of_their_own() -> None:
    """Two streams that say the same, of the same clients, have no instant and no application's draw in common."""
    same = {"clients": "dev"}
    demand = made(demand__streams__a=same, demand__streams__b=same)
    first = of_stream(demand, "a")
    assert not set(demand.at_s[first].tolist()) & set(demand.at_s[~first].tolist())
    assert len(set(demand.app_draw.tolist())) == len(demand.app_draw)


def test_what_is_there_at_the_start_comes_first() -> None:
    """Applications that exist at the start are those of all streams, before any that appears; each is in one stream."""
    demand = made(**TWO)
    dev = of_stream(demand, "dev")
    assert (demand.app[demand.update] < demand.known_apps).all()
    assert (demand.app[~demand.update] >= demand.known_apps).all()
    assert not set(demand.app[dev].tolist()) & set(demand.app[~dev].tolist())
    new = demand.app[~demand.update]
    assert sorted(new.tolist()) == list(range(demand.known_apps, demand.known_apps + len(new)))


def test_going_back_means_the_same_images_among_several_streams() -> None:
    """Of each application every image that is pushed again was pushed before, or was there at the start."""
    demand = made(**TWO, demand__rollbacks=0.4)
    assert demand.image is not None
    owner = {len(demand) + app: app for app in range(demand.known_apps)}
    backs = 0
    for deploy, (app, image) in enumerate(zip(demand.app.tolist(), demand.image.tolist(), strict=True)):
        if image == deploy:
            owner[deploy] = app
        else:
            backs += 1
            assert owner[image] == app
    assert backs > 300


def test_a_rate_per_node_or_client_counts_them() -> None:
    """6 nodes at 400 a day are 2400; at 20 an hour, 480 a day, one client has a third of three."""
    assert near(len(made(demand__rate="400/day per node")), 2400)
    chosen = scenario(demand__rate="20/h per client", demand__hours="00:00-24:00", clients__dev__count=1)
    assert {part.group: part.rate_per_s * 86400 for part in parts(chosen)} == pytest.approx({"dev": 480, "eng": 1440})


def test_the_whole_of_a_count_is_apportioned() -> None:
    """10 by 5, 3 and 2 are 5, 3, 2; 10 by three alike are 4, 3, 3; the largest rest has one more."""
    assert apportioned(10, [5, 3, 2]) == [5, 3, 2]
    assert apportioned(10, [1, 1, 1]) == [4, 3, 3]
    assert apportioned(3, [10, 9, 1]) == [2, 1, 0]
