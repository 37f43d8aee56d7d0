"""Bad rig files: one line each, naming the file, the scenario, the key and the value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.calibrate.parameters import read, shipped
from sim.calibrate.rig import read_measured, read_scenarios
from sim.calibrate.score import score
from sim.errors import InputError

GOOD: dict[str, Any] = {
    "name": "pair-x", "congestion": "cubic", "repeat": 1,
    "hosts": [
        {"name": "a", "up": 10, "down": 10, "delay": 1},
        {"name": "b", "up": 10, "down": 10, "delay": 1, "registry": "plain"},
    ],
    "steps": [[{"op": "push", "at": "a", "to": "b", "image": "o/i", "layers": [["k", 10]]}]],
}  # fmt: skip
HEADER = "scenario,repeat,step,op,at,peer,image,concurrent,seconds,step_tx_bytes,step_rx_bytes\n"


def edited(**changes: Any) -> str:
    """The good scenario with other values."""
    return json.dumps([{**GOOD, **changes}])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", ":1: is no JSON: Expecting property name enclosed in double quotes; give a list of scenarios"),
        ("{}", ": must be a list of scenarios, got dict"),
        (edited(repeat=0), ": pair-x.repeat: Input should be greater than 0, got 0"),
        (edited(colour="red"), ': pair-x.colour: Extra inputs are not permitted, got "red"'),
        (
            edited(steps=[[{**GOOD["steps"][0][0], "at": "z"}]]),
            ": pair-x: no host is named 'z'; the hosts are a, b",
        ),
        (
            edited(steps=[[{**GOOD["steps"][0][0], "to": "a"}]]),
            ": pair-x: no registry runs on 'a'; give that host registry = \"plain\"",
        ),
        (edited(steps=[[{"op": "pull", "at": "a", "image": "i"}]]), ": pair-x.steps.0.0: a pull needs `from`"),
    ],
)
def test_a_bad_rig_is_told_in_a_line(text: str, told: str, tmp_path: Path) -> None:
    """The line names the file, the place in it, and what is wrong."""
    file = tmp_path / "rig.json"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_scenarios(file)
    assert str(caught.value) == f"{file}{told}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1,2\n", ":1: the header lacks columns; it needs " + HEADER.strip().replace(",", ", ")),
        (
            HEADER + "s,0,0,push,a,b,i,1,-2,0,0\n",
            ':2: seconds: Input should be greater than 0, got "-2"',
        ),
    ],
)
def test_bad_measurements_are_told_in_a_line(text: str, told: str, tmp_path: Path) -> None:
    """The line names the file, the line in it, the column and the value."""
    file = tmp_path / "measured.csv"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_measured(file)
    assert str(caught.value) == f"{file}{told}"


def test_measurements_of_another_rig_are_refused(tmp_path: Path) -> None:
    """A scenario that the rig does not have is named."""
    rig, measured = tmp_path / "rig.json", tmp_path / "measured.csv"
    rig.write_text(json.dumps([GOOD]))
    measured.write_text(HEADER + "other,0,0,push,a,b,i,1,2,0,0\n")
    with pytest.raises(InputError, match=r"measures a scenario that .* lacks, got 'other'; give both of one rig"):
        score(rig, measured)


def test_a_congestion_control_that_was_never_measured_is_refused() -> None:
    """Those that were are named."""
    with pytest.raises(InputError, match="no parameters were fitted for 'reno'; one of bbr, cubic"):
        shipped("reno")


def test_parameters_are_read_strictly(tmp_path: Path) -> None:
    """A mistyped key is named with the near one."""
    file = tmp_path / "own.toml"
    file.write_text("[parameters]\npush_trip = 2\n")
    with pytest.raises(InputError) as caught:
        read(file)
    assert str(caught.value) == f'{file}: parameters.push_trip: unknown key; did you mean "push_trips"?'
