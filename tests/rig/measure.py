"""Measure a RIG.json on this machine: `measure.py RIG.json OUT` writes OUT/RIG.json and OUT/MEASURED.csv.

Each repeat of a scenario has hosts and registries of its own. `README.md` describes the files, and the columns beyond
those that are scored, which tell how busy the machine was.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hosts import Hosts, hosts
from load import Load
from software import client, missing, registry, write_image

from sim import files
from sim.calibrate.rig.files import LIMIT_S, Cut, Operation, RigScenario
from sim.calibrate.rig.reading import read_scenarios
from sim.errors import InputError

COLUMNS = (
    "scenario", "repeat", "step", "op", "at", "peer", "image", "concurrent", "seconds", "step_tx_bytes",
    "step_rx_bytes", "late_ms", "rig_cores", "other_cores",
)  # fmt: skip
#: After a step: what is still on its way arrives, and congestion windows fall back.
_SETTLE_S = 0.3
#: What the files of one repeat may take.
_ROOM_BYTES = 2 << 30
#: A repeat is measured again when the router was later than this, at most so often.
LATE_S, TRIES = 0.020, 2

Row = dict[str, Any]


def measure(scenario: RigScenario, repeat: int) -> list[Row]:
    """The rows of one repeat, on hosts set up for it."""
    with ExitStack() as undo:
        made = tempfile.TemporaryDirectory(prefix="rig-", dir=_in_memory(), ignore_cleanup_errors=True)
        folder = Path(undo.enter_context(made))
        folder.chmod(0o755)
        network = undo.enter_context(hosts(scenario.hosts, scenario.congestion, folder))
        registries = [host for host in scenario.hosts if host.registry is not None]
        running = [
            network.router.pid,
            *(undo.enter_context(registry(network, host, folder / f"registry-{host.name}")) for host in registries),
        ]
        rows: list[Row] = []
        for number, operations in enumerate(scenario.steps):
            cuts = [cut for cut in scenario.cuts if cut.step == number]
            told = {"scenario": scenario.name, "repeat": repeat, "step": number}
            step = _step(network, operations, cuts, folder / f"step-{number}", Load(running))
            rows += [{**told, **row} for row in step]
        return rows


def _in_memory() -> str | None:
    """Where files are no disk's: registries and clients wait until theirs are written, and so for what others write."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM_BYTES else None


def _step(
    network: Hosts, operations: Sequence[Operation], cuts: Sequence[Cut], folder: Path, load: Load
) -> Iterator[Row]:
    folder.mkdir()
    images = [folder / f"image-{at}" for at in range(len(operations))]
    for operation, image in zip(operations, images, strict=True):
        if operation.op == "push":
            write_image(operation, image, folder.parent / "layers")
    time.sleep(_SETTLE_S)
    acting = {operation.at: network.counted(operation.at) for operation in operations}
    network.take_lateness_s()
    load.begin()
    seconds = _side_by_side(network, operations, cuts, images, folder)
    rig_cores, other_cores = load.end()
    late_s = network.take_lateness_s()
    time.sleep(_SETTLE_S)
    for operation, took_s in zip(operations, seconds, strict=True):
        sent, received = (
            now - then for now, then in zip(network.counted(operation.at), acting[operation.at], strict=True)
        )
        yield {
            "op": operation.op, "at": operation.at, "peer": operation.peer, "image": operation.image,
            "concurrent": len(operations), "seconds": round(took_s, 4),
            "step_tx_bytes": sent, "step_rx_bytes": received,
            "late_ms": round(late_s * 1e3, 2), "rig_cores": round(rig_cores, 2), "other_cores": round(other_cores, 2),
        }  # fmt: skip


def _side_by_side(
    network: Hosts, operations: Sequence[Operation], cuts: Sequence[Cut], images: Sequence[Path], folder: Path
) -> list[float]:
    """Start all, wait for all: what each took, s."""
    changes = sorted((at_s, cut.host, broken) for cut in cuts for at_s, broken in _edges(cut))
    running: dict[int, tuple[int, float, subprocess.Popen[bytes]]] = {}
    seconds = [0.0] * len(operations)
    waiting = select.poll()
    began_s = time.monotonic()
    try:
        for at, (operation, image) in enumerate(zip(operations, images, strict=True)):
            started_s = time.monotonic()
            process = client(network, operation, image, folder / f"home-{at}")
            running[os.pidfd_open(process.pid)] = at, started_s, process
        for descriptor in running:
            waiting.register(descriptor, select.POLLIN)
        while running:
            now_s = time.monotonic() - began_s
            if now_s > LIMIT_S:
                raise OSError(f"a step took more than {LIMIT_S:g} s")
            while changes and changes[0][0] <= now_s:
                _, host, broken = changes.pop(0)
                network.cut(host, broken)
            until_s = changes[0][0] if changes else LIMIT_S
            for descriptor, _ in waiting.poll(max(0.0, until_s - now_s) * 1e3 + 1):
                ended_s = time.monotonic()
                at, started_s, process = running.pop(descriptor)
                waiting.unregister(descriptor)
                os.close(descriptor)
                seconds[at] = ended_s - started_s
                if process.wait() != 0:
                    told = (folder / f"home-{at}" / "log").read_text(errors="replace").strip()
                    raise OSError(f"{operations[at].op} at {operations[at].at} failed: {told}")
    finally:
        for descriptor, (_, _, process) in running.items():
            process.kill()
            process.wait()
            os.close(descriptor)
    return seconds


def _edges(cut: Cut) -> tuple[tuple[float, bool], tuple[float, bool]]:
    return (cut.after_s, True), (cut.after_s + cut.for_s, False)


def quietly(scenario: RigScenario, repeat: int) -> list[Row]:
    """A repeat measured while the machine was quiet, or the quietest of `TRIES`."""
    tried: list[tuple[float, list[Row]]] = []
    while len(tried) < TRIES:
        rows = measure(scenario, repeat)
        noise = max(row["late_ms"] / 1e3 / LATE_S for row in rows)
        tried.append((noise, rows))
        if noise <= 1:
            break
    noise, rows = min(tried, key=lambda one: one[0])
    told = "" if noise <= 1 else f", noisy: {noise:.1f} times what a quiet machine may show"
    print(
        f"{scenario.name} {repeat}: {sum(row['seconds'] for row in rows):.1f} s, tried {len(tried)}{told}", flush=True
    )
    return rows


def write(out: Path, scenarios: Sequence[RigScenario], rows: Sequence[Row]) -> None:
    """RIG.json with a scenario a line, and MEASURED.csv."""
    lines = ",\n".join(
        json.dumps(one.model_dump(mode="json", by_alias=True, exclude_defaults=True)) for one in scenarios
    )
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    for name, text in (("RIG.json", f"[\n{lines}\n]\n"), ("MEASURED.csv", table.getvalue())):
        with files.replacing(out / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


def main() -> int:
    """Measure what the command line asks for; 2 where this machine can't."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("rig", metavar="RIG.json")
    parser.add_argument("out", metavar="OUT", type=Path)
    parser.add_argument("--only", metavar="PREFIX", default="", help="scenarios whose name begins with this")
    given = parser.parse_args()
    if os.geteuid() != 0:
        raise InputError("the rig", "makes network namespaces", "run it as root")
    if missing():
        raise InputError("the rig", f"needs {', '.join(missing())}", "make rig-tools installs them on Debian")
    scenarios = [one for one in read_scenarios(given.rig) if one.name.startswith(given.only)]
    if not scenarios:
        raise InputError(given.rig, f"has no scenario whose name begins with {given.only!r}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    given.out.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for at, scenario in enumerate(scenarios):
        for repeat in range(scenario.repeat):
            rows += quietly(scenario, repeat)
        write(given.out, scenarios[: at + 1], rows)  # what was measured stays if it ends here
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
