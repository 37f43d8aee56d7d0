"""Probes as people save them: every flavour of ping, iperf3's ways to go wrong, k6 packed, pulls of any runtime."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from sim.calibrate.calibration import calibrate, read
from sim.calibrate.probes.estimate import Estimate
from sim.calibrate.probes.ping import ping
from sim.errors import InputError

FIELD = Path(__file__).parents[2] / "data" / "field"


def reported(path: Path) -> dict[str, Estimate]:
    return {one.name: one for one in read(str(path)).estimates}


@pytest.mark.parametrize(
    ("name", "rtt_ms"),
    [
        ("ping-flavours/busybox.txt", 9.45), ("ping-flavours/windows.txt", 25), ("ping-flavours/windows-utf16.txt", 25),
        ("ping-flavours/german.txt", 20.65), ("ping-flavours/quiet.txt", 20.412), ("ping-duplicates/dup.txt", 20.55),
    ],
)  # fmt: skip
def test_a_ping_of_any_flavour_shows_its_round_trip(name: str, rtt_ms: float) -> None:
    """Whichever program, system and language: replies count once, copies of them not at all."""
    assert reported(FIELD / name)["round trip"].value == pytest.approx(rtt_ms / 1e3)


def test_a_day_of_pings_counts_each_reply() -> None:
    """A number is 16 bits long and comes again after 65,536 replies, of which those are no copies; the next line is."""
    lines = [f"64 bytes from 10.0.0.2: icmp_seq={at % 65_536} ttl=64 time=9.5 ms" for at in range(86_400)]
    found = ping("day.txt", "\n".join([*lines, lines[-1]]))
    assert (found.estimates[0].n, "1 copies" in found.estimates[0].source) == (86_400, True)


def test_a_ping_without_a_reply_says_so() -> None:
    """Total loss is reported as that, not as a file that nobody knows."""
    with pytest.raises(InputError, match="no reply came, 5 of 5 were lost"):
        read(str(FIELD / "ping-flavours/busybox-no.txt"))


@pytest.mark.parametrize("name", ["bidir-3.7.json", "bidir-3.16.json"])
def test_iperf3_both_ways_at_once_shows_both(name: str) -> None:
    """50 Mbit/s up and 400 down, whether the two sums have two names or one name twice."""
    found = reported(FIELD / "iperf-bidir" / name)
    assert found["goodput up"].value == pytest.approx(50e6 / 8, rel=0.02)
    assert found["goodput down"].value == pytest.approx(400e6 / 8, rel=0.02)


@pytest.mark.parametrize(
    "name",
    ["bom.json", "utf16.json", "ok.json.gz", "i0.1.json", "json-stream.json", "trailing.json", "two-runs.json",
     "interrupted.json"],
)  # fmt: skip
def test_iperf3_is_read_however_it_was_saved(name: str) -> None:
    """With a mark in front, packed, in tenths of a second, as a stream, with words behind, twice, or broken off."""
    found = reported(FIELD / "iperf-errors" / name)["goodput up"]
    assert found.value == pytest.approx(50e6 / 8, rel=0.01)
    assert found.n == {"two-runs.json": 12, "i0.1.json": 8}.get(name, 6)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("error.json", "iperf3 says: error - unable to connect to server"),
        ("udp-lossy.json", "is a test by UDP, whose rate is what was asked for; repeat with TCP"),
        ("json-stream-busy.json", "iperf3 says: the server is busy"),
        ("i0.json", "has one interval of 30 s, .*; measure with -i 1"),
    ],
)
def test_iperf3_that_shows_nothing_says_what_iperf3_said(name: str, problem: str) -> None:
    """The program's own error is the message, or what to measure instead."""
    with pytest.raises(InputError, match=problem):
        read(str(FIELD / "iperf-errors" / name))


def samples(failed: int, good: int) -> list[tuple[str, float, dict[str, str]]]:
    """k6's samples of requests that failed at once, and of those that took 24 ms after 20 ms to connect."""
    bad, fine = {"status": "0", "error_code": "1212"}, {"status": "200", "expected_response": "true"}
    return [
        (metric, value * (tags is fine), tags)
        for tags in [bad] * failed + [fine] * good
        for metric, value in (("http_reqs", 1), ("http_req_connecting", 20), ("http_req_waiting", 24))
    ]


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "json"])
def test_k6_s_failed_requests_do_not_count(kind: str, tmp_path: Path) -> None:
    """A request that failed took 0 s to be answered by nobody: the others' 4 ms are the service."""
    path = tmp_path / f"k6.{kind}"
    rows = samples(failed=6, good=4)
    if kind == "json":
        path.write_text("\n".join(
            json.dumps({"metric": metric, "type": "Point", "data": {"time": "t", "value": value, "tags": tags}})
            for metric, value, tags in rows
        ))  # fmt: skip
    else:
        head = "metric_name,timestamp,metric_value,error_code,expected_response,status\n"
        text = head + "".join(
            f"{metric},1,{value},{tags.get('error_code', '')},{tags.get('expected_response', '')},{tags['status']}\n"
            for metric, value, tags in rows
        )
        path.write_bytes(gzip.compress(text.encode()) if kind == "csv.gz" else text.encode())
    found = reported(path)
    assert found["request"].value == pytest.approx(4e-3)
    assert any("6 of the 10" in words or "6 of 10" in words for words in read(str(path)).open)


def test_k6_where_every_request_failed_is_refused(tmp_path: Path) -> None:
    """What nobody answered shows nothing."""
    rows = samples(failed=5, good=0)
    text = "metric_name,timestamp,metric_value,error_code,status\n"
    (tmp_path / "k6.csv").write_text(text + "".join(f"{metric},1,{value},1212,0\n" for metric, value, _ in rows))
    with pytest.raises(InputError, match="all 5 requests failed"):
        read(str(tmp_path / "k6.csv"))


def test_k6_as_it_is_packed_is_read() -> None:
    """`k6 run --out csv=FILE.csv.gz` is k6's CSV."""
    assert reported(FIELD / "k6-csv-gz" / "ok.csv.gz")["round trip"].value == pytest.approx(20e-3)


@pytest.mark.parametrize("name", ["describe.txt", "events.json", "kubelet.log"])
def test_pulls_alone_are_enough(name: str) -> None:
    """A kubelet's file shows a fixed time and a rate though neither is a figure of a scenario."""
    found = calibrate([str(FIELD / "kubelet-alone" / name)])
    assert not found.figures
    assert "fixed time 397.3 ms" in found.to_toml()
    assert "rate 202320 kbit/s" in found.to_toml()


def test_containerd_s_and_cri_o_s_lines_are_pulls_too(tmp_path: Path) -> None:
    """containerd says size and time in a line; CRI-O's two lines of one id are a pull from the first to the second."""
    sizes = [10_000_000, 50_000_000, 100_000_000, 1_000_000_000]
    (tmp_path / "containerd.log").write_text("\n".join(
        f'time="2026-11-23T12:00:00Z" level=info msg="Pulled image \\"reg/a:{size}\\" with image id \\"sha256:1\\", '
        f'repo tag \\"reg/a:1\\", size \\"{size}\\" in {1 + size / 43e6:.6f}s"'
        for size in sizes
    ))  # fmt: skip
    found = reported(tmp_path / "containerd.log")
    assert found["fixed time"].value == pytest.approx(1.0, rel=1e-4)
    assert found["rate"].value == pytest.approx(43e6, rel=1e-4)
    (tmp_path / "crio.log").write_text("\n".join(
        f'time="2026-11-23 12:00:{at:02}.5Z" level=info msg="{what} image: reg/a" id=7f{number} name=/x/PullImage'
        for number, (began, ended) in enumerate([(1, 4), (10, 13), (20, 23)])
        for at, what in ((began, "Pulling"), (ended, "Pulled"))
    ))  # fmt: skip
    assert reported(tmp_path / "crio.log")["pull"].value == pytest.approx(3.0)


def test_a_result_can_be_aimed_at_a_link() -> None:
    """What was measured between two sites is a figure of the link between them, not of a client's line."""
    found = calibrate([str(FIELD / "iperf-bidir" / "bidir-3.16.json"), str(FIELD / "ping-flavours/german.txt")],
                      link="paris-tokyo")  # fmt: skip
    assert set(found.figures) == {"links.paris-tokyo.up", "links.paris-tokyo.down", "links.paris-tokyo.rtt"}


@pytest.mark.parametrize(
    ("name", "request_ms"),
    [("ingress-nginx.log.gz", 4), ("ingress-nginx-old.log.gz", 4), ("nginx-urt-labels.log.gz", 4),
     ("traefik-clf.log.gz", 4), ("apache-D.log.gz", 4)],
)  # fmt: skip
def test_durations_of_every_proxy_are_service_times(name: str, request_ms: float) -> None:
    """Whatever its unit and its name, a duration behind a line is how long the request took."""
    assert reported(FIELD / "ingress-nginx" / name)["request"].value == pytest.approx(request_ms / 1e3)
