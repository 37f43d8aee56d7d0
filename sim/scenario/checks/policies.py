"""Checks of policies and faults: caps that can be kept, and targets that there are.

Left out: rules' own parameters, which their models check.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.errors import shown
from sim.scenario.diagnostics import Diagnostic, unclear
from sim.scenario.model.naming import CENTRAL
from sim.scenario.model.network import generated, links_meant
from sim.scenario.model.root import Model


def jobs_keep_to_their_cap(model: Model) -> Iterator[Diagnostic]:
    """A cap on a job holds for each of its bodies, so they must not travel side by side."""
    sync = model.policies.sync
    if sync.job_Bps is not None and sync.references != "series":
        problem = "caps one body at a time, but references are copied in parallel"
        yield Diagnostic(("policies", "sync", "job_rate"), problem, 'set policies.sync.references = "series"')


def packages_are_whole(model: Model) -> Iterator[Diagnostic]:
    """Kernels that nodes have installed are released as packages, which are not cut into chunks."""
    chosen = model.policies
    if chosen.kernels == "node" and model.demand.kernel_release is not None and chosen.chunking.name != "whole":
        problem = f'cuts packages of kernels too, which policies.kernels = "node" releases, got {chosen.chunking.name}'
        yield Diagnostic(("policies", "chunking"), problem, 'set policies.chunking = "whole", or remove the release')


def lazy_nodes_serve_nobody(model: Model) -> Iterator[Diagnostic]:
    """Nodes that read layers on demand have nothing whole that others could fetch from them."""
    chosen, path = model.policies, ("policies", "load")
    if chosen.load != "lazy":
        return
    if chosen.lazy.read_share == 0:
        problem = "must be above 0 where nodes load layers lazily, got 0"
        yield Diagnostic(("policies", "lazy", "read_share"), problem, "write what a start reads, such as 0.064")
    nothing = "nodes that load layers lazily have none to serve, but"
    if chosen.source.name != "upstream":
        problem = f"{nothing} policies.source is {shown(chosen.source.name)}"
        yield Diagnostic(path, problem, 'write load = "whole" or source = "upstream"')
    if chosen.fanout.name == "peer":
        yield Diagnostic(path, f"{nothing} policies.fanout is peer", 'write load = "whole" or another fanout')


def faults_have_targets(model: Model) -> Iterator[Diagnostic]:
    """A fault breaks links or registries that there are, at a time that is given or drawn."""
    links = {*(span.name for span in generated(model)), *model.links}
    registries = {CENTRAL, *(name for hosts in (model.node_hosts(), model.cache_hosts()) for name, _ in hosts)}
    for key, broken in model.faults.items():
        for target in broken.targets:
            if broken.breaks_links:
                what, meant, known = "link", links_meant(model, target), links
            else:
                what, meant, known = "registry", model.registries_meant(target), registries
            if len(meant) != 1:
                yield unclear(("faults", key, "target"), what, target, meant, known)
        if (broken.at_s is None) == (broken.between_s is None):
            problem = "must be once at a time or again and again"
            yield Diagnostic(("faults", key), problem, 'write at = "1 h", or between = "6 h"')
