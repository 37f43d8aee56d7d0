"""Random streams: named by what they are for, so that nothing but seed, run and name decides their draws."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from sim.streams import Streams


def first(streams: Streams, purpose: str = "arrivals", entity: str = "") -> float:
    return float(streams.generator(purpose, entity).random())


def test_a_stream_is_the_same_whenever_it_is_asked_for() -> None:
    """Streams asked for in another order, or again, start with the same draws."""
    one, other = Streams(1), Streams(1)
    forwards = [first(one, name) for name in ("a", "b", "c")]
    backwards = [first(other, name) for name in ("c", "b", "a")]
    assert forwards == backwards[::-1]
    assert first(one, "a") == forwards[0]


def test_every_part_of_the_key_matters() -> None:
    """Another seed, run, purpose or entity is another stream."""
    draws = [
        first(Streams(1)), first(Streams(2)), first(Streams(1, 1)), first(Streams(1), "sizes"),
        first(Streams(1), "arrivals", "n1"), first(Streams(1), "arrivals", "n2"),
    ]  # fmt: skip
    assert len(set(draws)) == 6


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((Streams(1, 11), "a", ""), (Streams(11, 1), "a", "")),
        ((Streams(1, 0), "ab", "c"), (Streams(1, 0), "a", "bc")),
        ((Streams(1, 0), "a", "b"), (Streams(1, 0), "ab", "")),
    ],
)
def test_parts_of_the_key_do_not_run_together(one: tuple[Streams, str, str], other: tuple[Streams, str, str]) -> None:
    """Keys that spell the same characters, cut elsewhere, are different streams."""
    assert first(*one) != first(*other)


def test_the_key_is_hashed_as_the_module_says() -> None:
    """Seed 7, run 2, purpose `arrivals`, entity `n1`: BLAKE2b of the parts between NULs is PCG64's seed."""
    key = hashlib.blake2b(b"7\x002\x00arrivals\x00n1", digest_size=16).digest()
    expected = np.random.Generator(np.random.PCG64(int.from_bytes(key, "little"))).random(3)
    assert np.array_equal(Streams(7, 2).generator("arrivals", "n1").random(3), expected)


def test_streams_do_not_follow_each_other() -> None:
    """Two streams, and the streams of two runs, are uncorrelated within four standard errors."""
    n = 10_000
    base = Streams(1).generator("arrivals").random(n)
    for other in (Streams(1).generator("sizes"), Streams(1, 1).generator("arrivals"), Streams(2).generator("arrivals")):
        # The correlation of n independent pairs has a standard error of 1 / sqrt(n).
        assert abs(np.corrcoef(base, other.random(n))[0, 1]) < 4 / np.sqrt(n)


def test_a_stream_is_uniform() -> None:
    """A thousand streams' first draws fill ten bins evenly, by chi-square at the level of 1 in 10,000."""
    draws = [first(Streams(1, run)) for run in range(1000)]
    counts, _ = np.histogram(draws, bins=10, range=(0, 1))
    assert float(((counts - 100) ** 2 / 100).sum()) < 33.7  # chi-square, 9 degrees of freedom, 0.9999
