"""Which of two publishes of a tag wins: the later one, and by its digest where both came at once."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from sim.registry.contents import Publish
from sim.registry.oci import digest_of
from sim.registry.replication import supersedes

A, B = sorted((digest_of("a"), digest_of("b")))
publishes = st.builds(Publish, st.sampled_from([A, B, digest_of("c")]), st.sampled_from([0.0, 1.0, 2.0]))


def test_the_later_publish_wins() -> None:
    """A publish at 2 s takes the place of one at 1 s, not the other way round, whatever their digests."""
    assert supersedes(Publish(A, 2.0), Publish(B, 1.0))
    assert not supersedes(Publish(B, 1.0), Publish(A, 2.0))


def test_at_one_instant_the_greater_digest_wins() -> None:
    """Of two publishes at 1 s exactly one supersedes the other."""
    assert supersedes(Publish(B, 1.0), Publish(A, 1.0))
    assert not supersedes(Publish(A, 1.0), Publish(B, 1.0))


def test_a_publish_does_not_supersede_itself() -> None:
    """Hearing of the same publish again changes nothing."""
    assert not supersedes(Publish(A, 1.0), Publish(A, 1.0))


@given(st.lists(publishes, min_size=1, max_size=4))
def test_every_registry_ends_with_the_same(heard: list[Publish]) -> None:
    """In whichever order publishes are heard of, the one that is held at the end is the same."""
    ends = set()
    for order in permutations(heard):
        held = order[0]
        for publish in order[1:]:
            held = publish if supersedes(publish, held) else held
        ends.add(held)
    assert len(ends) == 1
