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

from sim.workload.logs.endpoint import MalformedError, Values
from sim.workload.logs.envelope import Envelopes
from sim.workload.logs.parsing import parse
from sim.workload.logs.timestamps import go_duration_s

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


def values(item: Any, chosen: str = "") -> Values:
    stamp: float | str | None = None
    if isinstance(item, str):
        peeled = Envelopes().peel(item)
        assert peeled is not None
        item, stamp, _ = peeled
    found = parse(item, chosen, stamp)
    assert found is not None
    return found[1]


def test_a_combined_line() -> None:
    """Apache's line says who asked for what and when, and how many bytes the answer had; nothing of its duration."""
    found = values(COMBINED)
    assert found[:7] == (AT_S, "GET", "org1/web", "blob", "sha256:ab", 200, 1679360.0)
    assert found.client == "10.99.2.1"
    assert math.isnan(found.sent_bytes)
    assert math.isnan(found.duration_s)


def test_nginx_adds_how_long_it_took() -> None:
    """The first number behind a combined line is nginx's `$request_time`."""
    assert values(NGINX).duration_s == 0.005


def test_what_servers_add_to_a_combined_line() -> None:
    """Durations are reported by their shape, whatever their unit, and a request's length stands before one."""
    assert values(COMBINED + " 4000").duration_s == 0.004
    assert values(COMBINED + ' rt=0.004 uct="0.000"').duration_s == 0.004
    assert values(COMBINED + ' 7 "registry@docker" "http://10.0.0.2:5000" 12ms').duration_s == 0.012
    ingress = values(COMBINED + " 412 0.003 [registry-5000] [] 10.42.0.17:5000 87 0.004 200 0cafe7ac")
    assert (ingress.sent_bytes, ingress.duration_s) == (412.0, 0.003)
    nexus = COMBINED.replace(' 200 1679360 ""', " 200 - 1679360 4") + " [qtp-1]"
    assert (values(nexus).written_bytes, values(nexus).duration_s) == (1679360.0, 0.004)


def test_envoy_s_line_begins_with_its_time_and_has_the_client_behind() -> None:
    """Envoy's own format has flags behind the status, bytes in and out, and milliseconds."""
    found = values(
        '[2026-11-23T12:38:34.500Z] "PATCH /v2/a/blobs/uploads/u HTTP/1.1" 202 - 5000 0 40 39 "10.0.0.7" "docker/26" '
        '"id" "reg.example" "10.1.0.2:5000"'
    )
    assert (found.at_s, found.kind, found.upload, found.status) == (AT_S + 0.5, "upload", "u", 202)
    assert (found.sent_bytes, found.written_bytes, found.duration_s, found.client) == (5000.0, 0.0, 0.04, "10.0.0.7")


def test_zot_s_and_traefik_s_records_are_reported_by_their_names() -> None:
    """A record's fields are found by what their names mean; Traefik's durations are nanoseconds, zot's are Go's."""
    zot = {
        "level": "info", "component": "session", "clientIP": "10.0.0.7:5130", "method": "GET",
        "path": "/v2/a/manifests/v1", "statusCode": 200, "latency": "4ms", "bodySize": 577,
        "headers": {"Accept": ["x"]}, "message": "HTTP API",
        "time": "2026-11-23T12:38:34.004Z",
    }  # fmt: skip
    found = values(json.dumps(zot))
    assert (found.at_s, found.client, found.written_bytes) == (pytest.approx(AT_S), "10.0.0.7", 577.0)
    traefik = {
        "ClientHost": "10.0.0.7", "DownstreamContentSize": 577, "DownstreamStatus": 200, "Duration": 4_000_000,
        "RequestContentSize": 0, "RequestMethod": "GET", "RequestPath": "/v2/a/manifests/v1",
        "StartUTC": "2026-11-23T12:38:34Z", "time": "2026-11-23T12:38:35Z", "level": "info", "msg": "",
    }  # fmt: skip
    found = values(json.dumps(traefik))
    assert (found.at_s, found.duration_s, found.sent_bytes) == (AT_S, 0.004, 0.0)


def test_harbor_has_syslog_s_time() -> None:
    """Harbor's lines have no time of their own; what syslog puts in front dates them, without a year."""
    found = values(HARBOR)
    assert found[1:6] == ("HEAD", "library/app", "manifest", "v1", 404)
    assert (found.duration_s, found.client, found.at_s) == (0.012, "10.0.0.7", "Nov 23 12:38:34")


def test_distribution_s_own_lines_are_dated_by_their_end() -> None:
    """`response completed` is written when a request ended, so it came its duration before; as text and as JSON."""
    record = {
        "msg": "response completed", "time": "2026-11-23T12:38:29.5Z", "http.request.method": "GET",
        "http.request.remoteaddr": "10.99.1.1:40134", "http.request.uri": "/v2/org1/web/manifests/v1",
        "http.response.duration": "500ms", "http.response.status": 200, "http.response.written": 577,
    }  # fmt: skip
    for line in (LOGFMT, json.dumps(record)):
        found = values(line)
        assert (found.at_s, found.method, found.written_bytes) == (AT_S - 5, "GET", 577.0)
        assert (found.duration_s, found.client) == (0.5, "10.99.1.1")
        assert math.isnan(found.sent_bytes)


def test_a_record_of_fast18() -> None:
    """The workload study's records name repositories and blobs by hashes of eight digits."""
    assert values(FAST18)[1:5] == ("GET", "4715bf52/437c49db", "blob", "93054319")
    assert values(json.dumps(FAST18)).duration_s == 1.5


def test_an_upload_shows_what_it_sent() -> None:
    """distribution's signed state holds the offset reached; FAST'18's `written` of a `PUT` is the layer's size."""
    line = COMBINED.replace("GET /v2/org1/web/blobs/sha256:ab", f"PUT /v2/a/blobs/uploads/u?_state={STATE}&digest=d")
    found = values(line)
    assert (found.kind, found.reference, found.upload, found.offset_bytes) == ("upload", "d", "u", 42.0)
    put = FAST18 | {"http.request.method": "PUT", "http.request.uri": "v2/a/b/blobs/uploads/77"}
    assert values(put)[3:8] == ("upload", "77", 200, 9576.0, 9576.0)


@pytest.mark.parametrize("state", ["", "A", "AAAA", "A" * 44, STATE[:-6]])
def test_a_state_that_says_nothing_is_no_size(state: str) -> None:
    """A state cut short or from another program leaves the size unknown."""
    line = COMBINED.replace("GET /v2/org1/web/blobs/sha256:ab", f"PUT /v2/a/blobs/uploads/u?_state={state}&digest=d")
    assert math.isnan(values(line).offset_bytes)


@pytest.mark.parametrize(
    ("uri", "reported"),
    [
        ("/v2/", ("", "other", "")),
        ("/v2/a/b/c/manifests/latest", ("a/b/c", "manifest", "latest")),
        ("/v2/blobs/manifests/v1", ("blobs", "manifest", "v1")),
        ("/v2/a/blobs/uploads/", ("a", "upload", "")),
        ("/v2/a/blobs/uploads/?mount=sha256:ab&from=b", ("a", "mount", "sha256:ab")),
        ("/v2/a/blobs/uploads/?digest=sha256:ab", ("a", "upload", "sha256:ab")),
        ("https://reg.example:443/v2/a/blobs/sha256:ab", ("a", "blob", "sha256:ab")),
        ("/api/docker/local/v2/a/blobs/sha256:ab", ("a", "blob", "sha256:ab")),
        ("/v2/a/blobs/sha256%3Aab", ("a", "blob", "sha256:ab")),
        ("/v2/a/tags/list", ("", "other", "")),
    ],
)
def test_what_a_request_is_about(uri: str, reported: tuple[str, str, str]) -> None:
    """The repository, the kind of thing and its name come from the path, wherever these words occur in it."""
    assert values(COMBINED.replace("/v2/org1/web/blobs/sha256:ab", uri))[2:5] == reported


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("/v2/Org/app/manifests/v1", "its repository's name is none"),
        ("/v2/../app/blobs/sha256:ab", "its repository's name is none"),
        ("/v2/a/manifests/-v1", "its reference is neither a tag nor a digest"),
        ("/v2/a/manifests/sha256:ab", "its reference is neither a tag nor a digest"),
        ("/v2/a/manifests/" + 129 * "t", "its reference is neither a tag nor a digest"),
    ],
)
def test_names_outside_of_the_specification(uri: str, problem: str) -> None:
    """Where a registry answered them the line is malformed; where it refused them they are about nothing."""
    line = COMBINED.replace("/v2/org1/web/blobs/sha256:ab", uri)
    with pytest.raises(MalformedError, match=f"^{problem}$"):
        values(line)
    assert values(line.replace('" 200 ', '" 404 '))[2:5] == ("", "other", "")


@pytest.mark.parametrize(
    "item",
    [
        '127.0.0.1 - - [23/Nov/2026:12:38:29 +0000] "GET / HTTP/1.1" 200 0 "" "curl"',
        '{"msg": "redis not configured", "time": "2026-11-23T12:38:28Z"}',
        'time="2026-11-23T12:38:28Z" level=info msg="listening on [::]:5000"',
        "hello",
        '{"msg": ',
        r'192.0.2.77 - - [04/Mar/2025:09:00:01 +0000] "\x16\x03\x01" 400 150 "-" "-"',
        '192.0.2.77 - - [04/Mar/2025:09:00:01 +0000] "-" 408 0 "-" "-"',
        '2025/03/04 09:00:01 [error] 29#29: *1 upstream failed, request: "GET /v2/ HTTP/1.1", upstream: "http://10.0.0.1"',
        "2025/03/04 09:00:01 http: TLS handshake error from 10.0.0.1:5130: EOF",
        "INFO[0002] response completed  http.request.method=GET http.request.uri=/v2/ http.response.status=200",
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
        (COMBINED.replace(" 200 ", " OK "), "is no line of a known log"),
        (json.dumps(FAST18)[:-5], "is no JSON"),
        (COMBINED.replace("23/Nov", "23/Nub"), "its time is none"),
        (HARBOR.partition(": ")[2], "has no time"),
        ('{"method": "GET", "uri": "/v2/", "status": 200}', "lacks a time"),
        ({key: FAST18[key] for key in FAST18 if key != "timestamp"}, "lacks timestamp"),
        (FAST18 | {"timestamp": "yesterday"}, "Invalid isoformat string"),
        (FAST18 | {"http.response.status": None}, "int()"),
        (LOGFMT.replace("500ms", "soon"), "'soon' is no duration"),
        (7, "is no record"),
    ],
)
def test_what_is_malformed_says_why(item: Any, problem: str) -> None:
    """A line that is no line, or a record that lacks something or holds nonsense, is reported in a few words."""
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
            reported = found[1]
            assert isinstance(reported.status, int)
            assert isinstance(reported.client, str)
            assert not any(each < 0 for each in (reported.written_bytes, reported.sent_bytes, reported.duration_s))


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
