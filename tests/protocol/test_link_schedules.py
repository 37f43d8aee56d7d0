"""Links that keep hours, with numbers that a reader checks in the head; `test_capacities` has flows under any hours."""

from __future__ import annotations

from typing import Any

from sim.protocol.spans import spans_of
from sim.scenario import Scenario

from .small import MB, App, Deploy, Seen, demand, exactly, play
from .small import scenario as small

ROM = [App(kind=1)]
MORNING = {"morning": {"from": "5 s", "until": "15 s", "capacity": "0.1 MB/s"}}

DEV: dict[str, Any] = {"links__hub-dev__schedule": MORNING}
CENTRAL: dict[str, Any] = {"links__hub-central__schedule": MORNING}


def sent(seen: Seen) -> list[tuple[float, float]]:
    """When the root filesystems' bodies were under way to central."""
    return [(began, ended) for kind, _, _, began, ended, _ in seen.bodies("push") if kind == "rootfs"]


def test_a_flow_feels_the_hours_of_its_link() -> None:
    """10 MB from 2.041 s at 1 MB/s, 0.1 from 5 to 15 s: 2.959 and 1 MB, and the other 6.041 MB by 21.041 s, each day.

    Nothing comes after that, though the schedule goes on for ever.
    """
    chosen = small(**DEV, run__duration="2 day")
    seen = play(
        chosen, demand([Deploy(0.0, rootfs_bytes=10 * MB), Deploy(86_400.0, rootfs_bytes=10 * MB - 1)], apps=ROM)
    )
    assert sent(seen)[0] == exactly((2.041, 21.041))
    assert sent(seen)[1][1] - sent(seen)[1][0] == exactly(19.0 - 1e-6)
    assert seen.ran is not None
    assert seen.ran.simulated_s == max(row["ended_s"] for row in seen.deploys())


def test_flows_that_share_feel_it_together() -> None:
    """Two clients' 5 MB meet on central's line: 500 kB/s each until 5 s, a tenth of that until 15 s."""
    chosen = small(clients=2, **CENTRAL, images__rom__rootfs="5 MB")
    seen = play(chosen, demand([Deploy(0.0), Deploy(0.0, app=1)], apps=[App(kind=1), App(client=1, kind=1)]))
    # 2.959 MB until 5 s, 1 MB until 15 s, and 6.041 MB after that.
    assert sent(seen) == [exactly((2.041, 21.041))] * 2


WINDOWS = {
    "office": {"from": "8 h", "until": "18 h", "capacity": "1 Gbit/s"},
    "night": {"from": "22 h", "until": "6 h", "up": "8 Gbit/s"},
}


def scenario(schedule: dict[str, Any], link: str = "dal-was") -> Scenario:
    """Two sites and a link, which keeps hours."""
    document: dict[str, Any] = {
        "sites": {"was": {}, "dal": {}},
        "links": {"dal-was": {"between": ["dal", "was"], "rtt": "30 ms", "up": "4 Gbit/s", "down": "2 Gbit/s"}},
        "central": {"site": "was"},
        "nodes": {"n": {"site": "dal"}},
        "clients": {"dev": {"site": "dal", "up": "50 Mbit/s"}},
        "images": {"http": {"rootfs": "1.3 MB"}},
    }
    document["links"].setdefault(link, {})["schedule"] = schedule
    return Scenario.from_document(document)


def test_a_scenarios_windows_are_steps_of_the_day() -> None:
    """Office hours narrow both ways, a night that spans midnight widens one; outside, the link's own rates hold."""
    span = next(span for span in spans_of(scenario(WINDOWS)) if span.name == "dal-was")
    up, down = span.hours
    assert [up.capacity_Bps(h * 3600) * 8 / 1e9 for h in (0, 5, 6, 8, 17, 18, 21, 22, 32)] == [
        8,
        8,
        4,
        1,
        1,
        4,
        4,
        8,
        1,
    ]
    assert [down.capacity_Bps(h * 3600) * 8 / 1e9 for h in (0, 8, 18, 22)] == [2, 1, 2, 2]
    assert (span.up_Bps, span.down_Bps) == (1e9, 0.25e9)


def test_a_hosts_own_line_may_keep_hours() -> None:
    """The generated link of a host takes a schedule by its name; without one no link keeps hours."""
    evening = {"evening": {"from": "18 h", "until": "24 h", "capacity": "8 Mbit/s"}}
    spans = {span.name: span for span in spans_of(scenario(evening, "dev"))}
    up, down = spans["dev"].hours
    assert [up.capacity_Bps(h * 3600) for h in (0, 18, 24)] == [6.25e6, 1e6, 6.25e6]
    assert down.capacity_Bps(0.0) == 25e6
    assert spans["dal-was"].hours == ()


def test_windows_are_times_of_the_day_at_which_the_run_starts() -> None:
    """A run from 17:30 on meets the last half hour of office hours, 8 to 18, and the next ones 14.5 h later."""
    chosen = scenario({"office": WINDOWS["office"]})
    chosen = Scenario.from_document(chosen.document | {"run": {"start": "Tue 17:30"}})
    up, _ = {span.name: span for span in spans_of(chosen)}["dal-was"].hours
    changes = [(change.at_s / 3600, change.capacity_Bps * 8 / 1e9) for change in up.changes(until_s=20 * 3600)]
    assert changes == [(0, 1), (0.5, 4), (14.5, 1)]


def test_a_link_that_comes_back_carries_what_its_hours_say() -> None:
    """Down from 7:50 to 8:10, in which office hours begin, a link of 4 Gbit/s comes back with their 1 Gbit/s."""
    document: dict[str, Any] = {
        "run": {"duration": "9 h"},
        "faults": {"cut": {"kind": "link-down", "target": "dal-was", "at": "470 min", "lasts": "20 min"}},
    }
    chosen = scenario({"office": WINDOWS["office"]})
    chosen = Scenario.from_document(chosen.document | document)
    found: list[list[float]] = []

    def look(here: Seen) -> None:
        found.append([link.capacity for link in here.state.links])

    asked = demand([Deploy(60.0 * minute) for minute in range(0, 540, 60)])
    seen = play(chosen, asked, dict.fromkeys((460 * 60.0, 479 * 60.0, 481 * 60.0, 491 * 60.0), look))
    up = [row["link"] for row in seen.rows("links")].index("dal-was-up")
    assert [at_once[up] * 8 / 1e9 for at_once in found] == [4, 0, 0, 1]
