"""A log replayed: the simulator decides again what travels, and comes to what the registry logged."""

from __future__ import annotations

import json
import re
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import sim
from sim import cli
from sim.calibrate.replayed import replayed
from sim.errors import InputError, InputErrors
from sim.runner import replay
from sim.scenario import Scenario
from sim.workload.replay import Places

ROOT = Path(__file__).parents[2]
SCENARIO = str(ROOT / "scenarios/replay.toml")


def recorded(**changes: Any) -> Scenario:
    return sim.load(SCENARIO, {f"demand.replay.{key}": value for key, value in changes.items()})


@pytest.mark.parametrize("log", ["../tests/data/registry.json.gz", "../tests/data/registry.log"])
def test_bytes_and_dedup_hits_are_those_logged(log: str) -> None:
    """Of a real registry's log, every push and pull sends, saves and fetches the blobs and bytes that it did."""
    found = replayed(recorded(log=log))
    assert found.equal
    assert {what: simulated for what, _, _, simulated in found.rows()} == {
        "pushes": 10, "blobs sent by pushes": 22, "bytes sent by pushes": 168_019_876,
        "blobs that dedup saved pushes": 6, "bytes that dedup saved pushes": 58_409_194,
        "pulls": 13, "blobs fetched by pulls": 30, "bytes fetched by pulls": 189_135_617,
    }  # fmt: skip


def test_columns_stay_apart_however_much_was_moved() -> None:
    """Ten petabytes beside thirty terabytes: a name and three figures in every row."""
    found = replayed(recorded())
    found.run.source.logged.saved_bytes, found.run.simulated.saved_bytes = 9.7e15, 2.66e13
    rows = [line for line in found.to_text().splitlines() if line.startswith(("pushes", "blobs", "bytes", "pulls"))]
    assert [len(re.split(r" {2,}", row)) for row in rows] == [4] * 8


def test_the_tables_say_the_same() -> None:
    """The rows of transfers add up to the blobs' bytes and the manifests beside them; nothing fails."""
    result = replay(recorded()).result
    transfers = result.transfers[result.transfers["content"] != "metadata"]
    assert transfers.groupby("purpose")["size_bytes"].sum().to_dict() == {"push": 168_019_876, "pull": 189_135_617}
    assert result.metrics["failed_deploys"] == 0
    assert result.deploys["saved_bytes"].where(result.deploys["route"] == "push").sum() == 58_409_194
    assert result.deploys["client"].isin(["dev1", "dev2", "puller1", "puller2", "puller3"]).all()


def test_dedup_is_decided_anew_and_not_copied() -> None:
    """Were the clients to keep nothing, they would fetch every blob of every image: more than was logged."""
    kept, uncached = replayed(recorded()), replayed(recorded(cache=False))
    assert not uncached.equal
    assert uncached.run.simulated.fetched_bytes > 1.3 * kept.run.simulated.fetched_bytes
    assert uncached.run.simulated.sent_bytes == kept.run.simulated.sent_bytes


def test_configs_are_fetched_again_only_where_clients_do_so() -> None:
    """Skopeo gets the config of an image that it has; without that habit one pull fetches nothing."""
    found = replayed(recorded(configs=False)).run.simulated
    assert (found.fetched_blobs, found.fetched_bytes) == (29, 189_135_617 - 234)


def test_a_window_starts_with_what_came_before() -> None:
    """From the middle on, blobs from before are in the registry and with the clients, and all is still equal."""
    found = replayed(recorded(since="2026-11-23T12:38:40Z"))
    assert found.equal
    assert found.run.simulated.pushes == 4
    assert found.run.simulated.saved_blobs == 4
    assert found.run.source.logged.found_blobs == 0
    early = replayed(recorded(until="2026-11-23T12:38:40Z"))
    assert early.equal
    assert early.run.simulated.pushes + found.run.simulated.pushes == 10


def test_speed_brings_operations_closer() -> None:
    """Twice as fast, each operation comes after half the time."""
    one, two = (replay(recorded(speed=speed)).result.deploys.sort_values("deploy") for speed in (1.0, 2.0))
    assert two["asked_s"].to_numpy() == pytest.approx(one["asked_s"].to_numpy() / 2)


def test_a_pull_before_its_push_has_ended_fails() -> None:
    """Played so fast that pulls overtake pushes, they find no image, and the difference from the log is shown."""
    found = replayed(recorded(speed=100.0))
    assert found.run.result.metrics["failed_deploys"] > 5
    deploys = found.run.result.deploys
    assert (deploys.longest_pull_s[deploys.failed] == float("inf")).all()
    assert (deploys.longest_pull_s[~deploys.failed & (deploys.route == "pull")] < 60).all()
    assert not found.equal
    assert set(found.run.result.deploys["reason"]) == {"", "image not found"}


def test_a_run_and_its_digest_are_one() -> None:
    """`sim.run` replays too, and twice the same bit for bit."""
    assert sim.run(recorded()).digest == sim.run(recorded()).digest == replay(recorded()).result.digest


def test_addresses_become_hosts_and_stay_apart() -> None:
    """An address is always the same host of its origin's group, or of all clients; no row names it."""
    scenario = recorded()
    assert scenario.demand.replay is not None
    places = Places(scenario, scenario.demand.replay)
    hosts = {places.host(f"10.99.1.{number}") for number in range(50)}
    assert hosts == {"dev1", "dev2"}
    assert {places.host(f"192.168.0.{number}") for number in range(200)} == {
        "dev1", "dev2", "puller1", "puller2", "puller3",
    }  # fmt: skip
    assert places.host("10.99.2.1") == Places(scenario, scenario.demand.replay).host("10.99.2.1")


def test_nodes_may_pull_as_runtimes_do() -> None:
    """Pullers may be nodes: the bytes stay, their requests are a container runtime's."""
    found = replayed(recorded(**{"origins.puller.group": "n"}))
    assert found.equal
    assert set(found.run.result.deploys["client"]) == {"dev1", "dev2", "n"}


def fast18(path: Path, requests: list[tuple[str, str, int, int]]) -> None:
    """Records of FAST'18, ten seconds apart: method, path, status, written."""
    records = [
        {
            "host": "h", "http.request.duration": 0.1, "http.request.method": method, "id": str(number),
            "http.request.remoteaddr": "c", "http.request.uri": f"v2/{uri}", "http.request.useragent": "docker",
            "http.response.status": status, "http.response.written": written,
            "timestamp": f"2017-06-20T00:{number // 6:02}:{number % 6}0.000Z",
        }
        for number, (method, uri, status, written) in enumerate(requests)
    ]  # fmt: skip
    path.write_text(json.dumps(records))


def test_records_of_the_published_study_replay(tmp_path: Path) -> None:
    """In FAST'18's format: a push of two layers, a pull of them, a pull of an image from before the log."""
    fast18(tmp_path / "log.json", [
        ("HEAD", "a/b/blobs/l1", 404, 0), ("PUT", "a/b/blobs/uploads/l1", 201, 3_000_000),
        ("HEAD", "a/b/blobs/l2", 404, 0), ("PUT", "a/b/blobs/uploads/l2", 201, 500),
        ("PUT", "a/b/manifests/t", 201, 524), ("GET", "a/b/manifests/t", 200, 524),
        ("GET", "a/b/blobs/l1", 200, 3_000_000), ("GET", "a/b/blobs/l2", 200, 500),
        ("GET", "a/c/manifests/u", 200, 700), ("GET", "a/c/blobs/l9", 200, 40_000),
    ])  # fmt: skip
    found = replayed(recorded(log=str(tmp_path / "log.json")))
    assert found.equal
    assert found.run.source.reading.format == "fast18"
    assert found.run.simulated.fetched_bytes == 3_040_500
    assert found.run.source.logged.unknown_pulls == found.run.simulated.unknown_pulls == 1


def test_docker_s_way_replays_too(tmp_path: Path) -> None:
    """Combined lines of a push with an index, a pull by tag, a pull by digest, and one of a digest nobody pushed."""
    requests = [
        ("c", "HEAD", "blobs/sha256:k", 404, 157), ("c", "PUT", "blobs/uploads/u?digest=sha256:k", 201, 0),
        ("c", "HEAD", "blobs/sha256:f", 404, 157), ("c", "PUT", "blobs/uploads/v?digest=sha256:f", 201, 0),
        ("c", "PUT", f"manifests/sha256:{10:064x}", 201, 0), ("c", "PUT", "manifests/v1", 201, 0),
        ("n", "HEAD", "manifests/v1", 200, 0), ("n", "GET", f"manifests/sha256:{10:064x}", 200, 700),
        ("n", "GET", "blobs/sha256:k", 200, 3_000_000), ("n", "GET", "blobs/sha256:f", 200, 2_000),
        ("o", "GET", f"manifests/sha256:{10:064x}", 200, 700), ("o", "GET", "blobs/sha256:k", 200, 3_000_000),
        ("o", "GET", "blobs/sha256:f", 200, 2_000), ("o", "GET", f"manifests/sha256:{11:064x}", 200, 700),
        ("o", "GET", "blobs/sha256:y", 200, 50_000),
    ]  # fmt: skip
    (tmp_path / "log").write_text("\n".join(
        f'10.0.0.{ord(client)} - - [23/Nov/2026:12:{at:02}:00 +0000] "{method} /v2/a/b/{what} HTTP/1.1" {status} {size}'
        for at, (client, method, what, status, size) in enumerate(requests)
    ))  # fmt: skip
    found = replayed(recorded(log=str(tmp_path / "log"), unknown="1 MB"))
    assert found.run.result.metrics["failed_deploys"] == 0
    assert (found.run.simulated.pushes, found.run.simulated.pulls) == (1, 3)
    assert found.run.simulated.fetched_blobs == found.run.source.logged.fetched_blobs == 5
    # What the uploads sent shows only when it is got.
    assert found.run.simulated.sent_bytes == found.run.source.logged.sent_bytes == 3_002_000
    assert (found.run.source.logged.unknown_pulls, found.run.source.logged.guessed_blobs) == (1, 0)


def test_a_size_that_only_a_later_line_has_counts_from_the_push_on(tmp_path: Path) -> None:
    """Of two blobs pushed without a size one is got hours later, first in part: it has 3 MB. The other is guessed."""
    requests = [
        (0, "PUT", "blobs/uploads/u?digest=sha256:k", 201, 0), (1, "PUT", "blobs/uploads/v?digest=sha256:f", 201, 0),
        (2, "PUT", "manifests/v1", 201, 0), (200, "GET", "manifests/v1", 200, 700),
        (201, "GET", "blobs/sha256:k", 200, 1_000_000), (300, "GET", "manifests/v1", 200, 700),
        (301, "GET", "blobs/sha256:k", 200, 3_000_000),
    ]  # fmt: skip
    (tmp_path / "log").write_text("\n".join(
        f'10.0.0.1 - - [23/Nov/2026:{at // 60:02}:{at % 60:02}:00 +0000] "{method} /v2/a/b/{what}" {status} {size}'
        for at, method, what, status, size in requests
    ))  # fmt: skip
    found = replayed(recorded(log=str(tmp_path / "log"), unknown="2 MB"))
    assert found.run.simulated.sent_bytes == found.run.source.logged.sent_bytes == 5_000_000
    assert found.to_json()["guessed_blobs"] == 1  # the run ends before the pulls
    assert "1 blobs are of a size that no line has: guessed, 2.00 MB each" in found.to_text()


FAULTS = {
    "no log": ({"log": "none.log"}, "no such file"),
    "empty window": ({"until": "2020-01-01"}, "no push or pull among 183 requests falls into the window"),
    "backwards": ({"since": "2026-01-02", "until": "2026-01-01"}, "demand.replay.until: must be after since"),
    "time": ({"since": "noon"}, 'demand.replay.since: must be a time, got "noon"'),
    "speed": ({"speed": 0}, "demand.replay.speed: must be above 0, got 0"),
    "origin": ({"origins.dev.group": "devs"}, 'unknown group of nodes or clients, got "devs"; did you mean "dev"?'),
    "format": ({"format": "apache"}, "demand.replay.format: unknown choice"),
    "wrong format": ({"format": "fast18"}, "has no request to a registry"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_reported(name: str) -> None:
    """What is wrong with a replay is reported in a line that names the key or the file."""
    changes, problem = FAULTS[name]
    with pytest.raises((InputError, InputErrors)) as reported:
        replay(recorded(**changes))
    assert problem in str(reported.value)


def ask(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["regsim", "replay", *words])
    return cli.main()


def test_the_verb_prints_simulated_beside_logged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The table says "equal" eight times; files go to a directory; the document says the same."""
    assert ask(monkeypatch, SCENARIO, "--quiet", "--out", str(tmp_path)) == 0
    assert capsys.readouterr().out.count(" equal\n") == 8
    assert (tmp_path / "deploys.parquet").exists()
    assert ask(monkeypatch, SCENARIO, "--json", "--speed", "2") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["malformed"], document["format"]) == ("regsim.replay/1", 0, "distribution")


def test_malformed_lines_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Malformed lines within the allowed share are counted and named."""
    lines = (ROOT / "tests/data/registry.log").read_text().splitlines()
    lines[40:40] = [lines[40][:120]]
    (tmp_path / "log").write_text("\n".join(lines))
    assert ask(monkeypatch, SCENARIO, "--quiet", "--set", f"demand.replay.log={tmp_path / 'log'}") == 0
    out = capsys.readouterr().out
    assert "1 malformed\nmalformed lines: 41 (is no line of a known log)\n" in out


def test_bad_use_of_the_verb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A speed that is no number, and a scenario without a log, end with code 2 and one line."""
    assert ask(monkeypatch, SCENARIO, "--speed", "x") == 2
    assert capsys.readouterr().err == '--speed: must be a number, got "x"; write for example --speed 10\n'
    assert ask(monkeypatch, str(ROOT / "scenarios/roms.toml")) == 2
    assert "demand.replay: is missing" in capsys.readouterr().err


def test_memory_grows_by_rows_and_by_nothing_else(tmp_path: Path) -> None:
    """A replayed pull costs its rows, some kilobyte; one before the window costs nothing, however long the log."""
    peaks = []
    for before, within in ((0, 1_100), (0, 3_300), (4_400, 1_100)):
        log = tmp_path / "log.csv"
        rows = ["at_s,op,client,count,repository,tag,blobs", "0,push,10.99.1.1,1,o/i,v1,k=2000000 r=900000 c=2000"]
        rows += [f"{at},pull,10.99.2.1,1,o/i,v1," for at in range(60, 60 + before + within)]
        log.write_text("\n".join(rows))
        since = datetime.fromtimestamp(before + 59.5 if before else 0, UTC).isoformat()
        tracemalloc.start()
        found = replay(recorded(log=str(log), cache=False, since=since))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.simulated.pulls == within
    few, many, late = peaks
    assert 300 < (many - few) / 2_200 < 3_000
    assert late < 1.1 * few
