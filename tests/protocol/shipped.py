"""The scenarios that ship, and harder ones made of them, run once each with few deploys: for what must hold in all."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.result import Result
from sim.scenario import Scenario

FOLDER = Path(__file__).parents[2] / "scenarios"
#: Some 250 deploys.
_FEW: dict[str, Any] = {"run.duration": "3 h", "demand.rate": "2000/day", "demand.apps": 100}
_SITES = ("dal", "fra", "sfo", "sin", "was")
_DIRECT = {"policies.route": "node-direct", "demand.nodes": 3}
#: Every image of a kind has its kind's size, so that a test may add them up.
_ALIKE = {f"images.{kind}.sizes.update_p95": 1.0 for kind in ("my-app", "http-python")} | {
    "images.my-app.sizes.p95": "4.3 MB", "images.http-python.sizes.p95": "39.3 MB",
}  # fmt: skip
_METROS: dict[str, dict[str, Any]] = {
    "sync-then-pull": _DIRECT,
    "peer": {**_DIRECT, "policies.fanout": "peer"},
    "push-each": {**_DIRECT, "policies.fanout": "push-each"},
    "both": {**_DIRECT, "policies.route": "both"},
    "never": {**_DIRECT, "policies.sync.to_central": "never"},
    "uncoalesced": {"policies.coalesce": False, "demand.nodes": 3},
    "queues": {"central.service": "exponential", "central.workers": 1, "demand.reference": "digest"},
    "requests": {"run.detail": "requests", "policies.tags.check": "absent"},
    "crowded": {
        "run.duration": "5 min", "demand.rate": "3000/h", "demand.apps": 5, "demand.warm": False, "demand.nodes": 3,
        "demand.reference": "digest",
        **{f"nodes.{site}.capacity": "50 Mbit/s" for site in _SITES}, **_ALIKE,
    },
    # No image so large that whoever waits for it gives up: its row would end before its pull does.
    "skopeo": {
        "clients.dal-dev.profile": "skopeo", "central.capacity": "20 Mbit/s", "images.http-python.sizes.p95": "60 MB",
    },
}  # fmt: skip


#: What asks the same of fewer, where a scenario is one of many nodes.
_SMALLER: dict[str, dict[str, Any]] = {
    "flash-crowd": {"demand.nodes": 8},
    "rate-limit": {"demand.nodes": 12, "central.limits.registry.burst": 40},
    "million": {f"nodes.{site}.count": 10 for site in _SITES} | {f"clients.{site}-dev.count": 20 for site in _SITES},
}

#: A file, changes of it and a variant.
_Named = dict[str, tuple[str, dict[str, Any], str | None]]


def _named() -> tuple[_Named, _Named]:
    named: _Named = {}
    whole: _Named = {}
    for path in sorted(FOLDER.glob("*.toml")):
        demand = sim.load(path).demand
        if demand.replay is not None:
            continue  # its demand is a log's: a few seconds, less than one bin of a link's peak
        own: dict[str, Any] = {"run.start": "Mon 13:30"} if demand.streams else {}  # when offices are open
        for variant in sim.load(path).variants or (None,):
            smaller = _SMALLER.get(path.stem, {})
            named[f"{path.stem}-{variant}"] = path.name, own | smaller, variant
            if smaller:
                whole[f"{path.stem}-{variant}-whole"] = path.name, own, variant
    return named | {f"metros-{name}": ("metros.toml", changes, None) for name, changes in _METROS.items()}, whole


NAMED, WHOLE = _named()
#: All of them for tests: those of many nodes small, and as they ship where a test may take long.
CASES = [*NAMED, *(pytest.param(name, marks=pytest.mark.slow) for name in WHOLE)]
#: The same with one in four where time is short, for what random worlds show as well.
SOME = [pytest.param(name, marks=pytest.mark.slow) if at % 4 else name for at, name in enumerate(NAMED)] + CASES[
    len(NAMED) :
]


def scenario(name: str, **changes: Any) -> Scenario:
    """One of `CASES` at small demand; `changes` are overrides by dotted key."""
    file, own, variant = (NAMED | WHOLE)[name]
    return sim.load(FOLDER / file, {**_FEW, **own, **changes}, variant)


@cache
def result(name: str) -> Result:
    """Its run, made once, by the engine that is quicker: the other's rows are the same (`tests/engines/test_equal`)."""
    return sim.run(scenario(name), engine="compiled")
