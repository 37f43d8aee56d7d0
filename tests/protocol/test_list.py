"""What a registry lists in a run: images some time after they were published there, wherever that was first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.tables.frames import frame, listing

from .small import App, Deploy, Seen, demand, play, scenario

LISTED = [("org0/app0", "latest")]


def remove(here: Seen) -> None:
    """Remove the first image from central."""
    here.do("delete_image", 0, 0, 0)


@pytest.mark.parametrize(
    ("route", "registry", "there_s"),
    [
        ("central", "central", 3.831),
        ("central", "n", 6.902),  # when the pull has ended
        ("node-direct", "n", 3.801),
        # When the sync has ended, and not a minute after the node's publish; a question had opened its way.
        ("node-direct", "central", 11.802),
    ],
)
def test_an_image_is_listed_a_while_after_it_is_there(route: str, registry: str, there_s: float) -> None:
    """With a lag of 60 s a list is empty until a minute after the registry has the image."""
    chosen = scenario(central__list_lag="60 s", nodes__n__list_lag="60 s", policies__route=route)
    seen = play(chosen, demand([Deploy(0.0)], [App(kind=1)]))
    assert [seen.listed(registry, there_s + after_s) for after_s in (59.8, 60.2)] == [[], LISTED]


@pytest.mark.parametrize("deletions", [False, True])
def test_what_was_removed_is_no_longer_listed_though_a_node_has_a_copy(deletions: bool) -> None:
    """A ROM is pushed to central, ready at its node at 7.002 and removed 5 s later, with lists that trail by 60 s.

    Until 72.002 central's list shows it, and the node's, which goes on having it; from then on nobody's does. Pushed
    again, to the node this time, it is listed again.
    """
    changes = {"central__list_lag": "60 s", "nodes__n__list_lag": "60 s", "demand__removed_after": "5 s"}
    chosen = scenario(policies__sync__deletions=deletions, policies__sync__delay="0 s", **changes)
    asked = demand([Deploy(0.0), Deploy(100.0)], [App(kind=1)])
    seen = play(chosen, replace(asked, removed=np.array([True, False])))
    assert seen.has_image("n", 0) != deletions

    def shown(at_s: float) -> list[str]:
        return [registry for registry in seen.registries if seen.listed(registry, at_s)]

    assert [shown(at_s) for at_s in (71.9, 72.1, 163.7)] == [["central", "n"], [], []]
    assert shown(200.0) == ["central", "n"]
    union = listing(frame(seen.tables["lists"]), 72.1, "central")
    assert union.empty


def test_a_copy_of_what_was_removed_meanwhile_is_not_listed() -> None:
    """An image is removed from central while its node still fetches it: the copy is there, and no list shows it."""
    chosen = scenario(central__list_lag="1 s", nodes__n__list_lag="1 s")

    seen = play(chosen, demand([Deploy(0.0)], [App(kind=1)]), {6.0: remove})
    assert seen.has_image("n", 0)
    assert seen.listed("n", 100.0) == seen.listed("central", 100.0) == []


def test_an_older_removal_leaves_what_came_since() -> None:
    """An update pushed straight to its node is listed there, though the image before it is removed from central."""
    chosen = scenario(policies__sync__to_central="never", policies__tags__check="absent", policies__route="node-direct")

    def copy(here: Seen) -> None:
        image = here.state.images[0]
        for blob in here.state.image_blobs[image.first_blob : image.first_blob + image.blobs]:
            here.do("add_blob", 0, 0, blob)
        assert here.do("hold_image", 0, 0, 0, here.do("tag_publish", 1, 0), 0.0) == 0

    asked = demand([Deploy(0.0), Deploy(20.0)], [App(kind=1)])
    seen = play(chosen, asked, {10.0: copy, 40.0: remove})
    assert seen.listed("central", 1000.0) == []
    assert seen.listed("n", 1000.0) == LISTED
