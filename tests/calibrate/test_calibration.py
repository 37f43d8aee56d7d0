"""Calibration from what planners have: each file is reported by its content, gives figures and says what is open."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

import sim
from sim import cli
from sim.calibrate.calibration import calibrate, read
from sim.calibrate.probes.estimate import Estimate, Evidence

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests/data"
PULLED = (
    'Nov 23 12:00:01 n1 kubelet[1]: event.go:389] "Event occurred" reason="Pulled" message="Successfully pulled image '
    '\\"reg/a:{number}\\" in {taken} ({waited} including waiting). Image size: {size} bytes."'
)
K6_HEADER = "metric_name,timestamp,metric_value,check,error,error_code,group,method,name,proto,scenario,status,url"


def named(evidence: Evidence, name: str) -> Estimate:
    return next(one for one in evidence.estimates if one.name.startswith(name))


def holds(estimate: Estimate, truth: float) -> bool:
    return estimate.low <= truth <= estimate.high


def test_ping_shows_the_round_trip() -> None:
    """The median of the replies that ping printed, between the lowest and the highest."""
    found = read(str(DATA / "ping.txt"))
    rtt = named(found, "round trip")
    assert (found.kind, rtt.key, rtt.n) == ("ping", "clients.CLIENT.rtt", 20)
    assert 25e-6 <= rtt.low < rtt.value < rtt.high <= 124e-6
    assert any("rate" in words for words in found.open)


def test_iperf3_shows_the_rate_of_one_direction() -> None:
    """A test held to 200 Mbit/s gave that after its first two seconds, and says what it cannot tell."""
    found = read(str(DATA / "iperf3.json"))
    rate = named(found, "goodput up")
    assert (found.kind, rate.key) == ("iperf3", "clients.CLIENT.up")
    assert rate.value == pytest.approx(25e6, rel=0.01)
    assert any("held to" in words for words in found.open)
    assert any("one connection's window" in words for words in found.open)


def test_iperf3_the_other_way(tmp_path: Path) -> None:
    """With -R the server sent, and the rate is the client's `down`."""
    document = json.loads((DATA / "iperf3.json").read_text())
    document["start"]["test_start"]["reverse"] = 1
    (tmp_path / "r.json").write_text(json.dumps(document))
    assert named(read(str(tmp_path / "r.json")), "goodput").key == "clients.CLIENT.down"


def test_k6_shows_round_trip_and_service(tmp_path: Path) -> None:
    """30 ms to connect and 34 ms to the first byte are a round trip of 30 ms and 4 ms of service."""
    rng = np.random.default_rng(1)
    lines = [K6_HEADER]
    for number in range(60):
        connecting = 30 + rng.normal(0, 0.2) if number % 5 == 0 else 0
        lines += [f"http_req_connecting,1,{connecting}", f"http_req_waiting,1,{34 + rng.normal(0, 0.2)}"]
        lines.append(f"iteration_duration,1,{70 + rng.exponential(5)}")
    (tmp_path / "k6.csv").write_text("\n".join(line + "," * 10 if "," in line else line for line in lines))
    found = read(str(tmp_path / "k6.csv"))
    assert holds(named(found, "round trip"), 30e-3)
    assert named(found, "request").value == pytest.approx(4e-3, rel=0.1)
    assert named(found, "iteration").n == 60


def test_k6_s_iterations_alone_are_not_split(tmp_path: Path) -> None:
    """From `iteration_duration` alone comes the time of an iteration, and the words that it is no more than that."""
    (tmp_path / "k6.csv").write_text(f"{K6_HEADER}\n" + "iteration_duration,1,80,,,,,,,,,,\n" * 5)
    found = read(str(tmp_path / "k6.csv"))
    assert [one.name for one in found.estimates] == ["iteration"]
    assert any(words.startswith("how iteration_duration splits") for words in found.open)
    assert not calibrate([str(tmp_path / "k6.csv")]).figures


def kubelet(path: Path, sizes: list[int]) -> None:
    """Pulls at 1 s and 43 MB/s, each after a wait of half a second."""
    path.write_text("\n".join(
        PULLED.format(number=number, taken=f"{1 + size / 43e6:.6f}s", waited=f"{1.5 + size / 43e6:.6f}s", size=size)
        for number, size in enumerate(sizes)
    ))  # fmt: skip


def test_kubelet_shows_fixed_time_and_rate(tmp_path: Path) -> None:
    """Pulls of several sizes give 1 s and 43 MB/s back, and the wait for other pulls apart from both."""
    kubelet(tmp_path / "log", [10_000_000, 50_000_000, 100_000_000, 1_000_000_000])
    found = read(str(tmp_path / "log"))
    assert named(found, "fixed time").value == pytest.approx(1.0, rel=1e-4)
    assert named(found, "rate").value == pytest.approx(43e6, rel=1e-4)
    assert named(found, "wait").value == pytest.approx(0.5, rel=1e-4)


def test_pulls_of_one_size_have_no_rate(tmp_path: Path) -> None:
    """Where all images are of one size, nothing parts the fixed time from the rate."""
    kubelet(tmp_path / "log", [10_000_000] * 5)
    found = read(str(tmp_path / "log"))
    assert [one.name for one in found.estimates] == ["pull", "wait for other pulls of the node"]
    assert any(words.startswith("a rate: that needs") for words in found.open)


def nginx(path: Path, service_s: float, count: int) -> None:
    rng = np.random.default_rng(7)
    path.write_text("\n".join(
        f'10.0.0.1 - - [23/Nov/2026:12:{number // 60:02}:{number % 60:02} +0000] '
        f'"HEAD /v2/a/b/blobs/sha256:{number} HTTP/1.1" 404 0 "-" "x" {rng.exponential(service_s):.6f} 0.001 .'
        for number in range(count)
    ))  # fmt: skip


def test_an_access_log_with_durations_shows_the_service_time(tmp_path: Path) -> None:
    """nginx's request times, exponential with a mean of 5 ms: found, and reported from fixed ones."""
    nginx(tmp_path / "access.log", 5e-3, 1_000)
    found = read(str(tmp_path / "access.log"))
    request = named(found, "request")
    assert (request.key, request.n) == ("REGISTRY.request_time", 1_000)
    assert holds(request, 5e-3)
    assert holds(named(found, "request, spread"), 1.0)


def test_an_access_log_without_durations_says_so() -> None:
    """Combined lines show the demand and no service time; distribution's own lines show both."""
    combined, own = read(str(DATA / "registry.log")), read(str(DATA / "registry.json.gz"))
    assert any(words.startswith("a service time: combined lines") for words in combined.open)
    assert "REGISTRY.request_time" not in [one.key for one in combined.estimates]
    assert "REGISTRY.request_time" in [one.key for one in own.estimates]
    for found in (combined, own):
        updates = named(found, "updates among pushes")
        assert (updates.value, updates.n) == (0.6, 10)
        assert named(found, "pushes").n == 10


def test_the_file_is_a_scenario_that_runs(tmp_path: Path) -> None:
    """Written over a scenario, the figures replace its own, with source and interval, and it loads."""
    nginx(tmp_path / "access.log", 5e-3, 200)
    base = ROOT / "scenarios/roms.toml"
    files = [str(tmp_path / "access.log"), str(DATA / "ping.txt"), str(DATA / "iperf3.json")]
    found = calibrate(files, client="fra-dev", registry="nodes.fra", extends=str(base))
    (tmp_path / "parameters.toml").write_text(found.to_toml())
    scenario = sim.load(tmp_path / "parameters.toml")
    assert scenario.nodes["fra"].request_time_s == pytest.approx(5e-3, rel=0.2)
    assert scenario.clients["fra-dev"].up_Bps == pytest.approx(25e6, rel=0.01)
    assert scenario.clients["fra-dev"].rtt_s < 1e-3
    figure = scenario.figures["clients.fra-dev.rtt"]
    assert "median of 20 pings" in figure.source
    assert figure.range is not None


def test_two_files_that_disagree_are_reported(tmp_path: Path) -> None:
    """Where two files estimate one figure the narrower interval counts, and that they do not overlap is said."""
    text = (DATA / "ping.txt").read_text().replace("time=0.", "time=9.")
    (tmp_path / "far.txt").write_text(text)
    found = calibrate([str(DATA / "ping.txt"), str(tmp_path / "far.txt")])
    assert found.figures["clients.dev.rtt"].value > 9e-3
    assert len(found.conflicts) == 1
    assert found.conflicts[0].startswith("clients.dev.rtt is estimated twice")
    assert found.conflicts[0] in found.to_toml()


def ask(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["regsim", "calibrate", *words])
    return cli.main()


def test_the_verb_writes_figures_and_residuals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A parameters file, a document and a plot of residuals go to the directory; the same text is printed."""
    files = [str(DATA / "registry.json.gz"), str(DATA / "ping.txt")]
    base = str(ROOT / "scenarios/roms.toml")
    assert ask(monkeypatch, *files, "--client", "fra-dev", "--scenario", base, "--out", str(tmp_path), "-q") == 0
    assert capsys.readouterr().out == (tmp_path / "parameters.toml").read_text()
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"parameters.toml", "calibration.json", "residuals.png", "residuals.svg"}
    assert json.loads((tmp_path / "calibration.json").read_text())["schema"] == "regsim.calibrate/1"
    assert sim.load(tmp_path / "parameters.toml").central.request_time_s < 0.1


@pytest.mark.parametrize(("part", "seeds"), [("up60", 3), pytest.param("", 20, marks=pytest.mark.slow)])
def test_the_verb_fits_a_rig(
    part: str, seeds: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A rig's files give parameters of the rig's model, as `regsim score --parameters` reads them: four of its
    scenarios by a few runs of each, or all of them by as many as it takes."""
    monkeypatch.setattr("sim.calibrate.rig.score.SEEDS", seeds)
    rig, measured, out = tmp_path / "rig.json", tmp_path / "rig.csv", tmp_path / "out"
    scenarios = json.loads((ROOT / "tests/rig/cubic.json").read_text())
    head, *rows = (ROOT / "tests/rig/cubic.csv").read_text().splitlines()
    rig.write_text(json.dumps([one for one in scenarios if part in one["name"]]))
    measured.write_text("\n".join([head, *(row for row in rows if part in row)]) + "\n")
    assert ask(monkeypatch, str(rig), str(measured), "--out", str(out), "-q") == 0
    assert tomllib.loads(capsys.readouterr().out)["parameters"]["push_start_s"]["low"] > 0
    monkeypatch.setattr(
        "sys.argv", ["regsim", "score", str(rig), str(measured), "--parameters", str(out / "parameters.toml")]
    )
    assert cli.main() == 0
    assert (out / "residuals.png").stat().st_size > 10_000


MISTAKES = {
    "client": (["--client", "fra", "--scenario", "R", "--out", "o"], 'has no such group, got "fra"; did you mean'),
    "node": (["--client", "fra-dev", "--registry", "nodes.x", "--scenario", "R", "--out", "o"], "--registry: "),
    "registry": (["--registry", "harbor"], '--registry: must be central or nodes.NAME, got "harbor"'),
    "nowhere": (["--scenario", "R"], "--scenario: needs a directory to write to"),
    "no scenario": (["--scenario", "none.toml", "--out", "o"], "none.toml: no such file"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_reported_before_anything_is_written(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A group that the scenario lacks, or no place to write to, ends with code 2; nothing is printed or written."""
    words, problem = MISTAKES[name]
    monkeypatch.chdir(tmp_path)
    asked = [str(ROOT / "scenarios/roms.toml") if word == "R" else word for word in words]
    assert ask(monkeypatch, str(DATA / "ping.txt"), *asked) == 2
    said = capsys.readouterr()
    assert (said.out, list(tmp_path.iterdir())) == ("", [])
    assert problem in said.err


FAULTS = {
    "none": (None, "no such file; check the path"),
    "empty": ("", "is empty"),
    "two pings": (
        "64 bytes: seq=1 ttl=64 time=0.1 ms\n64 bytes: seq=2 ttl=64 time=0.1 ms",
        "has 2 replies, and an interval needs 3",
    ),
    "half of iperf3": ('{"start": {"connected": []}, "intervals": [', "is no JSON"),
    "half a rig": ('[{"name": "a", "hosts": []}]', "is one of a rig's two files; give both"),
    "no iperf3": ('{"start": {"connected": []}, "intervals": []}', "is no result of iperf3: 'test_start' is missing"),
    "no sample": (f"{K6_HEADER}\niteration_duration,1,soon", ":2: is no sample of k6"),
    "no k6": (f"{K6_HEADER}\n", "has too few samples of anything"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_files_that_show_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A file that is missing, cut off or too short ends with code 2 and a line that names it."""
    content, problem = FAULTS[name]
    if content is not None:
        (tmp_path / "file").write_text(content)
    assert ask(monkeypatch, str(tmp_path / "file")) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(str(tmp_path / "file"))
    assert problem in said.err
