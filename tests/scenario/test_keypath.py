"""Key paths as text: dots between keys, quotes around a key that has a dot of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.keypath import dotted, shortened, split


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("links.wan.capacity", ("links", "wan", "capacity")),
        ("links.nodes/dal.capacity", ("links", "nodes/dal", "capacity")),
        ('images."registry.example/app:1.2".rootfs', ("images", "registry.example/app:1.2", "rootfs")),
        ("images.'a.b'.rootfs", ("images", "a.b", "rootfs")),
        ('images."a\\"b.c"', ("images", 'a"b.c')),
        ("a.", ("a", "")),
        ('a."b', ("a", '"b')),
        ("it's.a", ("it's", "a")),
    ],
)
def test_a_text_is_its_keys(text: str, keys: tuple[str, ...]) -> None:
    """Dots part keys outside of quotes alone; a quotation mark that nothing closes stands for itself."""
    assert split(text) == keys


def test_only_ambiguous_keys_stand_in_quotes() -> None:
    """What reads back without quotes is written without, places in lists included."""
    assert dotted(("policies", "route", 0, "share")) == "policies.route.0.share"
    assert dotted(("images", "team/app:2", "rootfs")) == "images.team/app:2.rootfs"
    assert dotted(("images", "app:1.2", "rootfs")) == 'images."app:1.2".rootfs'


@given(st.lists(st.text(st.sampled_from("ab.\"'\\/:=@ é\n") | st.characters(), max_size=8), min_size=1, max_size=4))
def test_any_keys_read_back(keys: list[str]) -> None:
    """Whatever keys are made of, their text reads back as the same keys."""
    assert split(dotted(tuple(keys))) == tuple(keys)


def test_an_error_shows_no_more_of_a_key_than_fits() -> None:
    """A key of a million letters is not a line of a million."""
    assert (len(shortened("a" * 10**6)), shortened("links.wan.capacity")) == (200, "links.wan.capacity")
