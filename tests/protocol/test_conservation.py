"""Bytes are neither lost nor made: every table has the same ones."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest

from sim.protocol.build import build
from sim.streams import Streams
from sim.workload.demand import Demand

from . import shipped
from .small import App, Deploy, demand, exactly, play
from .small import scenario as small

pytestmark = pytest.mark.integration

PURPOSES = ("push", "pull", "sync")


def by_deploy(rows: pd.DataFrame, column: str) -> dict[int, int]:
    """The sum of a column for each deploy that has any."""
    sums: dict[int, int] = rows.groupby("deploy")[column].sum().to_dict()
    return {deploy: total for deploy, total in sums.items() if total}


@pytest.mark.parametrize("name", shipped.CASES)
def test_a_deploys_bytes_are_its_bodies(name: str) -> None:
    """What rows say was pushed, and pulled before the start or loaded after it, is the sum of the bodies that the
    deploy caused, but for what caches fetched for it; so with each sync."""
    result = shipped.result(name)
    push, pull, sync = (result.transfers[result.transfers.purpose == purpose] for purpose in PURPOSES)
    assert by_deploy(result.deploys, "pushed_bytes") == by_deploy(push, "size_bytes")
    later = Counter(by_deploy(result.loads, "loaded_bytes"))
    to_nodes = pull[~pull.target.isin([host for host, _ in result.scenario.cache_hosts()])]
    assert Counter(by_deploy(result.deploys, "pulled_bytes")) + later == by_deploy(to_nodes, "size_bytes")
    assert by_deploy(result.syncs, "size_bytes") == by_deploy(sync, "size_bytes")
    assert len(push) + len(pull) + len(sync) == len(result.transfers)


@pytest.mark.parametrize("name", shipped.CASES)
def test_a_link_carries_every_body_that_crosses_it(name: str) -> None:
    """For each purpose, a link's bytes are those of all bodies whose shortest way from source to target it is on."""
    result = shipped.result(name)
    streams = Streams(result.seed)
    graph = build(result.scenario, Demand.nothing(), streams).routes.graph
    crossed: Counter[tuple[str, str]] = Counter()
    sums = result.transfers.groupby(["source", "target", "purpose"], observed=True).size_bytes.sum()
    for (source, target, purpose), size_bytes in sums.items():
        for link in graph.route(source, target).links:
            crossed[graph.links[link].name, purpose] += size_bytes
    carried = result.links.set_index("link")
    for purpose in PURPOSES:
        expected = {link: crossed[link, purpose] for link in carried.index}
        assert carried[f"{purpose}_bytes"].to_dict() == expected


@pytest.mark.parametrize("name", shipped.CASES)
def test_a_registry_sends_and_receives_its_bodies(name: str) -> None:
    """A registry's bytes are those of the bodies that it is the source or the target of."""
    result = shipped.result(name)
    registries = result.registries.set_index("registry")
    for end, column in (("source", "sent_bytes"), ("target", "received_bytes")):
        sums = Counter(result.transfers.groupby(end, observed=True).size_bytes.sum().to_dict())
        assert registries[column].to_dict() == {registry: sums[registry] for registry in registries.index}


@pytest.mark.parametrize("name", shipped.CASES)
def test_metrics_add_up_the_tables(name: str) -> None:
    """Totals over the run are the sums of the bodies, those across sites those of the bodies that cross."""
    result = shipped.result(name)
    size_bytes = result.transfers.size_bytes
    for purpose in PURPOSES:
        assert result.metrics[f"{purpose}_bytes"] == size_bytes[result.transfers.purpose == purpose].sum()
    assert result.metrics["wan_bytes"] == size_bytes[result.transfers.wan].sum()
    assert result.metrics["central_egress_bytes"] == size_bytes[result.transfers.source == "central"].sum()
    assert result.metrics["central_ingress_bytes"] == size_bytes[result.transfers.target == "central"].sum()


@pytest.mark.parametrize("name", shipped.CASES)
def test_a_link_is_never_more_than_full(name: str) -> None:
    """A link's busiest minute is at least as busy as the mean, and no busier than its capacity allows.

    Bodies within the initial window take no share of a link, so that on a full one they come on top. They are at most
    14.6 kB each, and on these scenarios' full links less than 0.5 % of what a minute carries.
    """
    links = shipped.result(name).links
    assert (links.peak_utilisation >= links.mean_utilisation - 1e-9).all()
    assert (links.peak_utilisation <= 1.005).all()
    assert links.peak_utilisation.max() > 0


def test_every_blob_pulled_is_fetched_skipped_or_joined() -> None:
    """Where digests are pinned every deploy asks for every layer: those moved, saved and joined add up to all."""
    result = shipped.result("metros-crowded")
    deploys, transfers = result.deploys, result.transfers
    layers = transfers[(transfers.purpose != "sync") & transfers.content.isin(["kernel", "rootfs"])].size_bytes.sum()
    kinds = result.scenario.images
    wanted = sum(
        (kinds[kind].kernel_bytes + kinds[kind].rootfs_bytes) * (1 + nodes)
        for kind, nodes in zip(deploys.image, deploys.nodes, strict=True)
    )
    assert deploys.coalesced_bytes.sum() > 0
    assert layers + deploys.saved_bytes.sum() + deploys.coalesced_bytes.sum() == wanted


def test_a_peak_is_the_busiest_minute() -> None:
    """A flow over the edge of a minute fills each with its part: 57.959 s of the first one, from 2.041 on."""
    seen = play(small(images__rom__rootfs="90 MB"), demand([Deploy(0.0)], apps=[App(kind=1)]))
    (up,) = (link for link in seen.rows("links") if link["link"] == "hub-dev-up")
    assert up["peak_utilisation"] == exactly(57.959 / 60)


def test_a_flow_counts_where_it_was_alone_and_where_it_shared() -> None:
    """30 MB of which a third went alone and the rest at half the rate are 30 MB in the minute of both."""
    apps = [App(client=0, kind=1), App(client=1, kind=1)]
    # The second client's flow is alone from 122.041 on, met by the first client's at 132.041, and gone at 172.041.
    asked = [Deploy(0.0), Deploy(120.0, app=1), Deploy(130.0)]
    seen = play(small(clients=2, images__rom__rootfs="30 MB"), demand(asked, apps=apps))
    peak = {link["link"]: link["peak_utilisation"] for link in seen.rows("links")}
    assert (peak["hub-dev1-up"], peak["hub-dev2-up"]) == exactly((30.01 / 60, 30.01 / 60))
    assert peak["hub-central-down"] == exactly((180 - 122.041 + 0.01) / 60)
