"""Images that boot on the kernel of their node, and what a kernel's release is then.

Six apps of one kind, a kernel of 3 MB and a rootfs of 1 MB, are there at the start; each of three nodes may have them.
"""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.errors import InputError
from sim.result import Result
from sim.scenario import Scenario

from .small import MB, Deploy, demand, play, scenario

SMALL = {"config": "1 kB", "manifest": "3 kB", "index": "6 kB", "boot": "100 ms"}
ASKED: dict[str, Any] = {
    "run": {"duration": "2 h", "seed": 2},
    "topology": {"shape": "star"},
    "central": {"capacity": "8 Mbit/s"},
    "nodes": {"n": {"count": 3}},
    "clients": {"dev": {"up": "8 Mbit/s"}},
    "images": {"app": {**SMALL, "kernel": "3 MB", "rootfs": "1 MB"}, "rom": {**SMALL, "rootfs": "1 MB", "share": 0}},
    "demand": {"rate": "0.001/day", "apps": 6, "kernel_release": {"at": "1 h", "over": "10 min"}},
}


def released(**changes: Any) -> Result:
    """A run in which nothing but the release happens, on nodes that have the kernel installed unless said otherwise."""
    changed = {key.replace("__", "."): value for key, value in changes.items()}
    return sim.run(Scenario.from_document(ASKED, overrides={"policies.kernels": "node", **changed}))


def test_an_image_without_its_kernel_sends_its_root_filesystem_alone() -> None:
    """A first push and its pull move 1 MB instead of 4, and the list shows what it pushed as a ROM."""
    for kernels, size in (("image", 4), ("node", 1)):
        seen = play(scenario(policies__kernels=kernels), demand([Deploy(0.0)]))
        row = seen.deploys()[0]
        assert (row["pushed_bytes"] // MB, row["pulled_bytes"] // MB) == (size, size)
        assert [bool(each["rom"]) for each in seen.rows("lists") if each["registry"] == "central"] == [
            kernels == "node"
        ]


def test_a_release_is_one_package_a_node() -> None:
    """Instead of six apps that redeploy within ten minutes one package of 3 MB is pushed, and three nodes fetch it."""
    packages, redeploys = released(), released(policies__kernels="image")
    deploys = packages.tables["deploys"]
    assert (len(deploys), len(redeploys.tables["deploys"])) == (1, 6)
    assert deploys.column("asked_s").tolist() == [3600.0]
    assert deploys.column("nodes").tolist() == [3]
    assert [size // MB for size in (deploys.column("pushed_bytes")[0], deploys.column("pulled_bytes")[0])] == [3, 9]
    assert redeploys.tables["deploys"].column("pushed_bytes").sum() // MB == 6 * 4


def test_a_release_has_converged_when_the_last_node_has_it() -> None:
    """3 MB at 1 MB/s up the client's line, and thrice from central's to the nodes: some 12 s, not ten minutes."""
    assert released().metrics["fleet_convergence_s"] == pytest.approx(12, rel=0.25)
    assert 300 < released(policies__kernels="image").metrics["fleet_convergence_s"] < 700


def test_a_kind_without_kernel_or_apps_has_no_package() -> None:
    """Of three kinds one is a ROM and one nobody deploys: one package is left."""
    more = {
        "images.other.kernel": "2 MB",
        "images.other.rootfs": "1 MB",
        "images.other.share": 0,
        "images.rom.share": 1,
    }
    assert released(**{key.replace(".", "__"): value for key, value in more.items()}).metrics["deploys"] == 1


def test_packages_are_not_cut() -> None:
    """Chunks of root filesystems would be cut out of kernels, so that is refused."""
    with pytest.raises(InputError, match=r"policies\.chunking: cuts packages of kernels too"):
        released(policies__chunking={"name": "content-defined", "changed": "25 %", "places": 2, "chunk": "64 KiB"})


def test_packages_have_their_own_size_where_root_filesystems_vary() -> None:
    """Apps whose sizes are drawn change nothing of a release: a package of 3 MB, fetched thrice."""
    deploys = released(images__app__sizes={"list": ["2 MB"]}).tables["deploys"]
    assert [size // MB for size in (deploys.column("pushed_bytes")[0], deploys.column("pulled_bytes")[0])] == [3, 9]
