"""`regsim show --explain KEY`: what a key is, with a file and without."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def test_a_key_is_explained_with_the_value_in_the_file(regsim: Callable[..., Any], small: str) -> None:
    """The sentence, the form, the default and what it rests on, and what stands in the file after overrides."""
    answer = regsim("show", small, "--explain", "demand.updates", "--set", "demand.updates=0.25")
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "demand.updates",
        "  The part of the deploys that update an app that is there; the others are of new ones.",
        "",
        "  write     a fraction such as 0.9, at least 0, at most 1",
        "  default   0.9",
        "  rests on  assumption",
        "  here      0.25  # override",
    ]


def test_a_key_is_explained_without_a_file(regsim: Callable[..., Any]) -> None:
    """What the model says needs no scenario; showing one needs it, and says so."""
    answer = regsim("show", "--explain", "images.NAME.boot")
    assert answer.code == 0
    assert "From the image on the node until the instance answers." in answer.out
    assert "here" not in answer.out
    answer = regsim("show")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "regsim show: FILE: is missing; name a scenario, or a key by --explain\n"


def test_a_key_is_explained_as_a_document(regsim: Callable[..., Any], small: str) -> None:
    """With --json all of it is data: choices with their sentences, and the values of each variant."""
    document = json.loads(regsim("show", small, "--explain", "policies.route", "--json").out)
    assert document["schema"] == "regsim.explain/1"
    assert (document["key"], document["default"], document["assumption"]) == ("policies.route", '"central"', True)
    assert "both" in document["choices"]
    assert [(value["variant"], value["value"]) for value in document["values"]] == [
        (None, '"central"'),
        ("node-direct", '"node-direct"'),
    ]


def test_an_unknown_key_is_bad_use_with_the_near_one(regsim: Callable[..., Any], small: str) -> None:
    """One line on standard error and exit code 2, with a file and without."""
    for words in (("show", small, "--explain", "demand.ratte"), ("show", "--explain", "demand.ratte")):
        answer = regsim(*words)
        assert (answer.code, answer.out) == (2, "")
        assert answer.err == '--explain: unknown key, got "demand.ratte"; did you mean "demand.rate"?\n'
