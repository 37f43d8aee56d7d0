"""Every check of what one table of a scenario can't see alone, in the order in which they are made.

A check is a generator of diagnostics over tables that are valid each by itself: names that must exist, hosts that must
be reached, figures that must go together. A new one is written in the module of its subject and put into `CHECKS`,
after the checks of what its diagnostics `need`: a fault that may only be there because of another is not reported.
Left out: warnings, which refuse nothing (`warnings`), and what a run takes (`memory`), which is checked before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sim.errors import shown
from sim.figures import Figure
from sim.scenario.checks.caches import swarms_have_no_caches, upstreams_end_at_central, upstreams_exist
from sim.scenario.checks.demand import demand_can_be_met, replays_have_hosts, steady_state_is_steady, streams_are_whole
from sim.scenario.checks.deploylist import deploys_can_be_read
from sim.scenario.checks.hosts import profiles_exist, shares_are_above_zero, sites_exist, something_of_each
from sim.scenario.checks.images import (
    digests_are_of_one_content,
    formats_exist,
    kernels_agree,
    names_are_apart,
    platforms_can_run,
    sizes_can_be_drawn,
)
from sim.scenario.checks.links import (
    alternatives,
    links_are_whole,
    links_go_somewhere,
    schedules_fit_the_day,
    shapes_can_be_made,
    shared_connections_are_simple,
    sites_are_joined,
    windows_have_queues,
)
from sim.scenario.checks.policies import (
    faults_have_targets,
    jobs_keep_to_their_cap,
    lazy_nodes_serve_nobody,
    packages_are_whole,
)
from sim.scenario.checks.prices import tariffs_count_somewhere, tiers_rise
from sim.scenario.checks.thresholds import thresholds_name_links
from sim.scenario.checks.wire import packets_are_few, packets_can_run
from sim.scenario.diagnostics import Diagnostic
from sim.scenario.keypath import KeyPath
from sim.scenario.model.entries import entries
from sim.scenario.model.root import Model
from sim.units import PerHost, UnitError

CHECKS: tuple[Callable[[Model], Iterator[Diagnostic]], ...] = (
    something_of_each,
    alternatives,
    links_are_whole,
    schedules_fit_the_day,
    sites_exist,
    shapes_can_be_made,
    links_go_somewhere,
    sites_are_joined,
    shares_are_above_zero,
    profiles_exist,
    upstreams_exist,
    upstreams_end_at_central,
    swarms_have_no_caches,
    kernels_agree,
    formats_exist,
    platforms_can_run,
    streams_are_whole,
    demand_can_be_met,
    steady_state_is_steady,
    sizes_can_be_drawn,
    names_are_apart,
    digests_are_of_one_content,
    jobs_keep_to_their_cap,
    packages_are_whole,
    lazy_nodes_serve_nobody,
    faults_have_targets,
    windows_have_queues,
    shared_connections_are_simple,
    packets_can_run,
    packets_are_few,
    replays_have_hosts,
    thresholds_name_links,
    tariffs_count_somewhere,
    tiers_rise,
    deploys_can_be_read,
)


def ranges_hold_values(model: Model, figures: Mapping[KeyPath, Figure]) -> Iterator[Diagnostic]:
    """A figure lies in the range that it gives."""
    known = {entry.path: entry.quantity for entry in entries(model)}
    for path, figure in figures.items():
        if figure.range is None or path not in known:
            continue
        quantity, where = known[path], (*path, "range")
        if quantity is None:
            yield Diagnostic(where, "this value has no range, it is no number", "remove the range")
            continue
        try:
            low, high = (quantity.read(limit) for limit in figure.range)
        except UnitError as error:
            yield Diagnostic(where, error.problem, error.remedy)
            continue
        value = quantity.read(figure.value)
        if len({number.host if isinstance(number, PerHost) else "" for number in (low, value, high)}) > 1:
            problem = f"must be of the same kind as the value {shown(figure.value)}"
            yield Diagnostic(where, problem, "write all three per node, per client, or of all together")
        elif not low <= value <= high:
            limits = " to ".join(shown(limit) for limit in figure.range)
            problem = f"must hold the value {shown(figure.value)}, got {limits}"
            yield Diagnostic(where, problem, "widen it or mend the value")
