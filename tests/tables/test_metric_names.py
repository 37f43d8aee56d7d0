"""Metrics by name: of all deploys, of one group, and a user's own."""

from __future__ import annotations

import pytest

from sim.tables import metric_names


def test_a_metric_of_a_group_is_its_metric_with_the_group_in_brackets() -> None:
    """`wan_bytes[site=sin]` is bytes of site sin, and its name is made of the same three parts."""
    assert metric_names.split("wan_bytes[site=sin]") == ("wan_bytes", "site", "sin")
    assert metric_names.split_name("wan_bytes", "site", "sin") == "wan_bytes[site=sin]"
    assert metric_names.split("wan_bytes") is None
    found = metric_names.metric("deploy_latency_s.p95[nodes=big]")
    assert (found.name, found.unit) == ("deploy_latency_s.p95[nodes=big]", "s")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("deploy_latency_s[site=sin]", 'unknown metric, got "deploy_latency_s"'),
        ("wan_byte[site=sin]", 'unknown metric, got "wan_byte"'),
        ("wan_bytes[sites=sin]", 'nothing is split by that, got "sites"'),
        (
            "cost_usd[site=sin]",
            "cost_usd cannot be split by site: links and registries are paid for together",
        ),
        (
            "link_utilisation.a-b-up.peak[image=app]",
            "link_utilisation.a-b-up.peak cannot be split by image: who shares a link fills it together",
        ),
        (
            "lost_images[client=dev]",
            "lost_images cannot be split by client: what a registry drops is its own, so only nodes split it",
        ),
    ],
)
def test_what_no_metric_is_says_why(name: str, problem: str) -> None:
    """A name that is none, a dimension that is none and a metric that is nobody's are told apart; none is a metric."""
    found = metric_names.why_unknown(name)
    assert found is not None
    assert found[0] == problem
    with pytest.raises(KeyError):
        metric_names.metric(name)


def test_nodes_tell_what_was_lost() -> None:
    """What a registry drops is a node's own."""
    assert metric_names.why_unknown("lost_images[nodes=n]") is None


def test_the_unit_of_a_users_own_metric_is_at_the_end_of_its_name() -> None:
    """`_s`, `_bytes` and `_usd` are units; any other ending is none, and a metric that there is has its own."""
    names = ("slowest_s", "hot_bytes", "spent_usd", "sin_under_2s", "s", "wan_bytes[site=sin]", "stale_starts")
    assert [metric_names.unit_of(name) for name in names] == ["s", "bytes", "USD", "", "", "bytes", ""]
