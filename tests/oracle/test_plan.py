"""Plans: what travels, what is there, what is near."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sim.registry.oci import Digest, Layer, digest_of

from .contents import Contents
from .plan import PullPlan, PushPlan, mountable, plan_pull, plan_push

KERNEL = Layer(digest_of("kernel"), 36, "kernel")
ROOTFS = Layer(digest_of("rootfs"), 3, "rootfs")
CONFIG = Layer(digest_of("config"), 2, "config")
BLOBS = (KERNEL, ROOTFS, CONFIG)

_digests = st.sets(st.sampled_from([blob.digest for blob in BLOBS]))
_some_blobs = st.permutations(BLOBS).flatmap(lambda blobs: st.integers(0, 3).map(lambda count: tuple(blobs[:count])))


def test_push_to_an_empty_repository_sends_everything() -> None:
    """The first push of an image sends all of its blobs, in the order given."""
    assert plan_push(BLOBS, held=()) == PushPlan(send=BLOBS, skip=(), mount=())


def test_push_skips_what_is_held() -> None:
    """A kernel that the repository holds is skipped, and only the rest is sent."""
    assert plan_push(BLOBS, held={KERNEL.digest}) == PushPlan(send=(ROOTFS, CONFIG), skip=(KERNEL,), mount=())


def test_push_mounts_what_another_repository_holds() -> None:
    """A blob that can be mounted is mounted rather than sent."""
    plan = plan_push(BLOBS, held=(), mountable={KERNEL.digest})
    assert plan == PushPlan(send=(ROOTFS, CONFIG), skip=(), mount=(KERNEL,))


def test_mounts_come_from_own_repositories_of_the_account() -> None:
    """Of four other repositories with a kernel, only the one of the same account that the client pushed to will do."""
    contents = Contents()
    for number, repository in enumerate(("org/pushed", "org/unknown", "other/pushed", "organic/pushed")):
        contents.add_blob(repository, KERNEL)
        contents.add_blob(repository, Layer(digest_of("own", number), 1, "rootfs"))
    known = mountable(contents, "org/app", ["org/app", "org/pushed", "other/pushed", "organic/pushed"])
    assert KERNEL.digest in known
    assert [digest_of("own", number) in known for number in range(4)] == [True, False, False, False]
    plan = plan_push(BLOBS, contents.blobs("org/app"), mountable=known)
    assert plan == PushPlan(send=(ROOTFS, CONFIG), skip=(), mount=(KERNEL,))


def test_first_push_of_a_client_mounts_nothing() -> None:
    """A client that has pushed nowhere, or only to the target itself, has nothing to mount from."""
    contents = Contents()
    contents.add_blob("org/other", KERNEL)
    for pushed in ([], ["org/app"]):
        assert plan_push(BLOBS, contents.blobs("org/app"), mountable(contents, "org/app", pushed)).mount == ()


def test_push_skips_rather_than_mounts() -> None:
    """A blob that is there already is not mounted as well."""
    both = {KERNEL.digest}
    assert plan_push((KERNEL,), held=both, mountable=both) == PushPlan(send=(), skip=(KERNEL,), mount=())


def test_push_of_a_group_decides_only_on_it() -> None:
    """A client that checks blob by blob gets a plan for that blob alone."""
    assert plan_push((ROOTFS,), held={KERNEL.digest}) == PushPlan(send=(ROOTFS,), skip=(), mount=())


def test_pull_fetches_skips_and_joins() -> None:
    """A pull fetches what is missing, skips what is held and joins what another pull is fetching."""
    plan = plan_pull(BLOBS, held={CONFIG.digest}, arriving={KERNEL.digest})
    assert plan == PullPlan(fetch=(ROOTFS,), skip=(CONFIG,), join=(KERNEL,))


def test_pull_skips_rather_than_joins() -> None:
    """A blob that is held is not waited for, though a fetch of it is still noted as arriving."""
    assert plan_pull((KERNEL,), held={KERNEL.digest}, arriving={KERNEL.digest}).join == ()


def test_empty_plan() -> None:
    """No blobs, no work."""
    assert plan_push((), held=()) == ((), (), ())
    assert plan_pull((), held=()) == ((), (), ())


@given(blobs=_some_blobs, held=_digests, near=_digests)
def test_plans_partition_the_blobs(blobs: tuple[Layer, ...], held: set[Digest], near: set[Digest]) -> None:
    """Every blob is in exactly one part of a plan, each part in the order given, and pushes and pulls decide alike."""
    plan = plan_push(blobs, held, near)
    assert tuple(plan) == tuple(plan_pull(blobs, held, near))
    assert plan.skip == tuple(blob for blob in blobs if blob.digest in held)
    assert plan.mount == tuple(blob for blob in blobs if blob.digest in near - held)
    assert plan.send == tuple(blob for blob in blobs if blob.digest not in near | held)
