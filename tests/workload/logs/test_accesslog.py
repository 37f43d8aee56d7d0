"""Logs read as streams: every layout, malformed records counted with their lines, memory that does not grow."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import InputError
from sim.workload.logs import accesslog
from sim.workload.logs.accesslog import requests
from sim.workload.logs.request import Reading, Request

DATA = Path(__file__).parents[2] / "data"


def record(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "http.request.duration": 0.1, "http.request.method": "GET", "http.request.remoteaddr": "client",
        "http.request.uri": f"v2/a/b/blobs/{number}", "http.response.status": 200, "http.response.written": number,
        "timestamp": "2017-06-20T02:41:18.399Z",
    } | changes  # fmt: skip


#: A request's line that breaks off, and a record of one without its time.
CUT = '10.0.0.1 - - [23/Nov/2026:12:38:34 +0000] "GET /v2/a/b/blobs/sha256:ab HT'
NO_TIME = json.dumps({key: value for key, value in record(9).items() if key != "timestamp"})


def read(path: Path, most_malformed: float = 0.01) -> tuple[list[Request], Reading]:
    reading = Reading(str(path), most_malformed)
    return list(requests(reading)), reading


def test_both_logs_of_one_recording_hold_the_same_requests() -> None:
    """distribution's combined lines and its JSON, packed, show of the same requests in some order."""
    combined, one = read(DATA / "registry.log")
    lines, other = read(DATA / "registry.json.gz")
    assert (one.format, other.format) == ("combined", "distribution")
    reported = [
        sorted((r.client, r.method, r.repository, r.kind, r.reference, r.status, r.written_bytes) for r in found)
        for found in (combined, lines)
    ]
    assert reported[0] == reported[1]
    assert len(reported[0]) > 150
    assert one.malformed == other.malformed == 0


@pytest.mark.parametrize("layout", ["array", "indented", "lines", "packed"])
def test_records_in_any_layout(tmp_path: Path, layout: str) -> None:
    """Records stand in an array, on one line or on many, or each on a line; packed or not."""
    records = [record(number) for number in range(50)]
    path = tmp_path / "log"
    if layout == "packed":
        path.write_bytes(gzip.compress(json.dumps(records).encode()))
    elif layout == "lines":
        path.write_text("\n".join(map(json.dumps, records)))
    else:
        path.write_text(json.dumps(records, indent=1 if layout == "indented" else None))
    found, reading = read(path)
    assert [request.reference for request in found] == [str(number) for number in range(50)]
    assert reading.format == "fast18"


@given(st.integers(1, 400), st.integers(0, 12), st.data())
def test_chunks_cut_records_anywhere(
    tmp_path_factory: pytest.TempPathFactory, chunk: int, count: int, data: Any
) -> None:
    """However an array is cut into chunks, all records come, each with the line that it begins on."""
    records = [record(number, host=data.draw(st.text('ab\n\\"', max_size=5))) for number in range(count)]
    path = tmp_path_factory.mktemp("cut") / "log.json"
    path.write_text(json.dumps([*records, record(99)], indent=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accesslog, "_CHUNK", chunk)
        found, _ = read(path)
    lines = path.read_text().split("\n")
    assert [request.reference for request in found] == [*map(str, range(count)), "99"]
    assert all(lines[request.line - 1] == " {" for request in found)


def test_malformed_records_are_counted_with_their_lines(tmp_path: Path) -> None:
    """What cannot be read is passed over and reported; what follows is read again."""
    path = tmp_path / "log"
    good = [json.dumps(record(number)) for number in range(4)]
    path.write_text("\n".join([good[0], CUT, good[1], good[2][:-5], "", good[3], NO_TIME]))
    found, reading = read(path, most_malformed=0.5)
    assert [request.reference for request in found] == ["0", "1", "3"]
    assert reading.malformed == 3
    assert [line for line, _ in reading.first] == [2, 4, 7]
    assert reading.share == 0.5
    assert reading.malformed_lines().startswith("2 (is no line of a known log); 4 (is no JSON); 7 (lacks ")


def test_a_broken_record_of_an_array_costs_no_other(tmp_path: Path) -> None:
    """One record of an array that is no JSON is reported by its line, and the rest is read."""
    path = tmp_path / "log.json"
    text = json.dumps([record(number) for number in range(5)], indent=1)
    path.write_text(text.replace('"http.response.written": 2', '"http.response.written": oops'))
    found, reading = read(path, most_malformed=0.2)
    assert [request.reference for request in found] == ["0", "1", "3", "4"]
    assert reading.first == [(20, "is no JSON")]


def test_an_array_that_does_not_end_is_reported(tmp_path: Path) -> None:
    """A file cut off in the middle gives the records before the cut, and says where it ends."""
    path = tmp_path / "log.json"
    path.write_text(json.dumps([record(number) for number in range(20)])[:-30])
    found, reading = read(path, most_malformed=0.1)
    assert len(found) == 19
    assert reading.first == [(1, "the array does not end")]


def test_more_malformed_than_allowed_is_an_error(tmp_path: Path) -> None:
    """Above the share that is allowed, reading ends with one line that names file, lines and remedy."""
    path = tmp_path / "log"
    path.write_text("\n".join([json.dumps(record(number)) for number in range(98)] + [CUT, CUT]))
    assert len(read(path, most_malformed=0.02)[0]) == 98
    with pytest.raises(InputError) as reported:
        read(path, most_malformed=0.019)
    assert str(reported.value) == (
        f"{path}: 2 of 100 requests are malformed, more than 1.9 %: lines 99, 100 (is no line of a known log); "
        "mend them, or allow more by demand.replay.malformed"
    )


def test_a_hopeless_file_is_given_up_early(tmp_path: Path) -> None:
    """A file whose every other line breaks off is refused after a thousand, not at its end."""
    path = tmp_path / "log"
    path.write_text("\n".join([json.dumps(record(1)), CUT] * 5_000))
    with pytest.raises(InputError, match="500 of 1000 requests"):
        read(path)


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b'{"msg": "listening", "time": "now"}\n', b"\x1f\x8b broken", b"\xff\xfe"]
)
def test_files_that_are_no_log(tmp_path: Path, content: bytes) -> None:
    """Empty files, files without requests, broken packing and other encodings are reported in a line."""
    path = tmp_path / "log"
    path.write_bytes(content)
    with pytest.raises(InputError) as reported:
        read(path)
    assert str(reported.value).startswith(str(path))


def test_no_file_is_reported(tmp_path: Path) -> None:
    """A name of nothing, or of a directory, is reported with the remedy."""
    with pytest.raises(InputError, match="no such file; check the path"):
        read(tmp_path / "none")
    with pytest.raises(InputError, match="can't be read"):
        read(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("array", [True, False])
def test_memory_does_not_grow_with_the_log(tmp_path: Path, array: bool) -> None:
    """Reading ten times as much of a log takes no more memory: it is never held whole."""
    path = tmp_path / "log"
    one = json.dumps(record(1))
    with path.open("w") as file:
        file.write("[" if array else "")
        file.write((",\n" if array else "\n").join([one] * 20_000))
        file.write("]" if array else "")
    peaks = []
    for count in (2_000, 20_000):
        tracemalloc.start()
        assert sum(1 for _ in islice(requests(Reading(str(path))), count)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert path.stat().st_size > 3_000_000
    assert peaks[1] < 1.2 * peaks[0] < 1_500_000
