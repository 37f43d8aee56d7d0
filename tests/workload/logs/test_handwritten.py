"""Pushes and pulls written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import InputError
from sim.workload.logs.handwritten import COLUMNS, is_operations, operations

HEADER = ",".join(COLUMNS)


def written(path: Path, *rows: str) -> str:
    file = path / "ops.csv"
    file.write_text("\n".join(["# by hand", HEADER, *rows]) + "\n")
    return str(file)


def test_clients_act_at_once_and_pull_what_was_pushed(tmp_path: Path) -> None:
    """Three clients pull, each by a name of its own, the image that the row above pushed."""
    path = written(tmp_path, "0,push,b,1,r,v,kernel=30 config=2", "", "# later", "5,pull,n,3,r,v,")
    found = list(operations(path))
    assert is_operations(path)
    assert [(one.at_s, one.kind, one.client) for one in found] == [
        (0, "push", "b-1"), (5, "pull", "n-1"), (5, "pull", "n-2"), (5, "pull", "n-3"),
    ]  # fmt: skip
    assert all(one.blobs == (("kernel", 30.0), ("config", 2.0)) for one in found)


def test_without_a_tag_it_is_latest(tmp_path: Path) -> None:
    """A pull of `latest` finds what was pushed without a tag; a digest may stand for a tag."""
    digest = f"sha256:{5:064x}"
    rows = ("0,push,b,1,r,,k=1", "1,pull,n,1,r,latest,", f"2,push,b,1,r,{digest},k=1")
    assert [one.reference for one in operations(written(tmp_path, *rows))] == ["latest", "latest", digest]


def test_other_files_are_none(tmp_path: Path) -> None:
    """A log, an empty file and no file are not taken for operations."""
    (tmp_path / "log").write_text("10.0.0.1 - - \n")
    (tmp_path / "empty").write_text("")
    assert [is_operations(str(tmp_path / name)) for name in ("log", "empty", "none")] == [False] * 3


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("0,push,b,1,r,v", ":3: must have 7 fields, got 6"),
        ("x,push,b,1,r,v,k=1", ':3: at_s: must be a number of 0 or more, got "x"'),
        ("0,push,b,-2,r,v,k=1", ':3: count: must be a number of 0 or more, got "-2"'),
        ("0,psuh,b,1,r,v,k=1", ':3: op: unknown operation, got "psuh"; did you mean "push"?'),
        ("0,push,b,1,r,-v,k=1", ':3: tag: must be a tag or a digest, got "-v"'),
        ("0,push,b,1,r,v,", ":3: blobs: a push needs blobs"),
        ("0,push,b,1,r,v,k=big", ':3: blobs.k: must be a number of 0 or more, got "big"'),
        ("0,pull,b,1,r,v,", ":3: blobs: no row above pushes r:v"),
        ("5,push,b,1,r,v,k=1\n4,pull,b,1,r,v,", ":4: at_s: must not be before the row above, got 4"),
    ],
)
def test_rows_that_are_wrong_are_named_by_their_line(tmp_path: Path, row: str, problem: str) -> None:
    """The first row that is wrong is named with its line, column and value."""
    with pytest.raises(InputError) as refused:
        list(operations(written(tmp_path, row)))
    assert problem in str(refused.value)
