"""The rig itself, where it can run: as root, with Debian's registry and client. Elsewhere these skip and say why."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from sim.calibrate.rig.files import Measured
from sim.calibrate.rig.reading import read_measured
from sim.calibrate.rig.score import score

RIG = Path(__file__).parent
LACKS = [tool for tool in ("docker-registry", "skopeo", "ip", "sysctl") if shutil.which(tool) is None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="the rig makes network namespaces: run as root"),
    pytest.mark.skipif(bool(LACKS), reason=f"`make rig-tools` installs what is missing here: {', '.join(LACKS)}"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="this kernel has no TUN devices"),
]


@pytest.fixture(autouse=True)
def _alone(one_at_a_time: Callable[[str], AbstractContextManager[None]]) -> Iterator[None]:
    """Rigs set what is the whole machine's, and would hold each other up."""
    with one_at_a_time("rig"):
        yield


HOSTS: list[dict[str, Any]] = [
    {"name": "laptop", "up": 40, "down": 100, "delay": 4},
    {"name": "central", "up": 100, "down": 100, "delay": 6, "registry": "plain"},
    {"name": "node", "up": 100, "down": 100, "delay": 1, "registry": "proxy:central"},
]
FIRST: dict[str, Any] = {
    "op": "push", "at": "laptop", "to": "central", "image": "o/i", "layers": [["k", 10**6], ["r", 2 * 10**6]]
}  # fmt: skip
PULL = {"op": "pull", "at": "laptop", "from": "central", "image": "o/i"}


def run(folder: Path, steps: list[list[dict[str, Any]]], **more: Any) -> subprocess.Popen[str]:
    """The rig's own process, measuring one scenario into `folder`."""
    scenario = {"name": "pair-short", "congestion": "cubic", "hosts": HOSTS, "repeat": 1, "steps": steps} | more
    (folder / "short.json").write_text(json.dumps([scenario]))
    argv = [sys.executable, str(RIG / "measure.py"), str(folder / "short.json"), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(RIG.parents[1])}
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def measured(folder: Path, steps: list[list[dict[str, Any]]], **more: Any) -> tuple[Measured, ...]:
    """The rows of a scenario; nothing is left behind."""
    with run(folder, steps, **more) as rig:
        told, _ = rig.communicate(timeout=120)
    assert rig.returncode == 0, told
    assert left_behind(rig.pid) == []
    return read_measured(folder / "MEASURED.csv")


def left_behind(rig: int) -> list[str]:
    """Namespaces of a rig."""
    spaces = Path("/run/netns")
    return [path.name for path in spaces.iterdir() if path.name.startswith(f"rig{rig}-")] if spaces.exists() else []


def test_pushes_and_pulls_are_measured_and_scored(tmp_path: Path) -> None:
    """A push of 3 MB, the same again, a pull: as fast as the links at most, known blobs stay, every byte counted."""
    first, again, pull = measured(tmp_path, [[FIRST], [{**FIRST, "tag": "v1"}], [PULL]])
    assert first.seconds > 3e6 * 8 / 40e6
    assert 3e6 < first.step_tx_bytes < 3.4e6
    assert again.step_tx_bytes < 50_000
    assert again.seconds < first.seconds
    assert 3e6 < pull.step_rx_bytes < 3.2e6
    groups = score(tmp_path / "RIG.json", tmp_path / "MEASURED.csv").groups
    assert {name: group.n for name, group in groups.items() if not name.endswith("bytes")} == {
        "pair-push": 2, "pair-pull": 1
    }  # fmt: skip


def test_a_broken_link_holds_a_push_up(tmp_path: Path) -> None:
    """A second without a link costs at least that second, and the push ends well."""
    cut = {"host": "laptop", "step": 0, "after_s": 0.4, "for_s": 1.0}
    (row,) = measured(tmp_path, [[FIRST]], cuts=[cut])
    assert row.seconds > 1.0 + 3e6 * 8 / 40e6


def test_a_node_registry_pulls_through(tmp_path: Path) -> None:
    """The second pull through a node needs nothing but the manifest's digest from central, so it is faster."""
    miss, hit = measured(tmp_path, [[FIRST], [{**PULL, "from": "node"}], [{**PULL, "from": "node"}]])[1:]
    assert hit.seconds < miss.seconds


def test_images_are_copied_from_registry_to_registry(tmp_path: Path) -> None:
    """A copy of 3 MB from central to another registry and a sync of its two tags, of which one has come and the other
    has the same kernel: 3 MB and 2 MB leave central; what the model makes of both is within a fifth."""
    hosts = [*HOSTS[:2], {"name": "node", "up": 100, "down": 100, "delay": 1, "registry": "plain"}]
    update = {**FIRST, "tag": "v1", "layers": [["k", 10**6], ["s", 2 * 10**6]]}
    copied = {"at": "central", "from": "central", "to": "node", "image": "o/i"}
    steps = [[FIRST], [{"op": "copy", **copied}], [update], [{"op": "sync", **copied}]]
    _, copy, _, sync = measured(tmp_path, steps, hosts=hosts)
    assert 3e6 < copy.step_tx_bytes < 3.4e6
    assert 2e6 < sync.step_tx_bytes < 2.4e6
    groups = score(tmp_path / "RIG.json", tmp_path / "MEASURED.csv").groups
    assert groups["pair-sync"].max < 0.2
    assert groups["many-sync"].max < 0.2


def test_a_rig_that_runs_goes_before_other_sessions(tmp_path: Path) -> None:
    """While it measures its session has the least nice value that there is, and afterwards the one it had."""
    group = Path("/proc/self/autogroup")
    before = group.read_text() if group.exists() else ""
    if not before:
        pytest.skip("here processors are shared among processes, whatever their session")
    with run(tmp_path, [[FIRST]]) as rig:
        seen = set()
        while rig.poll() is None:
            seen.add(group.read_text().split()[-1])  # of this session, which is the rig's, too
            time.sleep(0.05)
        assert rig.returncode == 0
    assert "-20" in seen
    assert group.read_text() == before


@pytest.mark.parametrize(("told", "nice"), [("/autogroup-25 nice 3\n", "3"), ("", None), (None, None)])
def test_a_session_that_shares_no_processors_has_no_nice_value(
    told: str | None, nice: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session's value is read where there is one: not in the machine's first session, nor without such a kernel."""
    monkeypatch.syspath_prepend(RIG)
    hosts = importlib.import_module("hosts")
    monkeypatch.setattr(hosts, "_SESSION", tmp_path / "autogroup")
    if told is not None:
        (tmp_path / "autogroup").write_text(told)
    assert hosts.session_nice() == nice


def test_a_rig_that_is_ended_leaves_nothing(tmp_path: Path) -> None:
    """Ended in the middle of an upload of 20 s: no namespace, no process."""
    with run(tmp_path, [[{**FIRST, "layers": [["r", 100 * 10**6]]}]]) as rig:
        ends_s = time.monotonic() + 60
        while not (running := children(rig.pid, "skopeo")) and time.monotonic() < ends_s:
            time.sleep(0.1)
        assert running
        every = children(rig.pid, "")
        rig.send_signal(signal.SIGTERM)
        rig.communicate(timeout=30)
    assert left_behind(rig.pid) == []
    ends_s = time.monotonic() + 10  # who is killed is gone when the system has come to it
    while any(Path(f"/proc/{process}").exists() for process in every) and time.monotonic() < ends_s:
        time.sleep(0.1)
    assert [process for process in every if Path(f"/proc/{process}").exists()] == []
    assert not (tmp_path / "MEASURED.csv").exists()


def children(parent: int, name: str) -> list[int]:
    """The processes that a process has started, whose name has `name` in it."""
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(one) for one in listed if name in Path(f"/proc/{one}/comm").read_text()]
