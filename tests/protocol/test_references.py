"""References in a run: tags of images' names reach rows, and a digest pins one content, whatever is pushed and when."""

from __future__ import annotations

from typing import Any

import pytest

from sim.result import Result
from sim.runner import run
from sim.scenario import Scenario

PIN = "sha256:" + 32 * "ab"
LONG = "sha512:" + 64 * "cd"
DOCUMENT: dict[str, Any] = {
    "run": {"duration": "1 h"},
    "topology": {"shape": "star"},
    "nodes": {"n": {"count": 3}},
    "clients": {"dev": {"count": 2}},
    "demand": {
        "rate": "200/h", "apps": 5, "updates": 0.8, "kernel_release": {"at": "10 min", "over": "10 min"},
    },
}  # fmt: skip


def ran(images: dict[str, Any], **changes: Any) -> Result:
    """One run with these images; keys of changes have two underscores for a dot."""
    overrides = {key.replace("__", "."): value for key, value in changes.items()}
    return run(Scenario.from_document({**DOCUMENT, "images": images}, overrides=overrides), engine="reference")


@pytest.mark.parametrize("digest", [PIN, LONG])
def test_a_digest_pins_one_content(digest: str) -> None:
    """Every instance of a pinned image runs that content, and none is stale, though apps and kernels move on."""
    starts = ran({f"app@{digest}": {"kernel": "10 MB", "rootfs": "1 MB"}}).starts
    assert len(starts) > 100
    assert {*starts["digest"]} == {*starts["meant"]} == {digest}
    assert not starts["stale"].any()


def test_a_pinned_image_is_sent_to_a_repository_once() -> None:
    """A first push sends 11 MB; an update, also one with a released kernel, sends no layer again."""
    result = ran({f"app@{PIN}": {"kernel": "10 MB", "rootfs": "1 MB"}})
    deploys, pushed = result.deploys, result.transfers.query("purpose == 'push' and content != 'metadata'")
    layers = pushed.groupby("deploy")["size_bytes"].sum().reindex(deploys["deploy"], fill_value=0)
    updates = deploys["update"].to_numpy()
    assert (layers[updates] == 0).all()
    assert layers[~updates].between(11_000_000, 11_010_000).all()
    assert (deploys["kernel"] == 0).all()


def test_an_image_without_a_digest_moves_on() -> None:
    """The same scenario by tag has an image for each deploy: pinning is what the test above shows."""
    starts = ran({"app": {"kernel": "10 MB", "rootfs": "1 MB"}}).starts
    assert len({*starts["digest"]}) > 100


def test_images_that_are_pinned_and_not_keep_to_themselves() -> None:
    """Of two kinds the pinned one has one digest, the other as many as deploys."""
    result = ran({f"team/app:1.2@{PIN}": {"rootfs": "1 MB"}, "web": {"rootfs": "2 MB"}})
    rows = result.starts.merge(result.deploys[["deploy", "image"]], on="deploy")
    pinned = rows["image"] == f"team/app:1.2@{PIN}"
    assert {*rows[pinned]["digest"]} == {PIN}
    assert rows[~pinned]["digest"].nunique() == (result.deploys["image"] == "web").sum()
    assert PIN not in {*rows[~pinned]["digest"]}


def test_registries_list_the_tags_of_images_names() -> None:
    """`latest` where none is written, the tag of a name that has one, the digest of one that has that alone."""
    images = {"a": {"rootfs": "1 MB"}, "b:1.2": {"rootfs": "1 MB"}, f"c@{PIN}": {"rootfs": "1 MB"}}
    assert {*ran(images).tables["lists"].column("tag")} == {"latest", "1.2", PIN}


def test_a_name_without_a_tag_is_latest() -> None:
    """The same rows to the bit, but for what the image is called."""
    bare, tagged = ran({"app": {"rootfs": "1 MB"}}), ran({"app:latest": {"rootfs": "1 MB"}})
    for name, table in bare.tables.items():
        for column in table.arrays():
            if column != "image" or name != "deploys":
                assert list(table.column(column)) == list(tagged.tables[name].column(column)), (name, column)
    assert {*tagged.tables["deploys"].column("image")} == {"app:latest"}


def test_a_digest_is_what_demand_reference_says_for_all() -> None:
    """`demand.reference = "digest"` starts what was pushed, as a digest in a name does, and leaves no stale start."""
    by_tag = ran({"app": {"rootfs": "1 MB"}}, policies__route="node-direct", policies__tags__check="absent")
    by_digest = ran(
        {"app": {"rootfs": "1 MB"}}, policies__route="node-direct", policies__tags__check="absent",
        demand__reference="digest",
    )  # fmt: skip
    assert by_digest.metrics["stale_starts"] == 0 <= by_tag.metrics["stale_starts"]
    assert {*by_digest.starts["digest"]} - {""} == {*by_digest.starts["meant"]} - {""}
