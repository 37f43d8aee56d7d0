"""Requests as HAR 1.2: by the format's schema, with timings that add up, as many as registries served."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft6Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT6

import sim
from sim.errors import InputError
from sim.report.why import answer, har
from sim.report.why.answer import Why
from sim.scenario import Scenario

_SCHEMAS = json.loads((Path(__file__).parents[2] / "data/har-schema/schemas.json").read_text())


def _why(scenario: Scenario, share: float = 1.0) -> Why:
    (found,) = answer.whys({"all": sim.run(scenario, engine="reference")}, None, share, 0, 1)
    assert isinstance(found, Why)
    return found


@pytest.fixture(scope="module")
def asked(scenario: Scenario) -> Why:
    """All deploys of a run in which requests are simulated one by one."""
    return _why(scenario.variant("node-direct").with_({"run.detail": "requests", "demand.nodes": 2}))


@pytest.fixture(scope="module")
def log(asked: Why) -> dict[str, Any]:
    """The document as it is read back."""
    found: dict[str, Any] = json.loads(json.dumps(har.har([asked]), allow_nan=False))["log"]
    return found


def test_the_document_is_what_the_schema_asks(log: dict[str, Any]) -> None:
    """Every rule of HAR 1.2 holds, and a document without one of its keys is told."""
    named = [(of["$id"].rstrip("#"), Resource(of, DRAFT6)) for of in _SCHEMAS.values()]
    validator = Draft6Validator(_SCHEMAS["har"], registry=Registry().with_resources(named))
    assert [*validator.iter_errors({"log": log})] == []
    del log["entries"][0]["timings"]["wait"]
    (error,) = validator.iter_errors({"log": log})
    assert error.message == "'wait' is a required property"
    log["entries"][0]["timings"]["wait"] = 0.0


def test_timings_add_up(asked: Why) -> None:
    """An entry's time is the sum of its timings, none of which is below 0 but those that are not there."""
    for entry in har.har([asked])["log"]["entries"]:
        there = [of for of in entry["timings"].values() if of != -1]
        assert entry["time"] == sum(there)
        assert min(there) >= 0
        assert 0 <= entry["_queued"] + entry["_served"] <= entry["timings"]["wait"] + 1e-6


def test_entries_are_the_requests_that_registries_served(asked: Why, log: dict[str, Any]) -> None:
    """Of all deploys together each registry has as many entries as it counted requests; each is of a page."""
    hosts = Counter(entry["request"]["url"].split("/")[2] for entry in log["entries"])
    table = asked.result.registries.set_index("registry").requests
    assert hosts == {name: n for name, n in table.items() if n}
    pages = {page["id"] for page in log["pages"]}
    assert {entry["pageref"] for entry in log["entries"]} == pages
    assert len(pages) == len(asked.rows)


def test_a_push_waits_for_nothing_but_its_requests(scenario: Scenario) -> None:
    """Of small blobs on idle links, the requests of a push fill the time from the first until the last."""
    alone = {"run.detail": "requests", "demand.rate": "2/h", "images.app.kernel": "1 kB", "images.app.rootfs": "1 kB"}
    found = har.har([_why(scenario.variant("central").with_(alone))])["log"]["entries"]
    first = found[0]["pageref"]
    own = [entry for entry in found if entry["pageref"] == first and entry["_purpose"] == "push"]
    when = [datetime.fromisoformat(entry["startedDateTime"]).timestamp() * 1e3 for entry in own]
    ends = [at + entry["time"] for at, entry in zip(when, own, strict=True)]
    reached = ends[0]
    for at, end in zip(when[1:], ends[1:], strict=True):
        assert at <= reached + 0.01  # ms; dates have microseconds
        reached = max(reached, end)


def test_hostile_names_are_escaped_in_addresses() -> None:
    """A repository's name cannot become another part of an address."""
    one = sim.engines.Request(
        0, "pull", "n1", "a/b", 'x?y#"<', "GET manifest", 200, *[0.0] * 7, reference="sha256:1"
    )  # fmt: skip
    assert har._url(one, True) == "https://a%2Fb/v2/x%3Fy%23%22%3C/manifests/sha256%3A1"


def test_a_run_of_phases_is_told_from_one_of_requests(why: Why) -> None:
    """Where requests are merged the answer names the key and what to do."""
    with pytest.raises(InputError, match=r"run\.detail: is phases.*--detail requests"):
        har.har([why])
