"""`regsim show --protocol`: every program in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from sim.protocol import programs
from sim.protocol.build import profile_rows
from sim.protocol.description import LISTS, described, requests, sentence
from sim.protocol.ops.control import end
from sim.protocol.ops.requests import CHECK, LOGIN_REQUESTS, MOUNT, NAMED, OPENING, RENEW, RETRIED, TAGS, count_of
from sim.protocol.ops.requests import request as request_op
from sim.protocol.programs import PROGRAMS, Label, Step, request
from sim.registry.clients import CONTAINERD, KRAFTKIT, PROFILES, TOKEN, Profile

Ask = Callable[..., Any]
EVERY = (*PROFILES.values(), CONTAINERD)


@pytest.fixture
def page(regsim: Ask, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a terminal of 80 columns without colours shows."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    answer = regsim("show", "--protocol")
    assert (answer.code, answer.err) == (0, "")
    return str(answer.out)


def test_all_programs_and_places_are_on_the_page(page: str) -> None:
    """Each program by its name with what it is about, each label on a line of its own; no line is too wide."""
    lines = page.splitlines()
    assert max(map(len, lines)) <= 80
    assert not any(line.endswith(" ") for line in lines)
    for name, program in PROGRAMS.items():
        assert any(line.startswith(f"{name}  ") for line in lines)
        assert all(f" {part.name}:" in lines for part in program if isinstance(part, Label))


def test_a_reader_of_the_specification_finds_its_requests(page: str) -> None:
    """An upload is POST, PATCH, PUT; a pull begins with the manifests: in that order, in those programs."""
    upload = page[page.index("\nUPLOAD_BLOB  ") :]
    wanted = ("HEAD blob", "POST upload", "transfer (up)", "PATCH upload, PUT upload")
    found = [upload.index(words) for words in wanted]
    assert found == sorted(found)
    fetch = page[page.index("\nFETCH  ") :]
    assert fetch.index("GET index, GET manifest") < fetch.index("each blob (down)")


def test_every_program_says_what_it_is_about() -> None:
    """In a sentence, as its first part."""
    for name, program in PROGRAMS.items():
        assert isinstance(program[0], str), name
        assert program[0].endswith(".")


def test_every_step_is_told_whole() -> None:
    """A sentence each, with no name of a parameter where a label stands."""
    for program in described(KRAFTKIT):
        for step in program.steps:
            assert step.sentence.endswith("."), step
            assert "`label`" not in step.sentence, step
    steps = [part for program in PROGRAMS.values() for part in program if isinstance(part, Step)]
    assert sum(len(program.steps) for program in described(KRAFTKIT)) == len(steps)


def test_every_number_that_an_op_is_told_has_a_meaning() -> None:
    """What is not 0 is told in words; of a list of requests also how they are sent."""
    for each_program, words in zip(PROGRAMS.values(), described(KRAFTKIT), strict=True):
        steps = [part for part in each_program if isinstance(part, Step)]
        for step, each in zip(steps, words.steps, strict=True):
            numbers = [cell for cell in (step.a, step.b) if isinstance(cell, int) and cell]
            meanings = len(each.about) + (len(each.how) > 0)
            assert meanings >= len(numbers), (step, each)


@pytest.mark.parametrize("client", EVERY, ids=lambda client: client.name)
@pytest.mark.parametrize("which", LISTS, ids=LISTS.get)
def test_as_many_requests_are_described_as_are_sent(client: Profile, which: int) -> None:
    """Of each list of each client, for a layer of the first group; blobs are mounted by clients that mount."""
    sent = requests(client, which)
    if which == MOUNT and not client.mounts:
        assert sent == ()
        return
    task = SimpleNamespace(profile=0, group=0, begin=0, blob=0, image=0, registry=0)
    counts = profile_rows([client])["request_counts"]
    registries = [SimpleNamespace(anonymous=True)]
    w = SimpleNamespace(
        tasks=[task], request_counts=counts, blobs=[SimpleNamespace(content=0)], registries=registries,
        images=[SimpleNamespace(platforms=1)],
    )  # fmt: skip
    assert len(sent) == count_of(w, 0, which)


def test_a_request_that_all_send_alike_is_named_in_its_program() -> None:
    """One request, whichever client sends it, and described by its own name."""
    named = programs.program("About.", request("HEAD manifest by digest", RETRIED), end)
    for client in EVERY:
        (described_one,) = described(client, {"OWN": named})
        assert described_one.steps[0].requests == ("HEAD manifest by digest",)
        counts = profile_rows([client])["request_counts"]
        w = SimpleNamespace(tasks=[SimpleNamespace(profile=0, group=0, blob=0)], request_counts=counts)
        assert count_of(w, 0, NAMED) == 1


def test_requests_are_the_client_s() -> None:
    """`--client`: skopeo asks for no token and no tag; a refused publish is followed by another token."""
    assert requests(PROFILES["skopeo"], TAGS) == ()
    assert requests(KRAFTKIT, LOGIN_REQUESTS) == ("GET /v2/", TOKEN)
    assert requests(KRAFTKIT, RENEW) == ("PUT manifest", TOKEN)
    assert requests(KRAFTKIT, CHECK)[-1] == "HEAD blob"
    other = replace(KRAFTKIT, blob_open=("POST other",))
    assert requests(other, OPENING) == ("POST other",)


def test_a_client_is_chosen(regsim: Ask) -> None:
    """As text and as a document; nodes' requests stay containerd's."""
    answer = regsim("show", "--protocol", "--client", "skopeo", "--json")
    document = json.loads(answer.out)
    assert (document["schema"], document["client"]) == ("regsim.protocol/1", "skopeo")
    by_name = {program["name"]: program for program in document["programs"]}
    assert by_name["PUSH_IMAGE"]["client"] == "skopeo"
    assert by_name["FETCH"]["client"] == "containerd"
    assert "skopeo: GET /v2/" in regsim("show", "--protocol", "--client", "skopeo").out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--client", "skopeo"), "--client: says whose requests"),
        (("--protocol", "--client", "skopoe"), '--client: there is no client "skopoe"; did you mean "skopeo"?'),
        (("--protocol", "metros"), "--protocol: is the same for every scenario"),
        (("--protocol", "--explain", "run.seed"), "--protocol: is the same for every scenario"),
    ],
)
def test_bad_use_is_one_line(words: tuple[str, ...], line: str, regsim: Ask) -> None:
    """Exit code 2, nothing on standard output."""
    answer = regsim("show", *words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(line)
    assert answer.err.count("\n") == 1


def test_a_sentence_is_the_first_and_those_that_say_where_it_goes_on() -> None:
    """Labels stand for parameters; what follows a paragraph, and what names no label, is left out."""

    def op(w: Any, p: int, label: int, b: int) -> int:
        """Look at what is there. Nobody waits. Go to `label` if nothing is.

        More of it.
        """
        return 0

    assert sentence(Step(op, "over")) == "Look at what is there. Go to `over` if nothing is."
    assert sentence(Step(op)) == "Look at what is there."
    assert sentence(Step(request_op)).startswith("Send requests")
