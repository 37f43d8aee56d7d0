"""A question with three figures that have a range, who answers it, and a server of it in a thread."""

from __future__ import annotations

import http.client
import json
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from sim.explore import server
from sim.explore.answering import Answers, answering
from sim.explore.question import Question, question
from sim.scenario import Scenario
from tests.cli.conftest import regsim, small, small_text

__all__ = ["regsim", "small", "small_text"]

RANGES = """
run = { duration = "1 h", seed = 7, title = "Which way?" }
topology = { shape = "star" }
nodes.n = { count = 2, capacity = "1 Gbit/s" }
clients.dev.count = 3
clients.dev.up = { value = "50 Mbit/s", assumption = true, range = ["10 Mbit/s", "1 Gbit/s"] }
clients.dev.rtt = { value = "20 ms", source = "measured", range = ["10 ms", "50 ms"] }
images.app = { kernel = { value = "10 MB", source = "measured" }, rootfs = "1 MB" }
demand = { rate = { value = "20/h", assumption = true, range = ["10/h", "400/h"] }, apps = 5, updates = 0.5 }
variants.central = { policies.route = "central" }
variants.node-direct = { policies.route = "node-direct" }
"""


def asked(text: str = RANGES, **about: Any) -> Question:
    """The question of a file's text."""
    return question(Scenario.from_document(tomllib.loads(text), "ranges.toml"), ["ranges.toml"], **about)


@dataclass(frozen=True)
class Served:
    """Who answers, and a way to ask: each request is one connection."""

    answers: Answers
    port: int

    def get(self, path: str, host: str | None = None, method: str = "GET", **headers: str) -> tuple[int, str]:
        """Status and body; headers are written with `_` for `-`."""
        found = self.response(path, host, method, **headers)
        with found:
            return found.status, found.read().decode()

    def response(
        self, path: str, host: str | None = None, method: str = "GET", **headers: str
    ) -> http.client.HTTPResponse:  # fmt: skip
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("host", f"127.0.0.1:{self.port}" if host is None else host)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.putheader("connection", "close")  # the response has the socket then, and closes it
        connection.endheaders()
        return connection.getresponse()

    def events(self, places: tuple[int, ...]) -> list[tuple[str, dict[str, Any]]]:
        """All events of an answer."""
        status, text = self.get(f"/answer?at={'.'.join(map(str, places))}")
        assert status == 200
        blocks = [block.split("\n") for block in text.strip().split("\n\n")]
        return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


@contextmanager
def served(question: Question, store: Any = None) -> Iterator[Served]:
    """A server of it on any free port, until the block ends."""
    with answering(question, 1, store, "reference") as answers, server.listening(0) as listening:
        port = listening.getsockname()[1]
        made = server.server(answers, port)
        thread = threading.Thread(target=made.run, kwargs={"sockets": [listening]})
        thread.start()
        until(lambda: made.started)
        try:
            yield Served(answers, port)
        finally:
            made.should_exit = True
            thread.join()


def until(true: Callable[[], bool], most_s: float = 30.0) -> None:
    """Wait for something that another thread does."""
    ends = time.monotonic() + most_s
    while not true():
        assert time.monotonic() < ends, "it did not come"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def serves() -> Iterator[Served]:
    """The question, served, with six runs of each variant at most."""
    with served(asked(runs=6)) as found:
        yield found
