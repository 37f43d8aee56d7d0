"""The page of each kind of result: what it says, in which order, and that it is safe, small and complete."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.experiment.comparison import Comparison
from sim.experiment.thresholds import judged, threshold
from sim.report import stored
from sim.report.page import page
from sim.report.stored import Stored
from sim.result import Result
from sim.scenario import Scenario

#: Elements that need no end.
_VOID = {"meta", "link", "input", "br"}


class Seen(HTMLParser):
    """A page as a browser's parser meets it: elements with their attributes, in order, and the text inside each."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._open[-1] if self._open else "", []).append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def compared(outcome: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """The small question's comparison, written with two thresholds and read back."""
    place = tmp_path_factory.mktemp("compared")
    wanted = [threshold("deploy_latency_s.p95 < 2 h"), threshold("push_bytes < 1 B")]
    thresholds = [each.to_json() for each in judged(outcome, wanted)]
    outcome.write(place, {"thresholds": thresholds, "flips": []})
    return stored.read(place)


@pytest.fixture(scope="module")
def ran(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Stored]:
    """One run, and the same read back."""
    place = tmp_path_factory.mktemp("ran")
    result = sim.run(scenario.variant("central"), engine="reference")
    result.write(place)
    return result, stored.read(place)


_INTERVAL = {"mean": 2.0, "low": 1.0, "high": 3.0}
_FAILURES = {"failed": 0, "deploys": 5, "reasons": {}}
_POINT = {"failures": {"a": _FAILURES, "b": _FAILURES}, "failing": [], "runs": 5}
_JUDGED = {"threshold": "deploy_latency_s.p95 < 3 s", "of": "a", "outcome": "met", **_INTERVAL}
_COMMON = {"scenario": "q.toml", "warnings": [], "seed": 1, "runs": 5, "verdict": "a is it.\nOn few runs."}
#: The least that a document of each other kind has.
DOCUMENTS: dict[str, dict[str, Any]] = {
    "capacity": {
        **_COMMON, "key": "links.x.up", "unit": "Mbit/s", "answer": "found", "low": 1.0, "high": 2.0,
        "points": [{**_POINT, "value": f"{n} Mbit/s", "number": n, "outcome": "met", "thresholds": [_JUDGED]}
                   for n in (1.0, 2.0, 10.0)],
    },
    "crossover": {
        **_COMMON, "key": "links.x.up", "unit": "", "variant": "a", "baseline": "b", "metric": "deploy_latency_s.p50",
        "changes": [{"low": 1.0, "high": 2.0, "below": "a", "above": "b"}],
        "points": [{**_POINT, "value": n, "number": n, "outcome": "lower", **_INTERVAL} for n in (1.0, 2.0)],
    },
    "sweep": {
        **_COMMON, "keys": ["links.x.up"], "design": "grid", "sensitivity": [], "failures": {"a": _FAILURES},
        "points": [{**_POINT, "values": {"links.x.up": f"{n} Mbit/s"}, "differences": {},
                    "variants": {"a": {"deploy_latency_s.p50": _INTERVAL}, "b": {}}} for n in (1, 2)],
    },
    "best": {
        **_COMMON, "metric": "deploy_latency_s.p50", "chosen": "a", "ruled_out": ["b"],
        "variants": {"a": {**_INTERVAL, "runs": 5}, "b": {"mean": None, "low": None, "high": None, "runs": 5}},
        "failures": {"a": _FAILURES, "b": _FAILURES},
    },
    "score": {"groups": {"pair-push": {"n": 2, "mape": 0.02, "p90": 0.03, "max": 0.04}}},
    "replay": {
        "scenario": "q.toml", "warnings": [], "equal": True, "metrics": {"push_bytes": 5.0},
        "compared": {"pushes": {"logged": 2, "simulated": 2}, "sent_bytes": {"logged": None, "simulated": 5}},
    },
}  # fmt: skip


def of_document(kind: str, folder: Path) -> Stored:
    """A document of that kind read from a file."""
    path = folder / f"{kind}.json"
    path.write_text(json.dumps({"schema": f"regsim.{kind}/1", **DOCUMENTS[kind]}))
    return stored.read(path)


def check(text: str) -> Seen:
    """What every page has to be."""
    seen = Seen(text)
    assert len(text.encode()) < page.MOST_BYTES
    assert len(seen.all("h1")) == len(seen.all("main")) == len(seen.all("nav")) == len(seen.all("header")) == 1
    headings = [int(tag[1]) for tag, _ in seen.elements if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    ids = [attributes["id"] for _, attributes in seen.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    drawings = [each for each in seen.all("svg") if each.get("aria-hidden") != "true"]
    assert all(each["role"] == "img" and each["aria-label"] for each in drawings)
    assert len(drawings) == 2 * len(seen.all("figure"))
    assert len(seen.all("table")) == len(seen.all("caption")) >= len(seen.all("figure"))
    named = [each for _, attributes in seen.elements for name, each in attributes.items() if name in ("href", "src")]
    assert all(each is not None and (each == "data:," or each.removeprefix("#") in ids) for each in named)
    handlers = [name for _, attributes in seen.elements for name in attributes if name.startswith("on")]
    assert handlers == [] == [each for each in seen.all("script") if each]
    return seen


def test_the_page_of_a_comparison_has_its_parts_in_order(compared: Stored) -> None:
    """The answer comes first, then what it rests on, and last how to make it again."""
    seen = check(page.page(compared))
    found = [each["id"] for each in seen.all("section")]
    assert found == ["verdict", "thresholds", "differences", "latency", "held", "amounts", "failures", "map",
                     "playback", "slowest", "scenario", "provenance"]  # fmt: skip
    assert "node-direct deploys faster than central" in "".join(seen.texts["p"])


def test_the_page_of_a_run_is_whole(ran: tuple[Result, Stored]) -> None:
    """One run has a page, too, without differences."""
    seen = check(page.page(ran[1]))
    assert [each["id"] for each in seen.all("section")][:2] == ["verdict", "latency"]


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_every_kind_of_result_has_a_page(kind: str, tmp_path: Path) -> None:
    """Of each other kind a document alone makes a page, with the answer and where it comes from."""
    sections = [each["id"] for each in check(page.page(of_document(kind, tmp_path))).all("section")]
    assert sections[0] == "verdict"
    assert sections[-1] == "provenance"


def test_a_threshold_says_what_became_of_it_without_its_colour(compared: Stored) -> None:
    """Met and missed are words with a sign each."""
    text = "".join(check(page.page(compared)).texts["span"])
    assert "\u2713 met" in text
    assert "\u2717 missed" in text


def test_phases_of_a_page_add_up(compared: Stored) -> None:
    """The seconds of all phases come to the mean latency, own and waited each, to what a table's digits show."""
    section = next(made for make in page.SECTIONS if (made := make(compared)) and made.key == "latency")
    table = section.drawings[1].grid.rows
    for name in compared.variants:
        lines = [row for row in table if row[0].text == name]
        for column in (2, 3, 4):
            *parts, whole = [row[column].number or 0.0 for row in lines]
            assert sum(parts) == pytest.approx(whole, abs=1e-9)
        sample = compared.samples[name]
        assert lines[-1][4].number == pytest.approx(sample.metrics["deploy_latency_s.mean"], abs=1e-9)


_HOSTILE = "</script><b>", "$x$", "\x1b[31m", '"><svg onload=alert(1)>', "</pre><b>\x07"


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    """Whatever a user calls a variant, a client, an image or the question: it is text, and controls are written out."""
    evil, dollar, control, attribute, source = _HOSTILE
    document = {
        "run": {"duration": "1 h", "seed": 7, "runs": 2, "title": f"{evil}{control}"},
        "topology": {"shape": "star"},
        "nodes": {"n": {"count": 2, "capacity": "1 Gbit/s"}},
        "clients": {"dev": {"count": 3, "up": "50 Mbit/s", "rtt": "20 ms"}},
        "images": {"app": {"kernel": {"value": "10 MB", "source": source}, "rootfs": "1 MB"}},
        "demand": {"rate": "40/h", "apps": 5, "updates": 0.5},
        "variants": {
            name: {"policies": {"route": route}}
            for name, route in ((evil, "central"), (attribute, "node-direct"), (dollar, "node-direct"))
        },
    }
    sim.compare(Scenario.from_document(document, evil), executor="serial", engine="reference").write(tmp_path)
    text = page.page(stored.read(tmp_path))
    seen = check(text)
    assert seen.all("b") == []
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
    words = "".join(part for parts in seen.texts.values() for part in parts)
    for name in (evil, attribute, "\\x1b[31m", "\\x07", "$x$"):
        assert name in words


def test_a_page_that_would_be_too_long_is_shortened(compared: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables lose rows, and say how many, before a page is longer than it may be."""
    whole = len(page.page(compared).encode())
    monkeypatch.setattr(page, "MOST_BYTES", whole - 1)
    text = page.page(compared)
    assert len(text.encode()) < whole
    assert "scenario.toml, whole" not in text


def test_the_same_result_makes_the_same_page(compared: Stored) -> None:
    """A page depends on nothing but the result: no clock, no order of a set."""
    assert page.page(compared) == page.page(stored.read(compared.place))


def test_the_scenario_on_the_page_makes_the_same_runs(compared: Stored, tmp_path: Path) -> None:
    """What stands there to copy loads, and its first run has the digest that the result has."""
    section = next(made for make in page.SECTIONS if (made := make(compared)) and made.key == "scenario")
    (tmp_path / "scenario.toml").write_text(section.texts[0][1])
    again = sim.run(sim.load(tmp_path / "scenario.toml", variant="central"), engine="reference")
    assert again.digest == compared.document["digests"]["central"][0]
