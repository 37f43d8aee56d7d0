"""What policies and faults must keep to."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.diagnostics import Fault, unclear
from sim.scenario.model.naming import CENTRAL
from sim.scenario.model.network import generated, links_meant
from sim.scenario.model.root import Tables


def jobs_keep_to_their_cap(tables: Tables) -> Iterator[Fault]:
    """A cap on a job holds for each of its bodies, so they must not travel side by side."""
    sync = tables.policies.sync
    if sync.job_Bps is not None and sync.references != "series":
        problem = "caps one body at a time, but references are copied in parallel"
        yield Fault(("policies", "sync", "job_rate"), problem, 'set policies.sync.references = "series"')


def faults_have_targets(tables: Tables) -> Iterator[Fault]:
    """A fault breaks links or registries that there are, at a time that is given or drawn."""
    links = {*(span.name for span in generated(tables)), *tables.links}
    registries = {CENTRAL, *(name for name, _ in tables.node_hosts())}
    for key, broken in tables.faults.items():
        for target in broken.targets:
            if broken.breaks_links:
                what, meant, known = "link", links_meant(tables, target), links
            else:
                what, meant, known = "registry", tables.registries_meant(target), registries
            if len(meant) != 1:
                yield unclear(("faults", key, "target"), what, target, meant, known)
        if (broken.at_s is None) == (broken.between_s is None):
            problem = "must be once at a time or again and again"
            yield Fault(("faults", key), problem, 'write at = "1 h", or between = "6 h"')
