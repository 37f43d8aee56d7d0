"""How sure what was measured is: repeats of a figure, and the error of their mean."""

from __future__ import annotations

import random
import statistics

import pytest

from sim.calibrate.rig.chance import Repeated, repeated, table
from sim.calibrate.rig.files import Measured, RigScenario
from sim.calibrate.rig.grouping import first_alike
from sim.calibrate.rig.parameters import shipped
from sim.calibrate.rig.reading import by_repeat
from sim.calibrate.rig.score import score_scenario

HOSTS: list[dict[str, object]] = [{"name": "b", "up": 80, "down": 80, "delay": 9, "registry": "plain"}]
HOSTS += [{"name": name, "up": 80, "down": 80, "delay": 5} for name in ("c", "d", "e")]
HOSTS += [{"name": "far", "up": 80, "down": 80, "delay": 50}]
PUSH: dict[str, object] = {"op": "push", "at": "c", "to": "b", "image": "x", "layers": [["k", 10**6]]}


def pull(at: str) -> dict[str, object]:
    """Of what was pushed."""
    return {"op": "pull", "at": at, "from": "b", "image": "x"}


def scenario(name: str, steps: list[list[dict[str, object]]], hosts: list[dict[str, object]] = HOSTS) -> RigScenario:
    """On five hosts."""
    document = {"name": name, "congestion": "cubic", "hosts": hosts, "repeat": 1, "steps": steps}
    return RigScenario.model_validate(document)


def rows(given: RigScenario, *repeats: list[list[float]]) -> tuple[Measured, ...]:
    """Repeats of steps, each the seconds of its operations."""
    return tuple(
        Measured(
            scenario=given.name, repeat=repeat, step=step, op=one.op, at=one.at, peer=one.peer, image=one.image,
            concurrent=len(took_s), seconds=one_s, step_tx_bytes=1e6, step_rx_bytes=1e6,
        )
        for repeat, steps in enumerate(repeats)
        for step, took_s in enumerate(steps)
        for one, one_s in zip(given.steps[step], took_s, strict=True)
    )  # fmt: skip


def test_the_same_pull_by_hosts_alike_repeats_the_first() -> None:
    """Not by a host farther away, nor when something was pushed in between, nor by one that has pulled before."""
    steps = [[PUSH], [pull("c")], [pull("d")], [pull("far")], [PUSH], [pull("e")], [pull("c"), pull("d")], [pull("d")]]
    assert first_alike(scenario("pair-x", steps)) == [0, 1, 1, 3, 4, 5, 6, 7]


def test_a_fan_out_by_hosts_alike_repeats_the_first() -> None:
    """Neither by the same hosts, nor by one host twice, nor by hosts in another order."""
    hosts = [*HOSTS, *({**host, "name": f"{host['name']}2"} for host in HOSTS[1:])]
    steps = [[PUSH], *([pull(one), pull(other)] for one, other in (("c", "far"), ("c2", "far2"), ("d", "e")))]
    assert first_alike(scenario("fanout-x", steps, hosts)) == [0, 1, 1, 3]
    assert first_alike(scenario("fanout-x", [[PUSH], steps[1], steps[1], [pull("d"), pull("d")], steps[3]], hosts)) == [
        0, 1, 2, 3, 4
    ]  # fmt: skip
    turned = [[PUSH], steps[1], steps[2][::-1]]
    assert first_alike(scenario("fanout-x", turned, hosts)) == [0, 1, 2]


def test_a_pull_through_a_proxy_repeats_none() -> None:
    """The second finds what the first had fetched."""
    hosts = [*HOSTS, {"name": "p", "up": 80, "down": 80, "delay": 5, "registry": "proxy:b"}]
    steps = [[PUSH], *([{**pull(at), "from": "p"}] for at in "cd")]
    assert first_alike(scenario("pair-x", steps, hosts)) == [0, 1, 2]


def test_pulls_alike_are_one_figure() -> None:
    """Three hosts pull in 1, 2 and 3 s: measured 2 s, and n is 1."""
    given = scenario("pair-x", [[PUSH], *([pull(at)] for at in "cde")])
    found = [
        one
        for one in score_scenario(given, by_repeat(rows(given, [[1.0], [1.0], [2.0], [3.0]])), shipped("cubic"), "even")
        if one.group == "pair-pull"
    ]
    assert [(one.step, one.measured) for one in found] == [(1, 2.0)]


def test_figures_are_repeated_as_they_are_scored() -> None:
    """Of a pair each operation, pulls by hosts alike together; of a fan-out the mean and the longest."""
    pair = scenario("pair-x", [[PUSH], [pull("c")], [pull("d")], [pull("far")]])
    measured = by_repeat(rows(pair, [[1.0], [2.0], [3.0], [9.0]], [[1.5], [4.0], [5.0], [8.0]]))
    assert {(one.group, one.step): sorted(one.seconds) for one in repeated(pair, measured)} == {
        ("pair-push", 0): [1.0, 1.5], ("pair-pull", 1): [2.0, 3.0, 4.0, 5.0], ("pair-pull", 3): [8.0, 9.0],
    }  # fmt: skip
    fanout = scenario("fanout-x", [[PUSH], [pull("c"), pull("d")]])
    measured = by_repeat(rows(fanout, [[9.0], [1.0, 3.0]], [[9.0], [2.0, 6.0]]))
    assert {one.group: one.seconds for one in repeated(fanout, measured)} == {
        "fanout-mean": (2.0, 4.0), "fanout-makespan": (3.0, 6.0)
    }  # fmt: skip
    hosts = [*HOSTS, {**HOSTS[1], "name": "f"}]
    twice = scenario("fanout-x", [[PUSH], [pull("c"), pull("d")], [pull("e"), pull("f")]], hosts)
    measured = by_repeat(rows(twice, [[9.0], [1.0, 3.0], [2.0, 6.0]]))
    assert {one.group: one.seconds for one in repeated(twice, measured)} == {
        "fanout-mean": (2.0, 4.0), "fanout-makespan": (3.0, 6.0)
    }  # fmt: skip


def test_the_deviation_of_few_is_as_large_in_the_mean_as_that_of_many() -> None:
    """Of pairs of draws that scatter by 10 % the deviations are 10 % in the mean of 4,000 (their own scatter: 0.8 of
    that, so 0.13 % of the mean, and four times that is allowed)."""
    draw = random.Random(1)
    found = [Repeated("", "", 0, (draw.gauss(10, 1), draw.gauss(10, 1))).deviation for _ in range(4000)]
    assert statistics.fmean(found) == pytest.approx(0.1, abs=4 * 0.0013)


def test_the_table_says_how_sure_each_group_is() -> None:
    """Nine of 1 s and eleven of 3 s: a scatter of 49 % in the mean of 2.1 s, corrected by c4; its error is that over
    the root of 20, and 0.8 of it is left."""
    seconds = (1.0,) * 9 + (3.0,) * 11
    *_, line = table([Repeated("pair-pull", "x", 1, seconds)])
    scatter = statistics.stdev(seconds) / 2.1 * (1 + 1 / (4 * 19))  # c4 is 1 - 1 / (4 n - 4) but for a thousandth
    numbers = [scatter, scatter / 20**0.5, scatter / 20**0.5, 0.798 * scatter / 20**0.5]
    group, n, repeats, *shown = line.split()
    assert (group, n, repeats) == ("pair-pull", "1", "20")
    assert [float(one) for one in shown[::2]] == pytest.approx([100 * one for one in numbers], abs=0.1)
