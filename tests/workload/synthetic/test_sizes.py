"""Sizes of root filesystems: drawn by app and by update from what a scenario says, and the same for the same image.

Shares of draws below a size are held against theory within four standard errors. The seeds are arbitrary.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.errors import InputError
from sim.manifest import files_read
from sim.scenario import Scenario, load
from sim.streams import Streams
from sim.workload.demand import Demand
from sim.workload.synthetic import generate
from sim.workload.synthetic.sizes import quantiles_bytes

MB = 1_000_000
DOCUMENT: dict[str, Any] = {
    "run": {"duration": "1 h"},
    "topology": {"shape": "star"},
    "nodes": {"n": {}},
    "clients": {"dev": {}},
    "images": {"app": {"kernel": "10 MB", "rootfs": "4 MB"}},
    "demand": {"rate": "1/s", "apps": 2000, "updates": 0.8},
}


def made(sizes: dict[str, Any], **changes: Any) -> Demand:
    overrides = {"images.app.sizes": sizes, **{key.replace("__", "."): to for key, to in changes.items()}}
    return generate.demand(Scenario.from_document(DOCUMENT, overrides=overrides), Streams(1))


def share_near(found: Any, expected: float) -> bool:
    return abs(np.mean(found) - expected) < 4 * math.sqrt(expected * (1 - expected) / len(found))


def test_apps_are_lognormal_by_median_and_p95() -> None:
    """Half of the apps are below 4 MB, 95 % below 40 MB, and by symmetry of the logarithms 5 % below 0.4 MB."""
    sizes = made({"p95": "40 MB"}).app_rootfs_bytes
    assert sizes is not None
    for size_bytes, share in ((4 * MB, 0.5), (40 * MB, 0.95), (0.4 * MB, 0.05)):
        assert share_near(sizes < size_bytes, share)
    assert len(set(sizes.tolist())) > 0.99 * len(sizes)  # no staircase


def test_quantiles_are_those_of_what_is_drawn() -> None:
    """5, 50 and 95 % are below 0.4, 4 and 40 MB of a lognormal, and none above `most`; of a list, its sizes."""
    shares = np.array([0.05, 0.5, 0.95])
    for sizes, expected in (
        ({"p95": "40 MB"}, [0.4 * MB, 4 * MB, 40 * MB]),
        ({"p95": "40 MB", "most": "10 MB"}, [0.4 * MB, 4 * MB, 10 * MB]),
        ({"list": ["9 MB", "1 MB", "5 MB"]}, [1 * MB, 5 * MB, 9 * MB]),
        (None, [4 * MB, 4 * MB, 4 * MB]),
    ):
        overrides = {} if sizes is None else {"images.app.sizes": sizes}
        image = Scenario.from_document(DOCUMENT, overrides=overrides).images["app"]
        assert quantiles_bytes(image, shares).tolist() == pytest.approx(expected, rel=1e-6)


def test_an_app_keeps_its_size_and_updates_vary_around_it() -> None:
    """First deploys have their app's size; half of the updates are larger, and 95 % less than 1.5 times as large."""
    demand = made({"p95": "40 MB", "update_p95": 1.5})
    assert demand.rootfs_bytes is not None
    assert demand.app_rootfs_bytes is not None
    ratio = demand.rootfs_bytes / demand.app_rootfs_bytes[demand.app]
    assert (ratio[~demand.update] == 1).all()
    assert share_near(ratio[demand.update] > 1, 0.5)
    assert share_near(ratio[demand.update] < 1.5, 0.95)
    alike = made({"p95": "40 MB"})
    assert alike.rootfs_bytes is not None
    assert alike.app_rootfs_bytes is not None
    assert np.array_equal(alike.rootfs_bytes, alike.app_rootfs_bytes[alike.app])


def test_sizes_of_a_list_come_alike_often() -> None:
    """Of two sizes each app has one, half of them each; drawn per update, updates of one app have both."""
    demand = made({"list": ["2 MB", "30 MB"]})
    assert demand.app_rootfs_bytes is not None
    assert set(demand.app_rootfs_bytes.tolist()) == {2 * MB, 30 * MB}
    assert share_near(demand.app_rootfs_bytes == 2 * MB, 0.5)
    anew = made({"list": ["2 MB", "30 MB"], "per": "update"}, demand__apps=1, demand__updates=1.0)
    assert anew.rootfs_bytes is not None
    assert share_near(anew.rootfs_bytes == 2 * MB, 0.5)


def test_nothing_is_larger_than_the_most() -> None:
    """Cut at 5 MB, the upper tail of apps and of their updates is 5 MB."""
    demand = made({"p95": "40 MB", "update_p95": 2.0, "most": "5 MB"})
    assert demand.rootfs_bytes is not None
    assert demand.rootfs_bytes.max() == 5 * MB


def test_an_image_that_is_pushed_again_has_its_size() -> None:
    """Rollbacks push what they go back to: each image number has one size, that of the start for what was there."""
    demand = made({"p95": "40 MB", "update_p95": 2.0}, demand__rollbacks=0.4, demand__apps=20)
    assert demand.rootfs_bytes is not None
    assert demand.app_rootfs_bytes is not None
    assert demand.image is not None
    size_of = {len(demand) + app: size for app, size in enumerate(demand.app_rootfs_bytes.tolist())}
    for image, size in zip(demand.image.tolist(), demand.rootfs_bytes.tolist(), strict=True):
        assert size_of.setdefault(image, size) == size
    assert (demand.image >= len(demand)).any()


def test_another_kinds_sizes_move_nobodys() -> None:
    """With a second kind beside it, whether its sizes vary or not, each app that is of the first has the same size."""
    other = {"images.rom": {"rootfs": "9 MB"}}
    sizes = {"images.app.sizes": {"p95": "40 MB"}}
    fixed = generate.demand(Scenario.from_document(DOCUMENT, overrides=sizes | other), Streams(1))
    varied = generate.demand(
        Scenario.from_document(DOCUMENT, overrides=sizes | other | {"images.rom.sizes": {"p95": "99 MB"}}), Streams(1)
    )
    assert fixed.app_rootfs_bytes is not None
    assert varied.app_rootfs_bytes is not None
    first = fixed.app_kind == 0
    assert np.array_equal(fixed.app_rootfs_bytes[first], varied.app_rootfs_bytes[first])
    assert set(fixed.app_rootfs_bytes[~first].tolist()) == {9 * MB}


@pytest.fixture
def scenario_file(tmp_path: Path) -> Path:
    path = tmp_path / "s.toml"
    path.write_text(
        """
topology.shape = "star"
[nodes.n]
[clients.dev]
[images.app]
rootfs = "1 MB"
[images.app.sizes]
file = "sizes.csv"
column = "size"
""",
        encoding="utf-8",
    )
    return path


def test_sizes_come_from_a_column_of_a_file_beside_the_scenario(scenario_file: Path) -> None:
    """Bytes as numbers and sizes with units; a run's key and manifest know the file's content."""
    sizes = scenario_file.with_name("sizes.csv")
    sizes.write_text('app,size\nshop,1500000\nblog,"2 MB"\n', encoding="utf-8")
    scenario = load(scenario_file)
    demand = generate.demand(scenario, Streams(1))
    assert demand.app_rootfs_bytes is not None
    assert set(demand.app_rootfs_bytes.tolist()) == {1_500_000, 2 * MB}
    (before,) = files_read(scenario).values()
    sizes.write_text("app,size\nshop,1500001\n", encoding="utf-8")
    assert [*files_read(load(scenario_file)).values()] != [before]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "sizes.file: cannot read sizes.csv: No such file or directory; paths are from the scenario's folder"),
        ("", "sizes.column: sizes.csv has no such column, got \"size\"; it has nothing"),
        ("a,b\n1,2\n", "sizes.column: sizes.csv has no such column, got \"size\"; it has a, b"),
        ("size\n", "sizes.file: sizes.csv has no sizes; write one a line below the heading"),
        ("size\n5\n0\n", "sizes.file: sizes.csv: line 3: must be above 0, got 0; write bytes as a number, or a size"),
        ("size\n5 MB/s\n", "sizes.file: sizes.csv: line 2: must be a size, got \"5 MB/s\", which is a rate; "
         "write bytes as a number, or a size"),
        ("size\n-5\n", "sizes.file: sizes.csv: line 2: must be above 0, got -5; "
         "write bytes as a number, or a size"),
    ],
)  # fmt: skip
def test_a_file_of_sizes_that_cannot_be_used_is_one_line(scenario_file: Path, content: str | None, line: str) -> None:
    """The line names the scenario, the key, the file, its line, and the remedy."""
    if content is not None:
        scenario_file.with_name("sizes.csv").write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(scenario_file)
    assert str(caught.value).replace(f"{scenario_file.parent}/", "") == f"s.toml: images.app.{line}"
