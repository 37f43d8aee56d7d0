"""Thresholds as text, and what the scenario's tables `[thresholds]` and `[prices]` mean."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

import sim
from sim.errors import InputError
from sim.result import Result
from sim.scenario import Scenario, canonical
from sim.scenario.checks.thresholds import reported_links
from sim.scenario.describe import show
from sim.scenario.model.thresholds import Threshold, threshold
from sim.units import UnitError, format_usd, usd_of

DOCUMENT: dict[str, Any] = {
    "run": {"duration": "12 h", "seed": 3},
    "sites": {"a": {}, "b": {}},
    "links": {"a-b": {"between": ["a", "b"], "rtt": "20 ms", "capacity": "1 Gbit/s", "price": "0.05 USD/GB"}},
    "central": {"site": "a"},
    "nodes": {"n": {"site": "b", "count": 2}},
    "clients": {"dev": {"site": "b"}},
    "images": {"app": {"rootfs": "10 MB"}},
    "demand": {"rate": "5/h", "apps": 4},
}


def made(**overrides: Any) -> Scenario:
    """The document above with more tables."""
    return Scenario.from_document({**DOCUMENT, **overrides})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("deploy_latency_s.p99 < 3 s", ("deploy_latency_s.p99", "<", 3.0, None, None)),
        (" wan_bytes<=1.5 GB ", ("wan_bytes", "<=", 1.5e9, None, None)),
        ("node-direct: failed_deploys <= 0", ("failed_deploys", "<=", 0.0, "node-direct", None)),
        ("b - a-b: push_s.p50 >= -20 ms", ("push_s.p50", ">=", -0.02, "b", "a-b")),
        ("cost_usd > 12 USD", ("cost_usd", ">", 12.0, None, None)),
        ("link_utilisation.a-b-up.peak < 80 %", ("link_utilisation.a-b-up.peak", "<", 0.8, None, None)),
    ],
)
def test_a_threshold_is_read_in_the_unit_of_its_metric(text: str, expected: tuple[Any, ...]) -> None:
    """Seconds, bytes, dollars and shares; of each variant, of one, or of a difference."""
    found = threshold(text)
    assert (found.metric, found.sign, found.limit, found.variant, found.baseline) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("p99", 'must be METRIC < LIMIT, got "p99"; write for example "deploy_latency_s.p99 < 3 s"'),
        ("a < b < c", 'must be METRIC < LIMIT, got "a < b < c"; write for example "deploy_latency_s.p99 < 3 s"'),
        ("push_s.p98 < 3 s", 'unknown metric, got "push_s.p98"; did you mean "push_s.p99"?'),
        (
            "push_s < 3 s",
            'unknown metric, got "push_s"; one of push_s.mean, push_s.p50, push_s.p95, push_s.p99, push_s.max',
        ),
        (
            "push_s.p50 < 3",
            'limit of push_s.p50: a time needs its unit, got "3"; write a time such as "35 ms"',
        ),
        (
            "cost_usd < 3 s",
            'limit of cost_usd: must be a cost, got "3 s", which is a time; write a cost such as "12 USD"',
        ),
        (
            "a - b - c: push_s.p50 < 3 s",
            'must be of NAME or NAME - NAME, got "a - b - c: push_s.p50 < 3 s"; write for example '
            '"deploy_latency_s.p99 < 3 s"',
        ),
    ],
)  # fmt: skip
def test_what_is_no_threshold_is_one_line(text: str, line: str) -> None:
    """Each mistake is named with a remedy; an unknown metric with the near one."""
    with pytest.raises(InputError) as caught:
        threshold(text)
    assert str(caught.value) == line


def test_a_scenario_names_the_place_of_a_bad_threshold() -> None:
    """File, table and key stand before each mistake, of metrics and of links."""
    with pytest.raises(InputError) as caught:
        made(thresholds={"fast": "push.p99 < 3 s", "free": "link_utilisation.a-c-up.peak < 1"})
    assert str(caught.value).splitlines() == [
        'scenario: thresholds.fast: unknown metric, got "push.p99"; did you mean "push_s.p99"?',
        'scenario: thresholds.free: no utilisation is reported of such a link, got "a-c-up"; did you mean "a-b-up"?',
    ]


def test_a_limit_itself_is_met_only_with_an_equals_sign() -> None:
    """3 is not below 3, and is at most 3; NaN is on no side."""
    at = {sign: Threshold("", "", sign, 3.0).holds(3.0) for sign in ("<", "<=", ">", ">=")}
    assert at == {"<": False, "<=": True, ">": False, ">=": True}
    assert not any(Threshold("", "", sign, 3.0).holds(float("nan")) for sign in at)


def test_no_run_depends_on_thresholds() -> None:
    """Thresholds leave the content that runs are known by alone; prices do not."""
    assert canonical(made(thresholds={"fast": "push_s.p50 < 1 s"})) == canonical(made())
    assert canonical(made(prices={"registry_hour": "1 USD"})) != canonical(made())


@pytest.fixture(scope="module")
def priced() -> Result:
    return sim.run(made(prices={"registry_hour": "0.1 USD", "disk_month": "0.08 USD/GB"}))


def test_the_links_whose_utilisation_is_reported_are_known_before_a_run(priced: Result) -> None:
    """The names that thresholds may use are those of a run's metrics."""
    reported = {metric.split(".")[1] for metric in priced.metrics if metric.startswith("link_utilisation.")}
    assert set(reported_links(priced.scenario)) == reported
    assert {"a-b-up", "a-b-down"} < reported


def test_cost_is_traffic_registries_hours_and_what_nodes_keep(priced: Result) -> None:
    """3 registries for 12 h at 0.1 USD an hour, 12 of a month's 720 h of disk, 0.05 USD for a GB between the sites."""
    kept_bytes = priced.registries["stored_bytes"][1:].sum()
    assert kept_bytes > 0
    crossed_bytes = sum(
        priced.links.loc[priced.links["link"] == f"a-b-{way}", f"{purpose}_bytes"].item()
        for way in ("up", "down")
        for purpose in ("push", "pull", "sync")
    )
    assert crossed_bytes > 0
    expected = 3 * 12 * 0.1 + kept_bytes / 1e9 * 0.08 * 12 / 720 + crossed_bytes / 1e9 * 0.05
    assert priced.metrics["cost_usd"] == pytest.approx(expected, rel=1e-12)


def test_nothing_costs_anything_until_a_price_is_named() -> None:
    """Without prices, and with a link that asks none, the cost is zero."""
    free = Scenario.from_document(DOCUMENT, overrides={"links.a-b.price": "0 USD/GB"})
    assert sim.run(free).metrics["cost_usd"] == 0.0


def test_costs_are_read_and_written() -> None:
    """Twelve dollars are 12; euros are no unit; what is written reads back."""
    assert usd_of("12 USD") == 12.0
    assert usd_of(format_usd(0.1 + 0.2)) == 0.1 + 0.2
    with pytest.raises(UnitError):
        usd_of("12 EUR")


def test_a_shown_scenario_keeps_its_thresholds() -> None:
    """What `show` prints has the table, and loads again to the same scenario."""
    scenario = made(thresholds={"fast": "push_s.p50 < 1 s"}, prices={"registry_hour": "0.5 USD"})
    text = show.text(scenario)
    assert '[thresholds]\nfast = "push_s.p50 < 1 s"' in text
    again = Scenario.from_document(tomllib.loads(text))
    assert (again.thresholds, again.prices) == (scenario.thresholds, scenario.prices)
