"""What a scenario on packets has to say, and what it can't ask."""

from __future__ import annotations

from typing import Any

import pytest

from sim.errors import InputErrors
from sim.scenario import Scenario
from sim.scenario.document import overridden

QUEUE = {"queue": "60 ms"}


def asked(document: dict[str, Any], changes: dict[str, Any]) -> Scenario:
    """The small scenario on packets, for a minute, with these changes."""
    tables = {key: part for key, part in document.items() if key != "variants"}
    tables["run"] = {"wire": "packets", "duration": "1 min"}
    return Scenario.from_document(overridden(tables, {"tcp": QUEUE} | changes, "test"), "small.toml")


FLUID = 'write run.wire = "fluid"'
CUT = {"kind": "link-down", "target": "dal-was", "at": "1 h", "lasts": "1 min"}
HOURS = {"from": "8 h", "until": "18 h", "capacity": "1 Gbit/s"}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"tcp": {}}, 'tcp.queue: packets need to know when queues are full; write tcp.queue = "60 ms" for example'),
        ({"faults.cut": CUT}, f"faults: breaks links or registries, which packets can't do; {FLUID}"),
        (
            {"links.dal-was.schedule.office": HOURS},
            f"links.dal-was.schedule: changes what the link carries, which packets can't do; {FLUID}",
        ),
        (
            {"policies.source": "swarm"},
            f"policies.source: swarm has nodes fetch pieces of layers, which packets can't do; {FLUID}",
        ),
        (
            {"policies.sync": {"job_rate": "1 MB/s", "references": "series"}},
            f"policies.sync.job_rate: bounds the rate of a single connection, which packets can't do; {FLUID}",
        ),
    ],
)  # fmt: skip
def test_what_packets_cannot_do_is_one_exact_line(document: dict[str, Any], changes: dict[str, Any], line: str) -> None:
    """The key, what it asks, and the way out."""
    with pytest.raises(InputErrors) as caught:
        asked(document, changes)
    assert [str(error).removeprefix("small.toml: ") for error in caught.value.errors] == [line]


def test_a_format_that_is_unpacked_to_disk_needs_flows(document: dict[str, Any]) -> None:
    """What gzip has a node write shares its disk with what arrives; EROFS is mounted where it is."""
    (image,) = list(document["images"])[:1]
    with pytest.raises(InputErrors, match=f"images.{image}.format: gzip has nodes unpack to the disk"):
        asked(document, {f"images.{image}.format": "gzip"})
    assert asked(document, {f"images.{image}.format": "erofs"}).run.wire == "packets"


def test_a_run_of_too_many_packets_is_refused_with_an_estimate(document: dict[str, Any]) -> None:
    """Of 1,448 MB twice a deploy, pushed and pulled, are 2 million packets; 60 deploys a minute make 120 million, which
    take 240 s at half a million a second. Who raises the limit is let through, and flows have none."""
    (image,) = list(document["images"])[:1]
    tables = document | {"images": {image: {"rootfs": "1448 MB", "rom": True}}}
    changes: dict[str, Any] = {"demand": {"rate": "1/s"}}
    with pytest.raises(InputErrors) as caught:
        asked(tables, changes)
    (error,) = caught.value.errors
    assert str(error) == (
        "small.toml: demand.rate: makes up to about 120 million packets, which take some 4 minutes; "
        f"run.max_packets is 50,000,000; lower it, raise run.max_packets, or {FLUID}"
    )
    assert asked(tables, changes | {"run.max_packets": 121_000_000}).run.max_packets == 121_000_000
    assert asked(tables, changes | {"run.wire": "fluid"}).run.wire == "fluid"


def test_shares_have_no_effect_on_packets(document: dict[str, Any]) -> None:
    """What is said of how flows share is warned of; how long queues are is not."""
    found = asked(document, {"tcp": QUEUE | {"shares": "windows"}}).warnings
    assert [each.where for each in found if each.code == "no-effect"] == ["small.toml: tcp.shares"]
