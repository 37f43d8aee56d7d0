"""Lines of registries' logs, as each program writes them, taken apart."""

from __future__ import annotations

import base64
import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.workload.logline import MalformedError, go_duration_s, parse

COMBINED = '10.99.2.1 - - [23/Nov/2026:12:38:34 +0000] "GET /v2/org1/web/blobs/sha256:ab HTTP/1.1" 200 1679360 "" "x/1"'
NGINX = COMBINED + " 0.005 0.004 ."
HARBOR = (
    "Nov 23 12:38:34 172.18.0.1 proxy[1003]: 10.0.0.7 - "
    '"HEAD /v2/library/app/manifests/v1 HTTP/1.1" 404 0 "-" "containerd/1.7" 0.012 0.011 .'
)
LOGFMT = (
    'time="2026-11-23T12:38:29.5Z" level=info msg="response completed" http.request.method=GET '
    'http.request.remoteaddr="10.99.1.1:40134" http.request.uri="/v2/org1/web/manifests/v1" '
    "http.response.duration=500ms http.response.status=200 http.response.written=577"
)
FAST18: dict[str, Any] = {
    "host": "dc118836", "http.request.duration": 1.5, "http.request.method": "GET",
    "http.request.remoteaddr": "0ee76ffa", "http.request.uri": "v2/4715bf52/437c49db/blobs/93054319",
    "http.request.useragent": "docker/17.03.1-ce", "http.response.status": 200, "http.response.written": 9576,
    "id": "ed29d65dbd", "timestamp": "2017-06-20T02:41:18.399Z",
}  # fmt: skip
AT_S = 1795437514.0
#: 32 bytes of signature, then the upload's state.
STATE = base64.urlsafe_b64encode(bytes(32) + b'{"Offset":42}').decode()


def values(item: Any, chosen: str = "") -> tuple[Any, ...]:
    found = parse(item, chosen)
    assert found is not None
    return found[1]


def test_a_combined_line() -> None:
    """Apache's line says who asked for what and when, and how many bytes the answer had; nothing of its duration."""
    at_s, *rest, sent, taken_s, client = values(COMBINED)
    assert (at_s, rest) == (AT_S, ["GET", "org1/web", "blob", "sha256:ab", 200, 1679360.0])
    assert client == "10.99.2.1"
    assert math.isnan(sent)
    assert math.isnan(taken_s)


def test_nginx_adds_how_long_it_took() -> None:
    """The first number behind a combined line is nginx's `$request_time`."""
    assert values(NGINX)[8] == 0.005


def test_harbor_has_syslog_s_time() -> None:
    """Harbor's lines have no time of their own; what syslog puts in front dates them, without a year."""
    at_s, method, repository, kind, reference, status, *_, taken_s, client = values(HARBOR)
    assert (method, repository, kind, reference, status) == ("HEAD", "library/app", "manifest", "v1", 404)
    assert (taken_s, client) == (0.012, "10.0.0.7")
    assert at_s % 86_400 == 12 * 3600 + 38 * 60 + 34


def test_distribution_s_own_lines_are_dated_by_their_end() -> None:
    """`response completed` is written when a request ended, so it came its duration before; as text and as JSON."""
    record = {
        "msg": "response completed", "time": "2026-11-23T12:38:29.5Z", "http.request.method": "GET",
        "http.request.remoteaddr": "10.99.1.1:40134", "http.request.uri": "/v2/org1/web/manifests/v1",
        "http.response.duration": "500ms", "http.response.status": 200, "http.response.written": 577,
    }  # fmt: skip
    for line in (LOGFMT, json.dumps(record)):
        at_s, method, *_, written, sent, taken_s, client = values(line)
        assert (at_s, method, written, taken_s, client) == (AT_S - 5, "GET", 577.0, 0.5, "10.99.1.1")
        assert math.isnan(sent)


def test_a_record_of_fast18() -> None:
    """The workload study's records name repositories and blobs by hashes of eight digits."""
    assert values(FAST18)[1:5] == ("GET", "4715bf52/437c49db", "blob", "93054319")
    assert values(json.dumps(FAST18))[8] == 1.5


def test_an_upload_tells_what_it_sent() -> None:
    """distribution's signed state holds the offset reached; FAST'18's `written` of a `PUT` is the layer's size."""
    line = COMBINED.replace("GET /v2/org1/web/blobs/sha256:ab", f"PUT /v2/a/blobs/uploads/u?_state={STATE}&digest=d")
    assert values(line)[3:8] == ("upload", "d", 200, 1679360.0, 42.0)
    put = FAST18 | {"http.request.method": "PUT", "http.request.uri": "v2/a/b/blobs/uploads/77"}
    assert values(put)[3:8] == ("upload", "77", 200, 9576.0, 9576.0)


@pytest.mark.parametrize("state", ["", "A", "AAAA", "A" * 44, STATE[:-6]])
def test_a_state_that_says_nothing_is_no_size(state: str) -> None:
    """A state cut short or from another program leaves the size unknown."""
    line = COMBINED.replace("GET /v2/org1/web/blobs/sha256:ab", f"PUT /v2/a/blobs/uploads/u?_state={state}&digest=d")
    assert math.isnan(values(line)[7])


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("/v2/", ("", "other", "")),
        ("/v2/a/b/c/manifests/latest", ("a/b/c", "manifest", "latest")),
        ("/v2/blobs/manifests/v1", ("blobs", "manifest", "v1")),
        ("/v2/a/blobs/uploads/", ("a", "upload", "")),
        ("/v2/a/blobs/uploads/?mount=sha256:ab&from=b", ("a", "upload", "sha256:ab")),
        ("/v2/a/blobs/sha256%3Aab", ("a", "blob", "sha256:ab")),
        ("/v2/a/tags/list", ("", "other", "")),
    ],
)
def test_what_a_request_is_about(uri: str, told: tuple[str, str, str]) -> None:
    """The repository, the kind of thing and its name come from the path, wherever these words occur in it."""
    assert values(COMBINED.replace("/v2/org1/web/blobs/sha256:ab", uri))[2:5] == told


@pytest.mark.parametrize(
    "item",
    [
        '127.0.0.1 - - [23/Nov/2026:12:38:29 +0000] "GET / HTTP/1.1" 200 0 "" "curl"',
        '{"msg": "redis not configured", "time": "2026-11-23T12:38:28Z"}',
        'time="2026-11-23T12:38:28Z" level=info msg="listening on [::]:5000"',
    ],
)
def test_what_a_log_holds_beside_requests(item: str) -> None:
    """Other paths and a server's other messages are no requests, and no faults."""
    assert parse(item, "") is None


def test_lines_of_another_format_are_not_counted_twice() -> None:
    """Where a server writes two lines for one request, those of the format chosen count."""
    assert parse(LOGFMT, "combined") is None
    assert parse(COMBINED, "distribution") is None


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ("hello", "is no line of a known log"),
        ('{"msg": ', "is no JSON"),
        (COMBINED.replace("23/Nov", "23/Nub"), "its time is none"),
        (HARBOR.partition(": ")[2], "has no time"),
        ({key: FAST18[key] for key in FAST18 if key != "timestamp"}, "lacks timestamp"),
        (FAST18 | {"timestamp": "yesterday"}, "Invalid isoformat string"),
        (FAST18 | {"http.response.status": None}, "int()"),
        (LOGFMT.replace("500ms", "soon"), "'soon' is no duration"),
        (7, "is no record"),
    ],
)
def test_what_is_malformed_says_why(item: Any, problem: str) -> None:
    """A line that is no line, or a record that lacks something or holds nonsense, is told in a few words."""
    with pytest.raises(MalformedError, match=problem.replace("(", r"\(").replace(")", r"\)")):
        parse(item, "")


#: What lines are made of, and what breaks them.
LETTERS = 'a0.:/-?=&%{}[]"\\ \n\u00e9\U0001f600'
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(LETTERS, max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(LETTERS, max_size=3), inner, max_size=2),
    max_leaves=3,
)


@given(st.dictionaries(st.sampled_from(sorted(FAST18)), JSON))
def test_a_record_of_nonsense_is_malformed_and_no_more(changes: dict[str, Any]) -> None:
    """Whatever stands in a record's fields, it is a request, another line, or malformed: nothing else is raised."""
    for item in (FAST18 | changes, json.dumps(FAST18 | changes)):
        found = None
        with suppress(MalformedError):
            found = parse(item, "")
        if found is not None:
            _, _, _, _, _, status, written, sent, taken_s, client = found[1]
            assert isinstance(status, int)
            assert isinstance(client, str)
            assert not min(written, sent, taken_s) < 0


@given(
    st.integers(0, len(COMBINED) - 1), st.text(LETTERS, max_size=5), st.sampled_from([COMBINED, NGINX, HARBOR, LOGFMT])
)
def test_a_line_spoilt_anywhere_is_malformed_and_no_more(at: int, text: str, line: str) -> None:
    """A line with something else in it, wherever, is a request, another line or malformed."""
    with suppress(MalformedError):
        parse(line[:at] + text + line[at + len(text) :], "")


@pytest.mark.parametrize(
    ("text", "seconds"), [("1.5ms", 1.5e-3), ("826.933µs", 826.933e-6), ("1m2.5s", 62.5), ("1h0m0s", 3600.0)]
)
def test_go_s_durations(text: str, seconds: float) -> None:
    """Go writes hours, minutes and seconds one after another, and fractions of a second by their unit."""
    assert go_duration_s(text) == pytest.approx(seconds)
