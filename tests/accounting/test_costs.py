"""Bills that a reader adds up: a run of three days, a tenth of a month, on two sites 1 GB apart."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.accounting.costs import bill
from sim.errors import InputError
from sim.scenario import Scenario
from sim.tables.rows import new_tables

DAY = "3 d"
GB = 10**9


def scenario(**changes: Any) -> Scenario:
    """Central and a node at a, two nodes at b, a client at each; runs are 3 days, so a month is ten of them."""
    document = {
        "run": {"duration": DAY},
        "sites": {"a": {}, "b": {}},
        "links": {"a-b": {"between": ["a", "b"], "rtt": "20 ms", "capacity": "1 Gbit/s"}},
        "central": {"site": "a"},
        "nodes": {"na": {"site": "a"}, "nb": {"site": "b", "count": 2}},
        "clients": {"ca": {"site": "a"}, "cb": {"site": "b"}},
        "images": {"app": {"kernel": "1 MB", "rootfs": "10 MB"}},
        "demand": {"apps": 2, "rate": "20/day"},
        **changes.pop("tables", {}),
    }
    return Scenario.from_document(document, overrides={key.replace("__", "."): to for key, to in changes.items()})


#: A month is ten runs. By hand: two pushes of 3 and 1 GB to central and the node at a, a pull and a sync from central.
TRANSFERS = (
    ("push", "cb", "central", 3 * GB),
    ("push", "ca", "na", 1 * GB),
    ("pull", "central", "nb2", 4 * GB),
    ("sync", "na", "central", 2 * GB),
)


def paid(chosen: Scenario, stored_bytes: int = 0) -> dict[str, tuple[float, float]]:
    """What each item costs, for the run and for a month, of a run in which those four transfers were all there was."""
    tables = new_tables()
    for lane, (purpose, source, target, size) in enumerate(TRANSFERS):
        tables["transfers"].append(
            (0, purpose, "rootfs", source, target, False, 0.0, 1.0, size, 0.0, False, lane, "", 0.0)
        )  # fmt: skip
    up = {"push": 0, "pull": 4 * GB, "sync": 0}
    down = {"push": 3 * GB, "pull": 0, "sync": 0}
    price = chosen.links["a-b"].price_usd_per_byte
    for name, ends, carried in (("a-b-up", ("a", "b"), up), ("a-b-down", ("b", "a"), down)):
        total = sum(carried.values())
        tables["links"].append(
            (name, *ends, 125e6, True, *carried.values(), 0, total, 0, 0.0, 0.0, 0.0, 0.0, total * price)
        )  # fmt: skip
    for host, rates in (("central", (1.25e9, 1.25e9)), ("cb", (6.25e6, 25e6))):
        for name, at in ((f"{host}-up", 0), (f"{host}-down", 1)):
            ends = (host, "a") if at == 0 else ("a", host)
            tables["links"].append((name, *ends, rates[at], False, *[0] * 6, 0.0, 0.0, 0.0, 0.0, 0.0))
    for name in ("central", "na", "nb1", "nb2"):
        kept = stored_bytes if name in ("central", "na") else 0
        tables["registries"].append((name, "", 1, 0, 0.0, 0.0, 0, 0, kept))
    return {cost.item: (cost.cost_usd, cost.cost_usd_per_month) for cost in bill(chosen, tables)}


def near(run_usd: float, month_usd: float) -> Any:
    return pytest.approx((run_usd, month_usd), rel=1e-12)


def tariff(**keys: Any) -> Scenario:
    return scenario(tables={"prices": {"traffic": {"t": {"price": "0.50 USD/GB", **keys}}}})


@pytest.mark.parametrize(
    ("keys", "gigabytes"),
    [
        ({"hosts": "central", "direction": "egress"}, 4),
        ({"hosts": "central", "direction": "ingress"}, 3 + 2),
        ({"hosts": "central", "direction": "both"}, 3 + 4 + 2),
        ({"hosts": "central", "direction": "ingress", "purpose": "push"}, 3),
        ({"hosts": "central", "direction": "ingress", "purpose": ["pull", "sync"]}, 2),
        ({"hosts": "nb", "direction": "ingress"}, 4),
        ({"hosts": "na", "direction": "egress"}, 2),
        ({"hosts": "ca", "direction": "egress"}, 1),
        ({"site": "a", "direction": "egress"}, 4),
        ({"site": "b", "direction": "egress"}, 3),
        ({"site": "b", "direction": "both"}, 7),
        ({"between": ["a", "b"], "direction": "egress"}, 4),
        ({"between": ["a", "b"], "direction": "ingress"}, 3),
        ({"between": ["*", "b"], "direction": "egress"}, 4),
        ({"between": ["*", "*"], "direction": "both"}, 7),
        ({"between": ["*", "*"], "direction": "egress"}, 7),
        ({"link": "a-b", "direction": "egress"}, 4),
        ({"link": "a-b", "direction": "ingress"}, 3),
        ({"link": "a-b", "direction": "both", "purpose": "pull"}, 4),
    ],
)
def test_a_tariff_counts_its_place_direction_and_purpose(keys: dict[str, Any], gigabytes: int) -> None:
    """At 0.50 USD a GB what goes that way costs half its gigabytes; a month of such runs ten times that."""
    assert paid(tariff(**keys)) == {"prices.traffic.t": near(0.5 * gigabytes, 5.0 * gigabytes)}


def test_what_stays_inside_crosses_no_border() -> None:
    """The push from a's client to a's node enters no site, and client cb receives nothing, so that it pays nothing."""
    assert paid(tariff(site="a", direction="ingress")) == {"prices.traffic.t": near(1.5, 15.0)}
    none = tariff(hosts="cb", direction="ingress")
    assert paid(none) == {}


@pytest.mark.parametrize(
    ("upto", "month_usd"),
    [("10 GB", 10 * 1 + 30 * 0.5), ("40 GB", 40), ("100 GB", 40)],
)
def test_tiers_are_of_a_month(upto: str, month_usd: float) -> None:
    """Central sends 4 GB in a tenth of a month, 40 a month: 1 USD/GB below the tier's end, 0.50 USD/GB beyond it."""
    tiers = [{"upto": upto, "price": "1 USD/GB"}, {"price": "0.50 USD/GB"}]
    chosen = scenario(
        tables={"prices": {"traffic": {"t": {"hosts": "central", "direction": "egress", "tiers": tiers}}}}
    )
    assert paid(chosen) == {"prices.traffic.t": near(month_usd / 10, month_usd)}


def test_three_tiers_each_price_their_own_bytes() -> None:
    """Of 40 GB a month the first 10 cost nothing, the next 20 cost 0.10 USD and the last 10 cost 0.05 USD each."""
    tiers = [
        {"upto": "10 GB", "price": "0 USD/GB"}, {"upto": "30 GB", "price": "0.10 USD/GB"}, {"price": "0.05 USD/GB"},
    ]  # fmt: skip
    chosen = scenario(
        tables={"prices": {"traffic": {"t": {"hosts": "central", "direction": "egress", "tiers": tiers}}}}
    )
    assert paid(chosen) == {"prices.traffic.t": near(0.25, 2.5)}


def test_a_links_own_price_counts_both_directions() -> None:
    """7 GB over the link at 0.10 USD a GB."""
    assert paid(scenario(**{"links__a-b__price": "0.10 USD/GB"})) == {"links.a-b.price": near(0.7, 7.0)}


@pytest.mark.parametrize(
    ("changes", "item", "month_usd"),
    [
        ({"prices__wan_capacity_month": "0.50 USD/Mbit/s"}, "prices.wan_capacity_month", 500),
        ({"links__a-b__capacity_month": "0.20 USD/Mbit/s"}, "links.a-b.capacity_month", 200),
        ({"links__a-b__month": "80 USD"}, "links.a-b.month", 80),
        ({"central__capacity_month": "0.10 USD/Mbit/s"}, "central.capacity_month", 1000),
        ({"clients__cb__capacity_month": "1 USD/Mbit/s"}, "clients.cb.capacity_month", 125),
        ({"central__month": "60 USD"}, "central.month", 60),
        ({"nodes__nb__month": "40 USD"}, "nodes.nb.month", 80),
        ({"prices__node_month": "40 USD"}, "prices.node_month", 120),
        ({"caches__k": {"site": "a", "month": "30 USD"}}, "caches.k.month", 30),
        ({"caches__k": {"site": "a"}, "prices__node_month": "40 USD"}, "prices.node_month", 160),
        ({"prices__central_month": "60 USD"}, "prices.central_month", 60),
        ({"prices__registry_capacity_month": "0.10 USD/Mbit/s"}, "prices.registry_capacity_month", 1000),
        ({"prices__client_capacity_month": "1 USD/Mbit/s"}, "prices.client_capacity_month", 125),
        ({"prices__registry_hour": "0.10 USD"}, "prices.registry_hour", 4 * 72),
    ],
)
def test_capacity_and_hosts_cost_by_the_month(changes: dict[str, str], item: str, month_usd: float) -> None:
    """1 Gbit/s between the sites, 10 at central, the mean of 50 and 200 at cb; a run costs a tenth of it."""
    assert paid(scenario(**changes)) == {item: near(month_usd / 10, month_usd)}


def test_a_link_that_names_its_price_leaves_the_general_one() -> None:
    """At 0.20 USD of its own it does not pay the 0.50 USD of links between sites."""
    chosen = scenario(
        **{"links__a-b__capacity_month": "0.20 USD/Mbit/s", "prices__wan_capacity_month": "0.50 USD/Mbit/s"}
    )
    assert paid(chosen) == {"links.a-b.capacity_month": near(20, 200)}


def test_a_group_that_names_its_price_leaves_the_general_one() -> None:
    """The node at a costs 70 USD of its own, the two at b the 40 USD of every node."""
    chosen = scenario(nodes__na__month="70 USD", prices__node_month="40 USD")
    assert paid(chosen) == {"nodes.na.month": near(7, 70), "prices.node_month": near(8, 80)}


def test_nodes_pay_for_what_they_keep() -> None:
    """Central keeps 5 GB for nothing and a node 5 GB at 0.08 USD a month."""
    assert paid(scenario(prices__disk_month="0.08 USD/GB"), 5 * GB) == {"prices.disk_month": near(0.04, 0.4)}


def test_a_run_adds_its_bill_up() -> None:
    """The metrics are the sums of the items, a month is ten runs of three days, and the document lists the items."""
    chosen = scenario(
        tables={"prices": {"traffic": {"t": {"hosts": "central", "direction": "egress", "price": "0.09 USD/GB"}}}},
        **{"nodes__nb__month": "40 USD"},
    )
    result = sim.run(chosen)
    egress_usd = result.metrics["central_egress_bytes"] * 0.09e-9
    assert egress_usd > 0
    assert result.metrics["cost_usd"] == pytest.approx(egress_usd + 8.0, rel=1e-12)
    assert result.metrics["cost_usd_per_month"] == pytest.approx(10 * result.metrics["cost_usd"], rel=1e-12)
    assert [cost["item"] for cost in result.to_json()["costs"]] == ["prices.traffic.t", "nodes.nb.month"]
    assert result.costs["cost_usd"].sum() == pytest.approx(result.metrics["cost_usd"], rel=1e-12)


def test_what_costs_nothing_has_no_bill() -> None:
    """Without prices there is no item, and both metrics are 0."""
    result = sim.run(scenario())
    assert result.bill == ()
    assert (result.metrics["cost_usd"], result.metrics["cost_usd_per_month"]) == (0, 0)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"direction": "egress"}, "prices.traffic.t: names no place; write one of hosts, site, link, between"),
        (
            {"direction": "egress", "hosts": "central", "site": "a"},
            "prices.traffic.t: hosts and site are all given; write one of hosts, site, link, between",
        ),
        (
            {"direction": "egress", "hosts": "nbb"},
            'prices.traffic.t.hosts: unknown group of hosts, got "nbb"; did you mean "nb"?',
        ),
        (
            {"direction": "egress", "between": ["a", "a"]},
            'prices.traffic.t.between: names one site twice, got "a"; name two, or "*" for any site',
        ),
        (
            {"direction": "egress", "link": "a-c"},
            'prices.traffic.t.link: unknown link, got "a-c"; did you mean "a-b"?',
        ),
        (
            {"hosts": "central", "direction": "both", "purpose": "pul"},
            'prices.traffic.t.purpose: unknown purpose, got "pul"; did you mean "pull"?',
        ),
        (
            {"hosts": "central", "direction": "egress", "tiers": [{"price": "1 USD/GB"}]},
            'prices.traffic.t.price: price and tiers are both given; write price = "0.09 USD/GB", or tiers',
        ),
        (
            {
                "hosts": "central", "direction": "egress", "price": None,
                "tiers": [{"upto": "1 GB", "price": "1 USD/GB"}],
            },
            "prices.traffic.t.tiers: the last tier must have no upto; "
            'end with a price for all further bytes: { price = "0.07 USD/GB" }',
        ),
        (
            {
                "hosts": "central", "direction": "egress", "price": None,
                "tiers": [
                    {"upto": "2 GB", "price": "1 USD/GB"}, {"upto": "1 GB", "price": "1 USD/GB"}, {"price": "1 USD/GB"},
                ],
            },
            "prices.traffic.t.tiers.1.upto: must be above the tier before, got 1 GB; "
            "list tiers lowest first",
        ),
    ],
)  # fmt: skip
def test_a_tariff_that_counts_nowhere_or_falls_is_refused(keys: dict[str, Any], line: str) -> None:
    """Each slip is told at its key, with a remedy."""
    written = {key: value for key, value in {"price": "0.50 USD/GB", **keys}.items() if value is not None}
    with pytest.raises(InputError) as caught:
        scenario(tables={"prices": {"traffic": {"t": written}}})
    assert str(caught.value) == f"scenario: {line}"


def test_a_group_is_told_by_its_table_where_two_share_a_name() -> None:
    """With nodes and clients both called x the tariff of clients/x counts 1 GB out of ca, and x alone is refused."""
    shared = {"x": {"site": "a"}}
    traffic = {"t": {"direction": "egress", "price": "0.50 USD/GB", "hosts": "clients/x"}}
    tables = {"nodes": shared, "clients": shared, "prices": {"traffic": traffic}}
    result = sim.run(scenario(tables=tables, policies__route="node-direct"))
    pushed = result.transfers[result.transfers["source"] == "clients/x"]["size_bytes"].sum()
    assert pushed > 0
    assert result.metrics["cost_usd"] == pytest.approx(pushed * 0.5e-9, rel=1e-12)
    traffic["t"]["hosts"] = "x"
    with pytest.raises(InputError, match="may mean nodes/x or clients/x, got"):
        scenario(tables=tables)
