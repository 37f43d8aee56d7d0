"""A small scenario that is right, for tests to change: two sites, one link, twenty nodes, one kind of image."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

SMALL = """
[run]
baseline = "central"

[sites.was]
[sites.dal]

[links.dal-was]
between = ["dal", "was"]
rtt = { value = "31.5 ms", source = "a table of round trips" }
capacity = { value = "10 Gbit/s", assumption = true, range = ["1 Gbit/s", "100 Gbit/s"] }

[central]
site = "was"

[nodes.n]
site = "dal"
count = 20

[clients.dev]
site = "dal"
count = 3

[images.http]
kernel = "36 MiB"
rootfs = "1.3 MB"

[variants.central]
"policies.route" = "central"

[variants.node-direct]
policies.route = "node-direct"
"""


@pytest.fixture
def document() -> dict[str, Any]:
    """A fresh copy of the small scenario's document."""
    return tomllib.loads(SMALL)


@pytest.fixture
def small_text() -> str:
    return SMALL
