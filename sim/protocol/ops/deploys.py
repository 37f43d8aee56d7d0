"""A deploy: push, create the instance, have the image where it starts, boot; and what becomes of its instances.

What the platform does (creating, restarting and scaling instances to zero) is as Unikraft Cloud's documentation has it
(unikraft-cloud/docs, instances.mdx). A client asks its nodes' metro for the instance over a connection of its own; a
node that lacks the image pulls it (`ops/pull`).

Left out: capacity of nodes for instances, and time to create one beside pull and boot.
"""

from __future__ import annotations

import math
from typing import Any, Final

from sim.protocol.codes import (
    BLOCKED,
    BOTH,
    CENTRAL,
    DECISION_ASKED,
    FOR_PUSH,
    GO,
    INF,
    LAST_UNREACHABLE,
    N_PHASES,
    NODE_DIRECT,
    NOT_AT_CENTRAL,
    NOT_ON_ITS_NODE,
    START_ONLY,
    WAIT,
    WAIT_TIMED_OUT,
)
from sim.protocol.machine import ask_host
from sim.protocol.ops.connections import is_open
from sim.protocol.ops.garbage import delete_image
from sim.protocol.ops.holdings import has_image, newest_publish
from sim.protocol.ops.lookups import looks_at_central
from sim.protocol.ops.pull import look_up
from sim.protocol.ops.rate_limits import is_rate_limit
from sim.protocol.ops.request_retries import call_platform_with_retries
from sim.protocol.ops.storage import stop_running
from sim.protocol.ops.sync import new_copy, owe, owe_nodes, start_owed
from sim.protocol.ops.waiters import add_waiter, remove_waiter
from sim.protocol.ops.ways import way_of
from sim.protocol.tasks import (
    add_child,
    add_waiting,
    add_waiting_beyond,
    begin_yield,
    branch,
    end_timeline,
    end_yield,
    enter_phase,
    fork_timeline,
    inherit,
    keep_running_until,
    make_ready,
    new_task,
    new_timeline,
    start_branches,
    wait_for,
)
from sim.records.queue import push_event
from sim.tables.rows import BOOT, PULL, SYNC_WAIT

RESTARTS: Final = 6
"""How often the platform starts an instance again that failed; `restarts_s` has how long it waits before each."""

# To which registry a client pushes.
TO_CENTRAL: Final = 0
TO_FIRST_NODE: Final = 1

# Where an image is waited for.
AT_CENTRAL: Final = 0
AT_NODE: Final = 1


def ask_for_deploy(w: Any, d: int, entry: int) -> None:
    """A client asks for a deploy now."""
    deploy = w.deploys[d]
    p = new_task(w, entry, new_timeline(w, deploy.at_s, 0.0))
    task = w.tasks[p]
    task.deploy, task.name, task.image = d, deploy.name, deploy.image
    task.machine, task.profile = deploy.client, w.machines[deploy.client].profile
    task.purpose, task.group = FOR_PUSH, 0
    task.saved_blobs = 0
    task.digest = -1
    deploy.client_latency_s = deploy.push_s = deploy.to_central_s = INF
    deploy.missing = deploy.nodes
    deploy.digest = deploy.image
    if deploy.route == START_ONLY:
        newest = newest_publish(w, deploy.name)
        if newest >= 0:
            deploy.digest = w.publishes[newest].image
        deploy.push_s = math.nan
    if deploy.by_digest:
        task.digest = deploy.digest
    if deploy.undecided:
        ask_host(w, DECISION_ASKED, d, 0, 0)
        if w.g.stopped:  # nobody decided, and the run is over
            return
    make_ready(w, p)


def by_route(w: Any, p: int, central: int, direct: int) -> int:
    """Go to `central` or `direct` if the push goes to only one of them."""
    task = w.tasks[p]
    route = w.deploys[task.deploy].route
    if route == CENTRAL:
        task.pc = central
    elif route == NODE_DIRECT:
        task.pc = direct
    return GO


def pushes_nothing(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` if nothing is pushed: an image that exists is started."""
    if w.deploys[w.tasks[p].deploy].route == START_ONLY:
        w.tasks[p].pc = label
    return GO


def to_registry(w: Any, p: int, registry: int, b: int) -> int:
    """What follows is between the client and central, or the first node."""
    task = w.tasks[p]
    deploy = w.deploys[task.deploy]
    task.registry = 0 if registry == TO_CENTRAL else deploy.pushed_to
    task.machine = deploy.client
    task.profile = w.machines[deploy.client].profile
    task.way = way_of(w, task.machine, task.registry, 0)
    return GO


def push_to_nodes(w: Any, p: int, entry: int, b: int) -> int:
    """The client pushes to the first of the chosen nodes, or to the first few, side by side."""
    task = w.tasks[p]
    deploy = w.deploys[task.deploy]
    count = w.fanouts[deploy.nodes].pushed
    for at in range(count):
        child = branch(w, p, entry, count < 2)
        other = w.tasks[child]
        other.registry = deploy.pushed_to if at == 0 else w.deploy_nodes[deploy.first_node + at]
        other.group = 0
    child = task.child
    while child >= 0:
        other = w.tasks[child]
        other.way = way_of(w, other.machine, other.registry, 0)
        child = w.tasks[child].sibling
    task.registry = deploy.pushed_to
    return start_branches(w, p)


def owe_central(w: Any, p: int, a: int, b: int) -> int:
    """The platform owes central a copy of what was pushed to a node, unless its client pushes it there, too."""
    task = w.tasks[p]
    if w.deploys[task.deploy].route == BOTH:
        return GO
    deploy, timeline = w.deploys[task.deploy], w.timelines[task.timeline]
    aside = begin_yield(w, p)
    c = new_copy(w, task.deploy, deploy.pushed_to, 0, task.name, task.image, task.publish, timeline.waited_s)
    owe(w, c)
    return end_yield(w, aside)


def owe_all_nodes(w: Any, p: int, a: int, b: int) -> int:
    """Central owes nodes a copy of what was pushed to it."""
    task = w.tasks[p]
    aside = begin_yield(w, p)
    owe_nodes(w, task.deploy, 0, task.name, task.image, task.publish, w.timelines[task.timeline].waited_s)
    return end_yield(w, aside)


def push_done(w: Any, p: int, a: int, b: int) -> int:
    """The client has heard that its push is done."""
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    w.deploys[task.deploy].push_s = timeline.now_s - timeline.started_s
    return GO


def call_platform(w: Any, p: int, a: int, b: int) -> int:
    """The client asks the nodes' metro for the instance, over a new connection."""
    task = w.tasks[p]
    deploy = w.deploys[task.deploy]
    if task.stage == 0:
        task.machine, task.profile = deploy.client, w.machines[deploy.client].profile
        task.registry = deploy.pushed_to
        task.way = way_of(w, deploy.client, deploy.pushed_to, 0)
    if w.g.faults:
        return call_platform_with_retries(w, p)
    way = w.ways[task.way]
    w.timelines[task.timeline].now_s += way.open_s + way.forth_s
    return GO


def instance_accepted(w: Any, p: int, a: int, b: int) -> int:
    """The platform accepts the instance; the answer goes back."""
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    w.deploys[task.deploy].client_latency_s = timeline.now_s + w.ways[task.way].back_s - timeline.started_s
    return GO


def creates_at_once(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` unless the client polls the first node until it has the image."""
    if w.profiles[w.machines[w.deploys[w.tasks[p].deploy].client].profile].polls == 0:
        w.tasks[p].pc = label
    return GO


def await_propagation(w: Any, p: int, a: int, b: int) -> int:
    """What was pushed to central is started no earlier than the platform knows of it; polls until then find nothing."""
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    timeline.now_s = max(timeline.now_s, w.publishes[task.publish].published_s + w.g.propagation_s)
    return GO


def poll_once(w: Any, p: int, a: int, b: int) -> int:
    """A client that polls asks the node that has its image once, and hears that it is there."""
    task = w.tasks[p]
    deploy = w.deploys[task.deploy]
    if w.profiles[w.machines[deploy.client].profile].polls:
        timeline, way = w.timelines[task.timeline], w.ways[task.way]
        timeline.now_s += way.round_trip_s + w.registries[w.deploy_nodes[deploy.first_node]].request_s
    return GO


def begin_polls(w: Any, p: int, fetch_ahead: int, b: int) -> int:
    """The client polls the first node, one request after another; a node that fetches on demand does so at the first of
    them."""
    task = w.tasks[p]
    deploy = w.deploys[task.deploy]
    timeline = w.timelines[task.timeline]
    task.node = w.deploy_nodes[deploy.first_node]
    task.machine = deploy.client
    task.way = way_of(w, deploy.client, task.node, 0)
    task.from_s, task.since_s = timeline.now_s, timeline.now_s - timeline.waited_s
    task.each_s = w.ways[task.way].round_trip_s + w.registries[task.node].request_s
    deploy.client_latency_s = INF  # until a poll succeeds
    if w.g.nodes_on_demand == 0:
        return GO
    aside = begin_yield(w, p)
    child = new_task(w, fetch_ahead, new_timeline(w, timeline.now_s, timeline.waited_s))
    inherit(w, p, child)
    w.tasks[child].upstream = w.registries[task.node].upstream
    w.tasks[child].digest = deploy.digest if deploy.by_digest else -1
    make_ready(w, child)
    return end_yield(w, aside)


def poll_succeeds(w: Any, p: int, a: int, b: int) -> int:
    """The first poll that is served after the image has come says yes; then the client asks for the instance.

    Polls that find nothing are not simulated.
    """
    task = w.tasks[p]
    timeline, way = w.timelines[task.timeline], w.ways[task.way]
    request_s, each_s = w.registries[task.node].request_s, task.each_s
    idle_s = timeline.now_s - timeline.waited_s
    timeline.now_s = poll_served_s(task.from_s, timeline.now_s, request_s, each_s) + way.back_s + way.forth_s
    idle_s = poll_served_s(task.since_s, idle_s, request_s, each_s) + way.back_s + way.forth_s
    add_waiting_beyond(w, task.timeline, idle_s)
    w.deploys[task.deploy].client_latency_s = timeline.now_s + way.back_s - timeline.started_s
    return GO


def poll_served_s(since_s: float, came_s: float, request_s: float, each_s: float) -> float:
    """When the first poll that finds what came at `came_s` is served, where the first was sent at `since_s`."""
    return since_s + math.ceil(max(0.0, came_s - request_s - since_s) / each_s) * each_s + request_s


def wait_for_image(w: Any, p: int, at_node: int, b: int) -> int:
    """Wait until central, or the node, has the image; a failure if it has not come within `policies.patience`."""
    task = w.tasks[p]
    t = task.timeline
    timeline = w.timelines[t]
    registry = task.node if at_node else 0
    repository = w.names[task.name].repository
    image = w.deploys[task.deploy].digest
    if task.stage == 0:
        enter_phase(w, t, SYNC_WAIT)
        task.stage = 1
        task.pc -= 1
        return WAIT
    if task.stage == 1:
        if has_image(w, registry, repository, image):
            task.stage = 0
            return GO
        task.stage = 2
        if registry == 0:
            aside = begin_yield(w, p)
            task.pc -= 1
            start_owed(w, p)
            return end_yield(w, aside)
    if task.stage == 2:
        add_waiter(w, p, registry, repository, image)
        task.until_s = timeline.now_s + w.g.patience_s
        push_event(w, task.until_s, WAIT_TIMED_OUT, p, task.generation)
        task.stage = 3
        task.image_wait = 1
        task.at_node = at_node
        task.pc -= 1
        return BLOCKED
    task.stage = 0
    if task.image_wait == 2:
        wait_for(w, t, w.g.now_s, task.wait_s)
    task.image_wait = 0
    if not has_image(w, registry, repository, image):
        add_waiting(w, t, w.g.now_s - timeline.now_s)
        timeline.now_s = w.g.now_s
        return NOT_ON_ITS_NODE if at_node else NOT_AT_CENTRAL
    return GO


def push_both(w: Any, p: int, direct: int, central: int) -> int:
    """Push to the node and to central side by side; the instance starts when the node has the image."""
    task = w.tasks[p]
    task.keeps_timeline = 1
    t = task.timeline
    for at in range(2):
        child = new_task(w, direct if at == 0 else central, t if at == 0 else fork_timeline(w, t))
        inherit(w, p, child)
        w.tasks[child].digest = task.digest
        w.tasks[child].group = 0
        add_child(w, p, child)
    return start_branches(w, p)


def central_pushed(w: Any, p: int, a: int, b: int) -> int:
    """The push to central is done, and its client knows."""
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    w.deploys[task.deploy].to_central_s = timeline.now_s - timeline.started_s
    return GO


def both_pushed(w: Any, p: int, a: int, b: int) -> int:
    """The client waits for both."""
    task = w.tasks[p]
    deploy = w.deploys[task.deploy]
    deploy.client_latency_s = max(deploy.client_latency_s, deploy.to_central_s)
    return GO


def start_from_central(w: Any, p: int, entry: int, b: int) -> int:
    """An instance starts on each node, which pulls from central."""
    task = w.tasks[p]
    deploy = w.deploys[task.deploy]
    for at in range(deploy.nodes):
        start_on(w, p, entry, w.deploy_nodes[deploy.first_node + at], 0, 0)
    return start_branches(w, p)


def start_after_push(w: Any, p: int, entry: int, b: int) -> int:
    """An instance starts on each node; those that were not pushed to pull from central when it is there, or from the
    first. Where a reference is looked up at central alone all wait for that."""
    task = w.tasks[p]
    deploy = w.deploys[task.deploy]
    plan = w.fanouts[deploy.nodes]
    for at in range(deploy.nodes):
        node = w.deploy_nodes[deploy.first_node + at]
        if looks_at_central(w, p):
            start_on(w, p, entry, node, 0, 1)
        elif was_pushed_to(w, task.deploy, node, plan.pushed):
            start_on(w, p, entry, node, 0, 0)
        elif plan.peers:
            start_on(w, p, entry, node, deploy.pushed_to, 0)
        else:
            start_on(w, p, entry, node, 0, 1)
    return start_branches(w, p)


def was_pushed_to(w: Any, d: int, node: int, count: int) -> bool:
    """Whether a node is among the first so many of those chosen."""
    deploy = w.deploys[d]
    if node == deploy.pushed_to:
        return True
    found = False
    for at in range(1, count):
        found = found or w.deploy_nodes[deploy.first_node + at] == node
    return found


def start_existing(w: Any, p: int, entry: int, b: int) -> int:
    """Start an image that exists, by the tag or by the digest that was the newest when it was asked for.

    A node pulls what it lacks: from where it was published if nodes are peers, else from central, for which it waits
    where neither has any image that it could start.
    """
    task = w.tasks[p]
    deploy = w.deploys[task.deploy]
    newest = newest_publish(w, deploy.name)
    source = 0
    alone = looks_at_central(w, p)
    if newest >= 0 and w.fanouts[deploy.nodes + 1].peers and not alone:
        origin = w.publishes[newest].origin
        source = origin if look_up(w, origin, task.name, task.digest) != -1 else 0
    if newest < 0:
        deploy.cloned = 0  # there is nothing to make a template of
    waits = newest >= 0 and look_up(w, source, task.name, task.digest) == -1
    for at in range(deploy.nodes):
        node = w.deploy_nodes[deploy.first_node + at]
        waits_here = 1 if waits and (alone or look_up(w, node, task.name, task.digest) == -1) else 0
        start_on(w, p, entry, node, 0 if source == node else source, waits_here)
    return start_branches(w, p)


def start_on(w: Any, p: int, entry: int, node: int, source: int, waits: int) -> None:
    """A branch that starts an instance on a node, which pulls from node `source`, or with 0 from its own upstream, once
    central has the image if it `waits`."""
    child = branch(w, p, entry, w.deploys[w.tasks[p].deploy].nodes < 2)
    other = w.tasks[child]
    other.node, other.upstream, other.waits = node, source if source else w.registries[node].upstream, waits
    other.asked_s = w.timelines[other.timeline].now_s
    other.booted = -1


def need_not_wait(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` unless the instance waits until the image is where its node looks for it."""
    if w.tasks[p].waits == 0:
        w.tasks[p].pc = label
    return GO


def is_not_cloned(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` unless the instance starts from a template's snapshot, which its nodes have."""
    if w.deploys[w.tasks[p].deploy].cloned == 0:
        w.tasks[p].pc = label
    return GO


def clone(w: Any, p: int, a: int, b: int) -> int:
    """The instance is what the template was made of, the newest image when it was asked for; nothing is pulled."""
    task = w.tasks[p]
    enter_phase(w, task.timeline, PULL)
    task.booted = task.meant = w.deploys[task.deploy].digest
    task.trailing_s = -1.0
    return image_arrived(w, p, 0, 0)


def begin_restarts(w: Any, p: int, a: int, b: int) -> int:
    """From here on the platform starts the instance again where a link or a registry failed it, after its back-off."""
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    task.restarts = 0
    if w.g.faults or w.g.throttles:
        task.from_s = timeline.now_s - timeline.waited_s
        way = way_of(w, task.node, task.upstream, 0)
        task.opens_s = 0.0 if is_open(w, way, timeline.now_s) else w.ways[way].open_s
    return GO


def restart(w: Any, p: int, again: int, b: int) -> int:
    """The pull failed: go to `again` after a while, if trying again may help and there are restarts left, or fail."""
    task = w.tasks[p]
    why = task.failure
    may_help = is_rate_limit(why) or (why <= LAST_UNREACHABLE and (w.g.faults or w.g.throttles))
    if not may_help or task.restarts == RESTARTS:
        return int(why)
    timeline = w.timelines[task.timeline]
    timeline.now_s += w.restarts_s[task.restarts]
    task.restarts += 1
    # Nothing of what was done is of use, but for a connection that is still open.
    way = way_of(w, task.node, task.upstream, 0)
    add_waiting_beyond(w, task.timeline, task.from_s + (task.opens_s if is_open(w, way, timeline.now_s) else 0.0))
    task.failure = 0
    task.pc = again
    return GO


def image_arrived(w: Any, p: int, a: int, b: int) -> int:
    """One node less that lacks the image."""
    w.deploys[w.tasks[p].deploy].missing -= 1
    return GO


def boot(w: Any, p: int, a: int, b: int) -> int:
    """The instance boots if its image is there; a row in any case."""
    task = w.tasks[p]
    timeline = w.timelines[task.timeline]
    pulled_s = timeline.now_s
    failed = task.failure != 0
    enter_phase(w, task.timeline, BOOT)
    if not failed:
        timeline.now_s += w.deploys[task.deploy].boot_s
    else:
        task.booted = -1
    add_start(w, p, 0, pulled_s, timeline.now_s)
    return GO


def add_start(w: Any, p: int, wake: int, pulled_s: float, ready_s: float) -> None:
    """A row for a start of an instance: ready, or without its image where nothing was booted."""
    g, task = w.g, w.tasks[p]
    row = w.starts[g.starts_used]
    g.starts_used += 1
    row.deploy, row.node, row.wake = task.deploy, task.node, wake
    row.asked_s, row.pulled_s, row.ready_s = task.asked_s, pulled_s, ready_s
    row.digest = task.booted
    row.meant = task.meant if task.booted >= 0 else -1
    row.trailing_s = task.trailing_s if task.booted >= 0 else -1.0


def begin_scale_to_zero(w: Any, p: int, entry: int, b: int) -> int:
    """The instance will be scaled to zero after a while, and woken as often as the demand says."""
    if w.g.runs == 0:
        return GO
    task = w.tasks[p]
    aside = begin_yield(w, p)
    child = new_task(w, entry, new_timeline(w, w.timelines[task.timeline].now_s, 0.0))
    inherit(w, p, child)
    other = w.tasks[child]
    other.upstream, other.wakes = w.registries[task.node].upstream, 0
    w.timelines[other.timeline].now_s += w.g.runs_for_s
    make_ready(w, child)
    return end_yield(w, aside)


def scale_to_zero(w: Any, p: int, over: int, b: int) -> int:
    """The instance ends; go to `over` if it is not woken any more. Otherwise it sleeps."""
    task, g = w.tasks[p], w.g
    timeline = w.timelines[task.timeline]
    if g.limited and w.registries[task.node].bounded:
        stop_running(w, task.node, w.names[task.name].repository)
    if task.wakes == g.wakes:
        task.pc = over
        return GO
    task.wakes += 1
    timeline.now_s += g.sleeps_for_s
    timeline.started_s = timeline.mark_s = timeline.now_s
    timeline.waited_s = 0.0
    return WAIT


def wake(w: Any, p: int, a: int, b: int) -> int:
    """A request wakes the instance."""
    task = w.tasks[p]
    task.asked_s = w.timelines[task.timeline].now_s
    task.booted = -1
    task.upstream = w.registries[task.node].upstream
    return GO


def record_wake(w: Any, p: int, again: int, b: int) -> int:
    """It is ready, or without its image: a row; go to `again` when it has run for a while."""
    task, g = w.tasks[p], w.g
    timeline = w.timelines[task.timeline]
    if task.stage == 1:
        task.stage = 0
        timeline.now_s += g.runs_for_s
        task.pc = again
        return GO
    pulled_s = timeline.now_s
    if task.failure:
        task.booted = -1
    else:
        timeline.now_s += w.deploys[task.deploy].boot_s
    task.failure = 0
    add_start(w, p, 1, pulled_s, timeline.now_s)
    task.stage = 1
    task.pc -= 1
    return WAIT


def end_deploy(w: Any, p: int, removal: int, b: int) -> int:
    """The deploy's row: ready where the timeline ends, or failed there, and why."""
    g, task = w.g, w.tasks[p]
    t, d = task.timeline, task.deploy
    end_timeline(w, t)
    timeline, deploy = w.timelines[t], w.deploys[d]
    deploy.recorded = 1
    if deploy.route == BOTH:
        deploy.client_latency_s = max(deploy.client_latency_s, deploy.to_central_s)
    deploy.reason = task.failure
    deploy.ended_s = timeline.now_s
    deploy.pushed_bytes = task.moved_bytes
    deploy.pushed_saved_bytes = task.saved_bytes
    at = g.ended_used
    g.ended_used = at + 1
    w.ended[at] = d
    for phase in range(N_PHASES):
        w.deploy_phases_s[at * N_PHASES + phase] = w.phases_s[t * N_PHASES + phase]
        w.deploy_waited_s[at * N_PHASES + phase] = w.waited_s[t * N_PHASES + phase]
    keep_running_until(w, timeline.now_s)
    if deploy.removed and task.failure == 0:
        child = new_task(w, removal, new_timeline(w, timeline.now_s + g.removed_after_s, 0.0))
        inherit(w, p, child)
        make_ready(w, child)
    task.failure = 0
    return GO


def remove_image(w: Any, p: int, a: int, b: int) -> int:
    """Remove the image where it was pushed to."""
    task = w.tasks[p]
    deploy = w.deploys[task.deploy]
    repository = w.names[task.name].repository
    if deploy.route != CENTRAL:
        delete_image(w, deploy.pushed_to, repository, task.image)
    if deploy.route == CENTRAL or deploy.route == BOTH:
        delete_image(w, 0, repository, task.image)
    return GO


def copies_stay(w: Any, p: int, label: int, b: int) -> int:
    """Go to `label` unless deletions are copied to wherever there is a copy, a while later."""
    task = w.tasks[p]
    if w.g.sync_deletions == 0:
        task.pc = label
        return GO
    w.timelines[task.timeline].now_s += w.g.sync_delay_s
    return WAIT


def remove_everywhere(w: Any, p: int, a: int, b: int) -> int:
    """Every registry removes the image."""
    task = w.tasks[p]
    repository = w.names[task.name].repository
    for registry in range(w.g.nodes + 1):
        delete_image(w, registry, repository, task.image)
    return GO


def wait_timed_out(w: Any, p: int) -> None:
    """A task has waited for an image as long as it may: it looks once more, and fails."""
    task = w.tasks[p]
    if task.image_wait == 1:
        registry = task.node if task.at_node else 0
        remove_waiter(w, p, registry, w.names[task.name].repository, w.deploys[task.deploy].digest)
        task.image_wait = 3
