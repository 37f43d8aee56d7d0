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


REPLIES = {
    "macOS": (
        "64 bytes from 10.0.0.1: icmp_seq={n} ttl=56 time={ms}.000 ms",
        "5 packets transmitted, 5 packets received, 0.0% packet loss",
    ),
    "macOS, stamped": ("09:00:00.123456 64 bytes from 10.0.0.1: icmp_seq={n} ttl=56 time={ms}.000 ms", ""),
    "Portuguese": (
        "64 bytes de 10.0.0.1: icmp_seq={n} ttl=56 tempo={ms},0 ms",
        "5 pacotes transmitidos, 5 recebidos, 0% de perda de pacotes",
    ),
    "French Windows": (
        "Réponse de 10.0.0.1 : octets=32 temps={ms} ms TTL=56",
        "    Paquets : envoyés = 5, reçus = 5, perdus = 0 (perte 0%),",
    ),
    "Russian Windows": (
        "Ответ от 10.0.0.1: число байт=32 время={ms}мс TTL=56",
        "    Пакетов: отправлено = 5, получено = 5, потеряно = 0\n    (0% потерь)",
    ),
    "Japanese Windows": ("10.0.0.1 からの応答: バイト数 =32 時間 ={ms}ms TTL=56", ""),
    "fping": ("10.0.0.1 : [{n}], 64 bytes, {ms}.0 ms (22.0 avg, 0% loss)", ""),
}


@pytest.mark.parametrize("flavour", REPLIES)
def test_a_ping_in_another_language_shows_its_round_trip(flavour: str, tmp_path: Path) -> None:
    """Five replies of 20 to 24 ms: the median is 22."""
    reply, end = REPLIES[flavour]
    lines = [reply.format(n=n, ms=20 + n) for n in range(5)]
    (tmp_path / "a.txt").write_text("\n".join([*lines, "", end, ""]), encoding="utf-8")
    found = reported(tmp_path / "a.txt")["round trip"]
    assert (found.value, found.n) == (pytest.approx(0.022), 5)


def test_numbers_begin_anew_in_each_run_of_a_file(tmp_path: Path) -> None:
    """Two runs of three replies one behind the other are six replies and no copies, and eight pings of which two."""
    reply = "64 bytes from 10.0.0.1: icmp_seq={} ttl=56 time={} ms"
    end = "--- a ping statistics ---\n4 packets transmitted, 3 received, 25% packet loss, time 3005ms\n"
    runs = ["\n".join([*(reply.format(n, at + n) for n in (1, 2, 3)), end]) for at in (20, 30)]
    (tmp_path / "a.txt").write_text("\n".join(runs))
    found = reported(tmp_path / "a.txt")["round trip"]
    assert found.n == 6
    assert "2 of 8 were lost" in found.source
    assert "copies" not in found.source


def test_what_is_only_known_to_be_below_is_said(tmp_path: Path) -> None:
    """Windows rounds: replies below 1 ms count as 1 ms, and how many they are is told."""
    (tmp_path / "a.txt").write_text("Reply from 10.0.0.1: bytes=32 time<1ms TTL=64\n" * 4)
    found = read(str(tmp_path / "a.txt"))
    assert found.estimates[0].value == 1e-3
    assert any("how much less 4 of 4 replies took" in words for words in found.open)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Reply from 10.0.0.9: Destination host unreachable.\n  Packets: Sent = 4, Received = 4, Lost = 0 (0% loss),\n",
         "no reply of the address itself came to 4 pings"),
        ("[ ID] Interval           Transfer     Bitrate\n[  5]   0.00-1.00   sec  6.00 MBytes  50 Mbits/sec\n",
         "is iperf3's text for people; repeat with -J"),
        ("20250304090000,10.0.0.2,40000,10.0.0.1,5001,3,0.0-10.0,62500000,50000000\n", "is iperf 2's CSV"),
        ("", "is empty"),
        ("<?xml version='1.0'?><graphml/>", "is XML: a map, or a page; name a map by topology.file"),
        ("at_s,op,client,count,repository,tag,blobs\n", "is operations written by hand; play them by"),
    ],
)  # fmt: skip
def test_what_calibrate_cannot_use_is_called_by_name(text: str, line: str, tmp_path: Path) -> None:
    """One line says what a file is and what to give instead."""
    (tmp_path / "a").write_text(text)
    with pytest.raises(InputError) as caught:
        read(str(tmp_path / "a"))
    assert line in str(caught.value)


@pytest.mark.parametrize("nested", [True, False])
def test_a_summary_of_k6_is_reported_and_gives_no_figure(nested: bool, tmp_path: Path) -> None:
    """Medians with the least and the most, under `values` as handleSummary has them or without as --summary-export."""
    trend, count = {"min": 24, "med": 24.5, "max": 26}, {"count": 30, "rate": 10}
    metrics = {"http_req_waiting": trend, "http_reqs": count}
    (tmp_path / "a.json").write_text(
        json.dumps({"metrics": {key: {"values": each} if nested else each for key, each in metrics.items()}})
    )
    found = read(str(tmp_path / "a.json"))
    one = found.estimates[0]
    assert (found.kind, one.key, one.n) == ("k6 summary", None, 30)
    assert (one.low, one.value, one.high) == (0.024, 0.0245, 0.026)


#: 10, 12, 14 and 16 ms as programs print them that leave out what others have: a `ttl`, a whole unit, an encoding.
TERSE = {
    "Windows by IPv6": ("Reply from 2001:db8::1: time={ms}ms \r\n", "utf-8"),
    "macOS by IPv6": ("16 bytes from 2001:db8::1, icmp_seq={ms} hlim=54 time={ms}.0 ms\n", "utf-8"),
    "Windows in Russian": ("Ответ от 10.0.0.1: число байт=32 время={ms}мс TTL=54\r\n", "cp866"),
    "Windows in Japanese": ("10.0.0.1 からの応答: バイト数 =32 時間 ={ms}ms TTL=54\r\n", "cp932"),
}


@pytest.mark.parametrize("flavour", TERSE)
def test_a_reply_without_a_ttl_or_in_an_old_code_page_is_one(flavour: str, tmp_path: Path) -> None:
    """The median of 10, 12, 14 and 16 ms is 13, and 32 is a number of bytes."""
    line, encoding = TERSE[flavour]
    path = tmp_path / "ping.txt"
    path.write_bytes("".join(line.format(ms=each) for each in (10, 12, 14, 16)).encode(encoding))
    assert reported(path)["round trip"].value == pytest.approx(13e-3)


def test_windows_in_spanish_cuts_what_is_below(tmp_path: Path) -> None:
    """`tiempo<1m TTL=128` is a reply in less than a millisecond."""
    path = tmp_path / "ping.txt"
    path.write_text("Respuesta desde 10.0.0.1: bytes=32 tiempo<1m TTL=128\n" * 4)
    found = read(str(path))
    assert found.estimates[0].value == pytest.approx(1e-3)
    assert "4 of 4 replies" in " ".join(found.open)


def iperf3_at(bits_per_second: str) -> str:
    """Ten seconds of a test up, at a rate that need not be one."""
    seconds = ",".join(
        f'{{"sum": {{"start": {at}, "seconds": 1, "bits_per_second": {bits_per_second}}}}}' for at in range(10)
    )
    start = '{"connected": [], "test_start": {"protocol": "TCP", "num_streams": 1}}'
    return f'{{"start": {start}, "intervals": [{seconds}], "end": {{}}}}'


K6 = "metric_name,timestamp,metric_value,error\n" + "http_req_waiting,1,30,\n" * 3
PULLED = 'Successfully pulled image "r/a:1" in 2s (2s including waiting). Image size: 5 bytes.\n' * 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        *(
            (iperf3_at(rate), "is no result of iperf3: .*(measured|large)")
            for rate in ("NaN", "Infinity", "-5e6", "1" + "0" * 400)
        ),
        (iperf3_at("0"), "says that nothing travelled up"),
        *((K6 + f"http_req_waiting,1,{value},\n", ":5: is no sample of k6") for value in ("NaN", "+Inf", "-5")),
        (K6 + 'http_req_waiting,1,30,"' + "x" * 200_000 + '"\n', "is no sample of k6"),
        (
            '{"metrics": {"http_req_waiting": {"med": NaN, "min": 1, "max": 2}, "http_reqs": {"count": 3}}}',
            "is no summary",
        ),
        (PULLED + PULLED.replace("2s", "9" * 400 + "s"), ":4: inf is nothing that can be measured"),
        (PULLED + PULLED.replace("5 bytes", "9" * 400 + " bytes"), ":4: inf is nothing that can be measured"),
    ],
)
def test_what_no_probe_can_measure_is_refused_by_its_place(text: str, problem: str, tmp_path: Path) -> None:
    """A rate or a time that is negative, none or endless is no figure, and ends in one line."""
    path = tmp_path / "probe"
    path.write_text(text)
    with pytest.raises(InputError, match=problem):
        read(str(path))
