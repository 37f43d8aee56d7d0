"""Machine code on disk is read if it is whole and nobody else could have written it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from sim.records import kept


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an index and the code, sealed."""
    place = tmp_path / "cache"
    place.mkdir(mode=0o700)
    for name in ("f-1.py311.nbi", "f-1.py311.1.nbc"):
        (place / name).write_bytes(name.encode())
        (place / name).chmod(0o644)
    kept.seal(place, "f-1.py311")
    return place


def test_what_was_sealed_is_whole(folder: Path) -> None:
    """As it was, it is read; with any byte changed, cut short, or with a file more or less it is not."""
    assert kept.is_whole(folder, "f-1.py311")
    path = folder / "f-1.py311.1.nbc"
    good = path.read_bytes()
    for at in range(len(good)):
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert not kept.is_whole(folder, "f-1.py311")
        path.write_bytes(good[:at])
        assert not kept.is_whole(folder, "f-1.py311")
    path.write_bytes(good)
    assert kept.is_whole(folder, "f-1.py311")
    (folder / "f-1.py311.2.nbc").write_bytes(b"")
    assert not kept.is_whole(folder, "f-1.py311")


def test_what_was_never_sealed_is_not_whole(tmp_path: Path) -> None:
    """Nothing there, or a seal that is none."""
    assert not kept.is_whole(tmp_path / "nowhere", "f")
    (tmp_path / "f.sha256").write_bytes(b"\xff")
    assert not kept.is_whole(tmp_path, "f")


def test_what_is_not_whole_goes(folder: Path) -> None:
    """Its files and its seal, and no others."""
    (folder / "g-1.py311.nbi").write_bytes(b"")
    kept.remove(folder, "f-1.py311")
    assert [path.name for path in folder.iterdir()] == ["g-1.py311.nbi"]


def test_a_folder_of_ones_own_is_private(folder: Path) -> None:
    """So is one that is still to be made in it."""
    assert kept.is_private(folder)
    assert kept.is_private(folder / "more" / "of it")


@pytest.mark.parametrize("which", ["folder", "file"])
def test_what_all_may_write_to_is_not_private(folder: Path, which: str) -> None:
    """Neither the folder nor a file in it; nor is a folder that anybody may put another in place of."""
    path = folder if which == "folder" else folder / "f-1.py311.nbi"
    path.chmod(0o777)
    assert not kept.is_private(folder)
    path.chmod(0o700)
    assert kept.is_private(folder)
    folder.parent.chmod(0o777)
    assert not kept.is_private(folder)
    folder.parent.chmod(0o1777)
    assert kept.is_private(folder)


@pytest.mark.skipif(os.getuid() != 0, reason="files are given away by root alone")
def test_what_another_owns_is_not_private(folder: Path) -> None:
    """A file, or the folder, that is another user's."""
    os.chown(folder / "f-1.py311.1.nbc", 12345, 12345)
    assert not kept.is_private(folder)
    os.chown(folder / "f-1.py311.1.nbc", 0, 0)
    os.chown(folder, 12345, 12345)
    assert not kept.is_private(folder)


@pytest.mark.skipif(kept.fcntl is None, reason="there are no locks")
def test_who_has_to_wait_does_something_else_first(tmp_path: Path) -> None:
    """One holds it; the other does what it can meanwhile, and holds it once the first no longer does."""
    path, order, meanwhile = tmp_path / "lock", [], Event()

    def second() -> None:
        with kept.alone(path, meanwhile.set):
            order.append("second")

    with ThreadPoolExecutor(1) as pool:
        with kept.alone(path, lambda: order.append("nobody was there")):
            waiting = pool.submit(second)
            assert meanwhile.wait(10)
            order.append("first")
        waiting.result(10)
    assert order == ["first", "second"]
