"""Exports as the programs that open them read them: by the classes that those publish, and by Perfetto itself."""

from __future__ import annotations

import base64
import json
from typing import Any

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sim.report.why import spans
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
