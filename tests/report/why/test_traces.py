"""Exports for viewers of traces: spans within their parents, names and numbers as the formats have them."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

import pytest

import sim
from sim.report.why import answer, sentences, spans, traceevents
from sim.report.why.answer import Why
from sim.scenario import Scenario


def test_spans_lie_within_their_parents(why: Why) -> None:
    """Every parent is there and lasts as long as its children, but that copies may outlast the deploy they serve."""
    found = [*spans.spans(why)]
    by_key = {(span.deploy, span.key): span for span in found}
    assert len(by_key) == len(found)
    for span in found:
        if not span.parent:
            continue
        parent = by_key[span.deploy, span.parent]
        assert span.from_s >= parent.from_s - 1e-6
        assert span.until_s <= parent.until_s + 1e-6 or span.name == "sync"


def test_what_nodes_do_has_containerd_s_names(why: Why) -> None:
    """A pull, its fetch, and a span for each layer that it fetched."""
    found = [*spans.spans(why)]
    names = {span.name for span in found}
    assert {"pull.Pull", "pull.fetch", "pkg.unpack.unpacker.fetchLayer", "push", "sync", "boot"} <= names
    layers = [span for span in found if span.name == spans.LAYER]
    transfers = why.result.tables["transfers"]
    wanted = {why.of(row)["deploy"] for row in why.rows}
    rows = zip(*(transfers.column(name) for name in ("deploy", "purpose", "content")), strict=True)
    assert len(layers) == sum(d in wanted and p == "pull" and c in ("kernel", "rootfs") for d, p, c in rows)
    assert all(span.about["layer.media.size"] for span in layers)


def test_otlp_has_what_the_protocol_asks(why: Why) -> None:
    """Identifiers of 16 and 8 bytes in hexadecimal, times as text, whole numbers as text, a service for each host."""
    document = json.loads(json.dumps(spans.otlp([why]), allow_nan=False))
    services = [each["resource"]["attributes"][0]["value"]["stringValue"] for each in document["resourceSpans"]]
    assert len(services) == len(set(services)) >= 3
    made: list[dict[str, Any]] = [
        span for each in document["resourceSpans"] for scope in each["scopeSpans"] for span in scope["spans"]
    ]
    known = {(span["traceId"], span["spanId"]) for span in made}
    assert len(known) == len(made)
    for span in made:
        assert re.fullmatch("[0-9a-f]{32}", span["traceId"])
        assert re.fullmatch("[0-9a-f]{16}", span["spanId"])
        assert not span["parentSpanId"] or (span["traceId"], span["parentSpanId"]) in known
        assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
        numbers = [each["value"]["intValue"] for each in span["attributes"] if "intValue" in each["value"]]
        assert all(isinstance(number, str) for number in numbers)


def test_trace_events_of_a_thread_nest(why: Why) -> None:
    """Two spans of one thread are apart or one within the other, as viewers need them; every arrow has both ends."""
    events = json.loads(json.dumps(traceevents.trace_events([why]), allow_nan=False))["traceEvents"]
    threads: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for event in (event for event in events if event["ph"] == "X"):
        place = event["pid"], event["tid"]
        threads.setdefault(place, []).append((event["ts"], event["ts"] + event["dur"]))
    for found in threads.values():
        for (a, b), (c, d) in combinations(found, 2):
            assert b <= c + 1e-3 or d <= a + 1e-3 or (a <= c + 1e-3 and d <= b + 1e-3) or (c <= a + 1e-3 <= d + 2e-3)
    starts, ends = ({event["id"] for event in events if event["ph"] == kind} for kind in ("s", "f"))
    assert starts == ends != set()
    named = {event["pid"] for event in events if event.get("name") == "process_name"}
    assert {event["pid"] for event in events} == named
    assert any(event["ph"] == "C" for event in events)


def test_the_waterfall_fits_eighty_columns(why: Why, scenario: Scenario) -> None:
    """Each line of the table of seconds has a bar that begins where the last one ended, or next to it."""
    number = int(why.of(why.rows[0])["deploy"])
    (one,) = answer.whys({"node-direct": why.result}, number, 0.01, 0, 1)
    assert isinstance(one, Why)
    made = [*sentences.lines(one)]
    table = made[made.index("") + 1 : made.index("", made.index("") + 1)]
    assert len(table) > 5
    assert max(map(len, table)) <= 84
    assert all("\u2588" in line or "\u2591" in line for line in table[1:])


def test_a_layer_that_was_unpacked_has_a_span_in_its_pull() -> None:
    """With gzip a cold start fetches its layer, and unpacks it within the same pull."""
    cold = sim.load("network-or-cpu", {"run.duration": "2 h", "demand.rate": "4/h"}, "gzip")
    (found,) = answer.whys({"gzip": sim.run(cold, engine="reference")}, 1, None, 0, 1)
    assert isinstance(found, Why)
    by_key = {span.key: span for span in spans.spans(found)}
    (unpacked,) = (span for span in by_key.values() if span.name == spans.UNPACK)
    assert by_key[unpacked.parent].name == spans.PULL
    assert unpacked.about["core_s"] == pytest.approx(7.0 * 2**30 / 180e6, rel=1e-6)
