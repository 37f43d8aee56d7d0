"""A gate's answer in the formats of CI systems: well formed, whatever names are in it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from sim.experiment import kept
from sim.experiment.comparison import Comparison
from sim.experiment.gate import Gate, diff
from sim.experiment.judging import How
from sim.report import gates

HOSTILE = "v%0A::error::x\n<b>|`\"&'\x1b[31m"


@pytest.fixture(scope="module")
def found(outcome: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Gate:
    """The small question against itself, with one metric of a variant of a hostile name twice as large."""
    path = tmp_path_factory.mktemp("kept") / "one.json"
    kept.keep(outcome, path)
    one = kept.read(path)
    central = {
        metric: values * (2 if metric == "push_s.p50" else 1) for metric, values in one.values["central"].items()
    }
    two = replace(one, values={"central": central})
    made = diff(one, two, How())
    (moved,) = made.moved
    others = tuple(each for each in made.judged if each is not moved)
    undecided = replace(others[0], verdict="undecided")
    return replace(made, judged=(replace(moved, variant=HOSTILE), undecided, *others[1:]))


def test_workflow_commands_are_a_line_each(found: Gate) -> None:
    """One error for what moved and one for the variant that is gone, one notice; no name begins a command."""
    lines = gates.github(found).splitlines()
    kinds = [line.split(" ")[0] for line in lines if line.startswith("::")]
    assert kinds == ["::error", "::error", "::notice"]
    assert "+100 %25" in lines[0]
    assert "%250A" in lines[0]
    assert "::variant node-direct" not in lines[1]
    assert lines[-1] == f"1 of {found.metrics} metrics moved, 1 undecided"


def test_junit_is_xml_with_a_case_a_metric(found: Gate) -> None:
    """One failure, one that was skipped, and one for the variant that is gone."""
    suite = ElementTree.fromstring(gates.junit(found)).find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    assert (len(cases), suite.get("tests")) == (found.metrics + 1, str(found.metrics + 1))
    assert [len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "skipped")] == [2, 1]


def test_markdown_has_a_row_for_what_moved(found: Gate) -> None:
    """Cells stay cells: no name adds a column, a line, or HTML."""
    text = gates.markdown(found)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 3
    assert all(line.replace("\\|", "").count("|") == 7 for line in rows)
    assert "<b>" not in text


def test_bencher_and_benchmark_action_are_json(found: Gate) -> None:
    """Every metric has its measure; of those that are worse when they grow, name, unit and value."""
    bencher = json.loads(gates.bmf(found))
    assert bencher["central/pull_s.p50"]["s"]["value"] > 0
    listed = json.loads(gates.benchmark_action(found))
    assert {"name", "unit", "value", "range", "extra"} == set(listed[0])
    assert not any("dedup_saved_bytes" in each["name"] for each in listed)


def test_order_is_that_of_the_stored_result(found: Gate) -> None:
    """Metrics stand as the stored result has them, whatever moved by how much."""
    suite = ElementTree.fromstring(gates.junit(found)).find("testsuite")
    assert suite is not None
    names = [str(case.get("name")).split(": ")[-1] for case in suite.findall("testcase")][: found.metrics]
    assert names == [each.metric for each in found.judged]
