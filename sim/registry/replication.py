"""Which of two publishes of a tag wins, as values.

The rule here is *last writer wins*, by the time at which a publish was first made, wherever that was; a copy keeps
the time of its original. What a sync's states are, other rules, and skewed clocks are left out.
"""

from __future__ import annotations

from sim.registry.contents import Publish


def supersedes(publish: Publish, held: Publish) -> bool:
    """Whether a registry that holds `held` under a tag should take `publish` in its place.

    Two publishes at one instant are ordered by their digests, so that every registry decides alike.
    """
    if publish.published_s != held.published_s:
        return publish.published_s > held.published_s
    return publish.digest > held.digest
