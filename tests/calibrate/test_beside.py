"""A real pull beside a simulated one: phases cut at what both sides know, and what a trace does not tell."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.calibrate.beside import beside
from sim.errors import InputError
from sim.report.why import answer, spans
from sim.report.why.answer import Why
from tests.small_question import scenario

__all__ = ["scenario"]

_LAYER = "sha256:" + "ab" * 32


@pytest.fixture(scope="module")
def why(scenario: sim.Scenario) -> Why:
    """All deploys of a run whose nodes pull from central when they are asked for a start."""
    result = sim.run(scenario.variant("central").with_({"policies.create": "at-once"}), engine="reference")
    (found,) = answer.whys({"central": result}, None, 1.0, 0, 1)
    assert isinstance(found, Why)
    return found


def _span(name: str, from_s: float, until_s: float, trace: str = "1", **about: Any) -> dict[str, Any]:
    attributes = [{"key": key.replace("_", "."), "value": {"stringValue": str(of)}} for key, of in about.items()]
    times = {"startTimeUnixNano": str(round(from_s * 1e9)), "endTimeUnixNano": str(round(until_s * 1e9))}
    return {"name": name, "traceId": trace, "attributes": attributes, **times}


def _request(from_s: float, until_s: float) -> dict[str, Any]:
    return _span("remotes.docker.resolver.HTTPRequest", from_s, until_s, url_full=f"http://r/v2/app/blobs/{_LAYER}")


def _layer(name: str, from_s: float, until_s: float) -> dict[str, Any]:
    return _span(f"pkg.unpack.unpacker.{name}", from_s, until_s, layer_media_digest=_LAYER, layer_media_size=1000)


def _written(place: Path, *found: dict[str, Any]) -> str:
    place.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": found}]}]}))
    return str(place)


_PULL = _span("pkg.cri.sbserver.PullImage", 100.0, 110.0)
_ALL = (_PULL, _span("pull.Pull", 100.1, 109.9), _request(100.5, 101.0), _layer("fetchLayer", 100.5, 107.0),
        _layer("unpackLayer", 100.6, 109.9))  # fmt: skip


def test_a_pull_is_cut_at_its_first_and_last_byte(why: Why, tmp_path: Path) -> None:
    """Of ten seconds the first byte comes after 1 and the last after 7: phases of 1, 6 and 3 s, and residuals that add
    up."""
    (found,) = beside(_written(tmp_path / "t.json", *_ALL), [why])
    phases = {one.name: one for one in found.phases if not math.isnan(one.measured_s)}
    assert [round(one.measured_s, 9) for one in phases.values()] == [1.0, 6.0, 3.0, 10.0]
    *parts, pull = phases.values()
    assert sum(one.residual_s for one in parts) == pytest.approx(pull.residual_s)
    assert [one.layer_bytes for one in found.measured] == [1000]


@pytest.mark.parametrize(
    ("lacks", "seconds", "says"),
    [
        ("fetchLayer", [1.0, 9.0, 10.0], "no fetchLayer"),
        ("HTTPRequest", [7.0, 3.0, 10.0], "no HTTPRequest"),
    ],
)
def test_what_a_trace_lacks_is_one_phase_and_said(
    why: Why, tmp_path: Path, lacks: str, seconds: list[float], says: str
) -> None:
    """Without the spans of one instant the phases before and after it are one."""
    kept = [span for span in _ALL if not span["name"].endswith(lacks)]
    (found,) = beside(_written(tmp_path / "t.json", *kept), [why])
    assert [round(one.measured_s, 9) for one in found.phases if not math.isnan(one.measured_s)] == seconds
    assert any(says in line for line in found.untold)
    assert "not told" in "\n".join(found.lines())


def test_a_simulated_trace_beside_its_own_run_has_no_residual(why: Why, tmp_path: Path) -> None:
    """What the run itself exports is read as containerd's spans, and differs from the run by nanoseconds at most."""
    place = tmp_path / "own.json"
    place.write_text(json.dumps(spans.otlp([why])))
    (found,) = beside(str(place), [why])
    assert sorted(found.simulated)[0].layer_bytes == sorted(found.measured)[0].layer_bytes
    known = [one for one in found.phases if not math.isnan(one.residual_s)]
    assert len(known) == 3
    assert all(abs(one.residual_s) < 1e-8 for one in known)


def test_a_pull_ahead_of_its_start_begins_with_its_first_request(scenario: sim.Scenario, tmp_path: Path) -> None:
    """Where a client polls the node fetches before the start: from its first request until the first byte some time
    passes."""
    result = sim.run(scenario.variant("central"), engine="reference")
    (polled,) = answer.whys({"central": result}, None, 1.0, 0, 1)
    assert isinstance(polled, Why)
    assert all(span.key.startswith(spans.AHEAD) for span in spans.spans(polled) if span.name == spans.FETCH)
    (found,) = beside(_written(tmp_path / "t.json", *_ALL), [polled])
    assert all(one.first_byte_s > 0.005 for one in found.simulated)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ((), "has no pull that fetched a layer"),
        ((_PULL,), "has no pull that fetched a layer"),
        (({**_ALL[1], "status": {"code": 2}}, *_ALL[2:]), "has no pull that fetched a layer"),
        ((_PULL | {"endTimeUnixNano": "1"}, *_ALL[2:]), "ends before it begins"),
    ],
    ids=["nothing", "no layer", "failed", "backwards"],
)
def test_a_file_that_tells_nothing_is_said(
    why: Why, tmp_path: Path, found: tuple[dict[str, Any], ...], says: str
) -> None:
    """No pull, none that fetched, one that failed, and times that are none, are each one line."""
    with pytest.raises(InputError, match=says):
        beside(_written(tmp_path / "t.json", *found), [why])


def test_what_is_no_trace_is_said(why: Why, tmp_path: Path) -> None:
    """Another JSON document is told by what it lacks."""
    (tmp_path / "t.json").write_text("{}")
    with pytest.raises(InputError, match="has no resourceSpans"):
        beside(str(tmp_path / "t.json"), [why])
