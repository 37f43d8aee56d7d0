"""One story in the layouts of many servers and shippers, written here line by line: nothing is lost, nothing invented.

A push of three blobs, each found missing, opened, sent and closed, and three pulls of all three from other addresses.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import pytest

from sim.errors import InputError
from sim.workload.logs.accesslog import requests
from sim.workload.logs.operations import Logged
from sim.workload.logs.request import Reading, Request
from sim.workload.logs.sessions import Sessions

SIZES = (28_000_000, 3_000_000, 2_000)
AGENT = "docker/26.1.0 UpstreamClient(Docker-Client/26.1.0 \\(linux\\))"
HEADER = 300


class Asked(NamedTuple):
    """A request: when it came, s since 1970, what it asked and was answered, bytes there and back, how long it took."""

    at_s: float
    method: str
    path: str
    query: str
    status: int
    sent: int
    written: int
    taken_s: float
    client: str

    @property
    def uri(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def ended(self) -> datetime:
        return datetime.fromtimestamp(self.at_s + self.taken_s, UTC)

    @property
    def began(self) -> datetime:
        return datetime.fromtimestamp(self.at_s, UTC)


def story() -> Iterator[Asked]:
    """The requests in the order in which they came, four a second."""
    at_s = datetime(2025, 3, 4, 9, tzinfo=UTC).timestamp()
    for asked in _asked():
        yield Asked(at_s, *asked)
        at_s += 0.25


def _asked() -> Iterator[tuple[str, str, str, int, int, int, float, str]]:
    name, pusher = "/v2/team/app", "10.1.1.1"
    for number, size in enumerate(SIZES):
        digest, upload = f"sha256:{number:064x}", f"{name}/blobs/uploads/11111111-2222-4333-8444-55555555000{number}"
        yield "HEAD", f"{name}/blobs/{digest}", "", 404, 0, 0, 0.004, pusher
        yield "POST", f"{name}/blobs/uploads/", "", 202, 0, 0, 0.004, pusher
        yield "PATCH", upload, "_state=x", 202, size, 0, size / 80e6, pusher
        yield "PUT", upload, f"_state=y&digest={digest}", 201, 0, 0, 0.02, pusher
    yield "PUT", f"{name}/manifests/1.0", "", 201, 1100, 0, 0.004, pusher
    for number in range(3):
        node = f"10.2.0.{number + 1}"
        yield "HEAD", f"{name}/manifests/1.0", "", 200, 0, 0, 0.004, node
        yield "GET", f"{name}/manifests/sha256:{9:064x}", "", 200, 0, 1100, 0.004, node
        for blob, size in enumerate(SIZES):
            yield "GET", f"{name}/blobs/sha256:{blob:064x}", "", 200, 0, size, size / 80e6, node


def iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clf(at: datetime, form: str = "%d/%b/%Y:%H:%M:%S +0000") -> str:
    return at.strftime(form)


def ms(one: Asked) -> int:
    return round(one.taken_s * 1000)


def combined(one: Asked) -> str:
    return (
        f'{one.client} - - [{clf(one.ended)}] "{one.method} {one.uri} HTTP/2.0" {one.status} {one.written} "-" '
        f'"{AGENT}" {one.sent + HEADER} {one.taken_s:.3f} [default-registry-5000] [] 10.9.9.9:5000 0 0.003 200 ab12'
    )


def logger(one: Asked) -> str:
    return (
        f'time="{iso(one.ended)}" level=info msg="response completed" http.request.method={one.method} '
        f'http.request.remoteaddr="{one.client}:5000" http.request.uri="{one.uri}" '
        f"http.request.useragent={json.dumps(AGENT)} http.response.duration={one.taken_s * 1000:g}ms "
        f"http.response.status={one.status} http.response.written={one.written}"
    )


def haproxy(one: Asked, host: str = "") -> str:
    came = one.began.strftime("%d/%b/%Y:%H:%M:%S.%f")[:-3]
    return (
        f"{host}{one.client}:33317 [{came}] https-in~ registry/srv1 0/0/1/3/{ms(one)} {one.status} "
        f'{one.written + HEADER} - - ---- 1/1/0/0/0 0/0 {{registry.example}} {{}} "{one.method} {one.uri} HTTP/1.1"'
    )


def istio(one: Asked) -> str:
    return (
        f'[{iso(one.began)}] "{one.method} {one.uri} HTTP/1.1" {one.status} - via_upstream - "-" {one.sent} '
        f'{one.written} {ms(one)} 3 "-" "{AGENT}" "1b2c3d4e" "registry.example" "10.9.9.9:5000" '
        f"outbound|5000||registry.svc 10.9.9.1:40000 10.9.9.9:5000 {one.client}:43210 - default"
    )


def squid(one: Asked) -> str:
    return (
        f"{one.at_s + one.taken_s:.3f} {ms(one):6d} {one.client} TCP_MISS/{one.status} {one.written + HEADER} "
        f"{one.method} https://registry.example{one.uri} - HIER_DIRECT/10.9.9.9 application/octet-stream"
    )


def pomerium(one: Asked) -> str:
    return json.dumps(
        {
            "level": "info", "service": "envoy", "method": one.method, "authority": "registry.example",
            "path": one.path, "query": one.query, "forwarded-for": one.client, "duration": one.taken_s * 1000,
            "size": one.written, "response-code": one.status, "time": iso(one.ended), "message": "http-request",
        }
    )  # fmt: skip


def gateway(one: Asked) -> str:
    properties = {
        "clientIP": one.client, "httpMethod": one.method, "requestUri": one.path, "requestQuery": one.query,
        "httpStatus": one.status, "receivedBytes": one.sent + HEADER, "sentBytes": one.written,
        "timeTaken": one.taken_s,
    }  # fmt: skip
    return json.dumps({"time": iso(one.ended), "category": "ApplicationGatewayAccessLog", "properties": properties})


def kong(one: Asked) -> str:
    return json.dumps(
        {
            "request": {"method": one.method, "uri": one.uri, "size": str(one.sent + HEADER)},
            "response": {"status": one.status, "size": str(one.written + HEADER)},
            "latencies": {"request": ms(one), "kong": 1},
            "client_ip": one.client,
            "started_at": round(one.at_s * 1000),
        }
    )


def nginx_json(one: Asked) -> str:
    return json.dumps(
        {
            "time_local": clf(one.ended), "remote_addr": one.client, "request": f"{one.method} {one.uri} HTTP/2.0",
            "status": str(one.status), "body_bytes_sent": str(one.written), "request_length": str(one.sent + HEADER),
            "request_time": f"{one.taken_s:.3f}",
        }
    )  # fmt: skip


def caddy(one: Asked) -> str:
    request = {"client_ip": one.client, "method": one.method, "uri": one.uri, "headers": {"User-Agent": [AGENT]}}
    record = {"request": request, "bytes_read": one.sent, "duration": one.taken_s, "size": one.written}
    stamp = one.ended.strftime("%Y/%m/%d %H:%M:%S.%f")[:-3]
    return f"{stamp}\tINFO\thttp.log.access.log0\thandled request\t{json.dumps(record | {'status': one.status})}"


def clf_line(one: Asked, tail: str = "", client: str = "", zone_min: int = 0) -> str:
    """A combined line and what a server adds behind the agent, its stamp in a zone so many minutes east of UTC."""
    there = one.ended.astimezone(timezone(timedelta(minutes=zone_min)))
    return (
        f'{client or one.client} - - [{there.strftime("%d/%b/%Y:%H:%M:%S %z")}] "{one.method} {one.uri} HTTP/1.1" '
        f'{one.status} {one.written} "-" "{AGENT}"{tail}'
    )


def elb(one: Asked) -> str:
    return (
        f"{iso(one.began)} my-lb {one.client}:2817 10.9.9.9:5000 0.000073 {one.taken_s:.6f} 0.000057 {one.status} "
        f'{one.status} {one.sent} {one.written} "{one.method} https://r.example:443{one.uri} HTTP/1.1" "{AGENT}" - -'
    )


def artifactory_6(one: Asked) -> str:
    """Its paths have no queries, so the end of an upload does not name its blob."""
    return (
        f"{one.began:%Y%m%d%H%M%S}|{ms(one)}|REQUEST|{one.client}|admin|{one.method}|/api/docker/local{one.path}"
        f"|HTTP/1.1|{one.status}|{one.sent or one.written}"
    )


def artifactory(one: Asked) -> str:
    return (
        f"{iso(one.ended)}|dd63e9d2|{one.client}|admin|{one.method}|/api/docker/local{one.path}|{one.status}"
        f"|{one.sent or -1}|{one.written}|{ms(one)}|{AGENT}"
    )


def cloud_payload(one: Asked) -> str:
    record = {
        "http.request.method": one.method, "http.request.uri": one.uri, "http.request.remoteaddr": f"{one.client}:44",
        "http.response.status": one.status, "http.response.written": one.written, "msg": "response completed",
        "http.response.duration": f"{one.taken_s * 1000:g}ms",
    }  # fmt: skip
    return json.dumps({"insertId": "a", "jsonPayload": record, "timestamp": iso(one.ended)})


def logstash(one: Asked) -> str:
    record = {
        "@timestamp": iso(one.ended), "http.request.method": one.method, "http.request.uri": one.uri,
        "http.request.remoteaddr": f"{one.client}:44", "http.response.status": one.status,
        "http.response.written": one.written, "http.response.duration": f"{one.taken_s * 1000:g}ms",
        "message": "response completed",
    }  # fmt: skip
    return json.dumps(record)


def ltsv(one: Asked) -> str:
    return (
        f"time:{clf(one.ended)}\thost:{one.client}\tmethod:{one.method}\turi:{one.uri}\tstatus:{one.status}"
        f"\tsize:{one.written}\treqtime:{one.taken_s:.3f}"
    )


def caddy_ts(one: Asked) -> str:
    request = {"remote_ip": one.client, "method": one.method, "uri": one.uri}
    record = {"ts": one.ended.strftime("%Y/%m/%d %H:%M:%S.%f")[:-3], "request": request, "bytes_read": one.sent}
    return json.dumps(record | {"duration": one.taken_s, "size": one.written, "status": one.status})


def cri_parts(one: Asked) -> str:
    """Cut at a space, with a line of the other stream between."""
    line, stamp = logger(one), iso(one.ended)
    at = line.index("completed")
    return f"{stamp} stdout P {line[:at]}\n{stamp} stderr F no request\n{stamp} stdout F {line[at:]}"


def journal_bytes(one: Asked) -> str:
    micros = round(one.ended.timestamp() * 1e6)
    message = list(f"\x1b[36m{logger(one)}\x1b[0m".encode())
    return json.dumps({"__REALTIME_TIMESTAMP": str(micros), "MESSAGE": message})


#: Layouts beside those below, each of which was once refused or misread.
MORE: dict[str, Callable[[Asked], str]] = {
    "a time behind forwarded addresses": lambda one: clf_line(one, f' "-" {one.taken_s:.3f}'),
    "forwarded addresses": lambda one: clf_line(one, f' "{one.client}, 10.9.9.8" {one.taken_s:.3f}', "10.9.9.7"),
    "the real address in brackets": lambda one: combined(one).replace(one.client, f"10.9.9.7 - [{one.client}]", 1),
    "labels with colons": lambda one: clf_line(one, f" request_time:{one.taken_s:.3f} upstream_time:0.001"),
    "host and length before the time": lambda one: clf_line(one, f' "r.example" {one.sent + HEADER} {one.taken_s:.3f}'),
    "a zone of half an hour": lambda one: clf_line(one, f" {one.taken_s:.3f}", zone_min=330),
    "tabs": lambda one: clf_line(one, f" {one.taken_s:.3f}").replace(" - - [", "\t-\t-\t[").replace('" ', '"\t'),
    "a classic load balancer": elb,
    "Artifactory": artifactory,
    "Artifactory 6": artifactory_6,
    "Caddy's wall clock": caddy_ts,
    "Cloud Logging": cloud_payload,
    "Cloud Logging as text": lambda one: json.dumps({"textPayload": logger(one), "timestamp": iso(one.ended)}),
    "Logstash": logstash,
    "LTSV": ltsv,
    "CRI in parts": cri_parts,
    "fluent-bit": lambda one: json.dumps({"time": iso(one.ended), "stream": "stderr", "_p": "F", "log": logger(one)}),
    "journald's bytes": journal_bytes,
    "journald's export": lambda one: f"__CURSOR=s=1\nMESSAGE={logger(one)}\nPRIORITY=6\n",
    "journalctl -o short-full": lambda one: f"{one.ended:%a %Y-%m-%d %H:%M:%S} UTC host reg[7]: {logger(one)}",
    "journalctl -o short-unix": lambda one: f"{one.ended.timestamp():.6f} host reg[7]: {logger(one)}",
    "stern's stamps": lambda one: f"registry-5d9f-abcde registry {iso(one.ended)} {logger(one)}",
    "stern's namespaces": lambda one: f"default registry-5d9f-abcde registry {logger(one)}",
    "docker service logs": lambda one: f"reg_registry.1.ab12@node1    | {logger(one)}",
    "syslog without a host": lambda one: f"<190>{one.ended:%b %e %H:%M:%S} nginx: {haproxy(one)}",
    "syslog with its length": lambda one: f"99 <134>1 {iso(one.ended)} host reg 7 - - {logger(one)}",
    "syslog without a stamp": lambda one: f"<134>1 - host reg 7 - - {logger(one)}",
    "syslog with structure": lambda one: f'<134>1 {iso(one.ended)} h r 7 - [x a="b\\]"][y] \ufeff{logger(one)}',
}


def gitea(one: Asked) -> str:
    """Gitea's access log, by the template that it has unless it is given another."""
    return (
        f'{one.client} - robot [{clf(one.ended)}] "{one.method} {one.uri} HTTP/1.1" {one.status} {one.written} "-" '
        f'"{AGENT}"'
    )


LAYOUTS: dict[str, Callable[[Asked], str]] = {
    **MORE,
    "combined": combined,
    "distribution": logger,
    "HAProxy": haproxy,
    "HAProxy by syslog": lambda one: haproxy(one, f"{one.ended.strftime('%b %e %H:%M:%S')} lb1 haproxy[1438]: "),
    "Istio": istio,
    "Squid": squid,
    "Pomerium": pomerium,
    "Azure": gateway,
    "Kong": kong,
    "nginx as JSON": nginx_json,
    "Caddy's console": caddy,
    "a host in front": lambda one: f"registry.example:443 {combined(one)}",
    "Quay": lambda one: (
        f'nginx stdout | {one.client} (-) - - [{clf(one.ended)}] "{one.method} {one.uri} HTTP/1.1" {one.status} '
        f'{one.written} "-" "{AGENT}" ({one.taken_s:.3f} {one.sent + HEADER} {one.taken_s:.3f})'
    ),
    "an agent that is not quoted": lambda one: logger(one).replace(json.dumps(AGENT), f'"{AGENT}"'),
    "stern": lambda one: f"registry-5d9f-abcde registry {logger(one)}",
    "colours": lambda one: f"\x1b[36mregistry-1  |\x1b[0m {logger(one)}",
    "filebeat": lambda one: json.dumps({"@timestamp": iso(one.ended), "message": combined(one), "log": {"offset": 1}}),
    "logcli": lambda one: json.dumps({"labels": {"app": "r"}, "line": combined(one), "timestamp": iso(one.ended)}),
    "headers counted": lambda one: combined(one._replace(written=one.written + 412)),
}


def read(tmp_path: Path, lines: Sequence[str]) -> tuple[Logged, Reading, list[Request]]:
    """What a log of these lines shows, sizes taken from all of it."""
    path = tmp_path / "a.log"
    path.write_text("\n".join(lines) + "\n")
    before = Sessions(Logged())
    for _ in before.operations(requests(Reading(str(path)))):
        pass
    counted, reading = Logged(), Reading(str(path))
    for operation in Sessions(counted).operations(requests(reading)):
        blobs = tuple((digest, before.sizes.get(digest, size)) for digest, size in operation.blobs)
        counted.add(operation._replace(blobs=blobs), 1e6)
    return counted, reading, list(requests(Reading(str(path))))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_story_in_every_layout(tmp_path: Path, layout: str) -> None:
    """One push of three blobs and three pulls of nine, their bytes, and each pull by the address that asked for it."""
    counted, reading, found = read(tmp_path, [LAYOUTS[layout](one) for one in story()])
    assert (reading.requests, reading.malformed) == (28, 0)
    assert (counted.pushes, counted.sent_blobs, counted.sent_bytes) == (1, 3, sum(SIZES))
    assert (counted.pulls, counted.fetched_blobs, counted.fetched_bytes) == (3, 9, 3 * sum(SIZES))
    assert not counted.guessed
    assert {request.client.partition(":")[0] for request in found} == {"10.1.1.1", "10.2.0.1", "10.2.0.2", "10.2.0.3"}
    took_s = [request.duration_s for request in sorted(found, key=lambda request: request.line)]
    assert took_s == pytest.approx([one.taken_s for one in story()], abs=1.1e-3)


@pytest.mark.parametrize("layout", ["combined", "distribution", "nginx as JSON"])
def test_a_log_with_its_newest_line_first_is_turned(tmp_path: Path, layout: str) -> None:
    """Four requests of one second stand the other way round, too; that it was sorted is said."""
    counted, reading, _ = read(tmp_path, [LAYOUTS[layout](one) for one in story()][::-1])
    assert (counted.pushes, counted.sent_bytes, counted.pulls, counted.fetched_bytes) == (
        1, sum(SIZES), 3, 3 * sum(SIZES),
    )  # fmt: skip
    assert reading.sorted


def test_a_stamp_in_whole_seconds_keeps_what_began_later_later(tmp_path: Path) -> None:
    """A blob's answer that ended in the second of its manifest's began after it, though it took 0.35 s."""
    _, _, found = read(tmp_path, [nginx_json(one) for one in story()])
    assert [request.at_s for request in found] == sorted(request.at_s for request in found)
    assert [request.line for request in found] == list(range(1, 29))


#: Logs whose fields the first line names: CloudFront's between tabs, IIS' between spaces, whole times in milliseconds.
NAMED = {
    "CloudFront": (
        "#Version: 1.0\n#Fields: date time sc-bytes c-ip cs-method cs-uri-stem sc-status cs-uri-query cs-bytes "
        "time-taken",
        lambda one: (
            f"{one.ended:%Y-%m-%d}\t{one.ended:%H:%M:%S}\t{one.written + 412}\t{one.client}\t{one.method}\t{one.path}"
            f"\t{one.status}\t{one.query or '-'}\t{one.sent + HEADER}\t{one.taken_s:.3f}"
        ),
    ),
    "IIS": (
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query c-ip sc-status sc-bytes cs-bytes time-taken",
        lambda one: (
            f"{one.ended:%Y-%m-%d %H:%M:%S} 10.9.9.9 {one.method} {one.path} {one.query or '-'} {one.client} "
            f"{one.status} {one.written} {one.sent + HEADER} {ms(one)}"
        ),
    ),
}


@pytest.mark.parametrize("layout", NAMED)
def test_a_line_that_names_the_fields_of_those_after_it(tmp_path: Path, layout: str) -> None:
    """W3C's extended logs show the same story; lines that name fields, or a version, are no requests."""
    head, line = NAMED[layout]
    counted, reading, found = read(tmp_path, [*head.split("\n"), *map(line, story())])
    assert (reading.requests, reading.malformed, reading.others) == (28, 0, head.count("#"))
    assert (counted.sent_blobs, counted.sent_bytes, counted.saved_blobs) == (3, sum(SIZES), 0)
    assert (counted.pulls, counted.fetched_bytes) == (3, 3 * sum(SIZES))
    assert {request.client for request in found} == {"10.1.1.1", "10.2.0.1", "10.2.0.2", "10.2.0.3"}
    took_s = [request.duration_s for request in sorted(found, key=lambda request: request.line)]
    assert took_s == pytest.approx([one.taken_s for one in story()], abs=1.1e-3)


@pytest.mark.parametrize("per_s", [1, 1_000])
def test_whole_durations_that_are_no_microseconds_are_left_out(tmp_path: Path, per_s: int) -> None:
    """Apache's `%T` and `%{ms}T` say 0 or 4 where `%D` has 4,000: no server answers in 4 µs, so no unit is taken."""
    _, reading, found = read(tmp_path, [clf_line(one, f" {int(one.taken_s * per_s + 1e-9)}") for one in story()])
    assert all(math.isnan(request.duration_s) for request in found)
    assert "of a unit that it does not say" in reading.found
    _, _, found = read(tmp_path, [clf_line(one, f" {round(one.taken_s * 1e6)}") for one in story()])
    assert min(request.duration_s for request in found) == pytest.approx(25e-6)  # 2,000 B at 80 MB/s


def test_what_gunicorn_logs_behind_quay_s_nginx_counts_once(tmp_path: Path) -> None:
    """Quay's container logs each request by nginx and by gunicorn behind it: the second is another line."""
    inner = "gunicorn-registry stdout | 2025-03-04 09:00:00,437 [244] [INFO] [gunicorn.access] "
    lines = [text for one in story() for text in (LAYOUTS["Quay"](one), inner + clf_line(one))]
    counted, reading, _ = read(tmp_path, lines)
    assert (reading.requests, reading.others) == (28, 28)
    assert (counted.pushes, counted.pulls, counted.fetched_bytes) == (1, 3, 3 * sum(SIZES))


IIS = """#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2025-03-04 09:00:00
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status \\
sc-substatus sc-win32-status sc-bytes cs-bytes time-taken""".replace("\\\n", "")
CLOUDFRONT = """#Version: 1.0
#Fields: date\ttime\tx-edge-location\tsc-bytes\tc-ip\tcs-method\tcs(Host)\tcs-uri-stem\tsc-status\tcs(User-Agent)\t\\
cs-uri-query\tcs-bytes\ttime-taken""".replace("\\\n", "")


def iis(one: Asked) -> str:
    return (
        f"{one.ended:%Y-%m-%d %H:%M:%S} 10.9.9.9 {one.method} {one.path} {one.query or '-'} 443 - {one.client} "
        f"{AGENT.replace(' ', '+')} {one.status} 0 0 {one.written + HEADER} {one.sent + HEADER} {ms(one)}"
    )


def cloudfront(one: Asked) -> str:
    words = (
        f"{one.ended:%Y-%m-%d}", f"{one.ended:%H:%M:%S}", "FRA56-P1", one.written + HEADER, one.client, one.method,
        "registry.example", one.path, one.status, "docker", one.query or "-", one.sent + HEADER, f"{one.taken_s:.3f}",
    )  # fmt: skip
    return "\t".join(map(str, words))


@pytest.mark.parametrize(("head", "line"), [(IIS, iis), (CLOUDFRONT, cloudfront)], ids=["IIS", "CloudFront"])
def test_the_same_story_by_directives(tmp_path: Path, head: str, line: Callable[[Asked], str]) -> None:
    """What `#Fields:` names is found; durations are milliseconds where Microsoft's server wrote them."""
    counted, reading, found = read(tmp_path, [head, *map(line, story())])
    assert (reading.requests, reading.malformed) == (28, 0)
    assert (counted.pushes, counted.sent_blobs, counted.sent_bytes) == (1, 3, sum(SIZES))
    assert (counted.pulls, counted.fetched_blobs, counted.fetched_bytes) == (3, 9, 3 * sum(SIZES))
    assert not counted.guessed
    assert max(request.duration_s for request in found) == pytest.approx(0.35, abs=1e-3)  # 28 MB at 80 MB/s


def test_directives_hold_until_the_next(tmp_path: Path) -> None:
    """A server that was started again with other fields in between loses no request."""
    whole = [*story()]
    lines = [IIS, *map(iis, whole[:9]), CLOUDFRONT.replace("#Version", "#Software: x\n#Version")]
    counted, reading, _ = read(tmp_path, [*lines, *map(cloudfront, whole[9:])])
    assert (reading.requests, reading.malformed) == (28, 0)
    assert (counted.sent_bytes, counted.fetched_bytes) == (sum(SIZES), 3 * sum(SIZES))


def test_lines_without_fields_are_no_requests(tmp_path: Path) -> None:
    """A `#Fields:` that names no status says nothing of what was answered: a line says so."""
    head = IIS.replace("sc-status ", "")
    with pytest.raises(InputError, match=r"is no line of a known log|are malformed|has no request"):
        read(tmp_path, [head, *map(iis, story())])


def test_gitea_s_lines_say_what_was_fetched(tmp_path: Path) -> None:
    """They have no sizes of uploads: what was pulled is counted, and what was pushed is known by its pulls."""
    counted, reading, _ = read(tmp_path, [gitea(one) for one in story()])
    assert (reading.format, reading.requests, reading.malformed) == ("combined", 28, 0)
    assert (counted.pushes, counted.pulls, counted.fetched_bytes) == (1, 3, 3 * sum(SIZES))
