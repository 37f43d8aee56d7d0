"""For all tests: how many examples a property is held against in each tier, and how tests share what is slow to make.

A tier is a choice of tests by markers (`pyproject.toml` says what each means) and a profile of hypothesis by its name:
`make quick`, `make test` and `make accept` choose both. Examples are drawn alike every time, so that what a change
broke is what fails; and they may take their time, since a busy machine is no fault of what is tested.
"""

from __future__ import annotations

import fcntl
import importlib
import pickle
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from sim.files import replacing

OneAtATime = Callable[[str], AbstractContextManager[None]]
Once = Callable[[str, Callable[[], Any]], Any]

#: Examples of a property by tier; one that is dearer or cheaper than most asks for a share or a multiple of
#: `settings.default.max_examples`.
EXAMPLES = {"quick": 20, "test": 40, "accept": 1000}

#: Rooms of `tests/` in which whatever is tested is a whole scenario, a verb or a process.
INTEGRATION = ("bench", "calibrate", "cli", "docs", "engines", "experiment", "explore", "notebooks", "report", "rig")

#: Whole scenarios take long, and the smallest is large.
EXPECTED = [HealthCheck.too_slow, HealthCheck.large_base_example]

for tier, examples in EXAMPLES.items():
    settings.register_profile(
        tier, max_examples=examples, deadline=None, derandomize=True, suppress_health_check=EXPECTED
    )
settings.load_profile("test")

_TWO_SITES = """
sites = { a = {}, b = {}, idle = {} }
links.a-b = { between = ["a", "b"], rtt = "80 ms", capacity = "1 Gbit/s" }
links.a-idle = { between = ["a", "idle"], rtt = "80 ms", capacity = "1 Gbit/s" }
central = { site = "a" }
nodes.near = { site = "a" }
nodes.far = { site = "b" }
clients.dev = { site = "a", count = 2 }
clients.ops = { site = "b" }
images.app = { kernel = "10 MB", rootfs = "1 MB" }
variants.central = { policies.route = "central" }
variants.node-direct = { policies.route = "node-direct" }
"""


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test belongs to the tier of its room; elsewhere files say so themselves."""
    if item.path.relative_to(Path(__file__).parent).parts[0] in INTEGRATION:
        item.add_marker("integration")


@pytest.fixture(scope="session")
def two_sites() -> str:
    """Two sites with nodes and clients, one that is idle, two routes. Who asks adds `run` and `demand`."""
    return _TWO_SITES


@pytest.fixture
def no_flips(monkeypatch: pytest.MonkeyPatch) -> None:
    """`compare` without what turns its answer, which takes seventy runs on idle links: for tests that are not of it."""
    for name in ("comparison", "compare"):
        monkeypatch.setattr(importlib.import_module(f"sim.experiment.{name}"), "flips", _none_turns)


def _none_turns(*asked: object) -> list[object]:
    """By name, as workers are sent it."""
    return []


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all processes of a run of the tests have."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def one_at_a_time(shared: Path) -> OneAtATime:
    """`with one_at_a_time("name"):` no other process is in a block of that name, however a process ends."""

    @contextmanager
    def held(name: str) -> Iterator[None]:
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    return held


@pytest.fixture(scope="session")
def once(shared: Path, one_at_a_time: OneAtATime) -> Once:
    """`once("name", make)`: what is made once in a run of the tests, and read by all other processes, which wait.

    It has to be something that can be pickled.
    """

    def made(name: str, make: Callable[[], Any]) -> Any:
        kept = shared / f"{name}.pickle"
        with one_at_a_time(name):
            if not kept.exists():
                with replacing(kept) as temporary:
                    temporary.write_bytes(pickle.dumps(make()))
        return pickle.loads(kept.read_bytes())

    return made
