"""Names of images are OCI references: read in every table, overridden, shown, and refused in one line."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from sim.errors import InputErrors
from sim.scenario import Scenario, load
from sim.scenario.describe import keys, show
from sim.scenario.document import parse_setting

PIN = "sha256:" + 32 * "ab"
FULL = "registry.example/team/app:1.2"
DOTTED = f'images."{FULL}"'


def made(document: dict[str, Any], **images: Any) -> Scenario:
    return Scenario.from_document({**document, "images": images})


def refused(document: dict[str, Any]) -> list[str]:
    """The lines in which a document's faults are reported, of its base alone."""
    with pytest.raises(InputErrors) as caught:
        Scenario.from_document({key: part for key, part in document.items() if key != "variants"} | {"run": {}})
    return [str(error) for error in caught.value.errors]


def test_a_name_is_a_reference(document: dict[str, Any]) -> None:
    """Host, path, tag and digest are read; without a tag it is `latest`, and the key itself stays as it is written."""
    scenario = made(document, **{FULL: {"rootfs": "1 MB"}, "team/web": {"rootfs": "2 MB"}, "rom": {"rootfs": "3 MB"}})
    assert list(scenario.images) == [FULL, "team/web", "rom"]
    assert [str(one) for one in scenario.references.values()] == [
        "registry.example/team/app:1.2", "index.unikraft.io/team/web:latest", "index.unikraft.io/rom:latest",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "Web",
            'scenario: images.Web: is no reference of an image: path must be in lower case, got "Web"; write "web"',
        ),
        (
            "team//app",
            "scenario: images.team//app: is no reference of an image: path must not have an empty part, "
            'got "team//app"; write one "/" between parts',
        ),
        ("app:", 'scenario: images.app:: is no reference of an image: has no tag after ":", got "app:"; '
         'leave out ":" for "latest"'),
        (
            "app@sha256:0a",
            "scenario: images.app@sha256:0a: is no reference of an image: sha256 digest must have 64 hex digits, "
            'got 2, got "app@sha256:0a"; copy the whole digest',
        ),
    ],
)  # fmt: skip
def test_what_is_no_reference_is_refused(document: dict[str, Any], name: str, line: str) -> None:
    """The key, what is wrong with it, the value and the remedy, in one line."""
    assert refused(document | {"images": {name: {"rootfs": "1 MB"}}}) == [line]


def test_two_names_of_one_image_are_refused(document: dict[str, Any]) -> None:
    """`app` and `app:latest` are one image, whichever is written."""
    images = {"app": {"rootfs": "1 MB"}, "app:latest": {"rootfs": "1 MB"}}
    assert refused(document | {"images": images}) == [
        "scenario: images.app:latest: is the same image as images.app, index.unikraft.io/app:latest; "
        "keep one of them, or give it another tag"
    ]


def test_a_digest_has_one_size(document: dict[str, Any]) -> None:
    """Sizes that vary contradict a name that is one content, and so does a size in a row of a list."""
    images = {f"app@{PIN}": {"rootfs": "1 MB", "sizes": {"p95": "2 MB"}}}
    assert refused(document | {"images": images}) == [
        f"scenario: images.app@{PIN}.sizes: a digest names one content, whose size does not vary; "
        "remove sizes, or the digest from the name"
    ]
    listed = {"images": {f"app@{PIN}": {"rootfs": "1 MB"}}, "demand": {"table": "time,rootfs\n0,2 MB\n"}}
    assert refused(document | listed) == [
        "scenario: demand.table: line 2: rootfs: the size of an image that is named by a digest is that of its one "
        "content; leave the cell empty, or name another image"
    ]


def test_a_name_with_dots_is_overridden_in_quotes(document: dict[str, Any]) -> None:
    """On a command line, in nested tables, and in a variant; no other key of the image changes."""
    scenario = made(document, **{FULL: {"kernel": "5 MB", "rootfs": "1 MB"}})
    changes: tuple[dict[str, Any], ...] = (
        dict([parse_setting(f"{DOTTED}.rootfs=7 MB")]),
        {"images": {FULL: {"rootfs": "7 MB"}}},
        {f"images.'{FULL}'": {"rootfs": "7 MB"}},
    )
    for change in changes:
        image = scenario.with_(change).images[FULL]
        assert (image.rootfs_bytes, image.kernel_bytes) == (7_000_000, 5_000_000)
        varied = Scenario.from_document({**document, "images": {FULL: {"rootfs": "1 MB"}}, "variants": {
            "central": change, "node-direct": {}}})  # fmt: skip
        assert varied.variant("central").images[FULL].rootfs_bytes == 7_000_000


def test_a_part_of_an_image_is_no_name_of_its_own(document: dict[str, Any]) -> None:
    """`http.sizes` under [images] changes the sizes of http, which is there."""
    scenario = Scenario.from_document(document, overrides={"images": {"http.sizes": {"p95": "9 MB"}}})
    assert list(scenario.images) == ["http"]
    assert scenario.images["http"].sizes is not None


def test_a_shown_scenario_loads_again(document: dict[str, Any]) -> None:
    """Names that need quotes have them, in tables and in variants."""
    varied = {"central": {DOTTED + ".rootfs": "9 MB"}, "node-direct": {}}
    scenario = Scenario.from_document({**document, "images": {FULL: {"rootfs": "1 MB"}}, "variants": varied})
    again = Scenario.from_document(tomllib.loads(show.text(scenario)))
    assert again.images == scenario.images
    assert again.variant("central").images[FULL].rootfs_bytes == 9_000_000
    assert scenario.with_({f"{DOTTED}.boot": {"value": "1 ms", "source": "a page"}}).figures[f"{DOTTED}.boot"]


def test_keys_of_a_name_with_dots_are_found(document: dict[str, Any]) -> None:
    """Explaining and completing keys knows them under the same text."""
    assert keys.find(f"{DOTTED}.rootfs")[1] == ("images", FULL, "rootfs")
    assert f"{DOTTED}.rootfs" in set(keys.keys({"images": {FULL: {}}}))


def test_a_file_that_extends_another_keeps_names_with_dots(tmp_path: Path, small_text: str) -> None:
    """What a file adds to the one it extends stands under its own name."""
    (tmp_path / "base.toml").write_text(small_text)
    (tmp_path / "own.toml").write_text(f'extends = "base.toml"\n[images."{FULL}"]\nrootfs = "2 MB"\n')
    assert list(load(tmp_path / "own.toml").images) == ["http", FULL]


def test_lists_and_streams_name_images_however_they_are_written(document: dict[str, Any]) -> None:
    """`index.unikraft.io/http:latest` in a list, and `http:latest` in a stream, are the image http."""
    listed = Scenario.from_document(
        document | {"demand": {"table": "time,image\n0,index.unikraft.io/http:latest\n1,http\n"}}
    )
    assert listed.image_meant("http:latest") == "http"
    assert listed.image_meant("http:1") is None
    stream = Scenario.from_document(document, overrides={"demand.images": {"http:latest": 2}})
    assert stream.demand.images == {"http:latest": 2.0}
    wrong = document | {"demand": {"images": ["htp"]}}
    assert refused(wrong) == ['scenario: demand.images: unknown key of [images], got "htp"; did you mean "http"?']


def test_images_at_several_registries_are_a_warning(document: dict[str, Any]) -> None:
    """There is one central registry, which then stands for all of them; at one host there is no doubt."""
    one = made(document, **{FULL: {"rootfs": "1 MB"}, "registry.example/web": {"rootfs": "1 MB"}})
    two = made(document, **{FULL: {"rootfs": "1 MB"}, "web": {"rootfs": "1 MB"}})
    assert "several-registries" not in {warning.code for warning in one.warnings}
    assert [str(warning) for warning in two.warnings if warning.code == "several-registries"] == [
        "scenario: images: are named at registry.example and index.unikraft.io; "
        "all of them are simulated as the one central registry"
    ]
