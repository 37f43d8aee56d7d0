"""Requests become the pushes and pulls that they were part of, sorted by time, and what is missing is counted."""

from __future__ import annotations

import math
from pathlib import Path

from sim.workload.logs.accesslog import requests
from sim.workload.logs.operations import Logged, Operation
from sim.workload.logs.request import Reading, Request
from sim.workload.logs.sessions import QUIET_S, Sessions

DATA = Path(__file__).parents[2] / "data"
NAN = math.nan


def digest(letter: str) -> str:
    """The digest that is written `sha256:` and a letter here."""
    return f"sha256:{ord(letter):064x}"


def said(at_s: float, words: str, status: int = 200, size: float = NAN, client: str = "a") -> Request:
    """`HEAD blob x`, `PUT upload x`, `GET manifest v1`, all in one repository."""
    method, kind, *reference = (digest(word[7:]) if word.startswith("sha256:") else word for word in words.split())
    sent, written = (size, 0.0) if kind == "upload" else (NAN, size)
    return Request(1, at_s, method, "r", kind, "".join(reference), status, written, sent, NAN, client)


def played(*reported: Request) -> tuple[list[Operation], Logged]:
    logged = Logged()
    found = list(Sessions(logged).operations(reported))
    for operation in found:
        logged.add(operation, 1000.0)
    return found, logged


PUSH = (
    said(0, "HEAD blob k", 404), said(1, "POST upload", 202), said(2, "PUT upload k", 201, 30.0),
    said(3, "HEAD blob f", 404), said(4, "PUT upload f", 201, 5.0), said(5, "PUT manifest v1", 201),
)  # fmt: skip
UPDATE = (
    said(10, "HEAD blob k"), said(11, "HEAD blob g", 404), said(12, "PUT upload g", 201, 6.0),
    said(13, "PUT manifest v2", 201),
)  # fmt: skip


def test_a_push_is_what_is_asked_and_sent_until_a_manifest() -> None:
    """A first push sends both blobs; an update finds the kernel and sends the rest."""
    found, logged = played(*PUSH, *UPDATE)
    assert [(one.at_s, one.kind, one.reference) for one in found] == [(0, "push", "v1"), (10, "push", "v2")]
    assert found[1].blobs == (("k", 30.0), ("g", 6.0))
    assert found[1].moved == {"g"}
    assert (logged.sent_blobs, logged.sent_bytes, logged.saved_blobs, logged.saved_bytes) == (3, 41.0, 1, 30.0)


def test_a_pull_is_a_manifest_and_the_blobs_after_it() -> None:
    """A pull of what was pushed knows the whole image, though its client fetched one blob of it."""
    pulled = said(20, "GET manifest v1", size=7.0, client="n"), said(21, "GET blob f", size=5.0, client="n")
    found, logged = played(*PUSH, *pulled)
    pull = found[1]
    assert (pull.kind, pull.client, pull.known, pull.manifest_bytes) == ("pull", "n", True, 7.0)
    assert pull.blobs == (("k", 30.0), ("f", 5.0))
    assert pull.moved == {"f"}
    assert (logged.fetched_blobs, logged.fetched_bytes, logged.unknown_pulls) == (1, 5.0, 0)


def test_an_index_and_the_manifest_behind_it_are_one_pull() -> None:
    """A manifest got by digest right after one got by tag belongs to the same pull; another tag begins a new one."""
    found, _ = played(
        said(0, "GET manifest v1"), said(1, "GET manifest sha256:m"), said(2, "GET blob f", size=5.0),
        said(3, "GET manifest v2"), said(4, "GET blob g", size=5.0),
    )  # fmt: skip
    assert [(one.reference, one.moved) for one in found] == [("v1", {"f"}), ("v2", {"g"})]


DOCKER = (
    said(20, "HEAD manifest v1", client="n"), said(21, "GET manifest sha256:m", size=7.0, client="n"),
    said(22, "GET blob f", size=5.0, client="n"),
)  # fmt: skip


def test_a_tag_that_is_looked_up_first_names_the_pull() -> None:
    """Docker and containerd ask what a tag means and get the manifest by its digest: one pull, of the tag's image."""
    found, _ = played(*PUSH, *DOCKER)
    assert [(one.kind, one.reference, one.known, one.at_s) for one in found[1:]] == [("pull", "v1", True, 20)]
    again = [one._replace(at_s=one.at_s + 30) for one in DOCKER[1:]]
    found, logged = played(*PUSH, *DOCKER, *again)
    assert [one.known for one in found] == [True, True, True]
    assert logged.pulls == 2


def test_who_only_asks_what_a_tag_means_pulls_nothing() -> None:
    """A look at a tag, however often, is no pull, and no pull begins with it long after."""
    found, logged = played(*PUSH, *(said(20 + 10 * number, "HEAD manifest v1", client="n") for number in range(5)))
    assert [one.kind for one in found] == ["push"]
    later = [one._replace(at_s=one.at_s + 99) for one in DOCKER]
    found, _ = played(*PUSH, said(20, "HEAD manifest v1", client="n"), *later)
    assert [one.at_s for one in found] == [0, 119]
    assert logged.bare == 0


def test_a_manifest_put_by_its_digest_and_then_an_index_are_one_push() -> None:
    """KraftKit puts the image's manifest by its digest and then the index by the tag: the tag means the blobs."""
    found, logged = played(
        *PUSH[:-1], said(5, "PUT manifest sha256:m", 201), said(6, "PUT manifest v1", 201),
        said(20, "GET manifest v1", client="n"), said(21, "GET manifest sha256:m", client="n"),
        said(22, "GET blob k", size=30.0, client="n"),
    )  # fmt: skip
    assert [(one.kind, one.reference, len(one.blobs)) for one in found] == [("push", "v1", 2), ("pull", "v1", 2)]
    assert logged.bare == 0


def test_each_image_behind_an_index_is_known() -> None:
    """Images for two platforms are one push; a pull of one of them is of its own blobs."""
    found, _ = played(
        said(0, "PUT upload k", 201, 30.0), said(1, "PUT upload f", 201, 5.0), said(2, "PUT manifest sha256:a", 201),
        said(3, "HEAD blob k"), said(4, "PUT upload g", 201, 6.0), said(5, "PUT manifest sha256:b", 201),
        said(6, "PUT manifest v1", 201),
        said(20, "GET manifest v1", client="n"), said(21, "GET manifest sha256:b", client="n"),
        said(22, "GET blob k", size=30.0, client="n"), said(23, "GET blob g", size=6.0, client="n"),
    )  # fmt: skip
    push, pull = found
    assert [name for name, _ in push.blobs] == ["k", "f", "g"]
    assert push.moved == {"k", "f", "g"}
    assert (pull.reference, [name for name, _ in pull.blobs], pull.known) == (digest("b"), ["k", "g"], True)


def test_a_push_by_digest_alone_ends_when_it_is_quiet() -> None:
    """Without a tag the digest is the push's reference."""
    found, logged = played(*PUSH[:-1], said(5, "PUT manifest sha256:m", 201))
    assert [(one.kind, one.reference) for one in found] == [("push", digest("m"))]
    assert logged.unended == 0


def test_a_pull_is_of_what_its_tag_meant_then() -> None:
    """A tag that moves after a pull changes nothing about that pull."""
    moved = [one._replace(at_s=one.at_s + 30, reference=one.reference.replace("v2", "v1")) for one in UPDATE]
    again = [said(90, "GET manifest v1", client="n"), said(91, "GET blob g", size=6.0, client="n")]
    found, _ = played(*PUSH, *DOCKER, *moved, *again)
    pulls = [[name for name, _ in one.blobs] for one in found if one.kind == "pull"]
    assert pulls == [["k", "f"], ["k", "g"]]


def test_a_pull_of_what_the_log_never_saw_pushed_is_not_known() -> None:
    """What was pushed before the log begins is made of what its pull fetched, and counted."""
    found, logged = played(said(0, "GET manifest v1"), said(1, "GET blob f", size=5.0))
    assert [one.known for one in found] == [False]
    assert logged.unknown_pulls == 1


def test_a_blob_that_was_there_before_the_log_is_reported() -> None:
    """A push that finds what nothing brought shows that the log begins in the middle."""
    found, logged = played(*UPDATE)
    assert found[0].found == {"k"}
    assert logged.found_blobs == 1
    assert math.isnan(found[0].blobs[0][1])
    assert logged.saved_bytes == 1000.0


def test_a_mount_sends_nothing() -> None:
    """A blob mounted from another repository is in the image and did not travel."""
    found, _ = played(said(0, "POST mount k", 201), said(1, "PUT upload f", 201, 5.0), said(2, "PUT manifest v1", 201))
    assert [name for name, _ in found[0].blobs] == ["k", "f"]
    assert found[0].moved == {"f"}


def test_what_fails_is_no_operation() -> None:
    """An upload that is refused did not travel, a manifest that is refused ends nothing."""
    found, logged = played(said(0, "HEAD blob k", 404), said(1, "PUT upload k", 400), said(2, "PUT manifest v1", 400))
    assert found == []
    assert logged.unended == 1


def test_manifests_alone_are_counted() -> None:
    """A tag put on what is there moves no blob, nor does looking at the manifest of an unknown image."""
    found, logged = played(said(0, "PUT manifest v1", 201), said(1, "GET manifest v7"))
    assert found == []
    assert logged.bare == 2


def test_operations_come_by_their_beginning() -> None:
    """A push that takes long comes before a pull that began and ended within it."""
    slow = [said(one.at_s * 100, f"{one.method} {one.kind} {one.reference}", one.status, 5.0) for one in PUSH]
    quick = [said(150, "GET manifest v9", client="n"), said(160, "GET blob z", size=1.0, client="n")]
    found, _ = played(*sorted([*slow, *quick], key=lambda one: one.at_s))
    assert [(one.kind, one.at_s) for one in found] == [("push", 0), ("pull", 150)]


def test_operations_come_while_the_log_is_read() -> None:
    """What has been quiet for long is let go before the log has ended."""
    seen: list[float] = []

    def lines() -> object:
        for at_s in (0.0, 5.0, 10 * QUIET_S, 20 * QUIET_S, 30 * QUIET_S):
            seen.append(at_s)
            yield said(at_s, "GET manifest v1")
            yield said(at_s + 1, "GET blob f", size=5.0)

    first = next(Sessions(Logged()).operations(lines()))  # type: ignore[arg-type]
    assert first.at_s == 0
    assert seen == [0.0, 5.0, 10 * QUIET_S]


def test_clients_are_apart() -> None:
    """Two clients that push to one repository at once are two pushes."""
    mine = [said(one.at_s, f"{one.method} {one.kind} {one.reference}", one.status, 5.0) for one in PUSH]
    theirs = [one._replace(client="b", at_s=one.at_s + 0.5) for one in mine]
    found, _ = played(*sorted([*mine, *theirs], key=lambda one: one.at_s))
    assert sorted((one.client, one.at_s) for one in found) == [("a", 0.0), ("b", 0.5)]


def test_both_logs_of_one_recording_show_the_same() -> None:
    """Seconds or microseconds, dated by beginning or by end: ten pushes and thirteen pulls of the same blobs."""
    reported = []
    for name in ("registry.log", "registry.json.gz"):
        logged = Logged()
        found = list(Sessions(logged).operations(requests(Reading(str(DATA / name)))))
        reported.append({(one.kind, one.client, one.repository, one.reference, one.blobs, one.moved) for one in found})
        assert [one.kind for one in found].count("push") == 10
        assert (len(found), logged.unended, logged.bare) == (23, 0, 0)
    assert reported[0] == reported[1]


def test_a_client_that_went_away_comes_back_for_the_rest() -> None:
    """nginx logs 499 with 40 bytes, then a range of 60: one blob of 100. Who never comes back has fetched no blob."""
    manifest = said(0, "GET manifest v1", size=7.0)
    gone, rest = said(1, "GET blob k", 499, 40.0), said(2, "GET blob k", 206, 60.0)
    _, logged = played(manifest, gone, rest)
    assert (logged.fetched_blobs, logged.fetched_bytes) == (1, 100.0)
    _, again = played(manifest, gone, said(2, "GET blob k", 200, 100.0))
    assert (again.fetched_blobs, again.fetched_bytes) == (1, 100.0)
    _, never = played(manifest, gone, said(2, "GET blob f", 200, 5.0))
    assert (never.fetched_blobs, never.fetched_bytes) == (1, 5.0)


def test_a_blob_that_was_sent_elsewhere_and_then_given_has_the_size_that_was_given() -> None:
    """A redirect says nothing of a size, and does not hide what a later answer of 100 bytes says."""
    found, _ = played(
        said(0, "GET manifest v1"), said(1, "GET blob k", 307, 3.0), said(2, "GET blob k", 200, 100.0)
    )  # fmt: skip
    assert found[0].blobs == (("k", 100.0),)


def test_an_upload_whose_end_does_not_name_its_blob_is_of_the_one_missing_longest() -> None:
    """A log without queries: two blobs are missing and two uploads end; a pull's answer overrules the size supposed."""
    ends = [
        said(at, "PUT upload u", 201, size)._replace(reference=f"u{at}", upload=f"u{at}")
        for at, size in ((2, 30.0), (3, 5.0))
    ]
    asked = said(0, "HEAD blob k", 404), said(1, "HEAD blob f", 404)
    found, logged = played(*asked, *ends, said(4, "PUT manifest v1", 201))
    assert found[0].blobs == (("k", 30.0), ("f", 5.0))
    assert (logged.sent_blobs, logged.sent_bytes, logged.saved_blobs) == (2, 35.0, 0)
    pull = said(5, "GET manifest v1", client="n"), said(6, "GET blob k", 200, 31.0, "n")
    sessions = Sessions(Logged())
    for _ in sessions.operations((*asked, *ends, said(4, "PUT manifest v1", 201), *pull)):
        pass
    assert sessions.sizes == {"k": 31.0, "f": 5.0}
