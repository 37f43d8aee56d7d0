"""Files are whole or not there."""

from __future__ import annotations

import json
import math
import os
import stat
from pathlib import Path

import pytest

from sim import files
from sim.errors import InputError
from sim.files import folder, read_text, replacing, write_json


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    """Whatever ends the block, even the keyboard, the directory is as it was."""
    target = tmp_path / "kept.txt"
    target.write_text("old")

    def write_half() -> None:
        with replacing(target) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    """The new text appears when the block ends, with the rights that any new file gets."""
    target, other = tmp_path / "a.txt", tmp_path / "other.txt"
    target.write_text("old")
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    other.write_text("")
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


def test_json_has_null_for_what_it_cannot_say(tmp_path: Path) -> None:
    """Infinite and missing numbers are null at any depth; tuples are lists."""
    write_json(tmp_path / "a.json", {"x": (1.5, math.inf), "y": {"z": math.nan}})
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": [1.5, None], "y": {"z": None}}


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    """A file in the way is named together with the remedy."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        folder(tmp_path / "file")
    assert (
        str(caught.value) == f"{tmp_path}/file: cannot be a directory to write to (File exists); name another directory"
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in its folders")
def test_a_pipe_into_which_nobody_writes_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a shell makes of `<(...)` is read to its end; a pipe that nobody opens ends in an error after a while."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setattr(files, "PATIENCE_S", 0.05)
    with pytest.raises(OSError, match="nobody has written into this pipe"):
        read_text(pipe, 100)
    ours, theirs = os.pipe()
    os.write(theirs, b"[run]\n")
    os.close(theirs)
    assert read_text(f"/dev/fd/{ours}", 100) == "[run]\n"
    os.close(ours)
