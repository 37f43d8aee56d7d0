"""What runs on the rig's hosts: Debian's `docker-registry` and `skopeo`, and the images that they move."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hosts import Hosts

from sim.calibrate.rig.files import Host, Operation

TOOLS = ("docker-registry", "skopeo", "ip", "sysctl")
PORT = 5000
#: Clients run as nobody, so that each can be given an empty home: root's skopeo keeps one cache for all.
_NOBODY = 65534
_START_S = 10.0
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def missing() -> list[str]:
    """The tools that this machine lacks."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


@contextmanager
def registry(network: Hosts, host: Host, folder: Path) -> Iterator[int]:
    """Run an empty registry on a host, its process's id; one that is `proxy:OTHER` pulls through that host's."""
    folder.mkdir()
    # JSON is YAML, too.
    settings = {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": False}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "blobs")}},
        "http": {"addr": f":{PORT}", "secret": "rig"},
    }
    if host.upstream is not None:
        settings["proxy"] = {"remoteurl": f"http://{network.address(host.upstream)}:{PORT}"}
    (folder / "config.yml").write_text(json.dumps(settings))
    with (folder / "log").open("wb") as log:
        argv = ["docker-registry", "serve", str(folder / "config.yml")]
        running = network.start(host.name, argv, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_it_listens(network, host.name, running, folder / "log")
        yield running.pid
    finally:
        running.terminate()
        try:
            running.wait(3)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _wait_until_it_listens(network: Hosts, host: str, running: subprocess.Popen[bytes], log: Path) -> None:
    """Look at the namespace's own table of sockets: a connection would cross the network."""
    ends_s = time.monotonic() + _START_S
    listening = f":{PORT:04X} {'0' * 8}"
    while running.poll() is None and time.monotonic() < ends_s:
        tables = (Path(f"/proc/{running.pid}/net/{table}") for table in ("tcp", "tcp6"))
        if any(listening in table.read_text() for table in tables if table.exists()):
            return
        time.sleep(0.01)
    raise OSError(f"the registry on {host} did not start: {log.read_text()[-500:]}")


def write_image(operation: Operation, folder: Path, blobs: Path) -> None:
    """The image of a push as skopeo's `dir:`; a blob that was written before is the same file."""
    folder.mkdir()
    blobs.mkdir(exist_ok=True)
    layers = []
    for key, size_bytes in operation.layers:
        made = blobs / hashlib.sha256(key.encode()).hexdigest()
        if not made.exists():
            made.write_bytes(random.Random(key).randbytes(size_bytes))
        with made.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        (folder / digest).hardlink_to(made)
        layers.append({"mediaType": _LAYER, "size": size_bytes, "digest": f"sha256:{digest}"})
    rootfs = {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]}
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs}).encode()
    named = hashlib.sha256(config).hexdigest()
    (folder / named).write_bytes(config)
    described = {"mediaType": _CONFIG, "size": len(config), "digest": f"sha256:{named}"}
    manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": described, "layers": layers}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "version").write_text("Directory Transport Version: 1.1\n")


def client(network: Hosts, operation: Operation, image: Path, home: Path) -> subprocess.Popen[bytes]:
    """Start the client process of an operation: a push of the image in that folder, or what needs none."""
    home.mkdir()
    shutil.chown(home, _NOBODY, _NOBODY)
    source, target = (
        f"{network.address(host)}:{PORT}/{operation.image}" if host else "" for host in (operation.source, operation.to)
    )
    arguments = ["copy", "--quiet", "--preserve-digests"]
    if operation.op == "push":
        arguments += ["--dest-tls-verify=false", f"dir:{image}", f"docker://{target}:{operation.tag}"]
    elif operation.op == "pull":
        # Into `dir:` skopeo fetches one layer after another, into `oci:` side by side.
        arguments[2:] = ["--src-tls-verify=false", f"docker://{source}:{operation.tag}", f"oci:{home / 'image'}"]
    elif operation.op == "copy":
        arguments += ["--src-tls-verify=false", "--dest-tls-verify=false"]
        arguments += [f"docker://{end}:{operation.tag}" for end in (source, target)]
    else:
        arguments = ["sync", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false"]
        # A repository goes to where it is named alike, below what is told.
        arguments += ["--src", "docker", "--dest", "docker", source, target.rpartition("/")[0]]
    with (home / "log").open("wb") as log:
        return network.start(
            operation.at, ["skopeo", "--insecure-policy", *arguments], _NOBODY,
            env={"HOME": str(home), "TMPDIR": str(home), "PATH": "/usr/bin:/bin"}, stdout=log, stderr=log,
        )  # fmt: skip
