"""`regsim why`: one deploy or the slowest, as text, as a document, and as files for viewers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.small_question import Answer


@pytest.fixture
def ran(small: str, regsim: Callable[..., Answer]) -> str:
    """A run in a directory."""
    asked = ("run", small, "--variant", "central", "--engine", "reference", "--out", "ran", "--quiet")
    assert regsim(*asked).code == 0
    return "ran"


@pytest.mark.integration
def test_one_deploy_is_told_second_by_second(ran: str, regsim: Callable[..., Answer]) -> None:
    """Its seconds as text and as a document add up to its latency, and twice its line saves it some."""
    asked = ("why", ran, "--deploy", "0", "--gains", "1", "--runs", "1", "--engine", "reference", "-q")
    answer = regsim(*asked)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("central: deploy 0: dev")
    assert "doubling hub-dev" in answer.out
    document = json.loads(regsim(*asked, "--json").out)
    found = document["variants"]["central"]
    assert document["schema"] == "regsim.why/1"
    assert sum(step["lasts_s"] for step in found["steps"]) == pytest.approx(found["latency_s"][0], abs=1e-9)
    assert found["counterfactuals"][0]["saves_s"]["mean"] > 0


@pytest.mark.integration
def test_the_slowest_are_asked_unless_one_is_named(ran: str, regsim: Callable[..., Answer]) -> None:
    """A share of them together, and files for viewers beside."""
    answer = regsim("why", ran, "--slowest", "10%", "--gains", "0", "--otlp", "o/o.json", "--perfetto", "p.json", "-q")
    assert (answer.code, answer.err) == (0, "")
    assert "the slowest 10 %, 4 of 41 deploys" in answer.out
    assert json.loads(Path("o/o.json").read_text())["resourceSpans"]
    assert json.loads(Path("p.json").read_text())["traceEvents"]


@pytest.mark.integration
def test_perfetto_s_own_format_is_chosen_by_the_file_s_name(ran: str, regsim: Callable[..., Answer]) -> None:
    """A file of Perfetto's suffix is protobuf, which begins with a packet of the trace (field 1, bytes)."""
    answer = regsim("why", ran, "--gains", "0", "--perfetto", "t.pftrace")
    assert answer.code == 0
    assert "wrote t.pftrace" in answer.err
    assert Path("t.pftrace").read_bytes()[:1] == b"\x0a"


@pytest.mark.integration
def test_requests_are_written_where_they_were_simulated(ran: str, small: str, regsim: Callable[..., Answer]) -> None:
    """HAR of a run with --detail requests; of another one line says how to make one."""
    asked = (
        "run",
        small,
        "--variant",
        "central",
        "--detail",
        "requests",
        "--engine",
        "reference",
        "--out",
        "each",
        "-q",
    )
    assert regsim(*asked).code == 0
    assert regsim("why", "each", "--gains", "0", "--har", "h.har", "-q").code == 0
    assert json.loads(Path("h.har").read_text())["log"]["version"] == "1.2"
    answer = regsim("why", ran, "--gains", "0", "--har", "h.har", "-q")
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "make the run with --detail requests" in answer.err


@pytest.mark.integration
def test_a_trace_of_containerd_s_is_laid_beside(ran: str, regsim: Callable[..., Answer]) -> None:
    """A table under the answer, and its numbers in the document."""
    trace = str(Path(__file__).parents[1] / "data/import/containerd-spans.json")
    asked = ("why", ran, "--gains", "0", "--beside", trace, "-q")
    answer = regsim(*asked)
    assert (answer.code, answer.err) == (0, "")
    assert "central beside a trace of containerd's: 2 pulls of 42.5 MB of layers measured" in answer.out
    (phase,) = (one for one in json.loads(regsim(*asked, "--json").out)["beside"]["central"]["phases"]
                if one["name"] == "pull")  # fmt: skip
    assert phase["residual_s"] == pytest.approx(5.0 - phase["simulated_s"])


@pytest.mark.integration
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--deploy", "1", "--slowest", "1%"), "leave one of them out"),
        (("--deploy", "999"), "--deploy: there is no such deploy, got 999"),
        (("--variant", "centrol", "--gains", "0"), 'did you mean "central"?'),
    ],
)
def test_bad_use_is_one_line(ran: str, regsim: Callable[..., Answer], words: tuple[str, ...], says: str) -> None:
    """Exit code 2, what is wrong, and what to do."""
    answer = regsim("why", ran, *words, "-q")
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert says in answer.err
