"""A planner's own pushes on the command line: a file where the planner stands, and slips told in a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[..., Any]


@pytest.fixture
def apart(small: str) -> str:
    """The small scenario in another folder than the one that the command runs in."""
    Path("elsewhere").mkdir()
    return str(Path(small).rename("elsewhere/small.toml"))


def test_a_table_beside_the_planner_is_found(regsim: Ask, apart: str) -> None:
    """A file in the current folder is meant before one beside the scenario."""
    Path("pushes.csv").write_text("time,client\n0,dev1\n5 min,dev\n")
    Path("elsewhere/pushes.csv").write_text("time\n0\n")
    answer = regsim("run", apart, "--set", "demand.table=pushes.csv", "--json", "--quiet")
    assert (answer.code, json.loads(answer.out)["deploys"]) == (0, 2)


def test_a_table_beside_the_scenario_is_found(regsim: Ask, apart: str) -> None:
    """Where the current folder has none of that name, the scenario's is looked into, as for a file that names it."""
    Path("elsewhere/pushes.csv").write_text("time\n0\n")
    answer = regsim("run", apart, "--set", "demand.table=pushes.csv", "--json", "--quiet")
    assert (answer.code, json.loads(answer.out)["deploys"]) == (0, 1)


def test_a_slip_in_a_table_is_one_line(regsim: Ask, small: str) -> None:
    """File, line, column, value and remedy; exit code 2."""
    Path("pushes.csv").write_text("time,client\n0,dve1\n")
    answer = regsim("compare", small, "--set", "demand.table=pushes.csv")
    path = Path("pushes.csv").absolute()
    assert (answer.code, answer.out) == (2, "")
    said = f'small.toml: demand.table: {path}:2: client: unknown client, got "dve1"; did you mean "dev1"?\n'
    assert answer.err == said


def test_a_replay_by_the_policies_has_no_log_beside_it(regsim: Ask, small: str) -> None:
    """`regsim replay` says to compare instead."""
    Path("log.csv").write_text("at_s,op,client,count,repository,tag,blobs\n0,push,a,1,x,v1,l=5000 c=100\n")
    replay = ("--set", "demand.replay.log=log.csv", "--set", "demand.replay.route=policies")
    answer = regsim("replay", small, *replay)
    assert answer.code == 2
    assert answer.err.endswith("so that nothing stands beside the log; use regsim run or compare, or leave it out\n")
    assert regsim("compare", small, *replay, "--runs", "2", "--quiet").code == 0
