"""What a registry lists in a run: images some time after they were published there, wherever that was first."""

from __future__ import annotations

import pytest

from .small import App, Deploy, demand, play, scenario

LISTED = (("org0/app0", "latest"),)


@pytest.mark.parametrize(
    ("route", "registry", "there_s"),
    [
        ("central", "central", 3.831),
        ("central", "n", 6.902),  # when the pull has ended
        ("node-direct", "n", 3.801),
        ("node-direct", "central", 12.002),  # when the sync has ended, and not a minute after the node's publish
    ],
)
def test_an_image_is_listed_a_while_after_it_is_there(route: str, registry: str, there_s: float) -> None:
    """With a lag of 60 s a list is empty until a minute after the registry has the image."""
    chosen = scenario(central__list_lag="60 s", nodes__n__list_lag="60 s", policies__route=route)
    seen = play(chosen, demand([Deploy(0.0)], [App(kind=1)]))
    place = next(r for r in (seen.world.central, *seen.world.nodes) if r.name == registry)
    assert place.list_lag_s == 60
    listed = [place.contents.listing(there_s + after_s, place.list_lag_s) for after_s in (59.8, 60.2)]
    assert listed == [(), LISTED]
