"""Digests, layers and images as values; and a domain that needs no simulation library."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys

from sim.registry.oci import Image, Layer, digest_of

KERNEL = Layer(digest_of("kernel"), 36, "kernel")
ROOTFS = Layer(digest_of("rootfs"), 3, "rootfs")
CONFIG = Layer(digest_of("config"), 2, "config")
IMAGE = Image(digest_of("image"), (KERNEL, ROOTFS), CONFIG, 5, 7)
ROM = Image(digest_of("rom"), (ROOTFS,), CONFIG, 5, 7)


def test_digest_is_sha256_of_the_parts() -> None:
    """A digest is the SHA-256 of its parts with a NUL between them, so that no two lists of parts run together."""
    assert digest_of("a", 1) == "sha256:" + hashlib.sha256(b"a\x001").hexdigest()
    assert digest_of("ab", "c") != digest_of("a", "bc")
    # The first test vector of FIPS 180-2: "abc".
    assert digest_of("abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_image_knows_its_parts() -> None:
    """An image has a kernel and a rootfs, and its blobs are the layers and then the config."""
    assert (IMAGE.kernel, IMAGE.rootfs, IMAGE.is_rom) == (KERNEL, ROOTFS, False)
    assert IMAGE.blobs == (KERNEL, ROOTFS, CONFIG)


def test_rom_has_no_kernel() -> None:
    """A ROM is a rootfs and a config."""
    assert (ROM.kernel, ROM.rootfs, ROM.is_rom) == (None, ROOTFS, True)
    assert ROM.blobs == (ROOTFS, CONFIG)


def test_digest_alone_shows_values_apart() -> None:
    """Layers and images are equal, and hash alike, when their digests are."""
    assert Layer(KERNEL.digest, 99, "rootfs") == KERNEL
    assert Image(IMAGE.digest, (ROOTFS,), CONFIG, 0, 0) == IMAGE
    assert IMAGE != ROM
    assert KERNEL != ROOTFS
    assert IMAGE.digest not in {IMAGE, KERNEL}
    assert len({KERNEL, Layer(KERNEL.digest, 99, "rootfs"), ROOTFS}) == 2
    assert len({IMAGE, Image(IMAGE.digest, (ROOTFS,), CONFIG, 0, 0), ROM}) == 2


def test_image_travels_between_processes() -> None:
    """An image comes back from a pickle with all of its parts."""
    back = pickle.loads(pickle.dumps(IMAGE))
    assert (back, back.blobs, back.rootfs.size_bytes, back.index_bytes) == (IMAGE, IMAGE.blobs, 3, 7)


def test_domain_needs_no_simulation_library() -> None:
    """Every module of the domain imports where SimPy, numpy and pandas cannot be."""
    script = """
import pkgutil, sys
sys.modules.update(dict.fromkeys(("simpy", "numpy", "pandas", "pydantic")))
import sim.registry
names = [module.name for module in pkgutil.iter_modules(sim.registry.__path__, "sim.registry.")]
assert "sim.registry.clients" in names, names
for name in names:
    __import__(name)
rooms = {name.split(".")[1] for name in sys.modules if name.startswith("sim.")}
assert rooms <= {"errors", "units", "registry"}, rooms
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
