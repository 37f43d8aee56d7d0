"""Bad rig files: one line each, naming the file, the scenario, the key and the value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.calibrate.rig.parameters import read, shipped
from sim.calibrate.rig.reading import read_measured, read_scenarios
from sim.calibrate.rig.score import score
from sim.errors import InputError

PUSH: dict[str, Any] = {"op": "push", "at": "a", "to": "b", "image": "o/i", "layers": [["k", 10]]}
GOOD: dict[str, Any] = {
    "name": "pair-x", "congestion": "cubic", "repeat": 1,
    "hosts": [
        {"name": "a", "up": 10, "down": 10, "delay": 1},
        {"name": "b", "up": 10, "down": 10, "delay": 1, "registry": "plain"},
    ],
    "steps": [[PUSH]],
}  # fmt: skip
HEADER = "scenario,repeat,step,op,at,peer,image,concurrent,seconds,step_tx_bytes,step_rx_bytes\n"


def edited(**changes: Any) -> str:
    """The good scenario with other values."""
    return json.dumps([{**GOOD, **changes}])


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("{", ":1: is no JSON: Expecting property name enclosed in double quotes; give a list of scenarios"),
        ("{}", ": must be a list of scenarios, got dict"),
        (edited(repeat=0), ": pair-x: repeat: Input should be greater than 0, got 0"),
        (
            edited(colour="red"),
            ': pair-x: colour: Extra inputs are not permitted, got "red"; remove it, or spell it as the format does',
        ),
        (edited(steps=[[]]), ": pair-x: steps.0: must not be empty, got []; remove it, or give it an operation"),
        (edited(steps=[[{**PUSH, "at": "z"}]]), ": pair-x: steps.0.0.at: no host is named 'z'; one of a, b"),
        (
            edited(steps=[[{**PUSH, "at": "b", "to": "a"}]]),
            ": pair-x: steps.0.0.to: no registry runs on 'a'; give that host registry = \"plain\"",
        ),
        (
            edited(steps=[[{**PUSH, "at": "b"}]]),
            ": pair-x: steps.0.0.to: must be another host than `at`, got 'b'; name two hosts",
        ),
        (edited(steps=[[{"op": "pull", "at": "a", "image": "i"}]]), ": pair-x: steps.0.0: a pull needs `from`"),
        (
            edited(steps=[[{"op": "pull", "at": "a", "from": "b", "image": "i"}]]),
            ": pair-x: steps.0.0.image: no step before pushes 'i' to 'b'; push it first, or pull another",
        ),
        (
            edited(steps=[[PUSH], [{**PUSH, "layers": [["k", 11]]}]]),
            ": pair-x: steps.1.0.layers: 'k' had 10 bytes before, got 11; give another blob another key",
        ),
        (
            edited(hosts=[*GOOD["hosts"], GOOD["hosts"][0]]),
            ": pair-x: hosts: must have different names, got 'a' 2 times; give each its own",
        ),
        (json.dumps([GOOD, GOOD]), ": pair-x: name: 2 scenarios have it; give each its own"),
    ],
)
def test_a_bad_rig_is_reported_in_a_line(text: str, reported: str, tmp_path: Path) -> None:
    """The line names the file, the place in it, and what is wrong."""
    file = tmp_path / "rig.json"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_scenarios(file)
    assert str(caught.value) == f"{file}{reported}"


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("a,b\n1,2\n", ":1: the header lacks columns; it needs " + HEADER.strip().replace(",", ", ")),
        (
            HEADER + "s,0,0,push,a,b,i,1,-2,1,1\n",
            ':2: seconds: Input should be greater than 0, got "-2"',
        ),
        (
            HEADER + "s,0,0,push,a,b,i,1,2,inf,1\n",
            ':2: step_tx_bytes: Input should be a finite number, got "inf"',
        ),
        (HEADER + "s,0,0\n", ":2: must have 11 fields as the header has, got 3; one field a column"),
    ],
)
def test_bad_measurements_are_reported_in_a_line(text: str, reported: str, tmp_path: Path) -> None:
    """The line names the file, the line in it, the column and the value."""
    file = tmp_path / "measured.csv"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_measured(file)
    assert str(caught.value) == f"{file}{reported}"


@pytest.mark.parametrize(
    ("rows", "reported"),
    [
        (["other,0,0,push,a,b,o/i"], ": other: the rig has no such scenario; one of pair-x"),
        (["pair-x,0,7,push,a,b,o/i"], ": pair-x: step: must be 0 to 0, got 7"),
        (
            ["pair-x,0,0,push,a,b,o/i"] * 2,
            ": pair-x: step 0, repeat 0: the rig does not do this, or not so often: push a b o/i; "
            "give both files of one rig",
        ),
        (
            ["pair-x,0,0,push,a,b,o/i", "pair-x,0,0,push,a,b,o/j", "pair-x,1,0,push,a,b,o/i"],
            ": pair-x: step 0, repeat 1: lacks a row: push a b o/j; give both files of one rig",
        ),
    ],
)
def test_measurements_of_another_rig_are_refused(rows: list[str], reported: str, tmp_path: Path) -> None:
    """Every row is an operation of the rig, and a repeat that was measured was measured whole."""
    rig, measured = tmp_path / "rig.json", tmp_path / "measured.csv"
    also = [{**PUSH, "image": "o/j"}] if any("o/j" in row for row in rows) else []
    rig.write_text(edited(steps=[[PUSH, *also]]))
    measured.write_text(HEADER + "".join(f"{row},1,2,1,1\n" for row in rows))
    with pytest.raises(InputError) as caught:
        score(rig, measured)
    assert str(caught.value) == f"{measured}{reported}"


PROXY = {"name": "c", "up": 10, "down": 10, "delay": 1, "registry": "proxy:b"}


def test_what_the_model_does_not_know_is_not_scored(tmp_path: Path) -> None:
    """The rig measures more than the model simulates: the line names the scenario and says to leave it out."""
    rig, measured = tmp_path / "rig.json", tmp_path / "measured.csv"
    rig.write_text(edited(hosts=[*GOOD["hosts"], PROXY], steps=[[PUSH], [{**PUSH, "to": "c"}]]))
    measured.write_text(HEADER + "pair-x,0,0,push,a,b,o/i,1,2,1,1\n")
    reported = "steps.1: a registry that pulls through takes no pushes"
    with pytest.raises(InputError) as caught:
        score(rig, measured)
    assert str(caught.value) == f"{rig}: pair-x: {reported}; leave the scenario out"


@pytest.mark.parametrize(
    ("changes", "reported"),
    [
        (
            {"hosts": [*GOOD["hosts"], {**PROXY, "registry": "proxy:a"}]},
            "hosts.2.registry: no plain registry runs on 'a'",
        ),
        ({"hosts": [*GOOD["hosts"], {**PROXY, "via": "z"}]}, "hosts.2.via: must be a host that is behind no other"),
        ({"cuts": [{"host": "z", "step": 0, "after_s": 1, "for_s": 1}]}, "cuts.0.host: no host is named 'z'"),
        (
            {"cuts": [{"host": "a", "step": 0, "after_s": 1, "for_s": 1e9}]},
            "cuts.0.for_s: Input should be less than or equal to 600, got 1000000000.0",
        ),
        ({"cuts": [{"host": "a", "step": 3, "after_s": 1, "for_s": 1}]}, "cuts.0.step: must be 0 to 0, got 3"),
    ],
)
def test_links_that_do_not_meet_are_reported(changes: dict[str, Any], reported: str, tmp_path: Path) -> None:
    """A proxy needs a registry, a host behind another that other, a cut its host and step."""
    file = tmp_path / "rig.json"
    file.write_text(edited(**changes))
    with pytest.raises(InputError) as caught:
        read_scenarios(file)
    assert str(caught.value).startswith(f"{file}: pair-x: {reported}")


def test_a_congestion_control_that_was_never_measured_is_refused(tmp_path: Path) -> None:
    """Those that were are named."""
    with pytest.raises(InputError, match="no parameters were fitted for 'reno'; one of bbr, cubic"):
        shipped("reno")
    file = tmp_path / "rig.json"
    file.write_text(edited(congestion="reno"))
    with pytest.raises(InputError) as caught:
        read_scenarios(file)
    assert str(caught.value) == f"{file}: pair-x: congestion: Input should be 'cubic' or 'bbr', got \"reno\""


def test_parameters_are_read_strictly(tmp_path: Path) -> None:
    """A mistyped key is named with the near one."""
    file = tmp_path / "own.toml"
    file.write_text("[parameters]\npush_trip = 2\n")
    with pytest.raises(InputError) as caught:
        read(file)
    assert str(caught.value) == f'{file}: parameters.push_trip: unknown key; did you mean "push_trips"?'
