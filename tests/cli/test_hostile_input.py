"""Input that is too large, too deep, endless or impossible: one line that says so, exit code 2, no traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[..., Any]

PIB = 1 << 50

SETTINGS = {
    "deploys": (
        "demand.rate=1e15/s",
        "demand.rate: makes about 4e18 deploys, so that a run takes about 5e21 B of memory, more than run.memory, "
        "16 GiB; lower it, or raise run.memory",
    ),
    "a long run": (
        "run.duration=1000000 d",
        "demand.rate: makes about 960,000,000 deploys, so that a run takes about 1.4 TB of memory, more than "
        "run.memory, 16 GiB; lower it, or raise run.memory",
    ),
    "beyond any number": (
        "run.duration=1e308 d",
        'run.duration: is too large, got "1e308 d"; write a time such as "35 ms"',
    ),
    "longer than time": (
        "run.duration=1e300 s",
        'run.duration: must be at most 1000000 d, got "1e300 s"; write a time that somebody waits for',
    ),
    "apps": (
        "demand.apps=9000000000000000000",
        "demand.apps: makes about 9e18 apps, so that a run takes about 9e21 B of memory, more than run.memory, "
        "16 GiB; lower it, or raise run.memory",
    ),
    "nodes": (
        "nodes.n.count=1000000",
        "nodes.n.count: makes about 1,000,000 nodes, so that a run takes about 20 GB of memory, more than run.memory, "
        "16 GiB; lower it, or raise run.memory",
    ),
    "wakes": (
        "demand={rate='40/h', apps=5, runs_for='1 s', wakes=9000000000000000000}",
        "demand.wakes: makes about 4e20 starts of instances that wake, so that a run takes about 2e23 B of memory, "
        "more than run.memory, 16 GiB; lower it, or raise run.memory",
    ),
    "breaks": (
        "faults.f={kind='link-down', target='dev1', between='1 ns', lasts='1 ns'}",
        "faults.f.between: makes about 1,800,000,000,000 breaks, so that a run takes about 360 TB of memory, more than "
        "run.memory, 16 GiB; lower it, or raise run.memory",
    ),
    "collections": (
        "policies.garbage.every=1 ns",
        "policies.garbage.every: makes about 3,600,000,000,000 collections of garbage, so that a run takes about "
        "720 TB of memory, more than run.memory, 16 GiB; lower it, or raise run.memory",
    ),
    "retries": (
        "policies.sync.retries=1000000000",
        "policies.sync.retries: must be at most 255, got 1000000000; write a whole number such as 4",
    ),
    "slow": (
        "nodes.n.capacity=1e-300 bit/s",
        'nodes.n.capacity: must be at least 1 bit/s, got 1e-300 bit/s; write a rate such as "10 Gbit/s"',
    ),
    "short": (
        "demand.runs_for=1e-300 s",
        'demand.runs_for: must be at least 1 ns, got 1e-300 s; write a time such as "24 h"',
    ),
    "digits": (
        f"run.seed={'9' * 4000}",
        "run.seed: must be at most 9.22337203685478e+18, got a whole number of some 4,000 digits; "
        "write a whole number such as 0",
    ),
    "more digits": (
        f"run.seed={'9' * 5000}",
        f'run.seed: must be a whole number, got "{"9" * 56}...; write a whole number such as 20',
    ),
    "a surrogate": (
        "run.title=\udcff",
        'run.title: is no text, got "\\udcff"; write it in UTF-8',
    ),
    "a surrogate as a name": (
        "images.\udcff.rootfs=1 MB",
        'images.\\udcff: is no text, got "\\udcff"; write it in UTF-8',
    ),
    "no reference": (
        "images.App.rootfs=1 MB",
        'images.App: is no reference of an image: path must be in lower case, got "App"; write "app"',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("setting", "line"), SETTINGS.values(), ids=SETTINGS)
def test_a_setting_beyond_all_bounds_is_one_line(small: str, regsim: Ask, setting: str, line: str) -> None:
    """A run with it is refused before anything is made: the key, how much it comes to, and the remedy."""
    answer = regsim("run", small, "--set", setting)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.splitlines()[0].removeprefix("small.toml: ") == line
    assert "Traceback" not in answer.err


def test_whoever_has_the_memory_raises_the_limit(small: str, regsim: Ask) -> None:
    """The same scenario is valid with a higher `run.memory`, and one that is fine is refused under a lower one."""
    assert regsim("check", small, "--set", "run.duration=300000 d").code == 2
    assert regsim("check", small, "--set", "run.duration=300000 d", "--set", "run.memory=1 TB").code == 0
    answer = regsim("check", small, "--set", "run.memory=10 kB")
    assert (answer.code, "more than run.memory, 10 kB" in answer.err) == (2, True)


def test_a_variant_is_too_large_by_its_own_name(small: str, regsim: Ask) -> None:
    """Of variants only the one that is too large is named."""
    answer = regsim("check", small, "--set", "variants.central.demand.apps=900000000000")
    assert answer.err.startswith("small.toml: variant central: demand.apps: makes about 900,000,000,000 apps")
    assert answer.err.count("makes about") == 1


FILES = {
    "a device": ("/dev/zero", "/dev/zero: is larger than 16 MiB; name another file"),
    "an empty device": ("/dev/null", "/dev/null: is empty; write the tables of a scenario; scenarios/ has examples"),
}


@pytest.mark.parametrize(("path", "line"), FILES.values(), ids=FILES)
def test_a_device_is_no_scenario(small: str, regsim: Ask, path: str, line: str) -> None:
    """A file without an end is read to a bound."""
    answer = regsim("check", path)
    assert (answer.code, answer.err) == (2, f"{line}\n")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = " + 100_000 * "[", "is nested too deeply; a scenario needs a few levels of tables"),
        (
            "run = " + 2000 * "{ a = " + "1" + 2000 * "}",
            "is nested too deeply; a scenario needs a few levels of tables",
        ),
        (f"run.seed = {'9' * 5000}", None),
        ('run.title = "\\ud800"', None),
        ('extends = "/dev/zero"', 'extends: no such file, got "/dev/zero"; paths are from the folder of the file'),
        (
            f'extends = "{300 * "a"}"',
            f'extends: no such file, got "{56 * "a"}...; paths are from the folder of the file',
        ),
        ('extends = "a\\u0000b"', 'extends: no such file, got "a\\x00b"; paths are from the folder of the file'),
        ('[demand]\ntable = "/dev/zero"', 'demand.table: cannot be read (it is a device or a pipe), got "/dev/zero"; '
         "paths are from the scenario's folder"),
        ('[images.app]\nrootfs = "1 MB"\nsizes = { file = "/dev/zero", column = "x" }',
         "images.app.sizes.file: cannot read /dev/zero: it is a device or a pipe; paths are from the scenario's "
         "folder"),
    ],
    ids=["arrays", "tables", "a long number", "a lone surrogate", "extends a device", "a long name", "a NUL", "a list",
         "sizes"],
)  # fmt: skip
def test_a_file_that_asks_for_trouble_is_refused(tmp_path: Path, regsim: Ask, text: str, line: str | None) -> None:
    """Each is refused with the file's name, without a traceback and without reading what has no end."""
    path = tmp_path / "bad.toml"
    rest = '\ntopology = { shape = "star" }\nnodes.n = {}\nclients.dev = {}\n' if "[" not in text[:9] else ""
    if text.startswith(("[demand]", "[images")):
        rest = "\n[topology]\nshape = \"star\"\n[nodes.n]\n[clients.dev]\n" + (
            "" if "images" in text else '[images.app]\nrootfs = "1 MB"\n')  # fmt: skip
    path.write_text(text + rest)
    answer = regsim("check", str(path))
    assert answer.code == 2
    first = answer.err.splitlines()[0]
    assert first.startswith(f"{path}: ")
    assert line is None or first == f"{path}: {line}"
    assert "Traceback" not in answer.err


def test_a_row_of_files_that_extend_each_other_has_an_end(tmp_path: Path, regsim: Ask) -> None:
    """Forty files in a row are too many; a circle through `..` is one however its paths are written."""
    for at in range(40):
        (tmp_path / f"{at}.toml").write_text(f'extends = "{at + 1}.toml"\n')
    (tmp_path / "40.toml").write_text("[run]\n")
    answer = regsim("check", str(tmp_path / "0.toml"))
    assert (answer.code, "extend fewer files" in answer.err, answer.err.count("\n")) == (2, True, 1)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.toml").write_text('extends = "../a/two.toml"\n')
    (tmp_path / "a" / "two.toml").write_text('extends = "../a/one.toml"\n')
    answer = regsim("check", str(tmp_path / "a" / "one.toml"))
    assert (answer.code, "leads back to itself" in answer.err, answer.err.count("\n")) == (2, True, 1)


LINE = '10.0.0.1 - - [23/Nov/2026:12:00:0{} +0000] "{} /v2/a/b/{} HTTP/1.1" {} {}'


def played(folder: Path, regsim: Ask, text: str) -> Any:
    """The answer to replaying a log, of which any share may be malformed."""
    (folder / "log").write_text(text)
    scenario = '[topology]\nshape = "star"\n[nodes.n]\n[clients.dev]\n[demand.replay]\nlog = "log"\nmalformed = 1.0\n'
    (folder / "replay.toml").write_text(scenario)
    return regsim("replay", str(folder / "replay.toml"), "--json")


@pytest.mark.parametrize(
    "line",
    [
        LINE.format(3, "GET", "blobs/sha256:k", 200, 10 * PIB),
        LINE.format(3, "GET", "blobs/sha256:k", 200, "9" * 400),
        json.dumps({"method": "GET", "uri": "/v2/a/b/blobs/x", "status": 200, "size": -5, "time": 1e9}),
        json.dumps({"method": "GET", "uri": "/v2/a/b/blobs/x", "status": 200, "size": 1e300, "time": 1e9}),
        json.dumps({"method": "GET", "uri": "/v2/a/b/blobs/x", "status": 200, "size": 5, "time": 1e300}),
        json.dumps({"method": "GET", "uri": "/v2/\ud800/manifests/x", "status": 200, "size": 5, "time": 1e9}),
        json.dumps({"method": "GET", "uri": "/v2/a/blobs/\ud800", "status": 200, "size": 5, "time": 1e9}),
        '{"method": "GET", "uri": "/v2/a/b/blobs/x", "status": 200, "time": 1, "size": ' + 5000 * "9" + "}",
        '{"method": "GET", "uri": "/v2/a/b/blobs/x", "size": ' + 100_000 * "[" + "}",
    ],
    ids=["ten pebibytes", "400 digits", "negative", "huge", "beyond all years", "a surrogate in a name",
         "a surrogate in a digest", "5,000 digits", "deep"],
)  # fmt: skip
def test_a_request_that_cannot_be_is_malformed(tmp_path: Path, regsim: Ask, line: str) -> None:
    """It is counted with its line's number, and the push beside it is replayed."""
    blob, manifest = "blobs/uploads/u?digest=sha256:k", "manifests/v1"
    push = [LINE.format(at, "PUT", what, 201, 0) for at, what in enumerate((blob, manifest))]
    if line.startswith("{"):
        records = [{"method": "PUT", "uri": f"/v2/a/b/{what}", "status": 201, "size": 0} for what in (blob, manifest)]
        push = [json.dumps(record | {"time": 1e9 + at}) for at, record in enumerate(records)]
    answer = played(tmp_path, regsim, "\n".join([push[0], line, push[1]]) + "\n")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert (found["malformed"], found["malformed_lines"], found["compared"]["pushes"]["simulated"]) == (1, [2], 1)


def test_an_array_with_what_python_refuses_is_read_on(tmp_path: Path, regsim: Ask) -> None:
    """A record with a number of 5,000 digits is malformed; those beside it count."""
    good = {"http.request.method": "PUT", "http.request.uri": "v2/a/b/manifests/v1", "http.response.status": 201,
            "http.response.written": 5, "http.request.duration": 0.1, "http.request.remoteaddr": "a",
            "timestamp": "2017-06-20T00:00:00Z"}  # fmt: skip
    blob = good | {"http.request.uri": "v2/a/b/blobs/uploads/u?digest=sha256:k"}
    text = f'[\n{json.dumps(blob)},\n{{"id": {5000 * "9"}}},\n{json.dumps(good)}\n]'
    answer = played(tmp_path, regsim, text)
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert (found["malformed"], found["compared"]["pushes"]["simulated"]) == (1, 1)


@pytest.mark.parametrize(
    ("log", "problem"),
    [
        ("/dev/zero", "can't be read: it is a device or a pipe; name a file that can be read"),
        ("long", "has a line of more than 4 Mi characters; give a registry's log"),
    ],
)
def test_a_log_without_an_end_is_refused(tmp_path: Path, regsim: Ask, log: str, problem: str) -> None:
    """A device, and a line of 5 MB: one line each."""
    (tmp_path / "long").write_text("x" * 5_000_000)
    (tmp_path / "replay.toml").write_text(
        f'[topology]\nshape = "star"\n[nodes.n]\n[clients.dev]\n[demand.replay]\nlog = "{log}"\n'
    )
    answer = regsim("replay", str(tmp_path / "replay.toml"))
    assert (answer.code, answer.err.splitlines()[-1].endswith(problem)) == (2, True), answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("text", [100_000 * "[", f"[{5000 * '9'}]"], ids=["deep", "5,000 digits"])
def test_a_rig_s_file_that_python_refuses_is_one_line(tmp_path: Path, regsim: Ask, text: str) -> None:
    """JSON that nests deeply, or that holds a number of 5,000 digits."""
    rig, measured = tmp_path / "rig.json", tmp_path / "measured.csv"
    rig.write_text(text)
    measured.write_text("scenario,repeat\n")
    answer = regsim("score", str(rig), str(measured))
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert answer.err.startswith(f"{rig}: can't be read: ")
