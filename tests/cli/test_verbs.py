"""Each verb of the command line: what it prints, what it writes, and its document for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import sim
from sim.scenario import canonical
from sim.tables import rows

Ask = Callable[..., Any]


def test_check_says_that_each_file_is_valid(regsim: Ask, small: str) -> None:
    """A valid scenario gets a line on standard output and exit code 0."""
    answer = regsim("check", small, small)
    assert (answer.code, answer.out, answer.err) == (0, "small.toml: valid\n", "")


def test_check_tells_every_fault_of_every_file(regsim: Ask, small: str) -> None:
    """Three mistakes in one file and one in another are four lines; a good file among them is still valid."""
    text = Path(small).read_text()
    bad = text.replace("40/h", "40").replace('"10 MB"', '"10 Mbyte"').replace("apps", "app")
    Path("three.toml").write_text(bad)
    answer = regsim("check", "three.toml", small, "none.toml")
    assert answer.code == 2
    assert answer.out == "small.toml: valid\n"
    starts = [line.split("; ")[0] for line in answer.err.splitlines()]
    assert starts == [
        'three.toml: images.app.kernel: unknown unit "Mbyte", got "10 Mbyte"',
        'three.toml: demand.rate: a frequency needs its unit, got "40"',
        "three.toml: demand.app: unknown key, got 5",
        "none.toml: no such file",
    ]


def test_check_as_a_document(regsim: Ask, small: str) -> None:
    """`--json` lists faults by file in parts, beside the lines on standard error; the exit code stays."""
    answer = regsim("check", small, "none.toml", "--json")
    assert answer.code == 2
    assert json.loads(answer.out) == {
        "schema": "regsim.check/1",
        "files": {
            "small.toml": {"valid": True, "faults": []},
            "none.toml": {
                "valid": False,
                "faults": [{"where": "none.toml", "problem": "no such file", "remedy": "check the path"}],
            },
        },
        "warnings": [],
    }


def test_show_loads_again_to_the_same_scenario(regsim: Ask, small: str) -> None:
    """What `show` prints is a scenario file that means the same, with sources as comments."""
    answer = regsim("show", small, "--set", "demand.rate=30/h")
    assert (answer.code, answer.err) == (0, "")
    Path("shown.toml").write_text(answer.out)
    assert canonical(sim.load("shown.toml")) == canonical(sim.load(small, {"demand.rate": "30/h"}))
    assert "# measured" in answer.out


def test_show_a_variant_as_a_document(regsim: Ask, small: str) -> None:
    """`--json` gives each value by dotted key with what it rests on; `--variant` is resolved."""
    document = json.loads(regsim("show", small, "--variant", "node-direct", "--json").out)
    assert (document["schema"], document["variant"]) == ("regsim.show/1", "node-direct")
    assert document["variants"] == ["central", "node-direct"]
    assert document["values"]["policies.route"]["value"] == "node-direct"
    kernel = {"value": "10 MB", "default": False, "source": "measured", "assumption": False, "range": None}
    assert document["values"]["images.app.kernel"] == kernel
    assert document["values"]["central.workers"]["default"]


def test_schema_is_one_json_document(regsim: Ask) -> None:
    """The schema is the same with and without `--json` and knows the tables."""
    plain, as_json = regsim("schema"), regsim("schema", "--json")
    assert plain == as_json
    assert {"run", "demand", "variants"} <= json.loads(plain.out)["properties"].keys()


def test_run_as_a_document(regsim: Ask, small: str) -> None:
    """`run --json` prints exactly one document, with the promised keys and every metric."""
    answer = regsim("run", small, "--variant", "central", "--json")
    document = json.loads(answer.out)
    assert answer.code == 0
    assert document["schema"] == "regsim.run/1"
    assert {
        "scenario", "variant", "seed", "deploys", "failed", "flows", "events", "simulated_s", "wall_s",
        "peak_rss_bytes", "digest", "metrics",
    } <= document.keys()  # fmt: skip
    assert (document["variant"], document["seed"]) == ("central", 7)
    assert rows.METRICS.keys() <= document["metrics"].keys()


def test_run_says_the_digest_and_the_speed(regsim: Ask, small: str) -> None:
    """For people, `run` prints distributions, totals, deploys per second and the digest of the same run."""
    digest = json.loads(regsim("run", small, "--json").out)["digest"]
    answer = regsim("run", small)
    assert answer.code == 0
    assert answer.err == "simulating small.toml\n"
    assert f"digest {digest}\n" in answer.out
    assert "deploys/s" in answer.out
    assert "deploy latency" in answer.out


@pytest.mark.parametrize("words", [("--seed", "8"), ("--set", "demand.apps=4"), ("--variant", "node-direct")])
def test_options_of_a_run_reach_it(regsim: Ask, small: str, words: tuple[str, ...]) -> None:
    """Another seed, value or variant gives other rows; the same again gives the same."""
    first, again, other = (json.loads(regsim("run", small, "--json", *more).out)["digest"] for more in ((), (), words))
    assert first == again != other


def test_detail_is_run_detail(regsim: Ask, small: str) -> None:
    """`--detail requests` simulates each request, which takes more events for the same deploys."""
    phases, requests = (
        json.loads(regsim("run", small, "--json", "--detail", detail).out) for detail in ("phases", "requests")
    )
    assert requests["events"] > phases["events"]
    assert requests["deploys"] == phases["deploys"]


def test_run_writes_tables_figures_and_a_manifest(regsim: Ask, small: str) -> None:
    """`run --out` writes a Parquet file for each table, both figures, the document and the manifest."""
    answer = regsim("run", small, "--out", "new/out", "--json")
    assert answer.err == "simulating small.toml\nwrote new/out\n"
    names = {path.name for path in Path("new/out").iterdir()}
    assert names == {
        "run.json",
        "manifest.json",
        "run.png",
        "run.svg",
        *(f"{name}.parquet" for name in (*rows.TABLES, "lanes")),
    }
    assert json.loads(Path("new/out/run.json").read_text()) == json.loads(answer.out)


@pytest.mark.usefixtures("no_flips")
def test_compare_as_a_document(regsim: Ask, small: str) -> None:
    """`compare --json` prints exactly one document with means and bounds, paired differences and the verdict."""
    answer = regsim("compare", small, "--executor", "serial", "--json")
    document = json.loads(answer.out)
    assert answer.code == 0
    assert document["schema"] == "regsim.compare/1"
    assert (document["baseline"], document["runs"]) == ("central", 3)
    assert document["variants"].keys() == {"central", "node-direct"}
    assert document["variants"]["central"]["wan_bytes"].keys() == {"mean", "low", "high"}
    assert document["differences"].keys() == {"node-direct"}
    assert document["differences"]["node-direct"]["wan_bytes"].keys() == {"mean", "low", "high", "decided"}
    assert document["verdict"].startswith("node-direct")


def test_compare_prints_tables_and_the_verdict(regsim: Ask, small: str) -> None:
    """For people: variants, differences, the pairing line, then the verdict as the last lines; progress apart."""
    verdict = json.loads(regsim("compare", small, "--runs", "2", "--executor", "serial", "--json").out)["verdict"]
    answer = regsim("compare", small, "--runs", "2", "--executor", "serial")
    lines = answer.out.splitlines()
    assert lines[0] == "Variants: mean of 2 runs [95 % interval]"
    assert "Difference from central: mean over 2 paired runs [95 % interval]" in lines
    assert any(line.startswith("Random numbers shared by node-direct and central: ") for line in lines)
    assert lines[-len(verdict.splitlines()) :] == verdict.splitlines()
    # The runs that doubled what held deploys back are asked for when the others have told what that is.
    assert re.fullmatch(
        r"0 of 4 runs, starting\n(\d of (4|10) runs, .* left\n)*10 of 10 runs, \d+ s in all\n(warning: .*\n)*",
        answer.err,
    )


def test_compare_of_one_run_claims_no_interval(regsim: Ask, small: str) -> None:
    """With one run there are means, no brackets, no pairing, and titles that say so."""
    answer = regsim("compare", small, "--runs", "1", "--executor", "serial")
    assert answer.out.startswith("Variants: one run each, so no intervals\n")
    assert "[" not in answer.out
    assert "Random numbers" not in answer.out


def test_compare_without_variants(regsim: Ask, small: str) -> None:
    """A scenario without variants gets its table and a verdict, and no differences."""
    text = Path(small).read_text()
    Path("alone.toml").write_text(text[: text.index("variants.")])
    answer = regsim("compare", "alone.toml", "--runs", "2", "--executor", "serial")
    assert answer.code == 0
    assert "Difference" not in answer.out
    assert "there is no variant to compare it with.\n" in answer.out


@pytest.mark.usefixtures("no_flips")
def test_compare_writes_tables_figures_and_a_manifest(regsim: Ask, small: str) -> None:
    """`compare --out` writes metrics of all runs, the first run's tables by variant, figures and documents."""
    answer = regsim("compare", small, "--executor", "serial", "--out", "out", "--quiet")
    assert answer.err == ""
    names = {path.name for path in Path("out").iterdir()}
    assert names == {
        "central", "node-direct", "comparison.png", "comparison.svg", "compare.json", "manifest.json",
        "metrics.parquet", "runs.parquet", "question.json",
    }  # fmt: skip
    assert set(pq.read_table("out/metrics.parquet").column("run").to_pylist()) == {0, 1, 2}


@pytest.mark.usefixtures("no_flips")
def test_quiet_leaves_only_the_answer(regsim: Ask, small: str) -> None:
    """With `--quiet` nothing stands on standard error, and the answer is the same."""
    assert regsim("run", small, "--quiet").err == ""
    loud, quiet = (regsim("compare", small, "--executor", "serial", *more) for more in ((), ("--quiet",)))
    assert quiet.err == "" != loud.err
    assert quiet.out == loud.out
