"""References against the grammar of distribution/reference, put together as one pattern.

The checks of `sim.registry.reference` look at a reference part by part, to say what is wrong with it. Here the same
language is one pattern, and the two must accept the same texts.
"""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from sim.errors import InputError
from sim.registry.reference import Reference

# https://github.com/distribution/reference/blob/main/reference.go, the grammar at its top, rule by rule.
_DOMAIN_COMPONENT = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_DOMAIN_COMPONENT}(?:\.{_DOMAIN_COMPONENT})*|\[[a-fA-F0-9:]+\])"
_DOMAIN = rf"{_HOST}(?::[0-9]+)?"
_PATH_COMPONENT = r"[a-z0-9]+(?:(?:[_.]|__|-+)[a-z0-9]+)*"
_REMOTE_NAME = rf"{_PATH_COMPONENT}(?:/{_PATH_COMPONENT})*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})"
_REFERENCE = re.compile(rf"(?:({_DOMAIN})/)?({_REMOTE_NAME})(?::({_TAG}))?(?:@({_DIGEST}))?")

HEX_64 = 16 * "f0e1"
SHA256 = f"sha256:{HEX_64}"


def read(text: str) -> tuple[str | None, ...] | None:
    """Host, path, tag and digest as `ParseNormalizedNamed` and `TagNameOnly` find them; None if they refuse the text.

    That is normalize.go less Docker Hub's habits, with `default.example` for Docker Hub.
    """
    first, slash, _ = text.partition("/")
    if not slash or not (first == "localhost" or "." in first or ":" in first or first != first.lower()):
        text = f"default.example/{text}"
    found = _REFERENCE.fullmatch(text)
    if found is None or len(found[2]) > 255 or re.fullmatch("default.example/[a-f0-9]{64}", text):
        return None
    host, path, tag, digest = found.groups()
    return host or "default.example", path, tag or (None if digest else "latest"), digest


_ATOMS = ["a", "b0", "A", "a.b", "localhost", "[::1]", "80", HEX_64, SHA256, *"._-/:@", "__", "--"]
_texts = st.one_of(
    st.text(alphabet="ab0A.:/@_-[]", max_size=16),
    st.lists(st.sampled_from(_ATOMS), max_size=9).map("".join),
)


@given(_texts)
@example("a_b.c/d")
@example("A_b/c")
@example(HEX_64)
@example("localhost/" + HEX_64)
@example("a/" * 127 + "ab")
@example("a/" * 127 + "a")
@example("a:80/" + 256 * "b")
@example(f"a:{HEX_64}{HEX_64}")
@example(f"a:{HEX_64}{HEX_64}0")
def test_same_language_as_the_grammar(text: str) -> None:
    """A text is accepted here exactly when the grammar accepts it, and is then read into the same parts."""
    try:
        reference = Reference.parse(text, default_host="default.example")
    except InputError:
        parts = None
    else:
        parts = (reference.host, reference.repository, reference.tag, reference.digest)
    assert parts == read(text)
