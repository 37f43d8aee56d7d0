"""Sliders and what they ask: values as a file has them, runs that are cut, commands and files that ask the same."""

from __future__ import annotations

import json
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import sim
from sim.errors import InputError
from sim.explore.question import question
from sim.explore.sliders import sliders
from sim.scenario import Scenario, canonical
from tests.explore.conftest import RANGES, Served, asked
from tests.small_question import Answer


def test_a_slider_has_the_file_s_ends_and_its_own_value() -> None:
    """From end to end in steps of few digits, with the file's own value where it stands; figures of the file first."""
    up, rtt, rate, *others = sliders(asked().scenario)
    assert (up.name, rtt.name, rate.name) == ("clients.dev.up", "clients.dev.rtt", "demand.rate")
    assert (up.texts[0], up.texts[up.start], up.texts[-1]) == ("10 Mbit/s", "50 Mbit/s", "1000 Mbit/s")
    assert up.texts[1:4] == ("11 Mbit/s", "13 Mbit/s", "14 Mbit/s")  # equal ratios, 100 ** (1 / 40), in two digits
    assert rtt.texts[:3] == ("10 ms", "11 ms", "12 ms")  # 40 ms in 40 steps
    assert (up.origin, rtt.origin) == ("assumption, range 10 Mbit/s to 1 Gbit/s", "measured, range 10 ms to 50 ms")
    assert others
    assert not any(each.written for each in others)


def test_a_slider_s_steps_rise() -> None:
    """Each value is above the one before, and every one makes a scenario."""
    found = asked()
    for slider, attribute in zip(found.sliders, ("up_Bps", "delay_s"), strict=False):
        read = [
            getattr(found.scenario.with_(dict(slider.settings(place))).clients["dev"], attribute)
            for place in range(0, len(slider.values), 4)
        ]
        assert read == sorted(set(read))


def test_keys_that_stand_alike_are_one_slider() -> None:
    """With a star as `--set` takes it, where no other key is like it; else each by itself."""
    group = 'clients.{0} = {{ up = {{ value = "{1}", assumption = true, range = ["1 Mbit/s", "1 Gbit/s"] }} }}\n'
    both = RANGES + group.format("a", "20 Mbit/s") + group.format("b", "20 Mbit/s")
    found = asked(both)
    slider = next(each for each in found.sliders if "clients.a.up" in each.keys)
    assert (slider.name, slider.keys) == ("clients.*.up", ("clients.a.up", "clients.b.up"))
    assert list(slider.words(0, found.scenario)) == ["clients.a.up=1 Mbit/s", "clients.b.up=1 Mbit/s"]
    no_other = "\n".join(line for line in both.split("\n") if not line.startswith("clients.dev."))
    alone = asked(no_other)
    slider = next(each for each in alone.sliders if "clients.a.up" in each.keys)
    assert list(slider.words(0, alone.scenario)) == ["clients.*.up=1 Mbit/s"]


def test_what_moves_nothing_has_no_slider() -> None:
    """Neither what every variant writes itself, nor prices, nor [run], nor what the scenario does not use."""
    with_own = RANGES.replace("{ policies.route", '{ clients.dev.rtt = "30 ms", policies.route')
    with_own += 'prices.node_month = { value = "40 USD", assumption = true, range = ["20 USD", "60 USD"] }\n'
    names = [each.name for each in asked(with_own).sliders]
    assert "clients.dev.rtt" not in names
    assert "clients.dev.up" in names
    assert not [name for name in names if name.split(".")[0] in ("run", "prices")]
    assert "policies.lazy.at_once" not in names  # layers are loaded whole here


@pytest.mark.parametrize("text", ["", "1", "1.2", "a.b.c", "-1.0.0", "999.0.0", "0.0.0/../x", "1e1.0.0", "\u0661.0.0"])
def test_places_are_whole_numbers_of_each_slider(text: str) -> None:
    """Anything else from outside is refused in a line, and reaches no scenario."""
    found = asked()
    rest = ".0" * (len(found.sliders) - 3)
    with pytest.raises(InputError, match="a place of each"):
        found.places(text + rest if text.count(".") == 2 else text)


def test_long_runs_are_cut_and_say_so() -> None:
    """50,000 deploys a day are 1,000 in 28.8 minutes at its mean pace; a million are in 86.4 seconds."""
    found = question(sim.load("metros"), ["metros"])
    said = found.commands(found.start)["cut"]
    assert said.startswith("Each run here is 29 min at the mean pace of the scenario's 1 d, all hours alike")
    assert "1.5 times that pace" in said  # 15 of a mean of 10
    assert "--set 'run.duration=29 min'" in found.words(found.start)
    assert not [key for key in ("run.duration", "demand.weights") if key in found.words(found.start, whole=True)]
    at = next(at for at, slider in enumerate(found.sliders) if slider.name == "demand.rate")
    places = [*found.start]
    places[at] = found.sliders[at].texts.index("1000000/day")
    assert found.lasts(tuple(places)) == "87 s"
    assert found.at(tuple(places)).run.duration_s == 87


def test_a_part_of_a_day_has_its_mean_pace() -> None:
    """Where hours are weighed, a part of a day has all of them alike, at a run and in the command that asks for it."""
    by_hour = ", ".join(["1"] * 12 + ["3"] * 12)  # a mean of 2, a busiest hour of 1.5 times that
    text = RANGES.replace("apps = 5", f"apps = 5, weights = [{by_hour}]").replace('"400/h"', '"90000/h"')
    found = asked(text.replace('"20/h"', '"9000/h"').replace('duration = "1 h"', 'duration = "24 h"'))
    assert found.lasts(found.start) == "400 s"
    part = found.at(found.start)
    assert (part.run.duration_s, part.demand.weights) == (400, (1.0,) * 24)
    assert "demand.weights=[1,1,1,1,1," in found.words(found.start)
    assert "has 1.5 times that pace" in found.commands(found.start)["cut"]


def test_a_variant_s_own_hours_are_not_cut() -> None:
    """What makes all hours alike would not reach a variant that weighs them itself, so that its runs stay whole."""
    text = RANGES.replace('"20/h"', '"9000/h"').replace('"400/h"', '"90000/h"').replace('"1 h"', '"24 h"')
    found = asked(text.replace("variants.central = {", f"variants.central = {{ demand.weights = {[1] * 24},"))
    assert found.part(found.start) == {}


@pytest.mark.parametrize(
    ("weights", "lasts"),
    [([1] * 24, "90 min"), ([0] * 14 + [1] * 10, "24 h"), ([1] * 168, "24 h")],
    ids=["no whole day", "ten hours alone", "a week"],
)
def test_hours_that_no_mean_stands_for_are_not_cut(weights: list[int], lasts: str) -> None:
    """A run of some hours only, a day with an hour of more than twice its mean, and a week stay whole."""
    text = RANGES.replace("apps = 5", f"apps = 5, weights = {weights}").replace('"400/h"', '"90000/h"')
    found = asked(text.replace('"20/h"', '"9000/h"').replace('duration = "1 h"', f'duration = "{lasts}"'))
    assert found.part(found.start) == {}


@pytest.mark.parametrize(
    "more",
    [
        'faults.cut = { kind = "registry-down", target = "central", at = "30 min", lasts = "4 min" }',
        'demand.hours = "09:00-17:00"',
        'demand.kernel_release = { at = "30 min" }',
        'run.warm_up = "5 min"',
    ],
)
def test_what_happens_at_a_time_is_not_cut(more: str) -> None:
    """A part of such a run does not stand for the whole, so it stays whole however many deploys it has."""
    text = RANGES.replace('"20/h"', '"9000/h"').replace('"400/h"', '"90000/h"')
    assert asked(text).lasts(asked(text).start) == "400 s"
    if more.startswith("run."):
        text, more = text.replace("seed = 7", f"seed = 7, {more.removeprefix('run.')}"), ""
    if more.startswith("demand."):
        text, more = text.replace("apps = 5", f"apps = 5, {more.removeprefix('demand.')}"), ""
    found = asked(text + more)
    assert found.lasts(found.start) is None


def test_what_is_saved_is_the_scenario_there() -> None:
    """The file loads to the same canonical text, its chosen values say where they are from and keep their range."""
    found = question(sim.load("metros"), ["metros"])
    places = tuple(0 if each.name in ("clients.*.up", "demand.nodes") else each.start for each in found.sliders)
    document = tomllib.loads(found.text(places))
    made = Scenario.from_document(document, found.scenario.name)
    assert canonical(made) == canonical(found.scenario.with_(found.settings(places)))
    up = document["clients"]["dal-dev"]["up"]
    assert up["source"].startswith("chosen on the page of regsim explore; before: 50 Mbit/s")
    assert up["range"] == ["10 Mbit/s", "1000 Mbit/s"]


def test_the_command_gives_the_page_s_answer(
    serves: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, regsim: Callable[..., Answer]
) -> None:
    """What the page says to copy has `regsim compare` make the same runs: equal digests, and the same sentence."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ranges.toml").write_text(RANGES)
    places = (0, 5, *serves.answers.question.start[2:])
    events = serves.events(places)
    command = [told["text"] for name, told in events if name == "command"][-1]
    program, *words = shlex.split(command)
    answer = regsim(*words, "--json", "-q", "--executor", "serial", "--engine", "reference")
    assert (program, answer.code) == ("regsim", 0)
    found = json.loads(answer.out)
    shown = [told["html"] for name, told in events if name == "part" and told["id"] == "answer"][-1]
    assert found["verdict"].split("\n")[0] in shown
    assert f"After {found['runs']} runs" in shown
