"""The page's server: it answers this machine alone, reads no file for anybody, writes nothing, and stops when left."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import Executor, Future
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from sim.experiment.execution.store import Store
from sim.explore.page import page, policy, script
from tests.explore.conftest import RANGES, Served, asked, served, until

#: A name that is harmful as HTML, as a script's text, as an attribute and on a terminal.
EVIL = '</script><img src=x onerror=alert(1)>\\u001b[31m\\"&'


class Seen(HTMLParser):
    """The elements of a page, in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")], tag


def test_the_page_asks_nothing_of_any_network(serves: Served) -> None:
    """One file: its script is the one that its policy names by digest, and no element loads anything."""
    response = serves.response("/")
    text = response.read().decode()
    said = response.headers["content-security-policy"]
    assert said == f"{policy()}; frame-ancestors 'none'"
    assert "default-src 'none'" in said
    assert "connect-src 'self'" in said
    assert f"<script>{script()}</script>" in text
    assert not re.search(r"(?:src|href)=\"(?!#|data:|/scenario\.toml)", text)
    assert (response.headers["cache-control"], response.headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_sliders_can_be_used_without_a_mouse_and_without_seeing(serves: Served) -> None:
    """Each is a native range with a label, its value in words, what it rests on, and a way back that names itself."""
    _, text = serves.get("/")
    for at, slider in enumerate(serves.answers.question.sliders):
        assert f'<label for="s{at}">{slider.name}</label>' in text
        assert re.search(rf'<input type="range" id="s{at}"[^>]* aria-valuetext="[^"]+" aria-describedby="d{at}">', text)
        assert re.search(rf'id="r{at}" hidden aria-label="Back to [^"]+: {re.escape(slider.name)}"', text)
        assert slider.origin in text
    assert '<p id="state" role="status">' in text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example", "", "[::1]:x"])
@pytest.mark.parametrize("path", ["/", "/answer?at=0", "/scenario.toml"])
def test_another_name_is_refused(serves: Served, host: str, path: str) -> None:
    """A page elsewhere whose name was made to lead here is told nothing, whatever it asks for."""
    status, text = serves.get(path, host)
    assert status in (400, 403)  # what is no name at all the parser of HTTP refuses
    assert "Which way" not in text


def test_names_of_loopback_are_answered(serves: Served) -> None:
    """As people and browsers write them."""
    for name in ("127.0.0.1", "localhost", "LOCALHOST", "[::1]"):
        assert serves.get("/", f"{name}:{serves.port}")[0] == 200


def test_what_another_site_began_is_refused(serves: Served) -> None:
    """By what browsers say of a request: its origin, and from which site it comes."""
    here = f"http://127.0.0.1:{serves.port}"
    assert serves.get("/", origin="https://evil.example")[0] == 403
    assert serves.get("/", origin="null")[0] == 403
    assert serves.get("/", sec_fetch_site="cross-site")[0] == 403
    assert serves.get("/", sec_fetch_site="same-site")[0] == 403
    assert serves.get("/", origin=here, sec_fetch_site="same-origin")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/scenario.toml/../../etc/passwd",
        "/explore.html", "/page.py", "/scenario.toml%00", "/file:///etc/passwd",
    ],
)  # fmt: skip
def test_no_path_leads_to_the_disk(serves: Served, path: str) -> None:
    """There are four paths, and none of them is of a file."""
    assert serves.get(path) == (404, "Not Found")


def test_bad_places_are_one_line(serves: Served) -> None:
    """Of any path that takes them; other methods than reading are refused."""
    for path in ("/answer", "/command", "/scenario.toml"):
        for at in ("", "x", "9" * 4000, "%3Cscript%3E", "..%2f..%2fetc"):
            status, text = serves.get(f"{path}?at={at}")
            assert (status, text.count("\n")) == (400, 1)
        assert serves.get(f"{path}?at=", method="POST")[0] == 405


def test_an_answer_gets_better_and_ends(serves: Served) -> None:
    """Idle links first, then one run, then more; undecided until a look decides or runs end; the last event says so."""
    events = serves.events(serves.answers.question.start)
    names = [name for name, _ in events]
    first = next(told for name, told in events if name == "part")
    assert first["id"] == "idle"
    assert "On idle links half of the deploys are ready within" in first["html"]
    leads = [told["html"] for name, told in events if name == "part" and told["id"] == "answer"]
    assert "Undecided: one run has no interval." in leads[0]
    states = [told for name, told in events if name == "state"]
    assert [each["runs"] for each in states] == [*range(states[-1]["runs"] + 1)]
    assert [bool(each.get("over")) for each in states] == [False] * (len(states) - 1) + [True]
    assert states[-1]["runs"] in serves.answers.question.looks
    decided = "Undecided" not in leads[-1]
    assert states[-1]["text"] == ("decided" if decided else "undecided")
    assert decided or states[-1]["runs"] == serves.answers.question.runs
    assert "Share of deploys that are ready within a time" in next(
        told["html"] for name, told in events if name == "part" and told["id"] == "pictures"
    )
    assert names[-1] == "end"


def test_an_answer_that_nobody_reads_is_no_longer_worked_on() -> None:
    """Whoever moves a slider leaves: runs that are not begun are never asked for, and the next answer is whole."""
    with served(asked(runs=200)) as serves:
        counted = Counted(serves.answers.pool)
        serves.answers.pool = counted
        # Twenty deploys an hour and two equal variants are decided by no look, so that only leaving ends it.
        at = ".".join(map(str, serves.answers.question.start))
        response = serves.response(f"/answer?at={at}")
        until(lambda: counted.asked > 2)
        response.close()
        time.sleep(0.5)
        asked_for = counted.asked
        time.sleep(1.0)
        assert counted.asked == asked_for < 400
        assert serves.get("/")[0] == 200


def test_it_ends_with_an_answer_open(capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever interrupts it while runs are made sees no complaint, and the answer ends without being whole."""
    with served(asked(runs=200)) as serves:
        counted = Counted(serves.answers.pool)
        serves.answers.pool = counted
        response = serves.response("/answer?at=" + ".".join(map(str, serves.answers.question.start)))
        until(lambda: counted.asked > 2)
    with response:
        assert response.read().endswith(b"event: end\ndata: {}\n\n")
    assert counted.asked < 400
    assert capfd.readouterr().err == ""


class Counted(Executor):
    """A pool that counts what it is asked for."""

    def __init__(self, pool: Executor) -> None:
        self.pool, self.asked = pool, 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.asked += 1
        return self.pool.submit(fn, *args, **kwargs)


def test_only_the_store_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are kept under their keys and found again; nothing else is new, here or beside."""
    monkeypatch.chdir(tmp_path)
    store = Store(tmp_path / "runs")
    with served(asked(runs=3), store) as serves:
        first = serves.events(serves.answers.question.start)
        assert len(store) == 6
        counted = Counted(serves.answers.pool)
        serves.answers.pool = counted
        assert serves.events(serves.answers.question.start) == first
        assert counted.asked == 2  # run 0 of each variant, whose curves are not kept
        serves.get("/scenario.toml?at=" + ".".join(map(str, serves.answers.question.start)))
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".json"}


def test_hostile_names_stay_text() -> None:
    """In the page, in its attributes, in every part of an answer and in the command a name is text and no more."""
    text = (
        RANGES.replace("Which way?", EVIL)
        .replace("variants.central", f'variants."{EVIL}"')
        .replace('"measured"', f'"{EVIL}"')
    )
    found = asked(text, runs=2)
    assert found.sliders[1].origin.startswith("</script>")
    assert Seen(page(found)).tags == Seen(page(asked(runs=2))).tags
    with served(found) as serves:
        for name, told in serves.events(found.start):
            assert "\n" not in json.dumps([name, told])
            if name == "part":
                assert not {"script", "img", "iframe"} & {*Seen(told["html"]).tags}
                assert "\x1b" not in told["html"]
    assert found.text(found.start).count("\x1b") == 0


def test_values_that_make_no_scenario_are_said() -> None:
    """Where figures do not go together an answer is one line that says so, and it ends."""
    text = RANGES.replace("apps = 5", "apps = { value = 5, assumption = true, range = [5, 4000000000] }")
    found = asked(text, runs=2)
    at = next(at for at, slider in enumerate(found.sliders) if slider.name == "demand.apps")
    places = tuple(len(s.values) - 1 if number == at else s.start for number, s in enumerate(found.sliders))
    with served(found) as serves:
        (name, told), end = serves.events(places)[-2:]
    assert (name, told["over"], end) == ("state", True, ("end", {}))
    assert "more than run.memory" in told["text"]
