"""Invariants, checked while the world runs: for whoever changes the model, and for runs that money hangs on.

No registry has a manifest whose blob is missing, no link carries more than its capacity, a disk's books balance, every
deploy that was asked for has its one row, and what rows say crossed a link is what was on it. A breach is a fault of
this program, never of the scenario.
"""

from __future__ import annotations

from collections import Counter

from sim.world.clock import Steps
from sim.world.places import Registry
from sim.world.world import World

#: Checks over a run's duration, beside the one at its end.
CHECKS = 48
#: Rates and sums of floats may be off by so much of themselves.
_SLACK = 1e-9


class AuditError(AssertionError):
    """An invariant does not hold; says which, where and when."""


class Audit:
    """The checks of one run."""

    def __init__(self, world: World, duration_s: float) -> None:
        self._world = world
        self._duration_s = duration_s
        world.clock.start(self._watch())

    def _watch(self) -> Steps:
        for number in range(CHECKS):
            yield number * self._duration_s / CHECKS
            self.check()

    def check(self) -> None:
        """What must hold at any instant."""
        for registry in (self._world.central, *self._world.nodes):
            self._holdings(registry)
        self._links()

    def finish(self, asked: int | None) -> None:
        """What must hold when the world has ended, and every deploy with it; `asked` is how many there were."""
        self.check()
        rows = Counter(self._world.log.tables["deploys"].column("deploy").tolist())
        if asked is not None and rows != Counter(range(asked)):
            twice = [deploy for deploy, count in rows.items() if count > 1]
            self._breach(f"{asked} deploys were asked for and {sum(rows.values())} have a row, {twice or 'none'} twice")
        if self._world.wire.under_way:
            self._breach(f"{self._world.wire.under_way} flows never ended")
        for registry in self._world.nodes:
            if registry.arriving:
                self._breach(f"{registry.name} still expects {next(iter(registry.arriving))}")

    def _holdings(self, registry: Registry) -> None:
        for repository, digest in registry.contents.missing():
            self._breach(f"{registry.name} has a manifest in {repository} and not its blob {digest}")
        if registry.limits is not None:
            storage = registry.limits.storage
            if storage.used_bytes != storage.counted_bytes():
                self._breach(f"{registry.name} books {storage.used_bytes} bytes and holds {storage.counted_bytes()}")
            if storage.capacity_bytes is not None and storage.used_bytes > storage.capacity_bytes:
                self._breach(f"{registry.name} holds {storage.used_bytes} of {storage.capacity_bytes} bytes")

    def _links(self) -> None:
        wire = self._world.wire
        for link, load_Bps in enumerate(wire.load_Bps()):
            if load_Bps > wire.capacity_Bps[link] * (1 + _SLACK):
                self._breach(f"link {link} carries {load_Bps:g} of {wire.capacity_Bps[link]:g} bytes/s")

    def _breach(self, what: str) -> None:
        raise AuditError(f"at {self._world.clock.now:g} s: {what}")
