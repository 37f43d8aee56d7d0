"""How far dedup looks, at two registries with three repositories of two accounts; the kernel was sent to org1/a."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.policies.snapshot import Publish
from sim.registry.dedup import SCOPES, Scope, account_of
from sim.registry.oci import Image, Layer, digest_of

from .contents import Contents
from .pools import pools

KERNEL = Layer(digest_of("kernel"), 30, "kernel")
CONFIG = Layer(digest_of("config"), 1, "config")


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        ("none", set()),
        ("repository", {"here org1/a"}),
        ("account", {"here org1/a", "here org1/b"}),
        ("registry", {"here org1/a", "here org1/b", "here org2/a"}),
        ("fleet", {f"{at} {name}" for at in ("here", "there") for name in ("org1/a", "org1/b", "org2/a")}),
    ],
)
def test_a_scope_sees_so_far(scope: Scope, seen: set[str]) -> None:
    """The kernel counts as held in the repositories of the scope, and in no others."""
    make = pools(scope)
    registries = {"here": Contents(make()), "there": Contents(make())}
    registries["here"].add_blob("org1/a", KERNEL)
    assert seen == {
        f"{at} {name}"
        for at, contents in registries.items()
        for name in ("org1/a", "org1/b", "org2/a")
        if KERNEL.digest in contents.blobs(name)
    }


def test_every_scope_is_tried() -> None:
    """The table of the test before has all scopes."""
    assert SCOPES == ("none", "repository", "account", "registry", "fleet")
    assert [account_of(name) for name in ("org1/a", "org1/b/c", "solo")] == ["org1", "org1", "solo"]


@given(st.lists(st.tuples(st.sampled_from(["org1/a", "org1/b", "org2/a"]), st.sampled_from(["put", "drop", "sweep"]))))
def test_a_pool_keeps_step_with_its_registry(steps: list[tuple[str, str]]) -> None:
    """Whatever is put, dropped and collected: a registry's pool has a blob exactly as long as a repository has it."""
    contents = Contents(pools("registry")())
    for number, (repository, step) in enumerate(steps):
        image = Image(digest_of(repository, "image"), (KERNEL,), CONFIG, 0, 0)
        if step == "put":
            for blob in image.blobs:
                contents.add_blob(repository, blob)
            contents.put(repository, "latest", image, Publish(image.digest, float(number)))
        elif step == "drop" and contents.image(repository, image.digest) is not None:
            contents.drop(repository, image.digest, float(number), ())
        else:
            contents.remove_manifest(repository, image.digest, float(number))
            contents.collect_garbage()
        stored = {blob.digest for _, blob in contents.stored()}
        assert (KERNEL.digest in contents.blobs("org3/new")) == (KERNEL.digest in stored)
