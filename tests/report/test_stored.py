"""Results read back from what was written: the same rows, and one line for what is no result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.errors import InputError
from sim.experiment.comparison import Comparison
from sim.report import stored
from sim.scenario import Scenario


def test_a_run_read_back_is_the_run(scenario: Scenario, tmp_path: Path) -> None:
    """Its rows have the digest that they had, so all metrics and the bill follow alike."""
    result = sim.run(scenario.variant("node-direct"), seed=3, engine="reference")
    result.write(tmp_path)
    again = stored.read(tmp_path).samples["node-direct"]
    assert again.digest == result.digest
    assert again.held_back == result.held_back
    assert (again.seed, again.run, again.events, again.flows) == (3, 0, result.events, result.flows)


def test_a_comparison_read_back_has_the_first_run_of_each_variant(outcome: Comparison, tmp_path: Path) -> None:
    """With the digests that its document has, under the scenario of each variant."""
    outcome.write(tmp_path)
    found = stored.read(tmp_path)
    assert {name: each.digest for name, each in found.samples.items()} == {
        name: digests[0] for name, digests in outcome.digests.items()
    }
    assert {each.scenario.variant_name for each in found.samples.values()} == {"central", "node-direct"}


def test_a_document_alone_has_no_rows(outcome: Comparison, tmp_path: Path) -> None:
    """What `--json` printed is a result of which less can be shown."""
    (tmp_path / "answer.json").write_text(json.dumps(outcome.to_json()))
    found = stored.read(tmp_path / "answer.json")
    assert (found.kind, found.samples, found.scenario) == ("compare", {}, None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON"),
        (100_000 * "[", "it is nested too deeply"),
        ("[]", "is of no result"),
        ('{"schema": "regsim.show/1"}', "is of no result"),
        ('{"schema": "regsim.score/1"}', 'lacks "groups"'),
    ],
)
def test_what_is_no_result_is_said_in_a_line(text: str, says: str, tmp_path: Path) -> None:
    """The file, what is wrong with it, and what to name instead."""
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match=says) as raised:
        stored.read(tmp_path / "x.json")
    assert "\n" not in str(raised.value)


def test_an_empty_directory_is_no_result(tmp_path: Path) -> None:
    """The line says which verbs write one."""
    with pytest.raises(InputError, match="has no document of a result; name a directory that --out of best, capacity"):
        stored.read(tmp_path)


def test_a_table_that_lacks_a_column_is_said(outcome: Comparison, tmp_path: Path) -> None:
    """A result that another version wrote is named by file and column, without a traceback."""
    outcome.write(tmp_path)
    starts = tmp_path / "central" / "starts.parquet"
    starts.write_bytes((tmp_path / "central" / "drops.parquet").read_bytes())
    with pytest.raises(InputError, match="lacks the column deploy"):
        _ = stored.read(tmp_path).samples


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("differences", "b", "wan_bytes", "high"), "much"), (("variants", "b", "wan_bytes"), []),
        (("failures", "a", "failed"), None), (("verdict",), 7), (("variants",), True),
        (("held_back", "a", "0", "group"), None),
    ],
)  # fmt: skip
def test_a_document_that_was_edited_by_hand_is_refused_by_its_place(
    path: tuple[str, ...], value: Any, tmp_path: Path
) -> None:
    """A text where a number stood is named by its keys; a mean that is null is none that failed to be one."""
    bounds = {"mean": None, "low": 1, "high": 2.5}
    document: dict[str, Any] = {
        "schema": "regsim.compare/1", "scenario": "x", "baseline": "a", "verdict": "none",
        "variants": {"a": {"wan_bytes": bounds}, "b": {"wan_bytes": dict(bounds)}},
        "differences": {"b": {"wan_bytes": bounds | {"decided": False}}},
        "failures": {"a": {"failed": 0, "deploys": 5, "reasons": {}}},
        "held_back": {"a": [{"kind": "requests", "group": "n", "seconds": 1, "waited_s": 0.5, "share": None}]},
    }  # fmt: skip
    (tmp_path / "x.json").write_text(json.dumps(document))
    assert stored.read(tmp_path / "x.json").kind == "compare"
    at: Any = document
    for key in path[:-1]:
        at = at[int(key)] if isinstance(at, list) else at[key]
    at[path[-1]] = value
    (tmp_path / "x.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match=f"x.json: {'.'.join(path)}: is not what stands there"):
        stored.read(tmp_path / "x.json")
