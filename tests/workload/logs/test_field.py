"""Logs as registries, proxies and shippers write them: each shows of the same push and the same three pulls.

One push of 3 blobs (31,975,120 B) and 3 pulls of 9 blobs (95,925,360 B), in 33 requests: `tests/data/field`.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.workload.logs.accesslog import requests
from sim.workload.logs.handwritten import is_operations, operations
from sim.workload.logs.operations import Logged
from sim.workload.logs.request import Reading
from sim.workload.logs.sessions import Sessions

FIELD = Path(__file__).parents[2] / "data" / "field"
SENT, FETCHED = 31_975_120, 95_925_360
#: Every file that holds the one workload whole.
WHOLE = [
    path
    for folder in ("noise-lines", "wrapped-lines", "gitlab-json", "ingress-nginx", "other-proxies", "encodings")
    for path in sorted((FIELD / folder).iterdir())
    if path.suffix not in (".csv", ".zst")
] + [
    FIELD / "redirect-307" / "redirect307.log", FIELD / "sizes-unknown" / "nostate.log",
    FIELD / "time-goes-back" / "replicas-concat.log.gz",
]  # fmt: skip


def logged(path: Path, fields: str | None = None) -> tuple[Logged, Reading]:
    """What a log shows, read twice as a replay does."""
    before = Sessions(Logged())
    for _ in before.operations(requests(Reading(str(path), fields_given=fields))):
        pass
    counted, reading = Logged(), Reading(str(path), fields_given=fields)
    for operation in Sessions(counted).operations(requests(reading)):
        blobs = tuple((digest, before.sizes.get(digest, size)) for digest, size in operation.blobs)
        counted.add(operation._replace(blobs=blobs), 1e6)
    return counted, reading


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_same_story_in_every_layout(path: Path) -> None:
    """Whoever wrote it, around whatever lines and in whatever encoding: nothing is lost and nothing is invented."""
    counted, reading = logged(path)
    assert (counted.pushes, counted.sent_blobs, counted.sent_bytes, counted.saved_blobs) == (1, 3, SENT, 0)
    assert (counted.pulls, counted.fetched_blobs, counted.fetched_bytes) == (3, 9, FETCHED)
    assert not counted.guessed
    assert reading.malformed == 0
    assert reading.requests in (33, 34)  # one file has a line more, with a byte that is no UTF-8


@pytest.mark.parametrize("name", ["range206.log", "resume206.log"])
def test_ranges_of_a_blob_add_up(name: str) -> None:
    """A blob fetched in four ranges, or broken off and resumed, is one blob of all its bytes."""
    counted, _ = logged(FIELD / "range-206" / name)
    assert (counted.pulls, counted.fetched_blobs, counted.fetched_bytes) == (3, 9, FETCHED)


def test_a_blob_that_an_object_store_hands_out_is_fetched() -> None:
    """A 307 sends the client elsewhere for the bytes: the blob is fetched, its size guessed where nothing shows it."""
    counted, _ = logged(FIELD / "redirect-307" / "redirect307-pullonly.log")
    assert (counted.pulls, counted.fetched_blobs, len(counted.guessed)) == (3, 9, 3)
    found, _ = logged(FIELD / "redirect-307" / "head307.log")
    assert (found.pushes, found.saved_blobs, found.saved_bytes) == (2, 1, 28_566_130)


def test_rotated_files_in_any_order_are_one_log() -> None:
    """Newest first or oldest first, a log shows the same; that its times went back is said."""
    right, _ = logged(FIELD / "time-goes-back" / "rot-right.log.gz")
    back, reading = logged(FIELD / "time-goes-back" / "rot-newest-first.log.gz")
    assert right == back
    assert (right.pushes, right.pulls) == (36, 108)
    assert reading.sorted
    assert "sorted" in reading.found
    sticky, _ = logged(FIELD / "time-goes-back" / "replicas-sticky-concat.log.gz")
    assert (sticky.pushes, sticky.pulls, sticky.unknown_pulls) == (12, 36, 0)


def test_times_that_go_back_too_far_are_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a log is too large to be sorted, the line that goes back is named and nothing is counted wrong."""
    text = "".join(
        f'10.0.0.1 - - [04/Mar/2025:{hour:02}:00:{at % 60:02} +0000] "GET /v2/ HTTP/1.1" 200 2 "-" "x"\n'
        for hour in (9, 8)
        for at in range(50)
    )
    (tmp_path / "log").write_text(text)
    monkeypatch.setattr("sim.workload.logs.accesslog.MOST", 10)
    with pytest.raises(InputError, match=r"log:51: goes back by 3,6\d\d s.*; sort its lines"):
        logged(tmp_path / "log")


def test_a_log_goes_on_at_new_year(tmp_path: Path) -> None:
    """Stamps without a year lie in the year nearest to the line before, so a minute stays a minute."""
    lines = [
        f'{stamp} host proxy[7]: 10.0.0.7 - "GET /v2/a/manifests/v1 HTTP/1.1" 200 577 "-" "x"'
        for stamp in ("Dec 31 23:59:30", "Jan  1 00:00:30", "Feb 28 00:00:00", "Mar  1 00:00:00")
    ]
    (tmp_path / "log").write_text("\n".join(lines))
    found = [request.at_s for request in requests(Reading(str(tmp_path / "log")))]
    assert found[1] - found[0] == 60
    assert found == sorted(found)


def test_zstd_is_refused_by_name() -> None:
    """What cannot be unpacked here is named, with the command that does."""
    with pytest.raises(InputError, match="is packed by zstd; unpack it first: zstd -d"):
        logged(FIELD / "encodings" / "log.zst")


def test_a_mark_in_front_is_no_part_of_operations() -> None:
    """Operations saved by a spreadsheet begin with a byte order mark and are operations all the same."""
    path = str(FIELD / "encodings" / "bomops.csv")
    assert is_operations(path)
    assert [one.kind for one in operations(path)] == ["push", "pull", "pull"]


def test_three_clients_behind_one_address_are_three_pulls(tmp_path: Path) -> None:
    """Nodes behind one address that pull at once, their requests interleaved, each fetch each blob."""
    asked = ["manifests/v1"] * 3 + ["blobs/sha256:k"] * 3 + ["blobs/sha256:f"] * 3
    size = {"manifests/v1": 700, "blobs/sha256:k": 3_000_000, "blobs/sha256:f": 2_000}
    (tmp_path / "log").write_text("\n".join(
        f'10.0.0.9 - - [23/Nov/2026:12:00:{at:02} +0000] "GET /v2/a/b/{what} HTTP/1.1" 200 {size[what]} "-" "x"'
        for at, what in enumerate(asked)
    ))  # fmt: skip
    counted, _ = logged(tmp_path / "log")
    assert (counted.pulls, counted.fetched_blobs, counted.fetched_bytes) == (3, 6, 9_006_000)


def test_a_single_post_sends_its_blob(tmp_path: Path) -> None:
    """A blob uploaded by one POST with its digest has travelled; one mounted by POST has not."""
    asked = [("POST", "blobs/uploads/?digest=sha256:k", 30_000), ("POST", "blobs/uploads/?mount=sha256:m&from=x", 0),
             ("PUT", "manifests/v1", 700), ("GET", "tags/list", 0)]  # fmt: skip
    (tmp_path / "log").write_text("\n".join(
        f'10.0.0.9 - - [23/Nov/2026:12:00:{at:02} +0000] "{method} /v2/a/b/{what} HTTP/1.1" 201 0 "-" "x" '
        f"{400 + size} 0.004 [up] [] 10.1.0.1:5000 0 0.004 201 id"
        for at, (method, what, size) in enumerate(asked)
    ))  # fmt: skip
    counted, _ = logged(tmp_path / "log")
    assert (counted.pushes, counted.sent_blobs, counted.sent_bytes, counted.saved_blobs) == (1, 1, 30_000, 1)


def test_a_byte_field_that_is_the_request_s_is_not_read_as_the_answer_s(tmp_path: Path) -> None:
    """No registry answers an upload with megabytes: there the field says what was sent, and it says so."""
    asked = [("PATCH", "blobs/uploads/u1", 202, 30_000_400), ("PUT", "blobs/uploads/u1?digest=sha256:k", 201, 400),
             ("PUT", "manifests/v1", 201, 900), ("GET", "manifests/v1", 200, 400),
             ("GET", "blobs/sha256:k", 200, 400)]  # fmt: skip
    (tmp_path / "log").write_text("\n".join(
        f'10.0.0.9 - - [23/Nov/2026:12:00:{at:02} +0000] "{method} /v2/a/b/{what} HTTP/1.1" {status} {size} "-" "x"'
        for at, (method, what, status, size) in enumerate(asked)
    ))  # fmt: skip
    counted, reading = logged(tmp_path / "log")
    assert counted.sent_bytes == pytest.approx(30_000_400, rel=1e-4)
    assert counted.fetched_bytes == counted.sent_bytes
    assert "bytes of requests, not of answers" in reading.found


def test_a_server_s_own_format_string_says_where_a_log_has_what(tmp_path: Path) -> None:
    """Lines of a layout of one's own are read by the format that the server was given, nginx's or Apache's."""
    (tmp_path / "log").write_text(
        "1741078800.5;200;GET /v2/a/manifests/v1 HTTP/1.1;10.0.0.7;577;0.004\n"
        "1741078801.5;200;GET /v2/a/blobs/sha256:k HTTP/1.1;10.0.0.7;3000;0.104\n"
    )
    nginx = "$msec;$status;$request;$remote_addr;$body_bytes_sent;$request_time"
    found = list(requests(Reading(str(tmp_path / "log"), fields_given=nginx)))
    assert [(one.at_s, one.reference, one.written_bytes, one.duration_s, one.client) for one in found] == [
        (1741078800.5, "v1", 577.0, 0.004, "10.0.0.7"), (1741078801.5, "sha256:k", 3000.0, 0.104, "10.0.0.7"),
    ]  # fmt: skip
    (tmp_path / "apache").write_text('10.0.0.7 x [04/Mar/2025:09:00:00 +0000] "GET /v2/ HTTP/1.1" 200 87 4000\n')
    apache = r"%h %{X-Id}i %t \"%r\" %>s %b %D"
    assert [one.duration_s for one in requests(Reading(str(tmp_path / "apache"), fields_given=apache))] == [0.004]
    with pytest.raises(InputError, match="fields: must name the request and the status"):
        list(requests(Reading(str(tmp_path / "log"), fields_given="$remote_addr $status")))
    assert math.isnan(found[0].sent_bytes)
