"""Clients on the wire are rows of a table, and every row keeps to the distribution specification."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from sim.registry.clients import CONTAINERD, DOCKER, KRAFTKIT, ORAS, PROFILES, SKOPEO, Profile

EVERY = (*PROFILES.values(), CONTAINERD)
#: Verbs that the distribution specification has, and the token endpoint of the registry's authentication.
VERBS = {"GET", "HEAD", "POST", "PATCH", "PUT"}


def requests_of(profile: Profile) -> list[str]:
    groups = [getattr(profile, field.name) for field in dataclasses.fields(profile)]
    return [request for group in groups if isinstance(group, tuple) for request in group]


def test_a_scenario_may_name_every_client_that_pushes() -> None:
    """Profiles are found by the names that they carry."""
    assert list(PROFILES) == ["kraftkit", "unikraft", "docker", "skopeo", "oras", "podman", "crane", "buildkit"]
    assert {name: profile.name for name, profile in PROFILES.items()} == {name: name for name in PROFILES}


@pytest.mark.parametrize("profile", EVERY, ids=lambda p: p.name)
def test_every_client_names_its_source(profile: Profile) -> None:
    """A row says where its requests were read or logged."""
    assert profile.source


@pytest.mark.parametrize("profile", EVERY, ids=lambda p: p.name)
def test_every_request_has_a_verb_of_the_specification(profile: Profile) -> None:
    """A request is a verb and what it is about."""
    assert {request.split()[0] for request in requests_of(profile)} <= VERBS
    assert all(len(request.split()) > 1 for request in requests_of(profile))


@pytest.mark.parametrize("profile", EVERY, ids=lambda p: p.name)
def test_every_upload_is_checked_opened_and_closed(profile: Profile) -> None:
    """A blob is asked for by HEAD, opened by POST, and its bytes are the body of the first request that closes it."""
    assert profile.blob_check == ("HEAD blob",)
    assert {profile.opening(kind)[-1] for kind in ("kernel", "rootfs", "config")} == {"POST upload"}
    assert profile.blob_close in (("PATCH upload", "PUT upload"), ("PUT upload",))
    assert profile.blob_get == ("GET blob",)


@pytest.mark.parametrize("profile", EVERY, ids=lambda p: p.name)
def test_a_publish_puts_the_manifest_before_an_index(profile: Profile) -> None:
    """A registry refuses an index whose manifests it lacks, so the manifest goes first."""
    puts = tuple(request for request in profile.publish if request.startswith("PUT"))
    assert puts in (("PUT manifest",), ("PUT manifest", "PUT index"))


def test_clients_differ_as_they_were_seen_to() -> None:
    """kraftkit moves four blobs at once and asks for tags, skopeo one and none; containerd pulls three at once."""
    assert (KRAFTKIT.parallel_pushes, SKOPEO.parallel_pushes, CONTAINERD.parallel_pulls) == (4, 1, 3)
    assert (len(KRAFTKIT.tags), len(SKOPEO.tags)) == (2, 0)
    assert (len(KRAFTKIT.publish), len(SKOPEO.publish)) == (2, 1)
    assert [profile.name for profile in EVERY if profile.mounts] == ["buildkit"]
    assert (DOCKER.parallel_pushes, DOCKER.parallel_pulls, DOCKER.retry.waits_s) == (5, 3, (5.0, 10.0, 15.0, 20.0))
    assert (KRAFTKIT.retry.waits_s, SKOPEO.retry.waits_s) == ((1.0, 3.0), ())
    assert max(ORAS.retry.waits_s) <= 3.0


def test_skopeo_asks_for_a_layer_once_more_before_it_sends_it() -> None:
    """And for its config not, as in the registry's log."""
    again = ("HEAD blob", "POST upload")
    assert [SKOPEO.opening(kind) for kind in ("kernel", "rootfs", "config")] == [again, again, ("POST upload",)]
    log = (Path(__file__).parents[1] / "data" / "registry.log").read_text().splitlines()
    reported = [line.split('"')[1].split()[0] for line in log if "10.99.1.1" in line and "/v2/org1/web/" in line][:14]
    layer = ["HEAD", *(request.split()[0] for request in (*again, *SKOPEO.blob_close))]
    assert reported == [*layer, *layer, "HEAD", *layer[2:]]


def test_a_profile_cannot_be_changed() -> None:
    """Rows of the table are frozen."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        KRAFTKIT.mounts = True  # type: ignore[misc]
