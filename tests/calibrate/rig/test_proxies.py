"""Pulls through a registry that fetches what it lacks, and uploads over a link that breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.calibrate.rig.files import RigScenario
from sim.calibrate.rig.model import simulate
from sim.calibrate.rig.parameters import shipped
from sim.calibrate.rig.reading import read_scenarios
from sim.calibrate.rig.score import score

RIG = Path(__file__).parents[2] / "rig"


def through_proxy(steps: list[list[dict[str, Any]]], upstream_mbit: float = 20) -> RigScenario:
    """Nodes of 1,000 Mbit/s next to a proxy whose way to central is narrow; the first step pushes 10 MB."""
    hosts = [
        {"name": "central", "up": upstream_mbit, "down": 1000, "delay": 20, "registry": "plain"},
        {"name": "node", "up": 1000, "down": 1000, "delay": 1, "registry": "proxy:central"},
        *({"name": name, "up": 1000, "down": 1000, "delay": 1} for name in ("a", "b", "c")),
    ]
    push = {"op": "push", "at": "a", "to": "central", "image": "o/i", "layers": [["r", 10**7]]}
    document = {"name": "x", "congestion": "cubic", "hosts": hosts, "repeat": 1, "steps": [[push], *steps]}
    return RigScenario.model_validate(document)


def pull(at: str, source: str = "node") -> dict[str, Any]:
    """A pull of what was pushed."""
    return {"op": "pull", "at": at, "from": source, "image": "o/i"}


def test_what_a_proxy_lacks_crosses_its_upstream_link_twice() -> None:
    """One copy for the client and one to store: 20 MB at 20 Mbit/s of packets take 8.3 s, where a plain pull takes half
    of that; what has been stored, a while later, comes from the node alone."""
    scenario = through_proxy([[pull("c", "central")], [pull("a")], [pull("c", "central")], [pull("b")]])
    plain, first, _, second = (step[0].seconds for step in simulate(scenario, shipped("cubic"))[1:])
    alone_s = 1e7 * 8 / 20e6 * 1500 / 1448
    assert alone_s < plain < 1.4 * alone_s
    assert 1.6 * alone_s < first < 2.4 * alone_s  # the copies need not end together
    assert second < 0.2 * alone_s


def test_a_proxy_fetches_what_it_has_of_another_repository() -> None:
    """Two images of 10 MB are one and the same blob in two repositories: through a line of 20 Mbit/s of packets the
    second takes as long as the first, not the half second of what is there."""
    other = {"op": "push", "at": "a", "to": "central", "image": "o/j", "layers": [["r", 10**7]]}
    scenario = through_proxy([[other], [pull("a")], [{**pull("b"), "image": "o/j"}]])
    first, second = (step[0].seconds for step in simulate(scenario, shipped("cubic"))[2:])
    assert second == pytest.approx(first, rel=0.2)


def test_concurrent_misses_are_not_coalesced() -> None:
    """Of two that ask at once for what is missing each has a copy of its own, beside the one that is stored: 30 MB."""
    outcomes = simulate(through_proxy([[pull("a"), pull("b")]]), shipped("cubic"))[1]
    alone_s = 1e7 * 8 / 20e6 * 1500 / 1448
    assert 2.4 * alone_s < max(one.seconds for one in outcomes) < 3.6 * alone_s


def test_a_proxy_asks_upstream_for_a_tag_each_time() -> None:
    """What it holds by and by still costs round trips to central: 2 requests, 3.1 round trips of 42 ms."""
    near, far = (
        simulate(
            through_proxy([[pull("a")], *[[pull("c", "central")]] * 3, [pull("b")]]).model_copy(
                update={"hosts": hosts}
            ),
            shipped("cubic"),
        )[-1][0]
        for hosts in (
            tuple(
                host.model_copy(update={"delay": delay}) if host.name == "central" else host
                for host in through_proxy([]).hosts
            )
            for delay in (20, 120)
        )
    )
    assert (far.seconds - near.seconds) / 0.2 == pytest.approx(2 * (1 + 12 / 22), rel=0.01)


@pytest.mark.parametrize("source", ["central", "node"])
def test_what_was_never_pushed_can_not_be_pulled(source: str) -> None:
    """Not from where it would be, nor through a proxy."""
    asked = {**pull("a", source), "image": "o/other"}
    with pytest.raises(ValueError, match="o/other was never pushed to where a pulls it"):
        simulate(through_proxy([[asked]]), shipped("cubic"))


def cut(for_s: float, after_s: float = 1.5) -> RigScenario:
    """The rig's broken upload, broken for another while."""
    scenario = next(one for one in read_scenarios(RIG / "rest-cubic.json") if one.cuts)
    cuts = (scenario.cuts[0].model_copy(update={"for_s": for_s, "after_s": after_s}),)
    return scenario.model_copy(update={"cuts": cuts})


def test_an_upload_waits_for_the_next_try_after_a_break() -> None:
    """Tries follow a break after 2 round trips and then after T, 2 T, 4 T ... with T a round trip and 0.2 s: the longer
    it was broken, the longer until the next. It never goes on before the link is back, nor later than twice that."""
    whole, *broken = (simulate(cut(for_s), shipped("cubic"))[1][0].seconds for for_s in (0.001, 1.0, 2.0, 4.0))
    lost = [seconds - whole for seconds in broken]
    assert lost == sorted(lost)
    for for_s, longer_s in zip((1.0, 2.0, 4.0), lost, strict=True):
        assert for_s - 0.06 < longer_s < 2 * for_s + 1.0


@pytest.mark.slow
@pytest.mark.parametrize("congestion", ["cubic", "bbr"])
def test_what_stood_in_the_rest_is_scored_in_groups_of_its_own(congestion: str) -> None:
    """Pulls through a proxy, three from each of five, and four cut uploads, which end as they did within a tenth."""
    groups = score(RIG / f"rest-{congestion}.json", RIG / f"rest-{congestion}.csv").groups
    assert {name: group.n for name, group in groups.items() if not name.startswith("pair")} == {
        "proxy-pull": 15, "proxy-pull-bytes": 15, "cut-push": 4, "cut-push-bytes": 4, "cut-faults": 4,
    }  # fmt: skip
    assert groups["cut-push"].mape < 0.1
    assert groups["proxy-pull-bytes"].mape < 0.01
