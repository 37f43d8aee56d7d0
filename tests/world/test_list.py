"""What a registry lists in a run: images some time after they were published there, wherever that was first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.frames import frame, listing
from sim.registry.oci import numbered_digest
from sim.world.limits import discard
from sim.world.world import World

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


@pytest.mark.parametrize("deletions", [False, True])
def test_what_was_removed_is_no_longer_listed_though_a_node_has_a_copy(deletions: bool) -> None:
    """A ROM is pushed to central, ready at its node at 7.002 and removed 5 s later, with lists that trail by 60 s.

    Until 72.002 central's list shows it, and the node's, which goes on having it; from then on nobody's does. Pushed
    again, to the node this time, it is listed again.
    """
    changes = {"central__list_lag": "60 s", "nodes__n__list_lag": "60 s", "demand__removed_after": "5 s"}
    chosen = scenario(policies__sync__deletions=deletions, policies__sync__delay="0 s", **changes)
    asked = demand([Deploy(0.0), Deploy(100.0)], [App(kind=1)])
    world = play(chosen, replace(asked, removed=np.array([True, False]))).world
    digest = numbered_digest(3, 0)
    assert (world.nodes[0].contents.image("org0/app0", digest) is None) == deletions

    def shown(at_s: float) -> list[str]:
        return [r.name for r in (world.central, *world.nodes) if r.contents.listing(at_s, 60.0)]

    assert [shown(at_s) for at_s in (71.9, 72.1, 163.7)] == [["central", "n"], [], []]
    assert shown(200.0) == ["central", "n"]
    union = listing(frame(world.log.tables["lists"]), 72.1, "central")
    assert union.empty


def test_a_copy_of_what_was_removed_meanwhile_is_not_listed() -> None:
    """An image is removed from central while its node still fetches it: the copy is there, and no list shows it."""
    chosen = scenario(central__list_lag="1 s", nodes__n__list_lag="1 s")

    def remove(world: World) -> None:
        discard(world, world.central, "org0/app0", numbered_digest(3, 0))

    world = play(chosen, demand([Deploy(0.0)], [App(kind=1)]), {6.0: remove}).world
    assert world.nodes[0].contents.image("org0/app0", numbered_digest(3, 0)) is not None
    assert world.nodes[0].contents.listing(100.0, 1.0) == ()
    assert world.central.contents.listing(100.0, 1.0) == ()


def test_an_older_removal_leaves_what_came_since() -> None:
    """An update pushed straight to its node is listed there, though the image before it is removed from central."""
    chosen = scenario(policies__sync__to_central="never", policies__tags__check="absent", policies__route="node-direct")

    def copy(world: World) -> None:
        contents = world.nodes[0].contents
        image, publish = contents.image("org0/app0", numbered_digest(3, 0)), contents.resolve("org0/app0", "latest")
        assert image is not None
        assert publish is not None
        for blob in image.blobs:
            world.central.contents.add_blob("org0/app0", blob)
        world.hold(world.central, "org0/app0", "latest", image, publish)

    def remove(world: World) -> None:
        discard(world, world.central, "org0/app0", numbered_digest(3, 0))

    asked = demand([Deploy(0.0), Deploy(20.0)], [App(kind=1)])
    world = play(chosen, asked, {10.0: copy, 40.0: remove}).world
    assert world.central.contents.listing(1000.0, 1.0) == ()
    assert world.nodes[0].contents.listing(1000.0, 1.0) == LISTED
