"""The protocol: every push, pull, copy, start and removal, as the sequence of its steps.

Each step is an op: a function of `ops/`, whose docstring says what it does; `regsim show --protocol` prints this page
with them. The requests are those of the OCI distribution specification
(https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md). Which of them a client sends for a list such
as TAGS or CLOSE is said in `sim.registry.clients`, and what clients do differently beside that (mounting, resuming,
configs last) is asked of the profile by the op in question, so that one program serves all.

How to read a program, and how to add to one:

- An op alone is a step. `when(op, "place")` goes on at a place (`label("place")`) if what the op asks is so, and
  `take(op, "place")` if there is nothing left for the op to take. `call("PROGRAM")` runs another program on the same
  timeline; `fork(op, "PROGRAM")` starts one or more of them side by side and waits for all. After a failure a task
  goes on where `on_failure` said last; without that its program ends.
- A timeline may run ahead of the clock while nobody else can see or change what it does. `at_clock` stands before every
  step that looks at what others change, or changes what others see.
- *A request*: one entry, `request(LIST)` for what clients send each in their own way, or `request("HEAD manifest by
  tag")` for what all send alike; then `answer`. A list that is new is a number and an entry of `LISTS` in
  `ops/requests`.
- *A decision*: one op, a function `(w, p, label, b)` in the module of `ops/` that has its subject. It sets
  `w.tasks[p].pc = label` if it is so, and returns GO (or the number of a failure). Both engines take it from there.

With both, a copy that asks for the manifest first and sends no blobs where that is there: in COPY before and after
COPY_BLOBS, and as an op in `ops/sync`:

    request("HEAD manifest by digest"), at_clock, answer, when(sync.target_has_image, "copied"),
    label("copied"),

    def target_has_image(w: Any, p: int, label: int, b: int) -> int:
        \"\"\"Go to `label` if the copy's target has its image.\"\"\"
        task = w.tasks[p]
        if has_image(w, task.registry, w.names[task.name].repository, task.image):
            task.pc = label
        return GO

Where no link and no registry can fail (`w.g.faults` is 0), the steps for trying again are passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sim.protocol.ops import (
    admission,
    blob_retries,
    blobs,
    building,
    caches,
    commits,
    control,
    deploys,
    lazy,
    logged,
    platforms,
    pull,
    push,
    requests,
    rest,
    retries,
    swarms,
    sync,
    transfers,
    turns,
    unpacking,
)
from sim.protocol.ops.admission import ANSWERING, ASKING, CHARGE_IMAGE, CHARGE_MOUNTS, CHARGE_UPLOAD, OWN_NODE
from sim.protocol.ops.blobs import DOWN, record_manifests
from sim.protocol.ops.caches import CLAIM, RELEASE
from sim.protocol.ops.connections import connect, keep_open
from sim.protocol.ops.control import end, ignore_failure, reraise
from sim.protocol.ops.deploys import AT_CENTRAL, AT_NODE, TO_CENTRAL, TO_FIRST_NODE
from sim.protocol.ops.lanes import UP
from sim.protocol.ops.pull import MAY_LACK, MUST_HAVE
from sim.protocol.ops.requests import (
    CHECK,
    CLOSE,
    FOR_GROUP,
    GET,
    LOGIN_AND_MANIFESTS,
    LOGIN_REQUESTS,
    MANIFEST,
    MANIFESTS,
    MOUNT,
    NAMED,
    ONCE,
    OPENING,
    OVER_NEW_CONNECTION,
    PUBLISH,
    RECHECK,
    RENEW,
    RETRIED,
    TAGS,
    WITH_TRAILING,
    answer,
    at_clock,
    catch_up,
    last_byte_arrives,
)
from sim.protocol.ops.retries import OF_DOWNLOAD, OF_UPLOAD, end_tries
from sim.protocol.ops.sync import OF_ALL, OF_TARGET
from sim.tables.rows import CHECKS, COMMIT, PULL, SYNC_WAIT, UPLOAD

#: An op: of a state, for a task, with two numbers; what its task does next (`sim.protocol.state`).
Op = Callable[[Any, int, int, int], int]


@dataclass(frozen=True, slots=True)
class Step:
    """An op and what it is given: numbers, labels of its program, or names of other programs.

    A request that all clients send alike is said in `text`.
    """

    op: Op
    a: int | str = 0
    b: int | str = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A place in a program that steps may name."""

    name: str


#: What a program is about, then its steps and labels.
Program = tuple[Step | Label | str, ...]


def program(about: str, *parts: Op | Step | Label | Program) -> Program:
    """A program; other steps may stand in it as a tuple."""
    return (about, *steps(*parts))


def steps(*parts: Op | Step | Label | Program) -> Program:
    """Steps for several programs."""
    made: list[Step | Label | str] = []
    for part in parts:
        if isinstance(part, tuple):
            made += part
        else:
            made.append(part if isinstance(part, Step | Label) else Step(part))
    return tuple(made)


def step(op: Op, a: int | str = 0, b: int | str = 0) -> Step:
    """An op with what it is given."""
    return Step(op, a, b)


def label(name: str) -> Label:
    """A place that others name."""
    return Label(name)


def jump(place: str) -> Step:
    """Go on there."""
    return Step(control.jump, place)


def when(op: Op, place: str, b: int = 0) -> Step:
    """Go on at a place if what the op asks is so."""
    return Step(op, place, b)


def take(op: Op, place: str) -> Step:
    """Take the next of something; go on at a place if there is none."""
    return Step(op, place)


def on_failure(place: str) -> Step:
    """After a failure from here on, go on there."""
    return Step(control.on_failure, place)


def call(name: str) -> Step:
    """Run another program, on the same timeline."""
    return Step(control.call_program, name)


def fork(op: Op, name: str) -> Step:
    """Run another program side by side, as often as the op says."""
    return Step(op, name)


def fork_aside(op: Op, name: str) -> Step:
    """Run another program side by side, if the op says so, and wait for none."""
    return Step(op, name)


def phase(number: int) -> Step:
    """The time from here on is a phase's."""
    return Step(requests.phase, number)


def request(which: int | str, how: int = ONCE) -> Step:
    """Send the requests of a list, or one by its own name."""
    if isinstance(which, str):
        return Step(requests.request, NAMED, how, which)
    return Step(requests.request, which, how)


def each_blob(name: str, direction: int) -> Step:
    """Run a program for each blob of the group that travels, side by side."""
    return Step(blobs.each_blob, name, direction)


def transfer(direction: int) -> Step:
    """Send the bytes of a blob."""
    return Step(transfers.transfer, direction)


#: For each group of blobs that the client moves side by side: ask what the registry has, mount or send what it lacks.
COPY_BLOBS: Final[Program] = steps(
    blobs.begin_groups,
    label("next group"),
    take(blobs.next_group, "all there"),
    phase(CHECKS),
    request(CHECK, RETRIED + FOR_GROUP),
    at_clock,
    push.plan_push,
    answer,
    push.count_held,
    when(push.nothing_to_mount, "send"),
    request(MOUNT, RETRIED + FOR_GROUP),
    step(push.charge_blobs, CHARGE_MOUNTS),
    answer,
    push.mount_blobs,
    label("send"),
    when(push.nothing_to_send, "next group"),
    phase(UPLOAD),
    push.pack_blobs,
    each_blob("UPLOAD_BLOB", UP),
    jump("next group"),
    label("all there"),
)


def put_manifests(how: int) -> Program:
    """Put the manifest; of an image for several platforms that of each, one after another, and the index."""
    return steps(
        label("next manifest"),
        take(platforms.next_manifest, "last manifest"),
        request(MANIFEST, how),
        answer,
        jump("next manifest"),
        label("last manifest"),
        request(PUBLISH, how),
    )


#: Ask for a blob, or a part of it, until its last byte is there.
GET_BYTES: Final[Program] = steps(
    step(retries.begin_tries, "get", OF_DOWNLOAD),
    blob_retries.reopen_connection,
    label("get"),
    request(GET, WITH_TRAILING),
    when(caches.is_no_cache, "there"),
    step(caches.obtain_blobs, "BLOB_TO_CACHE"),
    caches.await_first_byte,
    label("there"),
    push.first_byte,
    lazy.read_in_turns,
    unpacking.unpack_from_first_byte,
    caches.pass_on,
    transfer(DOWN),
    pull.await_joined,
    last_byte_arrives,
    catch_up,
)

PROGRAMS: Final[dict[str, Program]] = {
    "DEPLOY": program(
        "A deploy, from its client's start to the last instance ready.",
        on_failure("over"),
        when(deploys.pushes_nothing, "start"),
        when(building.has_kernel, "built"),
        call("FETCH_KERNEL"),
        label("built"),
        step(deploys.by_route, "central", "direct"),
        step(deploys.push_both, "PUSH_DIRECT", "PUSH_BESIDE"),
        deploys.both_pushed,
        jump("over"),
        label("central"),
        call("PUSH_CENTRAL"),
        jump("over"),
        label("direct"),
        call("PUSH_DIRECT"),
        jump("over"),
        label("start"),
        phase(SYNC_WAIT),
        deploys.call_platform,
        deploys.instance_accepted,
        at_clock,
        fork(deploys.start_existing, "INSTANCE"),
        label("over"),
        step(deploys.end_deploy, "REMOVAL"),
        end,
    ),
    "FETCH_KERNEL": program(
        "The kernel that a client builds with, from central.",
        step(deploys.to_registry, TO_CENTRAL),
        request(LOGIN_AND_MANIFESTS, RETRIED + OVER_NEW_CONNECTION),
        answer,
        building.begin_kernel,
        GET_BYTES,
        building.keep_kernel,
        end_tries,
        end,
    ),
    "PUSH_CENTRAL": program(
        "Push to central; every node pulls from there.",
        step(deploys.to_registry, TO_CENTRAL),
        call("PUSH"),
        deploys.owe_all_nodes,
        phase(SYNC_WAIT),
        answer,
        deploys.push_done,
        deploys.call_platform,
        deploys.instance_accepted,
        deploys.await_propagation,
        when(deploys.creates_at_once, "start"),
        step(deploys.begin_polls, "FETCH_AHEAD"),
        step(deploys.wait_for_image, AT_NODE),
        deploys.poll_succeeds,
        label("start"),
        fork(deploys.start_from_central, "INSTANCE"),
        end,
    ),
    "PUSH_DIRECT": program(
        "Push to the first of the chosen nodes; the others pull from central when it is there, or from the first.",
        fork(deploys.push_to_nodes, "PUSH"),
        deploys.owe_central,
        step(deploys.to_registry, TO_FIRST_NODE),
        phase(SYNC_WAIT),
        answer,
        deploys.push_done,
        deploys.poll_once,
        deploys.call_platform,
        deploys.instance_accepted,
        fork(deploys.start_after_push, "INSTANCE"),
        end,
    ),
    "PUSH_BESIDE": program(
        "The push to central beside one to a node.",
        step(deploys.to_registry, TO_CENTRAL),
        call("PUSH"),
        answer,
        deploys.central_pushed,
        end,
    ),
    "PUSH": program(
        "Bring an image to a registry under a tag; ends as it is published, the answer still on its way back.",
        step(admission.claim_image, ANSWERING),
        on_failure("release"),
        step(admission.admit_image, ANSWERING),
        call("PUSH_IMAGE"),
        label("release"),
        step(admission.release_image, ANSWERING),
        reraise,
        end,
    ),
    "PUSH_IMAGE": program(
        "The requests of a push: log in, for each blob ask and send, put the manifest.",
        request(LOGIN_REQUESTS, RETRIED + OVER_NEW_CONNECTION),
        push.check_token,
        answer,
        push.keep_token,
        COPY_BLOBS,
        phase(COMMIT),
        when(push.token_is_valid, "publish"),
        request(RENEW, RETRIED),
        answer,
        label("publish"),
        put_manifests(RETRIED),
        at_clock,
        step(push.charge_blobs, CHARGE_IMAGE),
        push.publish,
        end,
    ),
    "UPLOAD_BLOB": program(
        "One blob, and the small ones that trail along: open an upload, send the bytes, close it with its digest.",
        step(retries.begin_tries, "open", OF_UPLOAD),
        blob_retries.reopen_connection,
        when(blob_retries.does_not_recheck, "open"),
        request(RECHECK),
        at_clock,
        blob_retries.recheck_blob,
        answer,
        when(blob_retries.is_there_after_all, "there"),
        label("open"),
        when(blob_retries.upload_is_open, "send"),
        request(OPENING, WITH_TRAILING),
        answer,
        label("send"),
        transfer(UP),
        request(CLOSE, WITH_TRAILING),
        step(push.charge_blobs, CHARGE_UPLOAD),
        step(commits.commit_blob, "COMMIT_UNHEARD"),
        push.blob_is_kept,
        catch_up,
        push.store_blob,
        answer,
        label("there"),
        end_tries,
        end,
    ),
    "COMMIT_UNHEARD": program(
        "A registry commits a blob whose client has given up.",
        at_clock,
        push.store_blob,
        end,
    ),
    "INSTANCE": program(
        "One instance: wait until the image is where the node looks for it, pull, boot; a clone just boots.",
        when(deploys.is_not_cloned, "image"),
        deploys.clone,
        deploys.boot,
        jump("over"),
        label("image"),
        on_failure("boot"),
        when(deploys.need_not_wait, "pull"),
        step(deploys.wait_for_image, AT_CENTRAL),
        label("pull"),
        deploys.begin_restarts,
        label("again"),
        on_failure("broke"),
        turns.take_turn,
        call("PULL"),
        turns.give_turn,
        deploys.image_arrived,
        jump("boot"),
        label("broke"),
        on_failure("boot"),
        turns.give_turn,
        step(deploys.restart, "again"),
        label("boot"),
        deploys.boot,
        reraise,
        step(deploys.begin_scale_to_zero, "SCALE_TO_ZERO"),
        label("over"),
        end,
    ),
    "SCALE_TO_ZERO": program(
        "What becomes of an instance: it is scaled to zero after a while, and woken by the next request for it.",
        label("running"),
        at_clock,
        step(deploys.scale_to_zero, "over"),
        deploys.wake,
        deploys.begin_restarts,
        label("again"),
        on_failure("broke"),
        turns.take_turn,
        call("PULL"),
        turns.give_turn,
        jump("woken"),
        label("broke"),
        on_failure("woken"),
        turns.give_turn,
        step(deploys.restart, "again"),
        label("woken"),
        step(deploys.record_wake, "running"),
        label("over"),
        end,
    ),
    "FETCH_AHEAD": program(
        "The first poll finds nothing, and has the node fetch.",
        at_clock,
        on_failure("over"),
        turns.take_turn,
        call("PULL"),
        label("over"),
        turns.give_turn,
        ignore_failure,
        end,
    ),
    "PULL": program(
        "Have on a node the image that a reference means; ends with everything there and unpacked.",
        pull.begin_pull,
        pull.expire_images,
        when(pull.checks_upstream, "ask"),
        at_clock,
        when(pull.node_has_image, "resolved", MAY_LACK),
        label("ask"),
        when(pull.upstream_answers, "connect"),
        at_clock,
        when(pull.node_has_image, "resolved", MUST_HAVE),
        label("connect"),
        pull.to_upstream,
        connect,
        request(TAGS, RETRIED),
        at_clock,
        when(caches.is_no_cache, "asked"),
        call("ASK_THROUGH"),
        label("asked"),
        pull.resolve_both,
        answer,
        keep_open,
        pull.choose_newest,
        label("resolved"),
        pull.note_staleness,
        when(pull.nothing_to_fetch, "there"),
        step(admission.claim_image, OWN_NODE),
        step(caches.reserve_on_way, CLAIM),
        on_failure("release"),
        step(admission.admit_image, OWN_NODE),
        call("FETCH"),
        label("release"),
        step(caches.reserve_on_way, RELEASE),
        step(admission.release_image, OWN_NODE),
        reraise,
        label("there"),
        unpacking.await_unpacked,
        pull.note_use,
        end,
    ),
    "FETCH": program(
        "Read the manifests, then fetch each blob that is neither held nor on its way, and wait for those that are.",
        pull.begin_fetch,
        on_failure("ended"),
        request(MANIFESTS, RETRIED),
        step(caches.obtain_manifests, "MANIFESTS_TO_CACHE"),
        pull.await_joined,
        answer,
        pull.at_clock_unless_merged,
        pull.plan_fetch,
        unpacking.begin_unpacking,
        when(swarms.no_swarm, "alone"),
        step(swarms.each_layer, "GET_FROM_SWARM", "joined"),
        jump("joined"),
        label("alone"),
        when(pull.upstream_alone, "next group"),
        at_clock,
        step(pull.choose_peers, "FETCH_PARTS", "joined"),
        jump("joined"),
        label("next group"),
        take(pull.next_fetch_group, "joined"),
        each_blob("GET_BLOB", DOWN),
        jump("next group"),
        label("joined"),
        keep_open,
        pull.await_joined,
        step(record_manifests, DOWN),
        label("ended"),
        pull.end_fetch,
        unpacking.give_up_layers,
        reraise,
        catch_up,
        pull.store_image,
        fork_aside(rest.leave_rest, "LOAD_REST"),
        end,
    ),
    "LOAD_REST": program(
        "The rest of an image of which a start has read what it needs: in the background, or on demand.",
        label("next"),
        take(rest.next_burst, "over"),
        rest.begin_burst,
        on_failure("read"),
        connect,
        label("next group"),
        take(pull.next_fetch_group, "there"),
        each_blob("GET_REST", DOWN),
        jump("next group"),
        label("there"),
        keep_open,
        label("read"),
        rest.end_burst,
        when(rest.rest_broke, "over"),
        jump("next"),
        label("over"),
        end,
    ),
    "GET_REST": program(
        "A part of the rest of one layer.",
        on_failure("over"),
        GET_BYTES,
        end_tries,
        label("over"),
        caches.leave_fetches,
        reraise,
        end,
    ),
    "FETCH_PARTS": program(
        "From one of several nodes: equal parts of blobs.",
        pull.begin_parts,
        connect,
        label("next group"),
        take(pull.next_fetch_group, "fetched"),
        each_blob("GET_BLOB", DOWN),
        jump("next group"),
        label("fetched"),
        keep_open,
        end,
    ),
    "GET_BLOB": program(
        "One blob, or a part of it, and the small ones that trail along.",
        on_failure("over"),
        GET_BYTES,
        pull.store_fetched,
        end_tries,
        label("over"),
        caches.leave_fetches,
        reraise,
        end,
    ),
    "ASK_THROUGH": program(
        "A cache that is asked what a reference means asks its upstream, unless it need not.",
        when(caches.knows_meaning, "known"),
        caches.ask_upstream,
        on_failure("heard"),
        connect,
        request(TAGS, RETRIED),
        at_clock,
        when(caches.is_no_cache, "asked"),
        call("ASK_THROUGH"),
        label("asked"),
        caches.look_upstream,
        answer,
        keep_open,
        label("heard"),
        catch_up,
        caches.take_meaning,
        label("known"),
        end,
    ),
    "MANIFESTS_TO_CACHE": program(
        "Manifests that a cache lacks, from its upstream.",
        on_failure("over"),
        connect,
        request(MANIFESTS, RETRIED),
        step(caches.obtain_manifests, "MANIFESTS_TO_CACHE"),
        pull.await_joined,
        answer,
        keep_open,
        step(record_manifests, DOWN),
        catch_up,
        caches.keep_manifests,
        label("over"),
        caches.give_up_fetch,
        end,
    ),
    "BLOB_TO_CACHE": program(
        "A blob that a cache lacks, from its upstream, passed on as it comes.",
        on_failure("over"),
        connect,
        GET_BYTES,
        keep_open,
        caches.keep_blob,
        end_tries,
        label("over"),
        caches.give_up_fetch,
        end,
    ),
    "UNPACK_LAYER": program(
        "One layer that a node unpacks, for all pulls that need it.",
        unpacking.await_turn,
        unpacking.unpack_layer,
        end,
    ),
    "GET_FROM_SWARM": program(
        "One layer in pieces, from whoever has some.",
        step(retries.begin_tries, "get", OF_DOWNLOAD),
        blob_retries.reopen_connection,
        label("get"),
        at_clock,
        swarms.join_swarm,
        swarms.record_shares,
        pull.store_fetched,
        end_tries,
        end,
    ),
    "COPY_WHEN_DUE": program(
        "A copy that its trigger lets begin at a time.",
        at_clock,
        step(sync.join_run, "over"),
        fork_aside(sync.repeat_run, "COPY_WHEN_DUE"),
        call("COPY_JOB"),
        sync.leave_run,
        label("over"),
        end,
    ),
    "COPY_JOB": program(
        "Make a copy, and try again as often as the rules allow.",
        sync.begin_job,
        label("again"),
        when(sync.queues_by_target, "by target"),
        step(sync.acquire_worker, OF_ALL),
        step(sync.acquire_worker, OF_TARGET),
        jump("attempt"),
        label("by target"),
        step(sync.acquire_worker, OF_TARGET),
        step(sync.acquire_worker, OF_ALL),
        label("attempt"),
        sync.begin_attempt,
        on_failure("broke"),
        call("COPY_WITHIN_LIMITS"),
        jump("release"),
        label("broke"),
        sync.attempt_failed,
        at_clock,
        label("release"),
        step(sync.release_worker, OF_TARGET),
        step(sync.release_worker, OF_ALL),
        step(sync.back_off, "again"),
        sync.end_job,
        end,
    ),
    "COPY_WITHIN_LIMITS": program(
        "A copy between registries that can't keep everything: the image stays at both ends until it has come.",
        step(admission.claim_image, ASKING),
        step(admission.claim_image, ANSWERING),
        on_failure("release"),
        step(admission.admit_image, ANSWERING),
        call("COPY"),
        label("release"),
        step(admission.release_image, ANSWERING),
        step(admission.release_image, ASKING),
        reraise,
        end,
    ),
    "COPY": program(
        "Ask the target, send what it lacks, put the manifest.",
        when(sync.source_lacks_image, "over"),
        connect,
        COPY_BLOBS,
        sync.blobs_copied,
        put_manifests(ONCE),
        at_clock,
        step(push.charge_blobs, CHARGE_IMAGE),
        sync.put_copied_manifest,
        keep_open,
        step(record_manifests, UP),
        label("over"),
        end,
    ),
    "REMOVAL": program(
        "Remove an image where it was pushed to, and from there wherever deletions are copied to.",
        at_clock,
        deploys.remove_image,
        when(deploys.copies_stay, "over"),
        deploys.remove_everywhere,
        label("over"),
        end,
    ),
    "PUSH_LOGGED": program(
        "A push of a log, to central.",
        logged.begin_logged_push,
        on_failure("over"),
        call("PUSH_IMAGE"),
        answer,
        logged.logged_pushed,
        label("over"),
        logged.end_logged,
        end,
    ),
    "PULL_LOGGED": program(
        "A pull of a log, from central: what its client does not keep.",
        logged.begin_logged_pull,
        phase(PULL),
        on_failure("over"),
        request(LOGIN_AND_MANIFESTS, RETRIED + OVER_NEW_CONNECTION),
        answer,
        at_clock,
        logged.resolve_logged,
        logged.plan_logged_pull,
        when(swarms.no_swarm, "next group"),
        step(swarms.each_layer, "GET_LOGGED_FROM_SWARM", "fetched"),
        jump("fetched"),
        label("next group"),
        take(logged.next_logged_group, "fetched"),
        each_blob("GET_LOGGED_BLOB", DOWN),
        jump("next group"),
        label("fetched"),
        step(record_manifests, DOWN),
        logged.logged_pulled,
        label("over"),
        logged.end_logged,
        end,
    ),
    "GET_LOGGED_BLOB": program(
        "One blob of a pull of a log.",
        GET_BYTES,
        end_tries,
        end,
    ),
    "GET_LOGGED_FROM_SWARM": program(
        "The same of a pull of a log, by a node.",
        step(retries.begin_tries, "get", OF_DOWNLOAD),
        blob_retries.reopen_connection,
        label("get"),
        at_clock,
        swarms.join_swarm,
        swarms.record_shares,
        swarms.store_layer,
        end_tries,
        end,
    ),
}
