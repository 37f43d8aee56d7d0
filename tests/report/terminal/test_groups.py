"""Tables by group, and thresholds on one group, as the command line gives them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.report.terminal.groups import comparison_blocks, run_blocks
from sim.scenario import Scenario

ASKED = """
run = { duration = "30 min", seed = 7, runs = 2 }
demand = { rate = "60/h", apps = 5, updates = 0.5 }
"""


@pytest.fixture(scope="module")
def sites(two_sites: str) -> Scenario:
    return Scenario.from_document(tomllib.loads(ASKED + two_sites), "sites")


@pytest.fixture
def file(tmp_path: Path, two_sites: str) -> str:
    path = tmp_path / "sites.toml"
    path.write_text(ASKED + two_sites)
    return str(path)


def test_a_runs_table_has_a_column_for_each_group_and_names_those_without_deploys(sites: Scenario) -> None:
    """Sites a and b have columns; idle is said to have no deploys, and what is not split by site is named, and why."""
    (block,) = run_blocks(sim.run(sites, variant="central"), ["site"])
    assert block.title == "By site: site of the client that deployed"
    assert list(block.columns) == ["a", "b"]
    assert {len(cells) for cells in block.columns.values()} == {len(block.labels)}
    assert block.notes[0] == "no deploys of site idle"
    assert "cost_usd_per_month (links and registries are paid for together)" in block.notes[1]


def test_a_comparisons_tables_have_a_row_for_each_metric_and_group(sites: Scenario) -> None:
    """Variants, then paired differences; groups without deploys have no row."""
    outcome = sim.compare(sites, executor="serial", by="client")
    measured, apart = comparison_blocks(outcome, ["client"])
    assert measured.labels[:4] == ["deploys, dev", "deploys, ops", "deploy latency p50, dev", "deploy latency p50, ops"]
    assert list(measured.columns) == ["central", "node-direct"]
    assert list(apart.columns) == ["node-direct"]
    assert apart.labels == measured.labels[2:]


def test_where_no_group_has_deploys_a_table_is_its_notes(file: str, regsim: Callable[..., Any]) -> None:
    """No label stands alone: under its title it is said at once that no site has deploys."""
    for verb, title in (("run", "By site: site of the client"), ("compare", "Difference from central, by site")):
        answer = regsim(verb, file, "-q", "--by", "site", "--set", "demand.hours=10:00-11:00", "--set", "run.runs=1")
        lines = answer.out.splitlines()
        (at,) = (number for number, line in enumerate(lines) if line.startswith(title))
        assert lines[at + 1].startswith("no deploys of site a, b, idle")


@pytest.mark.usefixtures("no_flips")
def test_a_threshold_on_one_group_is_judged(file: str, regsim: Callable[..., Any]) -> None:
    """`deploys[site=idle] <= 0` is met, `failed_deploys[client=ops] > 0` missed, which is exit code 99."""
    answer = regsim(
        "compare", file, "--executor", "serial", "--until", "deploys[site=idle] <= 0", "--until",
        "central: failed_deploys[client=ops] > 0", "--json", "-q",
    )  # fmt: skip
    document = json.loads(answer.out)
    assert answer.code == 99
    assert [each["outcome"] for each in document["thresholds"]] == ["met", "met", "missed"]
    assert document["variants"]["central"]["deploys[site=idle]"]["mean"] == 0


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--by", "sites"], '--by: nothing is split by that, got "sites"; did you mean "site"?'),
        (["--until", "deploys[site=c] < 3"], '--until: site "c" is not in the scenario; one of a, b, idle'),
        (
            ["--until", "cost_usd[site=a] < 3 USD"],
            "--until: cost_usd cannot be split by site: links and registries are paid for together; "
            "leave the brackets out",
        ),
    ],
)
def test_what_cannot_be_told_by_group_is_one_line(
    file: str, options: list[str], line: str, regsim: Callable[..., Any]
) -> None:
    """Before any run, on standard error, with exit code 2."""
    answer = regsim("compare", file, "-q", *options)
    assert (answer.code, answer.err.strip().splitlines()[-1]) == (2, line)
