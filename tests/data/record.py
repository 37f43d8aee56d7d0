"""Record a registry's own log of real pushes and pulls: real kernels, real file trees, several versions as updates.

    sudo python tests/data/record.py OUT KERNEL.deb KERNEL.deb

starts Debian's `docker-registry` in a network namespace of its own, pushes and pulls with Debian's `skopeo` and leaves
`registry.json` (its JSON lines) and `registry.log` (its combined access log) in OUT. The two packages are any of
Debian's `linux-image-...`, from `apt-get download`; their kernels become layers. Each client has its own address and
keeps what it pulled; layers travel uncompressed. Needs root, for the namespace.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

PORT = 5000
#: Addresses of the clients, all of this machine.
CLIENTS = {"dev1": "10.99.1.1", "dev2": "10.99.1.2", "node1": "10.99.2.1", "node2": "10.99.2.2", "node3": "10.99.2.3"}
#: Trees of any Debian machine, a megabyte or a few each.
TREES = {"web": "/usr/share/perl5", "api": "/usr/lib/python3/dist-packages", "db": "/usr/share/zoneinfo"}
CONFIG = """
version: 0.1
log: {level: info, formatter: json}
storage: {filesystem: {rootdirectory: %s}, delete: {enabled: true}}
http: {addr: "0.0.0.0:%d"}
"""
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_TYPE = "application/vnd.oci.image"
_PAUSE_S = 1.0


class Images:
    """An OCI layout of images made from kernels and trees."""

    def __init__(self, place: Path, kernels: Sequence[bytes]) -> None:
        self.place, self._kernels = place, kernels
        (place / "blobs/sha256").mkdir(parents=True)
        (place / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self._manifests: list[dict[str, object]] = []

    def add(self, name: str, tree: str, version: int, kernel: int | None) -> None:
        """An image `name`: a kernel's layer (unless None), and a tree with a file that says which version it is."""
        layers = [] if kernel is None else [_tar({"boot/vmlinuz": self._kernels[kernel]})]
        layers.append(_tar({"version": str(version).encode() * 1000 * version}, tree))
        told = [self._blob(layer, _LAYER) for layer in layers]
        config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers"}}
        config["rootfs"] = {"type": "layers", "diff_ids": [layer["digest"] for layer in told]}
        manifest = {"schemaVersion": 2, "mediaType": f"{_TYPE}.manifest.v1+json", "layers": told}
        manifest["config"] = self._blob(json.dumps(config).encode(), f"{_TYPE}.config.v1+json")
        entry = self._blob(json.dumps(manifest).encode(), f"{_TYPE}.manifest.v1+json")
        self._manifests.append({**entry, "annotations": {"org.opencontainers.image.ref.name": name}})
        index = {"schemaVersion": 2, "manifests": self._manifests}
        (self.place / "index.json").write_text(json.dumps(index))

    def _blob(self, content: bytes, media_type: str) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        (self.place / "blobs/sha256" / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def _tar(files: dict[str, bytes], tree: str | None = None) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        if tree is not None:
            archive.add(tree)
    return made.getvalue()


def kernel_of(package: str, work: Path) -> bytes:
    """The kernel in a Debian package."""
    place = Path(tempfile.mkdtemp(dir=work))
    subprocess.run(["dpkg-deb", "--extract", package, place], check=True)
    return next((place / "boot").glob("vmlinuz-*")).read_bytes()


def skopeo(*words: str) -> None:
    # Without its cache of where blobs are, skopeo asks the repository that it pushes to and no other.
    shutil.rmtree("/var/lib/containers/cache", ignore_errors=True)
    command = ["skopeo", "copy", "--quiet", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false"]
    subprocess.run([*command, *words], check=True)


def play(images: Images, work: Path) -> None:
    """The pushes and pulls, pauses between them."""

    def push(client: str, image: str, reference: str) -> None:
        skopeo(f"oci:{images.place}:{image}", f"docker://{CLIENTS[client]}:{PORT}/{reference}")
        time.sleep(_PAUSE_S)

    def pull(client: str, reference: str) -> None:
        store = f"oci:{work}/{client}-{reference.replace('/', '-').replace(':', '-')}"
        shared = f"--dest-shared-blob-dir={work}/{client}-blobs"
        source = f"docker://{CLIENTS[client]}:{PORT}/{reference}"
        skopeo(shared, "--dest-oci-accept-uncompressed-layers", source, store)

    def at_once(*pulls: tuple[str, str]) -> None:
        with ThreadPoolExecutor() as threads:
            for _ in threads.map(lambda one: pull(*one), pulls):
                pass
        time.sleep(_PAUSE_S)

    push("dev1", "web1", "org1/web:v1")
    push("dev1", "api1", "org1/api:v1")
    push("dev2", "db1", "org2/db:v1")
    push("dev2", "data1", "org2/data:v1")
    at_once(("node1", "org1/web:v1"), ("node2", "org1/api:v1"), ("node3", "org2/db:v1"))
    push("dev1", "web2", "org1/web:v2")
    at_once(("node1", "org1/web:v2"), ("node2", "org1/web:v2"))
    push("dev1", "api2", "org1/api:v2")
    push("dev2", "web3", "org1/web:v3")
    at_once(("node3", "org2/data:v1"), ("node2", "org1/api:v2"))
    push("dev1", "web4", "org1/web:v4")
    push("dev1", "web4", "org1/web:stable")
    at_once(("node1", "org1/web:stable"), ("node2", "org1/web:stable"), ("node3", "org1/web:v3"))
    at_once(("node1", "org1/web:v4"))
    push("dev2", "data2", "org2/data:v2")
    at_once(("node3", "org2/data:v2"), ("node1", "org2/data:v2"))


def record(out: Path, packages: Sequence[str], work: Path) -> None:
    kernels = [kernel_of(package, work) for package in packages]
    images = Images(work / "images", kernels)
    for app in TREES:
        images.add(f"{app}1", TREES[app], 1, 0)
    for version in (2, 3):
        images.add(f"web{version}", TREES["web"], version, 0)
    images.add("web4", TREES["web"], 4, 1)
    images.add("api2", TREES["api"], 2, 0)
    for version in (1, 2):
        images.add(f"data{version}", TREES["db"], 10 + version, None)
    config = work / "config.yml"
    config.write_text(CONFIG % (work / "storage", PORT))
    with (out / "registry.log").open("wb") as combined, (out / "registry.json").open("wb") as lines:
        server = subprocess.Popen(["docker-registry", "serve", config], stdout=combined, stderr=lines)
        try:
            _wait(lambda: urlopen(f"http://127.0.0.1:{PORT}/").status == 200)
            play(images, work)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(10)


def _wait(ready: Callable[[], bool]) -> None:
    for _ in range(100):
        try:
            if ready():
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the registry does not answer")


def main(out: str, *packages: str) -> None:
    if os.environ.get("RECORDING") is None:
        again = ["unshare", "--net", "--mount", sys.executable, __file__, out, *packages]
        sys.exit(subprocess.run(again, env={**os.environ, "RECORDING": "1"}).returncode)
    for words in ("link set lo up", *(f"addr add {address}/32 dev lo" for address in CLIENTS.values())):
        subprocess.run(["ip", *words.split()], check=True)
    Path("/var/lib/containers").mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/var/lib/containers"], check=True)
    Path(out).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        record(Path(out), packages, Path(work))


if __name__ == "__main__":
    main(*sys.argv[1:])
