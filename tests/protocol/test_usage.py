"""How full links were and what held transfers back: to the byte in shipped scenarios, in the head in small ones."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim.engines.usage import offered_bytes
from sim.protocol.state import LAYOUT
from sim.records import ObjectState
from sim.records.layout import table_of

from . import shipped
from .small import App, Deploy, Seen, demand, exactly, play
from .small import scenario as small

pytestmark = pytest.mark.integration

PURPOSES = ["push_bytes", "pull_bytes", "sync_bytes"]
CONTENTS = ["kernel_bytes", "rootfs_bytes", "metadata_bytes"]


@pytest.mark.parametrize("name", shipped.CASES)
def test_minutes_add_up_to_what_links_carried(name: str) -> None:
    """The bytes of a link's minutes are, to the byte, those of its purposes, and those of its contents."""
    result = shipped.result(name)
    links = result.links.set_index("link")
    carried = links[PURPOSES].sum(axis=1)
    assert (links[CONTENTS].sum(axis=1) == carried).all()
    in_bins = result.utilisation.groupby("link", observed=True).carried_bytes.sum()
    assert in_bins.reindex(links.index, fill_value=0).to_dict() == carried.to_dict()
    assert (result.utilisation.carried_bytes > 0).all()
    busiest = result.utilisation.groupby("link", observed=True).mean_utilisation.max()
    assert busiest.reindex(links.index, fill_value=0.0).to_dict() == links.peak_utilisation.to_dict()


@pytest.mark.parametrize("name", shipped.CASES)
def test_transfers_know_what_held_them_back(name: str) -> None:
    """A transfer that flew was held back by something, no longer than it took; one alone by one thing throughout."""
    result = shipped.result(name)
    transfers = result.transfers[result.transfers.size_bytes > 14_600]
    transfers = transfers[transfers.content != "metadata"]
    took_s = transfers.ended_s - transfers.started_s
    assert (transfers.bound_by != "").all()
    assert (transfers.bound_s <= took_s + 1e-6).all()
    lone = ~transfers.shared
    assert np.allclose(transfers.bound_s[lone], took_s[lone], rtol=1e-9)
    # Those that shared were held back by a few things, so that the longest of them took a good part.
    assert (transfers.bound_s >= took_s / 6 - 1e-6).all()


@pytest.mark.parametrize("name", shipped.CASES)
def test_a_link_is_full_no_longer_than_it_holds_somebody_back(name: str) -> None:
    """Whoever would take more of a full link is held back by it; a run has no more time than that."""
    result = shipped.result(name)
    links = result.links
    assert (links.full_s <= links.bound_s + 1e-6).all()
    assert (links.full_s <= result.simulated_s + 1e-6).all()
    # A link that held transfers back for so long carried as much as it could meanwhile.
    if not result.scenario.faults:
        at_least = links.full_s * links.capacity_Bps
        assert (links[PURPOSES].sum(axis=1) >= at_least * (1 - 1e-6) - 1).all()


def link(seen: Seen, name: str) -> dict[str, Any]:
    (found,) = (row for row in seen.rows("links") if row["link"] == name)
    return found


def test_a_flow_alone_is_held_back_by_its_narrowest_link() -> None:
    """A push of 90 MB fills the client's line for 90 s, 57.959 s of them in the first minute, from 2.041 s on."""
    seen = play(small(images__rom__rootfs="90 MB"), demand([Deploy(0.0)], apps=[App(kind=1)]))
    (push,) = (row for row in seen.rows("transfers") if (row["purpose"], row["content"]) == ("push", "rootfs"))
    assert (push["bound_by"], push["bound_s"]) == ("hub-dev-up", exactly(90.0))
    up = link(seen, "hub-dev-up")
    assert (up["full_s"], up["bound_s"]) == exactly((90.0, 90.0))
    assert (up["kernel_bytes"], up["rootfs_bytes"], up["metadata_bytes"]) == (0, 90_000_000, 10_000)
    minutes = [row for row in seen.rows("utilisation") if row["link"] == "hub-dev-up"]
    assert [(row["from_s"], row["carried_bytes"]) for row in minutes] == [(0.0, 57_959_000), (60.0, 32_051_000)]
    assert [row["mean_utilisation"] for row in minutes] == exactly([57.959 / 60, 32.051 / 60])


def test_a_flow_below_its_links_is_held_back_by_its_cap() -> None:
    """A window of 20 kB each 200 ms caps a body at 100 kB/s: no link is ever full."""
    given = small(images__rom__rootfs="1 MB", clients__dev__window="20 kB", central__window="20 kB")
    seen = play(given, demand([Deploy(0.0)], apps=[App(kind=1)]))
    (push,) = (row for row in seen.rows("transfers") if (row["purpose"], row["content"]) == ("push", "rootfs"))
    assert (push["bound_by"], push["bound_s"]) == ("cap", exactly(10.0))
    assert {row["full_s"] for row in seen.rows("links")} == {0.0}


def test_flows_that_share_are_held_back_by_what_they_share() -> None:
    """Two clients' bodies meet on central's line: what they fill together holds each of them back meanwhile."""
    apps = [App(client=0, kind=1), App(client=1, kind=1)]
    # As in test_conservation: the second client's flow is alone from 122.041 on, met at 132.041, and gone at 172.041.
    asked = [Deploy(0.0), Deploy(120.0, app=1), Deploy(130.0)]
    seen = play(small(clients=2, images__rom__rootfs="30 MB"), demand(asked, apps=apps))
    pushes = {(row["deploy"]): row for row in seen.rows("transfers") if row["purpose"] == "push" and row["shared"]}
    assert (pushes[1]["bound_by"], pushes[1]["bound_s"]) == ("hub-central-down", exactly(40.0))
    # The other has 20 of its 30 MB in these 40 s, and the last 10 alone: central's line is as narrow as its own.
    assert (pushes[2]["bound_by"], pushes[2]["bound_s"]) == ("hub-central-down", exactly(50.0))


def test_what_a_link_offers_follows_its_changes() -> None:
    """10 bytes/s until 30 s, 2 until 90 s, then 6: 300 + 60, 60 + 180 and 360 bytes in three minutes."""
    changes = {"link": [0, 0], "at_s": [30.0, 90.0], "capacity_Bps": [2.0, 6.0]}
    state = ObjectState(LAYOUT, {"capacity_changes": table_of(LAYOUT, "capacity_changes", changes)})
    state.g.capacity_changes_used = 2
    links, from_s = np.array([0, 0, 0, 1]), np.array([0.0, 60.0, 120.0, 0.0])
    names: Any = SimpleNamespace(capacity_Bps=[10.0, 1.0])
    offered = offered_bytes(state, names, links, from_s, from_s + 60)
    assert offered.tolist() == [360, 240, 360, 60]
